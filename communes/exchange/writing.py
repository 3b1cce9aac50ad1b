"""Makes files of tables: XLSX, ODS and CSV, row by row, so that a hundred thousand rows take no more memory than ten.

Text leaves as text: no cell of ours begins a formula, whatever somebody typed.
"""

import csv
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from ..cells import FORMULA_STARTS, ILLEGAL, put_text
from ..notation import day
from .kinds import Column, Page

Pages = Iterable[tuple[Page, Iterable[Sequence[Any]]]]
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv; charset=utf-8",
}
BOM = "\ufeff"
# Rows of a template whose code cells are text already, so that 03602 keeps its zero.
TEXT_ROWS = 300
GUIDE = "Hướng dẫn"
HEADING = PatternFill("solid", fgColor="E3EFE7")
ODS_TABLE = re.compile(rb"<table:table(?:>| [^>]*?>).*?</table:table>", re.DOTALL)


def file_of(form: str, pages: Pages, *, guide: Sequence[Page] = ()) -> IO[bytes]:
    """A finished file, on disk once it is large, at its beginning; the answer that sends it closes it."""
    made: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=1024**2)  # noqa: SIM115
    {"xlsx": _write_xlsx, "ods": _write_ods, "csv": _write_csv}[form](made, pages, guide)
    made.seek(0)
    return made


# ---------------------------------------------------------------- XLSX


def _write_xlsx(made: IO[bytes], pages: Pages, guide: Sequence[Page]) -> None:
    book = Workbook(write_only=True)
    for page, rows in pages:
        sheet = book.create_sheet(page.title)
        sheet.freeze_panes = "A2"
        for place, column in enumerate(page.columns, start=1):
            sheet.column_dimensions[get_column_letter(place)].width = column.width
        sheet.append([_heading(sheet, column) for column in page.columns])
        for row in rows:
            sheet.append([_xlsx_cell(sheet, value) for value in row])
        if guide:
            for _ in range(TEXT_ROWS):
                sheet.append([_blank(sheet) if column.is_code else None for column in page.columns])
    if guide:
        _guide_sheet(book, guide)
    book.save(made)


def _heading(sheet: Any, column: Column) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=column.heading)
    cell.font = Font(bold=True)
    cell.fill = HEADING
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _blank(sheet: Any) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet)
    cell.number_format = "@"
    return cell


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    if value is None or value == "":
        return None
    cell = WriteOnlyCell(sheet)
    if isinstance(value, date):
        cell.value = value
        cell.number_format = "dd/mm/yyyy"
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        cell.value = value
    else:
        put_text(cell, str(value))
    return cell


def _guide_sheet(book: Workbook, pages: Sequence[Page]) -> None:
    sheet = book.create_sheet(GUIDE)
    for letter, width in zip("ABCD", (22, 28, 12, 70), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([_heading(sheet, Column("", words)) for words in ("Trang", "Cột", "Bắt buộc", "Cách ghi")])
    for row in _guide_rows(pages):
        sheet.append([_xlsx_cell(sheet, value) for value in row])


def _guide_rows(pages: Sequence[Page]) -> Iterator[list[str]]:
    for page in pages:
        for column in page.columns:
            code = "ghi dạng văn bản (Text). " if column.is_code else ""
            yield [page.title, column.heading, "có" if column.is_needed else "", f"{code}{column.hint}"]


# ---------------------------------------------------------------- CSV


def csv_lines(rows: Iterable[Sequence[Any]], headings: Sequence[str]) -> Iterator[str]:
    """The lines of a CSV file, UTF-8 with its mark at the beginning, as Excel wants it."""

    class Echo:
        def write(self, text: str) -> str:
            return text

    writer = csv.writer(Echo())
    yield BOM + writer.writerow(headings)
    for row in rows:
        yield writer.writerow([_csv_value(value) for value in row])


def _csv_value(value: Any) -> str:
    """A leading apostrophe keeps a spreadsheet program from reading text as a formula; reading takes it off again."""
    if value is None:
        return ""
    if isinstance(value, date):
        return day(value)
    if isinstance(value, int | Decimal):
        return str(value)
    text = ILLEGAL.sub("", str(value))
    return f"'{text}" if text.lstrip(" \n'").startswith(FORMULA_STARTS) else text


def _write_csv(made: IO[bytes], pages: Pages, guide: Sequence[Page]) -> None:
    for page, rows in pages:
        for text in csv_lines(rows, [column.heading for column in page.columns]):
            made.write(text.encode())
        return


# ---------------------------------------------------------------- ODS


def _write_ods(made: IO[bytes], pages: Pages, guide: Sequence[Page]) -> None:
    """odfdo makes the document; the rows go into its content as they come, for it keeps each cell as an object."""
    # Some ten megabytes, spared by every process that never writes this form.
    from odfdo import Document  # noqa: PLC0415

    empty = BytesIO()
    Document("spreadsheet").save(empty)
    with zipfile.ZipFile(empty) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        content = source.read("content.xml")
        tables = list(ODS_TABLE.finditer(content))
        before, after = content[: tables[0].start()], content[tables[-1].end() :]
        for member in source.infolist():
            if member.filename == "content.xml":
                continue
            packing = zipfile.ZIP_STORED if member.filename == "mimetype" else zipfile.ZIP_DEFLATED
            target.writestr(member.filename, source.read(member), compress_type=packing)
        with target.open("content.xml", "w", force_zip64=True) as part:
            part.write(before)
            for page, rows in pages:
                part.write(f"<table:table table:name={quoteattr(page.title)}>".encode())
                part.write(f'<table:table-column table:number-columns-repeated="{len(page.columns)}"/>'.encode())
                part.write(_ods_row([column.heading for column in page.columns]))
                for row in rows:
                    part.write(_ods_row(row))
                part.write(b"</table:table>")
            if guide:
                part.write(f"<table:table table:name={quoteattr(GUIDE)}>".encode())
                for row in (["Trang", "Cột", "Bắt buộc", "Cách ghi"], *_guide_rows(guide)):
                    part.write(_ods_row(row))
                part.write(b"</table:table>")
            part.write(after)


def _ods_row(row: Sequence[Any]) -> bytes:
    return f"<table:table-row>{''.join(_ods_cell(value) for value in row)}</table:table-row>".encode()


def _ods_cell(value: Any) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, date):
        return (
            f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}">'
            f"<text:p>{day(value)}</text:p></table:table-cell>"
        )
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
            "</table:table-cell>"
        )
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in ILLEGAL.sub("", str(value)).split("\n"))
    return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'
