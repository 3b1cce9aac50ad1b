"""Sets up a round of the demonstration: documents, villages, the round itself, its units and its team; opens it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from communes import units as unit_services
from communes.models import Agency, Commune, LegalDocument, User, Village
from criteria.models import CriteriaSet
from inspections import services
from inspections.models import InspectionRound

from .cast import Cast, Set, Unit
from .people import authority
from .source import read
from .story import Story, moment
from .values import Place

COLUMNS = (
    "code",
    "name",
    "year",
    "period_from",
    "period_to",
    "due_on",
    "freeze_on",
    "reply_until",
    "team_name",
    "subject",
)
# The villages are as old as their communes, for what it matters here.
VILLAGES_SINCE = date(2009, 1, 1)


def make_villages(by: User) -> None:
    """One made-up village in each commune, marked as a sample."""
    for told in read("units")["commune"]:
        commune = Commune.objects.get(authority=authority(), code=told["code"])
        village = Village(
            commune=commune,
            code=f"{commune.code}-01",
            name=told["village"],
            is_sample=True,
            valid_from=VILLAGES_SINCE,
        )
        unit_services.save_unit(village, by=by)


def make_phrases(by: User) -> None:
    """The reasons that inspectors are offered."""
    for text in read("reasons")["phrases"]:
        services.add_phrase(authority=authority(), text=text, is_shared=True, by=by)


def make_round(told: dict[str, Any], people: dict[str, User]) -> Cast:
    """A draft of the round with its units and its team."""
    coordinator = people["dieuphoi"]
    for document in told.get("document", []):
        unit_services.add_document(by=coordinator, **document)
    plan = unit_services.add_document(by=coordinator, **told["plan"])
    round_ = services.create_round(
        by=coordinator,
        authority=authority(),
        plan=plan,
        is_demo=True,
        note="Dữ liệu trình diễn.",
        **{name: told[name] for name in COLUMNS},
    )
    cast = Cast(told, people, round_, _units(told))
    for unit in cast.units:
        services.add_unit(
            round_,
            by=coordinator,
            criteria_set=unit.set.row,
            commune=unit.commune,
            village=unit.village,
            mode=unit.mode,
            visit_on=unit.visit_on,
            position=unit.position,
        )
    _team(cast)
    return cast


def tell_opening(cast: Cast, story: Story) -> None:
    """Opening, exceptions to the due date, and the end of the round where it has one."""
    told, coordinator = cast.told, cast.coordinator
    story.tell(moment(told["opened_at"]), lambda: services.open_round(cast.round, by=coordinator))
    for unit in cast.units:
        if extended := unit.told.get("extended"):
            story.tell(moment(extended["at"]), _extending(cast, unit, extended))
    if "reported_at" in told:
        story.tell(moment(told["reported_at"]), lambda: _report(cast))
    if "closed_at" in told:
        story.tell(moment(told["closed_at"]), lambda: services.close_round(_fresh(cast), by=coordinator))


def _fresh(cast: Cast) -> InspectionRound:
    cast.round.refresh_from_db()
    return cast.round


def _extending(cast: Cast, unit: Unit, told: dict[str, Any]) -> Callable[[], object]:
    return lambda: services.extend_unit(
        cast.dossier(unit).round_unit, until=told["until"], reason=told["reason"], by=cast.coordinator
    )


def _report(cast: Cast) -> None:
    report: LegalDocument = unit_services.add_document(by=cast.coordinator, **cast.told["report"])
    services.update_round(_fresh(cast), by=cast.coordinator, report=report)


def _units(told: dict[str, Any]) -> list[Unit]:
    """The units in the order of the story, each with the version of its set in force when the round begins."""
    sets: dict[str, Set] = {}
    facts = {item["code"]: item for item in read("units")["commune"]}
    units = []
    for position, item in enumerate(told["unit"]):
        code = item["set"]
        if code not in sets:
            in_force = CriteriaSet.objects.in_force(code, told["period_from"])
            if in_force is None:
                raise LookupError(f"no version of {code} is in force on {told['period_from']}")
            sets[code] = Set(in_force)
        commune = Commune.objects.get(authority=authority(), code=item["code"])
        is_village = sets[code].row.is_village_level
        village = Village.objects.get(commune=commune) if is_village else None
        fact = facts[item["code"]]
        place = Place(commune.code, fact["households"], fact["schools"], fact["villages"], told["code"])
        units.append(Unit(item, commune, village, sets[code], place, position))
    return units


def _team(cast: Cast) -> None:
    sets = {unit.set.code: unit.set for unit in cast.units}
    for told in cast.told["member"]:
        agency = Agency.objects.get(authority=authority(), code=told["agency"]) if "agency" in told else None
        criteria = [
            sets[code].criteria[number]
            for code, numbers in told.get("criteria", {}).items()
            if code in sets
            for number in numbers
        ]
        services.add_member(
            cast.round,
            cast.people[told["username"]],
            by=cast.coordinator,
            position=told.get("position", "member"),
            communes=Commune.objects.filter(authority=authority(), code__in=told.get("communes", [])),
            criteria=criteria,
            agency=agency,
        )
        cast.members[told["username"]] = told
