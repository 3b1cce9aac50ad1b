"""Page images of evidence, made on the server and kept beside the files: PDF by pdfium, pictures by Pillow.

What is shown in a page is always such an image, never the uploaded bytes: nothing that hides in a file
reaches a browser without being drawn anew.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import sqrt
from typing import IO, Any

import pypdfium2
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from .models import Evidence

WIDTH = 1_240  # A4 at 150 dots an inch: small print stays readable
MAX_PIXELS = 4_000_000
QUALITY = 80
CONTENT_TYPE = "image/jpeg"

# pdfium keeps state for the whole process and is not made for threads.
_pdfium = threading.Lock()


class Unreadable(Exception):
    """No image can be made of this file."""


class NeedsPassword(Unreadable):
    """A PDF that opens with a password only."""


def page_image(evidence: Evidence, number: int) -> bytes:
    """JPEG of one page, counted from 1; made at the first call and kept. Raises Unreadable."""
    if not evidence.is_previewable or not 1 <= number <= evidence.page_count:
        raise Unreadable(f"{evidence.content_type} has no page {number}")
    path = f"previews/{evidence.sha256[:2]}/{evidence.sha256}-{number}.jpg"
    if default_storage.exists(path):
        with default_storage.open(path) as kept:
            return bytes(kept.read())
    with evidence.file.open("rb") as stream:
        picture = _pdf_page(stream, number) if evidence.content_type == "application/pdf" else _picture(stream)
    target = BytesIO()
    picture.save(target, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    content = target.getvalue()
    stored = default_storage.save(path, ContentFile(content))
    if stored != path:  # somebody else made the same one meanwhile
        default_storage.delete(stored)
    return content


def pdf_page_count(stream: IO[bytes]) -> int:
    """Pages of a PDF as pdfium opens it; raises NeedsPassword or Unreadable."""
    with opened(stream) as document:
        return len(document)


@contextmanager
def opened(stream: IO[bytes]) -> Iterator[Any]:
    """A PDF as pdfium opens it, with pdfium to itself as long as the block runs. Raises NeedsPassword or Unreadable."""
    with _pdfium:
        stream.seek(0)
        try:
            document = pypdfium2.PdfDocument(stream.read())
        except pypdfium2.PdfiumError as error:
            raise (NeedsPassword if "assword" in str(error) else Unreadable)(str(error)) from error
        try:
            yield document
        except (pypdfium2.PdfiumError, ZeroDivisionError, ValueError) as error:
            raise Unreadable(str(error)) from error
        finally:
            document.close()


def drawn(document: Any, number: int, width: int = WIDTH) -> Image.Image:
    """One page of an `opened` PDF, counted from 1, so many pixels wide where that is not too large altogether."""
    page = document[number - 1]
    across, down = page.get_size()
    scale = min(width / across, sqrt(MAX_PIXELS / (across * down)))
    picture: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    page.close()
    return picture


def _pdf_page(stream: IO[bytes], number: int) -> Image.Image:
    with opened(stream) as document:
        return drawn(document, number)


def _picture(stream: IO[bytes]) -> Image.Image:
    try:
        with Image.open(stream) as found:
            found.draft("RGB", (WIDTH * 2, WIDTH * 2))
            picture = ImageOps.exif_transpose(found).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise Unreadable(str(error)) from error
    scale = min(WIDTH / picture.width, sqrt(MAX_PIXELS / (picture.width * picture.height)), 1)
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
