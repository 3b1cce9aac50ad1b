"""Places on the page, signing in two steps, and what holds of the signatures afterwards."""

import hashlib
import io
import random
from dataclasses import replace
from itertools import pairwise

import pypdf
import pypdfium2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from PIL import Image, ImageChops

from reports import signing
from reports.signing import places, reading, writing
from reports.signing.model import Appearance, Box, Refused, Signer, Step

from ..conftest import SAMPLE
from . import keys
from .conftest import SIGNER, print_page, sign_step, stamp
from .pictures import png, seal_png, signature_png

pytestmark = pytest.mark.long

# A page of A4 at this scale has 4 dots a millimetre.
DOTS = 4
SCALE = DOTS * 25.4 / 72


def ink(pdf, colour, page=0):
    """Box (mm, from the lower left corner) of everything of one colour on a page as a reader shows it."""
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    image = document[page].render(scale=SCALE).to_pil().convert("RGB")
    red, _, blue = image.split()
    more, less = (red, blue) if colour == "red" else (blue, red)
    left, top, right, bottom = ImageChops.subtract(more, less).point(lambda dot: 255 if dot > 60 else 0).getbbox()
    return Box(page, left / DOTS, (image.height - bottom) / DOTS, right / DOTS, (image.height - top) / DOTS)


def near(found, wanted, tolerance=0.6):
    return abs(found - wanted) <= tolerance


# ---------------------------------------------------------------- places


def test_fields_stand_in_the_blanks_and_in_the_room_of_the_signer(printed_blank):
    found = places.find(printed_blank, SIGNER)
    assert set(found) == set(Step)
    number, date = found[Step.NUMBER], found[Step.DATE]
    assert number.box.width >= 12  # Decree 30 leaves at least that much to write in
    assert len(number.slots) == 1
    assert len(date.slots) == 2
    assert number.slots[0].baseline == pytest.approx(date.slots[0].baseline, abs=0.05)
    assert number.box.right < date.box.left
    signature, seal = found[Step.LEADER].box, found[Step.SEAL].box
    assert near(seal.width, 36)
    assert near(seal.height, 36)
    assert near(seal.right, signature.left + signature.width / 3)
    assert near(seal.centre[1], signature.centre[1])


def test_no_field_for_number_and_day_that_are_printed(printed_numbered):
    assert set(places.find(printed_numbered, SIGNER)) == {Step.LEADER, Step.SEAL}


@pytest.mark.parametrize(
    ("signature", "signer"),
    [
        (replace(SAMPLE.signature, post=""), Signer("TRƯỞNG ĐOÀN KIỂM TRA", "Nguyễn Văn Thử")),
        (
            replace(SAMPLE.signature, authority=("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"), post=""),
            Signer("PHÓ CHỦ TỊCH", "Nguyễn Văn Thử"),
        ),
    ],
)
def test_room_is_found_for_each_form_of_authority(signature, signer):
    pdf = print_page(replace(SAMPLE, signature=signature))
    box = places.find(pdf, signer)[Step.LEADER].box
    signs = places.signs_of(places.open_pdf(pdf)[box.page])
    assert not [sign.text for sign in signs if sign.text.strip() and box.holds(*sign.middle)]
    assert 110 < box.centre[0] < 190


def test_room_is_on_the_last_page_even_when_the_words_stand_earlier():
    section = replace(SAMPLE.sections[0], blocks=SAMPLE.preamble * 60)
    pdf = print_page(replace(SAMPLE, sections=(section,)))
    box = places.find(pdf, SIGNER)[Step.LEADER].box
    assert box.page == len(places.open_pdf(pdf)) - 1 > 0


def test_without_room_nothing_is_prepared(printed_blank):
    with pytest.raises(Refused, match="chỗ ký"):
        writing.add_fields(printed_blank, Signer("BỘ TRƯỞNG", "Ai Đó"))


# ---------------------------------------------------------------- what is drawn


def test_signature_is_blue_between_post_and_name_and_the_seal_covers_its_left_third(sealed):
    signature, seal = ink(sealed, "blue"), ink(sealed, "red")
    assert near(seal.width, 36, 1)
    assert near(seal.height, 36, 1)
    # The seal lies over part of the line's left end; what shows of it still begins at the field's edge.
    field = writing.field_boxes(sealed)[Step.LEADER]
    assert near(signature.right, field.right, 1)
    assert near(seal.right, field.left + field.width / 3, 1)
    assert near(seal.centre[1], signature.centre[1], 1)


@pytest.mark.parametrize("size", [(900, 200), (300, 300), (200, 600)])
def test_seal_follows_the_shape_of_the_signature(numbered, size):
    pdf = sign_step(numbered, Step.LEADER, Appearance(signature_png(size=size)), keys.leader())
    boxes = writing.field_boxes(pdf)
    shape, seal = boxes[Step.LEADER], boxes[Step.SEAL]
    assert shape.width / shape.height == pytest.approx(size[0] / size[1], rel=0.1)
    assert near(seal.right, shape.left + shape.width / 3)


def test_seal_has_the_size_it_really_has(printed_numbered):
    pdf = writing.add_fields(printed_numbered, SIGNER, seal_mm=34)
    assert near(writing.field_boxes(pdf)[Step.SEAL].width, 34)


def test_number_and_day_stand_on_the_line_as_if_they_had_been_printed(in_turn, blank):
    """Black dots that came in lie on the line's own height and in the middle of each blank."""
    before = pypdfium2.PdfDocument(blank)[0].render(scale=SCALE).to_pil().convert("L")
    document = pypdfium2.PdfDocument(in_turn[2])
    document.init_forms()
    after = document[0].render(scale=SCALE).to_pil().convert("L")
    height = before.height / DOTS
    found = places.find(blank)
    for step, digits in ((Step.NUMBER, 1), (Step.DATE, 2)):
        for slot in found[step].slots:
            area = (slot.centre - 5, height - slot.baseline - 6, slot.centre + 5, height - slot.baseline + 2)
            crop = [image.crop(tuple(round(edge * DOTS) for edge in area)) for image in (before, after)]
            assert crop[0].getextrema()[0] > 200  # blank before
            drawn = crop[1].point(lambda dot: 255 if dot < 128 else 0).getbbox()
            assert near((drawn[0] + drawn[2]) / 2 / DOTS, 5, 0.5)
            assert near(6 - drawn[3] / DOTS, 0, 0.4)  # digits stand on the baseline
        assert digits == len(found[step].slots)


def test_stamp_keeps_no_tag_of_the_page_it_came_from(in_turn):
    page = pypdf.PdfReader(io.BytesIO(in_turn[-1])).pages[0]
    field = next(row.get_object() for row in page["/Annots"] if row.get_object()["/T"] == Step.DATE.value)
    forms = field["/AP"]["/N"]["/Resources"]["/XObject"]
    for form in forms.values():
        data = form.get_object().get_data()
        assert b"BDC" not in data
        assert b"MCID" not in data
        assert b" Tf" in data


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (b"", "PNG"),
        (b"\xff\xd8\xff\xe0 a photo", "PNG"),
        (png(Image.new("RGBA", (300, 100), (20, 40, 200, 255))), "nền trong suốt"),
        (png(Image.new("RGBA", (300, 100), (0, 0, 0, 0))), "không có nét"),
        (signature_png(colour=(0, 0, 0, 255)), "màu xanh"),
        (signature_png(colour=(200, 20, 20, 255)), "màu xanh"),
        (png(Image.new("RGBA", (3000, 2000), (0, 0, 255, 100))), "quá lớn"),
    ],
)
def test_picture_that_is_no_signature_is_refused(numbered, image, words):
    with pytest.raises(Refused, match=words):
        writing.prepare(numbered, Step.LEADER, Appearance(image), at=keys.NOW)


def test_seal_must_be_red(led):
    with pytest.raises(Refused, match="màu đỏ"):
        writing.prepare(led, Step.SEAL, Appearance(seal_png(colour=(20, 20, 200, 255))), at=keys.NOW)


# ---------------------------------------------------------------- in two steps


def test_signed_in_turn_every_signature_holds(in_turn):
    reports = reading.report(in_turn[-1], roots=[keys.root_der()], at=keys.NOW)
    assert [row.field for row in reports] == ["ChuKy", "So", "NgayThang", "Dau"]
    assert [row.later for row in reports] == ["signatures", "signatures", "signatures", "none"]
    assert all(row.holds and row.is_pades and row.is_trusted and row.was_in_force for row in reports)
    assert {row.algorithm for row in reports} == {"RSA 2048 bit, SHA-256"}
    assert reports[0].signer == "Nguyễn Văn Thử"
    assert reports[0].organisation == "UBND huyện Thử"
    assert reports[0].signed_at == keys.NOW.isoformat()


def test_each_act_only_appends(blank, in_turn, printed_blank):
    files = [printed_blank, blank, *in_turn]
    for before, after in pairwise(files):
        assert after.startswith(before)


def test_what_is_signed_is_pades(sealed):
    fields = pypdf.PdfReader(io.BytesIO(sealed)).get_fields()
    for name in ("ChuKy", "Dau"):
        value = fields[name]["/V"]
        assert value["/SubFilter"] == "/ETSI.CAdES.detached"
        assert "/Reference" not in value
        assert value["/M"].startswith("D:20241205")


def test_digest_is_that_of_the_bytes_to_sign(numbered):
    prepared = writing.prepare(numbered, Step.LEADER, Appearance(signature_png()), at=keys.NOW)
    assert prepared.digest == hashlib.sha256(prepared.signed_bytes).digest()
    assert prepared.pdf[prepared.start : prepared.end].strip(b"<>0") == b""
    assert prepared.to_sign == b""


def detached(prepared, signer, options=()):
    """A CMS over the bytes to sign, made by another library than the one that reads it."""
    certificate = x509.load_der_x509_certificate(signer.certificates[0])
    return (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(prepared.signed_bytes)
        .add_signer(certificate, signer.key, hashes.SHA256())
        .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, *options])
    )


def test_cms_without_the_certificates_hash_is_not_pades(numbered):
    prepared = writing.prepare(numbered, Step.LEADER, Appearance(signature_png()), at=keys.NOW)
    with pytest.raises(Refused, match="CAdES"):
        writing.complete(prepared, detached(prepared, keys.leader()))


def cades(prepared, signer, at=keys.NOW):
    """A detached CAdES signature as an office's tool makes it from the bytes alone."""
    with_certificates = replace(
        prepared,
        certificates=tuple(signer.certificates),
        to_sign=writing._attributes(prepared.digest, signer.certificates).dump(),
    )
    return writing.cms_over(with_certificates, signer.sign(with_certificates.to_sign))


def test_detached_cades_signature_completes_the_file(numbered):
    prepared = writing.prepare(numbered, Step.LEADER, Appearance(signature_png()), at=keys.NOW)
    pdf = writing.complete(prepared, cades(prepared, keys.leader()))
    assert [row.holds for row in reading.report(pdf)] == [True]


def test_signature_of_another_file_is_refused(numbered, blank):
    one = writing.prepare(numbered, Step.LEADER, Appearance(signature_png()), at=keys.NOW)
    other = writing.prepare(blank, Step.LEADER, Appearance(signature_png()), at=keys.NOW)
    with pytest.raises(Refused, match="không phải của tệp này"):
        writing.complete(one, cades(other, keys.leader()))


def test_signature_by_another_key_is_refused(numbered):
    certificates = keys.leader().certificates
    prepared = writing.prepare(
        numbered, Step.LEADER, Appearance(signature_png()), at=keys.NOW, certificates=certificates
    )
    with pytest.raises(Refused, match="không khớp với chứng thư"):
        writing.complete(prepared, keys.clerk().sign(prepared.to_sign))


@pytest.mark.parametrize(
    "junk", [b"", b"junk", b"-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n", b"0\x82\x00\x05hello"]
)
def test_what_is_no_signature_is_refused(numbered, junk):
    prepared = writing.prepare(numbered, Step.LEADER, Appearance(signature_png()), at=keys.NOW)
    with pytest.raises(Refused):
        writing.complete(prepared, junk)


def test_step_is_signed_once(led):
    with pytest.raises(Refused, match="Đã ký xong"):
        writing.prepare(led, Step.LEADER, Appearance(signature_png()), at=keys.NOW)


def test_step_without_a_field_cannot_be_signed(numbered):
    with pytest.raises(Refused, match="không có chỗ"):
        writing.prepare(numbered, Step.NUMBER, Appearance(stamps=(stamp("08", "number"),)), at=keys.NOW)


def test_elliptic_curve_key_signs_too(numbered):
    signer = keys.keystore("Khóa đường cong", key=ec.generate_private_key(ec.SECP256R1()))
    pdf = sign_step(numbered, Step.LEADER, Appearance(signature_png()), signer)
    assert [(row.holds, row.algorithm) for row in reading.report(pdf)] == [(True, "ECDSA 256 bit, SHA-256")]


def test_signed_file_claims_no_accessibility_it_lost(printed_numbered, sealed):
    def data_of(pdf):
        return pypdf.PdfReader(io.BytesIO(pdf)).root_object["/Metadata"].get_object().get_data()

    assert b"pdfuaid:part=" in data_of(printed_numbered)
    assert b"pdfuaid:part=" not in data_of(sealed)
    assert b'pdfaid:part="2"' in data_of(sealed)
    assert b'pdfaid:conformance="A"' in data_of(sealed)


def test_signed_file_keeps_what_pdfa_asks_of_fields(in_turn):
    """ISO 19005-2, 6.3.2 and 6.3.3: printed, not hidden, with a normal appearance and nothing that acts."""
    reader = pypdf.PdfReader(io.BytesIO(in_turn[-1]))
    widgets = [row.get_object() for page in reader.pages for row in page.get("/Annots", ())]
    assert len(widgets) == 4
    for widget in widgets:
        assert widget["/F"] & 0b100
        assert not widget["/F"] & 0b100011
        assert set(widget["/AP"]) == {"/N"}
        assert not {"/A", "/AA"} & set(widget)
    assert "/NeedAppearances" not in reader.root_object["/AcroForm"]


# ---------------------------------------------------------------- what does not hold


def report_or_refusal(pdf):
    try:
        return reading.report(pdf)
    except Refused:
        return None


def tells(pdf, count):
    """Whether somebody who reads the report sees that something is wrong."""
    reports = report_or_refusal(pdf)
    if reports is None or len(reports) != count:
        return True
    return not all(row.holds for row in reports) or not reports[-1].document_is_covered


def places_to_flip(pdf, count, seed):
    """Spread over the file, and all over the structures that hold it together.

    Left out: certificates that stand in a signature beside the signer's own; no signature is made over them.
    """
    chosen = random.Random(seed).sample(range(len(pdf)), count)
    for mark in (b"/ByteRange", b"/Contents", b"startxref", b"%%EOF", b"/SubFilter", b"/Rect"):
        place = pdf.find(mark)
        while place >= 0:
            chosen += [place, place + len(mark) + 2]
            place = pdf.find(mark, place + 1)
    beside = keys.root_der().hex().upper().encode()
    holes = [place for place in range(len(pdf)) if pdf.startswith(beside[:60], place)]
    return [
        place for place in chosen if place < len(pdf) and not any(hole <= place < hole + len(beside) for hole in holes)
    ]


def flipped_unnoticed(pdf, count, seed, signatures):
    unnoticed = []
    for place in places_to_flip(pdf, count, seed):
        changed = bytearray(pdf)
        changed[place] ^= 1 << (place % 7)
        if not tells(bytes(changed), signatures):
            unnoticed.append((place, pdf[max(0, place - 20) : place + 20]))
    return unnoticed


def test_flipped_byte_is_found(sealed):
    assert not tells(sealed, 2)
    assert flipped_unnoticed(sealed, 30, 7, 2) == []


def test_many_flipped_bytes_are_found(in_turn):
    assert flipped_unnoticed(in_turn[-1], 300, 11, 4) == []


def test_zeros_behind_a_signature_hide_nothing(sealed):
    """The digest leaves out the signature's place; what is written into its spare room is found all the same."""
    place = sealed.rfind(b"0000>")
    changed = sealed[:place] + b"00AB" + sealed[place + 4 :]
    assert len(changed) == len(sealed)
    assert tells(changed, 2)


def test_expired_certificate_shows(numbered):
    past = keys.keystore("Hết hạn", since=keys.NOW - 2 * keys.YEAR, until=keys.NOW - keys.YEAR)
    pdf = sign_step(numbered, Step.LEADER, Appearance(signature_png()), past)
    (row,) = reading.report(pdf, roots=[keys.root_der()], at=keys.NOW)
    assert row.holds
    assert not row.was_in_force
    assert row.is_trusted is False


def test_certificate_of_another_authority_is_not_trusted(numbered):
    stranger = keys.keystore("Người lạ", of="CA Lạ")
    pdf = sign_step(numbered, Step.LEADER, Appearance(signature_png()), stranger)
    (row,) = reading.report(pdf, roots=[keys.root_der()], at=keys.NOW)
    assert row.holds
    assert row.is_trusted is False


def test_without_roots_trust_is_left_open(sealed):
    assert [row.is_trusted for row in reading.report(sealed)] == [None, None]


def test_weak_key_shows(numbered):
    weak = keys.keystore("Khóa ngắn", key=keys.rsa_key("Khóa ngắn", bits=1024))
    pdf = sign_step(numbered, Step.LEADER, Appearance(signature_png()), weak)
    (row,) = reading.report(pdf)
    assert row.weak == ("RSA 1024 bit",)


def test_file_without_signatures_has_an_empty_report(numbered):
    assert reading.report(numbered) == []


@pytest.mark.parametrize(
    "junk", [b"", b"%PDF-1.7\n", b"<html>", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"]
)
def test_what_is_no_pdf_is_refused(junk):
    with pytest.raises(Refused):
        reading.report(junk)


# ---------------------------------------------------------------- through the process


def test_the_process_signs_and_reports_as_the_functions_do(printed_numbered):
    fields, boxes = signing.add_fields(printed_numbered, SIGNER)
    assert boxes == writing.field_boxes(fields)
    assert set(boxes) == {Step.LEADER, Step.SEAL}
    assert signing.add_fields(fields, SIGNER) == (fields, boxes)
    led = signing.sign(fields, Step.LEADER, Appearance(signature_png()), keys.leader(), at=keys.NOW)
    (row,) = signing.report(led, at=keys.NOW, roots=[keys.root_der()])
    assert row == reading.report(led, at=keys.NOW, roots=[keys.root_der()])[0]
    assert row.is_trusted
    sealed = signing.sign(led, Step.SEAL, Appearance(seal_png()), keys.office(), at=keys.NOW)
    assert signing.judge(led, sealed, at=keys.NOW) == signing.report(sealed, at=keys.NOW)


def test_the_process_refuses_with_the_same_sentence(printed_numbered):
    with pytest.raises(Refused, match="không phải PDF"):
        signing.report(b"junk", at=keys.NOW)
    with pytest.raises(Refused, match="chỗ ký"):
        signing.add_fields(printed_numbered, Signer("BỘ TRƯỞNG", "Ai Đó"))
