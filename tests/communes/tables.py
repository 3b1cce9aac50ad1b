"""Tables for tests: small workbooks as people make them, and imports without a browser."""

from io import BytesIO

from openpyxl import Workbook, load_workbook

from communes.exchange import runs
from communes.exchange.kinds import KINDS

VILLAGES = ("Mã thôn, bản", "Tên thôn, bản", "Loại", "Mã xã", "Tên xã", "Có từ ngày", "Đến hết ngày")
COMMUNES = ("Mã đơn vị hành chính", "Tên", "Loại", "Mã cơ quan quản lý", "Có từ ngày", "Đến hết ngày")
AGENCIES = ("Mã cơ quan", "Mã phòng, ban", "Tên phòng, ban")


def book(*rows, title="Thôn, bản", headings=VILLAGES, change=None):
    """A workbook of one sheet; change: what else is done to the sheet."""
    made = Workbook()
    sheet = made.active
    sheet.title = title
    for row in (headings, *rows):
        sheet.append(row)
    if change:
        change(sheet)
    return saved(made)


def saved(made):
    content = BytesIO()
    made.save(content)
    return content.getvalue()


def village(code="03602-07", name="Bản Mới", since="01/01/2020", **more):
    return (code, name, more.get("kind", "bản"), more.get("commune"), more.get("of"), since, more.get("until"))


PEOPLE = ("Tên đăng nhập", "Họ và tên", "Vai trò", "Mã nơi làm việc")


def people(*rows, headings=PEOPLE):
    return book(*rows, title="Người dùng", headings=headings)


def start(content, by, kind="thon-ban", target="", name="bang.xlsx"):
    return runs.start(KINDS[kind], by=by, name=name, content=content, target=target)


def confirm(run, by):
    runs.confirm(run, by=by, seen=run.digest)
    run.refresh_from_db()
    return run


def states(run):
    return {row.number: row.state for row in run.rows.all()}


def problems(run):
    return [f"{cell} {reason}" for row in run.rows.all() for cell, _, reason in row.problems]


def sheet_of(content, title):
    return [[cell.value for cell in row] for row in load_workbook(BytesIO(content))[title].iter_rows()]
