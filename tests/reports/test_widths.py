"""How much room text takes: lines of a letterhead, columns of a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import widths
from reports.content import Table

from .generated import CAPITALS


def test_a_line_that_fits_is_left_alone():
    assert widths.divided("UBND HUYỆN TÂN UYÊN", size=13, room=59) == ["UBND HUYỆN TÂN UYÊN"]


def test_a_long_name_is_divided_evenly_and_keeps_together_what_belongs_together():
    name = "PHÒNG NÔNG NGHIỆP VÀ PHÁT TRIỂN NÔNG THÔN"
    assert widths.divided(name, size=12, room=59) == ["PHÒNG NÔNG NGHIỆP VÀ", "PHÁT TRIỂN NÔNG THÔN"]
    assert widths.divided("ỦY BAN NHÂN DÂN XÃ PẮC TA", size=12, room=59) == ["ỦY BAN NHÂN DÂN", "XÃ PẮC TA"]


@given(st.lists(st.sampled_from(CAPITALS), min_size=1, max_size=25).map(" ".join))
def test_no_word_is_lost_and_every_line_fits(name):
    lines = widths.divided(name, size=12, room=59)
    assert " ".join(lines) == name
    assert all(widths.fits(row, size=12, room=59) for row in lines)


@pytest.mark.parametrize(("text", "size", "measured"), [("ĐOÀN KIỂM TRA", 13, 38.1), ("XÂY DỰNG NTM", 13, 36.6)])
def test_measure_of_bold_capitals_is_that_of_the_page(text, size, measured):
    """Measured on a printed page, kerning included: that makes up to three per cent."""
    assert widths.width(text) * size / 1000 / widths.POINTS_OF_MM == pytest.approx(measured, rel=0.04)


@pytest.mark.parametrize("columns", [1, 2, 7, 8, 22, 400])
def test_columns_fill_the_text_area(columns):
    table = Table("", tuple(map(str, range(columns))), (tuple("đạt yêu cầu" for _ in range(columns)),) * 2)
    assert sum(table.widths) == widths.QUARTERS
    assert len(table.widths) == columns


def test_figures_get_what_they_need_and_words_the_rest():
    rows = (("1", "Xã Phúc Khoa", "14/19", "Một lý do rất dài " * 20), ("2", "Xã Hố Mít", "9/19", "Không có"))
    number, name, met, why = Table("", ("TT", "Đơn vị", "Số tiêu chí đạt", "Lý do"), rows, "clc").widths
    assert number < met < name < why
    assert name >= 4 * 25  # in quarters of a millimetre: "Xã Phúc Khoa" at 12 points takes 23 mm
    assert why > widths.QUARTERS / 2


def test_a_table_without_columns_has_no_widths():
    assert Table("", (), ()).widths == ()


@pytest.mark.parametrize(
    ("columns", "cell", "density"),
    [
        (7, "xã đạt", ""),
        (7, "nghiêng 12/12/2031", "dense"),
        (6, "30/2020/NĐ-CP", ""),
        (8, "xã đạt", "dense"),
        (8, "nghiêng 12/12/2031", "densest"),
        (13, "xã đạt", "densest"),
        (30, "nghiêng 12/12/2031", "densest"),
    ],
)
def test_cells_stand_closer_where_their_longest_words_would_not_fit(columns, cell, density):
    table = Table("", tuple(map(str, range(columns))), ((cell,) * columns,) * 2)
    assert table.density == density


def test_what_may_break_at_a_hyphen_leaves_room_for_what_may_not():
    table = Table("", tuple("ABCDEF"), (("nghiêng", *["30/2020/NĐ-CP"] * 5),))
    assert table.density == ""
    assert table.widths[0] * widths.POINTS_OF_MM / 4 - 8 >= widths.width("nghiêng") * 12 / 1000
