"""Tokens: names in braces that stand for figures, and the figures they stand for."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(r"\{([^{}\n]{1,120})\}")
MISSING = "(chưa có số liệu)"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: header and rows of cells; aligned: for each column "l", "c" or "r"."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    aligned: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One entry of the palette: what a token stands for now, how it came about, and which units are in it.

    units: (name, its own result) of each; is_missing: nothing to state yet, which forbids issuing. table: what is
    printed where the token stands alone on a line; within a sentence such a token has no place.
    """

    token: str
    group: str
    label: str
    value: str
    formula: str = ""
    units: tuple[tuple[str, str], ...] = ()
    is_missing: bool = False
    table: Grid | None = None

    @property
    def insert(self) -> str:
        """The token as it is typed."""
        return f"{{{self.token}}}"

    def as_facts(self) -> dict[str, Any]:
        return {"value": self.value, "formula": self.formula, "units": [list(unit) for unit in self.units]}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `figure` where it stands for one, `problem` where a token is not known or empty."""

    text: str
    figure: Figure | None = None
    problem: str = ""


Palette = dict[str, Figure]


# ---------------------------------------------------------------- tokens in a text


def key_of(token: str) -> str:
    return " ".join(unicodedata.normalize("NFC", token).casefold().split())


def resolve(text: str, palette: Palette) -> list[Piece]:
    """The text in pieces, each token replaced by its present value."""
    pieces, place = [], 0
    for match in TOKEN.finditer(text):
        if match.start() > place:
            pieces.append(_plain(text[place : match.start()]))
        pieces.append(_bound(match, palette))
        place = match.end()
    if place < len(text):
        pieces.append(_plain(text[place:]))
    return pieces


def fill(text: str, palette: Palette) -> str:
    """The text with every known token replaced; an unknown one stays as it was typed."""
    return "".join(piece.text for piece in resolve(text, palette))


def problems(text: str, palette: Palette) -> list[str]:
    """What is wrong with the tokens of a text, in Vietnamese."""
    return [piece.problem for piece in resolve(text, palette) if piece.problem]


def used(texts: Iterable[str], palette: Palette) -> dict[str, Figure]:
    """{token: figure} of all figures that the texts state."""
    return {
        piece.figure.token: piece.figure
        for text in texts
        for piece in resolve(text, palette)
        if piece.figure is not None
    }


def table_of(row: str, palette: Palette) -> Grid | None:
    """The table that a line stands for: one token alone, whose figure has a table."""
    match = TOKEN.fullmatch(row.strip())
    figure = palette.get(key_of(match[1])) if match else None
    return figure.table if figure and not figure.is_missing else None


def is_told(text: str, palette: Palette) -> bool:
    """Whether every token of a text is known and has something to say."""
    figures = [palette.get(key_of(match[1])) for match in TOKEN.finditer(text)]
    return all(figure is not None and not figure.is_missing for figure in figures)


def _plain(text: str) -> Piece:
    stray = next((sign for sign in "{}" if sign in text), "")
    return Piece(text, problem=f"Dấu “{stray}” không thành cặp ngoặc nhọn." if stray else "")


def _bound(match: re.Match[str], palette: Palette) -> Piece:
    figure = palette.get(key_of(match[1]))
    if figure is None:
        near = difflib.get_close_matches(key_of(match[1]), palette, 1)
        hint = f" Có thể là {{{near[0]}}}." if near else " Chọn trong bảng số liệu."
        return Piece(match[0], problem=f"Không có số liệu tên {match[0]}.{hint}")
    if figure.is_missing:
        return Piece(figure.value, figure, problem=f"Chưa có số liệu cho {figure.insert}: {figure.formula}")
    if figure.table is not None and _row_of(match).strip() != match[0]:
        return Piece(figure.value, figure, problem=f"Bảng {figure.insert} phải đứng riêng một dòng.")
    return Piece(figure.value, figure)


def _row_of(match: re.Match[str]) -> str:
    """The line of the text in which a token stands."""
    text = match.string
    end = text.find("\n", match.end())
    return text[text.rfind("\n", 0, match.start()) + 1 : end if end >= 0 else len(text)]
