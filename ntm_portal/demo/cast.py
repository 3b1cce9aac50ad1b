"""What the acts of the demonstration share: the round with its people, sets and units, read and found again."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from communes.models import Commune, User, Village
from criteria.judgement import Judgement
from criteria.measures import IndicatorSpec
from criteria.models import CriteriaSet, Criterion, Indicator
from criteria.specs import context_for, indicator_spec
from inspections.models import Assessment, CriterionConclusion, Dossier, InspectionRound

from . import values
from .people import officer_of
from .source import read


class Set:
    """One criteria set with its criteria and indicators in memory."""

    def __init__(self, criteria_set: CriteriaSet) -> None:
        self.row = criteria_set
        self.code = criteria_set.code
        self.is_advanced = criteria_set.tier == CriteriaSet.Tier.ADVANCED
        self.criteria: dict[int, Criterion] = {row.number: row for row in criteria_set.criteria.order_by("number")}
        self.indicators: dict[int, Indicator] = {
            row.pk: row
            for row in criteria_set.indicators.with_measures()
            .prefetch_related("agency_assignments__agency")
            .order_by("criterion__number", "position")
        }
        self.specs: dict[int, IndicatorSpec] = {pk: indicator_spec(row) for pk, row in self.indicators.items()}

    def in_charge_of(self, agency_code: str) -> list[str]:
        """Codes of the indicators that an agency is in charge of."""
        return [
            row.code
            for row in self.indicators.values()
            if any(item.agency.code == agency_code for item in row.agency_assignments.all())
        ]

    def of_criterion(self, number: int) -> list[Indicator]:
        return [row for row in self.indicators.values() if row.criterion.number == number]


def told_reasons(set_code: str, number: int) -> dict[str, Any]:
    """Why a criterion is not met: indicators that pull it down, the commune's remark, the team's reason."""
    found: dict[str, Any] = read("reasons")[set_code][str(number)]
    return found


@dataclass(frozen=True)
class Unit:
    """One dossier as it is told: whose, by which set, which criteria fail, how far it has come."""

    told: dict[str, Any]
    commune: Commune
    village: Village | None
    set: Set
    place: values.Place
    position: int

    @property
    def code(self) -> str:
        return self.commune.code

    @property
    def failed(self) -> frozenset[int]:
        return frozenset(self.told["failed"])

    @property
    def claimed(self) -> frozenset[int]:
        """Failed criteria that the commune itself holds to be met."""
        return frozenset(self.told.get("claimed", []))

    @property
    def mode(self) -> str:
        return str(self.told.get("mode", "on_site"))

    @property
    def review_on(self) -> date | None:
        """The day on which the team concludes: that of the visit, or of the reading of a report."""
        return self.told.get("review_on")

    @property
    def visit_on(self) -> date | None:
        return self.review_on if self.mode == "on_site" else None

    @cached_property
    def weak(self) -> frozenset[str]:
        """Codes of the indicators that are not met."""
        return frozenset(code for number in self.failed for code in told_reasons(self.set.code, number).get("weak", []))

    def reported(self, indicator: Indicator, year: int) -> dict[str, Any]:
        """Columns of the assessment of an indicator as the commune enters them, without the remark."""
        context = context_for(self.commune, year)
        meets = indicator.code not in self.weak
        spec = self.set.specs[indicator.pk]
        columns = values.fitting(indicator, spec, self.place, context, meets=meets)
        if not meets and indicator.criterion.number in self.claimed:
            columns["self_judgement"] = Judgement.MET
        return columns


@dataclass
class Cast:
    """A round in the making: its story as told, the people, the sets and the units."""

    told: dict[str, Any]
    people: dict[str, User]
    round: InspectionRound
    units: list[Unit]
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    dossiers: dict[int, Dossier] = field(default_factory=dict)

    @property
    def coordinator(self) -> User:
        return self.people["dieuphoi"]

    def officer(self, unit: Unit) -> User:
        return self.people[officer_of(unit.code)]

    def reviewer(self, unit: Unit, number: int) -> User:
        """Who of the team concludes a criterion: the one who has it as his field, else the one of the commune."""
        if number in unit.told.get("head_concludes", []):
            return self.people["truongdoan"]
        for name, told in self.members.items():
            if number in told.get("criteria", {}).get(unit.set.code, []):
                return self.people[name]
        for name, told in self.members.items():
            if unit.code in told.get("communes", []):
                return self.people[name]
        raise LookupError(f"nobody reviews {unit.code}")

    def unit(self, set_code: str, commune_code: str) -> Unit:
        return next(unit for unit in self.units if (unit.set.code, unit.code) == (set_code, commune_code))

    def questions(self, unit: Unit) -> list[dict[str, Any]]:
        return [
            told for told in self.told["question"] if (told["set"], told["code"]) == (unit.set.code, unit.commune.code)
        ]

    def when(self, unit: Unit, name: str) -> datetime | None:
        """A moment told of the unit, else of the whole round."""
        found: datetime | None = unit.told.get(name, self.told.get(name))
        return found

    # ------------------------------------------------------------ rows

    def dossier(self, unit: Unit) -> Dossier:
        """The one object of a dossier through the whole story: every move keeps it up to date."""
        if unit.position not in self.dossiers:
            row = Dossier.objects.with_context().get(round=self.round, round_unit__position=unit.position)
            row.round = self.round
            self.dossiers[unit.position] = row
        return self.dossiers[unit.position]

    def assessments(
        self, unit: Unit, dossier: Dossier, codes: list[str] | None = None, number: int = 0
    ) -> list[Assessment]:
        """Assessments by indicator codes or of one criterion, sharing the dossier and the indicators in memory."""
        wanted = [
            pk
            for pk, row in unit.set.indicators.items()
            if (codes is not None and row.code in codes) or row.criterion.number == number
        ]
        rows = list(dossier.assessments.filter(indicator__in=wanted).order_by("indicator__position"))
        for row in rows:
            row.dossier, row.indicator = dossier, unit.set.indicators[row.indicator_id]
            row.criterion = row.indicator.criterion
        return rows

    def conclusion(self, unit: Unit, dossier: Dossier, number: int) -> CriterionConclusion:
        row = dossier.conclusions.select_related("criterion").get(criterion=unit.set.criteria[number])
        row.dossier = dossier
        return row
