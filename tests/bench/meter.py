"""Measuring and telling: medians of interleaved requests, as ratios to the page that is nothing but the frame."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from ..serving import Answer

WARM_UP = 5


@dataclass
class Measured:
    """One thing that was measured; aim: the largest ratio to its base that is good enough, None: none is set."""

    name: str
    act: Callable[[], Answer]
    base: "Measured | None" = None
    aim: float | None = None
    expects: int = 200
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    size: int = 0

    def once(self, *, counts: bool = True) -> None:
        answer = self.act()
        assert answer.status == self.expects, f"{self.name}: {answer.status}\n{answer.text[:2000]}"
        if counts:
            self.cpu.append(float(answer.headers["X-CPU-Seconds"]) * 1000)
            self.wall.append(answer.seconds * 1000)
            self.queries.add(int(answer.headers["X-SQL-Count"]))
            self.size = len(answer.body)

    @property
    def ratio(self) -> float:
        return statistics.median(self.cpu) / statistics.median(self.base.cpu) if self.base else 1.0

    def line(self) -> str:
        queries = "–".join(map(str, sorted({min(self.queries), max(self.queries)})))
        aim = f"≤ {self.aim:g} ×" if self.aim else ""
        ratio = f"{self.ratio:.2f} ×" if self.base else "1"
        return (
            f"{self.name:<44}{queries:>7}{statistics.median(self.cpu):>10.1f}{statistics.median(self.wall):>10.1f}"
            f"{self.size:>10}{ratio:>10}{aim:>10}"
        )


HEADING = f"{'':<44}{'SQL':>7}{'CPU ms':>10}{'all ms':>10}{'bytes':>10}{'CPU':>10}{'aim':>10}"


def measure(rows: list[Measured], rounds: int) -> None:
    """Ask for each in turn, so that whatever else the machine does falls on all alike; then print."""
    for place in range(WARM_UP + rounds):
        for row in rows:
            row.once(counts=place >= WARM_UP)
    print(f"\n{HEADING}")
    for row in rows:
        print(row.line())


def missed(rows: list[Measured]) -> list[str]:
    """The aims that were not reached."""
    return [f"{row.name}: {row.ratio:.2f} × instead of {row.aim} ×" for row in rows if row.aim and row.ratio > row.aim]
