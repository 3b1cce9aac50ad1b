"""NoticeContent: numbering, blanks, what the typed text becomes, and the frozen facts."""

import json
import unicodedata
from dataclasses import replace

import pytest

from reports import content
from reports.content import Dash, Facts, Paragraph, Section, canonical_json, parse_blocks


def headings(notice):
    return [part.heading for part in notice.flow if part.heading]


def test_sections_are_numbered_by_level_and_never_twice_alike(sample):
    assert headings(sample) == [
        "I. ĐÁNH GIÁ CHUNG",
        "II. TỒN TẠI, HẠN CHẾ VÀ NGUYÊN NHÂN",
        "1. Tồn tại, hạn chế",
        "2. Nguyên nhân",
        "III. KIẾN NGHỊ",
    ]


def test_third_level_counts_with_vietnamese_letters(sample):
    sections = (Section(1, "A"), Section(2, "B"), *[Section(3, "C")] * 6, Section(2, "D"), Section(3, "E"))
    numbers = [heading.split()[0] for heading in headings(replace(sample, sections=sections))]
    assert numbers == ["I.", "1.", "a)", "b)", "c)", "d)", "đ)", "e)", "2.", "a)"]


@pytest.mark.parametrize(("number", "sign"), [(1, "I"), (4, "IV"), (9, "IX"), (14, "XIV"), (39, "XXXIX")])
def test_roman_numbers(number, sign):
    assert content.roman(number) == sign


@pytest.mark.parametrize(
    ("number", "day", "month", "texts"),
    [
        (7, 5, 2, ("07", "05", "02")),
        (10, 10, 3, ("10", "10", "3")),
        (123, 31, 12, ("123", "31", "12")),
        (None, None, None, ("", "", "")),
    ],
)
def test_number_and_date_carry_the_zeros_of_the_decree(sample, number, day, month, texts):
    notice = replace(sample, number=number, day=day, month=month)
    assert (notice.number_text, notice.day_text, notice.month_text) == texts


def test_title_reads_as_a_sentence(sample):
    assert sample.title.startswith("Thông báo kết luận kiểm tra về kết quả")


def test_typed_text_becomes_paragraphs_and_dashes():
    blocks = parse_blocks("Mở đầu.\r\n\r\n- Thứ nhất\n–  Thứ  hai\n-\n   Kết.  ")
    assert blocks == (Paragraph("Mở đầu."), Dash("Thứ nhất"), Dash("Thứ hai"), Paragraph("Kết."))


def test_typed_text_is_composed_and_loses_invisible_signs():
    typed = unicodedata.normalize("NFD", "Nậm Sỏ") + "\u200b\x00\u202e\tđạt"
    assert parse_blocks(typed) == (Paragraph("Nậm Sỏ đạt"),)


def test_stars_ask_for_italics_only_around_words():
    def seen(text):
        return [(piece.text, piece.italic) for piece in Paragraph(text).pieces]

    assert seen("Bình quân (*xã Pắc Ta*);") == [("Bình quân (", False), ("xã Pắc Ta", True), (");", False)]
    assert seen("3 * 4 * 5") == [("3 * 4 * 5", False)]
    assert Paragraph("Bình quân (*xã Pắc Ta*)").plain == "Bình quân (xã Pắc Ta)"


@pytest.mark.parametrize("token", ["30/2020/NĐ-CP", "1964/KH-UBND", "06/9/2024", "14/19", "chí/xã", "2021-2025"])
def test_numbers_of_documents_never_break(token):
    pieces = Paragraph(f"theo {token} của").pieces
    assert [piece.text for piece in pieces if piece.whole] == [token]


def test_an_endless_word_may_break():
    assert not any(piece.whole for piece in Paragraph("a/" * 60 + "b").pieces)


def test_last_recipient_ends_with_a_full_stop(sample):
    assert sample.recipient_lines == ("- TT. Huyện ủy;", "- UBND các xã;", "- Lưu: VT, VPĐP.")


def test_facts_are_json_and_change_with_every_word(sample):
    facts = Facts(sample.as_facts())
    assert json.loads(facts.text)["sections"][2]["number"] == "1."
    assert json.loads(facts.text)["preamble"][0]["kind"] == "paragraph"
    assert facts.sha256 == Facts(sample.as_facts()).sha256
    assert facts.sha256 != Facts(replace(sample, number=8).as_facts()).sha256


def test_canonical_json_has_one_form():
    assert canonical_json({"b": 1, "a": "đ"}) == canonical_json({"a": "đ", "b": 1}) == '{"a":"đ","b":1}'
