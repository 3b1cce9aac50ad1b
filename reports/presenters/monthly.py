"""Monthly reports as the pages show them: an agency's months, the office's matrix, one report, a month as a table."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from django.forms import BoundField
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from communes import clock
from communes.cells import FORMULA_STARTS, put_text
from communes.models import Agency, Authority
from communes.notation import day

from .. import monthly
from ..models import MonthlyReport, MonthlyRule
from ..monthly_forms import ReportForm

# Months that are looked back on.
SHOWN = 6
COLUMNS = (
    *("Phòng, ban", "Tháng", "Bản", "Nộp lúc", "Muộn (ngày)", "Bộ tiêu chí", "Tiêu chí", "Chỉ tiêu", "Nội dung"),
    *("Đạt", "Chưa đạt", "Không đánh giá", "Chưa đánh giá", "Mới đạt", "Không còn đạt"),
    *("Đã cho ý kiến", "Còn chờ ý kiến", "Nhận xét"),
)
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


# ---------------------------------------------------------------- months of agencies


@dataclass(frozen=True)
class Cell:
    """One agency in one month. state: as signs know it; label: in words. days_late: of the report, or up to today."""

    agency: Agency
    month: date
    state: str
    label: str
    days_late: int = 0
    report: MonthlyReport | None = None
    due_on: date | None = None

    @property
    def month_label(self) -> str:
        return monthly.label(self.month)

    @property
    def is_late(self) -> bool:
        return self.days_late > 0

    @property
    def is_missing(self) -> bool:
        return self.state in ("overdue", "todo", "draft")


@dataclass(frozen=True)
class Board:
    """The matrix of an authority. rows: (agency, its cells in the order of months); late: who is late, worst first."""

    authority: Authority
    rule: MonthlyRule | None
    months: list[date]
    rows: list[tuple[Agency, list[Cell]]]
    keeps: bool = False
    late: list[Cell] = field(default_factory=list)


def cell(agency: Agency, month: date, rule: MonthlyRule | None, reports: Iterable[MonthlyReport]) -> Cell:
    """reports: of this agency and month, drafts too where they may be seen."""
    rows = sorted(reports, key=lambda row: row.number)
    first = next((row for row in rows if row.is_submitted), None)
    is_asked = rule is not None and rule.asks_for(month)
    due_on = rule.due_on(month) if rule and is_asked else None
    if first:
        late = monthly.days_late_of(first)
        words = f"Nộp {day(first.submitted_at)}" + (f", muộn {late} ngày" if late else "")
        return Cell(agency, month, "missing" if late else "complete", words, late, first, first.due_on)
    draft = rows[0] if rows else None
    if due_on is None:
        return Cell(agency, month, "draft" if draft else "", "Đang soạn" if draft else "Không yêu cầu", 0, draft)
    late = monthly.days_late(due_on, clock.today())
    if late:
        return Cell(agency, month, "overdue", f"Chưa nộp, quá hạn {late} ngày", late, draft, due_on)
    return Cell(agency, month, "draft" if draft else "todo", "Đang soạn" if draft else "Chưa nộp", 0, draft, due_on)


def rules_of(authorities: Iterable[int]) -> dict[int, MonthlyRule]:
    return {rule.authority_id: rule for rule in MonthlyRule.objects.filter(authority__in=list(authorities))}


def _shown(rule: MonthlyRule | None) -> list[date]:
    """The last months, none before the first that is asked for; the present one always."""
    this = monthly.month_of(clock.today())
    first = rule.first_month if rule else this
    return monthly.months(min(first, this), this)[:SHOWN]


def _grouped(reports: Iterable[MonthlyReport]) -> dict[tuple[int, date], list[MonthlyReport]]:
    found: dict[tuple[int, date], list[MonthlyReport]] = {}
    for row in reports:
        found.setdefault((row.agency_id, row.month), []).append(row)
    return found


def own_months(agencies: Iterable[Agency]) -> list[tuple[Agency, list[Cell]]]:
    """The months of one's own agencies, drafts too, with those reported before: three queries."""
    chosen = list(agencies)
    rules = rules_of(agency.authority_id for agency in chosen)
    reports = MonthlyReport.objects.filter(agency__in=chosen).defer("figures").select_related("submitted_by")
    by_month = _grouped(reports)
    found = []
    for agency in chosen:
        rule = rules.get(agency.authority_id)
        told = {month for pk, month in by_month if pk == agency.pk}
        shown = sorted({*_shown(rule), *told}, reverse=True)
        found.append((agency, [cell(agency, month, rule, by_month.get((agency.pk, month), ())) for month in shown]))
    return found


def boards(authorities: Iterable[Authority]) -> Iterator[Board]:
    """What was submitted and what is late, of each authority that has agencies: three queries for all."""
    chosen = {row.pk: row for row in authorities}
    rules, agencies = rules_of(chosen), monthly.asked_agencies(chosen)
    reports = MonthlyReport.objects.submitted().filter(agency__in=agencies).defer("figures")
    by_month = _grouped(reports)
    for pk, authority in chosen.items():
        rule = rules.get(pk)
        months = _shown(rule)
        rows = [
            (agency, [cell(agency, month, rule, by_month.get((agency.pk, month), ())) for month in months])
            for agency in agencies
            if agency.authority_id == pk
        ]
        if rows:
            late = [each for _, cells in rows for each in cells if each.state == "overdue"]
            late.sort(key=lambda each: -each.days_late)
            yield Board(authority, rule, months, rows, late=late)


# ---------------------------------------------------------------- one report


@dataclass(frozen=True)
class Line:
    """One indicator with its figures as they are kept, and the remark: typed, or the field to type it in."""

    figures: dict[str, Any]
    remark: str
    field: BoundField | None = None


@dataclass(frozen=True)
class Group:
    """Indicators of one criterion of a set."""

    heading: str
    set_name: str
    lines: list[Line]


def groups(rows: Iterable[dict[str, Any]], remarks: dict[int, str], form: ReportForm | None) -> list[Group]:
    found = []
    for (set_name, number, name), same in groupby(
        rows, key=lambda row: (row["set"], row["criterion"], row["criterion_name"])
    ):
        lines = [
            Line(row, remarks.get(row["indicator"], ""), form.field_of(row["indicator"]) if form else None)
            for row in same
        ]
        found.append(Group(f"{number}. {name}", set_name, lines))
    return found


def totals(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many opinions were given and are still to be given."""
    chosen = list(rows)
    return {name: sum(row[name] for row in chosen) for name in ("given", "waiting")}


# ---------------------------------------------------------------- a month as a table


def table(reports: Iterable[MonthlyReport], missing: Iterable[Cell]) -> Iterator[list[Any]]:
    """Rows under COLUMNS: every indicator of what was submitted, the general part first, then who has not."""
    for report in reports:
        remarks = {line.indicator_id: line.remark for line in report.lines.all()}
        start = [
            str(report.agency),
            monthly.label(report.month),
            report.number,
            day(report.submitted_at),
            monthly.days_late_of(report),
        ]
        yield [*start, "", "", "", "Đánh giá chung", *[""] * 8, report.general]
        for row in report.figures["indicators"]:
            counts = [len(row[name]) for name in ("met", "not_met", "not_assessed", "unassessed", "gained", "lost")]
            told = [row["set"], f"{row['criterion']}. {row['criterion_name']}", row["code"], row["text"]]
            yield [*start, *told, *counts, row["given"], row["waiting"], remarks.get(row["indicator"], "")]
    for each in missing:
        yield [str(each.agency), each.month_label, "", each.label, each.days_late, *[""] * 13]


def as_csv(rows: Iterable[list[Any]]) -> bytes:
    """With the mark by which spreadsheet programs know UTF-8; no cell begins a formula."""
    target = io.StringIO()
    writer = csv.writer(target)
    for row in (list(COLUMNS), *rows):
        writer.writerow([_harmless(value) for value in row])
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.lstrip(" \n").startswith(FORMULA_STARTS) else value


def as_xlsx(rows: Iterable[list[Any]], month: date) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = f"Tháng {month:%m-%Y}"
    for column, name in enumerate(COLUMNS, 1):
        put_text(sheet.cell(1, column), name)
        sheet.cell(1, column).font = Font(bold=True)
        sheet.column_dimensions[sheet.cell(1, column).column_letter].width = 40 if column in (9, 18) else 16
    for at, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            target = sheet.cell(at, column)
            if isinstance(value, int):
                target.value = value
            else:
                put_text(target, value)
            target.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B2"
    book.properties.title = f"Báo cáo tháng {monthly.label(month)}"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
