"""What is taken as evidence: upload rules that look into the file, a safe name, a hash, a private path.

A browser's content type and a file's extension are claims of the sender; only what opens as a PDF, picture,
DOCX or XLSX is taken, and only under an extension that fits. Everything refused is refused by name and reason.
"""

import hashlib
import logging
import re
import unicodedata
import uuid
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

import filetype
import pillow_heif
import pypdf
from django.conf import settings
from django.core.files.base import File
from PIL import Image, ImageFile, UnidentifiedImageError
from pypdf.errors import PyPdfError

from communes import notation, text

from . import photos, previews
from .models import Evidence
from .workflow import Refused

pillow_heif.register_heif_opener()

KNOWN = "chỉ nhận tệp PDF, ảnh JPEG/PNG/HEIC, DOCX, XLSX"
# Larger pictures than any phone makes; a small file can unpack to gigabytes (decompression bomb).
MAX_PIXELS = 64_000_000
MAX_UNPACKED = 250 * 1024 * 1024
MAX_MEMBERS = 5_000
MAX_PAGES = 3_000
# A PDF ends with this mark; programs that add bytes behind it stay within the last kilobytes.
PDF_END = b"%%EOF"
PDF_TAIL = 2_048
HEAD = 8_192
NAME_LENGTH = 120

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its complaints of odd files are not ours to log


class UploadRefused(Refused):
    """The file is not taken; the message names it and says why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"Không nhận tệp {name}: {reason}.")


class Broken(Exception):
    """A file is of a known type but cannot be used; the message is the reason within a sentence."""


@dataclass(frozen=True)
class FileType:
    """A type that is taken: how it is opened, what it is called, which extensions fit it."""

    content_type: str
    name: str
    extensions: tuple[str, ...]
    kind: str
    open: Callable[[IO[bytes]], int]


@dataclass(frozen=True)
class Checked:
    """What is known of a file after it was looked into.

    name: as shown and downloaded. path: where it will be stored. page_count: pages of a PDF, else 1.
    shot: when and where a photo says it was taken.
    """

    name: str
    path: str
    content_type: str
    size: int
    sha256: str
    page_count: int
    kind: str
    shot: photos.Shot


def check(upload: File) -> Checked:
    """Look into an uploaded file; raises UploadRefused. Reads it, never loads more than a part at a time."""
    name = safe_name(upload.name or "")
    size = int(upload.size or 0)
    if size > settings.EVIDENCE_MAX_BYTES:
        raise UploadRefused(name, f"lớn hơn {notation.file_size(settings.EVIDENCE_MAX_BYTES)}")
    if size == 0:
        raise UploadRefused(name, "tệp rỗng")
    extension = PurePosixPath(name).suffix.lower()
    stream: Any = upload.file
    found = type_of(stream)
    claimed = BY_EXTENSION.get(extension)
    if claimed is None:
        raise UploadRefused(name, KNOWN)
    if found is None:
        raise UploadRefused(name, f"nội dung không phải {claimed.name}, tệp có thể bị hỏng hoặc bị đổi đuôi")
    if found is not claimed:
        raise UploadRefused(name, f"nội dung là {found.name}, không khớp với đuôi {extension}")
    try:
        stream.seek(0)
        page_count = found.open(stream)
    except Broken as error:
        raise UploadRefused(name, str(error)) from error
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    shot = photos.read(stream) if found.kind == Kind.PHOTO else photos.NOTHING
    upload.seek(0)
    path, content_type = stored_path(extension), found.content_type
    return Checked(name, path, content_type, size, digest.hexdigest(), page_count, found.kind, shot)


def require_known_name(name: str, size: int) -> None:
    """What can be told of a file before its bytes are here; raises UploadRefused."""
    if size == 0:
        raise UploadRefused(name, "tệp rỗng")
    if PurePosixPath(name).suffix.lower() not in BY_EXTENSION:
        raise UploadRefused(name, KNOWN)


def safe_name(name: str) -> str:
    """A file name fit to show, store and send: diacritics stay; path parts, quotes and control characters go."""
    last = re.split(r"[/\\]", text.clean(name))[-1]
    kept = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    kept = re.sub(r"[\"'`<>|:*?;%“”‘’]", "", kept)
    kept = re.sub(r"\s+", " ", kept).lstrip(" ").rstrip(" .")
    stem, dot, extension = kept.rpartition(".")
    if not dot:
        return kept[:NAME_LENGTH] or "tệp không tên"
    extension = extension.strip()[:10]
    stem = stem.strip(" .")[: NAME_LENGTH - len(extension) - 1]
    return f"{stem or 'tệp không tên'}.{extension}"


def stored_path(extension: str) -> str:
    """A random name that says nothing of the content, spread over 256 folders."""
    name = uuid.uuid4().hex
    return f"evidence/{name[:2]}/{name}{extension}"


def type_of(stream: IO[bytes]) -> FileType | None:
    """The type by content; None where it is none of ours."""
    stream.seek(0)
    head = stream.read(HEAD)
    if b"%PDF-" in head[:1024]:
        return PDF
    guessed = filetype.guess_mime(head)
    if head[:4] == b"PK\x03\x04":
        return _office_type(stream)
    return BY_CONTENT.get(guessed or "")


def _office_type(stream: IO[bytes]) -> FileType | None:
    """DOCX or XLSX by what is packed in it; a damaged archive is told by the extension's own opener."""
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return None
    if "[Content_Types].xml" not in names:
        return None
    if "word/document.xml" in names:
        return DOCX
    return XLSX if "xl/workbook.xml" in names else None


def _open_pdf(stream: IO[bytes]) -> int:
    stream.seek(0, 2)
    stream.seek(max(0, stream.tell() - PDF_TAIL))
    if PDF_END not in stream.read():
        raise Broken("tệp PDF bị cắt cụt, hãy quét hoặc tải lại từ đầu")
    stream.seek(0)
    try:
        reader = pypdf.PdfReader(stream)
        # An owner's password only limits printing; pdfium opens such files, and says which need one to be read.
        pages = previews.pdf_page_count(stream) if reader.is_encrypted else len(reader.pages)
    except previews.NeedsPassword as error:
        raise Broken("tệp PDF có mật khẩu, hãy bỏ mật khẩu rồi tải lên") from error
    except (PyPdfError, previews.Unreadable, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Broken("tệp PDF bị hỏng, không mở được") from error
    if pages == 0:
        raise Broken("tệp PDF không có trang nào")
    if pages > MAX_PAGES:
        raise Broken(f"tệp PDF có hơn {notation.number(MAX_PAGES)} trang")
    return pages


def _open_picture(pillow_format: str) -> Callable[[IO[bytes]], int]:
    def open_(stream: IO[bytes]) -> int:
        try:
            with Image.open(stream, formats=[pillow_format]) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise Broken(f"ảnh quá lớn ({width} × {height} điểm ảnh)")
                # JPEG is unpacked at an eighth of its size: enough to find a cut file, at little memory.
                picture.draft("RGB", (max(1, width // 8), max(1, height // 8)))
                # Other libraries switch this off for their own ends, and it holds for the whole process.
                ImageFile.LOAD_TRUNCATED_IMAGES = False
                picture.load()
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise Broken("ảnh quá lớn so với dung lượng tệp") from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
            raise Broken("ảnh bị hỏng hoặc bị cắt cụt, không mở được") from error
        return 1

    return open_


def _open_office(stream: IO[bytes]) -> int:
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise Broken("tệp nén quá lớn khi mở ra")
            if any(member.flag_bits & 1 for member in members):
                raise Broken("tệp có mật khẩu, hãy bỏ mật khẩu rồi tải lên")
            if any(member.filename.endswith("vbaProject.bin") for member in members):
                raise Broken("tệp có macro, hãy lưu lại không kèm macro")
            if archive.testzip() is not None:
                raise Broken("tệp bị hỏng, không mở được")
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
        raise Broken("tệp bị hỏng hoặc bị cắt cụt, không mở được") from error
    return 1


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Kind = Evidence.Kind
PDF = FileType("application/pdf", "tệp PDF", (".pdf",), Kind.DOCUMENT, _open_pdf)
JPEG = FileType("image/jpeg", "ảnh JPEG", (".jpg", ".jpeg"), Kind.PHOTO, _open_picture("JPEG"))
PNG = FileType("image/png", "ảnh PNG", (".png",), Kind.PHOTO, _open_picture("PNG"))
HEIC = FileType("image/heic", "ảnh HEIC", (".heic", ".heif"), Kind.PHOTO, _open_picture("HEIF"))
DOCX = FileType(WORD, "tệp DOCX", (".docx",), Kind.DOCUMENT, _open_office)
XLSX = FileType(EXCEL, "tệp XLSX", (".xlsx",), Kind.SHEET, _open_office)
TYPES = (PDF, JPEG, PNG, HEIC, DOCX, XLSX)
BY_CONTENT = {row.content_type: row for row in (JPEG, PNG, HEIC)}
BY_EXTENSION = {extension: row for row in TYPES for extension in row.extensions}
# For the file dialogue of the browser.
ACCEPT = ",".join(BY_EXTENSION)
SHORT_NAMES = {row.content_type: row.name.split()[-1] for row in TYPES}
