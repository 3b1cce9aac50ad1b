"""What the portal and the process that opens workbooks tell each other: cells as text, and refusals."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from communes.tables.model import Refused

__all__ = ["MAX_BYTES", "MAX_CELLS", "MAX_ROWS", "Cell", "Kind", "Refused", "Sheet", "as_json", "from_json"]

MAX_BYTES = 4 * 1024 * 1024
# A whole dossier is some hundred rows; whoever makes room for notes between them still fits.
MAX_ROWS = 2_000
MAX_CELLS = 40_000


class Kind(StrEnum):
    """What stands in a cell, as a spreadsheet program sees it."""

    TEXT = "text"
    NUMBER = "number"  # plain digits with a point: what the program shows, fifteen significant ones
    PERCENT = "percent"  # a number in a cell that is shown as per cent: 0.85 is seen as 85 %
    DAY = "day"  # dd/mm/yyyy, or a time of day
    TRUTH = "truth"
    FAULT = "fault"  # #REF!, #N/A …
    FORMULA = "formula"


@dataclass(frozen=True)
class Cell:
    """One cell that is not empty. row and column: counted from 1."""

    row: int
    column: int
    kind: Kind
    text: str


@dataclass(frozen=True)
class Sheet:
    """One sheet with its cells that are not empty, row by row.

    merged: "A1:C1"; hidden: "5" for a row, "C:D" for columns; what a person does not see, or sees elsewhere.
    """

    title: str
    is_hidden: bool
    cells: list[Cell] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


def as_json(sheets: list[Sheet]) -> list[dict[str, Any]]:
    return [
        {
            "title": sheet.title,
            "hidden": sheet.is_hidden,
            "merged": sheet.merged,
            "unseen": sheet.hidden,
            "cells": [[cell.row, cell.column, cell.kind.value, cell.text] for cell in sheet.cells],
        }
        for sheet in sheets
    ]


def from_json(rows: list[dict[str, Any]]) -> list[Sheet]:
    return [
        Sheet(
            row["title"],
            row["hidden"],
            [Cell(number, column, Kind(kind), text) for number, column, kind, text in row["cells"]],
            row["merged"],
            row["unseen"],
        )
        for row in rows
    ]
