"""An official table as page, PDF and workbook print it alike: letterhead, title, columns, lines, notes, signatures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from communes import notation
from criteria.judgement import Judgement

from ... import outline

Value = str | int

# Letters instead of the portal's signs: they are read on any copy and typed in any other table.
MARKS: dict[str, str] = {
    Judgement.MET: "Đ",
    Judgement.BASICALLY_MET: "CB",
    Judgement.NOT_MET: "X",
    Judgement.NOT_ASSESSED: "K",
    Judgement.UNASSESSED: "–",
}
LEGEND = (
    "Đ: đạt; CB: cơ bản đạt; X: chưa đạt; K: không đánh giá; –: chưa đánh giá; "
    "(*): đơn vị chưa có kết luận, không tính vào số tổng hợp."
)


@dataclass(frozen=True)
class Column:
    """One column. name: in full, where the head is only a number; width: in mm on paper; look: l, c or r."""

    head: str
    width: float
    look: str = "c"
    name: str = ""


@dataclass(frozen=True)
class Line:
    """One row. kind: "unit", "open" (a unit without a conclusion), "part" (of the unit above it) or "total"."""

    cells: tuple[Value, ...]
    kind: str = "unit"


@dataclass(frozen=True)
class OfficialTable:
    """Everything printed. attached: the notice the table goes with, "" for none; notes stand below the table."""

    key: str
    number: str
    parent: str
    issuer: str
    place: str
    day: date
    title: str
    subject: str
    attached: str
    as_of: str
    unit: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    totals: tuple[Line, ...]
    notes: tuple[str, ...]
    is_demo: bool = False
    is_final: bool = True

    @property
    def dated(self) -> str:
        """Tân Uyên, ngày 05 tháng 12 năm 2024; two digits as the decree asks for."""
        month = f"{self.day.month:02d}" if self.day.month <= 2 else str(self.day.month)
        return f"{self.place}, ngày {self.day.day:02d} tháng {month} năm {self.day.year}"

    @property
    def issuer_rows(self) -> list[str]:
        """The issuing body in lines as long as each other."""
        return outline.letterhead(self.issuer).split("\n")

    @property
    def look(self) -> str:
        """Small letters for many columns; units in bold where their parts stand under them."""
        dense = "dense" if len(self.columns) > 16 else ""
        return f"{dense} grouped".strip() if self.is_grouped else dense

    @property
    def is_grouped(self) -> bool:
        return any(line.kind == "part" for line in self.lines)

    def shown(self, lines: tuple[Line, ...] | list[Line]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """(kind, [(text, look)]) of each row."""
        for line in lines:
            cells = zip(line.cells, self.columns, strict=True)
            yield line.kind, [(written(value), column.look) for value, column in cells]

    @property
    def body(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return list(self.shown(self.lines))

    @property
    def foot(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return list(self.shown(self.totals))


def written(value: Value) -> str:
    return notation.number(value) if isinstance(value, int) else value
