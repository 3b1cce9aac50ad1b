"""Stored files and the rows that name them: no row without its file, no file of an act that was refused."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db.models.fields.files import FieldFile

Keep = Callable[[FieldFile, str, bytes], None]


@contextmanager
def files() -> Iterator[Keep]:
    """`keep(row.file, name, data)` stores a file; when the block fails all of them are removed again.

    Stands inside the transaction: should the commit itself fail, nobody knows on which side of it, and a file
    without a row harms nobody, while a row without its file would.
    """
    stored: list[tuple[Storage, str]] = []

    def keep(file: FieldFile, name: str, data: bytes) -> None:
        file.save(name, ContentFile(data), save=False)
        stored.append((file.storage, str(file.name)))
        _write_out(file)

    try:
        yield keep
    except BaseException:
        for storage, name in stored:
            storage.delete(name)
        raise


def _write_out(file: FieldFile) -> None:
    """Bring a file and its names to the disk before the row that names it: a power cut takes neither alone."""
    try:
        path = Path(file.path)
    except NotImplementedError:
        return  # A storage that is not a folder answers only when it has the file.
    for place in (path, path.parent, path.parent.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
