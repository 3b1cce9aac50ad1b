"""The printed page: its text and place, its bytes, its fonts, and what the engine refuses."""

import io
import subprocess
import sys
import unicodedata
from dataclasses import replace

import pdfplumber
import pypdf
import pytest
from django.conf import settings
from fontTools import subset
from fontTools.ttLib import TTFont

from reports import fonts, renderer
from reports.content import Dash, Paragraph, Section, parse_blocks

MM = 72 / 25.4


def printed_page(body, layout="notice_v1"):
    """PDF of a page with this very HTML in it, as no template of ours would ever write it."""
    return renderer.render(f"<!DOCTYPE html><html lang='vi'><title>Thử</title><body>{body}</body></html>", layout)


# ---------------------------------------------------------------- text


def test_text_reads_back_whole_and_in_order(sample, printed, text_of):
    text = text_of(printed(sample))
    expected = [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Số: 07/TB-ĐKT",
        "Tân Uyên, ngày 05 tháng 02 năm 2031",
        "THÔNG BÁO",
        "Kết luận kiểm tra về kết quả",
        "I. ĐÁNH GIÁ CHUNG",
        "Bình quân các xã đạt 13,50 tiêu chí/xã.",
        "1. Tồn tại, hạn chế",
        "- Việc lập hồ sơ còn chậm (xã Pắc Ta, xã Hố Mít).",
        "III. KIẾN NGHỊ",
        "triển khai thực hiện./.",
        "Nơi nhận:",
        "- Lưu: VT, VPĐP.",
        "TRƯỞNG ĐOÀN KIỂM TRA",
        "PHÓ CHỦ TỊCH UBND HUYỆN",
        "Nguyễn Văn Thử",
    ]
    places = [text.find(words) for words in expected]
    assert -1 not in places, expected[places.index(-1)]
    assert places == sorted(places)


def test_every_vietnamese_letter_reads_back(sample, printed, text_of):
    letters = " ".join(fonts.vietnamese_letters())
    text = text_of(printed(replace(sample, preamble=(Paragraph(letters),))))
    assert letters in text


def test_decomposed_input_can_be_searched(sample, printed, text_of):
    typed = unicodedata.normalize("NFD", "Xã Nậm Sỏ phấn đấu đạt chuẩn")
    assert "Xã Nậm Sỏ phấn đấu đạt chuẩn" in text_of(printed(replace(sample, preamble=parse_blocks(typed))))


def test_html_typed_into_any_field_appears_as_text(sample, printed, text_of):
    hostile = "<script>alert(1)</script><img src=http://example.org/a.png>&amp;"
    blocks = (Paragraph(hostile), Dash(hostile))
    notice = replace(
        sample,
        parent=(hostile,),
        issuer=(hostile,),
        place=hostile,
        subject=hostile,
        preamble=blocks,
        sections=(Section(1, hostile, blocks), Section(2, hostile), Section(3, hostile)),
        closing=blocks,
        signature=replace(sample.signature, post=hostile, name=hostile),
        recipients=(hostile,),
    )
    text = text_of(printed(notice)).replace(" ", "")
    assert text.count(hostile.replace(" ", "")) == 16


# ---------------------------------------------------------------- the page


def test_draft_is_marked_on_every_page_and_the_issued_one_on_none(sample, printed, text_of):
    long = replace(sample, preamble=(Paragraph("Một câu đủ dài để kín trang giấy. " * 300),))
    final, draft = printed(long), printed(replace(long, is_draft=True))
    assert "DỰ THẢO" not in text_of(final)
    assert "DỰ THẢO" in text_of(draft)
    for is_draft, data in ((False, final), (True, draft)):
        with pdfplumber.open(io.BytesIO(data)) as opened:
            assert len(opened.pages) > 1
            for page in opened.pages:
                assert any(curve["height"] > 30 * MM for curve in page.curves) is is_draft


def test_page_number_stands_centred_in_the_top_margin_from_page_two(sample, printed):
    long = replace(sample, preamble=(Paragraph("Một câu đủ dài để kín trang giấy. " * 300),))
    with pdfplumber.open(io.BytesIO(printed(long))) as opened:
        tops = [[word for word in page.extract_words() if word["bottom"] < 20 * MM] for page in opened.pages]
    assert tops[0] == []
    assert [[word["text"] for word in words] for words in tops[1:]] == [[str(n)] for n in range(2, len(tops) + 1)]
    assert all(abs((words[0]["x0"] + words[0]["x1"]) / 2 / MM - 110) < 1 for words in tops[1:])


def test_number_and_place_stand_on_one_line(sample, printed):
    issuer = ("MỘT TÊN CƠ QUAN DÀI", "HƠN MỘT DÒNG", "VÀ HƠN HAI DÒNG")
    for notice in (sample, replace(sample, issuer=issuer, number=None, day=None, month=None)):
        with pdfplumber.open(io.BytesIO(printed(notice))) as opened:
            signs = opened.pages[0].chars
        text = "".join(sign["text"] for sign in signs)
        number, place = signs[text.index("Số:")], signs[text.index("Tân Uyên, ngày")]
        assert abs(number["matrix"][5] - place["matrix"][5]) < 0.5


@pytest.mark.parametrize("filler", range(0, 60, 3))
def test_signature_never_stands_on_a_page_without_text(sample, printed, filler):
    body = tuple(Dash(f"Dòng thứ {place} của phần nội dung.") for place in range(filler))
    reader = pypdf.PdfReader(io.BytesIO(printed(replace(sample, preamble=body))))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    page = next(text for text in pages if "Nơi nhận:" in text)
    assert "triển khai thực hiện./." in page
    assert "Nguyễn Văn Thử" in page
    assert page.index("./.") > 60


def test_file_is_tagged_titled_and_says_its_standards(sample, printed):
    reader = pypdf.PdfReader(io.BytesIO(printed(sample)))
    root = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()
    assert reader.metadata.title == sample.title
    assert root["/Lang"].startswith("vi")
    assert "/StructTreeRoot" in root
    assert 'pdfaid:part="2"' in metadata
    assert 'pdfaid:conformance="A"' in metadata
    assert 'pdfuaid:part="1"' in metadata
    assert len(reader.outline) > 0


def test_same_content_gives_same_bytes_in_another_process(sample, printed):
    first = printed(sample)
    renderer.stop()
    assert printed(sample) == first
    assert printed(replace(sample, day=6)) != first


# ---------------------------------------------------------------- fonts


def test_only_our_own_font_is_in_the_file(sample, printed):
    with pdfplumber.open(io.BytesIO(printed(sample))) as opened:
        names = {sign["fontname"].split("+")[-1] for page in opened.pages for sign in page.chars}
    assert {name.split("-")[0] + "-" + name.split("-")[1] for name in names} == {"NTM-Times"}


def test_font_without_a_letter_is_refused_with_the_command_that_mends_it(tmp_path, monkeypatch):
    faces = fonts.find()
    for face, path in faces.items():
        with TTFont(path) as font:
            if face == "BoldItalic":
                chosen = subset.Subsetter()
                chosen.populate(unicodes=[code for code in font.getBestCmap() if code != ord("ỵ")])
                chosen.subset(font)
            font.save(tmp_path / f"Tinos-{face}.ttf")
    monkeypatch.setenv("FONT_DIR", str(tmp_path))
    fonts.find.cache_clear()
    try:
        with pytest.raises(fonts.FontsMissing, match="thiếu 1 chữ.*ỵ.*apt-get install"):
            fonts.find()
    finally:
        monkeypatch.undo()
        fonts.find.cache_clear()


def test_missing_fonts_reach_the_user_as_a_sentence(tmp_path, settings):
    settings.FONT_DIR = str(tmp_path)
    with pytest.raises(renderer.RenderError, match="apt-get install .*fonts-croscore"):
        renderer.check()


def test_sign_that_the_font_lacks_is_named(sample, printed):
    with pytest.raises(renderer.RenderError, match=r"“😀” \(U\+1F600\)"):
        printed(replace(sample, preamble=(Paragraph("Đạt 😀"),)))


def test_there_are_134_vietnamese_letters():
    letters = fonts.vietnamese_letters()
    assert len(letters) == len(set(letters)) == 134


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/a.png", "https://example.org/a.png", "file:///etc/hostname", "data:image/png;base64,AAAA"]
    + ["ftp://example.org/a", "ntm:unknown", "//example.org/a.png", "a.png", "NTM:Regular.ttf/../pdf.py"],
)
@pytest.mark.parametrize(
    "form",
    [
        '<img src="{}">',
        '<link rel="stylesheet" href="{}">',
        "<style>@import url('{}');</style>",
        "<style>body {{ background: url('{}') }}</style>",
        "<style>@font-face {{ font-family: x; src: url('{}') }}</style>",
        '<object data="{}"></object>',
        '<svg width="9" height="9"><image href="{}" width="9" height="9"/></svg>',
        '<link rel="attachment" href="{}">',
    ],
)
def test_engine_fetches_nothing_but_its_own_files(form, address):
    with pytest.raises(renderer.RenderError, match="địa chỉ bên ngoài|Bộ dàn trang báo lỗi"):
        printed_page(form.format(address))


def test_what_weasyprint_only_warns_of_is_an_error():
    with pytest.raises(renderer.RenderError, match="Bộ dàn trang báo lỗi"):
        printed_page("<style>p { colour: red; }</style>")
    assert printed_page("<p>Đạt</p>").startswith(b"%PDF-1.7")


@pytest.mark.parametrize("layout", ["notice_v999", "../notice_v1", "/etc/passwd", "notice_v1.css"])
def test_unknown_layout_is_refused(layout):
    with pytest.raises(renderer.RenderError, match="mẫu trình bày"):
        printed_page("x", layout)


@pytest.mark.parametrize(
    ("start", "never"),
    [
        ("django; django.setup()", {"weasyprint", "fontTools"}),
        # With every page loaded; what reads uploaded PDFs brings fontTools.
        ("ntm_portal.wsgi", {"weasyprint", "pydyf"}),
    ],
)
def test_web_workers_never_load_weasyprint(start, never):
    code = f"import {start}\nimport reports.renderer, sys; print({never} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "set()", done.stderr
