"""What of a file is let in, and its cells. Runs in the process of `__main__.py` only."""

import csv
import math
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any
from xml.etree.ElementTree import iterparse as _iterparse

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum, load_workbook

from ..cells import FORMULA_STARTS
from . import archive
from .model import EMPTY, MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Cell, Kind, Line, Refused, Sheet, address
from .numbers import plain

MAX_UNPACKED = 120 * 1024 * 1024
NAMED_AT_MOST = 5
ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s(?=[^>]*\shidden=\"(?:1|true)\")[^>]*?\br=\"(\d+)\"")
FAULT = re.compile(rb"<(?:\w+:)?c\s(?=[^>]*\st=\"e\")[^>]*?\br=\"([A-Z]+\d+)\"")
SPANNED = re.compile(rb"number-(?:columns|rows)-spanned=\"(?:[2-9]|\d\d+)\"|visibility=\"(?:collapse|filter)\"")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"

TOO_LARGE = "Tệp quá lớn khi mở ra, không nhận. Xóa phần thừa hoặc chia thành nhiều tệp nhỏ hơn."
TOO_MANY = f"Bảng có quá nhiều dòng (nhiều nhất {MAX_ROWS} dòng một trang). Chia thành nhiều tệp rồi gửi."
NOT_A_TABLE = "Tệp không phải bảng tính. Chỉ nhận tệp Excel (.xlsx), OpenDocument (.ods) hoặc CSV (UTF-8)."
NOT_UTF8 = (
    "Tệp CSV không ở dạng UTF-8, chữ tiếng Việt sẽ sai. "
    "Trong Excel chọn lưu dạng “CSV UTF-8 (Comma delimited)”, hoặc gửi tệp .xlsx."
)
LOCKED = "Tệp có mật khẩu. Bỏ mật khẩu, lưu lại rồi gửi."
BROKEN_ODS = "Tệp bị hỏng hoặc không phải bảng tính .ods. Mở lại, lưu dạng .ods hoặc .xlsx rồi gửi."


def iterparse(content: bytes, events: Any = ("end",)) -> Iterator[Any]:
    """Events of a part of an archive; `archive.check` has refused any with entities, the one thing to fear here."""
    return _iterparse(BytesIO(content), events=events)  # noqa: S314


def read(content: bytes) -> list[Sheet]:
    """All visible sheets with their lines that are not empty. Raises Refused."""
    if len(content) > MAX_BYTES:
        raise Refused(TOO_LARGE)
    if not content.strip():
        raise Refused("Tệp trống.")
    if content.startswith(archive.OLD_OFFICE):
        raise Refused(archive.OLD)
    if not content.startswith(b"PK"):
        return [Sheet("", list(_csv_lines(content)))]
    if b"mimetype" in content[:60] and b"opendocument" in content[:120]:
        return _read_ods(content)
    archive.check(content, contains="xl/workbook.xml", unpacked=MAX_UNPACKED, too_large=TOO_LARGE, look=_count_rows)
    return _read_xlsx(content)


# ---------------------------------------------------------------- workbooks


def _count_rows(name: str, content: bytes) -> None:
    if name.startswith("xl/worksheets/") and sum(1 for _ in ROW.finditer(content)) > MAX_ROWS:
        raise Refused(TOO_MANY)


def _read_xlsx(content: bytes) -> list[Sheet]:
    book = _opened(content, archive.BROKEN)
    _refuse_marks(content, book)
    found = []
    for sheet in _visible(book):
        merged = book.get_sheet_by_name(sheet).merged_cell_ranges or []
        if merged:
            cells = [address(first[1] + 1, first[0] + 1) for first, _ in merged[:NAMED_AT_MOST]]
            raise Refused(_merged(sheet, cells))
        found.append(Sheet(sheet, list(_lines(book, sheet))))
    return found


def _refuse_marks(content: bytes, book: CalamineWorkbook) -> None:
    """Hidden rows and faults (#REF!), which calamine does not tell: read from the XML of each sheet."""
    with zipfile.ZipFile(BytesIO(content)) as opened:
        titles = _parts(opened)
        shown = set(_visible(book))
        for title, part in titles.items():
            if title not in shown or part not in opened.namelist():
                continue
            inside = opened.read(part)
            hidden = [int(found[1]) for found in HIDDEN_ROW.finditer(inside)]
            if hidden:
                raise Refused(_hidden(title, hidden))
            faults = [found[1].decode() for found in FAULT.finditer(inside)]
            if faults:
                raise Refused(
                    f"Trang “{title}”, ô {', '.join(faults[:NAMED_AT_MOST])}: công thức báo lỗi (#REF!, #N/A…). "
                    "Sửa rồi gửi lại; chưa nhập gì."
                )


def _parts(opened: Any) -> dict[str, str]:
    """{title of a sheet: its part in the archive}"""
    book, links = opened.read("xl/workbook.xml"), opened.read("xl/_rels/workbook.xml.rels")
    targets = {}
    for _, element in iterparse(links):
        if element.tag.endswith("}Relationship"):
            targets[element.get("Id")] = "xl/" + (element.get("Target") or "").removeprefix("/xl/").removeprefix("/")
    found = {}
    for _, element in iterparse(book):
        if element.tag.endswith("}sheet"):
            link = next((value for name, value in element.items() if name.endswith("}id")), None)
            found[element.get("name") or ""] = targets.get(link, "")
    return found


def _read_ods(content: bytes) -> list[Sheet]:
    marks: list[bytes] = []

    def look(name: str, inside: bytes) -> None:
        if name == "meta-inf/manifest.xml" and b"encryption-data" in inside:
            raise Refused(LOCKED)
        if name == "content.xml" and SPANNED.search(inside):
            marks.append(inside)

    try:
        archive.check(content, contains="content.xml", unpacked=MAX_UNPACKED, too_large=TOO_LARGE, look=look)
    except Refused as refused:
        raise Refused(BROKEN_ODS if str(refused) == archive.BROKEN else str(refused)) from refused
    for inside in marks:
        _refuse_ods_marks(inside)
    book = _opened(content, BROKEN_ODS)
    return [Sheet(title, list(_lines(book, title))) for title in _visible(book)]


def _refuse_ods_marks(content: bytes) -> None:
    title, row, column = "", 0, 0
    for event, element in iterparse(content, ("start", "end")):
        if event == "start" and element.tag == f"{TABLE}table":
            title, row = element.get(f"{TABLE}name") or "", 0
        elif event == "start" and element.tag == f"{TABLE}table-row":
            row, column = row + 1, 0
            if element.get(f"{TABLE}visibility") in ("collapse", "filter"):
                raise Refused(_hidden(title, [row]))
        elif event == "start" and element.tag in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            column += 1
            if {element.get(f"{TABLE}number-{way}-spanned", "1") for way in ("columns", "rows")} != {"1"}:
                raise Refused(_merged(title, [address(column, row)]))
            column += int(element.get(f"{TABLE}number-columns-repeated", "1")) - 1
        elif event == "end" and element.tag == f"{TABLE}table-row":
            row += int(element.get(f"{TABLE}number-rows-repeated", "1")) - 1
            element.clear()


def _merged(title: str, cells: list[str]) -> str:
    return (
        f"Trang “{title}” có ô gộp ({', '.join(cells)}), không biết nội dung thuộc dòng nào. "
        "Bỏ gộp ô (Unmerge), ghi đủ từng dòng rồi gửi lại; chưa nhập gì."
    )


def _hidden(title: str, rows: list[int]) -> str:
    listed = ", ".join(str(row) for row in rows[:NAMED_AT_MOST]) + ("…" if len(rows) > NAMED_AT_MOST else "")
    return (
        f"Trang “{title}” có dòng ẩn hoặc đang lọc ({listed}): sẽ nhập cả những dòng không nhìn thấy. "
        "Bỏ lọc và hiện mọi dòng (Unhide), hoặc xóa hẳn, rồi gửi lại; chưa nhập gì."
    )


def _opened(content: bytes, broken: str) -> CalamineWorkbook:
    try:
        return load_workbook(BytesIO(content))
    except CalamineError as error:
        raise Refused(LOCKED if "assword" in type(error).__name__ else broken) from error
    except BaseException as error:
        # A panic of the Rust library derives from BaseException alone.
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise Refused(broken) from error


def _visible(book: CalamineWorkbook) -> list[str]:
    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _lines(book: CalamineWorkbook, title: str) -> Iterator[Line]:
    sheet = book.get_sheet_by_name(title)
    if sheet.start is None:
        return
    first_row, first_column = sheet.start
    if sheet.width + first_column > MAX_COLUMNS:
        raise Refused(f"Trang “{title}” có hơn {MAX_COLUMNS} cột. Xóa các cột thừa rồi gửi lại.")
    for place, row in enumerate(sheet.to_python(skip_empty_area=True, nrows=MAX_ROWS + 1)):
        if place >= MAX_ROWS:
            raise Refused(TOO_MANY)
        cells = [EMPTY] * first_column + [seen(value) for value in row]
        if any(cell.text for cell in cells):
            yield Line(first_row + place + 1, cells)


def seen(value: Any) -> Cell:
    """A value as calamine gives it."""
    if isinstance(value, str):
        return Cell(Kind.TEXT, words(value)) if value else EMPTY
    if isinstance(value, bool):
        return Cell(Kind.TRUTH, "TRUE" if value else "FALSE")
    if isinstance(value, int | float):
        return Cell(Kind.NUMBER, plain(value)) if math.isfinite(value) else Cell(Kind.OTHER, str(value))
    if isinstance(value, datetime):
        return Cell(Kind.DAY if value.time() == datetime.min.time() else Kind.OTHER, str(value).split(" 00:00:00")[0])
    if isinstance(value, date):
        return Cell(Kind.DAY, value.isoformat())
    return Cell(Kind.OTHER, str(value))


def words(text: str) -> str:
    """Text with its line breaks as \\n, without signs that no database keeps."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


# ---------------------------------------------------------------- CSV


def _csv_lines(content: bytes) -> Iterator[Line]:
    text = _decoded(content)
    if "\x00" in text:
        raise Refused(NOT_A_TABLE)
    heading = text.split("\n", 1)[0]
    sign = max(",;\t", key=heading.count)
    if not heading.count(sign) and len(heading) > 1000:
        raise Refused(NOT_A_TABLE)
    reader = csv.reader(StringIO(text, newline=""), delimiter=sign, strict=True)
    number = 1
    try:
        for row in reader:
            if number > MAX_ROWS:
                raise Refused(TOO_MANY)
            if len(row) > MAX_COLUMNS:
                raise Refused(f"Dòng {number} có hơn {MAX_COLUMNS} cột; tệp CSV không đúng dạng.")
            cells = [Cell(Kind.TEXT, _unmarked(words(value))) if value else EMPTY for value in row]
            if any(cell.text for cell in cells):
                yield Line(number, cells)
            number += 1
    except csv.Error as error:
        raise Refused(
            f"Tệp CSV sai ở dòng {number}: dấu ngoặc kép không đóng hoặc tệp bị cắt ngang. "
            "Lưu lại rồi gửi; chưa nhập gì."
        ) from error


def _unmarked(text: str) -> str:
    """Without the apostrophe that our own export puts before what a spreadsheet program would take for a formula."""
    return text[1:] if text.startswith("'") and text[1:].lstrip(" \n'").startswith(FORMULA_STARTS) else text


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    if content[:5] in (b"%PDF-", b"{\\rtf") or content[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0"):
        raise Refused(NOT_A_TABLE)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(NOT_UTF8 if content.count(b"\x00") == 0 else NOT_A_TABLE) from error
