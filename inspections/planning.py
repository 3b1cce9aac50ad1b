"""Which units a round can still take in, and what opening it would make."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from communes.models import Commune, Village, within
from communes.text import sort_key
from criteria.models import CriteriaSet

from .models import InspectionRound, RoundUnit, TeamMember


@dataclass(frozen=True)
class Candidate:
    """A commune or village that can be added to a round under one set."""

    key: str
    label: str
    commune: Commune
    village: Village | None = None


def candidates(round_: InspectionRound, criteria_set: CriteriaSet) -> list[Candidate]:
    """Units of the authority on the round's first day that the set is for and that are not in it yet.

    In Vietnamese order; one query for the units there are, one for those in the round.
    """
    day = round_.period_from
    in_round = round_.units.filter(criteria_set__code=criteria_set.code).order_by()
    if criteria_set.is_village_level:
        villages = Village.objects.valid_on(day).filter(within("commune__authority", [round_.authority_id]))
        found = [
            Candidate(f"v{item.pk}", f"{item.title} ({item.commune.title})", item.commune, item)
            for item in villages.exclude(pk__in=in_round.values("village")).select_related("commune")
        ]
        return sorted(found, key=lambda item: (sort_key(item.commune.name), sort_key(item.label)))
    # The sets are those of "xã nông thôn mới": townships and wards are not judged by them.
    communes = Commune.objects.valid_on(day).filter(
        within("authority", [round_.authority_id]), kind=Commune.Kind.COMMUNE
    )
    left = communes.exclude(pk__in=in_round.values("commune"))
    return [Candidate(f"x{item.pk}", item.title, item) for item in sorted(left, key=lambda item: sort_key(item.name))]


@dataclass(frozen=True)
class Plan:
    """What opening a round makes, as sentences, and what still stands in the way."""

    sentences: tuple[str, ...]
    missing: tuple[str, ...]


def plan_of(round_: InspectionRound) -> Plan:
    """Exactly what opening would make: four queries."""
    units = list(round_.units.select_related("commune", "village", "criteria_set"))
    sets = CriteriaSet.objects.filter(pk__in={unit.criteria_set_id for unit in units}).annotate(
        how_many=Count("indicators")
    )
    team = sorted(round_.team.select_related("user"), key=lambda member: member.rank)
    indicators = {item.pk: item.how_many for item in sets}
    communes = {unit.commune_id for unit in units}
    sentences = [f"Tạo {len(communes)} cuộc kiểm tra, mỗi xã một cuộc."] if communes else []
    for criteria_set in sets:
        mine = [unit for unit in units if unit.criteria_set_id == criteria_set.pk]
        each = f"mỗi hồ sơ {indicators[criteria_set.pk]} chỉ tiêu"
        sentences.append(f"Tạo {len(mine)} hồ sơ theo {criteria_set}, {each}: {names(mine)}.")
    if team:
        people = "; ".join(f"{member.user} ({member.get_position_display().lower()})" for member in team)
        sentences.append(f"Đoàn kiểm tra có {len(team)} người: {people}.")
    sentences.append(f"Các xã nhập hồ sơ được ngay, hạn nộp {round_.due_on:%d/%m/%Y}.")
    missing = [] if units else ["Đợt kiểm tra chưa có đơn vị nào."]
    if not any(member.position == TeamMember.Position.HEAD for member in team):
        missing.append("Đoàn kiểm tra chưa có Trưởng đoàn.")
    missing += [f"{unit.unit} đang ở một đợt mở khác với cùng bộ tiêu chí." for unit in clashing(units)]
    return Plan(tuple(sentences), tuple(missing))


def names(units: Iterable[RoundUnit]) -> str:
    return ", ".join(unit.unit.title for unit in units)


def clashing(units: Iterable[RoundUnit]) -> list[RoundUnit]:
    """Units that another open round judges by the same set: one query."""
    units = list(units)
    active = RoundUnit.objects.filter(is_active=True, commune__in={unit.commune_id for unit in units}).order_by()
    taken = set(active.values_list("commune", "village", "set_code"))
    return [unit for unit in units if not unit.is_active and (unit.commune_id, unit.village_id, unit.set_code) in taken]
