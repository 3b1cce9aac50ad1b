"""How the indicators of an agency stand in the units of a round, as the agency may know it."""

from dataclasses import dataclass, field

from communes.models import Agency
from criteria.judgement import Judgement
from criteria.models import AgencyAssignment, Indicator

from ..figures import IndicatorStanding
from ..models import Assessment, Dossier, InspectionRound

Status = Dossier.Status


@dataclass
class IndicatorStandings:
    """One indicator with its units. given, waiting: opinions of the agency in charge, given and still to be given."""

    indicator: Indicator
    rows: list[IndicatorStanding] = field(default_factory=list)
    given: int = 0
    waiting: int = 0


def standings_of(agency: Agency, round_: InspectionRound) -> list[IndicatorStandings]:
    """Every indicator of the agency in the round's sets, in the order of sets and criteria: one query.

    What stands of a unit: the team's conclusion once it is disclosed, else the opinion of the agency in charge, else
    what the commune handed in; what has not been handed in is not judged. Units left out by name are not counted.
    """
    own = AgencyAssignment.objects.filter(agency=agency).order_by()
    rows = (
        Assessment.objects.filter(
            dossier__round=round_, dossier__round_unit__left_out_reason="", indicator__in=own.values("indicator")
        )
        .select_related(
            "indicator__criterion", "dossier__criteria_set", "dossier__inspection__commune", "dossier__village"
        )
        .defer("dossier__frozen", "remark", "parts", "opinion_reason", "conclusion_reason")
        .order_by(
            "dossier__criteria_set__effective_from",
            "dossier__criteria_set",
            "indicator__criterion__number",
            "indicator__position",
            "dossier__round_unit__position",
            "pk",
        )
    )
    is_open = round_.status == InspectionRound.Status.OPEN
    found: dict[int, IndicatorStandings] = {}
    for row in rows:
        made = found.setdefault(row.indicator_id, IndicatorStandings(row.indicator))
        made.indicator.criteria_set = row.dossier.criteria_set
        made.rows.append(_standing(row))
        made.given += row.opinion != Judgement.UNASSESSED
        made.waiting += is_open and row.opinion == Judgement.UNASSESSED and row.dossier.status in Status.under_review()
    return list(found.values())


def _standing(row: Assessment) -> IndicatorStanding:
    dossier = row.dossier
    known = [row.conclusion] if dossier.status in Status.disclosed() else []
    if dossier.status != Status.DRAFT:
        known += [row.opinion, row.self_judgement]
    return IndicatorStanding(
        unit=f"ban-{dossier.village_id}" if dossier.village_id else f"xa-{dossier.inspection.commune_id}",
        name=dossier.unit.title,
        judgement=next((each for each in known if each != Judgement.UNASSESSED), Judgement.UNASSESSED),
        counts_basically_met=dossier.criteria_set.counts_basically_met,
    )
