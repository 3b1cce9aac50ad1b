"""How much room text takes in Times, without a font: for the columns of tables and the lines of a letterhead.

The measure is thousandths of the type size. Letters with marks are as wide as those without.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

# Advance widths of Times New Roman: capitals of the bold face, the rest of the upright one.
WIDTHS = {
    **dict.fromkeys("ijltI:;/\\", 278),
    **dict.fromkeys("fr()-[]", 333),
    **dict.fromkeys("s", 389),
    **dict.fromkeys("acez", 444),
    **dict.fromkeys(" .,|", 250),
    **dict.fromkeys("mW", 900),
    **dict.fromkeys("w", 722),
    "I": 389,
    "M": 944,
    "S": 556,
    **dict.fromkeys("FP", 611),
    **dict.fromkeys("BELTZ", 667),
    **dict.fromkeys("ACDĐNRUVXY", 722),
    **dict.fromkeys("GHKOQ", 778),
    "%": 1000,
    "…": 1000,
}
USUAL = 500
# Words that belong together: a letterhead does not break between them.
BOUND = frozenset(
    ("CHƯƠNG TRÌNH", "XÂY DỰNG", "KIỂM TRA", "NÔNG THÔN", "THÔN MỚI", "MỤC TIÊU", "QUỐC GIA", "ỦY BAN", "NHÂN DÂN")
    + ("ĐIỀU PHỐI", "VĂN PHÒNG", "THỰC HIỆN", "KẾT QUẢ", "ĐÁNH GIÁ", "LIÊN NGÀNH", "CHỈ ĐẠO", "HỘI ĐỒNG", "TRÌNH MTQG")
)
# How much wider a column may become than its longest cell before it is the turn of the columns of words.
AIR = 1.4
POINTS_OF_MM = 72 / 25.4
TEXT_AREA_MM = 160
# Quarters of a millimetre are the unit "q" of style sheets.
QUARTERS = TEXT_AREA_MM * 4


@cache
def _width(letter: str) -> int:
    return WIDTHS.get(unicodedata.normalize("NFD", letter)[0], USUAL)


def width(text: str) -> int:
    """Width of a text on one line, in thousandths of the type size; a little more for words than it takes."""
    return sum(map(_width, text))


def fits(text: str, *, size: float, room: float) -> bool:
    """Whether a text stands on one line; size: in points, room: in mm."""
    return width(text) * size <= room * POINTS_OF_MM * 1000


def divided(text: str, *, size: float, room: float) -> list[str]:
    """The words on as few lines as hold them, of like length, and none torn from what it belongs to."""
    words = text.split()
    # For each number of first words: the cost of their best division, and where its last line starts.
    best: list[tuple[tuple[int, int, int], int]] = [((0, 0, 0), 0)]
    for end in range(1, len(words) + 1):
        options = []
        for start in reversed(range(end)):
            row = " ".join(words[start:end])
            if start < end - 1 and not fits(row, size=size, room=room):
                break
            torn, count, uneven = best[start][0]
            torn += start > 0 and f"{words[start - 1]} {words[start]}" in BOUND
            options.append(((torn, count + 1, uneven + width(row) ** 2), start))
        best.append(min(options))
    lines, end = [], len(words)
    while end:
        lines.append(" ".join(words[best[end][1] : end]))
        end = best[end][1]
    return lines[::-1]


def columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], aligned: str, *, size: float, padding: float
) -> tuple[int, ...]:
    """Width of each column of a table, in quarters of a millimetre; all together fill the text area.

    Given here and not left to the engine, which would look at every cell twice and squeeze short columns.
    size, padding: of the letters, and left of a cell's text, in points. aligned: "l", "c" or "r" for each column.
    """
    around, whole = _around(size, padding), _whole(size)
    needed = _needed(header, rows, around, whole)
    # A head may stand on two lines, and is bold; what stands below it rather not.
    wanted = [
        max(least, around + max([width(name) * 6 // 10, *map(width, cells)]))
        for least, (name, *cells) in zip(needed, zip(header, *rows, strict=True), strict=True)
    ]
    return _rounded(_given(needed, wanted, aligned, whole)) if needed else ()


def have_room(header: Sequence[str], rows: Sequence[Sequence[str]], *, size: float, padding: float) -> bool:
    """Whether the longest words of all columns find room beside each other; else they are broken or stand out."""
    whole = _whole(size)
    return sum(_needed(header, rows, _around(size, padding), whole)) <= whole


def _around(size: float, padding: float) -> int:
    """What a cell takes beside its text, and what rounding takes away."""
    return round(2 * padding / size * 1000) + 200


def _whole(size: float) -> float:
    return TEXT_AREA_MM * POINTS_OF_MM / size * 1000


def _needed(header: Sequence[str], rows: Sequence[Sequence[str]], around: int, whole: float) -> list[int]:
    """Of each column for its longest word; where all together are too long, for the longest piece up to a hyphen."""

    def longest(cells: Iterable[str]) -> int:
        return max(width(word) for cell in cells for word in cell.split() or ("",))

    columns = list(zip(header, *rows, strict=True))
    found = [around + longest(cells) for cells in columns]
    if sum(found) > whole:
        found = [around + longest(cell.replace("-", "- ") for cell in cells) for cells in columns]
    return found


def _given(needed: list[int], wanted: list[int], aligned: str, whole: float) -> list[float]:
    """What each column gets; needed: for its longest word, wanted: for its longest cell on one line."""
    if sum(needed) >= whole:
        return [float(size) for size in needed]
    if sum(wanted) > whole:
        return _levelled(needed, wanted, whole)
    # Some air for all; columns of words take what is left over, for figures are hard to compare in wide columns.
    aired = [size * min(AIR, whole / sum(wanted)) for size in wanted]
    takers = [place for place in range(len(wanted)) if aligned[place : place + 1] not in ("c", "r")]
    takers = takers or list(range(len(wanted)))
    rest = (whole - sum(aired)) / sum(aired[place] for place in takers)
    return [size * (1 + rest * (place in takers)) for place, size in enumerate(aired)]


def _levelled(needed: list[int], wanted: list[int], whole: float) -> list[float]:
    """Short columns get all they want; the long ones get as much as each other, but no less than they need."""
    low, high = 0.0, whole
    for _ in range(40):
        level = (low + high) / 2
        sizes = [max(least, min(most, level)) for least, most in zip(needed, wanted, strict=True)]
        low, high = (level, high) if sum(sizes) < whole else (low, level)
    return sizes


def _rounded(sizes: list[float]) -> tuple[int, ...]:
    """Quarters of a millimetre that add up to the whole width."""
    whole, reached, edges = sum(sizes), 0.0, [0]
    for size in sizes:
        reached += size
        edges.append(round(QUARTERS * reached / whole))
    return tuple(right - left for left, right in pairwise(edges))
