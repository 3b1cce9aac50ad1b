"""Tokens and the words of figures, over rows that no database has seen."""

from datetime import date

import pytest

from criteria.judgement import Judgement
from inspections.figures import UnitRow
from reports import outline, wording
from reports.wording import Cited, RoundFacts, SetInfo, plain
from reports.wording.words import small

MET, FAILED = Judgement.MET, Judgement.NOT_MET
NAMES = {1: "Quy hoạch", 2: "Giao thông", 3: "Trường học", 4: "Giáo dục và Đào tạo"}


def row(name, met, *, code="xa", mode="on_site", position=0, kind="xã"):
    """A unit that met the first `met` of four criteria."""
    verdicts = {number: MET if number <= met else FAILED for number in NAMES}
    return UnitRow(
        position + 1, f"{kind.capitalize()} {name}", f"{kind} {name}", code, mode, 4, verdicts, False, position
    )


ROWS = (
    row("Phúc Khoa", 3, position=0),
    row("Nậm Cần", 4, position=1, mode="by_report"),
    row("Hố Mít", 3, position=2, mode="by_report"),
    row("Nậm Cần", 2, position=3, code="xa-nc"),
    row("Phúc Khoa", 1, position=4, code="xa-nc"),
    row("Một", 4, position=5, code="ban", kind="bản"),
    row("Hai", 1, position=6, code="ban", kind="bản"),
    row("Ba", 2, position=7, code="ban", kind="bản"),
)
SETS = (
    SetInfo("xa", 1, "Xã NTM", False, False, NAMES, 3),
    SetInfo("xa-nc", 1, "Xã NTM nâng cao", False, True, NAMES, 2),
    SetInfo("ban", 1, "Bản NTM", True, True, NAMES, 3),
)


def facts(rows=ROWS, **fields):
    plan = Cited("Kế hoạch", "12/KH-UBND", date(2031, 2, 6), "UBND huyện Thử", "kiểm tra thử")
    defaults = {
        "year": 2031,
        "period_from": date(2031, 9, 5),
        "period_to": date(2031, 11, 25),
        "team_name": "Đoàn kiểm tra thử",
        "head_name": "Nguyễn Văn Thử",
        "head_post": "Phó Chủ tịch UBND huyện",
        "plan": plan,
        "report": None,
        "documents": {"quyet-dinh": Cited("Quyết định", "7/QĐ-UBND", date(2030, 10, 22), "UBND tỉnh")},
        "sets": SETS,
        "rows": rows,
    }
    return RoundFacts(**{**defaults, **fields})


@pytest.fixture
def palette():
    return wording.palette_of(facts())


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("bình quân xa", "3,33"),
        ("tổng tiêu chí đạt xa", "10"),
        ("số đơn vị xa", "03"),
        ("số tiêu chí xa", "4"),
        ("số đạt xa", "01/3"),
        ("bình quân còn lại xa", "3,00"),
        ("danh sách xa", "xã Nậm Cần đạt 04/4 tiêu chí; xã Phúc Khoa đạt 03/4 tiêu chí; xã Hố Mít đạt 03/4 tiêu chí"),
        (
            "danh sách thực hiện xa-nc",
            "xã Nậm Cần thực hiện đạt 02/4 tiêu chí, xã Phúc Khoa thực hiện đạt 01/4 tiêu chí",
        ),
        ("tiêu chí khó xa-nc", "Trường học, giáo dục và đào tạo, giao thông"),
        ("tên đơn vị xa", "xã Phúc Khoa, xã Nậm Cần và xã Hố Mít"),
        ("số đạt ban", "01/3"),
        ("bình quân ban", "2,33"),
        ("bình quân còn lại ban", "1,50"),
        ("số xã có đơn vị ban", "03"),
        ("số xã", "03"),
        ("số xã trực tiếp", "01"),
        ("số xã qua báo cáo", "02"),
        ("tên xã qua báo cáo", "xã Nậm Cần và xã Hố Mít"),
        ("năm", "2031"),
        ("năm sau", "2032"),
        ("từ ngày", "05/9/2031"),
        ("kế hoạch", "Kế hoạch số 12/KH-UBND ngày 06/02/2031 của UBND huyện Thử"),
        ("văn bản quyet-dinh", "Quyết định số 7/QĐ-UBND ngày 22/10/2030 của UBND tỉnh"),
        (
            "phạm vi kiểm tra",
            "kiểm tra trực tiếp tại xã Phúc Khoa và kiểm tra qua báo cáo 02 xã (xã Nậm Cần và xã Hố Mít)",
        ),
        ("tiêu chí cả đạt xa", "Quy hoạch, Giao thông, Trường học"),
        ("số tiêu chí cả đạt xa", "03"),
        ("tiêu chí chưa đạt xa", "Giáo dục và Đào tạo (02/3 xã)"),
        ("tên đạt ban", "bản Một"),
        ("UBND các xã", "UBND các xã"),
        ("số văn bản quyet-dinh", "Quyết định số 7/QĐ-UBND"),
        ("ngày văn bản quyet-dinh", "22/10/2030"),
    ],
)
def test_token_says(palette, token, value):
    assert palette[wording.key_of(token)].value == value


def test_mean_carries_formula_and_units(palette):
    figure = palette["bình quân ban"]
    assert figure.formula == "7 : 3 = 2,33"
    assert figure.units == (("bản Một", "04/4"), ("bản Ba", "02/4"), ("bản Hai", "01/4"))
    assert "bản Một" not in dict(palette["bình quân còn lại ban"].units)


def test_case_spaces_and_decomposed_letters_do_not_matter(palette):
    assert wording.fill("{ Bình   QUÂN xa } và {bi\u0300nh quân xa}", palette) == "3,33 và 3,33"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{binh quan xa}", "Không có số liệu tên {binh quan xa}."),
        ("{bình quân xã}", "Có thể là {bình quân xa}."),
        ("{zzzz}", "Chọn trong bảng số liệu."),
        ("{báo cáo}", "đợt chưa ghi báo cáo"),
        ("Đạt {bình quân xa tiêu chí", "“{” không thành cặp"),
        ("Đạt bình quân xa} tiêu chí", "“}” không thành cặp"),
    ],
)
def test_wrong_token_is_reported_in_words(palette, text, words):
    (problem,) = wording.problems(text, palette)
    assert words in problem


def test_unknown_token_stays_as_typed(palette):
    assert wording.fill("Đạt {zzzz}.", palette) == "Đạt {zzzz}."
    assert wording.problems("Đạt {bình quân xa}.", palette) == []


def test_set_without_results_states_nothing():
    palette = wording.palette_of(facts(rows=()))
    assert palette["bình quân xa"].is_missing
    assert "Chưa có số liệu" in wording.problems("{bình quân xa}", palette)[0]
    assert palette["số đơn vị xa"].value == "00"


def test_value_is_never_read_as_a_token():
    palette = wording.palette_of(facts(head_name="{bình quân xa}"))
    assert wording.fill("{trưởng đoàn}", palette) == "{bình quân xa}"


def test_used_figures_are_those_in_the_text(palette):
    used = wording.used(["Đạt {bình quân xa}", "và {SỐ XÃ}; {zzzz}"], palette)
    assert list(used) == ["bình quân xa", "số xã"]


def test_outline_is_read_back_as_written():
    text = "= mở đầu\nA\n# MỘT\n- b\n## Hai\nc\n= kiến nghị KIẾN NGHỊ\n## Nơi\n- d\n- e\n"
    read = outline.parse(text + "= kết thúc\nF\n= nơi nhận\n- G;\nLưu: VT.")
    assert [(part.kind, part.level, part.heading, part.body) for part in read.sections] == [
        ("preamble", 1, "", "A"),
        ("section", 1, "MỘT", "- b"),
        ("section", 2, "Hai", "c"),
        ("recommendations", 1, "KIẾN NGHỊ", ""),
        ("closing", 1, "", "F"),
    ]
    assert read.recommendations == [("Nơi", "d"), ("Nơi", "e")]
    assert read.recipients == ["G", "Lưu: VT"]


@pytest.mark.parametrize("text", ["chữ trước mọi phần", "= phần lạ", "= kiến nghị X\nkhông có nơi thực hiện"])
def test_misplaced_line_is_refused(text):
    with pytest.raises(ValueError):
        outline.parse(text)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("UBND HUYỆN THỬ", ["UBND HUYỆN THỬ"]),
        ("ĐOÀN KIỂM TRA CHƯƠNG TRÌNH MTQG XÂY DỰNG NTM", ["ĐOÀN KIỂM TRA", "CHƯƠNG TRÌNH MTQG", "XÂY DỰNG NTM"]),
    ],
)
def test_long_name_breaks_between_words_that_may_part(name, lines):
    assert outline.letterhead(name).split("\n") == lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Phòng học chưa đủ.", "phòng học chưa đủ."),
        ("UBND xã chưa lập", "UBND xã chưa lập"),
        ("Nậm Cần chưa có", "Nậm Cần chưa có"),
        ("Nhân dân chưa đồng thuận", "Nhân dân chưa đồng thuận"),
        ("Thiếu", "thiếu"),
        ("", ""),
    ],
)
def test_sentence_within_a_sentence_begins_small_unless_it_is_a_name(text, words):
    assert small(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  Hai\ndòng. ", "Hai dòng"),
        ("*nghiêng* và {số}", "nghiêng và số"),
        ("…", ""),
        ("từ " * 60, f"{('từ ' * 53).strip()}…"),
    ],
)
def test_what_was_typed_becomes_part_of_a_sentence(text, words):
    assert plain(text) == words
