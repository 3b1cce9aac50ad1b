"""A notice as PDF, DOCX, HTML and JSON, by page and command: stored bytes when issued, else marked drafts."""

import hashlib
import io
import json
from dataclasses import replace
from html.parser import HTMLParser

import pypdf
import pytest
from django.core.management import CommandError, call_command
from django.template.loader import render_to_string
from django.urls import reverse
from docx import Document

from reports import renditions, verification
from reports.content import canonical_json
from reports.models import IssuedDocument, Notice

from . import factories, pdfa, samples

pytestmark = pytest.mark.long

Rendition = IssuedDocument.Rendition
FORMATS = pytest.mark.parametrize("wanted", renditions.FORMATS)


def made(notice, wanted, **options):
    return renditions.of(Notice.objects.with_context().get(pk=notice.pk), wanted, **options)


def page_of(content, **more):
    context = {"content": content, "facts_sha256": "", "is_superseded": False, "replaced_by": "", **more}
    return render_to_string("reports/html/notice.html", context)


def words_of_docx(data):
    return "".join(Document(io.BytesIO(data)).element.body.itertext())


# ---------------------------------------------------------------- stored bytes and frozen facts


@pytest.mark.django_db
@pytest.mark.parametrize(("wanted", "rendition"), [("pdf", Rendition.FINAL), ("docx", Rendition.DOCX)])
def test_issued_notice_is_given_as_it_was_stored(wanted, rendition, district):
    scene = factories.issued(district)
    document = scene.notice.documents.get(rendition=rendition)
    file = made(scene.notice, wanted)
    assert file.stored == document
    assert hashlib.sha256(file.read()).hexdigest() == document.sha256
    assert file.name == f"thong-bao-01-TB-ĐKT.{wanted}"


@pytest.mark.django_db
def test_issued_notice_without_a_stored_docx_is_made_from_its_frozen_facts(district):
    scene = factories.issued(district)
    stored = made(scene.notice, "docx").read()
    notice = Notice.objects.with_context().get(pk=scene.notice.pk)
    source = renditions.Source(notice)
    source.stored = lambda wanted: None
    assert source.docx() == stored


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", ["html", "json", "docx"])
def test_issued_notice_says_what_was_frozen_whatever_has_changed(wanted, district):
    scene = factories.issued(district)
    before = made(scene.notice, wanted).read()
    scene.world.round.team_name = "Đoàn khác"
    scene.world.round.save()
    assert made(scene.notice, wanted).read() == before


@pytest.mark.django_db
def test_json_of_an_issued_notice_holds_its_frozen_facts_and_their_hash(district):
    scene = factories.issued(district)
    document = scene.notice.documents.get(rendition=Rendition.FINAL)
    text = made(scene.notice, "json").read().decode()
    data = json.loads(text)
    assert text == canonical_json(data)
    assert (data["id"], data["status"], data["is_draft"]) == (str(scene.notice.public_id), "issued", False)
    assert data["facts"] == document.facts
    assert data["facts_sha256"] == document.facts_sha256
    # As anybody can compute it from the file alone.
    written = json.dumps(data["facts"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(written.encode()).hexdigest() == data["facts_sha256"]


# ---------------------------------------------------------------- drafts


@pytest.mark.django_db
@pytest.mark.parametrize("make", [factories.draft, factories.approved])
def test_notice_that_is_not_issued_is_marked_in_every_format(make, district, text_of):
    notice = make(district).notice
    assert "DỰ THẢO" in text_of(made(notice, "pdf").read())
    assert "DỰ THẢO" in words_of_docx(made(notice, "docx").read())
    assert "DỰ THẢO" in made(notice, "html").read().decode()
    data = json.loads(made(notice, "json").read())
    assert data["is_draft"]
    assert data["facts"]["content"]["is_draft"]
    assert made(notice, "json").name == "thong-bao-du-thao.json"


@pytest.mark.django_db
def test_issued_notice_carries_no_mark_in_any_format(district, text_of):
    notice = factories.issued(district).notice
    assert "DỰ THẢO" not in text_of(made(notice, "pdf").read())
    assert "DỰ THẢO" not in words_of_docx(made(notice, "docx").read())
    assert "DỰ THẢO" not in made(notice, "html").read().decode()


@pytest.mark.django_db
def test_draft_and_issued_notice_have_facts_of_one_shape(district):
    scene = factories.approved(district)
    before = json.loads(made(scene.notice, "json").read())["facts"]
    factories.services.issue_notice(scene.notice, on=factories.clock.today(), by=scene.coordinator)
    after = json.loads(made(scene.notice, "json").read())["facts"]
    assert before.keys() == after.keys()
    same = {name: value for name, value in after["content"].items() if before["content"][name] == value}
    assert after["content"].keys() - same.keys() == {"number", "day", "month", "is_draft"} | (
        {"year"} if before["content"]["year"] != after["content"]["year"] else set()
    )


@pytest.mark.django_db
def test_all_formats_say_the_same_words(district, text_of):
    notice = factories.draft(district).notice
    content = renditions.Source(notice).content
    texts = [
        text_of(made(notice, "pdf").read()),
        words_of_docx(made(notice, "docx").read()).replace("\u2060", ""),
        made(notice, "html").read().decode(),
    ]
    for block in content.all_blocks():
        for text in texts:
            assert all(piece.text.split()[0] in text for piece in block.spans)


# ---------------------------------------------------------------- with the data in it


@pytest.mark.django_db
@pytest.mark.parametrize("make", [factories.draft, factories.issued])
def test_pdf_with_data_holds_the_facts_and_is_archival(make, district, tmp_path):
    notice = make(district).notice
    target = tmp_path / "a.pdf"
    call_command("render_notice", str(notice.pk), "--attach-data", "-o", str(target), verbosity=0)
    ((name, (attached,)),) = pypdf.PdfReader(target).attachments.items()
    facts = json.loads(made(notice, "json").read())
    assert name == "du-lieu.json"
    assert json.loads(attached) == facts["facts"]
    assert hashlib.sha256(attached).hexdigest() == facts["facts_sha256"]
    assert pdfa.check(target.read_bytes()) == {}


@pytest.mark.django_db
def test_pdf_with_data_of_a_notice_that_prints_its_code_prints_it(district, settings, text_of):
    settings.PUBLIC_BASE_URL = "https://nongthonmoi.example.vn"
    scene = factories.draft(district)
    Notice.objects.filter(pk=scene.notice.pk).update(prints_code=True)
    scene.notice.refresh_from_db()
    factories.services.approve_notice(scene.notice, version=scene.notice.version, by=scene.head)
    factories.services.issue_notice(scene.notice, on=factories.clock.today(), by=scene.coordinator)
    sha256 = scene.notice.documents.get(rendition=Rendition.FINAL).facts_sha256
    short = verification.code_for(verification.address(), sha256).short_hash
    assert short in text_of(made(scene.notice, "pdf", attach_data=True).read())
    assert text_of(made(scene.notice, "pdf", attach_data=True).read()) == text_of(made(scene.notice, "pdf").read())


# ---------------------------------------------------------------- the page as one file


class Outline(HTMLParser):
    """Tags, addresses and headings of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.addresses, self.levels, self.columns, self.captions = [], [], [], 0, 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.tags.append(tag)
        self.addresses += [value for name, value in named.items() if name in ("src", "href", "srcset", "action")]
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.levels.append(int(tag[1]))
        self.columns += tag == "th" and named.get("scope") == "col"
        self.captions += tag == "caption"


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_page_is_one_file_with_headings_in_order(name):
    content = samples.SAMPLES[name]
    page = page_of(content)
    outline = Outline(page)
    assert outline.addresses == []
    assert {"script", "link", "img", "iframe", "form"} & set(outline.tags) == set()
    assert "url(" not in page
    assert "@import" not in page
    assert outline.levels[0] == 1
    assert outline.levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.levels, outline.levels[1:], strict=False))
    tables = [block for block in content.all_blocks() if block.kind == "table"]
    assert outline.columns == sum(len(table.header) for table in tables)
    assert outline.captions == sum(bool(table.text) for table in tables)


def test_page_holds_every_word_of_the_content():
    page = page_of(samples.MINUTES)
    for block in samples.MINUTES.all_blocks():
        assert all(piece.text in page for piece in block.spans)
    for signature in (samples.MINUTES.signature, samples.MINUTES.cosigner):
        assert signature.name in page
    assert "- " not in "".join(samples.MINUTES.recipients)
    assert all(name in page for name in samples.MINUTES.recipients)


def test_typed_markup_stays_text_in_the_page():
    typed = samples.Paragraph("<script>alert(1)</script><style>*{}</style>{{ content }}</main>")
    page = page_of(replace(samples.ONE_PAGE, preamble=(typed,), place="<img src=x>"))
    outline = Outline(page)
    assert "script" not in outline.tags
    assert outline.tags.count("style") == 1
    assert "img" not in outline.tags
    assert "{{ content }}" in page


def test_page_says_first_that_it_was_replaced_or_is_no_real_notice():
    page = page_of(replace(samples.ONE_PAGE, is_demo=True), is_superseded=True, replaced_by="Thông báo số 09/TB-ĐKT")
    head = page[: page.index("<h1")]
    assert "đã được thay thế bằng Thông báo số 09/TB-ĐKT" in head
    assert "không phải văn bản thật" in head


@pytest.mark.django_db
def test_page_of_an_issued_notice_names_the_hash_of_its_facts(district):
    scene = factories.issued(district)
    sha256 = scene.notice.documents.get(rendition=Rendition.FINAL).facts_sha256
    assert sha256 in made(scene.notice, "html").read().decode()
    assert sha256 not in made(factories.draft(district).notice, "html").read().decode()


# ---------------------------------------------------------------- from the portal's pages


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", ["docx", "html", "json"])
def test_page_of_the_notice_leads_to_each_file(wanted, district, client):
    scene = factories.draft(district)
    client.force_login(scene.coordinator)
    page = client.get(scene.notice.get_absolute_url()).content.decode()
    address = reverse("reports:notice-download", args=[scene.notice.public_id, wanted])
    assert f'href="{address}"' in page
    answer = client.get(address)
    assert answer["Content-Type"] == renditions.CONTENT_TYPES[wanted]
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer.content == made(scene.notice, wanted).read()


@pytest.mark.django_db
def test_issued_notice_offers_one_word_document(district, client):
    """The one that was made with the issue and has a hash."""
    scene = factories.issued(district)
    client.force_login(scene.coordinator)
    page = client.get(scene.notice.get_absolute_url()).content.decode()
    assert page.count(">Bản Word<") == 1
    assert reverse("reports:notice-rendition", args=[scene.notice.public_id, "docx"]) in page


@pytest.mark.django_db
def test_stored_file_is_handed_to_the_proxy(district, client, settings):
    settings.ACCEL_PREFIX = "/tep/"
    scene = factories.issued(district)
    client.force_login(scene.coordinator)
    answer = client.get(reverse("reports:notice-download", args=[scene.notice.public_id, "docx"]))
    stored = scene.notice.documents.get(rendition=Rendition.DOCX)
    assert answer["X-Accel-Redirect"] == f"/tep/{stored.file.name}"
    assert "filename*=UTF-8''thong-bao-01-TB-%C4%90KT.docx" in answer["Content-Disposition"]


# ---------------------------------------------------------------- the command


@pytest.mark.django_db
@FORMATS
def test_command_writes_each_format(wanted, district, tmp_path):
    notice = factories.issued(district).notice
    target = tmp_path / f"a.{wanted}"
    call_command("render_notice", str(notice.public_id), "--format", wanted, "-o", str(target), verbosity=0)
    assert target.read_bytes() == made(notice, wanted).read()


@pytest.mark.django_db
def test_command_refuses_data_in_anything_but_a_pdf(district, tmp_path):
    notice = factories.draft(district).notice
    with pytest.raises(CommandError, match="--format pdf"):
        call_command(
            "render_notice", str(notice.pk), "--format", "html", "--attach-data", "-o", str(tmp_path / "a"), verbosity=0
        )
