"""Counts and means of a round: the one home of every figure. Pure over rows, `Decimal`, half up.

Met counts đạt, and cơ bản đạt where the set says so. "Không đánh giá" stays in the denominator and is not
met; a unit passes when every criterion is met or không đánh giá. A mean is over the concluded dossiers of
one set in a round; units left out by name are in neither sum nor count.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

from criteria.judgement import MOST_CRITERIA, Judgement, counts_as_met

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

    @cached_property
    def met(self) -> int:
        """How many criteria count as met: the "n" of "n/19"."""
        return sum(counts_as_met(verdict, self.counts_basically_met) for verdict in self.verdicts.values())

    @cached_property
    def passed(self) -> bool:
        """Every criterion of the set met or không đánh giá."""
        fine = sum(
            counts_as_met(verdict, self.counts_basically_met) or verdict == Judgement.NOT_ASSESSED
            for verdict in self.verdicts.values()
        )
        return fine == self.criteria

    @property
    def undecided(self) -> int:
        """How many criteria nobody has concluded: its count may still grow by so many."""
        decided = sum(verdict != Judgement.UNASSESSED for verdict in self.verdicts.values())
        return self.criteria - decided

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
        return hardest_first(self.failed_by_criterion)

    @property
    def not_passed(self) -> tuple[UnitRow, ...]:
        return tuple(row for row in self.rows if not row.passed)

    @property
    def mean_of_others(self) -> Mean:
        """The mean over the units that have not passed: "còn lại" never contains who passed."""
        return mean(self.not_passed)


def hardest_first(failed_by_criterion: Mapping[int, int]) -> tuple[int, ...]:
    """Numbers of the criteria that units failed, most failures first, ties by number."""
    failed = [(count, number) for number, count in failed_by_criterion.items() if count]
    return tuple(number for count, number in sorted(failed, key=lambda pair: (-pair[0], pair[1])))


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


# ---------------------------------------------------------------- thousands of units

# "Dưới 15 tiêu chí": communes far from the title; asked only of sets with more criteria than that.
FEW = 15


def bits(numbers: Iterable[int]) -> int:
    """Numbers of criteria as one whole number: criterion n is bit n - 1."""
    return sum(1 << (number - 1) for number in set(numbers))


def numbers(of: int) -> Iterator[int]:
    """The criteria in such a number, smallest first."""
    while of:
        lowest = of & -of
        yield lowest.bit_length()
        of ^= lowest


# A verdict as one letter: what is kept of a concluded dossier for counting thousands of them.
LETTERS = {
    Judgement.MET: "d",
    Judgement.BASICALLY_MET: "c",
    Judgement.NOT_MET: "k",
    Judgement.NOT_ASSESSED: "-",
    Judgement.UNASSESSED: ".",
}
VERDICTS = {letter: verdict.value for verdict, letter in LETTERS.items()}


def letters(verdicts: Mapping[int, str]) -> str:
    """{criterion number: verdict} as one line: the letter of criterion n at place n - 1, "." where there is none.

    ValueError: another verdict than those of the scale, or a criterion beyond the 200th.
    """
    last = max(verdicts, default=0)
    if last > MOST_CRITERIA:
        raise ValueError(f"criterion {last}")
    found = (Judgement(verdicts.get(number, Judgement.UNASSESSED)) for number in range(1, last + 1))
    return "".join(LETTERS[verdict] for verdict in found)


def verdicts_in_line(line: str) -> dict[int, str]:
    """The verdicts that such a line was made of, without those that are not there."""
    return {
        number: VERDICTS[letter] for number, letter in enumerate(line, 1) if letter != LETTERS[Judgement.UNASSESSED]
    }


@lru_cache(maxsize=1 << 14)
def bits_of(line: str, counts_basically_met: bool) -> tuple[int, int, int, int]:
    """Such a line as the numbers of a `Standing`: met, failed, left, basic. Most units of a country share few lines."""
    met, basic, failed, left = (
        bits(number for number, letter in enumerate(line, 1) if letter == LETTERS[verdict])
        for verdict in (Judgement.MET, Judgement.BASICALLY_MET, Judgement.NOT_MET, Judgement.NOT_ASSESSED)
    )
    return (met | basic, failed, left, basic) if counts_basically_met else (met, failed | basic, left, basic)


class Standing(NamedTuple):
    """One concluded dossier as a `UnitRow` is, its verdicts in bits: a whole country of them is counted at once.

    met: what counts as met; failed: what the team found not met; left: không đánh giá; basic: cơ bản đạt, which is
    among the met or the failed. place: id of the authority the unit belongs to; region: that of its commune.
    """

    dossier_id: int
    unit: str
    criteria: int
    met: int
    failed: int
    left: int = 0
    basic: int = 0
    place: int = 0
    region: str = ""

    @property
    def met_count(self) -> int:
        """The "n" of "n/19"."""
        return self.met.bit_count()

    @property
    def passed(self) -> bool:
        return (self.met | self.left).bit_count() == self.criteria

    @property
    def has_few(self) -> bool:
        """Whether fewer than 15 criteria are met, where the set has more than that."""
        return self.criteria > FEW and self.met.bit_count() < FEW

    def renumbered(self, now: Mapping[int, int]) -> "Standing":
        """The same by the numbers of another version; a criterion without a counterpart is left out."""

        def moved(old: int) -> int:
            return bits(now[number] for number in numbers(old) if number in now)

        return self._replace(
            met=moved(self.met),
            failed=moved(self.failed),
            left=moved(self.left),
            basic=moved(self.basic),
        )


def standing_of(row: UnitRow) -> Standing:
    """A row as a standing."""
    return Standing(
        dossier_id=row.dossier_id,
        unit=row.unit,
        criteria=row.criteria,
        met=bits(number for number in row.verdicts if row.meets(number)),
        failed=bits(number for number in row.verdicts if row.failed(number)),
        left=bits(number for number, verdict in row.verdicts.items() if verdict == Judgement.NOT_ASSESSED),
        basic=bits(number for number, verdict in row.verdicts.items() if verdict == Judgement.BASICALLY_MET),
    )


@dataclass(frozen=True)
class Summary:
    """What is said of many units of one set: the figures of `SetFigures`, without the units themselves.

    met: criteria met by all of them together. few: units with fewer than 15.
    """

    criteria: int
    units: int
    met: int
    passed: int
    few: int
    met_by_criterion: Mapping[int, int]
    failed_by_criterion: Mapping[int, int]

    @property
    def mean(self) -> Mean:
        return Mean(self.met, self.units, ())

    @property
    def hardest(self) -> tuple[int, ...]:
        return hardest_first(self.failed_by_criterion)


def summary(rows: Iterable[Standing], criteria: int) -> Summary:
    """Count units of one set. criteria: how many it has."""
    rows = list(rows)
    return Summary(
        criteria=criteria,
        units=len(rows),
        met=sum(row.met.bit_count() for row in rows),
        passed=sum(row.passed for row in rows),
        few=sum(row.has_few for row in rows),
        met_by_criterion=_by_criterion((row.met for row in rows), criteria),
        failed_by_criterion=_by_criterion((row.failed for row in rows), criteria),
    )


# Bits are counted by adding: each is given a lane wide enough for sixteen million units, ten criteria at a time.
LANE, AT_ONCE = 24, 10
_LANES = [sum(1 << (LANE * place) for place in range(AT_ONCE) if bits_ >> place & 1) for bits_ in range(1 << AT_ONCE)]


def _by_criterion(found: Iterable[int], criteria: int) -> dict[int, int]:
    """{number: in how many of these numbers its bit is set}"""
    starts = range(0, criteria, AT_ONCE)
    sums = [0] * len(starts)
    for one in found:
        for place, start in enumerate(starts):
            sums[place] += _LANES[one >> start & (1 << AT_ONCE) - 1]
    return {
        number: sums[(number - 1) // AT_ONCE] >> (LANE * ((number - 1) % AT_ONCE)) & (1 << LANE) - 1
        for number in range(1, criteria + 1)
    }


def summaries(rows: Iterable[Standing], criteria: int, branches: Mapping[int, int]) -> dict[int, Summary]:
    """{branch: its summary}; branches: {id of an authority: the branch it is counted in}."""
    found: dict[int, list[Standing]] = {}
    for row in rows:
        found.setdefault(branches.get(row.place, row.place), []).append(row)
    return {branch: summary(chosen, criteria) for branch, chosen in found.items()}


def moved(now: Standing, before: Standing) -> tuple[int, int]:
    """What a unit lost and gained, in bits: the rule of `changes`, both numbered alike."""
    return before.met & now.failed, before.failed & now.met


# ---------------------------------------------------------------- losing a title


@dataclass(frozen=True)
class TitleRisk:
    """Why a unit is near to losing its title; key: the failed criteria of those that the rule names."""

    failed: int
    criteria: int
    key: tuple[int, ...]

    @property
    def is_half(self) -> bool:
        """Whether half of the criteria, or more, is failed: then it does not matter which."""
        return 2 * self.failed >= self.criteria


def title_risk(row: Standing, key_criteria: int) -> TitleRisk | None:
    """Whether a holder of a title fails so much that it may be withdrawn; a warning, it decides nothing.

    From 30 % to under 50 % of the criteria, among them one of Thu nhập, Môi trường, Quốc phòng và An ninh
    (key_criteria, in bits); or 50 % and more. Compared exactly: of 19 these are 6 to 9, and 10.
    Source: Quyết định 18/2022/QĐ-TTg, as reported; its text has not been checked here.
    """
    failed = row.failed.bit_count()
    if not row.criteria or 10 * failed < 3 * row.criteria:
        return None
    risk = TitleRisk(failed, row.criteria, tuple(numbers(row.failed & key_criteria)))
    return risk if risk.is_half or risk.key else None


# ---------------------------------------------------------------- being late


def days_late(due: date, on: date) -> int:
    """Calendar days after a due day; the day itself, to its end, is in time."""
    return max(0, (on - due).days)


# ---------------------------------------------------------------- what if, and side by side


def supposing(rows: Iterable[UnitRow], verdicts: Mapping[int, Mapping[int, str]]) -> tuple[UnitRow, ...]:
    """The rows with other verdicts in the place of those concluded: {dossier id: {criterion number: judgement}}."""
    return tuple(
        replace(row, verdicts={**row.verdicts, **verdicts[row.dossier_id]}) if row.dossier_id in verdicts else row
        for row in rows
    )


def gain(before: Mean, after: Mean) -> Fraction | None:
    """By how much a mean over the same units grows, exactly; None over no units or over other ones."""
    if not before.denominator or before.denominator != after.denominator:
        return None
    return Fraction(after.numerator - before.numerator, before.denominator)


@dataclass(frozen=True)
class Across:
    """One criterion in several rows: its verdict in each, in their order; met: in how many it counts as met."""

    number: int
    verdicts: tuple[str, ...]
    met: int

    @property
    def differs(self) -> bool:
        """Whether the rows do not all hold the same."""
        return len(set(self.verdicts)) > 1


def across(rows: Sequence[UnitRow]) -> tuple[Across, ...]:
    """Criterion by criterion what several rows of one set hold."""
    numbers = range(1, max((row.criteria for row in rows), default=0) + 1)
    return tuple(
        Across(
            number,
            tuple(row.verdicts.get(number, Judgement.UNASSESSED) for row in rows),
            sum(row.meets(number) for row in rows),
        )
        for number in numbers
    )


# ---------------------------------------------------------------- one indicator over units


@dataclass(frozen=True)
class IndicatorStanding:
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


def of_indicator(rows: Iterable[IndicatorStanding], before: Mapping[str, str] | None = None) -> IndicatorFigures:
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
