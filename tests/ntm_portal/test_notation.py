"""How the portal writes dates, numbers, terms, sizes and states."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django import forms

from communes import clock, notation
from criteria.judgement import Judgement
from ntm_portal.templatetags import portal


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (date(2024, 12, 5), "05/12/2024"),
        (datetime(2024, 12, 4, 18, 30, tzinfo=UTC), "05/12/2024"),  # after midnight in Vietnam
        (None, ""),
    ],
)
def test_day_has_two_digits_for_day_and_month(value, written):
    assert notation.day(value) == written


def test_minute_is_in_vietnamese_time():
    assert notation.minute(datetime(2025, 6, 17, 7, 5, tzinfo=UTC)) == "14:05 17/06/2025"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (date(2024, 9, 6), "06/9/2024"),
        (date(2024, 1, 6), "06/01/2024"),
        (date(2024, 2, 28), "28/02/2024"),
        (date(2024, 3, 1), "01/3/2024"),
        (date(2024, 12, 5), "05/12/2024"),
        (None, ""),
    ],
)
def test_decree_day_pads_only_first_two_months(value, written):
    assert notation.decree_day(value) == written


@pytest.mark.parametrize(
    ("value", "places", "written"),
    [
        (Decimal("14.885"), None, "14,89"),  # halves go up, not to the even neighbour
        (Decimal("-0.004"), None, "0"),
        (Decimal(134) / Decimal(9), None, "14,89"),
        (Decimal("10.50"), None, "10,5"),
        (15, None, "15"),
        (100, None, "100"),
        (1250, None, "1.250"),
        (Decimal("1234567.891"), None, "1.234.567,89"),
        (Decimal("87.5"), 2, "87,50"),
        (Decimal("0.5"), 0, "1"),
        (0, None, "0"),
        (2.675, None, "2,68"),  # a float is taken as it is written
        (None, None, ""),
        ("", None, ""),
    ],
)
def test_number_has_decimal_comma_and_rounds_half_up(value, places, written):
    assert notation.number(value, places) == written


@pytest.mark.parametrize(("value", "written"), [(7, "07"), (0, "00"), (10, "10"), (None, "")])
def test_count_below_ten_takes_a_zero(value, written):
    assert notation.count(value) == written


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (date(2025, 6, 20), "còn 3 ngày"),
        (date(2025, 6, 17), "hôm nay"),
        (date(2025, 6, 15), "quá hạn 2 ngày"),
        (None, ""),
    ],
)
def test_days_left_counts_from_the_portals_clock(due, words):
    with clock.at(datetime(2025, 6, 17, 23, 59)):
        assert portal.days_left(due) == words
        assert portal.is_late(due) == ("quá hạn" in words)


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (850, "850 byte"),
        (1024, "1 KB"),
        (12_500, "12 KB"),
        (25 * 1024 * 1024, "25 MB"),
        (1_234_567, "1,2 MB"),
        (None, ""),
    ],
)
def test_file_size_is_written_as_windows_does(size, written):
    assert notation.file_size(size) == written


def test_sign_differs_for_each_judgement():
    signs = {portal.sign(judgement) for judgement in Judgement}
    assert len(signs) == len(Judgement)
    assert portal.sign("") == ""


@pytest.mark.parametrize(("part", "whole", "share"), [(17, 19, 89), (0, 19, 0), (3, 0, 0), (None, 5, 0), (7, 5, 100)])
def test_share_stays_between_nothing_and_all(part, whole, share):
    assert portal.share(part, whole) == share


class PaperForm(forms.Form):
    on = forms.DateField()
    value = forms.DecimalField(localize=True)


@pytest.mark.parametrize("typed", ["05/12/2024", "5/12/2024", "05-12-2024", "5.12.2024", "2024-12-05"])
def test_date_is_read_with_the_day_first(typed):
    form = PaperForm({"on": typed, "value": "14,89"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"on": date(2024, 12, 5), "value": Decimal("14.89")}


def test_date_and_number_are_written_back_as_typed():
    html = PaperForm(initial={"on": date(2024, 12, 5), "value": Decimal("14.89")}).as_p()
    assert 'value="05/12/2024"' in html
    assert 'value="14,89"' in html
