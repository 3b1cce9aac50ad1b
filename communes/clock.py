"""The one clock of the portal: every date and time that is stored or compared comes from here."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone

_frozen: ContextVar[datetime | None] = ContextVar("frozen moment", default=None)


def now() -> datetime:
    """The present moment, aware; in the demonstration the time of day is real, the day is DEMO_TODAY."""
    frozen = _frozen.get()
    if frozen is not None:
        return frozen
    moment = timezone.now()
    if not settings.DEMO_TODAY:
        return moment
    time_of_day = timezone.localtime(moment).timetz()
    return datetime.combine(date.fromisoformat(settings.DEMO_TODAY), time_of_day)


def machine_now() -> datetime:
    """The computer's own present moment, in the demonstration too: for leases, waits and signs of life."""
    return timezone.now()


def today() -> date:
    """The calendar day in Vietnam; deadlines run to 23:59 of their day."""
    return timezone.localdate(now())


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Stop the clock at an aware moment, for making data of the past through the same services."""
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    token = _frozen.set(moment)
    try:
        yield
    finally:
        _frozen.reset(token)
