"""The text of a notice as the checks read it: passage by passage, figures put in, each sign traced to what was typed.

Pure: it is made from parts that look like `NoticeSection` or `outline.SectionText`, a palette and facts.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from textwrap import shorten
from typing import Protocol

from .. import wording
from ..content import LETTERS, roman
from ..models import NoticeSection
from ..wording import Figure, Palette, RoundFacts
from .finding import Finding, Spot
from .language import WORD, bare

Kind = NoticeSection.Kind
DASH = re.compile(r"\s*[-–]\s+")
BODY, HEADING = "id_body", "id_heading"
LONGEST_PLACE = 70
SUBJECT, RECIPIENTS = "id_subject", "id_recipients"


class Written(Protocol):
    """What the checks need of a section: a row of the database or a part of an outline."""

    kind: str
    level: int
    heading: str

    @property
    def body(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a passage, typed or put in for a token (`figure`). start, raw_start: in passage and field."""

    start: int
    raw_start: int
    raw_length: int
    figure: Figure | None = None


@dataclass(frozen=True)
class Passage:
    """One paragraph, dash or heading as it reads; `raw` as it was typed, `offset` its place in the field `target`.

    kind: "subject", "heading", "paragraph", "dash", "addressee" or "recipient". part: kind of the section, "" outside.
    """

    kind: str
    place: str
    anchor: str
    text: str
    raw: str
    runs: tuple[Run, ...]
    offset: int = 0
    section_pk: int | None = None
    target: str = BODY
    part: str = ""

    def is_typed(self, start: int, end: int) -> bool:
        """Whether any sign between the two was typed by hand."""
        return any(run.figure is None for run in self._between(start, end))

    def figures(self, start: int, end: int) -> list[Figure]:
        """The figures that are put in between the two."""
        return [run.figure for run in self._between(start, end) if run.figure is not None]

    def typed(self) -> Iterator[tuple[int, str]]:
        """(where it begins, text) of each stretch that was typed."""
        for place, run in enumerate(self.runs):
            if run.figure is None:
                yield run.start, self.text[run.start : self._end(place)]

    def spot(self, start: int, end: int) -> Spot:
        """Where the words from start to end are typed; a token counts as a whole."""
        runs = list(self._between(start, end)) or list(self.runs[-1:])
        if not runs:
            return Spot(self.section_pk, self.target, self.offset)
        first, last = runs[0], runs[-1]
        begin = first.raw_start + (0 if first.figure else start - first.start)
        finish = last.raw_start + (last.raw_length if last.figure else end - last.start)
        return Spot(self.section_pk, self.target, begin, self.raw[begin - self.offset : finish - self.offset])

    def found(
        self, code: str, message: str, start: int = 0, end: int | None = None, *, is_blocking: bool = False
    ) -> Finding:
        """A finding about the words from start to end."""
        end = len(self.text) if end is None else end
        return Finding(
            place=self.place,
            message=message,
            code=code,
            words=self.text[start:end],
            is_blocking=is_blocking,
            anchor=self.anchor,
            spot=self.spot(start, end),
        )

    @cached_property
    def words(self) -> list[re.Match[str]]:
        return list(WORD.finditer(self.text))

    @cached_property
    def syllables(self) -> list[str]:
        """The words without signs and case, each in the place of its word."""
        return [bare(match[0]) for match in self.words]

    @cached_property
    def _starts(self) -> list[int]:
        return [run.start for run in self.runs]

    def _between(self, start: int, end: int) -> Iterator[Run]:
        first = max(bisect_right(self._starts, start) - 1, 0)
        for place in range(first, len(self.runs)):
            run = self.runs[place]
            if run.start >= max(end, start + 1):
                return
            if self._end(place) > start:
                yield run

    def _end(self, place: int) -> int:
        return self.runs[place + 1].start if place + 1 < len(self.runs) else len(self.text)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the reference data that texts may use. units: bare, "Nậm Cần"; places: of authorities, "Tân Uyên"."""

    units: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    agencies: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A section with its printed number: "II", "1", "a"; `path` as it is cited, "II.1"."""

    written: Written
    number: str
    path: str
    place: str
    pk: int | None


@dataclass(frozen=True)
class Material:
    """All that the checks look at, read once.

    required: {what must not be empty: its content}; symbol: of the notice, "TB-ĐKT"; replaced: code of the notice
    that this one replaces. recommendations: (addressee, text) in their order.
    """

    passages: tuple[Passage, ...]
    headings: tuple[Heading, ...]
    recommendations: tuple[tuple[str, str], ...]
    recipients: tuple[str, ...]
    facts: RoundFacts
    palette: Palette
    names: Names = field(default=Names())
    required: Mapping[str, object] = field(default_factory=dict)
    symbol: str = ""
    replaced: str = ""

    def of_kind(self, *kinds: str) -> list[Passage]:
        return [passage for passage in self.passages if passage.kind in kinds]

    @cached_property
    def prose(self) -> list[Passage]:
        """Paragraphs and dashes in the order of reading."""
        return self.of_kind("paragraph", "dash")


# ---------------------------------------------------------------- making it


def read(
    sections: Sequence[Written],
    recommendations: Sequence[tuple[str, str]],
    *,
    subject: str,
    recipients: Sequence[str],
    palette: Palette,
) -> tuple[tuple[Passage, ...], tuple[Heading, ...]]:
    """The passages of a notice in the order of reading, and its headings with their numbers."""
    reader = _Reader(palette)
    headings = tuple(_numbered(sections, bool(recommendations)))
    passages = [*reader.line("subject", "Trích yếu", subject, target=SUBJECT)]
    for section, heading in zip(sections, headings, strict=True):
        passages += reader.section(section, heading)
        if section.kind == Kind.RECOMMENDATIONS:
            passages += reader.recommendations(recommendations, heading)
    passages += reader.recipients(recipients)
    return tuple(passages), headings


def _numbered(sections: Sequence[Written], has_recommendations: bool) -> Iterator[Heading]:
    """Sections with the numbers they are printed with; a section that is not printed has none."""
    counts = [0, 0, 0]
    for section in sections:
        pk = getattr(section, "pk", None)
        is_printed = section.kind == Kind.SECTION or (section.kind == Kind.RECOMMENDATIONS and has_recommendations)
        if not is_printed:
            yield Heading(section, "", "", NAMED[Kind(section.kind)], pk)
            continue
        level = section.level if section.kind == Kind.SECTION else 1
        counts[level - 1] += 1
        counts[level:] = [0] * (3 - level)
        words = [roman(counts[0]), str(counts[1]), LETTERS[(counts[2] - 1) % len(LETTERS)]]
        path = ".".join(word for word, count in zip(words, counts, strict=True) if count)
        yield Heading(section, words[level - 1], path, f"Mục {path}", pk)


NAMED = {
    Kind.PREAMBLE: "Phần mở đầu",
    Kind.RECOMMENDATIONS: "Phần kiến nghị",
    Kind.CLOSING: "Phần kết thúc",
    Kind.SECTION: "Mục",
}


@dataclass(frozen=True)
class _Reader:
    palette: Palette

    def line(self, kind: str, place: str, raw: str, *, target: str, offset: int = 0) -> Iterator[Passage]:
        if raw.strip():
            text, runs = self.filled(raw, offset)
            yield Passage(kind, place, place, text, raw, runs, offset, target=target)

    def section(self, section: Written, heading: Heading) -> Iterator[Passage]:
        pk, anchor = heading.pk, section.heading or heading.place
        if section.heading and section.kind in (Kind.SECTION, Kind.RECOMMENDATIONS):
            text, runs = self.filled(section.heading, 0)
            place = f"{heading.place}, tên mục"
            yield Passage("heading", place, anchor, text, section.heading, runs, 0, pk, HEADING, section.kind)
        yield from self.body(section.body, heading.place, anchor, pk, section.kind)

    def body(self, body: str, place: str, anchor: str, pk: int | None, part: str) -> Iterator[Passage]:
        """A line of the field is a paragraph or a dash; each is named by its place among its kind."""
        rows = list(_rows(body))
        several = {kind for kind in ("dash", "paragraph") if sum(row[0] == kind for row in rows) > 1}
        counts = {"dash": 0, "paragraph": 0}
        for kind, raw, offset in rows:
            counts[kind] += 1
            name = "gạch đầu dòng" if kind == "dash" else "đoạn"
            where = f"{place}, {name} thứ {counts[kind]}" if kind in several else f"{place}, {name}"
            where = place if kind == "paragraph" and kind not in several and not counts["dash"] else where
            text, runs = self.filled(raw, offset)
            yield Passage(kind, where, anchor, text, raw, runs, offset, pk, BODY, part)

    def recommendations(self, rows: Sequence[tuple[str, str]], heading: Heading) -> Iterator[Passage]:
        """Each addressee has its own field, in which its recommendations stand as dashes, one a line."""
        pk, part = heading.pk, Kind.RECOMMENDATIONS
        group, before, count, offset = -1, None, 0, 0
        totals = _group_sizes(rows)
        for addressee, raw in rows:
            if addressee != before:
                group, before, count, offset = group + 1, addressee, 0, 0
                target = f"id_kien-nghi-{group}-addressee"
                text, runs = self.filled(addressee, 0)
                anchor = f"Kiến nghị cho {addressee}" if addressee else "Kiến nghị không có nơi thực hiện"
                place = shorten(anchor, LONGEST_PLACE, placeholder="…")
                yield Passage("addressee", place, anchor, text, addressee, runs, 0, pk, target, part)
            count, offset = count + 1, offset + len("- ")
            where = f"{place}, gạch đầu dòng thứ {count}" if totals[group] > 1 else place
            text, runs = self.filled(raw, offset)
            yield Passage("dash", where, anchor, text, raw, runs, offset, pk, f"id_kien-nghi-{group}-text", part)
            offset += len(raw) + 1

    def recipients(self, rows: Sequence[str]) -> Iterator[Passage]:
        offset = 0
        for raw in rows:
            yield from self.line("recipient", "Nơi nhận", raw, target=RECIPIENTS, offset=offset)
            offset += len(raw) + 1

    def filled(self, raw: str, offset: int) -> tuple[str, tuple[Run, ...]]:
        """The text with its figures, the signs for italics left out, and where each stretch was typed."""
        text, runs, place = "", [], 0

        def typed(end: int) -> None:
            nonlocal text, place
            for piece in re.finditer(r"[^*]+", raw[place:end]):
                runs.append(Run(len(text), offset + place + piece.start(), len(piece[0])))
                text += piece[0]
            place = end

        for match in wording.TOKEN.finditer(raw):
            typed(match.start())
            figure = self.palette.get(wording.key_of(match[1]))
            value = figure.value if figure else match[0]
            if value:
                runs.append(Run(len(text), offset + match.start(), len(match[0]), figure))
                text += value
            place = match.end()
        typed(len(raw))
        return text, tuple(runs)


def _rows(body: str) -> Iterator[tuple[str, str, int]]:
    """("dash" or "paragraph", text, where it begins) of every line of a field that says something."""
    offset = 0
    for line in body.replace("\r\n", "\n").split("\n"):  # a browser's field counts an end of line as one sign
        mark = DASH.match(line)
        begin = mark.end() if mark else len(line) - len(line.lstrip())
        raw = line[begin:].rstrip()
        if raw and raw != "-":
            yield "dash" if mark else "paragraph", raw, offset + begin
        offset += len(line) + 1


def _group_sizes(rows: Iterable[tuple[str, str]]) -> list[int]:
    sizes: list[int] = []
    before: str | None = None
    for addressee, _ in rows:
        if addressee != before:
            sizes.append(0)
            before = addressee
        sizes[-1] += 1
    return sizes
