"""An official table as a workbook: one sheet, ready to print on A4 laid across, its heads on each page."""

from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from communes import notation
from communes.cells import put_text

from .shape import Line, OfficialTable

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FONT = "Times New Roman"
THIN = Side(style="thin", color="000000")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
HEAD_FILL = PatternFill("solid", fgColor="EDEDED")
SIDES = {"l": "left", "c": "center", "r": "right"}
MM_A_SIGN = 1.9  # of a column's width in signs of 11 points
LINE_HEIGHT = 15  # points


def workbook(table: OfficialTable) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = table.number
    book.properties.creator = table.issuer
    book.properties.title = f"{table.number}. {table.title}"
    for place, column in enumerate(table.columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = max(4.5, column.width / MM_A_SIGN)
    heading = _head(sheet, table)
    _row(sheet, heading, tuple(column.head for column in table.columns), table, is_head=True)
    place = heading
    for line in (*table.lines, *table.totals):
        place += 1
        _row(sheet, place, line.cells, table, line=line)
    _below(sheet, table, place + 1)
    _print_setup(sheet, table, heading)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _head(sheet: Worksheet, table: OfficialTable) -> int:
    """The lines above the table; the row of the column heads."""
    last = len(table.columns)
    half = _half(table)
    _text(sheet, 1, 1, half, table.parent, Font(name=FONT, size=12), "center")
    _text(sheet, 1, last, last, table.number, Font(name=FONT, size=12, bold=True), "right")
    _text(sheet, 2, 1, half, table.issuer, Font(name=FONT, size=12, bold=True), "center")
    _text(sheet, 4, 1, last, table.title, Font(name=FONT, size=14, bold=True), "center")
    _text(sheet, 5, 1, last, table.subject, Font(name=FONT, size=12), "center")
    place = 6
    for words in (table.attached, table.as_of):
        if words:
            _text(sheet, place, 1, last, words, Font(name=FONT, size=12, italic=True), "center")
            place += 1
    _text(sheet, place, 1, last, table.unit, Font(name=FONT, size=11, italic=True), "right")
    return place + 1


def _half(table: OfficialTable) -> int:
    """The last column of the left half of the sheet."""
    whole, left = sum(column.width for column in table.columns), 0.0
    for place, column in enumerate(table.columns, start=1):
        left += column.width
        if left >= whole * 0.42:
            return min(place, len(table.columns) - 1)
    return 1


def _text(sheet: Worksheet, place: int, first: int, last: int, text: str, font: Font, side: str) -> None:
    cell = sheet.cell(place, first)
    put_text(cell, text)
    cell.font = font
    cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=last > first)
    if last > first:
        sheet.merge_cells(start_row=place, start_column=first, end_row=place, end_column=last)
        width = sum(sheet.column_dimensions[get_column_letter(column)].width for column in range(first, last + 1))
        sheet.row_dimensions[place].height = (LINE_HEIGHT + 2) * max(1, -(-int(len(text) * 1.15) // int(width)))


def _row(
    sheet: Worksheet,
    place: int,
    values: tuple[str | int, ...],
    table: OfficialTable,
    *,
    is_head: bool = False,
    line: Line | None = None,
) -> None:
    """A row of the table: counts as numbers, all else as text."""
    is_bold = is_head or (line is not None and (line.kind == "total" or (table.is_grouped and line.kind != "part")))
    needed = 1
    for number, (value, column) in enumerate(zip(values, table.columns, strict=True), start=1):
        cell = sheet.cell(place, number)
        if isinstance(value, int):
            cell.value = value
            cell.number_format = "#,##0"
        else:
            put_text(cell, value)
            width = sheet.column_dimensions[cell.column_letter].width
            needed = max(needed, -(-int(len(value) * 1.1) // max(1, int(width))))
        cell.font = Font(name=FONT, size=11, bold=is_bold, italic=line is not None and line.kind == "open")
        cell.border = BOX
        side = "center" if is_head else SIDES[column.look]
        cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=True)
        if is_head:
            cell.fill = HEAD_FILL
    sheet.row_dimensions[place].height = min(400, LINE_HEIGHT * needed + 2)


def _below(sheet: Worksheet, table: OfficialTable, place: int) -> None:
    last, half = len(table.columns), _half(table)
    for note in table.notes:
        _text(sheet, place, 1, last, note, Font(name=FONT, size=11), "left")
        place += 1
    place += 1
    right = min(half + 1, last)
    italic, bold = Font(name=FONT, size=12, italic=True), Font(name=FONT, size=12, bold=True)
    _text(sheet, place, right, last, table.dated, italic, "center")
    for words, font in ((("NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG ĐƠN VỊ"), bold), (SIGNING, italic)):
        place += 1
        _text(sheet, place, 1, half, words[0], font, "center")
        _text(sheet, place, right, last, words[1], font, "center")


SIGNING = ("(Ký, ghi rõ họ tên)", "(Ký, đóng dấu, ghi rõ họ tên)")


def _print_setup(sheet: Worksheet, table: OfficialTable, heading: int) -> None:
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = sheet.ORIENTATION_LANDSCAPE
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{heading}:{heading}"
    sheet.freeze_panes = sheet.cell(heading + 1, 3)
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top = margins.bottom = 0.6
    margins.header = margins.footer = 0.25
    sheet.print_options.horizontalCentered = True
    words = f"{table.number} · {notation.day(table.day)}"
    sheet.oddFooter.left.text = words.replace("&", "&&")
    sheet.oddFooter.right.text = "Trang &P/&N"
