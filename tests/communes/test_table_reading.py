"""What of a table from outside is let in: each thing that is not is refused with its place and what to do."""

import subprocess
import sys
import zipfile
from datetime import date, datetime
from io import BytesIO

import pytest
from openpyxl import Workbook

from communes import aside, tables
from communes.tables import Kind, reading

from .tables import book, saved
from .tables import village as line


def merged(sheet):
    sheet.merge_cells("B2:B3")


def hidden(sheet):
    sheet.row_dimensions[2].hidden = True


def faulty(sheet):
    sheet["C3"].value, sheet["C3"].data_type = "#REF!", "e"


def repacked(content, change):
    """The archive with its members as `change` gives them: {name: bytes} in and out."""
    with zipfile.ZipFile(BytesIO(content)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, inside in change(members).items():
            target.writestr(name, inside)
    return made.getvalue()


def ods(rows):
    """A spreadsheet of LibreOffice, as small as it can be."""
    names = ["office:1.0", "table:1.0", "text:1.0"]
    spaces = " ".join(f'xmlns:{name.split(":")[0]}="urn:oasis:names:tc:opendocument:xmlns:{name}"' for name in names)
    body = f'<office:body><office:spreadsheet><table:table table:name="A">{rows}</table:table></office:spreadsheet>'
    content = f"<office:document-content {spaces}>{body}</office:body></office:document-content>"
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        target.writestr("META-INF/manifest.xml", "<manifest/>")
        target.writestr("content.xml", content)
    return made.getvalue()


def cell(text, **more):
    marks = "".join(f' table:{name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<table:table-cell xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:value-type="string"{marks}><text:p>{text}</text:p></table:table-cell>'  # noqa: E501


def row(*cells, **more):
    marks = "".join(f' table:{name}="{value}"' for name, value in more.items())
    return f"<table:table-row{marks}>{''.join(cells)}</table:table-row>"


BAD = {
    "merged cells": (lambda: book(line(), line(), change=merged), "Trang “Thôn, bản” có ô gộp (B2)"),
    "hidden rows": (lambda: book(line(), line(), change=hidden), "Trang “Thôn, bản” có dòng ẩn hoặc đang lọc (2)"),
    "faults": (lambda: book(line(), line(), change=faulty), "Trang “Thôn, bản”, ô C3: công thức báo lỗi"),
    "cut off": (lambda: book(line())[:3000], "Tệp bị hỏng"),
    "encrypted": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "Tệp có mật khẩu hoặc là dạng cũ"),
    "too large": (lambda: b"PK" + b"x" * 40 * 1024**2, "Tệp lớn hơn 10 MB"),
    "empty": (lambda: b"  ", "Tệp trống"),
    "a PDF": (lambda: b"%PDF-1.7 ", "không phải bảng tính"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n\x00\x00", "không phải bảng tính"),
    "an old encoding": (lambda: "Mã,Tên\n1,Nậm Cần".encode("utf-16-le")[1:], "UTF-8|không phải bảng tính"),
    "windows-1258": (lambda: b"M\xe3,T\xean\n1,N\xe2m", "không ở dạng UTF-8"),
    "an open quote": (lambda: bytes('Mã,Tên\n1,"Nậm', "utf-8"), "Tệp CSV sai ở dòng 2"),
    "entities": (
        lambda: repacked(book(line()), lambda it: it | {"xl/workbook.xml": b"<!DOCTYPE x>" + it["xl/workbook.xml"]}),
        "Tệp bị hỏng",
    ),
    "a bomb": (lambda: repacked(book(line()), lambda it: it | {"xl/big.xml": b" " * 30 * 1024**2}), "quá lớn khi mở"),
    "macros": (lambda: repacked(book(line()), lambda it: it | {"xl/vbaProject.bin": b"x"}), "macro"),
    "too many columns": (lambda: book(["x"] * 80), "hơn 60 cột"),
    "merged cells of ODS": (
        lambda: ods(row(cell("a")) + row(cell("b"), cell("c", number_columns_spanned=2))),
        "Trang “A” có ô gộp (B2)",
    ),
    "hidden rows of ODS": (
        lambda: ods(row(cell("a")) + row(cell("b"), visibility="filter")),
        "có dòng ẩn hoặc đang lọc (2)",
    ),
    "a broken ODS": (lambda: ods("")[:200], "Tệp bị hỏng"),
}


@pytest.mark.parametrize("what", BAD)
def test_is_refused_with_place_and_advice(what):
    make, said = BAD[what]
    content = make()
    read = reading.read if len(content) < tables.MAX_BYTES else tables.read
    with pytest.raises(tables.Refused) as refusal:
        read(content)
    assert any(each in str(refusal.value) for each in said.split("|")), str(refusal.value)


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_ROWS", 3)
    with pytest.raises(tables.Refused, match="quá nhiều dòng"):
        reading.read(book(*(line() for _ in range(5))))


def test_cells_are_read_as_they_are():
    made = Workbook()
    made.active["B2"], made.active["C2"], made.active["D2"] = "Nậm\tCần ", 3595, date(2020, 2, 1)
    made.active["E2"], made.active["F2"] = True, datetime(2020, 2, 1, 7, 30)
    made.create_sheet("Ẩn").sheet_state = "hidden"
    (sheet,) = tables.read(saved(made))
    (found,) = sheet.lines
    assert (sheet.title, found.number) == ("Sheet", 2)
    assert [(each.kind, each.text) for each in found.cells] == [
        (Kind.TEXT, ""), (Kind.TEXT, "Nậm\tCần"), (Kind.NUMBER, "3595"), (Kind.DAY, "2020-02-01"), (Kind.TRUTH, "TRUE"),
        (Kind.OTHER, "2020-02-01 07:30:00"),
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["\ufeffMã;Tên\r\n01;Nậm\r\n", "Mã\tTên\n01\tNậm", "Mã,Tên\n\n01,Nậm"])
def test_csv_of_any_usual_separator(content):
    (sheet,) = reading.read(content.encode())
    assert [[cell.text for cell in row.cells] for row in sheet.lines] == [["Mã", "Tên"], ["01", "Nậm"]]


def test_the_process_has_no_network_and_little_memory():
    start = "import socket; from communes.aside import confine; confine(memory=300 * 1024**2, cpu_seconds=5);"
    for act, said in (
        ("socket.create_connection(('127.0.0.1', 9))", b"without a network"),
        ("bytearray(400 * 1024**2)", b"MemoryError"),
    ):
        ended = subprocess.run([sys.executable, "-c", start + act], cwd=aside.ROOT, capture_output=True, check=False)
        assert said in ended.stderr


def test_what_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(tables.ASIDE, "seconds", 0.01)
    with pytest.raises(tables.Refused, match="quá lớn hoặc quá phức tạp"):
        tables.read(book(line()))
