"""What the demonstration is made of, without a database: numbers that fit, moments in order, no result typed."""

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from communes import clock
from criteria.evaluation import reaches
from ntm_portal.demo import notices
from ntm_portal.demo.source import DATA, read
from ntm_portal.demo.story import Story, moment
from ntm_portal.demo.values import Place, _count

BASE = Path(settings.BASE_DIR)
# Results of the round of 2024: they follow from the conclusions and are written nowhere by hand.
RESULTS = re.compile(r"(?<![\d.,])(?:14[,.]89|10[,.]67|10[,.]13|134)(?![\d])")
NOT_TEXT = {".png", ".jpg", ".ico", ".woff2", ".pyc"}


def told_files():
    """Templates, demo text and code, data files and fixtures of every app."""
    places = [BASE / "templates", BASE / "ntm_portal" / "demo", *BASE.glob("*/data"), *BASE.glob("*/fixtures")]
    for place in places:
        for path in place.rglob("*"):
            if path.is_file() and path.suffix not in NOT_TEXT:
                yield path


@pytest.mark.parametrize("text", ["đạt 14,89 tiêu chí", "10.67", "tổng 134", "= 134;"])
def test_search_for_results_finds_them(text):
    assert RESULTS.search(text)


@pytest.mark.parametrize("text", ["1134", "1345", "2134/QĐ-UBND", "114,89", "14,8"])
def test_search_for_results_takes_nothing_else(text):
    assert not RESULTS.search(text)


def test_no_result_stands_in_templates_demo_text_or_fixtures():
    files = list(told_files())
    assert DATA / "notice_2024.txt" in files
    assert len(files) > 30
    found = [path.relative_to(BASE) for path in files if RESULTS.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_text_of_the_notice_holds_no_digit_but_periods_and_rules():
    outline = notices.text_of("notice_2024")
    texts = [part.body for part in outline.sections] + [text for _, text in outline.recommendations]
    plain = re.sub(r"\{[^{}]*\}", "", " ".join(texts))
    assert set(re.findall(r"\d[\d\s-]*\d|\d", plain)) == {"2021-2025", "2021 - 2025", "2016 - 2020", "20"}


@given(
    whole=st.integers(1, 3000),
    bound=st.fractions(Fraction(1, 2), Fraction(100), max_denominator=4),
    share=st.floats(0, 0.9999),
)
@pytest.mark.parametrize("operator", [">=", "<=", "="])
@pytest.mark.parametrize("meets", [True, False])
def test_count_lands_on_the_told_side_of_the_threshold(operator, meets, whole, bound, share):
    if operator == "=":
        bound = Fraction(100)
    count = _count(whole, bound, operator, share, meets=meets)
    assert 0 <= count <= whole
    if operator == "<=" and not meets and bound * whole // 100 + 1 > whole:
        return  # everything fits under such a threshold
    assert reaches(Fraction(count) * 100 / whole, operator, bound) is meets


def test_same_denominator_wherever_a_commune_states_it():
    place = Place("03602", 916, 4, 9, "TU-2024")
    assert place.whole("Tổng số hộ") == 916
    assert place.whole("Tổng số trường của xã") == 4
    assert place.share("2.1") == place.share("2.1")
    assert place.share("2.1") != Place("03604", 916, 4, 9, "TU-2024").share("2.1")


def test_story_is_played_in_the_order_of_time():
    heard = []
    story = Story()
    story.tell(moment(date(2024, 11, 2), 9), lambda: heard.append(clock.today()))
    story.tell(moment(date(2024, 10, 1), 9), lambda: heard.append(clock.today()))
    story.play()
    assert heard == [date(2024, 10, 1), date(2024, 11, 2)]


@pytest.mark.parametrize("name", ["round_2024", "round_2025"])
def test_every_failure_that_is_told_has_its_reason(name):
    reasons = read("reasons")
    for unit in read(name)["unit"]:
        for number in unit["failed"]:
            assert reasons[unit["set"]][str(number)]["reason"].endswith(".")
        assert set(unit.get("claimed", [])) <= set(unit["failed"])
