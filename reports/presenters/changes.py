"""What has changed since a text was approved: paragraph beside paragraph, word by word, and the figures by name."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..compose import Composition
from ..content import Facts, NoticeContent, from_facts
from ..models import ApprovedText, IssuedDocument, Notice

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
WORDS = re.compile(r"\S+|\s+")
# Comparing word by word takes time with the square of the length; a longer paragraph is shown as replaced.
MOST_WORDS = 1500
# So are paragraphs beyond this number, where they differ at all.
MOST_PARAGRAPHS = 2000
# How far behind its place the twin of a changed paragraph is looked for.
NEAR = 12
# Paragraphs with less in common than this are two paragraphs, not one that was changed.
ALIKE = 0.35


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words of a paragraph; kind: SAME, ADDED or REMOVED."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A paragraph as it was approved beside what stands there now."""

    kind: str
    before: tuple[Stretch, ...] = ()
    after: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that stand together: either all the same, to be folded, or changed ones."""

    is_same: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A figure with another value than at approval; "" where it was not, or is no longer, in the text."""

    token: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Changes:
    """before, after: all paragraphs then and now; they are compared only when that is asked for."""

    approved: ApprovedText
    before: tuple[str, ...]
    after: tuple[str, ...]
    figures: tuple[FigureChange, ...]

    @cached_property
    def groups(self) -> tuple[Rows, ...]:
        return tuple(_grouped(compared(self.before, self.after)))

    @property
    def is_whole(self) -> bool:
        """Whether the stored text still has the hash stored with it."""
        return Facts(self.approved.facts["content"]).sha256 == self.approved.sha256

    @property
    def count(self) -> int:
        """Paragraphs that are not as they were."""
        return sum(len(group.rows) for group in self.groups if not group.is_same)

    @property
    def is_unchanged(self) -> bool:
        return self.before == self.after and not self.figures


def changes_of(composition: Composition) -> Changes | None:
    """From the last approval to what the notice says now; None where it was never approved."""
    approved = composition.notice.approved_texts.select_related("approved_by").first()
    return _changes(approved, composition.undated, _stated(composition)) if approved else None


def changes_since(approved: ApprovedText, notice: Notice) -> Changes:
    """From an approval to what the notice says now, or, once it is issued, what it was issued with."""
    return _changes(approved, *_present(notice))


def _changes(approved: ApprovedText, content: NoticeContent, figures: Mapping[str, Any]) -> Changes:
    return Changes(
        approved,
        tuple(_paragraphs(from_facts(approved.facts["content"]))),
        tuple(_paragraphs(content)),
        tuple(_figures(approved.facts["figures"], figures)),
    )


def _present(notice: Notice) -> tuple[NoticeContent, Mapping[str, Any]]:
    document = notice.documents.filter(rendition=IssuedDocument.Rendition.FINAL).first() if notice.is_public else None
    if document and document.facts:
        return from_facts(document.printed_facts), document.facts["figures"]
    composition = Composition(notice)
    return composition.undated, _stated(composition)


def _stated(composition: Composition) -> dict[str, dict[str, Any]]:
    return {token: {"value": figure.value, "label": figure.label} for token, figure in composition.figures.items()}


def _paragraphs(content: NoticeContent) -> list[str]:
    """Everything that is printed but number and day, in the order of reading, a paragraph each."""
    signers = [row for row in (content.cosigner, content.signature) if row]
    found = [*content.parent, *content.issuer, content.symbol, content.place, content.kind, content.subject]
    for part in content.flow:
        found += [part.heading] if part.heading else []
        found += [f"- {block.plain}" if part.kind == "list" else block.plain for block in part.blocks]
    for signer in signers:
        found += [*signer.authority, signer.post, signer.name]
    return [text for text in (*found, *content.recipient_lines) if text]


# ---------------------------------------------------------------- comparing


def compared(before: Sequence[str], after: Sequence[str]) -> list[Row]:
    """Rows of paragraphs side by side."""
    rest = (before[MOST_PARAGRAPHS:], after[MOST_PARAGRAPHS:])
    before, after = before[:MOST_PARAGRAPHS], after[:MOST_PARAGRAPHS]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    rows: list[Row] = []
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            rows += [_same(text) for text in before[first:last]]
        else:
            rows += _changed(before[first:last], after[start:end])
    return [*rows, *_replaced(*rest)]


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Row]:
    """The same text twice, or one in the place of the other."""
    if before == after:
        yield from (_same(text) for text in before)
        return
    yield from (Row(REMOVED, before=(Stretch(REMOVED, text),)) for text in before)
    yield from (Row(ADDED, after=(Stretch(ADDED, text),)) for text in after)


def _same(text: str) -> Row:
    both = (Stretch(SAME, text),)
    return Row(SAME, both, both)


def _changed(before: Sequence[str], after: Sequence[str]) -> Iterator[Row]:
    """Paragraphs in the place of others: those alike are set beside each other, in their order."""
    place = 0
    for text in before:
        twin = next((at for at in range(place, min(place + NEAR, len(after))) if _are_alike(text, after[at])), None)
        if twin is None:
            yield Row(REMOVED, before=(Stretch(REMOVED, text),))
            continue
        yield from (Row(ADDED, after=(Stretch(ADDED, new),)) for new in after[place:twin])
        yield Row(CHANGED, *_words(text, after[twin]))
        place = twin + 1
    yield from (Row(ADDED, after=(Stretch(ADDED, new),)) for new in after[place:])


def _are_alike(one: str, other: str) -> bool:
    first, second = one.split(), other.split()
    if len(first) + len(second) > MOST_WORDS:
        return bool(first and second) and first[0] == second[0]
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _words(before: str, after: str) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    first, second = WORDS.findall(before), WORDS.findall(after)
    if len(first) + len(second) > 2 * MOST_WORDS:
        return (Stretch(REMOVED, before),), (Stretch(ADDED, after),)
    old, new = [], []
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    for kind, start, end, begin, stop in matcher.get_opcodes():
        left, right = "".join(first[start:end]), "".join(second[begin:stop])
        if kind == "equal":
            old.append(Stretch(SAME, left))
            new.append(Stretch(SAME, right))
            continue
        old += [Stretch(REMOVED, left)] if left else []
        new += [Stretch(ADDED, right)] if right else []
    return tuple(old), tuple(new)


def _grouped(rows: Iterable[Row]) -> Iterator[Rows]:
    gathered: list[Row] = []
    for row in rows:
        if gathered and (gathered[-1].kind == SAME) != (row.kind == SAME):
            yield Rows(gathered[0].kind == SAME, tuple(gathered))
            gathered = []
        gathered.append(row)
    if gathered:
        yield Rows(gathered[0].kind == SAME, tuple(gathered))


def _figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FigureChange]:
    for token in dict.fromkeys((*before, *after)):
        old, new = before.get(token, {}), after.get(token, {})
        if old.get("value") != new.get("value"):
            label = old.get("label") or new.get("label") or token
            yield FigureChange(token, label, old.get("value", ""), new.get("value", ""))
