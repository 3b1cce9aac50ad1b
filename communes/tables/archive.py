"""The archive that a spreadsheet file is, looked at before anything in it is opened as a table."""

import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO

from .model import Refused

MAX_MEMBERS = 200
# Tables pack well, twenty to one; a bomb a thousand to one.
MAX_RATIO = 200
SMALL = 256 * 1024
OLD_OFFICE = b"\xd0\xcf\x11\xe0"

BROKEN = "Tệp bị hỏng hoặc không phải tệp Excel (.xlsx). Mở lại bằng Excel, lưu dạng “Excel Workbook (*.xlsx)” rồi gửi."
OLD = "Tệp có mật khẩu hoặc là dạng cũ (.xls). Bỏ mật khẩu, lưu dạng “Excel Workbook (*.xlsx)” rồi gửi."
MACROS = "Tệp có macro, không nhận. Lưu lại dạng “Excel Workbook (*.xlsx)”, không kèm macro."
LINKS = "Tệp có liên kết tới tệp hoặc dữ liệu khác, không nhận. Dán lại nội dung dạng giá trị (Paste Values)."
OBJECTS = "Tệp có đối tượng nhúng, không nhận. Xóa đối tượng nhúng rồi lưu lại; ảnh và văn bản gửi làm minh chứng."
FOREIGN = (
    (("vbaproject", "xl/macrosheets", "xl/dialogsheets", "basic/standard"), MACROS),
    (("xl/externallinks", "xl/connections", "xl/querytables", "xl/model/"), LINKS),
    (("xl/embeddings", "xl/activex", "xl/ctrlprops"), OBJECTS),
)
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError,
)  # fmt: skip


def check(
    content: bytes, *, contains: str, unpacked: int, too_large: str, look: Callable[[str, bytes], None] | None = None
) -> None:
    """Raise Refused unless the archive is whole, of bounded size and without what has no place in a table.

    contains: a member that it must have. unpacked: bytes of all members together. look: asked for each member
    with its name in small letters.
    """
    if content.startswith(OLD_OFFICE):
        raise Refused(OLD)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _check_members(archive.infolist(), contains, unpacked, too_large)
            for member in archive.infolist():
                name, inside = member.filename.lower(), archive.read(member)
                _check_text(name, inside)
                if look:
                    look(name, inside)
    except UNREADABLE as error:
        raise Refused(BROKEN) from error


def _check_members(members: list[zipfile.ZipInfo], contains: str, unpacked: int, too_large: str) -> None:
    names = [member.filename.lower().replace("\\", "/") for member in members]
    if any(member.flag_bits & 1 for member in members):
        raise Refused(OLD)
    for parts, reason in FOREIGN:
        if any(part in name for part in parts for name in names):
            raise Refused(reason)
    if len(set(names)) != len(names) or contains not in names:
        raise Refused(BROKEN)
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > unpacked:
        raise Refused(too_large)
    for member in members:
        if member.file_size > SMALL and member.file_size > MAX_RATIO * max(1, member.compress_size):
            raise Refused(too_large)


def _check_text(name: str, content: bytes) -> None:
    if not name.endswith((".xml", ".rels", ".vml")):
        return
    # Entities are how a few bytes of XML become gigabytes; no spreadsheet program writes any, nor UTF-16.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\x00" in content:
        raise Refused(BROKEN)
    if name == "[content_types].xml" and b"macroEnabled" in content:
        raise Refused(MACROS)
