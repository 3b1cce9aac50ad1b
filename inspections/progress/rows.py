"""From the database to the rows that figures are made of: two queries at most, however many rows."""

from collections.abc import Iterable

from django.db.models import Count, OuterRef, QuerySet, Subquery

from criteria.models import Criterion

from .. import figures
from ..figures import UnitRow
from ..models import CriterionConclusion, Dossier, Inspection, InspectionRound
from ..models.dossiers import DossierQuerySet

Verdicts = dict[int, dict[int, str]]


def unit_rows(round_: InspectionRound) -> list[UnitRow]:
    """The concluded dossiers of a round, in its order, without the units left out by name."""
    return rows_of(counted(round_).filter(status=Dossier.Status.CONCLUDED))


def live_rows(round_: InspectionRound) -> list[UnitRow]:
    """All dossiers of a round as they stand now, concluded or not: only for people with ROUND_READ."""
    return rows_of(counted(round_))


def live_rows_of(inspection: Inspection) -> list[UnitRow]:
    """The dossiers of one inspection as they stand now: only for people with ROUND_READ."""
    return rows_of(counted(inspection.round).filter(inspection=inspection))


def counted(round_: InspectionRound) -> QuerySet[Dossier]:
    """The dossiers that count in the round's figures."""
    return dossiers_of(round_).filter(round_unit__left_out_reason="")


def dossiers_of(round_: InspectionRound) -> QuerySet[Dossier]:
    """A round's dossiers as `rows_of` wants them."""
    return for_rows(round_.dossiers.all())


def for_rows(dossiers: DossierQuerySet) -> QuerySet[Dossier]:
    """With their unit, set and the set's number of criteria; the frozen facts stay behind."""
    criteria = (
        Criterion.objects.filter(criteria_set=OuterRef("criteria_set"))
        .order_by()
        .values("criteria_set")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return dossiers.with_context().defer("frozen").annotate(criteria=Subquery(criteria))


def rows_of(dossiers: QuerySet[Dossier]) -> list[UnitRow]:
    """Rows of figures of dossiers made by `dossiers_of`."""
    found = list(dossiers)
    # What is concluded stands in one line of the dossier itself.
    verdicts = {dossier.pk: figures.verdicts_in_line(dossier.frozen_verdicts) for dossier in found}
    verdicts |= verdicts_of(dossier for dossier in found if not dossier.frozen_verdicts)
    return [row_of(dossier, verdicts.get(dossier.pk, {})) for dossier in found]


def verdicts_of(dossiers: Iterable[Dossier]) -> Verdicts:
    """{dossier id: {criterion number: verdict}} from the conclusions themselves, in one query."""
    found: Verdicts = {}
    rows = CriterionConclusion.objects.filter(dossier__in=[dossier.pk for dossier in dossiers]).order_by()
    for dossier_id, number, verdict in rows.values_list("dossier", "criterion__number", "verdict"):
        found.setdefault(dossier_id, {})[number] = verdict
    return found


def row_of(dossier: Dossier, verdicts: dict[int, str]) -> UnitRow:
    """One dossier as the figures need it; `criteria` comes from `dossiers_of`."""
    return UnitRow(
        dossier_id=dossier.pk,
        unit_name=dossier.unit.title,
        unit_phrase=dossier.unit.phrase,
        set_code=dossier.criteria_set.code,
        mode=dossier.round_unit.mode,
        criteria=dossier.criteria or 0,  # type: ignore[attr-defined]
        verdicts=verdicts,
        counts_basically_met=dossier.criteria_set.counts_basically_met,
        position=dossier.round_unit.position,
        unit=f"ban-{dossier.village_id}" if dossier.village_id else f"xa-{dossier.inspection.commune_id}",
    )
