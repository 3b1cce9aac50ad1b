"""The notice of the demonstration, downloaded as anybody downloads it: the figures of the real round of Tân Uyên.

And that they come from the database: in a second round of the same units, with the same text, one conclusion was
changed before the notice was written, and other figures stand in its PDF.
"""

import io

import pypdf
import pytest

from ..reports import reference
from . import demo_site

# Over the whole demonstration, which takes a minute to make.
pytestmark = [pytest.mark.journey, pytest.mark.long]

# Criteria met of 19, as the scan of 05/12/2024 states them.
COMMUNES = {
    "Phúc Khoa": 18, "Thân Thuộc": 16, "Pắc Ta": 16, "Nậm Cần": 14, "Trung Đồng": 14, "Tà Mít": 14, "Hố Mít": 14,
    "Mường Khoa": 14, "Nậm Sỏ": 14,
}  # fmt: skip
REFERENCE = (
    "Số: 08/TB-ĐKT",
    "ngày 05 tháng 12 năm 2024",
    "14,89 tiêu chí/xã",
    "trực tiếp tại 07 xã",
    "qua báo cáo 02 xã",
    "xã Nậm Cần thực hiện đạt 09/19 tiêu chí",
    "xã Phúc Khoa thực hiện đạt 15/19 tiêu chí",
    "01/9 bản đạt bản NTM nâng cao",
    "bình quân 09 bản đạt 10,67 tiêu chí/bản",
)


def downloaded(desk_of, address):
    """The text of the PDF that the public page gives away, with single spaces."""
    page = desk_of()
    page.goto(address)
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải bản PDF").first.click()
    pages = pypdf.PdfReader(io.BytesIO(download.value.path().read_bytes())).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def without_page_numbers(text):
    """The words of the PDF; the only bare numbers in it that follow a page's last line are those of the pages."""
    words, page = [], 2
    for word in reference.words(text):
        if word == str(page):
            page += 1
        else:
            words.append(word)
    return words


def lacking(text, pieces):
    return [piece for piece in pieces if piece not in text]


def test_issued_notice_states_the_figures_of_the_real_round(demo_server, new_context):
    page = new_context(base_url=demo_server.url).new_page()
    page.goto("/thong-bao/")
    page.get_by_role("main").get_by_role("link", name="08/TB-ĐKT").first.click()
    text = downloaded(lambda: page, page.url)
    assert lacking(text, REFERENCE) == []
    assert lacking(text, [f"xã {name} đạt {met}/19 tiêu chí" for name, met in COMMUNES.items()]) == []
    scan, printed = reference.between(reference.scanned()), reference.between(without_page_numbers(text))
    assert reference.report(reference.differences(scan, printed), reference.intended("text")) == ""
    assert sum(COMMUNES.values()) / len(COMMUNES) == pytest.approx(14.89, abs=0.005)


def test_one_conclusion_changed_beforehand_changes_the_figures(demo_files, new_context, tmp_path):
    folder = demo_site.copied(demo_files, tmp_path / "second")
    address = demo_site.ask(folder, "second_round", "Mường Khoa", "1")
    with demo_site.served(folder) as server:
        text = downloaded(new_context(base_url=server.url).new_page, address)
    assert lacking(text, ["14,78 tiêu chí/xã", "xã Mường Khoa đạt 13/19 tiêu chí", "10,67 tiêu chí/bản"]) == []
    assert "14,89" not in text
    assert "xã Mường Khoa đạt 14/19" not in text
    others = [f"xã {name} đạt {met}/19 tiêu chí" for name, met in COMMUNES.items() if name != "Mường Khoa"]
    assert lacking(text, others) == []
