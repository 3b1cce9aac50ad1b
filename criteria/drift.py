"""Whether a value that still passes is on its way to its threshold. Pure; exact fractions, a straight line.

The line through the last two rounds is no forecast: it says when the threshold would be reached if nothing is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import floor

from .evaluation import reaches
from .measures import Operator


@dataclass(frozen=True)
class Point:
    """A value as it was measured in a round; on: the round's last day."""

    on: date
    measured: Fraction


@dataclass(frozen=True)
class Drift:
    """A value that moves to its threshold. points: all of them, the oldest first; left: how far it still is.

    reached_on: the last day on which it still passes if it goes on as between the last two points.
    """

    points: tuple[Point, ...]
    bound: Fraction
    left: Fraction
    reached_on: date


def drift_of(points: Sequence[Point], operator: str, bound: Fraction) -> Drift | None:
    """None where the last value does not pass, does not move to the threshold, or stands alone."""
    rows = tuple(sorted(points, key=lambda point: point.on))
    if len(rows) < 2 or operator == Operator.EQUAL or not reaches(rows[-1].measured, operator, bound):
        return None
    before, last = rows[-2:]
    days = (last.on - before.on).days
    sign = -1 if operator == Operator.AT_MOST else 1
    lost = sign * (before.measured - last.measured)
    if days <= 0 or lost <= 0:
        return None
    left = sign * (last.measured - bound)
    # Beyond what a date can say it is no matter of months.
    until = min(floor(left * days / lost), (date.max - last.on).days)
    return Drift(rows, bound, left, last.on + timedelta(days=until))
