"""The list of words and terms (words.toml) laid over the text, and where the sign of a tone stands."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .finding import Finding
from .language import bare
from .passages import Material, Passage

LIST = Path(__file__).with_name("words.toml")
# The sign of a tone stands as in the decree: hòa, hóa, thủy, ủy; "quý" has it where it must be.
TONES = {
    unicodedata.normalize("NFC", f"{first}{second}{mark}"): unicodedata.normalize("NFC", f"{first}{mark}{second}")
    for first, second in ("oa", "oe", "uy")
    for mark in "\u0300\u0301\u0309\u0303\u0323"
}
TONE = re.compile(rf"(?<![qQ])(?:{'|'.join(TONES)})(?![^\W\d_])", re.I)
WORD_OF = re.compile(r"[^\W\d_]*$")
WHOLE_TERM = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)+")
NEXT_WORD = re.compile(r" [^\W\d_]+")
LONGEST_SYLLABLE = 10
# Signs before a wording in which the words are looked for that it counts after: more than any of them has.
NEAR = 120


@dataclass(frozen=True, slots=True)
class Entry:
    """A wrong wording and the right one, with the words beside which it counts."""

    wrong: str
    right: str
    why: str
    is_exact: bool
    is_blocking: bool
    after: re.Pattern[str] | None
    not_after: re.Pattern[str] | None
    before: re.Pattern[str] | None
    not_before: re.Pattern[str] | None

    def fits(self, text: str, start: int, end: int) -> bool:
        """Whether the words before and after the place let it count."""
        near = max(0, start - NEAR)
        return (
            (self.after is None or self.after.search(text, near, start) is not None)
            and (self.not_after is None or self.not_after.search(text, near, start) is None)
            and (self.before is None or self.before.match(text, end) is not None)
            and (self.not_before is None or self.not_before.match(text, end) is None)
        )

    def put(self, written: str) -> str:
        """The right wording, with a capital where the wrong one begins with it."""
        if not self.is_exact and written[:1].isupper():
            return self.right[:1].upper() + self.right[1:]
        return self.right


@cache
def terms() -> dict[str, list[tuple[list[str], str]]]:
    """{first syllable without its signs: [(syllables without theirs, term)]}."""
    found: dict[str, list[tuple[list[str], str]]] = {}
    for term in tomllib.loads(LIST.read_text(encoding="utf-8"))["terms"]["right"]:
        syllables = [bare(word) for word in term.split()]
        found.setdefault(syllables[0], []).append((syllables, term))
    return found


@cache
def also_right() -> frozenset[str]:
    return frozenset(tomllib.loads(LIST.read_text(encoding="utf-8"))["terms"]["also_right"])


@cache
def entries() -> tuple[Entry, ...]:
    groups = tomllib.loads(LIST.read_text(encoding="utf-8"))["group"]
    return tuple(
        Entry(
            wrong=wrong,
            right=right,
            why=group["why"],
            is_exact=group.get("exact", False),
            is_blocking=group.get("blocking", False),
            after=_beside(group, "after", is_after=True),
            not_after=_beside(group, "not_after", is_after=True),
            before=_beside(group, "before", is_after=False),
            not_before=_beside(group, "not_before", is_after=False),
        )
        for group in groups
        for wrong, right in group["pairs"]
    )


def _beside(group: dict[str, Any], name: str, *, is_after: bool) -> re.Pattern[str] | None:
    """Words of the list as a pattern at the end of what comes before, or at the beginning of what follows."""
    if name not in group:
        return None
    words = [re.escape(word).replace(r"\#", r"\d+") for word in group[name]]
    starts = [rf"(?<![^\W_]){word}" if word[:1].isalpha() else word for word in words]
    if is_after:
        parts = [rf"{word}\s+" if word else r"^\s*" for word in starts]
        return re.compile(rf"(?:{'|'.join(parts)})$", re.I)
    ends = [
        rf"\s+{word}(?![^\W_])" if word and not word.endswith("+") else rf"\s+{word}" if word else r"\s*$"
        for word in words
    ]
    return re.compile(rf"(?:{'|'.join(ends)})", re.I)


def found(material: Material) -> Iterator[Finding]:
    for passage in material.passages:
        lowered = lower(passage.text)
        for entry in entries():
            needle = entry.wrong if entry.is_exact else lower(entry.wrong)
            yield from _places(passage, entry, passage.text if entry.is_exact else lowered, needle)
        yield from _tones(passage)
        yield from _terms(passage)


def lower(text: str) -> str:
    """Small letters, each in its place: the few signs that grow longer stay."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def _places(passage: Passage, entry: Entry, text: str, needle: str) -> Iterator[Finding]:
    start = text.find(needle)
    while start >= 0:
        end = start + len(needle)
        is_whole = not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum()
        if is_whole and entry.fits(passage.text, start, end):
            written = passage.text[start:end]
            message = f"“{written}” viết là “{entry.put(written)}” ({entry.why})."
            yield passage.found("word", message, start, end, is_blocking=entry.is_blocking)
        start = text.find(needle, end)


def _tones(passage: Passage) -> Iterator[Finding]:
    """ "uỷ ban" → "ủy ban": one spelling in one document; the next word is quoted with it."""
    text = passage.text
    for match in TONE.finditer(text):
        begin = WORD_OF.search(text, max(0, match.start() - LONGEST_SYLLABLE), match.start())
        following = NEXT_WORD.match(text, match.end())
        start, end = begin.start() if begin else match.start(), following.end() if following else match.end()
        right = f"{text[start : match.start()]}{_moved(match[0])}{text[match.end() : end]}"
        message = f"“{text[start:end]}” đặt dấu thanh thống nhất là “{right}”, như trong Nghị định 30/2020/NĐ-CP."
        yield passage.found("tone", message, start, end)


def _moved(pair: str) -> str:
    moved = TONES[pair.lower()]
    return "".join(new.upper() if old.isupper() else new for old, new in zip(pair, moved, strict=True))


def _terms(passage: Passage) -> Iterator[Finding]:
    """Terms of the programme with a wrong sign on a vowel: "phần đấu", "tiêu chi"."""
    known = terms()
    for place, first in enumerate(passage.syllables):
        for syllables, term in known.get(first, ()):
            if passage.syllables[place : place + len(syllables)] != syllables:
                continue
            start, end = passage.words[place].start(), passage.words[place + len(syllables) - 1].end()
            written = passage.text[start:end]
            if not _is_right(written, term) and passage.is_typed(start, end):
                right = term[:1].upper() + term[1:] if written[:1].isupper() else term
                yield passage.found("word", f"“{written}” viết là “{right}” (chính tả).", start, end)


def _is_right(written: str, term: str) -> bool:
    """Whether it is the term, another good wording with the same letters, or no wording but two parts of a sentence."""
    if not written.isupper() and any(word[:1].isupper() for word in written.split()[1:]):
        return True  # "Nguyễn Nhân": a name
    plain = lower(written)
    composed = TONE.sub(lambda match: _moved(match[0]), plain)
    return term in (plain, composed) or plain in also_right() or not WHOLE_TERM.fullmatch(plain)
