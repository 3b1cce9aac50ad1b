"""Which criterion and indicator of an older version of a set is the same idea as one of today's, and what changed."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import models

from .evaluation import pick_threshold
from .measures import Context, IndicatorSpec, Operator, PartSpec
from .models import Criterion, Indicator
from .specs import indicator_spec


def counterparts(then: Iterable[Indicator], now: Iterable[Indicator]) -> dict[int, Indicator]:
    """{id of an indicator of now: the same one of then}, each of then taken once; new ones are not in it.

    By lineage; without one by the same text; at last by code, where neither side has a lineage: a text that was
    reworded keeps its code, but a code alone never joins two ideas that are told apart by their lineage.
    """
    rows, left, found = list(now), list(then), dict[int, Indicator]()
    for key in (_by_lineage, _by_text, _by_code):
        known: dict[str, Indicator] = {}
        for item in left:
            if name := key(item):
                known.setdefault(name, item)
        for row in rows:
            if row.pk not in found and (same := known.pop(key(row), None)) is not None:
                found[row.pk] = same
                left.remove(same)
    return found


Key = Callable[[Indicator], str]


def _by_lineage(indicator: Indicator) -> str:
    return indicator.lineage


def _by_text(indicator: Indicator) -> str:
    return " ".join(indicator.text.casefold().split())


def _by_code(indicator: Indicator) -> str:
    return "" if indicator.lineage else indicator.code


# ---------------------------------------------------------------- criteria, and why fewer units meet one


def same_criteria(then: Iterable[Criterion], now: Iterable[Criterion]) -> dict[int, int]:
    """{number then: number now} of the criteria that are one idea, by lineage, else by name."""
    now = list(now)
    by_lineage = {row.lineage: row.number for row in now if row.lineage}
    by_name = {row.name.casefold(): row.number for row in now}
    pairs = ((row.number, by_lineage.get(row.lineage) or by_name.get(row.name.casefold())) for row in then)
    return {old: new for old, new in pairs if new is not None}


@dataclass(frozen=True)
class Version:
    """One version of a set, or some of its criteria, as it is compared with another."""

    pk: int
    criteria: tuple[Criterion, ...]
    indicators: tuple[Indicator, ...]
    specs: Mapping[int, IndicatorSpec]


def criteria_of(pks: Collection[int]) -> dict[int, tuple[Criterion, ...]]:
    """{id of a set: its criteria in their order}: one query, however many."""
    found: dict[int, list[Criterion]] = {pk: [] for pk in pks}
    for criterion in Criterion.objects.filter(criteria_set__in=pks).order_by("number"):
        found[criterion.criteria_set_id].append(criterion)
    return {pk: tuple(rows) for pk, rows in found.items()}


def versions(criteria: Mapping[int, Collection[Criterion]]) -> dict[int, Version]:
    """{id of a set: what these criteria of it consist of}: three queries, however many."""
    indicators: dict[int, list[Indicator]] = {pk: [] for pk in criteria}
    chosen = [row.pk for rows in criteria.values() for row in rows]
    for indicator in Indicator.objects.filter(criterion__in=chosen).with_measures():
        indicators[indicator.criteria_set_id].append(indicator)
    return {
        pk: Version(pk, tuple(rows), tuple(indicators[pk]), {row.pk: indicator_spec(row) for row in indicators[pk]})
        for pk, rows in criteria.items()
    }


class Cause(models.TextChoices):
    """What may stand behind a criterion that was met once and is not any more."""

    NEW = "moi", "tiêu chí mới"
    SET = "bo", "bộ tiêu chí thay đổi"
    THRESHOLD = "nguong", "ngưỡng cao hơn"
    UNSURE = "nguong_chua_doi_chieu", "có thể do ngưỡng cao hơn (chưa đối chiếu)"
    REAL = "that", "mất thật"


def causes(then: Version, now: Version, before: Context, after: Context) -> dict[int, Cause]:
    """{number now: cause} of every criterion of now, were it lost between two rounds.

    An indicator that is new or measured otherwise changes the criterion; a threshold that asks more, in the year
    and region of the context, explains a loss only where both values are confirmed. What remains is a real loss.
    """
    old_of = {new: old for old, new in same_criteria(then.criteria, now.criteria).items()}
    found = {}
    for criterion in now.criteria:
        if criterion.number not in old_of:
            found[criterion.number] = Cause.NEW
            continue
        olds = [item for item in then.indicators if item.criterion.number == old_of[criterion.number]]
        news = [item for item in now.indicators if item.criterion.number == criterion.number]
        pairs = counterparts(olds, news)
        specs = [(then.specs[pairs[new.pk].pk], now.specs[new.pk]) for new in news if new.pk in pairs]
        found[criterion.number] = _cause(specs, before, after) if len(specs) == len(news) else Cause.SET
    return found


def _cause(pairs: Iterable[tuple[IndicatorSpec, IndicatorSpec]], before: Context, after: Context) -> Cause:
    sure = unsure = False
    for old_spec, new_spec in pairs:
        if _measure(old_spec) != _measure(new_spec):
            return Cause.SET
        for is_sure in _raised(old_spec, new_spec, before, after):
            sure, unsure = sure or is_sure, unsure or not is_sure
    if sure:
        return Cause.THRESHOLD
    return Cause.UNSURE if unsure else Cause.REAL


def _measure(spec: IndicatorSpec) -> tuple[object, ...]:
    parts = tuple((part.code, part.kind, part.unit, part.operator) for part in spec.parts)
    return spec.kind, spec.unit, spec.operator, parts


def _raised(old: IndicatorSpec, new: IndicatorSpec, before: Context, after: Context) -> Iterator[bool]:
    """For each measure that asks more now: whether both thresholds are confirmed."""
    measures: list[tuple[IndicatorSpec | PartSpec, IndicatorSpec | PartSpec]] = [
        (old, new),
        *zip(old.parts, new.parts, strict=True),
    ]
    for was, now in measures:
        then, today = pick_threshold(was.thresholds, before), pick_threshold(now.thresholds, after)
        if (
            then
            and today
            and then.value is not None
            and today.value is not None
            and _asks_more(now, then.value, today.value)
        ):
            yield then.is_confirmed and today.is_confirmed


def _asks_more(spec: IndicatorSpec | PartSpec, old: Decimal, new: Decimal) -> bool:
    if spec.operator == Operator.AT_LEAST:
        return new > old
    return new < old if spec.operator == Operator.AT_MOST else new != old
