"""Files on their way: one part file for each upload beside the evidence, only ever longer.

How long the part file is, is how much has arrived: no second number can differ from it, whatever is killed when.
Each piece is added under a lock and only at the expected place, so of two senders on any workers one goes on and
the other stops; an old request that hangs on a dead line holds nobody up.
"""

import fcntl
import os
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings

PIECE = 64 * 1024
ENDING = ".part"


class WrongOffset(Exception):
    """More or less has arrived than the sender believes."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"{offset} bytes are here")
        self.offset = offset


def folder() -> Path:
    return Path(settings.MEDIA_ROOT, "incoming")


def path_of(key: UUID) -> Path:
    return folder() / f"{key.hex}{ENDING}"


def create(key: UUID) -> None:
    """An empty part file, which only the portal can read."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path_of(key), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def offset(key: UUID) -> int:
    """Bytes that are on the disk and stay there. Raises FileNotFoundError."""
    with path_of(key).open("rb") as file:
        os.fsync(file.fileno())
        return file.seek(0, os.SEEK_END)


def append(key: UUID, at: int, length: int, read: Callable[[int], bytes]) -> int:
    """Add what `read(size)` gives, from `at` up to `length` bytes in all; returns the new offset.

    Raises WrongOffset, FileNotFoundError, or what `read` or the disk raises; what came before that is kept.
    """
    with path_of(key).open("r+b") as file:
        _write(file, at, b"")
        try:
            while at < length and (piece := read(min(PIECE, length - at))):
                _write(file, at, piece)
                at += len(piece)
        finally:
            os.fsync(file.fileno())
    return at


def _write(file: IO[bytes], at: int, piece: bytes) -> None:
    with _locked(file):
        end = file.seek(0, os.SEEK_END)
        if end != at:
            raise WrongOffset(end)
        file.write(piece)
        file.flush()


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def remove(key: UUID) -> None:
    path_of(key).unlink(missing_ok=True)


def remove_strays(known: Container[str], *, older_than: float) -> int:
    """Delete part files of no upload (`known`: hex keys) that nobody wrote to for so many seconds; their number."""
    if not folder().is_dir():
        return 0
    before = time.time() - older_than
    strays = [path for path in folder().glob(f"*{ENDING}") if path.stem not in known and path.stat().st_mtime < before]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)
