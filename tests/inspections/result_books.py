"""Workbooks of results as tests need them: sheets as the portal reads them, and real files."""

from io import BytesIO

from openpyxl import Workbook

from inspections import services
from inspections.services.results import Order
from inspections.workbook import Cell, Kind, Sheet, reading

PAST = {
    "name": "Kết quả năm 2023",
    "year": 2023,
    "period_from": "2023-01-01",
    "period_to": "2023-12-31",
}


def past(authority, **columns) -> dict:
    """The columns of a round that the import makes."""
    return {**PAST, "authority": authority.pk, **columns}


def table(*rows, criteria=3) -> list[list]:
    """A sheet's rows with its header: `table(("03602", "Phúc Khoa", "Đ", "K", ""))`."""
    return [["Mã", "Tên đơn vị", *range(1, criteria + 1)], *map(list, rows)]


def cell(row: int, column: int, value) -> Cell:
    if isinstance(value, Cell):
        return value
    return Cell(row, column, Kind.NUMBER if isinstance(value, int) else Kind.TEXT, str(value))


def sheet(title: str, rows, **more) -> Sheet:
    cells = [
        cell(row, column, value)
        for row, values in enumerate(rows, start=1)
        for column, value in enumerate(values, start=1)
        if value not in ("", None)
    ]
    return Sheet(title, more.pop("is_hidden", False), cells, **more)


def order(*sheets, code="TU-2023", columns=None, **more) -> Order:
    return Order(code, list(sheets), columns, **more)


def taken(wanted: Order, *, by):
    """The import as it was previewed a moment ago."""
    plan = services.plan_results(wanted, by=by)
    assert [str(fault) for fault in plan.faults] == []
    return services.take_results(wanted, by=by, seen=plan.seen, file="ket-qua.xlsx", sha256="0" * 64)


def book(**sheets) -> bytes:
    """A real workbook: `book(**{"xa-thu": table(…)})`."""
    made = Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        page = made.create_sheet(title)
        for row in rows:
            page.append(row)
    return saved(made)


def saved(made: Workbook) -> bytes:
    target = BytesIO()
    made.save(target)
    return target.getvalue()


def read(content: bytes) -> list[Sheet]:
    """Without a process of its own, to be quick."""
    return reading.read(content)
