"""Numbers a commune could report so that they lead to the verdict that is told: invented, but the same each time."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

from criteria.evaluation import evaluate, pick_threshold
from criteria.judgement import Judgement
from criteria.measures import Context, IndicatorSpec, Kind, Operator, PartSpec, Value
from criteria.models import Indicator, IndicatorPart
from inspections.values import part_value

from .source import read

TENTH = Decimal("0.1")
ONE = Decimal(1)


class DoesNotFit(Exception):
    """A number was made up that a confirmed threshold judges otherwise than the story says."""


@dataclass(frozen=True)
class Place:
    """What the numbers of a commune are made from. season: the round, for no two years are quite alike."""

    code: str
    households: int
    schools: int
    villages: int
    season: str

    def share(self, *about: str) -> float:
        """A fixed number from 0 to below 1 for a thing in this commune; it moves a little from season to season."""
        lasting = zlib.crc32("/".join((self.code, *about)).encode())
        moving = zlib.crc32("/".join((self.season, self.code, *about)).encode())
        return (0.85 * lasting + 0.15 * moving) / 2**32

    def whole(self, label: str) -> Decimal:
        """The denominator that goes by this name: the same wherever the commune states it."""
        if label == "Tổng số trường của xã":
            return Decimal(self.schools)
        if label == "Tổng số thôn, bản":
            return Decimal(self.villages)
        rule = read("measures")["denominators"].get(label, {"per_household": 1.0})
        size = Decimal(str(rule.get("base", 0))) + Decimal(str(rule.get("per_household", 0))) * self.households
        return size.quantize(TENTH if rule.get("places") else ONE, ROUND_HALF_UP)


def fitting(
    indicator: Indicator, spec: IndicatorSpec, place: Place, context: Context, *, meets: bool
) -> dict[str, Any]:
    """Columns of an assessment that reach, or miss, the indicator's threshold; with the self-judgement.

    Raises DoesNotFit where a confirmed threshold would say otherwise.
    """
    judgement = Judgement.MET if meets else Judgement.NOT_MET
    if spec.kind == Kind.COMPOUND:
        parts = _parts(indicator, spec, place, context, meets=meets)
        columns: dict[str, Any] = {"parts": parts}
        value = Value(parts={code: part_value(stored) for code, stored in parts.items()})
    else:
        value = _single(indicator, spec, place, context, meets=meets)
        columns = _columns(value, spec.kind)
    said = evaluate(spec, value, context).judgement
    if said not in (None, judgement):
        raise DoesNotFit(f"{place.code} {spec.code}: {columns} is {said}, told was {judgement}")
    return {**columns, "self_judgement": judgement}


def _columns(value: Value, kind: str) -> dict[str, Any]:
    if kind == Kind.RATE:
        return {"numerator": value.numerator, "denominator": value.denominator}
    return {"value": value.number} if kind == Kind.NUMBER else {}


def _single(
    measured: Indicator | IndicatorPart, spec: IndicatorSpec | PartSpec, place: Place, context: Context, *, meets: bool
) -> Value:
    if spec.kind == Kind.PASS_FAIL:
        return Value(passed=meets)
    threshold = pick_threshold(spec.thresholds, context)
    known = threshold.value if threshold else None
    # A part goes by the code of its indicator: 12.2 stays below 12.1 for men and for women.
    code = measured.indicator.code if isinstance(measured, IndicatorPart) else measured.code
    bound = Fraction(known) if known is not None else _level(spec, code)
    share = place.share(code, measured.text)
    if spec.kind == Kind.NUMBER:
        factor = Decimal(str(1 + 0.14 * share if meets else 0.8 + 0.12 * share))
        limit = Decimal(bound.numerator) / Decimal(bound.denominator)
        return Value(number=(limit * factor).quantize(TENTH, ROUND_HALF_UP))
    whole = place.whole(measured.denominator_label)
    step = TENTH if whole != whole.to_integral_value() else ONE
    count = _count(int(whole / step), bound, spec.operator, share, meets=meets)
    return Value(numerator=count * step, denominator=whole)


def _level(spec: IndicatorSpec | PartSpec, code: str) -> Fraction:
    """Where no threshold is known: a level that nobody sees, so that the numbers look likely."""
    levels = read("measures")["levels"]
    if code in levels:
        return Fraction(levels[code])
    if spec.kind == Kind.NUMBER:
        return Fraction(levels["number"])
    return Fraction(levels["lower_is_better" if spec.operator == Operator.AT_MOST else "rate"])


def _count(whole: int, bound: Fraction, operator: str, share: float, *, meets: bool) -> int:
    """How many of `whole` make a rate on the wanted side of `bound` per cent."""
    exact = bound * whole / 100
    if operator == Operator.AT_MOST:
        most = floor(exact)
        return floor(most * (0.55 + 0.4 * share)) if meets else min(whole, most + 1 + floor(whole * 0.12 * share))
    least = ceil(exact)
    if meets:
        return least if operator == Operator.EQUAL else least + floor(min(whole - least, 0.35 * least) * share)
    return max(0, min(least - 1, floor(least * (0.76 + 0.18 * share))))


def _parts(
    indicator: Indicator, spec: IndicatorSpec, place: Place, context: Context, *, meets: bool
) -> dict[str, dict[str, Any]]:
    """Values of the parts that apply; where the whole fails, its last part does, which is the usual weak one."""
    rows = {part.code: part for part in indicator.parts.all()}
    wholes = {code: place.whole(part.denominator_label) for code, part in rows.items() if part.denominator_label}
    applying = [part for part in spec.parts if _applies(part, wholes)]
    stored = {}
    for part in applying:
        holds = meets or part is not applying[-1]
        value = _single(rows[part.code], part, place, context, meets=holds)
        stored[part.code] = _stored(value, part.kind)
    return stored


def _applies(part: PartSpec, wholes: Mapping[str, Decimal]) -> bool:
    condition = part.applies_when
    if condition is None:
        return True
    count = wholes[condition.count_of]
    return count > condition.bound if condition.operator == ">" else count <= condition.bound


def _stored(value: Value, kind: str) -> dict[str, Any]:
    """One part as it is kept: numbers as text."""
    if kind == Kind.PASS_FAIL:
        return {"passed": value.passed}
    if kind == Kind.NUMBER:
        return {"number": str(value.number)}
    return {"numerator": str(value.numerator), "denominator": str(value.denominator)}
