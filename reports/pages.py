"""Page images of a text while it is written: the real PDF, printed once for each wording and kept for a while.

A wording's PDF lies in DATA_DIR/pages/<notice>/ under a hash of what it was printed from, so that all workers of a
host print it once; older wordings go when newer ones come. Nothing depends on these files: where one is missing, the
present wording is simply printed again.
"""

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from PIL import Image

from inspections import previews

from . import renderer
from .compose import LAYOUT, page_of
from .content import NoticeContent

CONTENT_TYPE = "image/png"
# In pixels; a browser asks for the least that is sharp on its screen.
WIDTHS = (420, 560, 800, 1120, 1600)
# Text on paper: so few shades look the same, in a third of the bytes.
SHADES = 8
SHADE_OF = [round(grey * (SHADES - 1) / 255) for grey in range(256)]
PALETTE = [round(shade * 255 / (SHADES - 1)) for shade in range(SHADES) for _ in "rgb"]
KEPT = 3
ABANDONED_SECONDS = 24 * 60 * 60
# Letters before the cursor that tell a place in the text from all others.
TELLING, AMBIGUOUS = 40, 12
SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Printed:
    """One wording on paper; key: the hash it is kept under."""

    key: str
    path: Path
    page_count: int


@dataclass(frozen=True, slots=True)
class Place:
    """A page, counted from 1, and how far down on it: 0 at the top, 1 at the bottom."""

    page: int
    down: float


def printed(notice: UUID, content: NoticeContent) -> Printed:
    """The pages of a wording, printed by whoever asks first. Raises renderer.RenderError, previews.Unreadable."""
    html = page_of(content)
    # The name of the renderer's socket changes with its code and layouts.
    key = hashlib.sha256(f"{renderer.socket_path().name}\0{html}".encode()).hexdigest()[:32]
    path = _folder(notice) / f"{key}.pdf"
    if not path.exists():
        with _alone(path.parent):
            if not path.exists():
                _keep(path, renderer.render(html, LAYOUT))
                _tidy(path.parent)
    with path.open("rb") as stream:
        return Printed(key, path, previews.pdf_page_count(stream))


def image(notice: UUID, key: str, number: int, width: int) -> bytes | None:
    """PNG of one page of a wording kept here; None where there is no such wording or page."""
    path = _folder(notice) / f"{key}.pdf"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    with previews.opened(BytesIO(data)) as document:
        if not 1 <= number <= len(document):
            return None
        picture = previews.drawn(document, number, width)
    shades = picture.convert("L").point(SHADE_OF)
    plain = Image.frombytes("P", shades.size, shades.tobytes())
    plain.putpalette(PALETTE)
    target = BytesIO()
    plain.save(target, "PNG", bits=4)
    return target.getvalue()


def fitting(width: str) -> int:
    """The width to draw for a wanted one: the next larger of WIDTHS."""
    wanted = int(width) if width.isdecimal() and len(width) < 8 else WIDTHS[1]
    return next((offered for offered in WIDTHS if offered >= wanted), WIDTHS[-1])


# ---------------------------------------------------------------- where on the pages


def place_of(made: Printed, headings: Sequence[str], before: str, line: str) -> Place:
    """Where somebody writes: the words before the cursor, else the last of the headings, else the beginning.

    headings: all printed ones up to that of the part being written; before, line: the words of the paragraph up to
    the cursor, and the whole of it.
    """
    with made.path.open("rb") as stream, previews.opened(stream) as document:
        start = _of_heading(document, headings) or Place(1, 0)
        return _of_words(document, start.page, before, line) or start


def _of_heading(document: Any, headings: Sequence[str]) -> Place | None:
    """The last heading's bookmark; those before it are passed one by one, for names may come twice."""
    wanted, place = [_squeezed(heading) for heading in headings], None
    for bookmark in document.get_toc():
        if not wanted:
            break
        if _squeezed(bookmark.get_title()) == wanted[0]:
            wanted.pop(0)
            place = _of_bookmark(document, bookmark)
    return place


def _of_bookmark(document: Any, bookmark: Any) -> Place | None:
    target = bookmark.get_dest()
    if target is None:
        return None
    index, (_, position) = target.get_index(), target.get_view()
    top = position[1] if len(position) > 1 else 0
    return Place(index + 1, 1 - top / document[index].get_height())


def _of_words(document: Any, first: int, before: str, line: str) -> Place | None:
    wanted = _squeezed(before)[-TELLING:]
    is_end = len(wanted) >= AMBIGUOUS
    wanted = wanted if is_end else _squeezed(line)[:TELLING]
    if len(wanted) < AMBIGUOUS:
        return None
    for number in range(first, len(document) + 1):
        page = document[number - 1]
        text = page.get_textpage()
        places = [(sign, at) for at, sign in enumerate(text.get_text_range()) if not sign.isspace()]
        found = "".join(sign for sign, _ in places).find(wanted)
        if found >= 0:
            _, bottom, _, _ = text.get_charbox(places[found + (len(wanted) - 1 if is_end else 0)][1])
            return Place(number, 1 - bottom / page.get_height())
    return None


def _squeezed(text: str) -> str:
    return SPACES.sub("", text)


# ---------------------------------------------------------------- files


def _folder(notice: UUID) -> Path:
    return Path(settings.DATA_DIR) / "pages" / str(notice)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One print at a time for each notice: whoever waits finds the file there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _keep(path: Path, pdf: bytes) -> None:
    """Whole or not at all: a reader never sees half a file."""
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(pdf)
    unfinished.replace(path)


def _tidy(folder: Path) -> None:
    """Keep the last wordings of this notice; forget notices on which nobody has worked for a day."""
    by_age = sorted(folder.glob("*.pdf"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_age[KEPT:]:
        path.unlink(missing_ok=True)
    # By the clock of the files, which is not the portal's.
    limit = time.time() - ABANDONED_SECONDS
    for other in folder.parent.iterdir():
        if other != folder and other.stat().st_mtime < limit:
            shutil.rmtree(other, ignore_errors=True)
