"""The shapes that evaluation works on: kinds, operators, and plain values without the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import models


class Kind(models.TextChoices):
    """How an indicator, or a part of one, is measured."""

    PASS_FAIL = "pass_fail", "Đạt/Chưa đạt"
    RATE = "rate", "Tỷ lệ (tử số/mẫu số)"
    NUMBER = "number", "Số đo"
    COMPOUND = "compound", "Nhiều thành phần"

    @classmethod
    def of_parts(cls) -> list[tuple[str, str]]:
        """Choices for a part: everything but another compound."""
        return [(kind.value, str(kind.label)) for kind in cls if kind != cls.COMPOUND]


class Operator(models.TextChoices):
    """How a value stands to its threshold; equal counts as reached in all three."""

    AT_LEAST = ">=", "≥ (từ ngưỡng trở lên)"
    AT_MOST = "<=", "≤ (càng thấp càng tốt)"
    EQUAL = "=", "= (đúng bằng ngưỡng)"

    @property
    def sign(self) -> str:
        """The sign as printed beside a threshold."""
        return {">=": "≥", "<=": "≤", "=": "="}[self.value]


class CountOperator(models.TextChoices):
    """How a count stands to the bound of a condition; strict here, unlike thresholds."""

    MORE_THAN = ">", "nhiều hơn"
    AT_LEAST = ">=", "từ … trở lên"
    AT_MOST = "<=", "từ … trở xuống"
    LESS_THAN = "<", "ít hơn"
    EQUAL = "=", "đúng bằng"


@dataclass(frozen=True)
class ThresholdSpec:
    """One threshold; an empty year, region, group or class means "any".

    value: per cent 0–100 for rates, else in the indicator's unit; None for a threshold in words.
    text: the required answer of a pass/fail indicator ("Đạt"), or words that only people can judge.
    """

    value: Decimal | None = None
    text: str = ""
    is_confirmed: bool = False
    year: int | None = None
    region: str = ""
    commune_group: str = ""
    commune_class: str = ""
    pk: int | None = None


@dataclass(frozen=True)
class Condition:
    """When a part applies: the count behind part `count_of` compared with a bound.

    The count is the denominator of a rate (number of schools) or the value of a number.
    """

    count_of: str
    operator: str
    bound: int


@dataclass(frozen=True)
class PartSpec:
    """One part of a compound indicator."""

    code: str
    kind: str
    text: str = ""
    unit: str = ""
    operator: str = ""
    thresholds: tuple[ThresholdSpec, ...] = ()
    applies_when: Condition | None = None


@dataclass(frozen=True)
class IndicatorSpec:
    """What evaluation must know of an indicator."""

    code: str
    kind: str
    text: str = ""
    unit: str = ""
    operator: str = ""
    thresholds: tuple[ThresholdSpec, ...] = ()
    parts: tuple[PartSpec, ...] = ()
    may_be_not_applicable: bool = False


@dataclass(frozen=True)
class Value:
    """What a commune reported; which fields count depends on the kind.

    passed: the answer to a pass/fail indicator, True for the good one ("Đạt", "Không" for "Không/Còn").
    numerator, denominator: of a rate, in whatever unit both share (hộ, km, ha).
    parts: {part code: Value} of a compound indicator.
    """

    passed: bool | None = None
    number: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    parts: Mapping[str, "Value"] = field(default_factory=dict)
    is_not_applicable: bool = False


@dataclass(frozen=True)
class Context:
    """For whom and when a threshold is looked up."""

    year: int | None = None
    region: str = ""
    commune_group: str = ""
    commune_class: str = ""


DEFAULT_ANSWERS = ("Đạt", "Chưa đạt")


def answers(unit: str) -> tuple[str, str]:
    """The good and the bad answer of a pass/fail indicator, from its unit: "Không/Còn" → ("Không", "Còn")."""
    good, slash, bad = unit.partition("/")
    return (good.strip(), bad.strip()) if slash else DEFAULT_ANSWERS
