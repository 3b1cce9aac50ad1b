"""Who is late in the open rounds, and since when: dossiers not handed in, questions not answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, DateField, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from communes import clock

from ..figures import days_late
from ..models import Dossier, InspectionRound, ReturnItem

OPEN = InspectionRound.Status.OPEN


@dataclass(frozen=True)
class Late:
    """How many are late, and the longest of them by how many days."""

    count: int
    days: int


def unsubmitted(rounds: QuerySet[InspectionRound]) -> QuerySet[Dossier]:
    """Dossiers that had to be handed in by now, by the unit's own extension; `due` says when. Longest first."""
    rows = Dossier.objects.filter(
        round__in=rounds.filter(status=OPEN).values("pk"),
        round_unit__left_out_reason="",
        status=Dossier.Status.DRAFT,
    )
    return _overdue(rows.annotate(due=_due()))


def unanswered(rounds: QuerySet[InspectionRound], criteria: Iterable[int] | None = None) -> QuerySet[ReturnItem]:
    """Questions that had to be answered by now; `due` says when. criteria: only about these."""
    rows = ReturnItem.objects.filter(
        dossier__round__in=rounds.filter(status=OPEN).values("pk"),
        dossier__round_unit__left_out_reason="",
        status=ReturnItem.Status.OPEN,
    )
    if criteria is not None:
        rows = rows.filter(assessment__criterion__in=list(criteria))
    return _overdue(rows.annotate(due=F("due_on")))


def tally(rows: QuerySet) -> Late:
    """One query."""
    found = rows.order_by().aggregate(count=Count("pk"), since=Min("due"))
    since: date | None = found["since"]
    return Late(found["count"], days_late(since, clock.today()) if since else 0)


def _due() -> Coalesce:
    return Coalesce("round_unit__extended_until", "round__due_on", output_field=DateField())


def _overdue(rows: QuerySet) -> QuerySet:
    """A day is over after 23:59 of it in Vietnam."""
    return rows.filter(Q(due__lt=clock.today())).order_by("due", "pk")
