"""QR codes as one SVG path: for what is printed, on the portal's pages and in its documents alike."""

from dataclasses import dataclass

import segno


@dataclass(frozen=True, slots=True)
class Drawing:
    """A code ready to be drawn. size: modules on a side; the layout leaves four more free on each."""

    path: str
    size: int


def drawn(content: str) -> Drawing:
    """The code of a text; the same text always gives the same path. Level M: a seventh of it may be soiled."""
    code = segno.make_qr(content, error="m", boost_error=False, mode="byte", encoding="utf-8")
    rows = [[bool(module) for module in row] for row in code.matrix]
    return Drawing(path_of(rows), len(rows))


def path_of(rows: list[list[bool]]) -> str:
    """One SVG path that fills the dark modules, neighbours in a row drawn as one bar."""
    bars = []
    for y, row in enumerate(rows):
        start = None
        for x, is_dark in enumerate([*row, False]):
            if is_dark and start is None:
                start = x
            elif not is_dark and start is not None:
                bars.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
                start = None
    return "".join(bars)
