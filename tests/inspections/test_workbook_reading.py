"""Workbooks from outside: what is let in, in which time and memory, and what its cells said."""

import datetime
import json
import os
import random
import subprocess
import sys
import time
from itertools import islice

import pytest

from communes import aside
from inspections import workbook
from inspections.workbook import Kind, reading
from inspections.workbook.__main__ import MAX_MEMORY_BYTES

from .workbooks import plain_book, repacked

SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = b"</sheetData></worksheet>"
MILLION = 1_000_000


def rows_with_values(number: int) -> bytes:
    return b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (place, place) for place in range(1, number + 1))


def with_sheet(body: bytes) -> bytes:
    return repacked(plain_book(A1="x"), {SHEET: HEAD + body + TAIL})


def encrypted() -> bytes:
    content = bytearray(plain_book(A1="x"))
    place = content.find(b"PK\x01\x02")
    content[place + 8] |= 1  # the bit that says so, of the first member
    return bytes(content)


BAD = {
    "macro": (lambda: repacked(plain_book(A1="x"), {"xl/vbaProject.bin": b"x"}), "macro"),
    "old macro sheet": (lambda: repacked(plain_book(A1="x"), {"xl/macrosheets/sheet1.xml": b"<x/>"}), "macro"),
    "macro content type": (
        lambda: repacked(plain_book(A1="x"), {"[Content_Types].xml": b"<Types>macroEnabled</Types>"}), "macro"),
    "link": (lambda: repacked(plain_book(A1="x"), {"xl/externalLinks/externalLink1.xml": b"<x/>"}), "liên kết"),
    "query": (lambda: repacked(plain_book(A1="x"), {"xl/connections.xml": b"<x/>"}), "liên kết"),
    "object": (lambda: repacked(plain_book(A1="x"), {"xl/embeddings/oleObject1.bin": b"x"}), "đối tượng nhúng"),
    "bomb": (lambda: repacked(plain_book(A1="x"), {"xl/media/image1.png": b"\0" * 20_000_000}), "quá lớn"),
    "large bomb": (lambda: repacked(plain_book(A1="x"), {"xl/media/image1.png": b"\0" * 300_000_000}), "quá lớn"),
    "many members": (
        lambda: repacked(plain_book(A1="x"), {f"xl/media/{place}.png": b"x" for place in range(300)}), "quá lớn"),
    "million rows": (lambda: with_sheet(rows_with_values(MILLION)), "lớn hơn"),
    "million empty rows": (lambda: with_sheet(b"<row/>" * MILLION), "quá lớn"),
    "many rows": (lambda: with_sheet(rows_with_values(20_000)), "quá nhiều dòng"),
    "many cells": (
        lambda: with_sheet(b"<row>" + b"".join(b"<c><v>%d</v></c>" % place for place in range(50_000)) + b"</row>"),
        "quá nhiều dòng"),
    "far row": (lambda: with_sheet(b'<row r="900000"><c r="A900000"><v>1</v></c></row>'), "quá nhiều dòng"),
    "entities": (
        lambda: repacked(plain_book(A1="x"), {SHEET: b'<!DOCTYPE a [<!ENTITY b "c">]>' + HEAD + TAIL}), "bị hỏng"),
    "utf-16": (lambda: repacked(plain_book(A1="x"), {SHEET: (HEAD + TAIL).decode().encode("utf-16")}), "bị hỏng"),
    "broken xml": (lambda: with_sheet(b"<row><c>"), "bị hỏng"),
    "document": (lambda: repacked(plain_book(A1="x"), {"xl/workbook.xml": None}), "bị hỏng"),
    "password": (encrypted, "mật khẩu"),
    "xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
    "text": (lambda: b"1,2,3\n", "bị hỏng"),
    "cut": (lambda: plain_book(A1="x")[:-200], "bị hỏng"),
    "large": (lambda: b"PK\x03\x04" + os.urandom(workbook.MAX_BYTES), "lớn hơn"),
    "empty": (lambda: b"", "bị hỏng"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused_in_time_and_memory(name):
    make, reason = BAD[name]
    content = make()
    started = time.monotonic()
    answer, peak = run(content)
    taken = time.monotonic() - started
    assert reason in answer["refused"]
    assert taken < 5
    assert peak < MAX_MEMORY_BYTES


# The process as the portal starts it, which at its end tells the most memory it had.
TELLS_MEMORY = (
    "import re, sys; from inspections.workbook.__main__ import main; code = main();"
    "sys.stderr.write(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]); sys.exit(code)"
)


def run(content: bytes) -> tuple[dict, int]:
    """(answer, largest memory in bytes) of the process that opens workbooks."""
    env = {"PYTHONDONTWRITEBYTECODE": "1", "OPENPYXL_LXML": "False"}
    ended = subprocess.run(
        [sys.executable, "-c", TELLS_MEMORY], cwd=aside.ROOT, env=env, input=content, capture_output=True, check=True
    )
    return json.loads(ended.stdout), int(ended.stderr) * 1024


def test_largest_workbook_that_is_taken_stays_within_memory():
    words = random.Random(1).randbytes(6_000_000).hex().encode()
    cells = (
        b'<c t="inlineStr"><is><t>%s</t></is></c>' % words[start : start + 600] for start in range(0, 7_000_000, 600)
    )
    body = b"".join(b"<row>" + b"".join(islice(cells, 10)) + b"</row>" for _ in range(1_200))
    answer, peak = run(with_sheet(body))
    assert sum(len(sheet["cells"]) for sheet in answer["sheets"]) > 11_000
    assert peak < MAX_MEMORY_BYTES


def test_the_limit_of_memory_holds():
    code = "from inspections.workbook.__main__ import limit; limit(); bytearray(210 * 1024**2)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=aside.ROOT, capture_output=True, check=False)
    assert b"MemoryError" in ended.stderr


def test_the_reading_process_has_no_network():
    code = (
        "import socket; from inspections.workbook.__main__ import limit; limit();"
        "socket.create_connection(('127.0.0.1', 9))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=aside.ROOT, capture_output=True, check=False)
    assert b"without a network" in ended.stderr


def test_refusal_reaches_the_portal():
    with pytest.raises(workbook.Refused, match="macro"):
        workbook.read(BAD["macro"][0]())


def test_what_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(workbook.ASIDE, "seconds", 0.01)
    with pytest.raises(workbook.Refused, match="quá lớn hoặc quá phức tạp"):
        workbook.read(plain_book(A1="x"))


def test_cells_are_read_as_they_were_seen():
    content = plain_book(
        A1=9.95, A2="85,5", A3=datetime.date(2026, 5, 12), A4=True, A5="=1+1", A6=1250, A7="dòng 1\ndòng 2",
        A8=0.1 + 0.2, A9="_x000D_trước", A10=datetime.time(9, 30), A11=12345678901234,
    )  # fmt: skip
    (sheet,) = workbook.read(content)
    assert [(cell.kind, cell.text) for cell in sheet.cells] == [
        (Kind.NUMBER, "9.95"),
        (Kind.TEXT, "85,5"),
        (Kind.DAY, "12/05/2026"),
        (Kind.TRUTH, "TRUE"),
        (Kind.FORMULA, ""),
        (Kind.NUMBER, "1250"),
        (Kind.TEXT, "dòng 1\ndòng 2"),
        (Kind.NUMBER, "0.3"),
        (Kind.TEXT, "\ntrước"),
        (Kind.DAY, "09:30:00"),
        (Kind.NUMBER, "12345678901234"),
    ]


def test_empty_row_far_below_is_no_matter():
    """LibreOffice writes one at the end of a sheet."""
    (sheet,) = workbook.read(with_sheet(b'<row r="1"><c r="A1"><v>7</v></c></row><row r="1048576"/>'))
    assert [cell.text for cell in sheet.cells] == ["7"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e15, "1000000000000000"),
        (0.00012, "0.00012"),
        (1e-7, "0.0000001"),
        (14.89, "14.89"),
        (3.0, "3"),
        (-2.5, "-2.5"),
    ],
)
def test_numbers_are_written_out_in_full(value, text):
    assert reading.plain(value) == text


def test_what_no_database_keeps_is_left_out():
    assert reading.words("a_x0000_b\x07c_xD83D_d\r\ne") == "abcd\ne"
