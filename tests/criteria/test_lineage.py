"""The same idea in two versions of a set: by lineage, by text, at last by code; never one for two."""

from hypothesis import given
from hypothesis import strategies as st

from criteria.lineage import counterparts
from criteria.models import Indicator


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
