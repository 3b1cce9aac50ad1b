"""What is taken back: our document plus signatures. Each mutation is a way in which something else could come in."""

import io
from dataclasses import replace

import pypdf
import pytest
from PIL import Image
from pyhanko.pdf_utils import generic, images
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, SimpleBoxLayoutRule
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import fields, signers
from pyhanko.stamp import StaticStampStyle

from reports.signing import judging, places, reading, writing
from reports.signing.model import Box, Refused, Step, done

from ..conftest import SAMPLE
from . import keys
from .conftest import SIGNER, print_page
from .pictures import signature_png

pytestmark = pytest.mark.long

MM = 25.4 / 72


def office_software(
    pdf, signer, *, field=None, box=None, page=0, subfilter=None, picture=None, before=None, certify=None
):
    """Signs as other software does: into a field of ours, or into one of its own at `box` (mm); None is invisible.

    before: a change that it makes in the same part of the file.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    if before:
        before(writer)
    own = signers.SimpleSigner.load_pkcs12_data(signer.p12, other_certs=[], passphrase=keys.WORD)
    meta = signers.PdfSignatureMetadata(
        field_name=field or "Signature1", md_algorithm="sha256", certify=bool(certify),
        subfilter=subfilter or fields.SigSeedSubFilter.PADES,
        **({"docmdp_permissions": certify} if certify else {}),
    )  # fmt: skip
    spec = None
    if not field:
        edges = tuple(edge / MM for edge in box) if box else None
        spec = fields.SigFieldSpec("Signature1", on_page=page, box=edges)
    style = StaticStampStyle(
        background=images.PdfImage(Image.open(io.BytesIO(picture or signature_png()))),
        background_opacity=1, border_width=0,
        background_layout=SimpleBoxLayoutRule(
            AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, inner_content_scaling=InnerScaling.STRETCH_FILL
        ),
    )  # fmt: skip
    output = signers.PdfSigner(meta, own, stamp_style=style, new_field_spec=spec).sign_pdf(writer)
    return output.getvalue()


def changed(pdf, change):
    """The file with an incremental update that nobody signed."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def reports_of(base, upload):
    return judging.judge(base, upload, roots=[keys.root_der()], at=keys.NOW)


# ---------------------------------------------------------------- what is taken


def test_signature_in_the_field_of_the_step_is_taken(numbered):
    upload = office_software(numbered, keys.leader(), field="ChuKy")
    reports = reports_of(numbered, upload)
    assert [(row.field, row.holds, row.is_trusted) for row in reports] == [("ChuKy", True, True)]
    assert done(reports, writing.field_boxes(numbered)) == {Step.LEADER}


def test_every_step_by_other_software_is_taken(blank):
    pdf = blank
    for step, signer in zip(Step, (keys.leader(), keys.clerk(), keys.clerk(), keys.office()), strict=True):
        upload = office_software(pdf, signer, field=step.value)
        assert reports_of(pdf, upload)[-1].field == step.value
        pdf = upload
    assert done(reading.report(pdf), writing.field_boxes(blank)) == set(Step)


@pytest.mark.parametrize("subfilter", [fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED, fields.SigSeedSubFilter.PADES])
def test_older_form_of_signature_is_taken_and_shown(numbered, subfilter):
    (row,) = reports_of(numbered, office_software(numbered, keys.leader(), field="ChuKy", subfilter=subfilter))
    assert row.holds
    assert row.is_pades == (subfilter == fields.SigSeedSubFilter.PADES)


def test_field_of_its_own_in_the_signers_room_counts_for_the_step(numbered):
    room = writing.field_boxes(numbered)[Step.LEADER]
    box = (room.left + 5, room.bottom + 2, room.right - 5, room.top - 2)
    reports = reports_of(numbered, office_software(numbered, keys.leader(), box=box))
    assert done(reports, writing.field_boxes(numbered)) == {Step.LEADER}


def test_signature_elsewhere_counts_for_no_step(numbered):
    reports = reports_of(numbered, office_software(numbered, keys.leader(), box=(160, 285, 200, 296)))
    assert done(reports, writing.field_boxes(numbered)) == set()


def test_two_signatures_at_once_are_taken(numbered):
    upload = office_software(office_software(numbered, keys.leader(), field="ChuKy"), keys.office(), field="Dau")
    assert [row.field for row in reports_of(numbered, upload)] == ["ChuKy", "Dau"]


def test_seal_on_top_of_our_own_signature_is_taken(led):
    assert [row.field for row in reports_of(led, office_software(led, keys.office(), field="Dau"))] == ["ChuKy", "Dau"]


def test_picture_in_the_margin_may_stand(numbered):
    upload = office_software(numbered, keys.office(), box=(160, 285, 200, 296))
    assert [row.holds for row in reports_of(numbered, upload)] == [True]


# ---------------------------------------------------------------- what is not


def refusal(base, upload):
    with pytest.raises(Refused) as refused:
        reports_of(base, upload)
    return str(refused.value)


def test_file_as_it_went_out_is_refused(numbered):
    assert "chưa có chữ ký" in refusal(numbered, numbered)


def test_file_of_another_notice_is_refused(numbered):
    other = writing.add_fields(print_page(replace(SAMPLE, subject="Kết luận kiểm tra khác")), SIGNER)
    upload = office_software(other, keys.leader(), field="ChuKy")
    assert "không phải văn bản này" in refusal(numbered, upload)


def test_one_digit_in_the_printed_page_is_enough_to_refuse(numbered):
    other = writing.add_fields(print_page(replace(SAMPLE, number=8)), SIGNER)
    assert "không phải văn bản này" in refusal(numbered, office_software(other, keys.leader(), field="ChuKy"))


def test_file_written_anew_is_refused_with_the_way_out(numbered):
    reader = pypdf.PdfReader(io.BytesIO(numbered))
    output = io.BytesIO()
    pypdf.PdfWriter(clone_from=reader).write(output)
    said = refusal(numbered, office_software(output.getvalue(), keys.leader(), field="ChuKy"))
    assert "ghi lại toàn bộ tệp" in said
    assert "ký nối tiếp" in said


def test_older_version_is_refused(blank, in_turn):
    """Somebody signs the file of the step before while another signature has come in."""
    late = office_software(blank, keys.office(), field="Dau")
    assert "bản cũ hơn" in refusal(in_turn[0], late)


def test_encrypted_file_is_refused(numbered):
    writer = copy_into_new_writer(reading.open_reader(numbered))
    writer.encrypt(owner_pass="chu", user_pass="doc")
    output = io.BytesIO()
    writer.write(output)
    assert "mật khẩu" in refusal(numbered, output.getvalue())


@pytest.mark.parametrize("junk", [b"", b"PK\x03\x04 docx", b"%PDF-1.7 nothing"])
def test_what_is_no_pdf_is_refused(numbered, junk):
    assert refusal(numbered, junk)


def test_large_file_is_refused(numbered, monkeypatch):
    monkeypatch.setattr(judging, "MOST_ADDED", 1000)
    assert "quá lớn" in refusal(numbered, office_software(numbered, keys.leader(), field="ChuKy"))


def test_cut_file_is_refused(numbered):
    upload = office_software(numbered, keys.leader(), field="ChuKy")
    for length in (len(upload) - 1, len(upload) - 200, len(numbered) + 500, len(numbered) + 1):
        assert refusal(numbered, upload[:length])


def test_broken_signature_is_refused(numbered):
    upload = office_software(numbered, keys.leader(), field="ChuKy")
    place = upload.rfind(b"/Contents <") + 3000
    broken = bytearray(upload)
    broken[place] = ord("1") if broken[place] != ord("1") else ord("2")
    assert refusal(numbered, bytes(broken))


def page_of(writer):
    return writer.root["/Pages"]["/Kids"][0].get_object()


def text_on_top(writer):
    """Something drawn over the page."""
    data = b"q 0 0 0 rg 300 500 200 20 re f Q"
    stream = writer.add_object(generic.StreamObject({}, stream_data=data))
    writer.add_stream_to_page(0, stream)


def text_replaced(writer):
    page = page_of(writer)
    data = page["/Contents"].data
    stream = generic.StreamObject({}, stream_data=data.replace(b"Tj", b"Tj ", 1).replace(b"0 0 0 rg", b"1 0 0 rg"))
    page[pdf_name("/Contents")] = writer.add_object(stream)
    writer.update_container(page)


def link_added(writer):
    action = {pdf_name("/S"): pdf_name("/URI"), pdf_name("/URI"): generic.pdf_string("https://example.invalid/")}
    _annotation(writer, "/Link", {pdf_name("/A"): generic.DictionaryObject(action)})


def note_added(writer):
    _annotation(writer, "/FreeText", {pdf_name("/Contents"): generic.pdf_string("Đã sửa")})


def _annotation(writer, kind, more):
    entries = {
        pdf_name("/Type"): pdf_name("/Annot"),
        pdf_name("/Subtype"): pdf_name(kind),
        pdf_name("/F"): generic.NumberObject(4),
        pdf_name("/Rect"): generic.ArrayObject([generic.NumberObject(edge) for edge in (100, 400, 300, 430)]),
        **more,
    }
    page_ref, _ = writer.find_page_for_modification(0)
    writer.register_annotation(page_ref, writer.add_object(generic.DictionaryObject(entries)))


def script_added(writer):
    action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.pdf_string("app.alert(1)")}
    writer.root[pdf_name("/OpenAction")] = writer.add_object(generic.DictionaryObject(action))
    writer.update_root()


def attachment_added(writer):
    stream = writer.add_object(generic.StreamObject({pdf_name("/Type"): pdf_name("/EmbeddedFile")}, stream_data=b"MZ"))
    spec = {
        pdf_name("/Type"): pdf_name("/Filespec"), pdf_name("/F"): generic.pdf_string("a.exe"),
        pdf_name("/EF"): generic.DictionaryObject({pdf_name("/F"): stream}),
    }  # fmt: skip
    names = generic.ArrayObject([generic.pdf_string("a.exe"), writer.add_object(generic.DictionaryObject(spec))])
    tree = generic.DictionaryObject({pdf_name("/Names"): names})
    writer.root[pdf_name("/Names")] = generic.DictionaryObject({pdf_name("/EmbeddedFiles"): tree})
    writer.update_root()


def page_added(writer):
    pages = writer.root["/Pages"]
    blank = {
        pdf_name("/Type"): pdf_name("/Page"), pdf_name("/Parent"): writer.root.raw_get("/Pages"),
        pdf_name("/MediaBox"): generic.ArrayObject([generic.NumberObject(edge) for edge in (0, 0, 595, 842)]),
    }  # fmt: skip
    pages["/Kids"].append(writer.add_object(generic.DictionaryObject(blank)))
    pages[pdf_name("/Count")] = generic.NumberObject(int(pages["/Count"]) + 1)
    writer.update_container(pages)


def page_cropped(writer):
    page = page_of(writer)
    page[pdf_name("/CropBox")] = generic.ArrayObject([generic.NumberObject(edge) for edge in (0, 200, 595, 842)])
    writer.update_container(page)


def font_replaced(writer):
    """The same text drawn otherwise: a letter's form changes while the text stays."""
    fonts = page_of(writer)["/Resources"]["/Font"]
    font = next(iter(fonts.values())).get_object()
    font[pdf_name("/ToUnicode")] = writer.add_object(generic.StreamObject({}, stream_data=b"%nothing"))
    writer.update_container(font)


def text_field_added(writer):
    entries = {
        pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name("/Widget"),
        pdf_name("/FT"): pdf_name("/Tx"),
        pdf_name("/T"): generic.pdf_string("GhiChu"), pdf_name("/V"): generic.pdf_string("thêm"),
        pdf_name("/F"): generic.NumberObject(4),
        pdf_name("/Rect"): generic.ArrayObject([generic.NumberObject(edge) for edge in (100, 400, 300, 430)]),
    }  # fmt: skip
    ref = writer.add_object(generic.DictionaryObject(entries))
    form = writer.root["/AcroForm"]
    form["/Fields"].append(ref)
    writer.update_container(form["/Fields"])
    writer.register_annotation(writer.find_page_for_modification(0)[0], ref)


def script_on_a_field(writer):
    """An action in the very widget of a signature."""
    _, _, ref = next(fields.enumerate_sig_fields(writer, with_name="ChuKy"))
    action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.pdf_string("app.alert(1)")}
    field = ref.get_object()
    field[pdf_name("/A")] = generic.DictionaryObject(action)
    writer.update_container(field)


CHANGES = [
    text_on_top, text_replaced, link_added, note_added, script_added, attachment_added, page_added, page_cropped,
    font_replaced, text_field_added, script_on_a_field,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_change_made_while_signing_is_refused(numbered, change):
    """The signature itself is good and covers the changed file: only comparing with what went out finds it."""
    upload = office_software(numbered, keys.leader(), field="ChuKy", before=change)
    assert all(row.is_intact and row.is_valid for row in reading.report(upload))
    assert refusal(numbered, upload)


@pytest.mark.parametrize("change", CHANGES)
def test_change_made_before_signing_is_refused(numbered, change):
    assert refusal(numbered, office_software(changed(numbered, change), keys.leader(), field="ChuKy"))


@pytest.mark.parametrize("change", CHANGES)
def test_change_made_after_signing_is_refused(numbered, change):
    upload = changed(office_software(numbered, keys.leader(), field="ChuKy"), change)
    assert refusal(numbered, upload)


@pytest.mark.parametrize("change", CHANGES)
def test_change_between_two_signatures_is_refused(led, change):
    assert refusal(led, office_software(changed(led, change), keys.office(), field="Dau"))


def test_unsigned_field_after_the_last_signature_is_refused(numbered):
    upload = office_software(numbered, keys.leader(), field="ChuKy")
    spec = fields.SigFieldSpec("Them", box=(10, 10, 60, 40))
    said = refusal(numbered, changed(upload, lambda writer: fields.append_signature_field(writer, spec)))
    assert "Sau chữ ký cuối cùng" in said


def test_bytes_after_the_last_signature_are_refused(numbered):
    upload = office_software(numbered, keys.leader(), field="ChuKy")
    assert refusal(numbered, upload + b"\n% more")


@pytest.mark.parametrize(
    "box", [(30, 150, 190, 200), (30, 20, 190, 280), (32, 255, 88, 276), (30, 60, 100, 110)],
    ids=["text", "page", "letterhead", "recipients"],
)  # fmt: skip
def test_picture_over_printed_text_is_refused(numbered, box):
    said = refusal(numbered, office_software(numbered, keys.leader(), box=box))
    assert "che chữ" in said


def test_signature_that_locks_the_file_is_refused(numbered):
    for permission in (fields.MDPPerm.NO_CHANGES, fields.MDPPerm.FILL_FORMS):
        locked = office_software(numbered, keys.leader(), field="ChuKy", certify=permission)
        assert "khóa tệp" in refusal(numbered, locked)


def test_each_check_alone_would_not_do(numbered, monkeypatch):
    """The page's look is compared even where the policy on changes lets something pass."""
    monkeypatch.setattr(judging, "_require_signatures_only", lambda *_: None)
    upload = office_software(numbered, keys.leader(), field="ChuKy", before=text_on_top)
    assert "trang 1 khác" in refusal(numbered, upload)


def test_zones_lie_around_the_places(blank):
    head, end = judging.zones(blank)
    assert isinstance(head, Box)
    lines = places.lines_of(places.signs_of(places.open_pdf(blank)[0]))
    inside = {
        line.text for line in lines for sign in line.signs if any(zone.holds(*sign.middle) for zone in (head, end))
    }
    assert not [text for text in inside if "Bình quân" in text or "CỘNG HÒA" in text or "Kết luận" in text]


def test_stamps_do_not_hide_the_words_around_them(in_turn, blank):
    """What goes out after the number is signed shows the same words of the line."""
    assert judging._words(blank) == judging._words(in_turn[2])
