"""What lies on the review desk: reported values beside their thresholds, and the evidence of the viewer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from communes import notation
from criteria.evaluation import Verdict, written
from criteria.measures import Kind, Value
from criteria.models import Indicator, IndicatorPart, Threshold

from ..models import Assessment, Evidence
from ..values import part_value, value_of


@dataclass(frozen=True)
class Measure:
    """A reported value beside its threshold; name is empty for an indicator without parts."""

    name: str
    value: str
    threshold: str
    is_confirmed: bool
    said: str


@dataclass(frozen=True)
class FileView:
    """A piece of evidence in the viewer, with the codes of the indicators it proves and its page numbers."""

    evidence: Evidence
    codes: str
    facts: str
    pages: tuple[int, ...]
    more_pages: int
    refusal: str

    # The shape before an image has come: an A4 page, or a photo held sideways. The real one then takes over.
    @property
    def width(self) -> int:
        return 1240 if self.evidence.content_type == "application/pdf" else 1600

    @property
    def height(self) -> int:
        return 1754 if self.evidence.content_type == "application/pdf" else 1200


def measures_of(item: Assessment, verdict: Verdict) -> tuple[Measure, ...]:
    indicator = item.indicator
    thresholds = {row.pk: row for row in indicator.thresholds.all()}
    if indicator.kind != Kind.COMPOUND:
        said = "" if verdict.reason.startswith("Chưa nhập") else verdict.reason
        return (Measure("", written_value(indicator, value_of(item)), *_threshold(verdict, thresholds), said),)
    verdicts = dict(verdict.parts)
    found = []
    for part in indicator.parts.all():
        of_part = verdicts.get(part.code)
        value = part_value(item.parts[part.code]) if part.code in item.parts else None
        shown = _threshold(of_part, thresholds) if of_part else ("không áp dụng", True)
        found.append(Measure(part.text, written_value(part, value), *shown, of_part.reason if of_part else ""))
    return tuple(found)


def _threshold(verdict: Verdict, thresholds: Mapping[int, Threshold]) -> tuple[str, bool]:
    """(words, whether confirmed) of the threshold that evaluation picked."""
    row = thresholds.get(verdict.threshold.pk) if verdict.threshold and verdict.threshold.pk else None
    return (row.display, row.is_confirmed) if row else ("chưa có trong bộ tiêu chí", True)


def written_value(measured: Indicator | IndicatorPart, value: Value | None) -> str:
    """A reported value for people: "9/10 = 90 %", "45,5 triệu đồng/người/năm", "Đạt"; empty without one."""
    if value is None:
        return ""
    if value.is_not_applicable:
        return "Không có đối tượng"
    if measured.kind == Kind.PASS_FAIL:
        good, bad = measured.answers
        return "" if value.passed is None else (good if value.passed else bad)
    if measured.kind == Kind.NUMBER:
        return "" if value.number is None else f"{notation.number(value.number)} {measured.unit}".strip()
    if value.numerator is None or value.denominator is None:
        return ""
    counted = f"{notation.number(value.numerator)}/{notation.number(value.denominator)}"
    if not value.denominator:
        return counted
    return f"{counted} = {written(Fraction(value.numerator) * 100 / Fraction(value.denominator))} %"


# ---------------------------------------------------------------- evidence

MOST_PAGES = 30  # shown in the page; the rest is read in the file itself


def files_of(proofs: Iterable[tuple[str, Iterable[Evidence]]]) -> tuple[FileView, ...]:
    """Every piece of evidence once, with the codes of the indicators it proves, from (code, its files)."""
    codes: dict[int, list[str]] = {}
    rows: dict[int, Evidence] = {}
    for code, files in proofs:
        for evidence in files:
            rows[evidence.pk] = evidence
            codes.setdefault(evidence.pk, []).append(code)
    return tuple(_file(evidence, ", ".join(codes[pk])) for pk, evidence in rows.items())


def _file(evidence: Evidence, codes: str) -> FileView:
    refusal = ""
    if evidence.scan in (Evidence.Scan.PENDING, Evidence.Scan.INFECTED):
        refusal = f"{evidence.get_scan_display()}: chưa mở được tệp này."
    elif not evidence.is_previewable:
        refusal = "Loại tệp này không xem được trong trang; tải tệp về để xem."
    count = 0 if refusal else min(evidence.page_count, MOST_PAGES)
    facts = [evidence.issuer, notation.day(evidence.issued_on) if evidence.issued_on else ""]
    if evidence.standing:
        facts.append(evidence.standing[1].lower())
    elif evidence.valid_until:
        facts.append(f"có hiệu lực đến {notation.day(evidence.valid_until)}")
    return FileView(
        evidence,
        codes,
        " · ".join(fact for fact in facts if fact),
        tuple(range(1, count + 1)),
        0 if refusal else max(0, evidence.page_count - count),
        refusal,
    )
