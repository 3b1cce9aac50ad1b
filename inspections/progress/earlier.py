"""What the round before found of the units of a round, set by set, numbered as today's set is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from criteria.lineage import same_criteria
from criteria.models import Criterion

from ..figures import UnitRow
from ..models import Dossier, InspectionRound
from .rows import dossiers_of, rows_of


@dataclass(frozen=True)
class EarlierRound:
    """The last round before in which units were judged by a set; other_version: by another version of it."""

    round: InspectionRound
    rows: tuple[UnitRow, ...]
    other_version: bool


def earlier_rounds(round_: InspectionRound, versions: Mapping[str, int]) -> dict[str, EarlierRound]:
    """{set code: the round before} of those sets that have one, in the same authority.

    versions: {set code: id of the version in use}. Two queries, and three for each round that is found.
    """
    found: dict[str, EarlierRound] = {}
    for before, codes in _last_rounds(round_, versions).items():
        dossiers = dossiers_of(before).filter(
            criteria_set__code__in=codes, status=Dossier.Status.CONCLUDED, round_unit__left_out_reason=""
        )
        used = dict(before.units.filter(set_code__in=codes).values_list("set_code", "criteria_set"))
        numbers = _renumbered(used, versions)
        rows = rows_of(dossiers)
        for code in codes:
            known = numbers.get(code)
            chosen = (row for row in rows if row.set_code == code)
            ordered = tuple(chosen if known is None else (_as_now(row, known) for row in chosen))
            found[code] = EarlierRound(before, ordered, other_version=known is not None)
    return found


def _last_rounds(round_: InspectionRound, versions: Mapping[str, int]) -> dict[InspectionRound, list[str]]:
    """{round: codes of the sets whose last round it is}."""
    told = (
        Dossier.objects.filter(
            criteria_set__code__in=list(versions),
            round__authority=round_.authority_id,
            round__period_to__lt=round_.period_from,
            round__status__in=[InspectionRound.Status.OPEN, InspectionRound.Status.CLOSED],
            status=Dossier.Status.CONCLUDED,
            round_unit__left_out_reason="",
        )
        .order_by("-round__period_to", "-round_id")
        .values_list("criteria_set__code", "round")
        .distinct()
    )
    last: dict[str, int] = {}
    for code, pk in told:
        last.setdefault(code, pk)
    rounds = InspectionRound.objects.in_bulk(last.values())
    found: dict[InspectionRound, list[str]] = {}
    for code, pk in last.items():
        found.setdefault(rounds[pk], []).append(code)
    return found


def _renumbered(used: Mapping[str, int], versions: Mapping[str, int]) -> dict[str, dict[int, int]]:
    """{set code: {number then: number now}} of the sets whose version is another, by lineage, else by name."""
    other = {code: pk for code, pk in used.items() if versions[code] != pk}
    if not other:
        return {}
    wanted = {*other.values(), *(versions[code] for code in other)}
    named: dict[int, list[Criterion]] = {}
    for criterion in Criterion.objects.filter(criteria_set__in=wanted):
        named.setdefault(criterion.criteria_set_id, []).append(criterion)
    return {code: same_criteria(named.get(pk, ()), named.get(versions[code], ())) for code, pk in other.items()}


def _as_now(row: UnitRow, numbers: Mapping[int, int]) -> UnitRow:
    verdicts = {numbers[number]: verdict for number, verdict in row.verdicts.items() if number in numbers}
    return replace(row, verdicts=verdicts)


def numbered_as(rows: Iterable[UnitRow], used: Mapping[str, int], versions: Mapping[str, int]) -> tuple[UnitRow, ...]:
    """Rows of one round numbered as the sets of another: a criterion without a counterpart is left out of them.

    used, versions: {set code: id of its version} in the rows' own round and in the other. At most one query.
    """
    numbers = _renumbered(used, versions)
    return tuple(row if (known := numbers.get(row.set_code)) is None else _as_now(row, known) for row in rows)
