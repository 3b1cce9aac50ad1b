"""Counts and means of a round: the one home of every figure. Pure over rows, `Decimal`, half up.

Met counts đạt, and cơ bản đạt where the set says so. "Không đánh giá" stays in the denominator and is not
met; a unit passes when every criterion is met or không đánh giá. A mean is over the concluded dossiers of
one set in a round; units left out by name are in neither sum nor count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from criteria.judgement import Judgement, counts_as_met

TWO_PLACES = Decimal("0.01")


@dataclass(frozen=True)
class UnitRow:
    """One concluded dossier as the figures need it.

    verdicts: {criterion number: judgement}; criteria: how many the set has (the denominator of "n/19").
    unit: a key of the commune or village itself, the same in every round; "" for a row that is compared with none.
    """

    dossier_id: int
    unit_name: str
    unit_phrase: str
    set_code: str
    mode: str
    criteria: int
    verdicts: Mapping[int, str]
    counts_basically_met: bool = False
    position: int = 0
    unit: str = ""

    @property
    def met(self) -> int:
        """How many criteria count as met: the "n" of "n/19"."""
        return sum(counts_as_met(verdict, self.counts_basically_met) for verdict in self.verdicts.values())

    @property
    def passed(self) -> bool:
        """Every criterion of the set met or không đánh giá."""
        fine = sum(
            counts_as_met(verdict, self.counts_basically_met) or verdict == Judgement.NOT_ASSESSED
            for verdict in self.verdicts.values()
        )
        return fine == self.criteria

    def meets(self, number: int) -> bool:
        """Whether a criterion counts as met."""
        return counts_as_met(self.verdicts.get(number, Judgement.UNASSESSED), self.counts_basically_met)

    def failed(self, number: int) -> bool:
        """Whether the team found a criterion not met: chưa đạt, or cơ bản đạt that does not count."""
        verdict = self.verdicts.get(number, Judgement.UNASSESSED)
        return verdict == Judgement.NOT_MET or (verdict == Judgement.BASICALLY_MET and not self.counts_basically_met)


@dataclass(frozen=True)
class Mean:
    """A mean that always carries what it was made of."""

    numerator: int
    denominator: int
    units: tuple[str, ...]

    @property
    def value(self) -> Decimal | None:
        """To two places, half up; None over no units."""
        if not self.denominator:
            return None
        return (Decimal(self.numerator) / self.denominator).quantize(TWO_PLACES, ROUND_HALF_UP)


@dataclass(frozen=True)
class SetFigures:
    """Everything said of one criteria set in one round."""

    set_code: str
    criteria: int
    rows: tuple[UnitRow, ...]
    mean: Mean
    passed: tuple[UnitRow, ...]
    met_by_criterion: Mapping[int, int] = field(default_factory=dict)
    failed_by_criterion: Mapping[int, int] = field(default_factory=dict)

    @property
    def hardest(self) -> tuple[int, ...]:
        """Numbers of the criteria that units failed, most failures first, ties by number."""
        failed = [(count, number) for number, count in self.failed_by_criterion.items() if count]
        return tuple(number for count, number in sorted(failed, key=lambda pair: (-pair[0], pair[1])))

    @property
    def not_passed(self) -> tuple[UnitRow, ...]:
        return tuple(row for row in self.rows if not row.passed)

    @property
    def mean_of_others(self) -> Mean:
        """The mean over the units that have not passed: "còn lại" never contains who passed."""
        return mean(self.not_passed)


def mean(rows: Iterable[UnitRow]) -> Mean:
    """Mean number of met criteria a unit."""
    rows = tuple(rows)
    return Mean(sum(row.met for row in rows), len(rows), tuple(row.unit_name for row in rows))


def of_set(set_code: str, rows: Iterable[UnitRow]) -> SetFigures:
    """Figures of the rows of one set."""
    chosen = tuple(row for row in rows if row.set_code == set_code)
    criteria = chosen[0].criteria if chosen else 0
    numbers = range(1, criteria + 1)
    return SetFigures(
        set_code=set_code,
        criteria=criteria,
        rows=chosen,
        mean=mean(chosen),
        passed=tuple(row for row in chosen if row.passed),
        met_by_criterion={number: sum(row.meets(number) for row in chosen) for number in numbers},
        failed_by_criterion={number: sum(row.failed(number) for row in chosen) for number in numbers},
    )


def by_result(rows: Iterable[UnitRow]) -> list[UnitRow]:
    """Rows as notices list them: most met first, then on site before by report, then in the round's order."""
    return sorted(rows, key=lambda row: (-row.met, row.position))


@dataclass(frozen=True)
class UnitChange:
    """One unit in two rounds under one set: criteria met before and failed now, failed before and met now."""

    row: UnitRow
    before: UnitRow
    lost: tuple[int, ...]
    gained: tuple[int, ...]


def changes(rows: Iterable[UnitRow], before: Iterable[UnitRow]) -> tuple[UnitChange, ...]:
    """Each unit that was judged by the same set before, in the order of the round.

    `before` is numbered as `rows` are: where the set has changed since, a criterion without a counterpart is left
    out of it. "Không đánh giá" and what nobody has judged is neither lost nor gained.
    """
    earlier = {(row.unit, row.set_code): row for row in before if row.unit}
    found = []
    for row in sorted(rows, key=lambda row: row.position):
        old = earlier.get((row.unit, row.set_code))
        if old is not None:
            lost = tuple(number for number in sorted(row.verdicts) if old.meets(number) and row.failed(number))
            gained = tuple(number for number in sorted(row.verdicts) if old.failed(number) and row.meets(number))
            found.append(UnitChange(row, old, lost, gained))
    return tuple(found)


# ---------------------------------------------------------------- one indicator over units


@dataclass(frozen=True)
class Standing:
    """How one indicator stands in one unit. unit: as of UnitRow, the same in every round."""

    unit: str
    name: str
    judgement: str
    counts_basically_met: bool = False

    @property
    def state(self) -> str:
        """The judgement with cơ bản đạt counted as the set says: met or not met."""
        if self.judgement != Judgement.BASICALLY_MET:
            return str(self.judgement)
        return str(Judgement.MET if self.counts_basically_met else Judgement.NOT_MET)


@dataclass(frozen=True)
class IndicatorFigures:
    """Units by how one indicator stands in them, by name in the given order; gained and lost since another time."""

    met: tuple[str, ...]
    not_met: tuple[str, ...]
    not_assessed: tuple[str, ...]
    unassessed: tuple[str, ...]
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def of_indicator(rows: Iterable[Standing], before: Mapping[str, str] | None = None) -> IndicatorFigures:
    """Counts of one indicator. before: {unit: state} at the other time; a unit that it does not know is no change.

    Gained: met now and not then. Lost: met then and not met now; what nobody has judged is not lost.
    """
    chosen = tuple(rows)
    then = before or {}

    def named(*states: str) -> tuple[str, ...]:
        return tuple(row.name for row in chosen if row.state in states)

    known = [row for row in chosen if row.unit in then]
    return IndicatorFigures(
        met=named(Judgement.MET),
        not_met=named(Judgement.NOT_MET),
        not_assessed=named(Judgement.NOT_ASSESSED),
        unassessed=named(Judgement.UNASSESSED),
        gained=tuple(r.name for r in known if r.state == Judgement.MET != then[r.unit]),
        lost=tuple(r.name for r in known if r.state == Judgement.NOT_MET and then[r.unit] == Judgement.MET),
    )
