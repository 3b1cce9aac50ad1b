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

    def fits(self, head: str, tail: str) -> bool:
        """Whether the words before and after let it count."""
        return (
            (self.after is None or self.after.search(head) is not None)
            and (self.not_after is None or self.not_after.search(head) is None)
            and (self.before is None or self.before.match(tail) is not None)
            and (self.not_before is None or self.not_before.match(tail) is None)
        )

    def put(self, written: str) -> str:
        """The right wording, with a capital where the wrong one begins with it."""
        if not self.is_exact and written[:1].isupper():
            return self.right[:1].upper() + self.right[1:]
        return self.right


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
        if is_whole and entry.fits(passage.text[:start], passage.text[end:]):
            written = passage.text[start:end]
            message = f"“{written}” viết là “{entry.put(written)}” ({entry.why})."
            yield passage.found("word", message, start, end, is_blocking=entry.is_blocking)
        start = text.find(needle, end)


def _tones(passage: Passage) -> Iterator[Finding]:
    """ "uỷ ban" → "ủy ban": one spelling in one document."""
    for match in TONE.finditer(passage.text):
        begin = WORD_OF.search(passage.text, 0, match.start())
        start = begin.start() if begin else match.start()
        written = passage.text[start : match.end()]
        right = passage.text[start : match.start()] + _moved(match[0])
        message = f"“{written}” đặt dấu thanh thống nhất là “{right}”, như trong Nghị định 30/2020/NĐ-CP."
        yield passage.found("tone", message, start, match.end())


def _moved(pair: str) -> str:
    moved = TONES[pair.lower()]
    return "".join(new.upper() if old.isupper() else new for old, new in zip(pair, moved, strict=True))
