"""Every sample keeps the rules of Decree 30, and each rule is proved by a page that breaks it."""

import io
import re
from dataclasses import replace

import pypdf
import pytest
from django.template.loader import render_to_string

from reports import renderer
from reports.content import Paragraph

from . import decree30, outside
from .samples import SAMPLES

LONG = ("thirty-pages", "table-200")
NAMES = [pytest.param(name, marks=pytest.mark.long if name in LONG else ()) for name in SAMPLES]
OTHER_FONT = (
    '<style>@font-face { font-family: "Other"; src: url(ntm:Regular.ttf) } .text { font-family: "Other" }</style>'
)


def changed(name, css="", *, old="", new="", **fields):
    """Bytes of a sample printed with further style, with other words in its HTML, or with other content."""
    html = render_to_string("reports/pdf/notice_v1.html", {"notice": replace(SAMPLES[name], **fields)})
    assert old in html
    html = html.replace(old, new, 1) if old else html
    style = re.sub(r"(?<=[^\s};])\s*([;}])", r" !important\1", css)
    return renderer.render(html.replace("</head>", f"<style>{style}</style></head>", 1), "notice_v1")


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_keeps_every_rule(name, printed):
    results = decree30.check(printed(SAMPLES[name]), SAMPLES[name].kind)
    assert decree30.broken(results) == {}
    assert [result[0] for result in results] == list(decree30.NAMES)


@pytest.mark.parametrize(
    ("name", "not_spoken_of"),
    [
        ("reference", set()),
        ("minutes", set()),
        ("one-page", {"II.2b cơ quan chủ quản"}),
        ("minutes-alone", {"II.9 'Nơi nhận' 12 ngh.đậm, ngang hàng", "II.9 danh sách 11, -…; Lưu…"}),
    ],
)
def test_rules_that_a_document_gives_no_occasion_for(name, not_spoken_of, printed):
    results = decree30.check(printed(SAMPLES[name]), SAMPLES[name].kind)
    assert {rule for rule, holds, _ in results if holds is None} == not_spoken_of


PAGE = "two-pages"
FAULTS = [
    ("I.1 A4", {"css": "@page { size: 216mm 297mm }"}),
    ("I.3 lề", {"css": "@page { margin-left: 25mm }"}),
    ("I.3 lề", {"css": "@page { margin-right: 10mm }"}),
    ("I.4 phông", {"old": "</head>", "new": OTHER_FONT + "</head>"}),
    ("I.4 màu đen", {"css": ".subject { color: #00f }"}),
    ("I.7 số trang", {"css": "@page { @top-center { content: none } }"}),
    ("I.7 số trang", {"css": "@page { @top-center { font-size: 11pt } }"}),
    ("I.7 số trang", {"css": "@page { @top-center { padding-left: 40mm } }"}),
    ("II.1a Quốc hiệu", {"css": ".nation p:first-child { font-weight: 400 }"}),
    ("II.1b Tiêu ngữ", {"css": ".motto { font-size: 12pt }"}),
    ("II.1b Tiêu ngữ", {"old": "Độc lập - Tự do", "new": "Độc lập – Tự do"}),
    ("II.1b kẻ = dòng chữ", {"css": ".motto::after { width: 50% }"}),
    ("II.2b cơ quan chủ quản", {"css": ".issuer p { font-weight: 700 }"}),
    ("II.2b cơ quan chủ quản", {"parent": ("UBND huyện Tân Uyên",)}),
    ("II.2b cơ quan ban hành", {"css": ".issuer .own { font-size: 14pt }"}),
    ("II.2b cơ quan ban hành", {"css": ".issuer .own { text-align: left }"}),
    ("II.2b kẻ 1/3-1/2", {"css": ".issuer .over-rule::after { width: 100% }"}),
    ("II.2b kẻ 1/3-1/2", {"css": ".issuer .over-rule::after { display: none }"}),
    ("II.3 số, ký hiệu", {"old": "Số: 08/", "new": "Số: 8/"}),
    ("II.3 số, ký hiệu", {"symbol": "tb-đkt"}),
    ("II.3 số, ký hiệu", {"css": ".number span { font-size: 14pt }"}),
    ("II.4 địa danh, ngày", {"css": ".place { font-style: normal }"}),
    ("II.4 địa danh, ngày", {"old": "ngày 05", "new": "ngày 5"}),
    ("II.4 địa danh, ngày", {"old": "tháng 12", "new": "tháng 1"}),
    ("II.4 địa danh, ngày", {"css": ".place { text-align: left }"}),
    ("II.4c cùng dòng với số", {"css": ".place { position: relative; top: 8pt }"}),
    ("II.5b tên loại", {"css": ".title h1 { font-weight: 400 }"}),
    ("II.5b tên loại", {"css": ".title h1 { text-align: left }"}),
    ("II.5b trích yếu", {"css": ".title .subject { font-style: italic }"}),
    ("II.5b kẻ 1/3-1/2", {"css": ".title .over-rule::after { width: 80% }"}),
    ("II.6e cỡ chữ nội dung", {"css": ".text li { font-size: 12pt }"}),
    ("II.6e lùi đầu dòng 1/1,27cm", {"css": ".text p { text-indent: 20mm }"}),
    ("II.6e giãn dòng 1-1,5", {"css": ".text { line-height: 1.9 }"}),
    ("II.6e giãn dòng 1-1,5", {"css": ".text { line-height: 1 }"}),
    ("II.6e cách đoạn >=6pt", {"css": ".text li { margin-top: 2pt }"}),
    ("II.6e canh đều", {"css": ".text li { text-align: left }"}),
    ("II.6đ đề mục đậm", {"css": ".text h2 { font-weight: 400 }"}),
    ("II.6đ đề mục đậm", {"css": ".text h2 { text-indent: 0 }"}),
    ("đề mục không mồ côi", {"css": ".text h3 { break-after: page }"}),
    ("kết thúc ./.", {"closing": (Paragraph("Đề nghị các đơn vị triển khai thực hiện."),)}),
    ("II.7 chữ ký", {"css": ".signature p { font-weight: 400 }"}),
    ("II.7 chữ ký", {"css": ".signature p:last-child { text-align: right }"}),
    ("II.7 chữ ký", {"signature": replace(SAMPLES[PAGE].signature, authority=("Trưởng đoàn kiểm tra",))}),
    ("chữ ký kèm >=2 dòng nội dung", {"css": ".end { break-before: page }"}),
    ("II.9 'Nơi nhận' 12 ngh.đậm, ngang hàng", {"css": ".recipients-label strong { font-size: 11pt }"}),
    ("II.9 'Nơi nhận' 12 ngh.đậm, ngang hàng", {"css": ".recipients { padding-top: 10mm }"}),
    ("II.9 'Nơi nhận' 12 ngh.đậm, ngang hàng", {"css": ".recipients-label { display: none }"}),
    ("II.9 danh sách 11, -…; Lưu…", {"css": ".recipients li { font-size: 13pt }"}),
    ("II.9 danh sách 11, -…; Lưu…", {"recipients": ("UBND các xã", "TT. Huyện ủy")}),
    ("II.9 danh sách 11, -…; Lưu…", {"old": "- TT. Huyện ủy;", "new": "- TT. Huyện ủy."}),
]


@pytest.mark.parametrize(("rule", "fault"), FAULTS, ids=[f"{at}-{rule}" for at, (rule, _) in enumerate(FAULTS)])
def test_a_page_that_breaks_a_rule_is_caught(rule, fault):
    assert rule in decree30.broken(decree30.check(changed(PAGE, **fault)))


MINUTES_FAULTS = [
    ("II.9 'Nơi nhận' 12 ngh.đậm, ngang hàng", {"css": ".after { display: none }"}),
    ("II.9 'Nơi nhận' 12 ngh.đậm, ngang hàng", {"css": ".left.authority p { font-weight: 400 }"}),
    ("II.7 chữ ký", {"css": ".right.name p { font-weight: 400 }"}),
]


@pytest.mark.parametrize(("rule", "fault"), MINUTES_FAULTS)
def test_minutes_that_break_a_rule_are_caught(rule, fault):
    assert rule in decree30.broken(decree30.check(changed("minutes", **fault), "BIÊN BẢN"))


def without_title(pdf):
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    writer.metadata = None
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def test_a_file_without_a_title_is_caught(printed):
    assert decree30.FILE_RULE in decree30.broken(decree30.check(without_title(printed(SAMPLES["one-page"]))))


def test_every_rule_is_proved():
    assert {rule for rule, _ in FAULTS} | {decree30.FILE_RULE} == set(decree30.NAMES)


if outside.CHECKER:

    @pytest.mark.parametrize("name", NAMES)
    def test_another_checker_says_the_same_of_every_sample(name, printed):
        assert outside.differences(printed(SAMPLES[name]), SAMPLES[name].kind) == []

    @pytest.mark.parametrize(("name", "fault"), [(PAGE, fault) for _, fault in FAULTS])
    def test_another_checker_says_the_same_of_every_fault(name, fault):
        assert outside.differences(changed(name, **fault), SAMPLES[name].kind) == []

    @pytest.mark.parametrize("fault", [fault for _, fault in MINUTES_FAULTS])
    def test_another_checker_says_the_same_of_faulty_minutes(fault):
        assert outside.differences(changed("minutes", **fault), "BIÊN BẢN") == []
