"""What was found in the files of a dossier, in sentences: advice that the commune may follow or not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from communes import notation

from ..models import Dossier, Evidence, EvidenceCheck, EvidenceLink
from ..services.filechecks import RULES, checkable
from .sight import Sight

SHOWN_PAGES = 8


@dataclass(frozen=True)
class FileLine:
    """One file: which indicators it proves, what to look at, and who signed it; is_checked: it was looked into."""

    evidence: Evidence
    codes: str
    is_checked: bool
    warnings: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True)
class FileChecks:
    """The files of a dossier; to_do: how many are still to be looked into."""

    lines: tuple[FileLine, ...]
    to_do: int

    @property
    def total(self) -> int:
        return len(self.lines)

    @property
    def done(self) -> int:
        return self.total - self.to_do

    @property
    def warned(self) -> list[FileLine]:
        return [line for line in self.lines if line.warnings]

    @property
    def signed(self) -> list[FileLine]:
        return [line for line in self.lines if line.facts and not line.warnings]


def file_checks(dossier: Dossier, sight: Sight) -> FileChecks:
    """Two queries for any number of files."""
    codes: dict[int, list[str]] = {}
    links = EvidenceLink.objects.filter(assessment__in=sight.assessments(dossier).order_by().values("pk"))
    for pk, code in links.order_by("pk").values_list("evidence", "assessment__indicator__code"):
        codes.setdefault(pk, []).append(code)
    rows = checkable(dossier).filter(pk__in=codes).select_related("check_row").order_by("pk")
    lines = tuple(_line(row, ", ".join(codes[row.pk]), dossier.round.year) for row in rows)
    return FileChecks(lines, sum(not line.is_checked for line in lines))


def _line(evidence: Evidence, codes: str, year: int) -> FileLine:
    check: EvidenceCheck | None = getattr(evidence, "check_row", None)
    if check is None or check.rules != RULES:
        return FileLine(evidence, codes, False, (), ())
    return FileLine(evidence, codes, True, tuple(warnings_of(check.found, year)), tuple(signed_by(check.found)))


def warnings_of(found: Mapping[str, Any], year: int) -> Iterable[str]:
    """Sentences on what a reader would stumble over; year: of the round."""
    if problem := found.get("problem"):
        yield str(problem)
        return
    if pages := found.get("blank"):
        yield f"{_pages(pages)} gần như trắng."
    if pages := found.get("sideways"):
        yield f"{_pages(pages)} có vẻ nằm ngang, nên xoay lại."
    if pages := found.get("poor"):
        yield f"{_pages(pages)} có vẻ mờ hoặc quá nhỏ, khó đọc; nên quét lại."
    # A document names its neighbours; one that names another commune more often than the own may be theirs.
    others = {name: times for name, times in found.get("others", {}).items() if times > found.get("own", 0)}
    if others:
        yield f"Nhắc đến {', '.join(sorted(others))} nhiều hơn tên xã: kiểm tra có nhầm văn bản không."
    years = [int(one) for one in found.get("years", {}) if int(one) <= year + 1]
    if years and year not in years:
        yield f"Không nhắc đến năm {year}; năm mới nhất trong văn bản là {max(years)}."
    for item in found.get("signatures", []):
        if not item["holds"]:
            yield f"Chữ ký số của {item['signer'] or 'người ký không rõ'} không còn đúng với nội dung tệp."


def signed_by(found: Mapping[str, Any]) -> Iterable[str]:
    """Who signed digitally and when, as the signature says; the certificate itself is not judged."""
    for item in found.get("signatures", []):
        if item["holds"]:
            unit = f" ({item['organisation']})" if item["organisation"] else ""
            at = f", {notation.minute(datetime.fromisoformat(item['at']))}" if item["at"] else ""
            yield f"Ký số: {item['signer']}{unit}{at}; chưa kiểm tra chứng thư."


def _pages(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:SHOWN_PAGES]))
    more = f" và {len(numbers) - SHOWN_PAGES} trang khác" if len(numbers) > SHOWN_PAGES else ""
    return f"Trang {shown}{more}"
