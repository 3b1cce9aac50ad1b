"""PDF/A, PDF/UA, readable text and equal bytes; every check is proved by a file that breaks it."""

import io
import json
import shutil
import subprocess
from dataclasses import replace

import pypdf
import pytest
from django.template.loader import render_to_string
from pypdf.generic import ArrayObject, BooleanObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from reports import renderer
from reports.content import Facts, Section
from reports.pdf import DATA_NAME

from . import pdfa, pdfua
from .samples import SAMPLES, sentences, table

NAMES = ("reference", "one-page", "blank", "draft", "table-0", "table-3", "table-wide", "minutes", "code")
# A page with everything that the checks look at: headings, a table, a picture, more pages than one.
WHOLE = "whole"


@pytest.fixture(scope="module")
def files():
    """`files(name)`: the PDF of a sample, printed once for all tests here."""
    made = {}

    def go(name):
        if name not in made:
            content = whole() if name == WHOLE else SAMPLES[name]
            html = render_to_string("reports/pdf/notice_v1.html", {"notice": content})
            data = facts_of(content).text if name == WHOLE else None
            made[name] = renderer.render(html, "notice_v1", data=data)
        return made[name]

    return go


def whole():
    sections = (Section(1, "MỘT", sentences(9)), Section(2, "Hai", (table(3),)), Section(2, "Ba", sentences(2)))
    return replace(SAMPLES["one-page"], sections=sections, verification=SAMPLES["code"].verification)


def facts_of(content):
    return Facts({"content": content.as_facts()})


# ---------------------------------------------------------------- what is printed keeps the standards


@pytest.mark.parametrize("name", [*NAMES, WHOLE])
def test_pdf_keeps_both_standards(name, files):
    assert pdfa.check(files(name)) == {}
    assert pdfua.check(files(name)) == {}


@pytest.mark.parametrize("name", NAMES)
def test_qpdf_finds_nothing_wrong(name, files, tmp_path):
    program = shutil.which("qpdf")
    if not program:
        pytest.skip("no qpdf: apt-get install qpdf")
    (tmp_path / "notice.pdf").write_bytes(files(name))
    done = subprocess.run([program, "--check", tmp_path / "notice.pdf"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_screen_reader_is_told_every_word_in_order(name, files):
    content = SAMPLES[name]
    told = pdfua.Tagged(files(name)).text().split()
    place = 0
    for word in words_of(content):
        assert word in told[place:], f"“{word}” after “{' '.join(told[max(0, place - 5) : place])}”"
        place = told.index(word, place) + 1


@pytest.mark.parametrize("name", ["reference", "draft", "minutes", "table-wide"])
def test_search_finds_every_word_whole_and_in_order(name, files, text_of):
    content = SAMPLES[name]
    found = text_of(files(name)).split()
    place = 0
    for word in (word for block in content.all_blocks() for word in block.plain.split()):
        assert word in found[place:], word
        place = found.index(word, place) + 1


def words_of(content):
    """Every word of a document in the order of reading."""
    texts = [*content.parent, *content.issuer, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"]
    texts += ["Số:", f"{content.place}, ngày", content.kind, content.subject]
    for part in content.flow:
        texts += [part.heading, *(block.plain for block in part.blocks)]
    if content.cosigner:
        texts += [*content.cosigner.authority, content.cosigner.post, content.cosigner.name]
        ends = [*content.signature.authority, content.signature.post, content.signature.name]
        texts += [*ends, "Nơi nhận:", *content.recipient_lines]
    else:
        texts += ["Nơi nhận:", *content.recipients_beside, *content.signature.authority, content.signature.post]
        texts += [content.signature.name, *content.recipients_below]
    return " ".join(texts).split()


# ---------------------------------------------------------------- data, bytes


def test_data_is_attached_as_it_is_and_named_as_such(files):
    reader = pypdf.PdfReader(io.BytesIO(files(WHOLE)))
    (attached,) = reader.attachments[DATA_NAME]
    assert json.loads(attached)["content"]["subject"] == whole().subject
    assert attached.decode() == facts_of(whole()).text
    (item,) = pdfa.root_of(reader)["/AF"]
    assert item["/AFRelationship"] == "/Data"
    assert item["/EF"]["/F"]["/Subtype"] == "/application/json"
    assert item["/EF"]["/F"]["/Params"]["/ModDate"] == "D:20311205000000Z"
    assert pdfa.identified(reader) == ("3", "A")


def test_without_data_nothing_is_attached(files):
    reader = pypdf.PdfReader(io.BytesIO(files("reference")))
    assert not reader.attachments
    assert pdfa.identified(reader) == ("2", "A")


def test_another_process_gives_the_same_bytes_with_data(files, printed):
    first = files(WHOLE)
    renderer.stop()
    assert printed(whole(), data=facts_of(whole()).text) == first
    assert printed(whole(), data='{"a":1}') != first


def test_bookmarks_are_the_headings(files):
    titles = list(pdfua._titles(pypdf.PdfReader(io.BytesIO(files("reference"))).outline))
    assert titles == ["THÔNG BÁO", *(part.heading for part in SAMPLES["reference"].flow if part.heading)]


def test_page_numbers_are_no_text_of_the_document(files):
    assert not {"2", "3"} & set(pdfua.Tagged(files("reference")).text().split())


# ---------------------------------------------------------------- each check is proved by a file that breaks it


def changed(pdf, change):
    """The PDF after `change(writer, its root)`."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    change(writer, writer.root_object)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def test_a_copy_without_change_still_keeps_both_standards(files):
    copy = changed(files(WHOLE), lambda writer, root: None)
    assert (pdfa.check(copy), pdfua.check(copy)) == ({}, {})


def name_of(text):
    return NameObject(text)


def elements(writer, kind):
    found = (item for item in writer._objects if isinstance(item, DictionaryObject))
    return [item for item in found if item.get("/Type") == "/StructElem" and item.get("/S") == kind]


def fonts(writer):
    return [item for item in writer._objects if isinstance(item, DictionaryObject) and "/DescendantFonts" in item]


def in_metadata(old, new):
    def change(writer, root):
        stream = root["/Metadata"].get_object()
        text = stream.get_data().decode()
        assert old in text
        stream.set_data(text.replace(old, new).encode())

    return change


def in_content(old, new, page=0):
    def change(writer, root):
        stream = writer.pages[page]["/Contents"].get_object()
        data = stream.get_data()
        assert old in data
        stream.set_data(data.replace(old, new, 1))

    return change


def without(key, *path):
    def change(writer, root):
        item = root
        for step in path:
            item = item[step].get_object()
        del item[key]

    return change


def no_identifier(writer, root):
    writer._ID = None


def encrypted(writer, root):
    writer.encrypt("", "chủ")


def lossy(writer, root):
    stream = root["/Metadata"].get_object()
    stream[name_of("/F")] = TextStringObject("elsewhere.xml")


def without_font_file(writer, root):
    del fonts(writer)[0]["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()["/FontFile2"]


def without_letters(writer, root):
    del fonts(writer)[0]["/ToUnicode"]


def with_script(writer, root):
    root["/Names"][name_of("/JavaScript")] = DictionaryObject()


def with_soft_mask(writer, root):
    writer._add_object(DictionaryObject({name_of("/Type"): name_of("/XObject"), name_of("/SMask"): NumberObject(1)}))


def other_title(writer, root):
    writer.add_metadata({"/Title": "Một tên khác"})


def file_without_relationship(writer, root):
    del root["/AF"][0].get_object()["/AFRelationship"]


def file_twice(writer, root):
    root["/AF"].append(root["/AF"][0].indirect_reference)


A_FAULTS = [
    ("6.1.3 identifier", no_identifier),
    ("6.1.3 encryption", encrypted),
    ("6.1.7 streams", lossy),
    ("6.2.3 output intent", without("/OutputIntents")),
    ("6.2.11.4 fonts", without_font_file),
    ("6.2.11.7 letters", without_letters),
    ("6.2.11.8 no glyph", in_content(b"BT\n", b"BT\n<0000> Tj\n")),
    ("6.4 transparency", with_soft_mask),
    ("6.5 actions", with_script),
    ("6.6.2 metadata", in_metadata('pdfaid:conformance="A"', 'pdfaid:conformance="B"')),
    ("6.6.2.3 same in both places", other_title),
    ("6.7 structure", without("/Lang")),
    ("6.7 structure", without("/StructTreeRoot")),
    ("6.8 attachments", file_without_relationship),
    ("6.8 attachments", file_twice),
    ("6.8 attachments", without("/AF")),
    ("6.8 attachments", in_metadata('pdfaid:part="3"', 'pdfaid:part="2"')),
]


@pytest.mark.parametrize(("clause", "fault"), A_FAULTS, ids=lambda value: getattr(value, "__name__", value))
def test_gate_of_pdf_a_catches(clause, fault, files):
    assert clause in pdfa.check(changed(files(WHOLE), fault))


def test_every_clause_of_the_gate_is_proved():
    assert {clause for clause, _ in A_FAULTS} == set(pdfa.RULES)


def hidden_title(writer, root):
    root["/ViewerPreferences"][name_of("/DisplayDocTitle")] = BooleanObject(False)


def doubtful(writer, root):
    root["/MarkInfo"][name_of("/Suspects")] = BooleanObject(True)


def renamed(kind, to):
    def change(writer, root):
        elements(writer, kind)[0][name_of("/S")] = name_of(to)

    return change


def lost_element(writer, root):
    item = elements(writer, "/P")[0]
    item["/P"].get_object()["/K"].remove(item.indirect_reference)


def said_twice(writer, root):
    item = elements(writer, "/P")[0]
    item["/P"].get_object()["/K"].append(item.indirect_reference)


def other_owner(writer, root):
    owners = root["/StructTreeRoot"]["/ParentTree"]["/Nums"][1].get_object()
    owners[0], owners[1] = owners[1], owners[0]


def other_parent(writer, root):
    elements(writer, "/P")[0][name_of("/P")] = elements(writer, "/L")[0].indirect_reference


def cell_without_head(writer, root):
    elements(writer, "/TD")[0]["/A"][name_of("/Headers")] = ArrayObject()


def head_of_nothing(writer, root):
    del elements(writer, "/TH")[0]["/A"]["/Scope"]


def shorter_row(writer, root):
    del elements(writer, "/TR")[1]["/K"][-1]


def picture_without_words(writer, root):
    del elements(writer, "/Figure")[0]["/Alt"]


def picture_off_the_page(writer, root):
    box = elements(writer, "/Figure")[0]["/A"]["/BBox"]
    box[3] = NumberObject(2000)


def other_tab_order(writer, root):
    writer.pages[1][name_of("/Tabs")] = name_of("/R")


def wordless_link(writer, root):
    writer.add_uri(0, "https://example.org/", [0, 0, 9, 9])


def without_bookmarks(writer, root):
    del root["/Outlines"]


UA_FAULTS = [
    ("5 identifier", in_metadata('pdfuaid:part="1"', 'pdfuaid:part="0"')),
    ("7.1 title", hidden_title),
    ("7.1 title", in_metadata("dc:title>", "dc:label>")),
    ("7.2 language", without("/Lang")),
    ("7.1 tags", without("/MarkInfo")),
    ("7.1 tags", doubtful),
    ("7.1 tags", without("/StructTreeRoot")),
    ("7.1 content", in_content(b"/Artifact\nBMC", b"/Span\nBMC")),
    ("7.1 tree", lost_element),
    ("7.1 tree", said_twice),
    ("7.1 tree", other_owner),
    ("7.1 tree", in_content(b"/Artifact\n<</Type /Pagination>>", b"/Span\n<</MCID 999>>", page=1)),
    ("7.1 kinds", renamed("/LBody", "/Paragraph")),
    ("7.1 kinds", renamed("/L", "/Div")),
    ("7.1 kinds", other_parent),
    ("7.4 headings", renamed("/H3", "/H4")),
    ("7.4 headings", renamed("/H1", "/P")),
    ("7.5 tables", cell_without_head),
    ("7.5 tables", head_of_nothing),
    ("7.5 tables", shorter_row),
    ("7.5 tables", without("/IDTree", "/StructTreeRoot")),
    ("7.3 figures", picture_without_words),
    ("7.3 figures", picture_off_the_page),
    ("7.18 tab order", other_tab_order),
    ("7.18 annotations", wordless_link),
    ("7.21 fonts", without_letters),
    ("7.16 security", encrypted),
    ("7.17 bookmarks", without_bookmarks),
]


@pytest.mark.parametrize(("rule", "fault"), UA_FAULTS, ids=lambda value: getattr(value, "__name__", value))
def test_checks_of_pdf_ua_catch(rule, fault, files):
    assert rule in pdfua.check(changed(files(WHOLE), fault))


def test_every_check_of_pdf_ua_is_proved():
    assert {rule for rule, _ in UA_FAULTS} == set(pdfua.RULES)


def test_a_skipped_level_of_headings_is_printed_without_a_gap(printed, sample):
    skipping = replace(sample, sections=(Section(1, "MỘT"), Section(3, "Ba"), Section(3, "Ba"), Section(2, "Hai")))
    assert pdfua.check(printed(skipping)) == {}
