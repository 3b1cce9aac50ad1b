"""What is taken as evidence: a corpus of good, broken and disguised files made here."""

import struct
import zipfile
import zlib
from io import BytesIO

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from inspections import evidence
from inspections.evidence import UploadRefused, check, safe_name

from . import factories as make


def upload(name, content):
    return SimpleUploadedFile(name, content)


def office(inner, *, extra=None, types=True):
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        if types:
            archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(inner, "<document/>")
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return target.getvalue()


def docx(**extra):
    return office("word/document.xml", **extra)


def xlsx(**extra):
    return office("xl/workbook.xml", **extra)


def locked_pdf(user_password=""):
    writer = pypdf.PdfWriter(BytesIO(make.pdf_bytes(2)))
    writer.encrypt(user_password, owner_password="chu-so-huu", algorithm="RC4-128")
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def bomb_png():
    """A few bytes that claim 60,000 × 60,000 points."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


GOOD = [
    ("bao-cao.pdf", lambda: make.pdf_bytes(3), "application/pdf", 3, "document"),
    ("khóa in.pdf", locked_pdf, "application/pdf", 2, "document"),
    ("anh.jpg", lambda: make.image_bytes("JPEG"), "image/jpeg", 1, "photo"),
    ("ANH.JPEG", lambda: make.image_bytes("JPEG"), "image/jpeg", 1, "photo"),
    ("anh.png", lambda: make.image_bytes("PNG"), "image/png", 1, "photo"),
    ("anh.heic", lambda: make.image_bytes("HEIF"), "image/heic", 1, "photo"),
    ("don.docx", docx, evidence.WORD, 1, "document"),
    ("bang.xlsx", xlsx, evidence.EXCEL, 1, "sheet"),
]


@pytest.mark.parametrize(("name", "content", "content_type", "pages", "kind"), GOOD, ids=[row[0] for row in GOOD])
def test_good_file_is_taken_by_its_content(name, content, content_type, pages, kind):
    found = check(upload(name, content()))
    assert (found.content_type, found.page_count, found.kind) == (content_type, pages, kind)
    assert found.name == name
    assert len(found.sha256) == 64


BAD = [
    ("bien-ban.exe", lambda: b"MZ" + bytes(200), "chỉ nhận tệp PDF, ảnh JPEG/PNG/HEIC, DOCX, XLSX"),
    ("khong-duoi", make.pdf_bytes, "chỉ nhận tệp PDF"),
    ("trang.html", lambda: b"<script>alert(1)</script>", "chỉ nhận tệp PDF"),
    ("rong.pdf", lambda: b"", "tệp rỗng"),
    ("doi-duoi.pdf", lambda: b"MZ" + bytes(200), "nội dung không phải tệp PDF"),
    ("anh.pdf", lambda: make.image_bytes("JPEG"), "nội dung là ảnh JPEG"),
    ("van-ban.jpg", make.pdf_bytes, "nội dung là tệp PDF"),
    ("bang.docx", xlsx, "nội dung là tệp XLSX"),
    ("goi.docx", lambda: office("tep.txt", types=False), "nội dung không phải tệp DOCX"),
    ("cut.pdf", lambda: make.pdf_bytes(20)[:600], "bị cắt cụt"),
    ("hong.pdf", lambda: b"%PDF-1.7\nkhong co gi\n%%EOF", "bị hỏng"),
    ("khoa.pdf", lambda: locked_pdf("mo"), "có mật khẩu"),
    ("cut.jpg", lambda: make.image_bytes("JPEG", (640, 480))[:900], "bị cắt cụt"),
    ("cut.png", lambda: make.image_bytes("PNG", (640, 480))[:-40], "bị cắt cụt"),
    ("cut.heic", lambda: make.image_bytes("HEIF", (640, 480))[:-60], "bị cắt cụt"),
    ("cut.docx", lambda: docx()[:-30], "nội dung không phải tệp DOCX"),
    ("bom.png", bomb_png, "ảnh quá lớn"),
    ("macro.docx", lambda: docx(extra={"word/vbaProject.bin": b"x"}), "macro"),
]


@pytest.mark.parametrize(("name", "content", "reason"), BAD, ids=[row[0] for row in BAD])
def test_bad_file_is_refused_by_name_and_reason(name, content, reason):
    with pytest.raises(UploadRefused) as refused:
        check(upload(name, content()))
    assert str(refused.value).startswith(f"Không nhận tệp {name}: ")
    assert reason in str(refused.value)


def test_damaged_member_of_an_archive_is_found():
    content = bytearray(docx(extra={"word/media.bin": bytes(range(256)) * 40}))
    place = content.find(b"word/media.bin") + 60
    content[place] ^= 0xFF
    with pytest.raises(UploadRefused, match="bị hỏng"):
        check(upload("hong.docx", bytes(content)))


def test_too_large_file_is_refused_before_it_is_read(settings):
    settings.EVIDENCE_MAX_BYTES = 2 * 1024 * 1024
    with pytest.raises(UploadRefused, match=r"Không nhận tệp to\.pdf: lớn hơn 2 MB\."):
        check(upload("to.pdf", bytes(2 * 1024 * 1024 + 1)))


def test_picture_with_too_many_points_is_refused(monkeypatch):
    monkeypatch.setattr(evidence, "MAX_PIXELS", 1_000)
    with pytest.raises(UploadRefused, match="ảnh quá lớn"):
        check(upload("anh.jpg", make.image_bytes("JPEG", (64, 48))))


def test_archive_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(evidence, "MAX_UNPACKED", 100_000)
    content = xlsx(extra={"xl/a.bin": bytes(200_000)})
    assert len(content) < 2_000
    with pytest.raises(UploadRefused, match="quá lớn khi mở ra"):
        check(upload("bom.xlsx", content))


def test_file_can_be_read_again_after_the_check():
    content = make.pdf_bytes()
    file = upload("a.pdf", content)
    check(file)
    assert file.read() == content


NAMES = [
    ("Biên bản nghiệm thu đường bản Nà Lại.pdf", "Biên bản nghiệm thu đường bản Nà Lại.pdf"),
    ("Bie\u0302n ba\u0309n.pdf", "Biên bản.pdf"),
    ("../../etc/passwd.pdf", "passwd.pdf"),
    ("C:\\Ho so\\bao cao.pdf", "bao cao.pdf"),
    ("bao \"cao\" '2025'.pdf", "bao cao 2025.pdf"),
    ("a\x00b\r\nc\u202egpj.pdf", "abcgpj.pdf"),
    ("  nhiều   khoảng  trắng .pdf ", "nhiều khoảng trắng.pdf"),
    (".pdf", "tệp không tên.pdf"),
    (".an.pdf", "an.pdf"),
    ("", "tệp không tên"),
    ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
]


@pytest.mark.parametrize(("given", "expected"), NAMES)
def test_name_keeps_diacritics_and_loses_what_is_dangerous(given, expected):
    assert safe_name(given) == expected


def test_stored_path_says_nothing_of_the_name():
    first, second = (check(upload("bí mật.pdf", make.pdf_bytes())).path for _ in range(2))
    assert first != second
    assert "mật" not in first
    assert first.startswith("evidence/")


def test_large_real_photo_is_opened_at_little_cost():
    target = BytesIO()
    Image.new("RGB", (4000, 3000), "green").save(target, "JPEG")
    assert check(upload("anh.jpg", target.getvalue())).content_type == "image/jpeg"
