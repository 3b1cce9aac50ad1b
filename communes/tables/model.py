"""What the portal and the process that opens tables tell each other: cells as text, and refusals."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 60


class Refused(Exception):
    """The file is not read; the message is Vietnamese and says why and what to do."""


class Kind(StrEnum):
    """What stands in a cell, as a spreadsheet program sees it."""

    TEXT = "t"
    NUMBER = "n"  # plain digits with a point, fifteen significant ones
    DAY = "d"  # ISO
    TRUTH = "b"
    OTHER = "o"  # a time of day, a span of time


class Cell(NamedTuple):
    """One cell; empty: TEXT without signs."""

    kind: Kind
    text: str


EMPTY = Cell(Kind.TEXT, "")


class Line(NamedTuple):
    """One line that is not empty. number: of the row in its sheet, from 1."""

    number: int
    cells: list[Cell]


@dataclass(frozen=True)
class Sheet:
    """title: empty for a CSV file."""

    title: str
    lines: list[Line] = field(default_factory=list)


def address(column: int, row: int) -> str:
    """Name of a cell as spreadsheet programs show it: address(2, 7) is "B7". Both counted from 1."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def as_json(sheets: list[Sheet]) -> list[Any]:
    """Text, by far the most, travels as it is; other cells as [kind, text]."""
    return [
        [
            sheet.title,
            [
                [number, [text if kind is Kind.TEXT else [kind.value, text] for kind, text in cells]]
                for number, cells in sheet.lines
            ],
        ]
        for sheet in sheets
    ]


def from_json(sheets: list[Any]) -> list[Sheet]:
    return [
        Sheet(title, [Line(number, [_cell(value) for value in cells]) for number, cells in lines])
        for title, lines in sheets
    ]


def _cell(value: Any) -> Cell:
    return Cell(Kind.TEXT, value) if isinstance(value, str) else Cell(Kind(value[0]), value[1])
