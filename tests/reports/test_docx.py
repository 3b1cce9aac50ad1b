"""The Word document: what is in the file, and how its pages look through LibreOffice beside our own."""

import difflib
import io
import shutil
import subprocess
import zipfile
from dataclasses import replace
from itertools import dropwhile

import pdfplumber
import pytest
from docx import Document
from docx.oxml.ns import qn
from lxml import etree

from reports import renderer
from reports.content import Dash, Paragraph, Section, Signature, Table
from reports.docx import to_docx

from .decree30 import check
from .samples import REFERENCE, SAMPLES, code, with_table

KINDS = {"minutes": "BIÊN BẢN", "minutes-alone": "BIÊN BẢN", "report": "BÁO CÁO"}
EQUAL_LINES = 0.98
# On the same page too, which is less by two lines at most: LibreOffice moves the last words, which stay with the
# signature, whole to the next page, where our page divides them.
ON_SAME_PAGE = 0.97
# A piece of text that stands further from the one before it belongs to another column.
COLUMN_GAP = 12


def opened(content):
    return Document(io.BytesIO(to_docx(content)))


def all_text(content):
    """Text of the whole body, cells included, in the order of the file."""
    return "".join(opened(content).element.body.itertext()).replace("\u2060", "")


def test_holds_every_word_of_the_content_in_order():
    text = all_text(REFERENCE)
    places = [text.find(block.plain) for block in REFERENCE.all_blocks()]
    assert -1 not in places
    assert places == sorted(places)


def test_same_content_gives_the_same_bytes():
    assert to_docx(REFERENCE) == to_docx(REFERENCE)
    assert to_docx(replace(REFERENCE, day=6)) != to_docx(REFERENCE)


def test_file_says_its_title_language_and_day():
    document = opened(REFERENCE)
    properties = document.core_properties
    assert (properties.title, properties.language) == (REFERENCE.title, "vi-VN")
    assert properties.author == "ĐOÀN KIỂM TRA CHƯƠNG TRÌNH MTQG XÂY DỰNG NTM"
    assert properties.created.date().isoformat() == REFERENCE.iso_date
    assert document.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}").get(qn("w:val")) == "vi-VN"


def test_headings_are_headings():
    document = opened(REFERENCE)
    headings = [
        (paragraph.style.name, paragraph.text.replace("\u2060", ""))
        for paragraph in document.paragraphs
        if paragraph.style.name.startswith("Heading")
    ]
    assert headings[0] == ("Heading 1", "I. ĐÁNH GIÁ CHUNG")
    assert [(f"Heading {part.depth}", part.heading) for part in REFERENCE.flow if part.heading] == headings


def test_page_numbers_begin_on_the_second_page():
    section = opened(REFERENCE).sections[0]
    assert section.different_first_page_header_footer
    assert "PAGE" in etree.tostring(section.header._element).decode()
    assert section.first_page_header.paragraphs[0].text == ""


def test_only_a_draft_is_marked():
    for is_draft in (True, False):
        parts = zipfile.ZipFile(io.BytesIO(to_docx(replace(REFERENCE, is_draft=is_draft))))
        marked = [name for name in parts.namelist() if "DỰ THẢO" in parts.read(name).decode("utf-8", "ignore")]
        assert bool(marked) is is_draft
        assert not is_draft or len(marked) == 3  # the word on the first page, the shapes of both headers


def test_table_repeats_its_head_and_keeps_rows_whole():
    (table,) = [table for table in opened(with_table(3)).tables if len(table.rows) == 4]
    properties = [row._tr.trPr for row in table.rows]
    assert [row.find(qn("w:tblHeader")) is not None for row in properties] == [True, False, False, False]
    assert all(row.find(qn("w:cantSplit")) is not None for row in properties)
    assert table.cell(1, 1).text == "Xã Phúc Khoa"


def test_table_of_a_thousand_rows_is_written():
    assert len(opened(with_table(1000)).tables[1].rows) == 1001


def test_end_of_a_table_before_the_last_words_stays_with_them():
    content = SAMPLES["table-last"]
    (table,) = [table for table in opened(content).tables if len(table.rows) == 15]
    kept = [row.cells[0].paragraphs[0].paragraph_format.keep_with_next for row in table.rows]
    assert kept == [None] * 14 + [True]


@pytest.mark.parametrize("name", ["reference", "minutes", "draft", "code-60", "table-wide"])
def test_process_that_prints_makes_the_same_file(name):
    assert renderer.to_docx(SAMPLES[name]) == to_docx(SAMPLES[name])


@pytest.mark.parametrize(
    ("text", "said"),
    [("a " * 5_000_000, "quá dài"), ("ngoặc \ud800 nửa", "nửa ký tự")],
)
def test_content_beyond_any_document_is_refused_in_words(text, said):
    with pytest.raises(renderer.RenderError, match=said):
        renderer.to_docx(replace(REFERENCE, preamble=(Paragraph(text),)))


@pytest.mark.long
def test_content_that_takes_too_long_is_given_up_and_the_next_one_is_made(monkeypatch):
    """The limit of time holds for Word too; the process ends with its last words, another takes the next job."""
    renderer.stop()
    monkeypatch.setenv("RENDER_JOB_SECONDS", "1")
    many = tuple(Paragraph(f"Đoạn thứ {place}.") for place in range(40_000))
    try:
        with pytest.raises(renderer.RenderError, match="quá 1 giây"):
            renderer.to_docx(replace(REFERENCE, preamble=many))
        assert renderer.to_docx(REFERENCE).startswith(b"PK")
    finally:
        renderer.stop()


def test_code_is_a_picture_with_words_for_who_cannot_see_it():
    content = replace(REFERENCE, verification=code())
    (picture,) = opened(content).inline_shapes
    assert picture._inline.docPr.get("descr") == f"Mã QR: {content.verification.address}"
    assert content.verification.short_hash in all_text(content)


HOSTILE = '</w:t><w:fldSimple w:instr="DDEAUTO c:\\x"/>&amp;\x00\x0b\x1b<b>{{x}}=1+1\t\u202e\ufffe'
SAFE = '</w:t><w:fldSimple w:instr="DDEAUTO c:\\x"/>&amp;<b>{{x}}=1+1'


def test_typed_markup_and_control_signs_stay_text():
    blocks = (Paragraph(HOSTILE), Dash(HOSTILE), Table(HOSTILE, (HOSTILE, "B"), ((HOSTILE, HOSTILE),), "lr"))
    content = replace(
        REFERENCE,
        parent=(HOSTILE,),
        issuer=(HOSTILE,),
        symbol=HOSTILE,
        place=HOSTILE,
        kind=HOSTILE,
        subject=HOSTILE,
        preamble=blocks,
        sections=(Section(1, HOSTILE, blocks),),
        closing=(Paragraph(HOSTILE),),
        signature=Signature((HOSTILE,), HOSTILE, HOSTILE),
        recipients=(HOSTILE,),
    )
    body = opened(content).element.body
    assert list(body.iter(qn("w:fldSimple"), qn("w:instrText"))) == []
    text = "".join(body.itertext()).replace("\u2060", "").replace("\t", " ")
    assert text.replace(" ", "").count(SAFE.replace(" ", "")) >= 17


# ---------------------------------------------------------------- through LibreOffice


@pytest.fixture(scope="module")
def through_libreoffice(tmp_path_factory):
    """`through_libreoffice({name: content})`: {name: path of the PDF that LibreOffice makes of our DOCX}."""
    program = shutil.which("soffice")
    if not program:
        pytest.skip("no LibreOffice: apt-get install libreoffice-writer-nogui")
    folder = tmp_path_factory.mktemp("docx")

    def go(contents):
        for name, content in contents.items():
            (folder / f"{name}.docx").write_bytes(to_docx(content))
        subprocess.run(
            [
                program,
                f"-env:UserInstallation=file://{folder}/profile",
                "--headless",
                "--convert-to",
                'pdf:writer_pdf_Export:{"UseTaggedPDF":{"type":"boolean","value":"true"}}',
                "--outdir",
                folder,
                *(folder / f"{name}.docx" for name in contents),
            ],
            check=True,
            capture_output=True,
            timeout=240,
        )
        return {name: folder / f"{name}.pdf" for name in contents}

    return go


def columns(page):
    """Pieces of text of a page, line by line, those of two columns apart; without the page's number."""
    pieces, previous = [], None
    for word in sorted(page.extract_words(), key=lambda word: (round(word["bottom"] / 3), word["x0"])):
        is_next = previous and abs(word["bottom"] - previous["bottom"]) < 3
        if is_next and 0 <= word["x0"] - previous["x1"] < COLUMN_GAP:
            pieces[-1] += f" {word['text']}"
        else:
            pieces.append(word["text"])
        previous = word
    return pieces[1:] if pieces and pieces[0].isdecimal() else pieces


def heads(content):
    """Words of the heads of all tables: what stands of them on top of a further page is furniture, as its number is."""
    return " ".join(" ".join(block.header) for block in content.all_blocks() if isinstance(block, Table))


def lines(pdf, content):
    """[(page, piece of text)]"""
    head = heads(content)
    with pdfplumber.open(pdf) as opened_pdf:
        pages = [columns(page) for page in opened_pdf.pages]
    pages[1:] = [list(dropwhile(lambda piece: piece in head, page)) for page in pages[1:]]
    return [(number, piece) for number, page in enumerate(pages, start=1) for piece in page]


def words_of(numbered):
    return [piece for _, piece in numbered]


def equal_share(ours, theirs):
    """Of all lines those that both have, in the same order."""
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / max(len(ours), len(theirs))


@pytest.mark.long
def test_through_libreoffice_lines_and_rules_are_those_of_our_pages(through_libreoffice, printed):
    """Decree 30's rules hold, and lines break where they break in our own pages; nothing is said of Word itself."""
    different, broken = {}, {}
    for name, path in through_libreoffice(SAMPLES).items():
        content = SAMPLES[name]
        ours, theirs = lines(io.BytesIO(printed(content)), content), lines(path, content)
        equal, paged = equal_share(words_of(ours), words_of(theirs)), equal_share(ours, theirs)
        print(f"{name}: {equal:.1%} of {len(ours)} lines equal, {paged:.1%} on the same page")
        if equal < EQUAL_LINES or paged < ON_SAME_PAGE:
            different[name] = equal, paged
        wrong = [rule for rule, holds, _ in check(path, kind=KINDS.get(name, "THÔNG BÁO")) if holds is False]
        if wrong:
            broken[name] = wrong
    assert (different, broken) == ({}, {})


@pytest.mark.long
def test_lines_that_break_elsewhere_and_a_broken_rule_would_be_seen(through_libreoffice, printed, monkeypatch):
    monkeypatch.setattr("reports.docx.RIGHT_MARGIN", 30)
    path = through_libreoffice({"narrow": REFERENCE})["narrow"]
    ours = lines(io.BytesIO(printed(REFERENCE)), REFERENCE)
    assert equal_share(words_of(ours), words_of(lines(path, REFERENCE))) < EQUAL_LINES / 2
    assert [rule for rule, holds, _ in check(path) if holds is False]
