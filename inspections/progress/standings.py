"""The grouped queries of figures: a row of bits for each concluded dossier, and counts by criterion over many rounds.

Matrix, tables, API, notice and overview count from rows of this module or of `rows`; both give the same figures.
Units left out by name are in none of them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast

from criteria.judgement import Judgement
from criteria.lineage import Version
from criteria.models import CriteriaSet

from ..figures import Standing
from ..models import CriterionConclusion, Dossier

# So many criteria go into one whole number of the databases, so that its sum stays one.
CHUNK = 30
VERDICTS = {
    "met": Judgement.MET,
    "basic": Judgement.BASICALLY_MET,
    "failed": Judgement.NOT_MET,
    "left": Judgement.NOT_ASSESSED,
}


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
    rounds: Collection[int], sets: Mapping[int, CriteriaSet], contents: Mapping[int, Version]
) -> dict[int, list[tuple[int, Standing]]]:
    """{round: (version of the set, concluded dossier) …}: two queries, however many rounds and units.

    sets, contents: the versions that are asked for, by id.
    """
    criteria = {pk: len(contents[pk].criteria) for pk in sets}
    verdicts = _verdicts(rounds, sets, max((row.number for pk in sets for row in contents[pk].criteria), default=1))
    rows = concluded(rounds, sets).values_list(
        "pk",
        "round_id",
        "criteria_set_id",
        "village_id",
        "inspection__commune_id",
        "inspection__commune__authority_id",
        "inspection__commune__region",
    )
    found: dict[int, list[tuple[int, Standing]]] = {}
    for pk, round_, set_, village, commune, place, region in rows:
        met, basic, failed, left = verdicts.get(pk, (0, 0, 0, 0))
        if sets[set_].counts_basically_met:
            met |= basic
        else:
            failed |= basic
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


def _verdicts(rounds: Collection[int], sets: Iterable[int], highest: int) -> dict[int, tuple[int, int, int, int]]:
    """{dossier: its met, basically met, not met and not assessed criteria, in bits}"""
    chunks = range((highest + CHUNK - 1) // CHUNK)
    sums = {}
    for chunk in chunks:
        within = Q(criterion__number__gt=chunk * CHUNK, criterion__number__lte=(chunk + 1) * CHUNK)
        shift: Any = F("criterion__number") - 1 - chunk * CHUNK
        weight = Cast(Value(1), IntegerField()).bitleftshift(shift)
        for name, verdict in VERDICTS.items():
            chosen = Q(verdict=verdict) & within if len(chunks) > 1 else Q(verdict=verdict)
            sums[f"{name}_{chunk}"] = Sum(weight, filter=chosen, output_field=IntegerField())
    rows = _conclusions(rounds, sets).values_list("dossier_id").annotate(**sums)
    found = {}
    for pk, *values in rows:
        whole = [0, 0, 0, 0]
        for place, value in enumerate(values):
            chunk, kind = divmod(place, len(VERDICTS))
            whole[kind] |= (value or 0) << (chunk * CHUNK)
        found[pk] = (whole[0], whole[1], whole[2], whole[3])
    return found


def _conclusions(rounds: Collection[int], sets: Iterable[int]) -> QuerySet[CriterionConclusion]:
    return CriterionConclusion.objects.filter(
        dossier__round__in=rounds,
        dossier__criteria_set__in=list(sets),
        dossier__status=Dossier.Status.CONCLUDED,
        dossier__round_unit__left_out_reason="",
    ).order_by()


def course(periods: Mapping[str, Collection[int]], sets: Mapping[int, CriteriaSet]) -> dict[str, dict[int, Count3]]:
    """{period: {criterion id: counts}} over many rounds: one query that brings one row a period and criterion.

    periods: {key: its rounds}.
    """
    if not periods:
        return {}
    keys = list(periods)
    of_round = [When(dossier__round__in=periods[key], then=Value(place)) for place, key in enumerate(keys[:-1])]
    rows = (
        _conclusions([pk for rounds in periods.values() for pk in rounds], sets)
        .annotate(period=Case(*of_round, default=Value(len(keys) - 1), output_field=IntegerField()))
        .values_list("period", "criterion_id", "dossier__criteria_set_id")
        .annotate(
            met=Count("verdict", filter=Q(verdict=Judgement.MET)),
            basic=Count("verdict", filter=Q(verdict=Judgement.BASICALLY_MET)),
            failed=Count("verdict", filter=Q(verdict=Judgement.NOT_MET)),
            units=Count("*"),
        )
    )
    found: dict[str, dict[int, Count3]] = {key: {} for key in keys}
    for place, criterion, set_, met, basic, failed, units in rows:
        counts_basic = sets[set_].counts_basically_met
        one = Count3(met + basic * counts_basic, failed + basic * (not counts_basic), units)
        found[keys[place]][criterion] = one
    return found
