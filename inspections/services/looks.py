"""Remembering when a person last looked at a criterion of a dossier."""

from collections.abc import Iterable
from datetime import datetime

from communes import clock
from communes.models import User

from ..models import CriterionConclusion, Look


def mark_looked(conclusions: Iterable[int], *, by: User, at: datetime | None = None) -> None:
    """Note that a person has seen criteria as they stood at a moment; ids of `CriterionConclusion`, one query.

    at: when the page they saw was drawn, so that what changed afterwards still counts as new; never in the future.
    No event of the journal: it is nobody's business but the person's own.
    """
    moment = min(at or clock.now(), clock.now())
    Look.objects.bulk_create(
        [Look(user=by, conclusion_id=pk, looked_at=moment) for pk in conclusions],
        update_conflicts=True,
        unique_fields=["user", "conclusion"],
        update_fields=["looked_at"],
    )


def mark_acted(dossier_id: int, criterion_id: int, *, by: User) -> None:
    """Whoever has just acted on a criterion has seen it."""
    rows = CriterionConclusion.objects.filter(dossier=dossier_id, criterion=criterion_id).order_by()
    mark_looked(rows.values_list("pk", flat=True), by=by)
