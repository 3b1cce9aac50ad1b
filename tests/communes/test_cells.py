"""Text in cells that leave the portal is text, whatever it looks like."""

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from communes.cells import put_text

DANGEROUS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "|calc", "%0",
    "=HYPERLINK(\"http://x\",\"y\")", "=cmd|' /C calc'!A0", " =1+1",
]  # fmt: skip


def written(text):
    """(what stands in the file's sheet, the cell as it is read again)"""
    book = Workbook()
    put_text(book.active["A1"], text)
    target = BytesIO()
    book.save(target)
    with zipfile.ZipFile(target) as archive:
        source = archive.read("xl/worksheets/sheet1.xml").decode()
    return source, load_workbook(target).active["A1"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_looks_like_a_formula_is_marked_as_text(text):
    source, cell = written(text)
    assert "<f" not in source
    assert (cell.value, cell.data_type, cell.number_format, cell.quotePrefix) == (text, "s", "@", True)


@pytest.mark.parametrize("text", ["Đã xong", "12,5", "a=b", "Xã 1"])
def test_other_text_needs_no_mark(text):
    _, cell = written(text)
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", False)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_text_becomes_a_formula_or_is_refused(text):
    book = Workbook()
    put_text(book.active["A1"], text)
    assert book.active["A1"].data_type in ("s", "n")  # "n": empty
    book.save(BytesIO())


def test_escapes_of_the_file_format_stay_what_was_typed():
    _, cell = written("_x0041_")
    assert cell.value == "_x005F_x0041_"


def test_empty_text_leaves_the_cell_empty():
    _, cell = written("")
    assert cell.value is None


def test_longer_text_than_a_cell_holds_is_cut():
    _, cell = written("a" * 40_000)
    assert len(cell.value) == 32_767
