"""What of a workbook is let in, and its cells as a person saw them. Runs in the process of `__main__.py` only."""

import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from communes.tables import archive
from communes.tables.numbers import plain

from .model import MAX_BYTES, MAX_CELLS, MAX_ROWS, Cell, Kind, Refused, Sheet

MAX_UNPACKED = 24 * 1024 * 1024
ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=([\"'])([A-Z0-9:]{1,30})\1")
HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?hidden=[\"'](?:1|true)[\"'][^>]*>")
HIDDEN_COLUMN = re.compile(rb"<(?:\w+:)?col\s[^>]*?hidden=[\"'](?:1|true)[\"'][^>]*>")
PLACE = re.compile(rb"\sr=([\"'])([0-9]{1,7})\1")
FIRST, LAST = (re.compile(rb"\s%s=[\"']([0-9]{1,5})[\"']" % name) for name in (b"min", b"max"))
LAST_COLUMN = 16_384
SHOWN = 20
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

TOO_LARGE = "Tệp quá lớn khi mở ra, không nhận. Chép phần cần thiết sang một bảng tính mới rồi gửi lại."
TOO_MANY = f"Bảng tính có quá nhiều dòng hoặc ô (nhiều nhất {MAX_ROWS} dòng một trang). Xóa phần thừa rồi gửi lại."
MALFORMED = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, OSError, EOFError, KeyError, ValueError,
    TypeError, AttributeError, IndexError, NotImplementedError, RuntimeError, ArithmeticError,
)  # fmt: skip


def read(content: bytes) -> list[Sheet]:
    """All sheets with their cells that are not empty. Raises Refused."""
    check(content)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
        left = [MAX_CELLS]
        found = [
            Sheet(sheet.title, sheet.sheet_state != "visible", list(_cells(sheet, left)), *_layout(sheet))
            for sheet in book.worksheets
        ]
    except RecursionError:
        raise
    except MALFORMED as error:
        raise Refused(archive.BROKEN) from error
    return found


def check(content: bytes) -> None:
    """Look at the archive before anything in it is opened as a table. Raises Refused."""
    if len(content) > MAX_BYTES:
        raise Refused(f"Tệp lớn hơn {MAX_BYTES // 1024**2} MB, không nhận. Xóa ảnh và phần thừa rồi gửi lại.")
    archive.check(content, contains="xl/workbook.xml", unpacked=MAX_UNPACKED, too_large=TOO_LARGE, look=_check_rows)


def _check_rows(name: str, content: bytes) -> None:
    if name.startswith("xl/worksheets/") and (_count(ROW, content) > MAX_ROWS or _count(CELL, content) > MAX_CELLS):
        raise Refused(TOO_MANY)


def _count(mark: re.Pattern[bytes], content: bytes) -> int:
    return sum(1 for _ in mark.finditer(content))


def _cells(sheet: Any, left: list[int]) -> Iterator[Cell]:
    sheet.reset_dimensions()  # what the file says of its size need not be true
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is None or cell.value == "":
                continue
            left[0] -= 1
            if left[0] < 0 or cell.row > MAX_ROWS:
                raise Refused(TOO_MANY)
            kind, text = seen(cell.value, cell.data_type, cell.number_format or "")
            yield Cell(cell.row, cell.column, kind, text)


def _layout(sheet: Any) -> tuple[list[str], list[str]]:
    """The merged areas of a sheet, and its hidden rows and columns; a few of each are enough to say so."""
    with sheet._get_source() as source:
        content = source.read()
    merged = [match[2].decode() for match in islice(MERGED.finditer(content), SHOWN)]
    hidden = [match[2].decode() for tag in HIDDEN_ROW.findall(content) if (match := PLACE.search(tag))]
    for tag in HIDDEN_COLUMN.findall(content):
        first, last = FIRST.search(tag), LAST.search(tag)
        if first and last and 1 <= int(first[1]) <= int(last[1]) <= LAST_COLUMN:
            hidden.append(":".join(dict.fromkeys(get_column_letter(int(found[1])) for found in (first, last))))
    return merged, hidden[:SHOWN]


def seen(value: Any, data_type: str, number_format: str) -> tuple[Kind, str]:
    """A cell's value as it was seen. data_type: openpyxl's letter."""
    if data_type == "f":
        return Kind.FORMULA, ""
    if data_type == "e":
        return Kind.FAULT, str(value)
    if isinstance(value, bool):
        return Kind.TRUTH, "TRUE" if value else "FALSE"
    if isinstance(value, datetime | date):
        return Kind.DAY, f"{value:%d/%m/%Y}"
    if isinstance(value, time | timedelta):
        return Kind.DAY, str(value)
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            return Kind.FAULT, str(value)
        return (Kind.PERCENT if "%" in number_format else Kind.NUMBER), plain(value)
    return Kind.TEXT, words(str(value))


def words(text: str) -> str:
    """Text with its line breaks as \\n; signs written _x000D_ are read, those that no database keeps are left out."""
    found = ESCAPED.sub(lambda sign: chr(int(sign[1], 16)), text).encode("utf-16", "surrogatepass")
    lines = found.decode("utf-16", "ignore").replace("\r\n", "\n").replace("\r", "\n")
    return CONTROL.sub("", lines)
