"""The same idea in two versions of a set: by lineage, by text, at last by code; never one for two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from criteria import lineage
from criteria.lineage import Cause, counterparts
from criteria.measures import Context, Kind
from criteria.models import Criterion, Indicator, Threshold

from ..inspections.factories import indicator_of, small_set


def row(pk, code, text="", lineage=""):
    return Indicator(pk=pk, code=code, text=text or f"Nội dung {code}", lineage=lineage)


def pairs(then, now):
    return {pk: item.pk for pk, item in counterparts(then, now).items()}


def test_lineage_joins_whatever_code_and_text_are_now():
    then = [row(1, "13.1", "Có hợp tác xã", "hop-tac-xa"), row(2, "13.2", "Liên kết", "lien-ket")]
    now = [
        row(11, "13.2", "Hợp tác xã hoặc tổ hợp tác", "hop-tac-xa"),
        row(12, "13.1", "Liên kết bền vững", "lien-ket"),
    ]
    assert pairs(then, now) == {11: 1, 12: 2}


def test_same_code_with_another_lineage_is_another_idea():
    assert pairs([row(1, "14.1", lineage="giao-duc")], [row(11, "14.1", lineage="y-te")]) == {11: 1}
    then = [row(1, "14.1", "Trường học", "giao-duc")]
    assert pairs(then, [row(11, "14.1", "Trạm y tế", "y-te")]) == {}


def test_without_lineage_a_text_that_moved_is_followed_and_the_place_it_left_is_new():
    then = [row(1, "2.1", "Đường xã"), row(2, "2.2", "Đường bản")]
    now = [row(11, "2.1", "Cầu"), row(12, "2.2", "Đường  XÃ"), row(13, "2.3", "Đường bản")]
    assert pairs(then, now) == {12: 1, 13: 2}


def test_reworded_text_keeps_its_code():
    assert pairs([row(1, "2.1", "Đường xã")], [row(11, "2.1", "Đường xã được cứng hóa")]) == {11: 1}


codes, texts, lineages = (st.sampled_from(options) for options in (["1", "2", "3"], ["a", "b", ""], ["x", "y", ""]))
sets = st.lists(st.tuples(codes, texts, lineages), max_size=6)


@given(sets, sets)
def test_each_of_then_serves_once(then, now):
    found = counterparts(
        [row(pk, *item) for pk, item in enumerate(then, 1)], [row(pk, *item) for pk, item in enumerate(now, 100)]
    )
    assert len({item.pk for item in found.values()}) == len(found)


# ---------------------------------------------------------------- why fewer units meet a criterion


@pytest.fixture
def sets(db):
    """Two versions of the small set; the second as a test changes it."""
    return small_set(code="bo", version=1), small_set(code="bo", version=2, is_published=False)


def causes_of(sets, *, then=2024, now=2024, region="tdmnpb"):
    found = lineage.versions(lineage.criteria_of([row.pk for row in sets]))
    return lineage.causes(found[sets[0].pk], found[sets[1].pk], Context(then, region), Context(now, region))


def test_a_loss_between_two_equal_versions_is_a_real_one(sets):
    assert set(causes_of(sets).values()) == {Cause.REAL}


def test_a_new_criterion_and_a_new_indicator_are_told_apart_from_a_loss(sets):
    Criterion.objects.create(criteria_set=sets[1], number=4, name="Nước sạch")
    criterion = sets[1].criteria.get(number=1)
    indicator_of(criterion, "1.3", Kind.PASS_FAIL, "Có cắm mốc")
    assert causes_of(sets) == {1: Cause.SET, 2: Cause.REAL, 3: Cause.REAL, 4: Cause.NEW}


def test_an_indicator_measured_otherwise_changes_its_criterion(sets):
    sets[1].indicators.filter(code="2.1").update(kind=Kind.NUMBER, unit="km")
    assert causes_of(sets)[2] == Cause.SET


@pytest.mark.parametrize(
    ("code", "value", "cause"),
    [
        ("2.1", "85", Cause.THRESHOLD),  # confirmed
        ("2.1", "80", Cause.REAL),
        ("2.1", "75", Cause.REAL),
        ("2.2", "35", Cause.UNSURE),  # not confirmed
    ],
)
def test_a_threshold_that_asks_more_explains_a_loss_only_when_confirmed(sets, code, value, cause):
    Threshold.objects.filter(indicator__criteria_set=sets[1], indicator__code=code).update(value=value)
    assert causes_of(sets)[2] == cause


def test_the_threshold_of_the_year_counts_within_one_version(sets):
    indicator = sets[0].indicators.get(code="2.1")
    Threshold.objects.create(indicator=indicator, year=2025, value=90, is_confirmed_in_source=True)
    assert causes_of((sets[0], sets[0]), then=2024, now=2025)[2] == Cause.THRESHOLD
    assert causes_of((sets[0], sets[0]), then=2025, now=2025)[2] == Cause.REAL


def test_a_criterion_is_found_again_by_its_lineage_under_another_number(sets):
    sets[0].criteria.filter(number=3).update(lineage="truong-hoc")
    sets[1].criteria.filter(number=3).update(lineage="truong-hoc", name="Trường, lớp", number=9)
    assert lineage.same_criteria(sets[0].criteria.all(), sets[1].criteria.all()) == {1: 1, 2: 2, 3: 9}
