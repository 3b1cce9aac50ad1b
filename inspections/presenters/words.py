"""Values, names and places in words, for pages and print."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse

from communes.models import User
from criteria.evaluation import rate, written
from criteria.judgement import Judgement
from criteria.measures import DEFAULT_ANSWERS, Kind, Value
from criteria.models import Indicator, IndicatorPart

from ..models import Assessment, Dossier, Evidence
from ..values import part_value, typed_number
from .sight import sight_of

Crumbs = list[tuple[str, str]]


def value_in_words(assessment: Assessment) -> str:
    """ "87,5 % (7/8)", "45,5 triệu đồng", "Không", "Nam: 90 % (9/10); Nữ: 80 % (8/10)"; empty without a value.

    Of a compound indicator the parts are read: prefetch "indicator__parts" for many rows.
    """
    indicator = assessment.indicator
    if indicator.kind == Kind.RATE:
        return rate_in_words(assessment)
    if indicator.kind == Kind.NUMBER:
        return f"{typed_number(assessment.value)} {indicator.unit}".strip() if assessment.value is not None else ""
    if indicator.kind == Kind.COMPOUND:
        names = {part.code: part.text for part in indicator.parts.all()}
        said = {code: part_by_its_content(stored) for code, stored in assessment.parts.items()}
        return "; ".join(f"{names.get(code, code)}: {words}" for code, words in said.items())
    return answer_in_words(indicator, assessment.self_judgement)


def rate_in_words(counted: Assessment | Value) -> str:
    """ "87,5 % (7/8)"; of half a rate what there is."""
    part, whole = counted.numerator, counted.denominator
    if part is None and whole is None:
        return ""
    words = f"{typed_number(part) or '…'}/{typed_number(whole) or '…'}"
    found = rate(part, whole) if part is not None and whole is not None else None
    return f"{written(found)} % ({words})" if found is not None else words


def part_in_words(part: IndicatorPart, stored: Mapping[str, Any]) -> str:
    """One part of a compound indicator as it was reported."""
    value = part_value(stored)
    if part.kind == Kind.RATE:
        return rate_in_words(value) or "chưa nhập"
    if part.kind == Kind.NUMBER:
        return f"{typed_number(value.number)} {part.unit}".strip() if value.number is not None else "chưa nhập"
    good, bad = part.answers
    return "chưa nhập" if value.passed is None else good if value.passed else bad


def part_by_its_content(stored: Mapping[str, Any]) -> str:
    """A part without its definition at hand: what was counted, the number, or yes and no."""
    value = part_value(stored)
    if value.passed is not None:
        return "đạt" if value.passed else "chưa đạt"
    return typed_number(value.number) if value.number is not None else rate_in_words(value)


def answer_in_words(indicator: Indicator, judgement: str) -> str:
    """The unit's own word for a judgement, where it has words of its own."""
    if indicator.answers == DEFAULT_ANSWERS or judgement in (Judgement.UNASSESSED, Judgement.NOT_ASSESSED):
        return ""
    good, bad = indicator.answers
    return bad if judgement == Judgement.NOT_MET else good


@dataclass(frozen=True)
class Previous:
    """What was concluded of the same unit by the same set in an earlier round.

    verdicts: {criterion number: judgement}; indicators: {indicator code: frozen facts}. dossier, criteria_set:
    ids of the dossier and of the version it was judged by.
    """

    year: int
    met: int
    total: int
    verdicts: Mapping[int, str]
    indicators: Mapping[str, Mapping[str, Any]]
    dossier: int
    criteria_set: int

    @property
    def total_in_words(self) -> str:
        return f"{self.year}: {self.met}/{self.total}"

    def of_criterion(self, number: int) -> str:
        """ "2024: đạt"; empty where the criterion was not in it."""
        verdict = self.verdicts.get(number)
        return f"{self.year}: {Judgement(verdict).label.lower()}" if verdict else ""


def frozen_in_words(indicator: Indicator, facts: Mapping[str, Any]) -> str:
    """The value that was frozen of an indicator: "90 % (9/10)"; empty without one. Of a compound its parts are read."""
    if indicator.kind == Kind.COMPOUND:
        stored = facts.get("parts") or {}
        parts = indicator.parts.all() if stored else ()
        return "; ".join(f"{part.text}: {part_in_words(part, stored.get(part.code, {}))}" for part in parts)
    if indicator.kind == Kind.RATE:
        return rate_in_words(part_value(facts))
    if indicator.kind == Kind.NUMBER and facts.get("value") not in (None, ""):
        return f"{typed_number(Decimal(str(facts['value'])))} {indicator.unit}".strip()
    return ""


def evidence_line(evidence: Evidence) -> str:
    """ "12/BC-UBND · Báo cáo kết quả", else the name of the file."""
    return " · ".join(part for part in (evidence.number, evidence.title) if part) or evidence.original_name


def dossier_crumbs(dossier: Dossier, user: User, *rest: tuple[str, str]) -> Crumbs:
    """Rà soát 6 tháng 2025 › Xã Phúc Khoa › …; the round's name is a link for those who see the whole round."""
    sight = sight_of(dossier, user)
    sees_round = not sight.is_commune and not sight.may_edit and sight.agencies is None
    unit = str(dossier.unit)
    if dossier.village:
        unit = f"{unit}, {dossier.inspection.commune.phrase}"
    link = reverse("inspections:dossier-detail", args=[dossier.pk])
    return [
        (dossier.round.name, dossier.round.get_absolute_url() if sees_round else ""),
        (f"{unit} · {dossier.criteria_set.short_name}", link),
        *rest,
    ]
