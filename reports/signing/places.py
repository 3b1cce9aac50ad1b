"""Where on a printed notice the signatures belong, read from the page itself; knows no template.

Decree 30/2020/NĐ-CP, Annex I: II.7d the signer's picture stands between post and name; II.8 the agency's seal in
its real size covers about a third of the signature on its left; II.3 and II.4 number and day stand in their blanks.
"""

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2
import pypdfium2.raw as pdfium

from .model import SEAL_MM, Box, Place, Refused, Signer, Slot, Step

MM = 25.4 / 72
# Signs whose baselines differ by less than this stand on one line.
SAME_LINE_MM = 0.8
SIGNATURE_MM = (54.0, 30.0)
# A room is at least this high; the decree's practice is 36 mm from post to name.
SMALLEST_ROOM_MM = 24.0
CLEAR_MM = 1.0
NUMBER = re.compile(r"Số:\s*(?=/)")
DATE = re.compile(r"ngày(\s*)tháng(\s*)(?=năm)")


@dataclass(frozen=True, slots=True)
class Sign:
    """A drawn character: left and right edge, baseline, and the height of its font's box, in millimetres."""

    text: str
    left: float
    right: float
    baseline: float
    bottom: float
    top: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """Characters on one baseline, from left to right."""

    signs: tuple[Sign, ...]

    @property
    def text(self) -> str:
        return "".join(sign.text for sign in self.signs)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """left, bottom, right, top of what is drawn; blanks at the ends left out."""
        drawn = [sign for sign in self.signs if not sign.text.isspace()]
        return (
            drawn[0].left, min(sign.bottom for sign in drawn), drawn[-1].right, max(sign.top for sign in drawn),
        )  # fmt: skip


def open_pdf(pdf: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise Refused("Không mở được tệp PDF: tệp hỏng hoặc có mật khẩu.") from error


def signs_of(page: pypdfium2.PdfPage) -> list[Sign]:
    """Every character the page itself draws; what annotations draw is not among them."""
    text = page.get_textpage()
    x, y = ctypes.c_double(), ctypes.c_double()
    rect = pdfium.FS_RECTF()
    found = []
    for place in range(pdfium.FPDFText_CountChars(text)):
        if pdfium.FPDFText_IsGenerated(text, place) == 1:
            continue  # a blank or line end that pdfium guesses
        pdfium.FPDFText_GetCharOrigin(text, place, x, y)
        pdfium.FPDFText_GetLooseCharBox(text, place, rect)
        sign = chr(pdfium.FPDFText_GetUnicode(text, place))
        found.append(
            Sign(sign, x.value * MM, rect.right * MM, y.value * MM, rect.bottom * MM, rect.top * MM)
        )  # fmt: skip
    text.close()
    return found


def lines_of(signs: Sequence[Sign]) -> list[Line]:
    """Characters in lines from the top; those of two columns on one baseline make one line."""
    lines: list[list[Sign]] = []
    for sign in sorted(signs, key=lambda sign: -sign.baseline):
        if lines and lines[-1][0].baseline - sign.baseline < SAME_LINE_MM:
            lines[-1].append(sign)
        else:
            lines.append([sign])
    found = [Line(tuple(sorted(line, key=lambda sign: sign.left))) for line in lines]
    return [line for line in found if line.text.strip()]


def find(pdf: bytes, signer: Signer | None = None, *, seal_mm: float = SEAL_MM) -> dict[Step, Place]:
    """{step: place} for everything that is still blank: number and day where they are not printed, and with
    `signer` the signature and the seal. Raises Refused where the signer's room is not found."""
    document = open_pdf(pdf)
    try:
        pages = [signs_of(page) for page in document]
    finally:
        document.close()
    places = dict(_head(lines_of(pages[0])))
    if signer is not None:
        signature = _room(pages, signer)
        places[Step.LEADER] = Place(signature)
        places[Step.SEAL] = Place(seal_beside(signature, seal_mm))
    return places


def seal_beside(signature: Box, seal_mm: float = SEAL_MM) -> Box:
    """The seal's square: over the left third of the signature, centred on its height."""
    right = signature.left + signature.width / 3
    bottom = signature.centre[1] - seal_mm / 2
    return Box(signature.page, right - seal_mm, bottom, right, bottom + seal_mm)


def fitted(box: Box, width: float, height: float) -> Box:
    """The largest box of this shape within `box`, centred."""
    scale = min(box.width / width, box.height / height)
    x, y = box.centre
    half_width, half_height = width * scale / 2, height * scale / 2
    return Box(box.page, x - half_width, y - half_height, x + half_width, y + half_height)


def _head(lines: Sequence[Line]) -> Iterator[tuple[Step, Place]]:
    """The blanks after "Số:" and between "ngày", "tháng" and "năm", in the first line that has them."""
    for line in lines:
        number, day = NUMBER.search(line.text), DATE.search(line.text)
        if not number and not day:
            continue
        if number:
            label = line.signs[number.start() + 2]
            slash = line.signs[number.end()]
            yield Step.NUMBER, Place(_between(label, slash), (_slot(label, slash),))
        if day:
            at = line.signs
            first = (at[day.start(1) - 1], at[day.end(1)])
            second = (at[day.start(2) - 1], at[day.end(2)])
            yield Step.DATE, Place(_between(first[0], second[1]), (_slot(*first), _slot(*second)))
        return


def _between(left: Sign, right: Sign) -> Box:
    return Box(0, left.right, min(left.bottom, right.bottom), right.left, max(left.top, right.top))


def _slot(left: Sign, right: Sign) -> Slot:
    return Slot((left.right + right.left) / 2, left.baseline)


def _room(pages: Sequence[Sequence[Sign]], signer: Signer) -> Box:
    """The box of the signature: the free room between the two lines of the signer, looked for from the end."""
    above, below = _bare(signer.above), _bare(signer.below)
    for number in reversed(range(len(pages))):
        for column in _columns(pages[number]):
            for upper, lower in pairwise(column):
                if not (above.endswith(_bare(upper.text)) and below.startswith(_bare(lower.text))):
                    continue
                left, bottom, right, _ = upper.box
                top = lower.box[3]
                room = Box(number, left, top + CLEAR_MM, right, bottom - CLEAR_MM)
                if room.height < SMALLEST_ROOM_MM:
                    continue
                x, y = room.centre
                half_width, half_height = SIGNATURE_MM[0] / 2, min(SIGNATURE_MM[1], room.height) / 2
                return Box(number, x - half_width, y - half_height, x + half_width, y + half_height)
    raise Refused("Không tìm thấy chỗ ký trên trang in: không có khoảng trống giữa chức vụ và họ tên người ký.")


def _columns(signs: Sequence[Sign]) -> Iterator[list[Line]]:
    """The lines of the right and of the left half of a page, where signatures stand; then of the whole page."""
    middle = 107.0
    yield lines_of([sign for sign in signs if sign.left >= middle])
    yield lines_of([sign for sign in signs if sign.left < middle])
    yield lines_of(signs)


def _bare(text: str) -> str:
    return "".join(text.split())
