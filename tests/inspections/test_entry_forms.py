"""What people type for an indicator becomes final types, or a sentence at its field."""

from decimal import Decimal

import pytest
from django.forms import ValidationError
from django.http import QueryDict

from criteria.judgement import Judgement
from inspections.forms.entry import AssessmentForm, NumberField
from inspections.values import typed_number

from . import factories as make


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1250", "1250"),
        ("1250,5", "1250.5"),
        ("1250.5", "1250.5"),
        ("1.250,5", "1250.5"),
        ("1,250.5", "1250.5"),
        ("1.250.000", "1250000"),
        ("1,250,000", "1250000"),
        ("12,345", "12.345"),
        ("0.125", "0.125"),
        (" 87,50 ", "87.50"),
        ("1 250", "1250"),
        ("1\u00a0250,5", "1250.5"),
        ("0", "0"),
    ],
)
def test_number_is_read_as_people_write_it(typed, value):
    assert NumberField().clean(typed) == Decimal(value)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1.250", "ghi 1250 hoặc 1,25"),
        ("12.500", "ghi 12500 hoặc 12,5"),
        ("nhiều", "Chỉ nhập số"),
        ("12 km", "Chỉ nhập số"),
        ("1,2,3", "Chỉ nhập số"),
        ("1.25.5", "Chỉ nhập số"),
        ("-5", "Không nhập số âm"),
        ("1,23456", "Nhiều nhất 4 chữ số"),
        ("123456789012345", "Số quá lớn"),
        ("1e5", "Chỉ nhập số"),
        ("٣", "Chỉ nhập số"),
    ],
)
def test_unclear_number_is_refused_with_the_way_out(typed, words):
    with pytest.raises(ValidationError, match=words):
        NumberField().clean(typed)


@pytest.mark.parametrize(("value", "typed"), [("1250.5000", "1250,5"), ("10.0000", "10"), ("0.1250", "0,125")])
def test_stored_number_comes_back_as_one_would_type_it(value, typed):
    assert typed_number(Decimal(value)) == typed
    assert NumberField().clean(typed) == Decimal(value)


@pytest.fixture
def dossier(district, commune):
    return make.open_round(district, communes=[commune]).dossier_of(commune)


def form_of(dossier, code, **typed):
    row = make.assessment_of(dossier, code)
    data = QueryDict(mutable=True)
    data.update({"version": "1", "remark": "", **typed})
    return AssessmentForm(row, data)


def test_rate_form_gives_counted_numbers(dossier):
    form = form_of(dossier, "2.1", numerator="9,5", denominator="10", self_judgement="dat")
    assert form.is_valid()
    assert form.changes() == {
        "numerator": Decimal("9.5"), "denominator": Decimal(10), "self_judgement": "dat", "remark": ""
    }  # fmt: skip


def test_numerator_above_denominator_is_told_at_the_numerator(dossier):
    form = form_of(dossier, "2.1", numerator="11", denominator="10")
    assert form.errors == {"numerator": ["Lớn hơn mẫu số 10: kiểm tra lại hai số."]}


def test_half_a_rate_may_be_saved(dossier):
    assert form_of(dossier, "2.1", numerator="11").is_valid()


def test_long_remark_is_refused_in_words_and_not_cut_by_the_browser(dossier):
    form = AssessmentForm(make.assessment_of(dossier, "2.1"), {"version": 1, "remark": "x" * 5001})
    assert form.errors["remark"] == ["Dài 5001 ký tự, nhiều nhất 5000: rút gọn hoặc gửi thành tệp minh chứng."]
    assert "maxlength" not in str(form["remark"])


def test_compound_form_keeps_numbers_as_text_and_leaves_empty_parts_out(dossier):
    form = form_of(dossier, "3", part_a_numerator="7", part_a_denominator="8")
    assert form.is_valid()
    assert form.changes()["parts"] == {"a": {"numerator": "7", "denominator": "8"}}
    form = form_of(dossier, "3", part_b_passed="no")
    assert form.is_valid()
    assert form.changes()["parts"] == {"b": {"passed": False}}


def test_pass_fail_offers_the_units_own_words(dossier):
    labels = [label for _, label in form_of(dossier, "1.2").fields["self_judgement"].choices]
    assert labels == ["Không (đạt)", "Còn (chưa đạt)", "Không đánh giá"]


@pytest.mark.parametrize("counts", [True, False])
def test_basically_met_is_offered_only_where_the_set_counts_it(district, commune, counts):
    make.small_set(counts_basically_met=counts)
    dossier = make.open_round(district, communes=[commune]).dossier_of(commune)
    offered = [value for value, _ in form_of(dossier, "2.1").fields["self_judgement"].choices]
    assert (Judgement.BASICALLY_MET in offered) is counts


def test_nothing_chosen_is_unassessed(dossier):
    form = form_of(dossier, "1.1")
    assert form.is_valid()
    assert form.changes()["self_judgement"] == Judgement.UNASSESSED


def test_remark_is_composed_and_without_control_characters(dossier):
    form = form_of(dossier, "1.1", remark="\u0000Đa\u0303 xong.\r\nDòng hai")
    assert not form.is_valid() or form.changes()["remark"] == "Đã xong.\nDòng hai"
    form = form_of(dossier, "1.1", remark="Đa\u0303 xong.\r\nDòng hai")
    assert form.is_valid()
    assert form.changes()["remark"] == "Đã xong.\nDòng hai"


def test_stored_values_come_back_into_the_fields(dossier, officer):
    make.enter(dossier, "3", by=officer, parts={"a": {"numerator": "7", "denominator": "8"}, "b": {"passed": True}})
    form = AssessmentForm(make.assessment_of(dossier, "3"))
    assert [field.value() for measure in form.measures for field in measure.fields] == ["7", "8", "yes"]
    assert form.measures[0].rate == "87,5 %"
