"""Counts and means of a round: a table of cases, then what must hold for any results."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from criteria.judgement import Judgement
from inspections import figures
from inspections.figures import Mean, UnitRow, across, by_result, changes, gain, mean, of_set, supposing

MET, BASICALLY, NOT_MET, LEFT, OPEN = (
    Judgement.MET,
    Judgement.BASICALLY_MET,
    Judgement.NOT_MET,
    Judgement.NOT_ASSESSED,
    Judgement.UNASSESSED,
)


def row(*verdicts, name="Xã Thử", set_code="xa", counts=False, position=0):
    return UnitRow(
        dossier_id=position,
        unit_name=name,
        unit_phrase=name.lower(),
        set_code=set_code,
        mode="on_site",
        criteria=len(verdicts),
        verdicts=dict(enumerate(verdicts, start=1)),
        counts_basically_met=counts,
        position=position,
    )


def of_met(met, criteria=19, **kwargs):
    return row(*[MET] * met, *[NOT_MET] * (criteria - met), **kwargs)


@pytest.mark.parametrize(
    ("verdicts", "counts", "met", "passed"),
    [
        ([MET, MET], False, 2, True),
        ([MET, NOT_MET], False, 1, False),
        # Không đánh giá stays in the denominator, is not met, and does not stop passing.
        ([MET, LEFT], False, 1, True),
        ([LEFT, LEFT], False, 0, True),
        # Cơ bản đạt counts only where the set says so.
        ([MET, BASICALLY], False, 1, False),
        ([MET, BASICALLY], True, 2, True),
        # What nobody has judged is neither.
        ([MET, OPEN], False, 1, False),
    ],
)
def test_a_unit_counts_what_its_set_calls_met(verdicts, counts, met, passed):
    unit = row(*verdicts, counts=counts)
    assert (unit.met, unit.passed) == (met, passed)


def test_a_unit_lacking_a_verdict_has_not_passed():
    unit = UnitRow(1, "Xã Thử", "xã Thử", "xa", "on_site", 3, {1: MET, 2: MET})
    assert not unit.passed


@pytest.mark.parametrize(
    ("numerator", "denominator", "shown"),
    [
        (134, 9, "14.89"),  # the communes of the reference round
        (96, 9, "10.67"),  # all villages of it
        (81, 8, "10.13"),  # 10,125: the villages that have not passed; a half goes up
        (1, 8, "0.13"),
        (3, 8, "0.38"),
        (0, 4, "0.00"),
        (19, 1, "19.00"),
    ],
)
def test_a_mean_is_rounded_half_up_to_two_places(numerator, denominator, shown):
    assert str(Mean(numerator, denominator, ()).value) == shown


def test_a_mean_over_nothing_has_no_value():
    assert mean([]).value is None


def test_the_others_never_contain_who_passed():
    rows = [of_met(15, 15, name="A"), *[of_met(met, 15) for met in (11, 11, 10, 10, 10, 10, 10, 9)]]
    figures = of_set("xa", rows)
    assert (figures.mean.numerator, figures.mean.denominator) == (96, 9)
    assert (figures.mean_of_others.numerator, figures.mean_of_others.denominator) == (81, 8)
    assert "A" not in figures.mean_of_others.units


def test_figures_of_a_set_leave_other_sets_aside():
    figures = of_set("xa", [of_met(10), of_met(5, set_code="ban")])
    assert (figures.mean.numerator, figures.mean.denominator) == (10, 1)


def test_hardest_criteria_come_most_failures_first_and_ties_by_number():
    rows = [
        row(MET, NOT_MET, NOT_MET, MET),
        row(MET, NOT_MET, MET, NOT_MET),
        row(MET, MET, LEFT, OPEN),
    ]
    assert of_set("xa", rows).hardest == (2, 3, 4)


def test_uncounted_basically_met_is_a_failure_and_counted_is_none():
    assert of_set("xa", [row(BASICALLY)]).failed_by_criterion == {1: 1}
    assert of_set("xa", [row(BASICALLY, counts=True)]).failed_by_criterion == {1: 0}


def test_rows_are_listed_most_met_first_then_in_the_order_of_the_round():
    rows = [of_met(14, position=2), of_met(16, position=3), of_met(14, position=1)]
    assert [(item.met, item.position) for item in by_result(rows)] == [(16, 3), (14, 1), (14, 2)]


# ---------------------------------------------------------------- since the round before


def in_round(unit, *verdicts, **fields):
    return replace(row(*verdicts, **fields), unit=unit)


def test_lost_is_met_before_and_failed_now_and_gained_the_other_way():
    (change,) = changes([in_round("xa-1", NOT_MET, MET, MET, NOT_MET)], [in_round("xa-1", MET, NOT_MET, MET, NOT_MET)])
    assert (change.lost, change.gained) == ((1,), (2,))


@pytest.mark.parametrize("now", [LEFT, OPEN])
def test_what_nobody_judged_is_neither_lost_nor_gained(now):
    (change,) = changes([in_round("xa-1", now, MET)], [in_round("xa-1", MET, LEFT)])
    assert (change.lost, change.gained) == ((), ())


def test_a_criterion_without_a_counterpart_is_not_compared():
    before = in_round("xa-1", MET, MET)
    before = replace(before, verdicts={2: MET})
    (change,) = changes([in_round("xa-1", NOT_MET, NOT_MET)], [before])
    assert change.lost == (2,)


def test_only_the_same_unit_under_the_same_set_is_compared():
    now = [in_round("xa-1", NOT_MET), in_round("xa-2", NOT_MET), in_round("", NOT_MET)]
    before = [in_round("xa-1", MET, set_code="khac"), in_round("xa-3", MET), in_round("", MET)]
    assert changes(now, before) == ()


def test_basically_met_counts_in_each_round_as_its_set_says():
    now, before = in_round("xa-1", BASICALLY), in_round("xa-1", BASICALLY, counts=True)
    assert changes([now], [before])[0].lost == (1,)


verdict = st.sampled_from(list(Judgement))
CRITERIA = 7


@st.composite
def rounds(draw):
    counts = draw(st.booleans())
    units = draw(st.lists(st.lists(verdict, min_size=CRITERIA, max_size=CRITERIA), max_size=12))
    return [row(*verdicts, counts=counts, name=f"Xã {place}", position=place) for place, verdicts in enumerate(units)]


@given(rounds())
def test_sums_of_rows_and_columns_agree(rows):
    figures = of_set("xa", rows)
    assert sum(figures.met_by_criterion.values()) == figures.mean.numerator == sum(item.met for item in rows)
    assert figures.mean.denominator == len(rows) == len(figures.mean.units)


@given(rounds())
def test_a_mean_lies_within_half_a_hundredth_of_the_exact_one(rows):
    figures = of_set("xa", rows)
    if not rows:
        assert figures.mean.value is None
        return
    exact = Fraction(figures.mean.numerator, figures.mean.denominator)
    error = Fraction(figures.mean.value) - exact
    assert -Fraction(1, 200) < error <= Fraction(1, 200)
    assert figures.mean.value == figures.mean.value.quantize(Decimal("0.01"))


@given(rounds())
def test_passed_and_not_passed_part_the_rows(rows):
    figures = of_set("xa", rows)
    assert len(figures.passed) + len(figures.not_passed) == len(rows)
    assert all(NOT_MET not in item.verdicts.values() for item in figures.passed)


@given(rounds())
def test_no_figure_depends_on_the_order_of_rows(rows):
    forth, back = of_set("xa", rows), of_set("xa", list(reversed(rows)))
    assert forth.mean.value == back.mean.value
    assert forth.hardest == back.hardest
    assert forth.met_by_criterion == back.met_by_criterion


# ---------------------------------------------------------------- what if, and side by side


def test_supposing_changes_only_the_criteria_named():
    rows = (row(MET, NOT_MET, position=1), row(NOT_MET, NOT_MET, position=2))
    first, second = supposing(rows, {1: {2: MET}})
    assert (first.met, first.passed, second) == (2, True, rows[1])


def test_gain_is_exact_and_the_same_for_each_criterion():
    rows = [row(MET, NOT_MET, position=place) for place in range(9)]
    after = supposing(rows, {3: {2: MET}})
    assert gain(mean(rows), mean(after)) == Fraction(1, 9)
    assert mean(after).numerator == mean(rows).numerator + 1


def test_gain_needs_the_same_units():
    assert gain(mean([]), mean([])) is None
    assert gain(mean([row(MET)]), mean([row(MET), row(MET)])) is None


def test_across_sets_the_verdicts_of_rows_side_by_side():
    first, second = across([row(MET, BASICALLY, counts=True), row(MET, OPEN)])
    assert (first.differs, first.met) == (False, 2)
    assert (second.verdicts, second.differs, second.met) == ((BASICALLY, OPEN), True, 1)
    assert across([]) == ()


# ---------------------------------------------------------------- verdicts as a line


VERDICTS = st.dictionaries(st.integers(1, 40), st.sampled_from(list(Judgement)), max_size=40)


@given(verdicts=VERDICTS, counts_basically_met=st.booleans())
def test_a_line_of_letters_is_the_verdicts_themselves(verdicts, counts_basically_met):
    made = replace(row(counts=counts_basically_met), verdicts=verdicts, criteria=40)
    expected = figures.standing_of(made)
    found = figures.bits_of(figures.letters(verdicts), counts_basically_met)
    assert found == (expected.met, expected.failed, expected.left, expected.basic)


def test_a_line_leaves_a_place_for_who_is_not_judged():
    assert figures.letters({5: "co_ban_dat", 1: "dat", 2: "chua_dat", 4: "khong_danh_gia"}) == "dk.-c"
    assert figures.letters({}) == ""


@pytest.mark.parametrize("verdicts", [{201: "dat"}, {1: "hay"}])
def test_a_line_is_of_known_verdicts_and_no_longer_than_it_may_be(verdicts):
    with pytest.raises(ValueError, match=r"201|hay"):
        figures.letters(verdicts)
