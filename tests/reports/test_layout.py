"""What is added to the page on demand: tables, a second signature, the code, long lists of recipients."""

import io
from dataclasses import replace

import pdfplumber
import pytest

from reports.content import Dash, Paragraph, Section, Table

from . import decree30, pdfua
from .paper import read
from .samples import MINUTES, ONE_PAGE, SAMPLES, code, sentences, table, with_table


def lines_of(pdf):
    return read(pdf).lines


def only(lines, text):
    (found,) = (line for line in lines if line.text == text)
    return found


@pytest.mark.parametrize("part", ["30/2020/NĐ-CP", "*30/2020/NĐ-CP dân thuở kết ngả*"])
def test_a_text_that_fills_its_line_is_not_broken_after_its_first_word(part, printed):
    """Up to the space before what may not stand on the same line any more."""
    text = f"Đề nghị tra sản sinh Phúc Tân nông khuỷu tiêu đường Khoa học ban đánh {part} dân thuở kết ngả Mít Nậm."
    lines = lines_of(printed(replace(ONE_PAGE, sections=(Section(1, "KẾT QUẢ", (Paragraph(text),)),))))
    (first,) = (line for line in lines if line.text.startswith("Đề"))
    assert first.text.endswith("Khoa học ban đánh")


# ---------------------------------------------------------------- tables


def test_head_stands_again_on_each_page_and_the_caption_once(printed):
    notice = with_table(60)
    lines = lines_of(printed(notice))
    pages = {line.page for line in lines if line.in_table}
    assert len(pages) > 1
    assert {line.page for line in lines if line.text.startswith("TT")} == pages
    assert sum(line.text.startswith("Bảng tổng hợp") for line in lines) == 1


def test_rows_are_whole_and_all_there(printed):
    pdf = printed(with_table(60))
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        rows = [row for page in opened.pages for found in page.find_tables() for row in found.extract()]
    numbers = [row[0] for row in rows if row[0] != "TT"]
    assert numbers == [str(number) for number in range(1, 61)]
    cells = [tuple(" ".join(cell.split()) for cell in row) for row in rows if row[0] != "TT"]
    assert cells == [tuple(row) for row in table(60).rows]


def test_figures_stand_under_each_other(printed):
    with pdfplumber.open(io.BytesIO(printed(with_table(12)))) as opened:
        words = [word for page in opened.pages for word in page.extract_words() if word["text"].endswith(",84")]
    assert len(words) == 12
    assert max(word["x1"] for word in words) - min(word["x1"] for word in words) < 0.5


def test_no_word_of_many_columns_is_broken_or_stands_out(printed):
    row = ("nghiêng", *["123.456.789"] * 7)
    pdf = printed(replace(ONE_PAGE, sections=(Section(1, "KẾT QUẢ", (Table("", tuple("ABCDEFGH"), (row,) * 3),)),)))
    assert decree30.broken(decree30.check(pdf)) == {}
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        (found,) = (table for page in opened.pages for table in page.find_tables())
        words = [word for word in opened.pages[0].extract_words() if word["text"] == row[-1]]
    assert found.extract()[1:] == [list(row)] * 3
    assert len(words) == 3 * 7
    assert max(word["x1"] for word in words) <= found.bbox[2]


def test_a_table_of_nothing_says_so(printed, text_of):
    assert "Không có" in text_of(printed(replace(ONE_PAGE, sections=(Section(1, "KẾT QUẢ", (table(0),)),))))


def test_heads_are_told_with_every_cell(printed):
    tagged = pdfua.Tagged(printed(with_table(20)))
    cells = tagged.tree.all_of("TD")
    assert len(cells) == 100
    assert all(len(cell.data["/A"]["/Headers"]) == 1 for cell in cells)


@pytest.mark.long
def test_a_thousand_rows_keep_every_rule(printed):
    pdf = printed(with_table(1000))
    assert decree30.broken(decree30.check(pdf)) == {}
    assert pdfua.check(pdf) == {}


# ---------------------------------------------------------------- end of the document


def test_two_signatures_stand_level_and_recipients_below_both(printed):
    lines = lines_of(printed(MINUTES))
    left, right = only(lines, "THƯ KÝ"), only(lines, "TM. ĐOÀN KIỂM TRA")
    names = only(lines, MINUTES.cosigner.name), only(lines, MINUTES.signature.name)
    label = only(lines, "Nơi nhận:")
    assert left.base == pytest.approx(right.base, abs=0.1)
    assert names[0].base == pytest.approx(names[1].base, abs=0.1)
    assert left.middle < 95 < 105 < right.middle
    assert min(names[0].base - left.base, names[1].base - only(lines, "TRƯỞNG ĐOÀN").base) > 36
    assert label.page == names[0].page
    assert label.base > names[0].base


@pytest.mark.parametrize("count", range(36, 44))
def test_recipients_of_minutes_never_open_a_page_without_the_signatures(count, printed):
    """Some of these lengths leave room for the signatures and none for the recipients under them."""
    short = tuple(Dash(f"Kiến nghị thứ {place} của Đoàn.") for place in range(count))
    minutes = replace(MINUTES, sections=(Section(1, "KIẾN NGHỊ", short),))
    lines = lines_of(printed(minutes))
    assert only(lines, "Nơi nhận:").page == only(lines, MINUTES.signature.name).page


def test_no_recipient_stands_alone_on_a_page(printed):
    """Of these five there would be room for four."""
    short = tuple(Dash(f"Kiến nghị thứ {place} của Đoàn.") for place in range(37))
    recipients = (*(f"Đơn vị thứ {place}" for place in range(1, 5)), "Lưu: VT")
    lines = lines_of(printed(replace(MINUTES, sections=(Section(1, "KIẾN NGHỊ", short),), recipients=recipients)))
    pages = [line.page for line in lines if line.text.startswith(("- Đơn vị thứ", "- Lưu"))]
    assert [pages.count(page) for page in sorted(set(pages))] == [3, 2]


def test_long_list_of_recipients_runs_on_while_signature_and_label_stay_level(printed):
    recipients = (*(f"Đơn vị thứ {place}" for place in range(1, 60)), "Lưu: VT, VP")
    lines = lines_of(printed(replace(ONE_PAGE, sections=(Section(1, "A", sentences(8)),), recipients=recipients)))
    label, top = only(lines, "Nơi nhận:"), only(lines, "TM. ỦY BAN NHÂN DÂN")
    assert label.place == pytest.approx(top.place, abs=0.1)
    pages = [line.page for line in lines if line.text.startswith("- Đơn vị thứ")]
    assert len(pages) == 59
    assert len(set(pages)) > 1
    assert pages == sorted(pages)


@pytest.mark.parametrize("name", ["code", "code-one-page", "code-60", "minutes-alone"])
def test_code_stands_last_of_all(name, printed):
    paper = read(printed(SAMPLES[name]))
    last = max((line for line in paper.lines if line.bottom > 20.5), key=lambda line: line.place)
    assert last.text == f"Mã dữ liệu: {SAMPLES[name].verification.short_hash}"
    assert last.page == len(paper.sizes) - 1
    assert last.bottom < 277


def test_code_is_drawn_as_it_was_made(printed):
    """Square by square: a reader of codes sees what the maker meant."""
    with pdfplumber.open(io.BytesIO(printed(replace(ONE_PAGE, verification=code())))) as opened:
        page = opened.pages[-1]
        squares = [
            item for item in (*page.rects, *page.curves) if item["height"] == pytest.approx(item["width"], abs=0.1)
        ]
    dark = code().path.count("M")
    assert len(squares) == dark
    side = 20 * 72 / 25.4
    right, left = max(item["x1"] for item in squares), min(item["x0"] for item in squares)
    assert right - left == pytest.approx(side, abs=0.5)


def test_without_a_code_none_is_printed(printed, text_of):
    assert "Kiểm tra văn bản này" not in text_of(printed(ONE_PAGE))


def test_code_is_no_part_of_the_facts():
    assert replace(ONE_PAGE, verification=code()).as_facts() == ONE_PAGE.as_facts()
