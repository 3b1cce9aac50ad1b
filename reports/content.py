"""What a printed document says, as frozen data: strings, numbers and dates, nothing that queries.

Every rendition (PDF, page, later DOCX) is made from one `NoticeContent`, so that they cannot differ. Its
facts in canonical JSON and their SHA-256 are stored with the issued document.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, ClassVar

from . import widths

# Signs that no office text needs and that no font draws: control, zero-width and directional marks.
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
ITALIC = re.compile(r"\*(\S(?:[^*\n]*\S)?)\*")
# "30/2020/NĐ-CP", "06/9/2024", "14/19", "tiêu chí/xã", "2021-2025": never broken at the end of a line.
# Looked for word by word: one pattern for both would try each start of an endless word against all of it.
WORD, JOINED = re.compile(r"\S+"), re.compile(r"\w[/-]\w")
LONGEST_WHOLE = 40
LONGEST_WHOLE_IN_CELL = 10
ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
LETTERS = "abcdđeghiklmnopqrstuvxy"
# Room for a line of the letterhead, in mm of bold letters; those of the agency above are narrower.
ISSUER_ROOM, PARENT_ROOM = 59, 63
# Room for place and date, in mm.
DATE_ROOM = 96
# Look of a table: (most columns it is meant for, name, size of the letters and room left of a text in points).
DENSITIES = ((7, "", 12, 4), (12, "dense", 11, 3), (1000, "densest", 9, 1))
# As many recipients as stand beside the signature; the rest of the list may run on to the next page.
RECIPIENTS_BESIDE_SIGNATURE = 20


def clean(text: str) -> str:
    """Text as it may be printed: NFC, one kind of space, no control or invisible signs, trimmed."""
    text = unicodedata.normalize("NFC", text).replace("\t", " ").replace("\r\n", "\n").replace("\r", "\n")
    if not text.replace("\n", "").isprintable():  # looks sign by sign only where there is something to find
        text = "".join(sign for sign in text if sign == "\n" or unicodedata.category(sign) not in UNPRINTABLE)
    return text.strip()


def line(text: str) -> str:
    """`clean` text on one line with single spaces."""
    return " ".join(clean(text).split())


def roman(number: int) -> str:
    """1 → "I", 4 → "IV", 14 → "XIV"; for the numbers of sections, 1 to 39."""
    sign = ""
    for value, letters in ROMAN:
        while number >= value:
            sign, number = sign + letters, number - value
    return sign


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text with one look; `whole` text never breaks at the end of a line."""

    text: str
    italic: bool = False
    whole: bool = False

    @property
    def body(self) -> str:
        """The text without the space at its end, which paragraphs set as an element of its own.

        Where a text fills its line but for that space, WeasyPrint 70 forgets the space, holds the text for one word
        with what follows, and breaks the line after its first word. (In cells of tables it loses such an element.)
        """
        return self.text.removesuffix(" ")

    @property
    def has_gap(self) -> bool:
        return self.text.endswith(" ")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; look: "l", "c" or "r", where its text stands in it."""

    text: str
    look: str

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(_whole_pieces(self.text, italic=False, longest=LONGEST_WHOLE_IN_CELL))


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph or one dash of the text; `*…*` in it is set in italics."""

    kind: ClassVar[str]
    text: str

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(_pieces(self.text))

    @property
    def spans(self) -> tuple[Piece, ...]:
        """The text split only where its look changes: for screens, which break lines as they like."""
        return tuple(_spans(self.text))

    @property
    def plain(self) -> str:
        """The text without the signs that ask for italics."""
        return _plain(self.text)

    def as_facts(self) -> dict[str, Any]:
        return {"kind": self.kind, "text": self.text}


@dataclass(frozen=True, slots=True)
class Paragraph(Block):
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True, slots=True)
class Dash(Block):
    kind: ClassVar[str] = "dash"


@dataclass(frozen=True, slots=True)
class Table(Block):
    """Rows of cells under a header that stands again on each page; `text` is the caption, "" for none.

    Every row has as many cells as the header. aligned: for each column "l", "c" or "r" (figures), "" for all left.
    """

    kind: ClassVar[str] = "table"
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    aligned: str = ""

    @property
    def caption(self) -> str:
        return _plain(self.text)

    @property
    def head(self) -> tuple["Cell", ...]:
        return tuple(map(Cell, self.header, self._looks))

    @property
    def body(self) -> Iterator[tuple["Cell", ...]]:
        looks = self._looks
        return (tuple(map(Cell, row, looks)) for row in self.rows)

    @property
    def _looks(self) -> tuple[str, ...]:
        """Of each column "l", "c" or "r"."""
        return tuple(self.aligned.ljust(len(self.header), "l")[: len(self.header)])

    @property
    def widths(self) -> tuple[int, ...]:
        """Of each column, in quarters of a millimetre."""
        _, _, size, padding = self._density
        return widths.columns(self.header, self.rows, self.aligned, size=size, padding=padding)

    @property
    def density(self) -> str:
        """How close its cells stand: "", "dense" or "densest"."""
        return self._density[1]

    @property
    def _density(self) -> tuple[int, str, int, int]:
        """By the number of columns; closer where their longest words would not stand beside each other."""
        closer = [row for row in DENSITIES if len(self.header) <= row[0]] or [DENSITIES[-1]]
        fit = (row for row in closer if widths.have_room(self.header, self.rows, size=row[2], padding=row[3]))
        return next(fit, closer[-1])

    @property
    def plain(self) -> str:
        """Caption and cells in the order of reading."""
        return " ".join(filter(None, (self.text, *self.header, *(cell for row in self.rows for cell in row))))

    def as_facts(self) -> dict[str, Any]:
        facts = Block.as_facts(self)
        facts |= {"header": list(self.header), "rows": [list(row) for row in self.rows], "aligned": self.aligned}
        return facts


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the text under it.

    level: 1 "I. TÊN MỤC", 2 "1. Tiêu đề", 3 "a) …". The number is counted, never typed.
    """

    level: int
    heading: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What stands together in the order of reading, for renderers.

    kind: "heading-1" to "heading-3" (with `heading`, its number included), "list" (dashes in a row),
    "paragraph", "table" or "closing" (the last words, which stay with the signature).
    depth: of a heading below the document's own, 1 to 3; never two deeper than the heading before it.
    """

    kind: str
    heading: str = ""
    blocks: tuple[Block, ...] = ()
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Signature:
    """authority: lines in capitals over the signature ("TRƯỞNG ĐOÀN KIỂM TRA", or "TM. …" and "KT. …");
    post: the line over the name, for a head of a team his post in the agency."""

    authority: tuple[str, ...]
    post: str
    name: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a printed copy is checked by: the address of the notice and the hash of its frozen facts.

    path, size: the QR code of both as the `d` of an SVG path and the side of its square in modules.
    """

    address: str
    facts_sha256: str
    path: str
    size: int

    @property
    def short_hash(self) -> str:
        """The first 16 digits of the hash in fours: enough to compare by eye."""
        return " ".join(self.facts_sha256[start : start + 4] for start in range(0, 16, 4))


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """A notice as it is printed.

    number and day are None as long as they are not given: they stay blank and are written by hand.
    issuer: the agency, or a team that has its own number series; parent: the agency above it.
    cosigner: signs on the left, as in minutes (form 1.10 of Annex III); the recipients then stand below both.
    verification: the code at the end of the last page, printed on request; no part of the facts.
    """

    parent: tuple[str, ...]
    issuer: tuple[str, ...]
    number: int | None
    symbol: str
    place: str
    day: int | None
    month: int | None
    year: int
    kind: str
    subject: str
    preamble: tuple[Block, ...]
    sections: tuple[Section, ...]
    closing: tuple[Block, ...]
    signature: Signature
    recipients: tuple[str, ...] = ()
    is_draft: bool = False
    is_demo: bool = False
    cosigner: Signature | None = None
    verification: Verification | None = None

    @property
    def number_text(self) -> str:
        """Below 10 with a leading zero; "" while no number is given."""
        return "" if self.number is None else f"{self.number:02d}"

    @property
    def day_text(self) -> str:
        return "" if self.day is None else f"{self.day:02d}"

    @property
    def month_text(self) -> str:
        """Months 1 and 2 with a leading zero, the others without."""
        if self.month is None:
            return ""
        return f"{self.month:02d}" if self.month < 3 else str(self.month)

    @property
    def code(self) -> str:
        """Number and symbol as they are cited: "08/TB-ĐKT"; without a number the symbol alone."""
        return f"{self.number_text}/{self.symbol}" if self.number is not None else self.symbol

    @property
    def title(self) -> str:
        """Kind and subject, the document's title for readers: "Thông báo kết luận kiểm tra …"."""
        return f"{self.kind.capitalize()} {self.subject[:1].lower()}{self.subject[1:]}"

    @property
    def has_long_issuer(self) -> bool:
        """Whether a line of the letterhead is too long for the larger of the two sizes allowed."""
        return not (_all_fit(self.parent, 13, PARENT_ROOM) and _all_fit(self.issuer, 13, ISSUER_ROOM))

    @property
    def has_long_place(self) -> bool:
        """Whether place and date are too long for the larger of the two sizes allowed."""
        blank = " " * 9  # about as wide as the room left for a day or a month
        day, month = self.day_text or blank, self.month_text or blank
        return not widths.fits(f"{self.place}, ngày {day} tháng {month} năm {self.year}", size=14, room=DATE_ROOM)

    @property
    def parent_rows(self) -> tuple[str, ...]:
        return self._letterhead(self.parent, PARENT_ROOM)

    @property
    def issuer_rows(self) -> tuple[str, ...]:
        return self._letterhead(self.issuer, ISSUER_ROOM)

    def _letterhead(self, rows: tuple[str, ...], room: float) -> tuple[str, ...]:
        """The lines as typed; one that is too long for its place divided, so that no word stands alone."""
        size = 12 if self.has_long_issuer else 13
        return tuple(part for row in rows for part in _on_lines(row, size, room))

    @property
    def iso_date(self) -> str:
        """Date of issue as ISO text for the file's own data; "" while it is not complete."""
        if self.day is None or self.month is None:
            return ""
        return date(self.year, self.month, self.day).isoformat()

    @property
    def flow(self) -> tuple[Part, ...]:
        """The whole text in the order of reading, headings numbered."""
        parts = list(_parts(self.preamble))
        depth = 0
        for number, section in _numbered(self.sections):
            depth = min(section.level, depth + 1)
            parts.append(Part(f"heading-{section.level}", f"{number} {section.heading}", depth=depth))
            parts += _parts(section.blocks)
        parts += [
            Part(Table.kind if isinstance(block, Table) else "closing", blocks=(block,)) for block in self.closing
        ]
        return tuple(parts)

    @property
    def recipients_beside(self) -> tuple[str, ...]:
        """Recipients level with the signature; none where a second signature stands there."""
        return () if self.cosigner else self.recipient_lines[:RECIPIENTS_BESIDE_SIGNATURE]

    @property
    def recipients_below(self) -> tuple[str, ...]:
        return self.recipient_lines[len(self.recipients_beside) :]

    @property
    def sent_to(self) -> tuple[str, ...]:
        """Recipients to whom the paper goes: not the line that says where it is kept ("Lưu: VT, …")."""
        return tuple(row for row in self.recipients if not row.startswith("Lưu:"))

    @property
    def recipient_lines(self) -> tuple[str, ...]:
        """Each recipient with its dash and sign: ";" after all, "." after the last."""
        last = len(self.recipients) - 1
        return tuple(f"- {name}{'.' if place == last else ';'}" for place, name in enumerate(self.recipients))

    def as_facts(self) -> dict[str, Any]:
        """Everything printed, in JSON types only; what a document does not have is left out."""
        facts = asdict(self)
        del facts["verification"]
        if self.cosigner is None:
            del facts["cosigner"]
        facts["preamble"] = _block_facts(self.preamble)
        facts["closing"] = _block_facts(self.closing)
        facts["sections"] = [
            {
                "number": number,
                "level": section.level,
                "heading": section.heading,
                "blocks": _block_facts(section.blocks),
            }
            for number, section in _numbered(self.sections)
        ]
        return facts

    def all_blocks(self) -> Iterator[Block]:
        """Every paragraph and dash in the order of reading."""
        yield from self.preamble
        for section in self.sections:
            yield from section.blocks
        yield from self.closing


@dataclass(frozen=True, slots=True)
class Facts:
    """Frozen facts of an issued document: their canonical JSON and its SHA-256."""

    data: dict[str, Any]
    text: str = field(init=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        text = canonical_json(self.data)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "sha256", hashlib.sha256(text.encode()).hexdigest())


def canonical_json(data: Any) -> str:
    """One text for one meaning: keys sorted, no spaces, letters as they are."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def parse_blocks(text: str) -> tuple[Block, ...]:
    """Blocks of a section's text as people type it: a line that starts with "- " is a dash, any other a paragraph."""
    blocks: list[Block] = []
    for raw in clean(text).split("\n"):
        content = line(raw)
        if content in ("", "-"):
            continue
        blocks.append(Dash(content[2:].strip()) if content.startswith(("- ", "– ")) else Paragraph(content))
    return tuple(blocks)


def _block_facts(blocks: Sequence[Block]) -> list[dict[str, str]]:
    return [block.as_facts() for block in blocks]


def _parts(blocks: Sequence[Block]) -> Iterator[Part]:
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        yield Part("list" if kind == Dash.kind else kind, blocks=tuple(group))


def _numbered(sections: Sequence[Section]) -> Iterator[tuple[str, Section]]:
    """Each section with its number: I. II. …, below it 1. 2. …, below that a) b) …"""
    counts = [0, 0, 0]
    for section in sections:
        counts[section.level - 1] += 1
        counts[section.level :] = [0] * (3 - section.level)
        first, second, third = counts
        number = (f"{roman(first)}.", f"{second}.", f"{LETTERS[(third - 1) % len(LETTERS)]})")[section.level - 1]
        yield number, section


def _plain(text: str) -> str:
    return ITALIC.sub(r"\1", text)


def _all_fit(rows: Sequence[str], size: float, room: float) -> bool:
    return all(widths.fits(row, size=size, room=room) for row in rows)


def _on_lines(row: str, size: float, room: float) -> list[str]:
    return [row] if widths.fits(row, size=size, room=room) else widths.divided(row, size=size, room=room)


def _spans(text: str) -> Iterator[Piece]:
    place = 0
    for match in ITALIC.finditer(text):
        if match.start() > place:
            yield Piece(text[place : match.start()])
        yield Piece(match[1], italic=True)
        place = match.end()
    if place < len(text):
        yield Piece(text[place:])


def _pieces(text: str) -> Iterator[Piece]:
    for span in _spans(text):
        yield from _whole_pieces(span.text, italic=span.italic)


def _whole_pieces(text: str, *, italic: bool, longest: int = LONGEST_WHOLE) -> Iterator[Piece]:
    place = 0
    for match in WORD.finditer(text):
        if not JOINED.search(match[0]):
            continue
        if match.start() > place:
            yield Piece(text[place : match.start()], italic)
        yield Piece(match[0], italic, whole=len(match[0]) <= longest)
        place = match.end()
    if place < len(text):
        yield Piece(text[place:], italic)


def from_facts(facts: dict[str, Any]) -> NoticeContent:
    """The content whose `as_facts` these are: how an issued notice is read, whatever has changed since."""
    plain = {name: facts[name] for name in ("number", "symbol", "place", "day", "month", "year", "kind", "subject")}
    return NoticeContent(
        **plain,
        parent=tuple(facts["parent"]),
        issuer=tuple(facts["issuer"]),
        preamble=_blocks(facts["preamble"]),
        sections=tuple(Section(item["level"], item["heading"], _blocks(item["blocks"])) for item in facts["sections"]),
        closing=_blocks(facts["closing"]),
        signature=_signature(facts["signature"]),
        cosigner=_signature(facts["cosigner"]) if facts.get("cosigner") else None,
        recipients=tuple(facts["recipients"]),
        is_draft=facts["is_draft"],
        is_demo=facts["is_demo"],
    )


def _signature(facts: dict[str, Any]) -> Signature:
    return Signature(tuple(facts["authority"]), facts["post"], facts["name"])


def _blocks(items: Sequence[dict[str, Any]]) -> tuple[Block, ...]:
    return tuple(_block(item) for item in items)


def _block(item: dict[str, Any]) -> Block:
    if item["kind"] == Table.kind:
        return Table(item["text"], tuple(item["header"]), tuple(tuple(row) for row in item["rows"]), item["aligned"])
    return {kind.kind: kind for kind in (Paragraph, Dash)}[item["kind"]](item["text"])
