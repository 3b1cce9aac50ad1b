"""The fonts of printed documents: found by path, refused where a Vietnamese letter is missing; needs no Django."""

import os
import unicodedata
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

INSTALL = "sudo apt-get install --no-install-recommends fonts-croscore"
# Folder and file name of each family with the metrics of Times New Roman (Decree 30/2020/NĐ-CP, Annex I, I.4).
PLACES = (
    ("/usr/share/fonts/truetype/croscore", "Tinos"),
    ("/usr/share/fonts/truetype/liberation2", "LiberationSerif"),
    ("/usr/share/fonts/truetype/liberation", "LiberationSerif"),
)
FACES = {
    "Regular": "font-weight: 400; font-style: normal",
    "Bold": "font-weight: 700; font-style: normal",
    "Italic": "font-weight: 400; font-style: italic",
    "BoldItalic": "font-weight: 700; font-style: italic",
}
SIGNS = "0123456789.,;:!?()[]/%+-–—…“”‘’\"'&°²³≥≤"


class FontsMissing(Exception):
    """No family is whole; the message says what was found and which command mends it."""


class CannotDraw(Exception):
    """A text holds a sign that the fonts lack; the message names it."""


def vietnamese_letters() -> str:
    """The 134 letters of Vietnamese that ASCII lacks: vowels with tones, and đ."""
    tones = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
    small = [unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in tones]
    letters = [letter for letter in (*small, "đ") if not letter.isascii()]
    return "".join(letters) + "".join(letters).upper()


def places() -> list[tuple[Path, str]]:
    """Where to look for the four faces: FONT_DIR alone where it is set, else the places of Debian's packages."""
    folder = os.environ.get("FONT_DIR")
    if folder:
        return [(Path(folder), name) for name in ("Tinos", "LiberationSerif")]
    return [(Path(place), name) for place, name in PLACES]


def missing_letters(path: Path, wanted: str) -> str:
    """Those of the wanted letters that the font at `path` cannot draw."""
    drawn = characters_of(path)
    return "".join(letter for letter in wanted if ord(letter) not in drawn)


@cache
def characters_of(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


@cache
def find() -> dict[str, Path]:
    """{face: file} of the first family that is whole and draws every Vietnamese letter.

    Raises FontsMissing. Debian 12's `fonts-liberation` is such a trap: it lacks 92 letters, and what it lacks
    would be taken from another font without a word.
    """
    found = []
    for folder, name in places():
        faces = {face: folder / f"{name}-{face}.ttf" for face in FACES}
        if not all(path.is_file() for path in faces.values()):
            continue
        missing = {letter for path in faces.values() for letter in missing_letters(path, vietnamese_letters() + SIGNS)}
        if not missing:
            return faces
        found.append(f"{folder}/{name} thiếu {len(missing)} chữ ({''.join(sorted(missing))[:12]}…)")
    looked = "; ".join(found) or ", ".join(str(folder) for folder, _ in places())
    raise FontsMissing(f"Không có phông chữ in được đủ chữ tiếng Việt ({looked}). Cài bằng lệnh: {INSTALL}")


def check_characters(html: str) -> None:
    """Raise CannotDraw for a text with a sign that the fonts lack, or one that is not seen.

    Another font or a box would stand in for the first; the second could turn words round or hide them.
    """
    drawn = frozenset.intersection(*(characters_of(path) for path in find().values()))
    missing = sorted(
        sign
        for sign in set(html) - {"\n", "\t"}
        if ord(sign) not in drawn or unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
    )
    if missing:
        listed = ", ".join(f"“{sign if sign.isprintable() else ' '}” (U+{ord(sign):04X})" for sign in missing[:5])
        raise CannotDraw(f"Phông chữ của văn bản không có ký tự {listed}. Xóa hoặc thay ký tự này rồi in lại.")
