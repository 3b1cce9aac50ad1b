"""The grouped queries of figures: a row of bits for each concluded dossier, and counts by criterion over many rounds.

Matrix, tables, API, notice and overview count from rows of this module or of `rows`; both give the same figures.
Here the verdicts are read from the line that each dossier kept when it was concluded, not from its conclusions: a
country has a million of these. Units left out by name are in neither.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from criteria.models import CriteriaSet, Criterion

from .. import figures
from ..figures import Standing
from ..models import Dossier


@dataclass(frozen=True)
class Made:
    """Dossiers of one set in one round: all that count, those concluded, those left out by name."""

    made: int
    concluded: int
    left_out: int


@dataclass(frozen=True)
class Count3:
    """Dossiers in which one criterion counts as met, was found not met, and all that were concluded."""

    met: int = 0
    failed: int = 0
    units: int = 0

    def __add__(self, other: "Count3") -> "Count3":
        return Count3(self.met + other.met, self.failed + other.failed, self.units + other.units)


def made(rounds: QuerySet) -> dict[tuple[int, int], Made]:
    """{(round, version of a set): how many dossiers}: one query."""
    counts = Q(round_unit__left_out_reason="")
    rows = (
        Dossier.objects.filter(round__in=rounds.values("pk"))
        .order_by()
        .values_list("round_id", "criteria_set_id")
        .annotate(
            made=Count("pk", filter=counts),
            concluded=Count("pk", filter=counts & Q(status=Dossier.Status.CONCLUDED)),
            left_out=Count("pk", filter=~counts),
        )
    )
    return {(round_, set_): Made(*numbers) for round_, set_, *numbers in rows}


def standings(
    rounds: Collection[int], sets: Mapping[int, CriteriaSet], contents: Mapping[int, Collection[Criterion]]
) -> dict[int, list[tuple[int, Standing]]]:
    """{round: (version of the set, concluded dossier) …}: one query, however many rounds and units.

    sets, contents: the versions that are asked for, by id.
    """
    criteria = {pk: len(contents[pk]) for pk in sets}
    rows = concluded(rounds, sets).values_list(
        "pk",
        "round_id",
        "criteria_set_id",
        "village_id",
        "inspection__commune_id",
        "inspection__commune__authority_id",
        "inspection__commune__region",
        "frozen_verdicts",
    )
    found: dict[int, list[tuple[int, Standing]]] = {}
    for pk, round_, set_, village, commune, place, region, line in rows:
        met, failed, left, basic = figures.bits_of(line, sets[set_].counts_basically_met)
        unit = f"ban-{village}" if village else f"xa-{commune}"
        row = Standing(pk, unit, criteria[set_], met, failed, left, basic, place, region)
        found.setdefault(round_, []).append((set_, row))
    return found


def concluded(rounds: Collection[int], sets: Iterable[int]) -> QuerySet[Dossier]:
    """The dossiers that figures are made of."""
    return counted(rounds, sets).filter(status=Dossier.Status.CONCLUDED)


def counted(rounds: Collection[int], sets: Iterable[int]) -> QuerySet[Dossier]:
    """Dossiers of these rounds and versions, without the units left out by name."""
    rows = Dossier.objects.filter(round__in=rounds, criteria_set__in=list(sets), round_unit__left_out_reason="")
    return rows.order_by()


def course(
    periods: Mapping[str, Collection[int]], sets: Mapping[int, CriteriaSet]
) -> dict[str, dict[int, dict[int, Count3]]]:
    """{period: {version of a set: {criterion number: counts}}} over many rounds, by one query.

    periods: {key: its rounds}. The dossiers of a period and version that kept the same verdicts come as one row.
    """
    if not periods:
        return {}
    keys = list(periods)
    of_round = [When(round__in=periods[key], then=Value(place)) for place, key in enumerate(keys[:-1])]
    rows = (
        concluded([pk for rounds in periods.values() for pk in rounds], sets)
        .annotate(period=Case(*of_round, default=Value(len(keys) - 1), output_field=IntegerField()))
        .values_list("period", "criteria_set_id", "frozen_verdicts")
        .annotate(units=Count("pk"))
    )
    found: dict[str, dict[int, dict[int, Count3]]] = {key: {} for key in keys}
    for (place, set_), group in groupby(sorted(rows), key=itemgetter(0, 1)):
        found[keys[place]][set_] = _counts(group, sets[set_].counts_basically_met)
    return found


def _counts(rows: Iterable[tuple[int, int, str, int]], counts_basically_met: bool) -> dict[int, Count3]:
    """{criterion number: counts} of one version in one period."""
    met, failed = Counter[int](), Counter[int]()
    criteria = all_units = 0
    for _, _, line, units in rows:
        all_units += units
        criteria = max(criteria, len(line))
        its_met, its_failed, *_ = figures.bits_of(line, counts_basically_met)
        for count, bits in ((met, its_met), (failed, its_failed)):
            for number in figures.numbers(bits):
                count[number] += units
    return {number: Count3(met[number], failed[number], all_units) for number in range(1, criteria + 1)}
