"""The composer's page: the outline with the numbers as printed, and one part's text with its figures in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from .. import wording
from ..compose import Composition
from ..content import NoticeContent, line
from ..models import NoticeSection
from ..wording import Figure, Palette

Kind = NoticeSection.Kind


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A part in the outline. number: as printed, "" for a part without one; heading: place among printed headings."""

    section: NoticeSection
    number: str = ""
    heading: int | None = None


def outline_of(composition: Composition, content: NoticeContent) -> list[OutlineRow]:
    headings, place, rows = headings_of(content), 0, []
    for section in composition.sections:
        if not _is_printed(section, composition):
            rows.append(OutlineRow(section))
            continue
        number = headings[place].partition(" ")[0]
        rows.append(OutlineRow(section, number, place))
        place += 1
        if section.kind == Kind.RECOMMENDATIONS:
            place += sum(1 for _ in groupby(composition.recommendations, key=lambda row: row.addressee))
    return rows


def headings_of(content: NoticeContent) -> list[str]:
    """Every heading as it is printed, with its number."""
    return [part.heading for part in content.flow if part.heading]


def _is_printed(section: NoticeSection, composition: Composition) -> bool:
    """Whether its heading is; recommendations only once there are any."""
    if section.kind == Kind.RECOMMENDATIONS:
        return bool(composition.recommendations)
    return section.has_heading


# ---------------------------------------------------------------- one part's text


@dataclass(frozen=True, slots=True)
class Chip:
    """A figure in the text; place: of its line in the list of the part's figures, counted from 1."""

    figure: Figure
    place: int


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A paragraph or dash as it is read now, in pieces of (text, chip or None)."""

    pieces: tuple[tuple[str, Chip | None], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A part's text with the present figures in it; empty lines where it states none."""

    lines: tuple[ReadLine, ...]
    chips: tuple[Chip, ...]


def reading_of(texts: Sequence[str], palette: Palette) -> Reading:
    """texts: heading, body and recommendations of one part, in the order in which they are read."""
    used = wording.used(texts, palette)
    chips = {token: Chip(figure, place) for place, (token, figure) in enumerate(used.items(), 1)}
    if not chips:
        return Reading((), ())
    lines = [row for text in texts for raw in text.splitlines() if (row := line(raw)) and wording.TOKEN.search(row)]
    return Reading(tuple(_read(row, palette, chips) for row in lines), tuple(chips.values()))


def _read(text: str, palette: Palette, chips: dict[str, Chip]) -> ReadLine:
    pieces = wording.resolve(text.replace("*", ""), palette)
    return ReadLine(tuple((piece.text, chips[piece.figure.token] if piece.figure else None) for piece in pieces))


def words_at(body: str, offset: int, palette: Palette) -> tuple[str, str]:
    """(words of the paragraph up to the cursor, the whole of it) as printed; offset: the cursor's place in `body`."""
    start = body.rfind("\n", 0, offset) + 1
    end = body.find("\n", offset)
    whole = body[start:] if end < 0 else body[start:end]
    before = whole[: max(0, offset - start)]
    opening = before.rfind("{")
    if opening > before.rfind("}"):
        before = before[:opening]
    return _as_printed(before, palette), _as_printed(whole, palette)


def _as_printed(text: str, palette: Palette) -> str:
    return wording.fill(text, palette).strip().removeprefix("- ").removeprefix("– ").replace("*", "")
