"""What stands in a workbook of results, line by line, and everything in it that is not as it must be. Pure.

One sheet for each criteria set, named by the set's code; header `Mã | Tên đơn vị | 1 | 2 | … | N`; a row for each unit;
cells `Đ`, `CB`, `K`, `X`, or empty.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter

from criteria.judgement import Judgement

from ...workbook import Cell, Kind, Sheet

MARKS: dict[str, Judgement] = {
    "Đ": Judgement.MET,
    "CB": Judgement.BASICALLY_MET,
    "K": Judgement.NOT_MET,
    "X": Judgement.NOT_ASSESSED,
}
MARK_OF: dict[str, str] = {Judgement.UNASSESSED: "", **{str(judgement): mark for mark, judgement in MARKS.items()}}
HEADINGS = ("Mã", "Tên đơn vị")
FIRST_CRITERION = len(HEADINGS) + 1
ALLOWED_MARKS = "Đ (đạt), CB (cơ bản đạt), K (chưa đạt), X (không đánh giá) hoặc để trống (chưa đánh giá)"
# What keyboards and programs put in place of Đ: the Icelandic letter, and the African one.
LOOK_ALIKE = str.maketrans({"\u00d0": "Đ", "\u00f0": "Đ", "\u0189": "Đ", "\u0256": "Đ"})


@dataclass(frozen=True)
class Fault:
    """One thing to mend: where, what was found there, what is allowed. cell: "C5", "dòng 5", or empty."""

    sheet: str
    cell: str
    found: str
    allowed: str

    def __str__(self) -> str:
        place = f"Trang “{self.sheet}”" if self.sheet else "Tệp"
        if self.cell:
            place += f", {self.cell}" if " " in self.cell else f", ô {self.cell}"
        return f"{place}: tìm thấy {self.found}; cho phép: {self.allowed}."


@dataclass(frozen=True)
class Line:
    """One unit as the sheet tells it. marks: {criterion number: judgement}, of every criterion of the set."""

    sheet: str
    row: int
    code: str
    name: str
    marks: Mapping[int, str]

    def at(self, column: int) -> str:
        return place(self.row, column)


def place(row: int, column: int) -> str:
    return f"{get_column_letter(column)}{row}"


def read_sheets(sheets: Iterable[Sheet], sets: Mapping[str, Sequence[int]]) -> tuple[list[Line], list[Fault]]:
    """All lines and all faults of a workbook. sets: {code of a set that may come: its criteria's numbers}."""
    lines: list[Line] = []
    faults: list[Fault] = []
    codes = ", ".join(sets) or "chưa có bộ tiêu chí nào áp dụng cho đợt này"
    sheets = [sheet for sheet in sheets if sheet.cells or sheet.title in sets]
    for sheet in sheets:
        if sheet.title not in sets:
            faults.append(Fault(sheet.title, "", "tên trang không phải mã bộ tiêu chí", codes))
            continue
        wrong = [*_layout(sheet), *_heading(sheet, sets[sheet.title])]
        faults += [*wrong, *_beyond(sheet, sets[sheet.title])]
        if not wrong:
            found, more = _lines(sheet, sets[sheet.title])
            lines += found
            faults += more
    if not sheets:
        faults.append(Fault("", "", "không có trang nào có nội dung", f"mỗi bộ tiêu chí một trang, tên trang: {codes}"))
    elif not lines and not faults:
        faults.append(Fault("", "", "không có đơn vị nào", "mỗi đơn vị một dòng dưới dòng tiêu đề"))
    return lines, faults


def _layout(sheet: Sheet) -> list[Fault]:
    """Whoever looks at the table must see all that is read, and each value in its own cell."""
    found = []
    if sheet.is_hidden:
        found.append(Fault(sheet.title, "", "trang đang ẩn", "trang hiện (Unhide)"))
    found += [Fault(sheet.title, f"vùng {area}", "ô gộp", "mỗi ô riêng (bỏ gộp ô)") for area in sheet.merged]
    for part in sheet.hidden:
        words = f"dòng {part}" if part.isdecimal() else f"cột {part}"
        found.append(Fault(sheet.title, words, f"{words.split()[0]} đang ẩn", "bỏ ẩn, bỏ lọc, rồi kiểm tra lại"))
    return found


def _heading(sheet: Sheet, numbers: Sequence[int]) -> list[Fault]:
    wanted = [*HEADINGS, *map(str, numbers)]
    first = {cell.column: cell for cell in sheet.cells if cell.row == 1}
    found = []
    for column, words in enumerate(wanted, start=1):
        cell = first.get(column)
        is_number = column >= FIRST_CRITERION and cell is not None and cell.kind == Kind.NUMBER
        if cell is None or not (is_number or cell.kind == Kind.TEXT) or composed(cell.text) != words:
            found.append(Fault(sheet.title, place(1, column), told(cell), f"tiêu đề “{words}”"))
    return found


def _beyond(sheet: Sheet, numbers: Sequence[int]) -> list[Fault]:
    """What stands behind the last criterion: the first cell of each column there."""
    width = len(HEADINGS) + len(numbers)
    last = get_column_letter(width)
    first = {cell.column: cell for cell in reversed(sheet.cells) if cell.column > width}
    allowed = f"hết ở cột {last}: bộ tiêu chí có {len(numbers)} tiêu chí"
    return [
        Fault(sheet.title, place(cell.row, column), told(cell), allowed) for column, cell in sorted(first.items())[:5]
    ]


def _lines(sheet: Sheet, numbers: Sequence[int]) -> tuple[list[Line], list[Fault]]:
    rows: dict[int, dict[int, Cell]] = {}
    for cell in sheet.cells:
        if cell.row > 1 and (cell.kind != Kind.TEXT or composed(cell.text)):
            rows.setdefault(cell.row, {})[cell.column] = cell
    lines: list[Line] = []
    faults: list[Fault] = []
    known: dict[str, int] = {}
    for row, cells in sorted(rows.items()):
        wrong = [*_unit_faults(sheet.title, row, cells)]
        marks = {}
        for column, number in enumerate(numbers, start=FIRST_CRITERION):
            given = cells.get(column)
            mark = composed(given.text) if given else ""
            if given is not None and (given.kind != Kind.TEXT or mark not in MARKS):
                wrong.append(Fault(sheet.title, place(row, column), told(given), _allowed(given)))
            marks[number] = str(MARKS.get(mark, Judgement.UNASSESSED))
        faults += wrong
        code = composed(cells[1].text) if 1 in cells else ""
        if code and code in known:
            faults.append(
                Fault(
                    sheet.title,
                    place(row, 1),
                    f"mã {code} đã có ở ô {place(known[code], 1)}",
                    "mỗi đơn vị một dòng trong trang",
                )
            )
        elif not wrong:
            lines.append(Line(sheet.title, row, code, composed(cells[2].text), marks))
        known.setdefault(code, row)
    return lines, faults


def _unit_faults(title: str, row: int, cells: Mapping[int, Cell]) -> Iterable[Fault]:
    code, name = cells.get(1), cells.get(2)
    if code is not None and code.kind == Kind.NUMBER and code.text.isdecimal():
        padded = code.text.zfill(5)
        yield Fault(title, place(row, 1), f"số {code.text}", f"mã ở dạng văn bản (Text), đủ chữ số, ví dụ {padded}")
    elif code is None or code.kind != Kind.TEXT:
        yield Fault(title, place(row, 1), told(code), "mã đơn vị hành chính ở dạng văn bản (Text)")
    if name is None or name.kind != Kind.TEXT:
        yield Fault(title, place(row, 2), told(name), "tên đơn vị")


def _allowed(cell: Cell) -> str:
    """What may stand in a cell of results; with the mark that was probably meant."""
    if cell.kind != Kind.TEXT or (meant := composed(cell.text).translate(LOOK_ALIKE).upper()) not in MARKS:
        return ALLOWED_MARKS
    if composed(cell.text).upper() == meant:
        return f"{ALLOWED_MARKS}; viết hoa: {meant}"
    return f"{ALLOWED_MARKS}; chữ này trông giống Đ nhưng là chữ khác, gõ lại Đ"


def told(cell: Cell | None) -> str:
    """A cell's content as an error names it."""
    if cell is None:
        return "ô trống"
    if cell.kind == Kind.FORMULA:
        return "công thức"
    text = cell.text if len(cell.text) <= 40 else f"{cell.text[:40]}…"
    words = {Kind.NUMBER: "số", Kind.PERCENT: "số phần trăm", Kind.DAY: "ngày giờ", Kind.FAULT: "lỗi"}.get(
        cell.kind, ""
    )
    if cell.kind in (Kind.NUMBER, Kind.PERCENT):
        text = text.replace(".", ",")
    return f"{words} {text}" if words else f"“{text}”"


def composed(text: str) -> str:
    """Text as it is compared: NFC, single spaces, none at its ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())
