"""The parts of an official document, found on its pages by their place and look."""

import re
import statistics
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from .paper import MM, Frame, Line, Stroke, read

SINGLE_SPACING = 1.149  # of Times metrics, in em
HEADING = re.compile(r"^([IVX]+|\d{1,2})\. ")
AUTHORITY = r"TRƯỞNG ĐOÀN|TM\.|KT\.|TL\.|TUQ\.|Q\.|CHỦ TỊCH"
# Who may stand on the right of other documents, first of all of minutes.
AUTHORITY_ELSEWHERE = AUTHORITY + r"|CHỦ TỌA|CHỦ TRÌ|NGƯỜI CHỦ TRÌ|ĐẠI DIỆN"
# Left of this a line belongs to the left half of the sheet, right of the other to the right half.
LEFT_HALF, RIGHT_HALF = 95, 105


class Document:
    """The parts of a document, found by their place and look; a part that is not found is None or empty."""

    def __init__(self, pdf: bytes | Path, kind: str) -> None:
        self.paper = read(pdf)
        self.is_notice, self.is_minutes = kind == "THÔNG BÁO", kind == "BIÊN BẢN"
        self.pages = len(self.paper.sizes)
        self.page_numbers = [line for line in self.paper.lines if line.bottom < 20.5 and line.text.isdigit()]
        self.printed = [line for line in self.paper.lines if line not in self.page_numbers] or self.paper.lines
        self.text = [line for line in self.printed if not line.in_table]
        self.nation = self.find("^CỘNG H(ÒA|OÀ) XÃ HỘI CHỦ NGHĨA VIỆT NAM$")
        self.motto = self.find("^Độc lập - Tự do - Hạnh phúc$")
        self.number = self.find("^Số:")
        self.kind = self.find(f"^{re.escape(kind)}$")
        self.date = next(filter(_is_date, self.first_page), None)

    def find(self, pattern: str, *, on_first: bool = True) -> Line | None:
        return next(
            (line for line in self.text if re.search(pattern, line.text) and (line.page == 0 or not on_first)), None
        )

    @property
    def first_page(self) -> list[Line]:
        return [line for line in self.text if line.page == 0]

    def level_with(self, line: Line | None) -> list[Line]:
        """All pieces of the first page's row that a line is in."""
        return [other for other in self.first_page if line and abs(other.base - line.base) < 0.8]

    def stroke_under(self, line: Line | None) -> Stroke | None:
        near = [
            stroke
            for stroke in self.paper.strokes
            if line and stroke.page == line.page and -0.3 < stroke.y - line.base < 3.5
            if abs(stroke.middle - line.middle) < 4
        ]
        return min(near, key=lambda stroke: stroke.y) if near else None

    # ---- head

    @cached_property
    def _letterhead(self) -> tuple[list[Line], list[Line]]:
        """(agency above, issuer): the first is not bold, the second is."""
        number = self.number
        left = [line for line in self.first_page if number and line.base < number.base and line.middle < LEFT_HALF]
        cut = next((place for place, line in enumerate(left) if line.is_bold), min(1, len(left)))
        return left[:cut], left[cut:]

    @property
    def parent(self) -> list[Line]:
        return self._letterhead[0]

    @property
    def issuer(self) -> list[Line]:
        return self._letterhead[1]

    @cached_property
    def subject(self) -> list[Line]:
        """The lines between the kind and the stroke below them; without a stroke the bold ones."""
        kind = self.kind
        if kind is None:
            return []
        below = [line for line in self.first_page if line.base > kind.base + 0.8]
        strokes = [
            stroke.y
            for stroke in self.paper.strokes
            if stroke.page == 0 and stroke.y > kind.base + 3 and abs(stroke.middle - kind.middle) < 4
        ]
        above = [line for line in below if strokes and line.base < min(strokes) + 0.3]
        if above and min(strokes) - above[-1].base < 12 and len(above) <= 8:
            return above
        stop = next((at for at, line in enumerate(below) if not line.is_bold or HEADING.match(line.text)), len(below))
        return below[:stop]

    @cached_property
    def body_start(self) -> tuple[int, float] | None:
        found = self.subject or [line for line in (self.kind, self.number, self.date) if line]
        return (0, found[-1].base + 0.8) if found else None

    # ---- end

    @cached_property
    def label(self) -> Line | None:
        return self.find("^Nơi nhận:", on_first=False)

    @cached_property
    def authority(self) -> Line | None:
        """The first line of the signature, on the page of the recipients where there are any."""
        pattern, start = AUTHORITY if self.is_notice else AUTHORITY_ELSEWHERE, self.body_start or (0, 0)
        found = [
            line
            for line in self.text
            if line.place > start and line.middle > RIGHT_HALF and re.match(pattern, line.text)
        ]
        beside = [line for line in found if self.label and line.page == self.label.page]
        last = [line for line in found if line.page == found[-1].page]
        return next(iter(beside or last), None)

    @cached_property
    def signature(self) -> list[Line]:
        """What stands under the room for the hand: post and name."""
        top = self.authority
        return [
            line
            for line in self.text
            if top and line.page == top.page and line.base > top.base + 8
            if abs(line.middle - top.middle) < 6 and line.x0 > LEFT_HALF
        ]

    @cached_property
    def secretary(self) -> Line | None:
        """Who signs minutes on the left; the recipients then stand below."""
        top = self.authority
        if top is None or not self.is_minutes:
            return None
        level = [line for line in self.text if line.page == top.page and abs(line.base - top.base) < 1.5]
        left = (line for line in level if line.middle < LEFT_HALF and line.is_bold and line.text.isupper())
        return next(left, None)

    @cached_property
    def recipients(self) -> list[Line]:
        """The lines below the label, and those of the next pages until the list has closed with "Lưu"."""
        if self.label is None:
            return []
        below = [line for line in self.text if line.place > (self.label.page, self.label.base + 1) and is_left(line)]
        lines = [line for line in below if line.page == self.label.page]
        for page in range(self.label.page + 1, self.pages):
            if any(line.text.startswith("- Lưu") for line in lines):
                break
            lines += [line for line in below if line.page == page]
        return lines

    # ---- body

    @cached_property
    def body(self) -> list[Line]:
        """The lines of text between subject and end; a justified line with wide gaps is one line."""
        ends = [line.place for line in (self.label, self.authority) if line]
        end = (min(ends)[0], min(ends)[1] - 1) if ends else (self.pages, 0)
        inside = [line for line in self.text if self.body_start and self.body_start < line.place < end]
        captions, right = self._take_captions(inside), max((line.x1 for line in inside), default=0)
        body: list[Line] = []
        for line in (line for line in inside if line not in captions):
            before = body[-1] if body and body[-1].page == line.page else None
            if before and abs(before.base - line.base) < 0.8 and abs(line.x1 - right) < 0.7:
                body[-1] = Line(line.page, before.signs + line.signs)
            else:
                body.append(line)
        return body

    def _take_captions(self, lines: list[Line]) -> list[Line]:
        """Centred bold or italic lines right above or below a table, whose region grows by them."""
        captions = []
        for table in self.paper.tables:
            here = [line for line in lines if line.page == table.page and abs(line.middle - table.middle) < 2]
            here = [line for line in here if (line.is_bold or line.is_italic) and not HEADING.match(line.text)]
            for line in reversed(here):
                if 0 <= table.top + 0.5 - line.bottom < 4:
                    captions.append(line)
                    table.top = line.top
            for line in here:
                if 0 <= line.top - table.bottom + 0.5 < 4:
                    captions.append(line)
                    table.bottom = line.bottom
        return captions

    def _table_between(self, above: Line, below: Line) -> bool:
        def parts(table: Frame) -> bool:
            return table.page == above.page and above.base < table.bottom and table.top < below.base

        return any(map(parts, self.paper.tables))

    @cached_property
    def left(self) -> float:
        return min(line.x0 for line in self.printed)

    @cached_property
    def right(self) -> float:
        return 210 - max(line.x1 for line in self.printed)

    @cached_property
    def is_wrapped(self) -> bool:
        """Whether a line of the text went on: without one nothing need touch the edge on the right."""
        return len(self.body) > 1 and any(line.x0 - self.left < 5 for line in self.body)

    @property
    def knows_left(self) -> bool:
        return self.is_wrapped or self.label is not None

    @cached_property
    def middle(self) -> float:
        """Of the text area."""
        left = self.left if self.knows_left else min(max(self.left, 30), 35)
        right = self.right if self.is_wrapped else min(max(self.right, 15), 20)
        return (left + 210 - right) / 2

    @cached_property
    def firsts(self) -> list[Line]:
        """First lines of paragraphs."""
        return [line for line in self.body if line.x0 - self.left > 5] if self.knows_left else list(self.body)

    @cached_property
    def steps(self) -> list[tuple[Line, Line, float]]:
        """(line, the next one, from base to base), where both stand on a page and no table parts them."""
        pairs = [(one, two) for one, two in pairwise(self.body) if one.page == two.page]
        return [(one, two, (two.base - one.base) * MM) for one, two in pairs if not self._table_between(one, two)]

    @cached_property
    def leading(self) -> list[tuple[Line, float]]:
        """(line, step to the next) inside paragraphs."""
        return [(one, step) for one, two, step in self.steps if two not in self.firsts]

    @cached_property
    def pitch(self) -> float:
        size = max((line.size for line in self.body), default=14)
        return statistics.median(step for _, step in self.leading) if self.leading else SINGLE_SPACING * size

    @cached_property
    def numbered(self) -> list[Line]:
        return [line for line in self.body if HEADING.match(line.text)]

    @cached_property
    def headings(self) -> list[Line]:
        return [line for line in self.numbered if line in self.firsts]

    @cached_property
    def misplaced(self) -> list[Line]:
        """Lines that look like a heading and are not moved in."""
        opening = [two for _, two, step in self.steps if step > self.pitch + 4]
        return [line for line in self.numbered if line not in self.headings and (line.is_bold or line in opening)]


def _is_date(line: Line) -> bool:
    return line.middle > 100 and bool(re.search(r", ngày|^ngày|tháng .* năm \d{4}$", line.text))


def is_left(line: Line) -> bool:
    return line.x0 < LEFT_HALF and line.middle < RIGHT_HALF
