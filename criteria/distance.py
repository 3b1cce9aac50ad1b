"""How far an indicator is from its threshold, what would turn a criterion, and why it was lost. Pure; exact fractions.

Only a confirmed threshold says that something falls short. What nobody can tell by a confirmed threshold stays open,
and a criterion with something open is never said to turn.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from django.db import models

from .evaluation import Verdict, evaluate, propose_criterion
from .judgement import Judgement, counts_as_met
from .measures import Context, IndicatorSpec, Operator, Value


@dataclass(frozen=True)
class Gap:
    """A measure that falls short of a confirmed threshold.

    part: code of the part, "" where the indicator has none. short: by how much, in the unit of the measure; None
    where an answer was asked for. share: short as a share of the threshold, so that units can be compared.
    """

    part: str
    verdict: Verdict
    short: Fraction | None
    share: Fraction | None


def gaps_of(verdict: Verdict) -> tuple[Gap, ...]:
    """What falls short: of a compound indicator each part that does; empty where the rules do not say chưa đạt."""
    if verdict.judgement != Judgement.NOT_MET:
        return ()
    failing = [(code, part) for code, part in verdict.parts if part.judgement == Judgement.NOT_MET]
    return tuple(_gap(code, part) for code, part in failing or [("", verdict)])


def _gap(code: str, verdict: Verdict) -> Gap:
    if verdict.distance is None or verdict.threshold is None or verdict.threshold.value is None:
        return Gap(code, verdict, None, None)
    short = -verdict.distance
    bound = abs(Fraction(verdict.threshold.value))
    return Gap(code, verdict, short, short / bound if bound else short)


def missing_count(operator: str, value: Value, bound: Fraction) -> Fraction | None:
    """How many more of what is counted a rate needs (less than 0: how many too many), the denominator as it is.

    Whole numbers where whole things are counted. None without a usable denominator, and for other operators.
    """
    numerator, denominator = value.numerator, value.denominator
    if numerator is None or not denominator or operator == Operator.EQUAL:
        return None
    wanted = bound * Fraction(denominator) / 100 - Fraction(numerator)
    if Fraction(numerator).denominator != 1 or Fraction(denominator).denominator != 1:
        return wanted
    return Fraction(floor(wanted) if operator == Operator.AT_MOST else ceil(wanted))


@dataclass(frozen=True)
class Standing:
    """One indicator as it stands: what the team concluded of it, and what the rules say of the reported value."""

    key: int
    concluded: str
    verdict: Verdict

    @property
    def judgement(self) -> str:
        """The team's conclusion; before there is one, what confirmed thresholds say."""
        if self.concluded != Judgement.UNASSESSED:
            return self.concluded
        return self.verdict.judgement or Judgement.UNASSESSED

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return gaps_of(self.verdict)

    @property
    def can_be_measured(self) -> bool:
        """Whether closing its gaps makes it đạt by confirmed thresholds alone."""
        return bool(self.gaps) and all(part.judgement is not None for _, part in self.verdict.parts)

    @property
    def rank(self) -> tuple[bool, Fraction]:
        """Its place among others, the nearest to passing first; one that lacks an answer has no distance: last."""
        shares = [gap.share for gap in self.gaps]
        known = [share for share in shares if share is not None]
        return len(known) < len(shares) or not known, max(known, default=Fraction(0))


@dataclass(frozen=True)
class Turn:
    """What a criterion still needs: all of `changes` together, and whatever is `open` besides.

    standings: all its indicators. counts_basically_met: the set's own option.
    """

    standings: tuple[Standing, ...]
    changes: tuple[Standing, ...]
    open: tuple[Standing, ...]
    counts_basically_met: bool

    @property
    def is_certain(self) -> bool:
        """Whether confirmed thresholds alone say what turns it."""
        return bool(self.changes) and not self.open

    def verdict_after(self, changed: Collection[int]) -> Judgement | None:
        """The verdict that follows once the indicators with these keys are đạt; None while it does not count as met."""
        if not self.is_certain or not changed:
            return None
        judgements = (Judgement.MET if item.key in changed else item.judgement for item in self.standings)
        verdict = propose_criterion(judgements)
        return verdict if verdict and counts_as_met(verdict, self.counts_basically_met) else None


def turn_of(standings: Iterable[Standing], *, counts_basically_met: bool) -> Turn:
    """Which indicators keep a criterion from being met: a criterion passes only when all of them do."""
    rows = tuple(standings)
    blocking = [
        item
        for item in rows
        if item.judgement != Judgement.NOT_ASSESSED and not counts_as_met(item.judgement, counts_basically_met)
    ]
    changes = sorted((item for item in blocking if item.can_be_measured), key=lambda item: item.rank)
    return Turn(
        standings=rows,
        changes=tuple(changes),
        open=tuple(item for item in blocking if not item.can_be_measured),
        counts_basically_met=counts_basically_met,
    )


class Cause(models.TextChoices):
    """Why an indicator that was met is met no more."""

    SET_CHANGED = "set_changed", "Bộ tiêu chí thay đổi"
    THRESHOLD_ROSE = "threshold_rose", "Ngưỡng cao hơn trước"
    REAL_LOSS = "real_loss", "Kết quả giảm"
    UNKNOWN = "unknown", "Chưa xác định được"


def cause_of_loss(
    now: IndicatorSpec, value: Value | None, here: Context, then: IndicatorSpec | None, before: Context
) -> Cause:
    """Today's value held against the threshold of then: what still passed would have been met, had nothing changed.

    then: the same indicator in the earlier round, None where there was none. here, before: the two rounds' contexts.
    """
    if then is None or (then.kind, then.unit) != (now.kind, now.unit):
        return Cause.SET_CHANGED
    if evaluate(now, value, here).judgement != Judgement.NOT_MET:
        return Cause.UNKNOWN
    told = evaluate(then, value, before).judgement
    if told == Judgement.MET:
        return Cause.THRESHOLD_ROSE
    return Cause.REAL_LOSS if told == Judgement.NOT_MET else Cause.UNKNOWN
