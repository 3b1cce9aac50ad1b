"""Checks on the files of a dossier: pages, scans, names and years, signatures; in a process of its own, once a file."""

import random
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers

from communes import aside
from inspections import filechecks, services
from inspections.models import Evidence, EvidenceCheck
from inspections.presenters.filechecks import file_checks, signed_by, warnings_of
from inspections.presenters.sight import sight_of
from inspections.services import filechecks as checking
from inspections.workflow import NotAllowed

from ..factories import CommuneFactory
from ..reports.signing import keys
from .factories import image_bytes, open_round, pdf_bytes, prove

pytestmark = pytest.mark.django_db
TEXT = "uy ban nhan dan bao cao ket qua thuc hien tieu chi giao thong truong hoc nam xa"
WORDS = TEXT.split()


def page_of_text(size=(1240, 1754)):
    """A scanned page: lines of words of different length."""
    dice = random.Random(7)
    picture = Image.new("L", size, 250)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=26)
    for y in range(120, size[1] - 120, 44):
        pen.text((120, y), " ".join(dice.choices(WORDS, k=dice.randint(5, 12))), fill=20, font=font)
    return picture


def with_rules(picture):
    """A table: rules down the whole page between the words."""
    found = picture.copy()
    pen = ImageDraw.Draw(found)
    for x in range(100, 1200, 90):
        pen.line((x, 100, x, 1600), fill=0, width=3)
    return found


def pdf_of(*pictures, dpi=150):
    target = BytesIO()
    pictures[0].save(target, "PDF", resolution=dpi, save_all=True, append_images=list(pictures[1:]))
    return target.getvalue()


def pdf_with_text(*lines):
    """A PDF with a text layer, without any diacritics, as scanners' text layers often are."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 12 Tf 14 TL 72 700 Td {shown} ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(made)
    return (
        made
        + b"xref\n0 5\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % start
    )


# ---------------------------------------------------------------- what is seen in a file


def test_blank_sideways_and_blurred_pages_are_told_by_their_number():
    text = page_of_text()
    pages = (
        text, Image.new("L", text.size, 244), text.rotate(90, expand=True), text.rotate(-90, expand=True),
        text.filter(ImageFilter.GaussianBlur(7)),
    )  # fmt: skip
    found = filechecks.look(pdf_of(*pages), "application/pdf")
    assert (found.pages, found.blank, found.sideways, found.poor) == (5, [2], [3, 4], [5])


def test_a_table_and_a_wide_page_are_not_sideways():
    text = page_of_text()
    found = filechecks.look(pdf_of(with_rules(text), page_of_text((1754, 1240))), "application/pdf")
    assert (found.blank, found.sideways, found.poor) == ([], [], [])


def test_a_scan_with_too_few_dots_is_poor():
    small = page_of_text().resize((420, 594))
    assert filechecks.look(pdf_of(small, dpi=50), "application/pdf").poor == [1]


def test_a_small_picture_is_poor_and_a_sharp_large_one_is_not():
    def stored(picture):
        target = BytesIO()
        picture.save(target, "JPEG")
        return target.getvalue()

    assert filechecks.look(image_bytes(), "image/jpeg").poor == [1]
    assert filechecks.look(stored(page_of_text()), "image/jpeg").poor == []
    assert filechecks.look(stored(page_of_text().filter(ImageFilter.GaussianBlur(9))), "image/jpeg").poor == [1]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4 nothing", b"\x00" * 1000])
def test_what_is_no_pdf_is_unreadable_and_nothing_else_happens(content):
    with pytest.raises(filechecks.Unreadable):
        filechecks.look(content, "application/pdf")


def test_the_process_gets_neither_secrets_nor_time_without_end(monkeypatch):
    given = {}

    def run(*args, **options):
        given.update(options)
        raise aside.subprocess.TimeoutExpired("look", options["timeout"])

    monkeypatch.setattr(aside.subprocess, "run", run)
    with pytest.raises(filechecks.Unreadable, match="too slow"):
        filechecks.look(b"%PDF-", "application/pdf")
    assert set(given["env"]) == {"LANG", "PYTHONDONTWRITEBYTECODE", "PATH"}


# ---------------------------------------------------------------- names and years


def test_of_two_names_that_begin_alike_the_longer_one_counts():
    found = checking.mentions("xa nam can va xa nam xa nam can", ["xa nam", "xa nam can"])
    assert found == {"xa nam can": 2, "xa nam": 1}


def test_names_are_those_of_the_authority_and_none_that_differs_by_diacritics_only(commune, neighbour_commune):
    CommuneFactory(authority=commune.authority, name="Phục Khoa")
    assert checking.names_near(commune) == {"xa nam can": "Xã Nậm Cần"}


def test_another_commune_counts_only_where_it_stands_more_often():
    named = {"others": {"Xã Nậm Cần": 3}, "own": 1}
    assert list(warnings_of(named, 2025)) == ["Nhắc đến Xã Nậm Cần nhiều hơn tên xã: kiểm tra có nhầm văn bản không."]
    assert list(warnings_of({**named, "own": 3}, 2025)) == []


def test_a_text_that_never_names_the_year_of_the_round_says_which_is_its_newest():
    assert list(warnings_of({"years": {"2019": 4, "2021": 1}}, 2025)) == [
        "Không nhắc đến năm 2025; năm mới nhất trong văn bản là 2021."
    ]
    assert list(warnings_of({"years": {"2021": 9, "2025": 1}}, 2025)) == []
    assert list(warnings_of({"years": {}}, 2025)) == []


# ---------------------------------------------------------------- signatures


def test_a_signature_says_who_and_when_and_whether_it_holds():
    target, store = BytesIO(), keys.keystore("Nguyễn Văn Ký")
    signer = signers.SimpleSigner.load_pkcs12_data(store.p12, [], keys.WORD)
    writer = IncrementalPdfFileWriter(BytesIO(pdf_with_text("Bao cao nam 2025")))
    signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name="Ky"), signer=signer, output=target)
    signed = target.getvalue()
    (found,) = filechecks.look(signed, "application/pdf").signatures
    assert (found["signer"], found["holds"]) == ("Nguyễn Văn Ký", True)
    assert next(iter(signed_by({"signatures": [found]}))).startswith("Ký số: Nguyễn Văn Ký")
    altered = signed.replace(b"Bao cao nam 2025", b"Bao cao nam 2024")
    (found,) = filechecks.look(altered, "application/pdf").signatures
    assert found["holds"] is False
    assert "không còn đúng với nội dung" in next(iter(warnings_of({"signatures": [found]}, 2025)))


# ---------------------------------------------------------------- on the page


@pytest.fixture
def dossier(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune], year=2025).dossier_of(commune)


def upload(content, name="van-ban.pdf"):
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def test_the_officer_has_files_checked_and_reads_what_to_look_at(client, dossier, officer):
    prove(dossier, "2.1", by=officer, upload=upload(pdf_with_text("UBND XA NAM CAN", "Bao cao nam 2021")))
    prove(dossier, "1.1", by=officer, upload=upload(pdf_bytes(), "trang.pdf"))
    client.force_login(officer)
    address = reverse("inspections:dossier-trial", args=[dossier.pk])
    assert "Đã kiểm tra 0/2 tệp" in client.get(address).content.decode()
    assert not EvidenceCheck.objects.exists()
    response = client.post(reverse("inspections:dossier-check-files", args=[dossier.pk]))
    assert response.url == f"{address}#tep"
    page = client.get(address).content.decode()
    for words in (
        "Đã kiểm tra 2/2 tệp PDF và ảnh: 2 tệp nên xem lại",
        "Nhắc đến Xã Nậm Cần nhiều hơn tên xã",
        "Không nhắc đến năm 2025; năm mới nhất trong văn bản là 2021.",
        "Trang 1 gần như trắng.",
    ):
        assert words in page
    assert "Kiểm tra tiếp" not in page


def test_a_file_is_looked_into_once_and_again_only_by_newer_rules(dossier, officer, monkeypatch):
    prove(dossier, "2.1", by=officer)
    assert services.check_files(dossier, by=officer) == 1
    assert services.check_files(dossier, by=officer) == 0
    monkeypatch.setattr(checking, "RULES", checking.RULES + 1)
    assert services.check_files(dossier, by=officer) == 1
    assert EvidenceCheck.objects.count() == 1


def test_one_request_looks_into_a_bounded_number(dossier, officer, monkeypatch):
    for _ in range(4):
        prove(dossier, "2.1", by=officer)
    monkeypatch.setattr(checking, "MOST_FILES", 3)
    assert services.check_files(dossier, by=officer) == 3
    assert services.check_files(dossier, by=officer) == 1
    monkeypatch.setattr(checking, "RULES", 99)
    monkeypatch.setattr(checking, "SECONDS", 0.0)
    assert services.check_files(dossier, by=officer) == 1


def test_a_file_kept_aside_is_not_opened(dossier, officer):
    Evidence.objects.filter(pk=prove(dossier, "2.1", by=officer).pk).update(scan=Evidence.Scan.INFECTED)
    assert services.check_files(dossier, by=officer) == 0


def test_a_file_that_cannot_be_opened_is_told_and_stops_nothing(dossier, officer, monkeypatch):
    prove(dossier, "2.1", by=officer)

    def broken(*args):
        raise filechecks.Unreadable("broken")

    monkeypatch.setattr(filechecks, "look", broken)
    services.check_files(dossier, by=officer)
    (line,) = file_checks(dossier, sight_of(dossier, officer)).lines
    assert line.warnings == ("Không mở được tệp để kiểm tra.",)


def test_only_the_own_commune_has_its_files_checked(dossier, inspector):
    with pytest.raises(NotAllowed):
        services.check_files(dossier, by=inspector)


def test_the_list_of_files_costs_the_same_for_few_and_for_many(dossier, officer):
    def queries():
        with CaptureQueriesContext(connection) as found:
            list(file_checks(dossier, sight_of(dossier, officer)).lines)
        return len(found)

    prove(dossier, "2.1", by=officer)
    few = queries()
    for _ in range(5):
        prove(dossier, "1.1", by=officer)
    assert queries() == few
