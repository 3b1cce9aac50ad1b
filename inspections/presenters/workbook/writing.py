"""A dossier as a workbook: one sheet for each group of criteria, guidance, what is stored, and the signed record."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from itertools import groupby
from typing import Any

from django.db.models import Q
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.dimensions import RowDimension
from openpyxl.worksheet.worksheet import Worksheet

from communes import clock, notation
from communes.cells import put_text
from communes.models import User
from criteria.measures import Kind
from criteria.models import Criterion, EvidenceRequirement, IndicatorPart, Threshold
from criteria.models.indicators import Measured

from ... import workflow
from ...forms.entry import AssessmentForm
from ...models import Dossier, ReturnItem
from ..criterion import measured, open_to_entry
from ..guidance import thresholds_for
from .layout import (
    ENTRY,
    GUIDE_SHEET,
    LIST_SHEET,
    SEAL_SHEET,
    Column,
    Slot,
    fingerprint,
    origin_of,
    part_key,
    reference,
    seal,
    slots,
    stored,
)

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = {
    Column.CODE: ("Mã", 11),
    Column.TEXT: ("Chỉ tiêu", 42),
    Column.THRESHOLD: ("Ngưỡng", 20),
    Column.UNIT: ("Đơn vị", 12),
    Column.NUMBER: ("Giá trị hoặc số đạt", 13),
    Column.WHOLE: ("Tổng số", 12),
    Column.JUDGEMENT: ("Tự đánh giá", 16),
    Column.REMARK: ("Thuyết minh", 38),
}
HEADING_ROW = 4
SIGNIFICANT = 15  # digits a spreadsheet program keeps; longer numbers go out as text
INK, SOFT, GREEN, GREEN_TINT, ENTRY_TINT, CLOSED, LINE = (
    "26221D", "5F584F", "1B5438", "E9F1EC", "FDF8E7", "EFEBE4", "B8B0A4",
)  # fmt: skip
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")  # in the name of a sheet
FONT = "Times New Roman"
THIN = Side(style="thin", color=LINE)
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
LINE_HEIGHT = 15  # points
WRAPPED = Alignment(wrap_text=True, vertical="top")


class FreeHeight(RowDimension):
    """A height to begin with: the program makes the row higher by itself when more is typed."""

    customHeight = False  # noqa: N815 - openpyxl's name


@dataclass
class Row:
    """One indicator with everything its rows say."""

    form: AssessmentForm
    is_open: bool
    thresholds: list[Threshold]
    proofs: list[str] = field(default_factory=list)


@dataclass
class Lists:
    """The lists of the drop-downs, each once in a hidden sheet."""

    sheet: Worksheet
    known: dict[tuple[str, ...], str] = field(default_factory=dict)

    def of(self, words: tuple[str, ...]) -> str:
        if words not in self.known:
            column = len(self.known) + 1
            for place, word in enumerate(words, start=1):
                put_text(self.sheet.cell(place, column), word)
            letters = reference(1, column)[:-1]
            self.known[words] = f"'{LIST_SHEET}'!${letters}$1:${letters}${len(words)}"
        return self.known[words]


def workbook(dossier: Dossier, user: User) -> bytes:
    """The workbook of a dossier fetched with_context(); cells are open where this person may enter something now.

    Seven queries for a dossier of any size.
    """
    rows = _rows(dossier, user)
    book = Workbook()
    guide = book.active
    guide.title = GUIDE_SHEET
    lists = Lists(book.create_sheet(LIST_SHEET))
    sheets = []
    for number, (group, members) in enumerate(groupby(rows, lambda row: row.form.assessment.criterion.group), start=1):
        name = group or "Tiêu chí"
        sheet = book.create_sheet(_sheet_title(number, name), index=number)
        _write_group(sheet, dossier, name, list(members), lists)
        sheets.append(sheet.title)
    _write_guide(guide, dossier, sheets, is_open=any(row.is_open for row in rows))
    _write_seal(book.create_sheet(SEAL_SHEET), dossier, rows)
    lists.sheet.sheet_state = "hidden"
    book.security = WorkbookProtection(lockStructure=True)
    book.properties.creator = "Cổng theo dõi tiêu chí nông thôn mới"
    book.properties.title = f"{dossier} · {dossier.round.name}"
    book.active = 1 if sheets else 0
    guide.sheet_view.tabSelected = not sheets
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _rows(dossier: Dossier, user: User) -> list[Row]:
    assessments = measured(
        dossier,
        dossier.assessments.select_related("criterion").order_by("criterion__number", "indicator__position"),
    )
    out = set(
        dossier.return_items.filter(status=ReturnItem.Status.OPEN).order_by().values_list("assessment_id", flat=True)
    )
    edits = workflow.edits(dossier, user)
    of_indicator, of_criterion = _proofs(dossier)
    found, headed = [], set()
    for item in assessments:
        proofs = list(of_indicator.get(item.indicator_id, []))
        if item.criterion_id not in headed:
            proofs += [f"{text} (chung của tiêu chí)" for text in of_criterion.get(item.criterion_id, [])]
            headed.add(item.criterion_id)
        is_open = edits and open_to_entry(dossier, is_out=item.pk in out)
        thresholds = thresholds_for(item.indicator, dossier.inspection.commune, dossier.round.year)
        found.append(Row(AssessmentForm(item), is_open, thresholds, proofs))
    return found


def _proofs(dossier: Dossier) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """What proves: ({indicator id: texts}, {criterion id: texts})."""
    by_indicator: dict[int, list[str]] = {}
    by_criterion: dict[int, list[str]] = {}
    of_set = Q(indicator__criteria_set=dossier.criteria_set_id) | Q(criterion__criteria_set=dossier.criteria_set_id)
    for item in EvidenceRequirement.objects.filter(of_set).order_by("position", "pk"):
        target, key = (by_indicator, item.indicator_id) if item.indicator_id else (by_criterion, item.criterion_id)
        words = item.text if item.is_required else f"{item.text} (nếu có)"
        target.setdefault(key, []).append(f"{words} [chưa đối chiếu]" if item.is_unverified else words)  # type: ignore[arg-type]
    return by_indicator, by_criterion


def _sheet_title(number: int, name: str) -> str:
    """Within the 31 signs a sheet's name may have, without those it may not; the number keeps it apart."""
    return f"{number}. {FORBIDDEN.sub(' ', name)}"[:31].strip(" '")


# ---------------------------------------------------------------- a group of criteria


def _write_group(sheet: Worksheet, dossier: Dossier, name: str, rows: list[Row], lists: Lists) -> None:
    for column, (_, width) in HEADINGS.items():
        sheet.column_dimensions[reference(1, column)[:-1]].width = width
    _line(sheet, 1, f"{dossier} · {name}", Font(name=FONT, size=14, bold=True, color=INK))
    _line(sheet, 2, dossier.round.name, Font(name=FONT, size=11, color=SOFT))
    hint = "Nhập vào ô nền vàng. Chỉ vào mã chỉ tiêu để xem cách tính, ngưỡng và minh chứng."
    _line(sheet, 3, hint, Font(name=FONT, size=11, italic=True, color=SOFT))
    for column, (words, _) in HEADINGS.items():
        cell = sheet.cell(HEADING_ROW, column)
        put_text(cell, words)
        cell.font = Font(name=FONT, size=11, bold=True, color=INK)
        cell.fill = PatternFill("solid", fgColor=GREEN_TINT)
        cell.border = BOX
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    place = HEADING_ROW + 1
    rules = _Rules(sheet, lists)
    for criterion, members in groupby(rows, lambda row: row.form.assessment.criterion):
        _write_criterion(sheet, place, criterion)
        place += 1
        for row in members:
            place = _write_indicator(sheet, place, row, rules)
    rules.close(last=place)
    _protect(sheet)
    _print_setup(sheet, dossier)


def _line(sheet: Worksheet, place: int, text: str, font: Font) -> None:
    cell = sheet.cell(place, 1)
    put_text(cell, text)
    cell.font = font
    cell.alignment = Alignment(vertical="center")


def _write_criterion(sheet: Worksheet, place: int, criterion: Criterion) -> None:
    cell = sheet.cell(place, Column.CODE)
    put_text(cell, f"Tiêu chí {criterion.number}. {criterion.name}")
    for column in Column:
        sheet.cell(place, column).fill = PatternFill("solid", fgColor=GREEN)
    cell.font = Font(name=FONT, size=12, bold=True, color="FFFFFF")
    cell.alignment = Alignment(vertical="center")
    sheet.row_dimensions[place].height = 20


def _write_indicator(sheet: Worksheet, place: int, row: Row, rules: "_Rules") -> int:
    """The rows of one indicator from `place` on; the first free row behind them."""
    indicator = row.form.indicator
    own = [item for item in row.thresholds if item.part_id is None]
    _write_row(sheet, place, indicator.code, indicator, own)
    _guide(sheet.cell(place, Column.CODE), _guidance(row))
    places = {indicator.code: place}
    for part in row.form.parts:
        place += 1
        key = places_key = part_key(indicator.code, part)
        places[places_key] = place
        thresholds = [item for item in row.thresholds if item.part_id == part.pk]
        _write_row(sheet, place, key, part, thresholds)
        if part.condition_text:
            _guide(sheet.cell(place, Column.CODE), part.condition_text.capitalize() + ".")
    for slot in slots(row.form):
        _write_entry(sheet, places[slot.key], slot, row, rules)
    for written in places.values():
        _fit(sheet, written)
    return place + 1


def _write_row(sheet: Worksheet, place: int, key: str, measure: Measured, thresholds: list[Threshold]) -> None:
    is_part = isinstance(measure, IndicatorPart)
    texts = {
        Column.CODE: key,
        Column.TEXT: measure.text,
        Column.THRESHOLD: "; ".join(_threshold(item) for item in thresholds),
        Column.UNIT: "" if measure.kind == Kind.PASS_FAIL else measure.unit,
    }
    for column in Column:
        cell = sheet.cell(place, column)
        put_text(cell, texts.get(column, ""))
        cell.font = Font(name=FONT, size=11, color=INK)
        cell.border = BOX
        cell.alignment = WRAPPED
        if column == Column.TEXT and is_part:
            cell.alignment = Alignment(wrap_text=True, vertical="top", indent=1)
        if column in ENTRY:
            cell.fill = PatternFill("solid", fgColor=CLOSED)


def _fit(sheet: Worksheet, place: int) -> None:
    """As high as the longest of its texts needs; programs do not all find that out by themselves."""
    lines = 1
    for cell in sheet[place]:
        width = sheet.column_dimensions[cell.column_letter].width
        if isinstance(cell.value, str):
            lines = max(lines, sum(1 + int(len(line) / (width * 1.25)) for line in cell.value.split("\n")))
    sheet.row_dimensions[place] = FreeHeight(sheet, index=place, ht=min(400, LINE_HEIGHT * lines + 2))


def _threshold(item: Threshold) -> str:
    return item.display if item.is_confirmed else f"{item.display} (chưa đối chiếu)"


def _guidance(row: Row) -> str:
    indicator = row.form.indicator
    said = [f"Cách tính: {indicator.how_measured or indicator.get_kind_display()}"]
    if indicator.kind == Kind.RATE:
        said.append(
            f"Tử số: {indicator.numerator_label or 'Số đạt'}; mẫu số: {indicator.denominator_label or 'Tổng số'}."
        )
    for item in row.thresholds:
        place = f"({item.part.code}) " if item.part else ""
        said.append(f"Ngưỡng {place}{_threshold(item)}")
    if not row.thresholds:
        said.append("Chưa có ngưỡng.")
    said += [f"Minh chứng: {text}" for text in row.proofs]
    if indicator.may_be_not_applicable:
        said.append("Nếu xã không có đối tượng, chọn “Không đánh giá” và ghi lý do ở cột Thuyết minh.")
    if indicator.source:
        said.append(f"Nguồn: {indicator.source}")
    return "\n".join(said)


def _guide(cell: Any, text: str) -> None:
    lines = sum(1 + len(line) // 55 for line in text.split("\n"))
    cell.comment = Comment(text, "Cổng NTM", width=380, height=min(420, 24 + 17 * lines))


def _write_entry(sheet: Worksheet, place: int, slot: Slot, row: Row, rules: "_Rules") -> None:
    cell = sheet.cell(place, slot.column)
    form_field = row.form.fields[slot.field]
    choices = getattr(form_field, "choices", None)
    present = stored(row.form, slot.field)
    if choices:
        words = {str(value): str(label) for value, label in choices}
        put_text(cell, words.get(present, ""))
        cell.number_format = "@"
        rules.choose(cell, tuple(words.values()))
    elif slot.field == "remark":
        put_text(cell, present)
        cell.number_format = "@"
    else:
        number = row.form.initial.get(slot.field)
        if number is not None:
            _put_number(cell, number, present)
        rules.count(cell, str(form_field.label))
    cell.fill = PatternFill("solid", fgColor=ENTRY_TINT if row.is_open else CLOSED)
    cell.protection = Protection(locked=not row.is_open)


def _put_number(cell: Any, number: Decimal, typed: str) -> None:
    """As a number where a spreadsheet program keeps all of its digits, else as text."""
    if len(typed.replace(",", "").lstrip("0")) > SIGNIFICANT:
        put_text(cell, typed)
        return
    cell.value = int(number) if number == number.to_integral_value() else number
    # No fixed format: "12.5" typed by mistake, or "85%", then shows what the program made of it, and is told apart.
    cell.number_format = "General"


class _Rules:
    """Drop-downs, number rules with their hints, and the look of large numbers; gathered for one sheet."""

    def __init__(self, sheet: Worksheet, lists: Lists) -> None:
        self.sheet, self.lists = sheet, lists
        self.found: dict[tuple[str, ...], DataValidation] = {}

    def choose(self, cell: Any, words: tuple[str, ...]) -> None:
        if words not in self.found:
            rule = DataValidation(type="list", formula1=self.lists.of(words), allow_blank=True, showErrorMessage=True)
            rule.errorTitle, rule.error = "Chưa đúng", "Chọn một giá trị trong danh sách."
            self.found[words] = rule
        self.found[words].add(cell)

    def count(self, cell: Any, label: str) -> None:
        key = ("số", label)
        if key not in self.found:
            rule = DataValidation(
                type="decimal", operator="between", formula1="0", formula2="99999999999999", allow_blank=True,
                showErrorMessage=True, showInputMessage=True,
            )  # fmt: skip
            rule.errorTitle, rule.error = (
                "Chưa đúng",
                "Nhập một số không âm, ví dụ 12,5. Không nhập %, đơn vị hay công thức.",
            )
            rule.prompt = label[:250]
            self.found[key] = rule
        self.found[key].add(cell)

    def close(self, *, last: int) -> None:
        for rule in self.found.values():
            self.sheet.add_data_validation(rule)
        first = HEADING_ROW + 1
        area = f"{reference(first, Column.NUMBER)}:{reference(last, Column.WHOLE)}"
        cell = reference(first, Column.NUMBER)
        for formula, code, number in (("=", "#,##0", 164), ("<>", "#,##0.0###", 165)):
            look = DifferentialStyle(numFmt=NumberFormat(numFmtId=number, formatCode=code))
            condition = f"AND(ISNUMBER({cell}),{cell}>=1000,{cell}{formula}INT({cell}))"
            self.sheet.conditional_formatting.add(area, Rule(type="expression", formula=[condition], dxf=look))


def _protect(sheet: Worksheet) -> None:
    sheet.freeze_panes = sheet.cell(HEADING_ROW + 1, Column.THRESHOLD)
    sheet.protection.sheet = True
    # Wider columns and higher rows harm nothing.
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False


def _print_setup(sheet: Worksheet, dossier: Dossier) -> None:
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = sheet.ORIENTATION_LANDSCAPE
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{HEADING_ROW}:{HEADING_ROW}"
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top = margins.bottom = 0.6
    margins.header = margins.footer = 0.25
    sheet.oddFooter.left.text = f"{dossier} · {dossier.round.name}".replace("&", "&&")
    sheet.oddFooter.right.text = "Trang &P/&N"


# ---------------------------------------------------------------- guidance and record


def _write_guide(sheet: Worksheet, dossier: Dossier, titles: Iterable[str], *, is_open: bool) -> None:
    sheet.column_dimensions["A"].width = 28
    sheet.column_dimensions["B"].width = 96
    _line(sheet, 1, "Bảng tính nhập hồ sơ", Font(name=FONT, size=16, bold=True, color=GREEN))
    for place, (label, text) in enumerate(_guide_lines(dossier, titles, is_open), start=3):
        for column, words, bold in ((1, label, True), (2, text, False)):
            cell = sheet.cell(place, column)
            put_text(cell, words)
            cell.font = Font(name=FONT, size=12, bold=bold, color=INK)
            cell.alignment = WRAPPED
        _fit(sheet, place)
    sheet.protection.sheet = True
    _print_setup(sheet, dossier)
    sheet.print_title_rows = None


def _guide_lines(dossier: Dossier, titles: Iterable[str], is_open: bool) -> Iterator[tuple[str, str]]:
    yield "Đơn vị", f"{dossier.unit}{f', {dossier.inspection.commune.phrase}' if dossier.village else ''}"
    yield "Đợt", dossier.round.name
    yield "Bộ tiêu chí", str(dossier.criteria_set)
    yield "Tải từ cổng lúc", notation.minute(clock.now())
    if is_open:
        yield "Hạn nộp hồ sơ", notation.day(dossier.due_on)
    else:
        yield "Lưu ý", "Hồ sơ hiện không mở để nhập: bảng tính này chỉ để xem và in."
    yield "Các trang", "; ".join(titles)
    yield "Ô được nhập", "Chỉ các ô nền vàng. Không thêm, xóa, sắp xếp lại dòng; không đổi mã chỉ tiêu."
    yield "Số", "Nhập số không âm, dấu phẩy thập phân, nhiều nhất 4 chữ số lẻ, ví dụ 1250,5. Không nhập công thức."
    yield "Tỷ lệ", "Nhập tử số ở cột “Giá trị hoặc số đạt”, mẫu số ở cột “Tổng số”; cổng tự tính tỷ lệ."
    yield "Nhiều thành phần", "Mỗi thành phần (a), (b)… một dòng; tự đánh giá và thuyết minh ở dòng của chỉ tiêu."
    yield "Tự đánh giá", "Chọn trong danh sách. Để trống là chưa đánh giá."
    yield (
        "Gửi lại",
        (
            "Trong hồ sơ trên cổng, mở “Nhập bằng bảng tính” và tải tệp này lên. Cổng cho xem từng thay đổi trước khi "
            "lưu. "
            "Xóa nội dung một ô là xóa nội dung đó trên cổng."
        ),
    )
    yield "Minh chứng", "Không gửi qua bảng tính; tải lên ở trang của từng tiêu chí."


def _write_seal(sheet: Worksheet, dossier: Dossier, rows: list[Row]) -> None:
    record = {
        str(row.form.assessment.pk): (
            row.form.assessment.entry_version,
            {slot.field: fingerprint(stored(row.form, slot.field)) for slot in slots(row.form)},
        )
        for row in rows
    }
    for place, piece in enumerate(seal(origin_of(dossier, record)), start=1):
        put_text(sheet.cell(place, 1), piece)
    sheet.protection.sheet = True
    sheet.sheet_state = "veryHidden"
