"""What a value proposes: a table around every kind of threshold."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from criteria.evaluation import evaluate, pick_threshold, propose_criterion, rate, reaches, written
from criteria.judgement import Judgement, counts_as_met
from criteria.measures import Condition, Context, IndicatorSpec, Kind, PartSpec, ThresholdSpec, Value

MET, NOT_MET = Judgement.MET, Judgement.NOT_MET
UNASSESSED, BASICALLY, NOT_ASSESSED = Judgement.UNASSESSED, Judgement.BASICALLY_MET, Judgement.NOT_ASSESSED


def threshold(value, **case):
    return ThresholdSpec(value=Decimal(value), is_confirmed=True, **case)


def rate_of(*thresholds, operator=">="):
    return IndicatorSpec("3.1", Kind.RATE, unit="%", operator=operator, thresholds=thresholds)


def number_of(*thresholds, operator=">=", unit="triệu đồng/người/năm"):
    return IndicatorSpec("10", Kind.NUMBER, unit=unit, operator=operator, thresholds=thresholds)


def answered(unit="Đạt/Chưa đạt", text="Đạt", confirmed=True, **more):
    return IndicatorSpec(
        "1.2", Kind.PASS_FAIL, unit=unit, thresholds=(ThresholdSpec(text=text, is_confirmed=confirmed),), **more
    )


def of(numerator, denominator):
    return Value(numerator=Decimal(numerator), denominator=Decimal(denominator))


RATES = [
    # operator, threshold, numerator, denominator, judgement
    (">=", "80", "799", "1000", NOT_MET),
    (">=", "80", "800", "1000", MET),
    (">=", "80", "801", "1000", MET),
    (">=", "80", "7999999", "10000000", NOT_MET),
    (">=", "80", "0", "5", NOT_MET),
    # 2/3 is neither 66.67 % nor 66.66 %: rounded first it would reach the one and exceed the other.
    (">=", "66.67", "2", "3", NOT_MET),
    (">=", "66.66", "2", "3", MET),
    (">=", "66.6667", "2", "3", NOT_MET),
    (">=", "33.34", "1", "3", NOT_MET),
    ("<=", "13", "129", "1000", MET),
    ("<=", "13", "130", "1000", MET),
    ("<=", "13", "131", "1000", NOT_MET),
    ("<=", "13", "1300001", "10000000", NOT_MET),
    ("<=", "66.66", "2", "3", NOT_MET),
    ("<=", "24", "0", "7", MET),
    ("=", "100", "19", "19", MET),
    ("=", "100", "18", "19", NOT_MET),
    ("=", "100", "99999999", "100000000", NOT_MET),
    (">=", "72.5", "29", "40", MET),
    (">=", "80", "12.5", "15.625", MET),
]


@pytest.mark.parametrize(("operator", "bound", "numerator", "denominator", "judgement"), RATES)
def test_rate_is_compared_exactly(operator, bound, numerator, denominator, judgement):
    verdict = evaluate(rate_of(threshold(bound), operator=operator), of(numerator, denominator))

    assert verdict.judgement == judgement
    assert verdict.is_confirmed


NUMBERS = [
    (">=", "45", "44.99", NOT_MET),
    (">=", "45", "45", MET),
    (">=", "45", "45.01", MET),
    (">=", "2", "1.9999", NOT_MET),
    ("<=", "3", "3.0001", NOT_MET),
    ("<=", "3", "3", MET),
    ("=", "3", "3.000", MET),
    ("=", "3", "2.999", NOT_MET),
]


@pytest.mark.parametrize(("operator", "bound", "number", "judgement"), NUMBERS)
def test_number_is_compared_exactly(operator, bound, number, judgement):
    verdict = evaluate(number_of(threshold(bound), operator=operator), Value(number=Decimal(number)))

    assert verdict.judgement == judgement


@pytest.mark.parametrize(
    ("unit", "text", "passed", "judgement"),
    [
        ("Đạt/Chưa đạt", "Đạt", True, MET),
        ("Đạt/Chưa đạt", "Đạt", False, NOT_MET),
        ("Không/Còn", "Không", True, MET),
        ("Không/Còn", "Không", False, NOT_MET),
        ("", "Đạt", True, MET),
        # The other answer, or more words than an answer: people judge.
        ("Đạt/Chưa đạt", "Đạt mức độ 2 trở lên", True, None),
        ("Không/Còn", "Đạt", True, None),
    ],
)
def test_answer_is_judged_only_against_one_of_its_two_answers(unit, text, passed, judgement):
    assert evaluate(answered(unit, text), Value(passed=passed)).judgement == judgement


def test_answer_in_words_is_told_in_its_own_words():
    assert evaluate(answered("Không/Còn", "Không"), Value(passed=False)).reason == "Báo cáo: Còn; yêu cầu: Không."


@pytest.mark.parametrize(
    ("indicator", "value"),
    [
        (rate_of(ThresholdSpec(value=Decimal(80))), of(100, 100)),
        (rate_of(ThresholdSpec(value=Decimal(80))), of(1, 100)),
        (number_of(ThresholdSpec(value=Decimal(45))), Value(number=Decimal(90))),
        (answered(confirmed=False), Value(passed=True)),
        (answered(confirmed=False), Value(passed=False)),
    ],
)
def test_unconfirmed_threshold_never_decides_but_is_shown(indicator, value):
    verdict = evaluate(indicator, value)

    assert verdict.judgement is None
    assert not verdict.is_confirmed
    assert verdict.threshold == indicator.thresholds[0]
    assert "chưa đối chiếu" in verdict.reason


def test_unconfirmed_threshold_still_shows_rate_and_distance():
    verdict = evaluate(rate_of(ThresholdSpec(value=Decimal(80))), of(2, 3))

    assert verdict.measured == Fraction(200, 3)
    assert verdict.distance == Fraction(-40, 3)


@pytest.mark.parametrize("indicator", [rate_of(ThresholdSpec(text="UBND tỉnh quy định", is_confirmed=True)), rate_of()])
def test_threshold_in_words_or_none_never_decides(indicator):
    verdict = evaluate(indicator, of(100, 100))

    assert verdict.judgement is None
    assert verdict.measured == 100


@pytest.mark.parametrize(
    "value",
    [None, Value(), Value(numerator=Decimal(1)), Value(denominator=Decimal(1)), Value(number=Decimal(90))],
)
def test_missing_value_decides_nothing(value):
    verdict = evaluate(rate_of(threshold(80)), value)

    assert (verdict.judgement, verdict.is_input_error) == (None, False)
    assert verdict.reason == "Chưa nhập giá trị."


def test_zero_denominator_is_no_value():
    verdict = evaluate(rate_of(threshold(80)), of(0, 0))

    assert (verdict.judgement, verdict.measured, verdict.is_input_error) == (None, None, False)
    assert "Mẫu số bằng 0" in verdict.reason


@pytest.mark.parametrize("value", [of(5, 4), of(1, 0), of(-1, 4), of(1, -4), of("NaN", 4), of(1, "Infinity")])
def test_impossible_rate_is_an_input_error(value):
    verdict = evaluate(rate_of(threshold(80)), value)

    assert verdict.judgement is None
    assert verdict.is_input_error


def test_distance_says_how_far_on_either_side():
    at_least, at_most = rate_of(threshold(80)), rate_of(threshold(13), operator="<=")

    assert evaluate(at_least, of(9, 10)).distance == 10
    assert evaluate(at_least, of(7, 10)).distance == -10
    assert evaluate(at_most, of(1, 10)).distance == 3
    assert evaluate(at_most, of(2, 10)).distance == -7
    assert evaluate(rate_of(threshold(100), operator="="), of(9, 10)).distance == -10


def test_reason_shows_enough_places_to_see_the_difference():
    verdict = evaluate(rate_of(threshold(80)), of(79999, 100000))

    assert verdict.reason == "79,999 % so với ngưỡng ≥ 80 %, còn chênh 0,001 điểm %."


# ---------------------------------------------------------------- year, region, group, class

INCOME = number_of(
    threshold(39, year=2022), threshold(42, year=2023), threshold(45, year=2024), threshold(48, year=2025)
)


@pytest.mark.parametrize(
    ("year", "income", "judgement"),
    [(2022, "39", MET), (2023, "41.9", NOT_MET), (2024, "45", MET), (2025, "45", NOT_MET), (2026, "99", None)],
)
def test_income_is_held_against_its_own_year(year, income, judgement):
    assert evaluate(INCOME, Value(number=Decimal(income)), Context(year=year)).judgement == judgement


def test_threshold_of_the_most_specific_case_is_picked():
    anywhere, region, group = threshold(98), threshold(95, region="tdmnpb"), threshold(27, commune_group="3")
    both, year = threshold(30, region="tdmnpb", commune_group="3"), threshold(42, year=2023)
    every = [anywhere, region, group, both, year]

    assert pick_threshold(every, Context()) == anywhere
    assert pick_threshold(every, Context(region="tdmnpb")) == region
    assert pick_threshold(every, Context(region="dbsh")) == anywhere
    assert pick_threshold(every, Context(commune_group="3")) == group
    assert pick_threshold(every, Context(region="tdmnpb", commune_group="3")) == both
    assert pick_threshold(every, Context(year=2023, region="tdmnpb")) == year
    assert pick_threshold([region], Context(region="dbsh")) is None


def test_class_of_commune_picks_its_threshold():
    indicator = rate_of(threshold(90, commune_class="I"), threshold(70, commune_class="II"))

    assert evaluate(indicator, of(8, 10), Context(commune_class="I")).judgement == NOT_MET
    assert evaluate(indicator, of(8, 10), Context(commune_class="II")).judgement == MET


# ---------------------------------------------------------------- compound

SCHOOLS = IndicatorSpec(
    "5",
    Kind.COMPOUND,
    parts=(
        PartSpec("a", Kind.RATE, "Trường đạt mức tối thiểu", operator="=", thresholds=(threshold(100),)),
        PartSpec("b", Kind.RATE, operator=">=", thresholds=(threshold(70),), applies_when=Condition("a", ">", 3)),
        PartSpec("c", Kind.RATE, operator=">=", thresholds=(threshold(50),), applies_when=Condition("a", "<=", 3)),
    ),
)


def schools(minimum, level_one, count):
    return Value(parts={"a": of(minimum, count), "b": of(level_one, count), "c": of(level_one, count)})


@pytest.mark.parametrize(
    ("minimum", "level_one", "count", "judgement"),
    [
        (4, 3, 4, MET),  # 75 % of more than 3 schools
        (4, 2, 4, NOT_MET),  # 50 % is enough only up to 3 schools
        (10, 7, 10, MET),
        (10, 6, 10, NOT_MET),
        (3, 2, 3, MET),
        (3, 1, 3, NOT_MET),  # 33.3 %
        (2, 1, 2, MET),  # exactly 50 %
        (3, 3, 4, NOT_MET),  # not every school has the minimum
        (1, 0, 1, NOT_MET),
    ],
)
def test_schools_are_held_against_the_level_for_their_number(minimum, level_one, count, judgement):
    verdict = evaluate(SCHOOLS, schools(minimum, level_one, count))

    assert verdict.judgement == judgement
    assert [code for code, _ in verdict.parts] == ["a", "b" if count > 3 else "c"]


def test_compound_waits_while_the_count_is_unknown():
    verdict = evaluate(SCHOOLS, Value(parts={"b": of(3, 4)}))

    assert verdict.judgement is None
    assert "Chưa biết số lượng" in verdict.reason


def test_compound_waits_for_a_missing_part():
    assert evaluate(SCHOOLS, Value(parts={"a": of(4, 4)})).judgement is None


def test_compound_fails_by_one_part_even_if_another_is_missing():
    verdict = evaluate(SCHOOLS, Value(parts={"a": of(3, 4)}))

    assert verdict.judgement == NOT_MET
    assert verdict.reason.startswith("Trường đạt mức tối thiểu: 75 % so với ngưỡng = 100 %")


def test_compound_does_not_pass_on_an_unconfirmed_part():
    men = PartSpec("nam", Kind.RATE, operator=">=", thresholds=(threshold(70),))
    women = PartSpec("nu", Kind.RATE, operator=">=", thresholds=(ThresholdSpec(value=Decimal(70)),))
    indicator = IndicatorSpec("14.2", Kind.COMPOUND, parts=(men, women))

    assert evaluate(indicator, Value(parts={"nam": of(9, 10), "nu": of(9, 10)})).judgement is None
    assert evaluate(indicator, Value(parts={"nam": of(6, 10), "nu": of(9, 10)})).judgement == NOT_MET


def test_compound_with_a_faulty_part_is_an_input_error():
    verdict = evaluate(SCHOOLS, Value(parts={"a": of(5, 4), "b": of(3, 4)}))

    assert (verdict.judgement, verdict.is_input_error) == (None, True)


def test_compound_counts_a_number_by_its_value():
    indicator = IndicatorSpec(
        "x",
        Kind.COMPOUND,
        parts=(
            PartSpec("so", Kind.NUMBER, operator=">=", thresholds=(threshold(1),)),
            PartSpec(
                "tl", Kind.RATE, operator=">=", thresholds=(threshold(50),), applies_when=Condition("so", ">=", 2)
            ),
        ),
    )

    assert evaluate(indicator, Value(parts={"so": Value(number=Decimal(1))})).judgement == MET
    assert evaluate(indicator, Value(parts={"so": Value(number=Decimal(2)), "tl": of(1, 3)})).judgement == NOT_MET


def test_compound_without_parts_decides_nothing():
    assert evaluate(IndicatorSpec("x", Kind.COMPOUND), Value()).judgement is None


# ---------------------------------------------------------------- not applicable


def test_not_applicable_is_accepted_only_where_the_set_allows_it():
    value = Value(is_not_applicable=True)

    assert evaluate(answered(may_be_not_applicable=True), value).judgement == NOT_ASSESSED
    refused = evaluate(answered(), value)
    assert (refused.judgement, refused.is_input_error) == (None, True)


# ---------------------------------------------------------------- criterion


@pytest.mark.parametrize(
    ("judgements", "verdict"),
    [
        ([], None),
        ([MET], MET),
        ([MET, MET, NOT_ASSESSED], MET),
        ([MET, NOT_MET], NOT_MET),
        ([NOT_MET, UNASSESSED], NOT_MET),
        ([MET, UNASSESSED], None),
        ([BASICALLY, UNASSESSED], None),
        ([NOT_ASSESSED], NOT_ASSESSED),
        ([NOT_ASSESSED, NOT_ASSESSED], NOT_ASSESSED),
        ([NOT_ASSESSED, UNASSESSED], None),
        ([MET, BASICALLY], BASICALLY),
        ([BASICALLY, NOT_ASSESSED], BASICALLY),
        ([BASICALLY, NOT_MET], NOT_MET),
        (["dat", "dat"], MET),
    ],
)
def test_criterion_follows_from_its_indicators(judgements, verdict):
    assert propose_criterion(judgements) == verdict


@pytest.mark.parametrize(
    ("judgement", "strict", "lenient"),
    [(MET, True, True), (BASICALLY, False, True), (NOT_MET, False, False), (NOT_ASSESSED, False, False)],
)
def test_basically_met_counts_only_where_the_set_says_so(judgement, strict, lenient):
    assert counts_as_met(judgement, False) is strict
    assert counts_as_met(judgement, True) is lenient
    assert counts_as_met(str(judgement.value), True) is lenient


# ---------------------------------------------------------------- for any value

amounts = st.decimals(min_value=0, max_value=10**7, places=2)


@given(numerator=amounts, denominator=amounts, bound=st.decimals(min_value=0, max_value=100, places=2))
def test_rate_agrees_with_cross_multiplication(numerator, denominator, bound):
    verdict = evaluate(rate_of(threshold(bound)), of(numerator, denominator))

    if denominator == 0 or numerator > denominator:
        assert verdict.judgement is None
    else:
        assert (verdict.judgement == MET) == (int(numerator * 100) * 10000 >= int(denominator * 100) * int(bound * 100))


@given(st.lists(st.sampled_from([judgement.value for judgement in Judgement]), max_size=8))
def test_criterion_is_met_only_with_all_applicable_indicators_met(judgements):
    verdict = propose_criterion(judgements)

    applicable = [judgement for judgement in judgements if judgement != NOT_ASSESSED]
    assert (verdict == MET) == (bool(applicable) and all(judgement == MET for judgement in applicable))
    assert (verdict == NOT_MET) == (NOT_MET in judgements)


@given(measured=st.fractions(min_value=0, max_value=100, max_denominator=10**5), bound=st.integers(0, 100))
def test_written_rate_never_looks_equal_to_a_bound_it_misses(measured, bound):
    shown = written(measured, Fraction(bound))

    assert (Fraction(shown.replace(",", ".")) == bound) == (measured == bound)


@given(st.fractions(min_value=-1000, max_value=1000, max_denominator=1000))
def test_at_least_and_at_most_both_hold_only_at_equality(number):
    assert (reaches(number, ">=", Fraction(1)) and reaches(number, "<=", Fraction(1))) == reaches(
        number, "=", Fraction(1)
    )


def test_rate_of_nothing_is_no_rate():
    assert rate(Decimal(0), Decimal(0)) is None
    assert rate(Decimal(1), Decimal(8)) == Fraction(25, 2)


@pytest.mark.parametrize(
    ("number", "text"),
    [("2/3", "0,67"), ("200/3", "66,67"), ("1/8", "0,13"), ("80", "80"), ("0", "0"), ("-5/2", "-2,5")],
)
def test_written_number_is_half_up_with_a_comma(number, text):
    assert written(Fraction(number)) == text
