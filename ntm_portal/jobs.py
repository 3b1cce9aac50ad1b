"""What runs in the background, as tasks; each may run twice, or die half-way and run again, without harm."""

from datetime import timedelta

from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from communes import clock, mailing
from communes.exchange import runs
from communes.models import Routine
from inspections import reminders
from reports import reminders as report_reminders
from reports.services import bundles

DAILY, DELIVER, WORKER = "daily", "deliver", "worker"
TASKS_KEPT = timedelta(days=14)


@task()
def daily() -> dict[str, int]:
    """Tell what is due soon or late, then make the mails of the day; marked done only at the end."""
    day = clock.today()
    told = reminders.remind() + report_reminders.remind()
    made = mailing.gather(day)
    runs.forget_old()
    _forget_old_tasks()
    bundles.clear_old()
    Routine.objects.filter(pk=DAILY).update(done_at=clock.machine_now(), done_for=day)
    return {"reminders": told, "digests": made}


@task()
def deliver() -> dict[str, int]:
    """Send the mails that are due."""
    ended = mailing.deliver()
    Routine.objects.filter(pk=DELIVER).update(done_at=clock.machine_now())
    return ended


def _forget_old_tasks() -> None:
    """Rows of tasks long done; of those whose process died as well, for what they did was done again."""
    rows = DBTaskResult.objects.exclude(status=TaskResultStatus.READY)
    rows.filter(enqueued_at__lt=clock.machine_now() - TASKS_KEPT).delete()
