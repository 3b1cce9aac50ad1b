"""What the worker asks for again and again: the day's reminders and mails, and the sending of what is due.

`tick()` is called every few seconds by each worker. Whoever moves `asked_at` on first (compare-and-set) enqueues
the task, in the same transaction. A task that died with its process is asked for again when its lease is over.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_tasks.base import Task

from communes import clock, mailing
from communes.models import Routine

from . import jobs

# How often a worker says that it is alive; `check_portal` looks for it.
SIGN_OF_LIFE = timedelta(seconds=30)


def tick() -> None:
    """Say that a worker is alive, and enqueue what is to be done now."""
    _sign_of_life()
    if _day_is_to_do():
        _ask(jobs.DAILY, jobs.daily)
    if settings.HAS_MAIL and mailing.due().exists():
        _ask(jobs.DELIVER, jobs.deliver)


def _sign_of_life() -> None:
    now = clock.machine_now()
    row = Routine.objects.filter(pk=jobs.WORKER).first()
    if row is None:
        Routine.objects.bulk_create([Routine(name=jobs.WORKER, done_at=now)], ignore_conflicts=True)
    elif row.done_at is None or now - row.done_at >= SIGN_OF_LIFE:
        Routine.objects.filter(pk=jobs.WORKER).update(done_at=now)


def _day_is_to_do() -> bool:
    if timezone.localtime(clock.now()).hour < settings.DAILY_HOUR:
        return False
    return not Routine.objects.filter(pk=jobs.DAILY, done_for=clock.today()).exists()


@transaction.atomic
def _ask(name: str, job: "Task[[], dict[str, int]]") -> None:
    """Enqueue a routine's task unless one is waiting or at work within its lease."""
    now = clock.machine_now()
    Routine.objects.bulk_create([Routine(name=name)], ignore_conflicts=True)
    is_free = (
        Q(asked_at__isnull=True)
        | Q(done_at__gte=F("asked_at"))
        | Q(asked_at__lt=now - timedelta(seconds=settings.LEASE_SECONDS))
    )
    if Routine.objects.filter(is_free, pk=name).update(asked_at=now):
        job.enqueue()
