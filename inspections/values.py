"""From the stored columns of an assessment to the value that evaluation works on."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from criteria.evaluation import Verdict, evaluate
from criteria.judgement import Judgement
from criteria.measures import Kind, Value
from criteria.models import Indicator
from criteria.specs import context_for, indicator_spec

from .models import Assessment


def value_of(assessment: Assessment) -> Value | None:
    """What the commune reported; None where nothing is there yet."""
    if assessment.self_judgement == Judgement.NOT_ASSESSED:
        return Value(is_not_applicable=True)
    kind = assessment.indicator.kind
    if kind == Kind.PASS_FAIL:
        if assessment.self_judgement == Judgement.UNASSESSED:
            return None
        return Value(passed=assessment.self_judgement != Judgement.NOT_MET)
    if kind == Kind.RATE:
        return Value(numerator=assessment.numerator, denominator=assessment.denominator)
    if kind == Kind.NUMBER:
        return Value(number=assessment.value)
    return Value(parts={code: part_value(stored) for code, stored in assessment.parts.items()})


def part_value(stored: Mapping[str, Any]) -> Value:
    """One part as kept in JSON: numbers are text there, so that none is rounded on the way."""

    def number(key: str) -> Decimal | None:
        return Decimal(stored[key]) if stored.get(key) not in (None, "") else None

    return Value(
        passed=stored.get("passed"),
        number=number("number"),
        numerator=number("numerator"),
        denominator=number("denominator"),
    )


def numbers_again(indicator: Indicator, then: Indicator, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers frozen of an indicator in an earlier round, as today's takes them: {column: value}, parts under "parts".

    then: the indicator as it was; another kind or unit is another measure, and nothing of it fits. An answer
    is a judgement and never taken over, neither of a whole indicator nor of a part.
    """
    if (indicator.kind, indicator.unit) != (then.kind, then.unit):
        return {}
    if indicator.kind == Kind.RATE:
        return _whole({name: _exact(facts.get(name)) for name in ("numerator", "denominator")})
    if indicator.kind == Kind.NUMBER:
        return _whole({"value": _exact(facts.get("value"))})
    stored = facts.get("parts") or {}
    units = {part.code: (part.kind, part.unit) for part in then.parts.all()} if stored else {}
    parts = {}
    for part in indicator.parts.all() if stored else ():
        if units.get(part.code) == (part.kind, part.unit):
            names = ("numerator", "denominator") if part.kind == Kind.RATE else ("number",)
            numbers = {name: value for name in names if (value := stored.get(part.code, {}).get(name))}
            if len(numbers) == len(names):
                parts[part.code] = numbers
    return {"parts": parts} if parts else {}


def _exact(stored: Any) -> Decimal | None:
    return None if stored in (None, "") else Decimal(str(stored))


def _whole(columns: dict[str, Decimal | None]) -> dict[str, Any]:
    return {} if None in columns.values() else columns


def evaluation_of(assessment: Assessment) -> Verdict:
    """What the rules say of the reported value, for the year of the round; confirmed thresholds only decide.

    The indicator must be fetched `with_measures()`, the dossier with its round and commune, else this queries.
    """
    dossier = assessment.dossier
    return evaluate(
        indicator_spec(assessment.indicator),
        value_of(assessment),
        context_for(dossier.inspection.commune, dossier.round.year),
    )


def proposal_for(assessment: Assessment, verdict: Verdict | None = None) -> str:
    """What the team is offered to accept: the rules' verdict where they decide, else the self-assessment."""
    verdict = verdict or evaluation_of(assessment)
    return verdict.judgement or assessment.self_judgement


def measured_rate(assessment: Assessment) -> Fraction | None:
    """The rate in per cent, exact; None without a usable denominator."""
    if assessment.numerator is None or not assessment.denominator:
        return None
    return Fraction(assessment.numerator) * 100 / Fraction(assessment.denominator)


def typed_number(value: Decimal | None) -> str:
    """A stored number as one would type it: every digit, decimal comma, no separators of thousands."""
    if value is None:
        return ""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
