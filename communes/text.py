"""Vietnamese text: composed form, alphabet, search without diacritics, on both databases."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

LETTERS = {letter: rank for rank, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
# Tones in the order of Vietnamese dictionaries: huyền, hỏi, ngã, sắc, nặng.
TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
WORD = re.compile(r"\w+")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2028\u2029\ufeff]")


def clean(text: str) -> str:
    """Text as it is stored: NFC, no control characters, spaces at the ends removed."""
    return CONTROL.sub("", unicodedata.normalize("NFC", text)).strip()


def unaccent(text: str | None) -> str | None:
    """Text without diacritics: "Nậm Cần" → "Nam Can"; PostgreSQL's extension of that name does the same."""
    if text is None:
        return None
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(mark for mark in bare if not unicodedata.combining(mark))


def fold(text: str) -> str:
    """The words alone, without case, diacritics and signs: "Xã Nậm Cần, 08/TB-ĐKT" → "xa nam can 08 tb dkt"."""
    return " ".join(WORD.findall((unaccent(text) or "").lower()))


# SQLite asks for the two keys anew at each comparison of a sort.
@lru_cache(maxsize=4096)
def sort_key(text: str) -> tuple[tuple[tuple[bool, int], ...], tuple[int, ...], str]:
    """Key by the Vietnamese alphabet: letters first, tones second; equals ICU's "vi" on names."""
    letters = []
    tones = []
    for sign in unicodedata.normalize("NFC", text).lower():
        marks = unicodedata.normalize("NFD", sign)
        tones.append(next((TONES[mark] for mark in marks if mark in TONES), 0))
        bare = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in TONES))
        letters.append((bare in LETTERS, LETTERS.get(bare, ord(bare[0]) if bare else 0)))
    return tuple(letters), tuple(tones), text


def compare(first: str, second: str) -> int:
    """-1, 0 or 1, as a collation of SQLite wants it."""
    left, right = sort_key(first), sort_key(second)
    return (left > right) - (left < right)


def teach_sqlite(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Give a new SQLite connection what PostgreSQL has: the collation "vietnamese" and UNACCENT."""
    if connection.vendor != "sqlite":
        return
    raw: Any = connection.connection
    raw.create_collation("vietnamese", compare)
    raw.create_function("UNACCENT", 1, unaccent, deterministic=True)
