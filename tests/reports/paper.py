"""What stands on the pages of a PDF: lines of text, thin rules and tables with their places, in mm."""

import io
import re
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pdfplumber

MM = 72 / 25.4
Sign = dict[str, Any]
# Two signs on one baseline further apart than this stand in two columns.
COLUMN_GAP_MM = 4.8
SAME_BASELINE_PT = 1.2


class Unreadable(Exception):
    """No text is found: a scan, or nothing at all."""


@dataclass
class Line:
    """Signs on one baseline of one page, in one column; lengths in mm, sizes in points.

    page: from 0; base: the baseline's distance from the top of the page.
    """

    page: int
    signs: list[Sign]
    in_table: bool = False

    def __post_init__(self) -> None:
        self.signs = sorted(self.signs, key=lambda sign: sign["x0"])

    @cached_property
    def ink(self) -> list[Sign]:
        return [sign for sign in self.signs if is_ink(sign)]

    @cached_property
    def text(self) -> str:
        """The words with single spaces, one also where only a gap parts two words."""
        parts: list[str] = []
        for before, sign in zip([None, *self.signs], self.signs, strict=False):
            if before and sign["x0"] - before["x1"] > 0.18 * sign["size"]:
                parts.append(" ")
            parts.append(sign["text"])
        return unicodedata.normalize("NFC", " ".join("".join(parts).split()))

    @cached_property
    def x0(self) -> float:
        return min(sign["x0"] for sign in self.ink) / MM

    @cached_property
    def x1(self) -> float:
        return max(sign["x1"] for sign in self.ink) / MM

    @cached_property
    def top(self) -> float:
        return min(sign["top"] for sign in self.ink) / MM

    @cached_property
    def bottom(self) -> float:
        return max(sign["bottom"] for sign in self.ink) / MM

    @cached_property
    def base(self) -> float:
        return statistics.median(baseline(sign) for sign in self.ink) / MM

    @cached_property
    def size(self) -> float:
        return statistics.mode(round(sign["size"], 1) for sign in self.ink)

    @cached_property
    def is_bold(self) -> bool:
        return self._share("bold") > 0.8

    @cached_property
    def is_italic(self) -> bool:
        return self._share("ital|obli") > 0.8

    def _share(self, pattern: str) -> float:
        return sum(bool(re.search(pattern, sign["fontname"].lower())) for sign in self.ink) / len(self.ink)

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def place(self) -> tuple[int, float]:
        return self.page, self.base


@dataclass
class Stroke:
    """A thin horizontal line, in mm."""

    page: int
    x0: float
    x1: float
    y: float

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def width(self) -> float:
        return self.x1 - self.x0


@dataclass
class Frame:
    """A region ruled into cells, in mm; one framed box is none."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2

    def holds(self, x: float, y: float) -> bool:
        return self.x0 - 0.3 <= x <= self.x1 + 0.3 and self.top - 0.3 <= y <= self.bottom + 0.3


@dataclass
class Paper:
    lines: list[Line]
    strokes: list[Stroke]
    tables: list[Frame]
    sizes: list[tuple[float, float]]


def is_ink(sign: Sign) -> bool:
    return bool(sign["text"].strip(" \u00a0"))


def baseline(sign: Sign) -> float:
    """Distance of a sign's baseline from the top of its page, in points."""
    return float(sign["page_height"] - sign["matrix"][5])


def read(pdf: bytes | Path) -> Paper:
    """Everything on the pages. Raises Unreadable where there is no text."""
    paper = Paper([], [], [], [])
    with pdfplumber.open(io.BytesIO(pdf) if isinstance(pdf, bytes) else pdf) as opened:
        for number, page in enumerate(opened.pages):
            _read_page(number, page, paper)
    if not paper.lines:
        raise Unreadable
    return paper


def _read_page(number: int, page: Any, paper: Paper) -> None:
    paper.sizes.append((float(page.width) / MM, float(page.height) / MM))
    found = [table for table in page.find_tables() if len(table.cells) > 1]
    tables = [Frame(number, *(float(edge) / MM for edge in table.bbox)) for table in found]
    loose: list[Sign] = []
    celled: list[Sign] = []
    for sign in page.chars:
        sign["page_height"] = float(page.height)
        x, y = (sign["x0"] + sign["x1"]) / 2 / MM, (sign["top"] + sign["bottom"]) / 2 / MM
        (celled if any(table.holds(x, y) for table in tables) else loose).append(sign)
    paper.lines += _lines(number, loose) + _lines(number, celled, in_table=True)
    for item in (*page.rects, *page.lines, *page.curves):
        if item["bottom"] - item["top"] < 1.6 and item["x1"] - item["x0"] > 8:
            stroke = Stroke(number, item["x0"] / MM, item["x1"] / MM, item["top"] / MM)
            if not any(table.holds(stroke.middle, stroke.y) for table in tables):
                paper.strokes.append(stroke)
    paper.tables += tables


def _lines(page: int, signs: Sequence[Sign], *, in_table: bool = False) -> list[Line]:
    """Signs gathered into rows by baseline, and rows into columns where a gap is wide."""
    rows: list[tuple[float, list[Sign]]] = []
    for sign in sorted(signs, key=baseline):
        near = next((row for at, row in rows if abs(at - baseline(sign)) < SAME_BASELINE_PT), None)
        if near is None:
            rows.append((baseline(sign), [sign]))
        else:
            near.append(sign)
    pieces = (piece for _, row in rows for piece in _columns(row))
    return [Line(page, piece, in_table) for piece in pieces if any(map(is_ink, piece))]


def _columns(row: list[Sign]) -> list[list[Sign]]:
    row = sorted(row, key=lambda sign: sign["x0"])
    pieces, reach = [[row[0]]], row[0]["x1"]
    for sign in row[1:]:
        if sign["x0"] - reach > COLUMN_GAP_MM * MM:
            pieces.append([])
            reach = sign["x1"]
        pieces[-1].append(sign)
        reach = max(reach, sign["x1"])
    return pieces
