"""Figures of thousands of units: the same as those of rows, a warning about titles, days of being late."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from criteria.judgement import Judgement
from inspections import figures
from inspections.figures import Standing, bits, numbers, standing_of, summary, title_risk

from .test_figures import CRITERIA, rounds, row

verdict = st.sampled_from(list(Judgement))


@given(st.sets(st.integers(1, 90)))
def test_numbers_survive_as_bits(found):
    assert set(numbers(bits(found))) == found


@given(rounds())
def test_a_summary_says_what_the_figures_of_the_set_say(rows):
    told, other = summary(map(standing_of, rows), CRITERIA), figures.of_set("xa", rows)
    assert (told.mean.value, told.met, told.units) == (other.mean.value, other.mean.numerator, other.mean.denominator)
    assert told.passed == len(other.passed)
    assert told.hardest == other.hardest
    if rows:
        assert told.met_by_criterion == other.met_by_criterion
        assert told.failed_by_criterion == other.failed_by_criterion


@given(rounds(), st.integers(1, 3))
def test_branches_add_up_to_the_whole(rows, branches):
    standings = [standing_of(item)._replace(place=place) for place, item in enumerate(rows)]
    told = figures.summaries(standings, CRITERIA, {place: place % branches for place in range(len(rows))})
    whole = summary(standings, CRITERIA)
    assert sum(item.units for item in told.values()) == whole.units
    assert sum(item.met for item in told.values()) == whole.met
    assert sum(item.passed for item in told.values()) == whole.passed


@given(st.lists(st.tuples(verdict, verdict), min_size=CRITERIA, max_size=CRITERIA), st.booleans(), st.booleans())
def test_lost_and_gained_are_those_of_the_rows(pairs, now_counts, old_counts):
    now = replace(row(*[new for new, _ in pairs], counts=now_counts), unit="xa-1")
    old = replace(row(*[old for _, old in pairs], counts=old_counts), unit="xa-1")
    (change,) = figures.changes([now], [old])
    lost, gained = figures.moved(standing_of(now), standing_of(old))
    assert (tuple(numbers(lost)), tuple(numbers(gained))) == (change.lost, change.gained)


def test_a_renumbered_standing_leaves_out_what_has_no_counterpart():
    old = Standing(1, "xa-1", 3, met=bits([1, 2]), failed=bits([3]), left=0)
    assert old.renumbered({1: 5, 3: 1}) == old._replace(met=bits([5]), failed=bits([1]))


def standing(failed, *, criteria=19, also=()):
    others = [number for number in range(1, criteria + 1) if number not in also]
    wrong = {*also, *others[: failed - len(also)]}
    return Standing(1, "xa-1", criteria, met=bits(set(range(1, criteria + 1)) - wrong), failed=bits(wrong))


KEY = bits([10, 17, 19])


@pytest.mark.parametrize(
    ("failed", "also", "expected"),
    [
        (5, (17,), False),  # 26 %
        (6, (), False),  # 32 %, none of the three
        (6, (17,), True),
        (9, (19,), True),  # 47 %
        (9, (), False),
        (10, (), True),  # 53 %, whichever they are
        (19, (10, 17, 19), True),
    ],
)
def test_a_title_is_at_risk_from_thirty_per_cent_with_a_key_criterion_or_from_half(failed, also, expected):
    risk = title_risk(standing(failed, also=also), KEY)
    assert (risk is not None) is expected
    if risk:
        assert (risk.failed, risk.is_half) == (failed, failed >= 10)
        assert set(also) <= set(risk.key)


def test_shares_are_compared_exactly():
    """3 of 10 are thirty per cent, 5 of 10 are fifty."""
    assert title_risk(standing(3, criteria=10, also=(10,)), KEY) is not None
    assert title_risk(standing(5, criteria=10), KEY).is_half
    assert title_risk(standing(4, criteria=10), KEY) is None


@pytest.mark.parametrize(
    ("met", "criteria", "few"), [(14, 19, True), (15, 19, False), (9, 15, False), (0, 10, False), (0, 16, True)]
)
def test_fewer_than_fifteen_is_asked_only_of_sets_with_more(met, criteria, few):
    assert Standing(1, "", criteria, met=bits(range(1, met + 1)), failed=0).has_few is few


@pytest.mark.parametrize(("on", "days"), [(date(2025, 6, 9), 0), (date(2025, 6, 10), 0), (date(2025, 6, 12), 2)])
def test_the_due_day_itself_is_in_time(on, days):
    assert figures.days_late(date(2025, 6, 10), on) == days
