"""How each criterion went over the years by its lineage: a loss told apart from a set or a threshold that changed."""

from dataclasses import dataclass

from communes import notation
from criteria.lineage import Cause
from inspections.progress.picture import Picture, Step
from inspections.progress.standings import Count3

from .overview import width


@dataclass(frozen=True)
class Point:
    """A criterion in a period; text: "7/9", "" where it was in no set; cause: of a fall since the period before."""

    text: str
    width: str
    cause: str = ""
    is_real: bool = False


@dataclass(frozen=True)
class Line:
    """A criterion over the years."""

    number: int
    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Course:
    """steps: the periods, oldest first; lines: the criteria as they are numbered now."""

    steps: tuple[Step, ...]
    lines: tuple[Line, ...]


def course_of(seen: Picture) -> Course:
    """Shares fall where a smaller part of the units meets a criterion; compared exactly, never rounded first."""
    steps = seen.course
    causes = [{} if place == 0 else seen.causes_between(steps[place - 1], step) for place, step in enumerate(steps)]
    lines = []
    for criterion in seen.criteria:
        points, before = [], Count3()
        for step, told in zip(steps, causes, strict=True):
            now = step.counts.get(criterion.number, Count3())
            points.append(_point(before, now, told.get(criterion.number, Cause.REAL)))
            before = now
        lines.append(Line(criterion.number, criterion.name, tuple(points)))
    return Course(tuple(steps), tuple(lines))


def _point(before: Count3, now: Count3, cause: Cause) -> Point:
    if not now.units:
        return Point("", "0")
    text = f"{notation.number(now.met)}/{notation.number(now.units)}"
    bar = width(now.met, now.units)
    fell = bool(before.units) and now.met * before.units < before.met * now.units
    return Point(text, bar, str(cause.label) if fell else "", fell and cause == Cause.REAL)
