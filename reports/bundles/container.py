"""The ZIP around a bundle: written the same way each time, and read as something a stranger may have made.

Nothing is unpacked by the names that stand in it. Every limit is held twice: against what the directory of the
archive says, before anything is read, and against what really comes out while it is read.
"""

import hashlib
import itertools
import json
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from communes import notation
from communes.journal import canonical
from inspections.workflow import Refused

from . import FORMAT, MANIFEST, VERSION

PIECE = 256 * 1024
# Far beyond a province's round; what is larger is a bomb or a mistake.
MOST_MEMBERS = 200_000
MOST_BYTES = 64 * 1024**3
LARGEST_DIRECTORY = 64 * 1024**2
# A manifest has a line of less than 256 bytes for each member, and little else.
LARGEST_MANIFEST = 256 * 1024
MANIFEST_PER_MEMBER = 256
LARGEST_TABLE = 512 * 1024**2
LONGEST_LINE = 8 * 1024**2
# Canonical JSON shrinks some twenty times, a bomb a thousand times.
MOST_SHRUNK = 500
NAME = re.compile(
    r"manifest\.json|data/[a-z_]{1,40}\.jsonl|journal/[a-z]{1,20}\.jsonl|files/[0-9a-f]{64}(\.[a-z0-9]{1,8})?"
)
EPOCH = (1980, 1, 1, 0, 0, 0)
SEAL_LENGTH = 64
SEAL = re.compile(rb"[0-9a-f]{64}")
END = struct.Struct("<4s4H2LH")
END64_PLACE = struct.Struct("<4sLQL")
END64 = struct.Struct("<4sQ2H2L4Q")
# Of an entry of the directory: signature, and how long its name, its extra field and its comment are.
ENTRY = struct.Struct("<4s24x3H12x")


class BundleRefused(Refused):
    """A bundle is not taken; the message names what in it is wrong."""


# ---------------------------------------------------------------- writing


class Writer:
    """Writes members one after the other; knows the size and the hash of each. Use `finish` at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.members: dict[str, dict[str, Any]] = {}
        self._zip = zipfile.ZipFile(path, "w", allowZip64=True)

    def add(self, name: str, pieces: Iterable[bytes], *, packed: bool = True, at_most: int = 0) -> dict[str, Any]:
        """One member; packed: text, which shrinks. Files are stored as they are. at_most: how large it can be."""
        info = zipfile.ZipInfo(name, EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.create_system = 3
        info.external_attr = (stat.S_IFREG | 0o600) << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=at_most >= 2**31) as member:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                member.write(piece)
        self.members[name] = {"name": name, "size": size, "sha256": digest.hexdigest()}
        return self.members[name]

    def finish(self, manifest: dict[str, Any]) -> str:
        """Write the manifest and close; returns the SHA-256 of the whole file."""
        members = sorted(self.members.values(), key=lambda member: member["name"])
        self.add(MANIFEST, [f"{canonical({**manifest, 'members': members})}\n".encode()])
        self._zip.comment = b"0" * SEAL_LENGTH
        self._zip.close()
        with self.path.open("r+b") as file:
            digest = _hash_to(file, self.path.stat().st_size - SEAL_LENGTH)
            seal = digest.hexdigest().encode()
            file.write(seal)
            digest.update(seal)
        return digest.hexdigest()

    def abandon(self) -> None:
        self._zip.close()
        self.path.unlink(missing_ok=True)


def _hash_to(file: IO[bytes], end: int) -> Any:
    """SHA-256 of a file's first bytes; the file then stands at `end`."""
    digest, left = hashlib.sha256(), end
    file.seek(0)
    while left and (piece := file.read(min(PIECE, left))):
        digest.update(piece)
        left -= len(piece)
    return digest


# ---------------------------------------------------------------- reading


@dataclass(frozen=True)
class Whole:
    """What is known of a bundle whose every byte was checked."""

    manifest: dict[str, Any]
    sha256: str

    @property
    def content_sha256(self) -> str:
        """Of everything but the time of export: the same for each export of a round that has not changed."""
        content = {key: value for key, value in self.manifest.items() if key != "exported_at"}
        return hashlib.sha256(canonical(content).encode()).hexdigest()


class Reader:
    """An archive whose directory was found harmless. `check` reads every byte once more than it is used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        count = _check_end(path, self.size)
        try:
            self._zip = zipfile.ZipFile(path)
        except (
            zipfile.BadZipFile,
            zipfile.LargeZipFile,
            OSError,
            ValueError,
            struct.error,
            NotImplementedError,
        ) as error:
            raise _damaged(path.name, "mục lục của gói hỏng") from error
        self._open: set[IO[bytes]] = set()
        self.infos = {info.filename: info for info in self._zip.infolist()}
        try:
            if len(self._zip.infolist()) != count:
                raise _damaged(path.name, "mục lục của gói hỏng")
            self._check_directory()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        # Members of which only a part was read keep the file open.
        for member in self._open:
            member.close()
        self._zip.close()

    def _check_directory(self) -> None:
        infos = self._zip.infolist()
        seen: dict[str, str] = {}
        for info in infos:
            self._check_entry(info)
            if (other := seen.setdefault(info.filename.lower(), info.filename)) != info.filename:
                raise BundleRefused(f"Gói có hai tệp trùng tên, chỉ khác chữ hoa: {other}, {info.filename}.")
        if len(infos) != len(self.infos):
            twice = Counter(info.filename for info in infos).most_common(1)[0][0]
            raise BundleRefused(f"Gói có hai tệp trùng tên {twice}.")
        if sum(info.file_size for info in infos) > MOST_BYTES:
            raise BundleRefused(f"Gói {self.path.name} lớn hơn {notation.file_size(MOST_BYTES)} khi mở ra.")
        ends = sorted((info.header_offset, info.compress_size, info.filename) for info in infos)
        for (start, packed, name), (following, _, _) in itertools.pairwise(ends):
            if start + 30 + len(name) + packed > following:
                raise BundleRefused(f"Trong gói, tệp {name} chồng lên tệp khác.")
        if MANIFEST not in self.infos:
            raise BundleRefused(f"Thiếu tệp {MANIFEST}: đây không phải gói đợt kiểm tra.")

    def _check_entry(self, info: zipfile.ZipInfo) -> None:
        shown = info.filename[:120].encode("unicode_escape").decode()
        if not NAME.fullmatch(info.filename) or info.orig_filename != info.filename:
            raise BundleRefused(f"Tên tệp không được phép trong gói: {shown}.")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise BundleRefused(f"{shown} không phải tệp thường (có thể là liên kết).")
        if info.flag_bits & 0x1:
            raise BundleRefused(f"{shown} có mật khẩu.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleRefused(f"{shown} được nén theo cách không được phép.")
        if info.file_size > max(info.compress_size, 4096) * MOST_SHRUNK:
            raise BundleRefused(f"{shown} phình quá {MOST_SHRUNK} lần khi mở ra, có thể là bom nén.")
        of_manifest = LARGEST_MANIFEST + MANIFEST_PER_MEMBER * len(self.infos)
        most = of_manifest if info.filename == MANIFEST else LARGEST_TABLE
        if not info.filename.startswith("files/") and info.file_size > most:
            raise BundleRefused(f"{shown} lớn hơn {notation.file_size(most)}.")

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of a member, never more than its directory entry says."""
        info = self.infos[name]
        left = info.file_size
        try:
            with self._zip.open(info) as member:
                self._open.add(member)
                while piece := member.read(PIECE):
                    left -= len(piece)
                    if left < 0:
                        raise _damaged(name, "dài hơn mục lục ghi")
                    yield piece
                self._open.discard(member)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise _damaged(name, "nội dung không đọc được") from error
        if left:
            raise _damaged(name, "ngắn hơn mục lục ghi")

    def lines(self, name: str) -> Iterator[Any]:
        """The rows of a member of JSON lines. Raises BundleRefused for whatever is not written as we write it."""
        number, rest = 0, b""
        for piece in self.pieces(name):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                number += 1
                yield parsed(line, name, number)
            if len(rest) > LONGEST_LINE:
                raise BundleRefused(f"{name}, dòng {number + 1}: dài hơn {notation.file_size(LONGEST_LINE)}.")
        if rest:
            raise BundleRefused(f"{name}: dòng cuối bị cắt.")

    def manifest(self) -> dict[str, Any]:
        content = b"".join(self.pieces(MANIFEST))
        found = parsed(content.removesuffix(b"\n"), MANIFEST, 1)
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise BundleRefused(f"{MANIFEST}: đây không phải gói đợt kiểm tra của cổng.")
        if found.get("version") != VERSION:
            raise BundleRefused(
                f"{MANIFEST}: gói ở định dạng số {str(found.get('version'))[:20]}, cổng này chỉ đọc số {VERSION}; "
                "cập nhật cổng trước khi nhập."
            )
        _check_manifest(found)
        return found

    def check(self) -> Whole:
        """Hold every member, and the bytes around them, against the manifest. Raises BundleRefused."""
        manifest = self.manifest()
        told = {row["name"]: row for row in manifest["members"]}
        here = set(self.infos) - {MANIFEST}
        if missing := sorted(set(told) - here):
            raise BundleRefused(
                f"Gói thiếu tệp {missing[0]}" + (f" và {len(missing) - 1} tệp khác." if missing[1:] else ".")
            )
        if added := sorted(here - set(told)):
            raise BundleRefused(f"Gói có tệp lạ {added[0]}, không có trong {MANIFEST}.")
        for name, row in sorted(told.items()):
            if self.infos[name].file_size != row["size"]:
                raise _damaged(name, f"dung lượng khác với {MANIFEST}")
            digest = hashlib.sha256()
            for piece in self.pieces(name):
                digest.update(piece)
            if digest.hexdigest() != row["sha256"]:
                raise _damaged(name, f"mã băm khác với {MANIFEST}")
            if name.startswith("files/") and not name.startswith(f"files/{row['sha256']}"):
                raise _damaged(name, "tên không phải mã băm của nội dung")
        with self.path.open("rb") as file:
            digest = _hash_to(file, self.size - SEAL_LENGTH)
            seal = file.read()
        if seal != digest.hexdigest().encode():
            # Every member is as the manifest says: what differs lies in the manifest or between the members.
            raise _damaged(self.path.name, f"phần khung của gói hoặc {MANIFEST} khác với lúc xuất")
        digest.update(seal)
        return Whole(manifest, digest.hexdigest())


def parsed(line: bytes, name: str, number: int) -> Any:
    """A line of canonical JSON; whatever is written otherwise (keys twice, NaN, other signs) is refused."""
    try:
        text = line.decode()
        found = json.loads(text)
        if canonical(found) != text:
            raise ValueError("not canonical")
    except (ValueError, RecursionError) as error:
        raise BundleRefused(f"{name}, dòng {number}: không phải JSON đúng dạng của gói.") from error
    return found


def _check_manifest(found: dict[str, Any]) -> None:
    shapes = {"exported_at": str, "round": dict, "origin": dict, "chain": dict, "rows": dict, "members": list}
    wrong = [key for key, kind in shapes.items() if not isinstance(found.get(key), kind)]
    wrong += [key for key in found if key not in shapes and key not in ("format", "version")]
    for row in found["members"] if not wrong else ():
        is_right = isinstance(row, dict) and set(row) == {"name", "size", "sha256"}
        if not is_right or not isinstance(row["name"], str) or type(row["size"]) is not int:
            wrong.append("members")
            break
    if not wrong and len({row["name"] for row in found["members"]}) != len(found["members"]):
        wrong.append("members")
    if wrong:
        raise BundleRefused(f"{MANIFEST}: mục {str(wrong[0])[:40]} thiếu hoặc sai kiểu.")


def _check_end(path: Path, size: int) -> int:
    """How many members the archive has, by its end and by its directory; looked at before anything is read by it.

    Python's zipfile looks for the end by ways of its own; whatever it could take for another end than this is refused.
    """
    with path.open("rb") as file:
        start = size - SEAL_LENGTH - END.size
        if start < 0:
            raise _damaged(path.name, "tệp quá ngắn, không phải gói đợt kiểm tra")
        file.seek(start)
        end, seal = file.read(END.size), file.read()
        signature, _, _, _, count, length, _, comment = END.unpack(end)
        is_only_end = end.rfind(b"PK\5\6") == 0 and SEAL.fullmatch(seal)
        if signature != b"PK\5\6" or comment != SEAL_LENGTH or not is_only_end:
            raise _damaged(path.name, "phần cuối của gói bị cắt, bị thêm, hoặc đây không phải gói đợt kiểm tra")
        if found := _end64(file, start, path.name):
            start, count, length = found
        elif count == 0xFFFF or length == 0xFFFFFFFF:
            raise _damaged(path.name, "phần cuối của gói hỏng")
        if count > MOST_MEMBERS:
            raise BundleRefused(f"Gói {path.name} có hơn {notation.number(MOST_MEMBERS)} tệp.")
        if length > LARGEST_DIRECTORY:
            raise BundleRefused(f"Mục lục của gói {path.name} quá lớn.")
        if length > start:
            raise _damaged(path.name, "mục lục của gói hỏng")
        file.seek(start - length)
        if _entries(file.read(length)) != count:
            raise _damaged(path.name, "mục lục của gói hỏng")
    return int(count)


def _end64(file: IO[bytes], end: int, name: str) -> tuple[int, int, int] | None:
    """Of the longer record that stands before the end of a large archive: its place, count and length; else None."""
    place = end - END64_PLACE.size - END64.size
    if place < 0:
        return None
    file.seek(place)
    record, locator = file.read(END64.size), file.read(END64_PLACE.size)
    signature, _, told, _ = END64_PLACE.unpack(locator)
    if signature != b"PK\6\7":
        return None
    found = END64.unpack(record)
    if told != place or found[0] != b"PK\6\6":
        raise _damaged(name, "phần cuối của gói hỏng")
    return place, int(found[7]), int(found[8])


def _entries(directory: bytes) -> int:
    """How many entries a directory has; -1 where it does not consist of entries."""
    count, place = 0, 0
    while place < len(directory):
        if len(directory) - place < ENTRY.size:
            return -1
        signature, *lengths = ENTRY.unpack_from(directory, place)
        if signature != b"PK\1\2":
            return -1
        count, place = count + 1, place + ENTRY.size + sum(lengths)
    return count


def _damaged(name: str, reason: str) -> BundleRefused:
    return BundleRefused(f"Tệp {name} trong gói đã bị thay đổi hoặc hỏng: {reason}.")
