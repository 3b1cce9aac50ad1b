"""From the stored columns of an assessment to the value that evaluation works on."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from criteria.evaluation import Verdict, evaluate
from criteria.judgement import Judgement
from criteria.measures import Kind, Value
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
