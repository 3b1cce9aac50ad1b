"""The marks of drafts and of made-up data as pictures for WeasyPrint, outlined once and then only laid on each page.

Drawings and not letters, so that the text of a marked page reads the same as that of the notice. WeasyPrint reads an
SVG anew for every page: a fourth of the time that a draft of four pages took. Needs no Django.
"""

import io
import math
from dataclasses import dataclass
from typing import Any

from fontTools.misc.transform import Identity, Transform
from fontTools.pens.basePen import BasePen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont
from tinycss2.color5 import parse_color

from . import fonts

DRAFT_WORDS = "DỰ THẢO"
DEMO_WORDS = "Dữ liệu trình diễn, không phải văn bản thật"
# Outlines are kept in whole numbers: a picture is so many of them wide and high.
GRID = 10_000
DEMO_LINE_PX = 13


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark as an image of WeasyPrint. outlines: operators of a PDF's path on the grid, from the upper left."""

    outlines: bytes
    colour: str
    width: int
    height: int

    def get_intrinsic_size(self, *_: Any) -> tuple[int, int, float]:
        """(width, height, their ratio) in the pixels of style sheets."""
        return self.width, self.height, self.width / self.height

    def draw(self, stream: Any, width: float, height: float, *_: Any) -> None:
        with stream.stacked():
            stream.transform(a=width / GRID, d=height / GRID)
            stream.set_color(parse_color(self.colour))
            stream.stream.append(self.outlines)
            stream.fill()


def all_marks() -> dict[str, Mark]:
    """{name in style sheets: mark}. Raises FontsMissing."""
    return {"draft-mark": draft_mark(), "demo-mark": demo_mark()}


def draft_mark() -> Mark:
    """The word DỰ THẢO slanting over a square, light grey."""
    line = Line(DRAFT_WORDS, "Bold")
    side, middle = line.width * 1.2, (line.width / 2, -line.em * 0.33)
    slanting = Identity.translate(*middle).rotate(math.radians(-52)).translate(-middle[0], -middle[1])
    placed = Identity.scale(GRID / side).translate(line.width * 0.1, line.width * 0.7).transform(slanting)
    return Mark(line.outlines(placed), "#ededed", 600, 600)


def demo_mark() -> Mark:
    """One small line for the foot of the page that says the data are made up for showing the portal."""
    line = Line(DEMO_WORDS, "Regular")
    placed = Identity.scale(GRID / line.width, GRID / (line.em * 1.3)).translate(0, line.em)
    width, height = round(DEMO_LINE_PX * line.width / line.em), round(DEMO_LINE_PX * 1.3)
    return Mark(line.outlines(placed), "#595959", width, height)


class Line:
    """A line of words in one face, in the units of the font, its base at zero. em: the size of its letters."""

    def __init__(self, words: str, face: str) -> None:
        font = TTFont(io.BytesIO(fonts.find()[face].read_bytes()))
        self.glyphs, cmap = font.getGlyphSet(), font.getBestCmap()
        self._names = [cmap[ord(letter)] for letter in words]
        self.em: int = font["head"].unitsPerEm
        self.width: float = sum(self.glyphs[name].width for name in self._names)

    def outlines(self, placed: Transform) -> bytes:
        """Operators of a path, rounded to whole numbers. placed: from the font's units, downwards, to the grid."""
        path = _Path(self.glyphs)
        self.draw(path, placed)
        return "\n".join(path.operators).encode()

    def draw(self, pen: BasePen, placed: Transform = Identity) -> None:
        """The outlines of the letters, one after the other, by a pen of fontTools."""
        left: float = 0
        for name in self._names:
            glyph = self.glyphs[name]
            glyph.draw(TransformPen(pen, placed.scale(1, -1).translate(left, 0)))
            left += glyph.width


class _Path(BasePen):
    """Writes outlines as operators of a PDF."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.operators: list[str] = []

    def _add(self, operator: str, *points: tuple[float, float]) -> None:
        self.operators.append(" ".join([*(f"{round(x)} {round(y)}" for x, y in points), operator]))

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self._add("m", pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self._add("l", pt)

    def _curveToOne(  # noqa: N802
        self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]
    ) -> None:
        self._add("c", pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802
        self._add("h")
