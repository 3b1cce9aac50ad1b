"""What stands in the way of approving or issuing a notice: each finding names the place and the way out."""

from collections.abc import Iterator
from dataclasses import dataclass

from . import wording
from .compose import Composition
from .content import NoticeContent
from .models import NoticeSection

Kind = NoticeSection.Kind
# From here on lie pictures and scripts of other languages, which the fonts of office texts do not draw.
FIRST_UNDRAWN = 0x2600


@dataclass(frozen=True, slots=True)
class Finding:
    """place: where in the notice, in words; message: what is wrong and what to do."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def findings(composition: Composition) -> list[Finding]:
    """Everything that forbids approving or issuing; empty when the notice may go."""
    content = composition.content()
    found = [
        *_dossiers(composition),
        *_tokens(composition),
        *_signs(composition, content),
        *_parts(composition, content),
    ]
    # One figure may be missing at several places of one section: once is enough.
    return list(dict.fromkeys(found))


def _dossiers(composition: Composition) -> Iterator[Finding]:
    waiting = composition.facts.open_dossiers
    if waiting:
        listed = "; ".join(waiting[:5]) + ("; …" if len(waiting) > 5 else "")
        yield Finding(
            "Số liệu",
            f"còn {len(waiting)} hồ sơ chưa kết luận ({listed}). "
            "Kết luận hết, hoặc ghi lý do không đưa đơn vị vào kết luận.",
        )
    if not composition.facts.rows:
        yield Finding("Số liệu", "đợt kiểm tra chưa có hồ sơ nào được kết luận.")


def _tokens(composition: Composition) -> Iterator[Finding]:
    for place, text in composition.texts:
        for problem in wording.problems(text, composition.palette):
            yield Finding(place, problem)


def _signs(composition: Composition, content: NoticeContent) -> Iterator[Finding]:
    """Signs that cannot be printed: told while the text is written, not after it was approved."""
    places = [
        *composition.texts,
        *((f"Kiến nghị cho {row.addressee}", row.addressee) for row in composition.recommendations),
        ("Phần đầu", "".join((*content.parent, *content.issuer, content.symbol, content.place))),
        ("Người ký", "".join((*content.signature.authority, content.signature.post, content.signature.name))),
        ("Nơi nhận", "".join(content.recipients)),
    ]
    for place, text in places:
        undrawn = dict.fromkeys(sign for sign in text if ord(sign) >= FIRST_UNDRAWN)
        if undrawn:
            listed = ", ".join(f"“{sign}”" for sign in list(undrawn)[:5])
            yield Finding(place, f"không in được ký tự {listed}; xóa hoặc thay bằng chữ.")


def _parts(composition: Composition, content: NoticeContent) -> Iterator[Finding]:
    required = {
        "Trích yếu": content.subject,
        "Cơ quan ban hành": content.issuer,
        "Ký hiệu": content.symbol,
        "Địa danh": content.place,
        "Phần mở đầu": content.preamble,
        "Phần kết thúc": content.closing,
        "Chức vụ người ký": content.signature.authority,
        "Họ tên người ký": content.signature.name,
        "Nơi nhận": content.recipients,
    }
    for place, value in required.items():
        if not value:
            yield Finding(place, "chưa có nội dung.")
    if content.recipients and not content.recipients[-1].startswith("Lưu: VT"):
        yield Finding("Nơi nhận", "dòng cuối phải là nơi lưu, bắt đầu bằng “Lưu: VT”.")
    for section, below in _with_next(composition.sections):
        if section.kind != Kind.SECTION:
            continue
        if not section.heading:
            yield Finding("Mục chưa có tên", "ghi tên mục, hoặc xóa mục này.")
        elif not section.body and (below is None or below.kind != Kind.SECTION or below.level <= section.level):
            yield Finding(f"“{section}”", "mục chưa có nội dung; viết nội dung hoặc xóa mục.")


def _with_next(sections: list[NoticeSection]) -> Iterator[tuple[NoticeSection, NoticeSection | None]]:
    for place, section in enumerate(sections):
        yield section, sections[place + 1] if place + 1 < len(sections) else None
