"""What turns a criterion, how far it is, why one was lost, and which value is on its way down."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from criteria.distance import Cause, Standing, cause_of_loss, gaps_of, missing_count, turn_of
from criteria.drift import Point, drift_of
from criteria.evaluation import evaluate, reaches
from criteria.judgement import Judgement
from criteria.measures import Context, IndicatorSpec, Kind, PartSpec, ThresholdSpec, Value

MET, NOT_MET, BASICALLY = Judgement.MET, Judgement.NOT_MET, Judgement.BASICALLY_MET
UNASSESSED, NOT_ASSESSED = Judgement.UNASSESSED, Judgement.NOT_ASSESSED
HERE = Context()


def threshold(value, *, confirmed=True, **case):
    return ThresholdSpec(value=Decimal(value), is_confirmed=confirmed, **case)


def rate(*thresholds, operator=">="):
    return IndicatorSpec("3.1", Kind.RATE, unit="%", operator=operator, thresholds=thresholds)


def of(numerator, denominator):
    return Value(numerator=Decimal(numerator), denominator=Decimal(denominator))


def rated(numerator, denominator=100, *, bound="80", confirmed=True, concluded=UNASSESSED, key=1):
    verdict = evaluate(rate(threshold(bound, confirmed=confirmed)), of(numerator, denominator))
    return Standing(key, concluded, verdict)


SCHOOLS = IndicatorSpec(
    "5",
    Kind.COMPOUND,
    parts=(
        PartSpec("a", Kind.RATE, unit="%", operator=">=", thresholds=(threshold("100"),)),
        PartSpec("b", Kind.RATE, unit="%", operator=">=", thresholds=(threshold("70"),)),
        PartSpec("c", Kind.PASS_FAIL, thresholds=(ThresholdSpec(text="Đạt", is_confirmed=True),)),
    ),
)


def schools(a, b, c, **more):
    parts = {"a": of(a, 10), "b": of(b, 10)} | ({} if c is None else {"c": Value(passed=c)})
    return Standing(more.pop("key", 5), more.pop("concluded", UNASSESSED), evaluate(SCHOOLS, Value(parts=parts)))


# ---------------------------------------------------------------- gaps


def test_gap_is_exact_and_a_share_of_its_threshold():
    (gap,) = gaps_of(evaluate(rate(threshold("80")), of(2, 3)))
    assert gap.short == Fraction(40, 3)
    assert gap.share == Fraction(1, 6)


def test_equal_to_the_threshold_has_no_gap():
    assert gaps_of(evaluate(rate(threshold("80")), of(8, 10))) == ()


def test_unconfirmed_threshold_makes_no_gap():
    assert gaps_of(evaluate(rate(threshold("80", confirmed=False)), of(1, 10))) == ()


def test_compound_has_a_gap_for_each_part_that_fails():
    standing = schools(9, 7, False)
    assert [(gap.part, gap.short) for gap in standing.gaps] == [("a", 10), ("c", None)]


@pytest.mark.parametrize(
    ("operator", "numerator", "denominator", "bound", "missing"),
    [
        (">=", "66", "100", "80", 14),
        (">=", "2", "3", "80", 1),  # 2,4 of three: the third one
        (">=", "1.5", "4", "80", Fraction(17, 10)),  # km are no whole things
        ("<=", "14", "100", "13", -1),
        ("<=", "3", "7", "13", -3),  # 0,91 of seven: none at all
        (">=", "1", "0", "80", None),
        ("=", "1", "2", "80", None),
    ],
)
def test_missing_count_says_how_many_more(operator, numerator, denominator, bound, missing):
    assert missing_count(operator, of(numerator, denominator), Fraction(bound)) == missing


@given(numerator=st.integers(0, 300), denominator=st.integers(1, 300), bound=st.integers(0, 100))
def test_missing_count_is_the_least_that_reaches(numerator, denominator, bound):
    missing = missing_count(">=", of(numerator, denominator), Fraction(bound))
    assert reaches(Fraction((numerator + missing) * 100, denominator), ">=", Fraction(bound))
    assert not reaches(Fraction((numerator + missing - 1) * 100, denominator), ">=", Fraction(bound))


# ---------------------------------------------------------------- what turns a criterion


def turn(*standings, counts=False):
    return turn_of(standings, counts_basically_met=counts)


def test_one_failing_indicator_alone_turns_its_criterion():
    found = turn(rated(90, key=1), rated(70, key=2))
    assert [item.key for item in found.changes] == [2]
    assert found.verdict_after({2}) == MET


def test_criterion_turns_only_when_all_its_failing_indicators_do():
    found = turn(rated(60, key=1), rated(75, key=2), rated(90, key=3))
    assert [item.key for item in found.changes] == [2, 1]  # the nearest first
    assert found.verdict_after({1}) is None
    assert found.verdict_after({1, 2}) == MET


def test_compound_turns_as_a_whole_and_comes_after_what_has_a_number():
    found = turn(schools(9, 7, False), rated(10, key=2))
    assert [item.key for item in found.changes] == [2, 5]


def test_compound_with_a_part_nobody_can_judge_is_left_open():
    found = turn(schools(9, 7, None))
    assert (found.changes, found.is_certain) == ((), False)
    assert len(found.open) == 1


def test_unconfirmed_threshold_never_turns_a_criterion():
    found = turn(rated(70, key=1), rated(70, key=2, confirmed=False, concluded=NOT_MET))
    assert [item.key for item in found.open] == [2]
    assert found.verdict_after({1, 2}) is None


def test_what_the_team_concluded_stands_above_an_unconfirmed_threshold():
    found = turn(rated(70, key=1), rated(70, key=2, confirmed=False, concluded=MET))
    assert found.verdict_after({1}) == MET


def test_team_that_concluded_otherwise_than_the_rules_leaves_nothing_to_measure():
    found = turn(rated(90, concluded=NOT_MET))
    assert (found.changes, len(found.open)) == ((), 1)


def test_not_assessed_indicator_neither_blocks_nor_decides():
    found = turn(rated(70, key=1), Standing(2, NOT_ASSESSED, evaluate(rate(), None)))
    assert found.verdict_after({1}) == MET


def test_basically_met_blocks_where_the_set_does_not_count_it():
    basically = rated(70, key=1, concluded=BASICALLY)
    assert [item.key for item in turn(basically).changes] == [1]
    counting = turn(basically, rated(60, key=2), counts=True)
    assert [item.key for item in counting.changes] == [2]
    assert counting.verdict_after({2}) == BASICALLY


def test_basically_met_that_no_rule_explains_is_open():
    found = turn(rated(90, key=1, concluded=BASICALLY), rated(70, key=2))
    assert found.verdict_after({1, 2}) is None


def test_criterion_without_indicators_turns_by_nothing():
    assert turn().verdict_after({1}) is None


# ---------------------------------------------------------------- why it was lost

THEN = rate(threshold("60"))
LOSSES = [
    (rate(threshold("80")), of(70, 100), None, Cause.SET_CHANGED),
    (rate(threshold("80")), of(70, 100), IndicatorSpec("3", Kind.NUMBER, unit="km", operator=">="), Cause.SET_CHANGED),
    (rate(threshold("80")), of(70, 100), THEN, Cause.THRESHOLD_ROSE),
    (rate(threshold("80")), of(50, 100), THEN, Cause.REAL_LOSS),
    (rate(threshold("80", confirmed=False)), of(50, 100), THEN, Cause.UNKNOWN),
    (rate(threshold("80")), of(50, 100), rate(threshold("60", confirmed=False)), Cause.UNKNOWN),
    (rate(threshold("80")), of(90, 100), THEN, Cause.UNKNOWN),
]


@pytest.mark.parametrize(("now", "value", "then", "cause"), LOSSES)
def test_cause_of_a_loss(now, value, then, cause):
    assert cause_of_loss(now, value, HERE, then, HERE) == cause


def test_threshold_of_another_year_is_a_threshold_that_rose():
    yearly = IndicatorSpec(
        "10", Kind.NUMBER, unit="tr", operator=">=", thresholds=(threshold("45", year=2024), threshold("48", year=2025))
    )
    value = Value(number=Decimal("46"))
    found = cause_of_loss(yearly, value, Context(year=2025), yearly, Context(year=2024))
    assert found == Cause.THRESHOLD_ROSE


# ---------------------------------------------------------------- drifting


def points(*pairs):
    return [Point(date(*on), Fraction(value)) for on, value in pairs]


def test_value_on_its_way_down_reaches_its_threshold_on_a_day():
    found = drift_of(points(((2024, 1, 1), 90), ((2024, 4, 10), 85)), ">=", Fraction(80))
    assert (found.left, found.reached_on) == (5, date(2024, 7, 19))


def test_value_where_less_is_better_drifts_upwards():
    found = drift_of(points(((2024, 1, 1), 8), ((2024, 1, 11), 10)), "<=", Fraction(13))
    assert (found.left, found.reached_on) == (3, date(2024, 1, 26))


@pytest.mark.parametrize(
    "values", [(90, 90), (85, 90), (85, 79), (90,)], ids=["still", "rising", "failed already", "alone"]
)
def test_no_drift_without_a_passing_value_that_falls(values):
    rows = points(*(((2024, 1 + 3 * place, 1), value) for place, value in enumerate(values)))
    assert drift_of(rows, ">=", Fraction(80)) is None


def test_drift_too_slow_for_a_calendar_has_a_date_all_the_same():
    found = drift_of(points(((2024, 1, 1), 90), ((2025, 1, 1), Fraction(8999999, 100000))), ">=", Fraction(1))
    assert found.reached_on == date.max
