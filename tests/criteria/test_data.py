"""The sets that come with the portal: complete, sourced, and unsure where the source is unsure."""

import re
import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command

from communes.journal import Event
from criteria import files, services
from criteria.evaluation import evaluate
from criteria.judgement import Judgement
from criteria.measures import Context, Value
from criteria.models import (
    AgencyAssignment,
    CriteriaSet,
    EvidenceRequirement,
    Indicator,
    Provenance,
    Threshold,
)
from criteria.specs import indicator_spec

from ..factories import AgencyFactory

SETS = [
    # code, version, criteria, indicators, status, marked "chưa đủ chỉ tiêu"
    ("xa-ntm", 1, 19, 57, "published", False),
    ("xa-ntm", 2, 19, 57, "published", False),
    ("xa-ntm-nc", 1, 19, 25, "published", True),
    ("xa-ntm-2026", 1, 10, 2, "draft", True),
    ("ban-nc-mau", 1, 15, 0, "published", True),
]


def spec(criteria_set, code):
    return indicator_spec(Indicator.objects.with_measures().get(criteria_set=criteria_set, code=code))


@pytest.mark.parametrize(("code", "version", "criteria", "indicators", "status", "incomplete"), SETS)
def test_supplied_set_has_its_criteria_and_indicators(
    supplied, code, version, criteria, indicators, status, incomplete
):
    criteria_set = supplied[code, version]

    assert criteria_set.criteria_count == criteria
    assert [item.number for item in criteria_set.criteria.order_by("number")] == list(range(1, criteria + 1))
    assert criteria_set.indicators.count() == indicators
    assert criteria_set.status == status
    assert criteria_set.is_incomplete is incomplete


def test_supplied_sets_are_just_these(supplied):
    assert sorted(supplied) == sorted((code, version) for code, version, *_ in SETS)


def test_loading_again_changes_nothing(supplied):
    events = Event.objects.count()

    result = services.load_supplied_sets()

    assert (len(result.made), len(result.kept)) == (0, len(SETS))
    assert (CriteriaSet.objects.count(), Event.objects.count()) == (len(SETS), events)


def test_agencies_that_came_later_are_put_in_charge_and_journalled_once(supplied):
    agency = AgencyFactory(code="tu-phap")
    events = Event.objects.filter(action="criteria_set.agencies_filled")

    services.load_supplied_sets()
    filled = events.count()
    services.load_supplied_sets()

    assert filled == agency.indicator_assignments.values("indicator__criteria_set").distinct().count() > 0
    assert events.count() == filled
    assert sum(event.data["added"] for event in events) == agency.indicator_assignments.count()


def test_load_reference_fills_an_empty_database_with_agencies_in_charge(db):
    call_command("load_reference", verbosity=0)
    call_command("load_reference", verbosity=0)

    in_charge = {
        item.indicator.code: item.agency.code
        for item in AgencyAssignment.objects.filter(
            indicator__criteria_set__code="xa-ntm", indicator__criteria_set__version=2
        ).select_related("indicator", "agency")
    }
    assert len(in_charge) == 57
    assert in_charge["18.4"] == "tu-phap"
    assert in_charge["18.5"] == "lao-dong-tbxh"
    assert in_charge["19.2"] == "cong-an"
    assert in_charge["5"] == "giao-duc"


def test_every_row_keeps_status_and_source(supplied):
    rows = Indicator.objects.all()

    assert all(row.source for row in rows)
    counted = {level: rows.filter(criteria_set=supplied["xa-ntm", 2], provenance=level).count() for level in Provenance}
    assert counted == {Provenance.VERIFIED: 14, Provenance.PARTIAL: 15, Provenance.UNVERIFIED: 28}


def test_only_verified_rows_have_confirmed_thresholds(supplied):
    confirmed = Threshold.objects.filter(is_confirmed_in_source=True)

    assert confirmed.exists()
    assert not confirmed.exclude(indicator__provenance=Provenance.VERIFIED).exists()


@pytest.mark.parametrize(
    ("set_key", "codes"),
    [
        (
            ("xa-ntm", 2),
            {"3.1", "5", "6.1", "6.2", "6.3", "8.1", "8.2", "8.3", "8.4", "13.1", "14.1", "15.4", "18.4"},
        ),
        (("xa-ntm", 1), {"3.1", "5", "6.1", "6.2", "6.3", "8.1", "8.2", "8.3", "8.4", "14.1"}),
        (("xa-ntm-nc", 1), {"14.1"}),
        (("xa-ntm-2026", 1), set()),
    ],
)
def test_confirmed_thresholds_are_those_the_sources_carry(supplied, set_key, codes):
    found = Threshold.objects.confirmed().filter(indicator__criteria_set=supplied[set_key])

    assert set(found.values_list("indicator__code", flat=True)) == codes


def test_indicator_15_4_changes_its_kind_on_the_first_of_march_2024(supplied):
    before = CriteriaSet.objects.in_force("xa-ntm", date(2024, 2, 29))
    after = CriteriaSet.objects.in_force("xa-ntm", date(2024, 3, 1))

    assert (before.version, after.version) == (1, 2)
    assert before.indicators.get(code="15.4").kind == "rate"
    assert after.indicators.get(code="15.4").kind == "pass_fail"
    assert before.indicators.get(code="15.4").lineage == after.indicators.get(code="15.4").lineage


def test_no_set_is_in_force_before_it_holds_or_while_it_is_a_draft(supplied):
    assert CriteriaSet.objects.in_force("xa-ntm", date(2022, 3, 7)) is None
    assert CriteriaSet.objects.in_force("xa-ntm-2026", date(2026, 3, 1)) is None


def test_codes_are_text_and_unknown_ones_marked_temporary(supplied):
    codes = set(supplied["xa-ntm", 2].indicators.values_list("code", flat=True))
    temporary = set(Indicator.objects.filter(code_is_temporary=True).values_list("code", flat=True))

    assert {"17.1", "17.10", "17.11", "17.12"} <= codes
    assert temporary == {"14.T1", "17.T1", "18.T1", "1.T1", "4.T1"}
    assert not [code for code in codes if not re.fullmatch(r"\d+(\.\d+)?", code)]


def test_village_set_says_that_it_is_a_sample(supplied):
    assert "không phải của Lai Châu" in supplied["ban-nc-mau", 1].note


def test_same_number_means_other_things_and_lineage_links_the_same_idea(supplied):
    ntm, advanced = supplied["xa-ntm", 2], supplied["xa-ntm-nc", 1]

    assert ntm.criteria.get(number=14).name == "Giáo dục và Đào tạo"
    assert advanced.criteria.get(number=14).name == "Y tế"
    assert ntm.criteria.get(lineage="y-te").number == 15
    assert advanced.criteria.get(lineage="y-te").number == 14
    assert ntm.indicators.get(lineage="bao-hiem-y-te").code == "15.1"
    assert advanced.indicators.get(lineage="bao-hiem-y-te").code == "14.1"


def test_income_has_a_threshold_for_each_year_and_none_decides(supplied):
    income = spec(supplied["xa-ntm", 2], "10")

    assert {item.year: item.value for item in income.thresholds} == {2022: 39, 2023: 42, 2024: 45, 2025: 48}
    verdict = evaluate(income, Value(number=Decimal(50)), Context(year=2024, region="tdmnpb"))
    assert verdict.judgement is None
    assert verdict.threshold.value == 45


@pytest.mark.parametrize(
    ("minimum", "level_one", "count", "region", "judgement"),
    [
        (4, 3, 4, "tdmnpb", Judgement.MET),
        (4, 2, 4, "tdmnpb", Judgement.NOT_MET),
        (3, 2, 3, "tdmnpb", Judgement.MET),
        (4, 3, 4, "dbsh", Judgement.NOT_MET),
        (4, 4, 4, "dbsh", Judgement.MET),
    ],
)
def test_schools_depend_on_their_number_and_region(supplied, minimum, level_one, count, region, judgement):
    def of(number):
        return Value(numerator=Decimal(number), denominator=Decimal(count))

    value = Value(parts={"a": of(minimum), "b": of(level_one), "c": of(level_one)})

    assert evaluate(spec(supplied["xa-ntm", 2], "5"), value, Context(region=region)).judgement == judgement


def test_stunting_is_lower_is_better_and_differs_by_region(supplied):
    stunting = spec(supplied["xa-ntm", 2], "15.3")

    assert stunting.operator == "<="
    assert len({item.region for item in stunting.thresholds}) == 7


def test_rates_for_men_and_women_must_both_hold(supplied):
    for code in ("12.1", "12.2", "14.2", "15.1"):
        assert [part.code for part in spec(supplied["xa-ntm", 2], code).parts] == ["nam", "nu"]


def test_only_the_if_any_indicators_may_be_left_out(supplied):
    codes = supplied["xa-ntm", 2].indicators.filter(may_be_not_applicable=True).values_list("code", flat=True)

    assert set(codes) == {"7", "13.4", "18.5"}


def test_usual_evidence_is_marked_unverified(supplied):
    rows = EvidenceRequirement.objects.filter(criterion__criteria_set=supplied["xa-ntm", 2])

    assert rows.count() == 27
    assert all(row.is_unverified and row.is_required for row in rows)


def test_data_files_are_composed_unicode_without_stray_spaces():
    for path in sorted(files.DATA.glob("*/*.csv")):
        text = path.read_text(encoding="utf-8")
        assert unicodedata.is_normalized("NFC", text), path
        assert "  " not in text, path
        assert "\r" not in text, path


def test_evaluating_a_whole_set_needs_a_fixed_number_of_queries(supplied, django_assert_num_queries):
    for key in (("xa-ntm", 2), ("xa-ntm-nc", 1)):
        with django_assert_num_queries(3):
            rows = list(Indicator.objects.with_measures().filter(criteria_set=supplied[key]))
            assert [indicator_spec(row) for row in rows]
            assert [item.display for row in rows for item in row.thresholds.all()]
