"""Draft, copy, publish, retire, confirm: what each leaves behind and what it refuses."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from communes import clock
from communes.journal import REFERENCE, Event
from criteria import completeness, drafting, services
from criteria.evaluation import evaluate
from criteria.judgement import Judgement
from criteria.measures import Value
from criteria.models import CriteriaSet, Criterion, Indicator, IndicatorPart, Threshold, ThresholdConfirmation
from criteria.specs import indicator_spec

DECISION = {"decision": "Quyết định số 318/QĐ-TTg ngày 08/3/2022", "article": "Phụ lục I", "on": date(2025, 6, 1)}


def actions():
    return list(Event.objects.filter(chain=REFERENCE).order_by("seq").values_list("action", flat=True))


def unconfirmed(criteria_set):
    return Threshold.objects.unconfirmed().filter(indicator__criteria_set=criteria_set).get()


# ---------------------------------------------------------------- publish, retire


def test_publishing_names_who_and_when(draft, coordinator):
    services.publish(draft, by=coordinator)

    assert (draft.status, draft.published_by) == (CriteriaSet.Status.PUBLISHED, coordinator)
    assert draft.published_at
    assert actions() == ["criteria_set.created", "criteria_set.published"]


def test_publishing_twice_is_refused_with_name_and_time(published, coordinator):
    with pytest.raises(services.SetIsFixed, match=coordinator.full_name):
        services.publish(published, by=coordinator)

    assert actions().count("criteria_set.published") == 1


def test_retired_set_is_no_longer_in_force(published, coordinator):
    day = date(2024, 5, 1)
    assert CriteriaSet.objects.in_force("xa-thu", day) == published

    services.retire(published, by=coordinator)

    assert CriteriaSet.objects.in_force("xa-thu", day) is None
    assert published.published_by == coordinator


@pytest.mark.parametrize("act", ["retire"])
def test_draft_cannot_be_retired(draft, coordinator, act):
    with pytest.raises(services.SetIsFixed):
        getattr(services, act)(draft, by=coordinator)


def test_newest_of_two_published_versions_is_in_force(published, coordinator):
    second = services.publish(services.copy_set(published, by=coordinator), by=coordinator)

    assert CriteriaSet.objects.in_force("xa-thu", date(2024, 5, 1)) == second


# ---------------------------------------------------------------- completeness


def gap(draft):
    Criterion.objects.create(criteria_set=draft, number=3, name="Y tế")


def no_basis(draft):
    CriteriaSet.objects.filter(pk=draft.pk).update(legal_basis="")


def no_parts(draft):
    IndicatorPart.objects.all().delete()


def wrong_count(draft):
    IndicatorPart.objects.update(count_of="z", count_operator=">", count_bound=3)


def foreign_part(draft):
    Threshold.objects.filter(part__isnull=True).update(part=IndicatorPart.objects.get())


def far(draft):
    Criterion.objects.create(criteria_set=draft, number=201, name="Y tế")


def nothing(draft):
    ThresholdConfirmation.objects.all().delete()
    draft.criteria.all().delete()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (far, "Số tiêu chí lớn nhất được là 200."),
        (gap, "Số tiêu chí không liên tục, thiếu số 2."),
        (gap, "Tiêu chí 3 (Y tế) chưa có chỉ tiêu"),
        (no_basis, "Chưa ghi căn cứ pháp lý."),
        (no_parts, "Chỉ tiêu 1.10 gồm nhiều thành phần nhưng chưa có thành phần nào."),
        (wrong_count, "không có thành phần z để đếm"),
        (foreign_part, "thành phần của chỉ tiêu khác"),
        (nothing, "Bộ chưa có tiêu chí nào."),
    ],
)
def test_incomplete_draft_is_not_published_and_says_why(draft, coordinator, spoil, sentence):
    assert completeness.problems(draft) == []
    spoil(draft)
    draft.refresh_from_db()

    with pytest.raises(services.SetIsIncomplete) as refused:
        services.publish(draft, by=coordinator)

    assert any(sentence in problem for problem in refused.value.problems)
    draft.refresh_from_db()
    assert draft.status == CriteriaSet.Status.DRAFT


def test_criterion_without_indicators_is_allowed_in_a_set_marked_incomplete(draft, coordinator):
    Criterion.objects.create(criteria_set=draft, number=2, name="Y tế")
    services.describe_set(draft, is_incomplete=True, by=coordinator)
    draft.refresh_from_db()

    assert services.publish(draft, by=coordinator).status == CriteriaSet.Status.PUBLISHED


def test_unconfirmed_thresholds_are_warned_of_and_do_not_hinder(draft):
    assert completeness.warnings(draft) == ["1/2 ngưỡng chưa đối chiếu: hiển thị nhưng không tự đề xuất kết luận."]


# ---------------------------------------------------------------- immutable


def test_published_set_refuses_every_change_by_service(published, coordinator):
    criterion, indicator = published.criteria.get(), published.indicators.first()
    changes = [
        lambda: services.describe_set(published, name="Khác", by=coordinator),
        lambda: drafting.save_criterion(criterion, by=coordinator),
        lambda: drafting.save_indicator(indicator, by=coordinator),
        lambda: drafting.remove(indicator, by=coordinator),
        lambda: drafting.remove(criterion, by=coordinator),
    ]
    before = Event.objects.count()

    for change in changes:
        with pytest.raises(services.SetIsFixed, match="không sửa được"):
            change()

    assert Event.objects.count() == before
    assert published.indicators.count() == 2


@pytest.mark.parametrize("model", [Criterion, Indicator, IndicatorPart, Threshold])
def test_published_row_refuses_to_be_valid(published, model):
    with pytest.raises(ValidationError, match="không sửa được"):
        model.objects.first().clean()


def test_published_set_refuses_to_be_valid(published):
    with pytest.raises(ValidationError, match="không sửa được"):
        published.full_clean()


# ---------------------------------------------------------------- copy


def test_copy_is_a_new_draft_version_with_the_same_content(published, coordinator, agency):
    services.assign_agencies(published.indicators.get(code="1.1"), [agency], by=coordinator)

    copy = services.copy_set(published, by=coordinator)

    assert (copy.code, copy.version, copy.status) == ("xa-thu", 2, CriteriaSet.Status.DRAFT)
    assert (copy.copied_from, copy.published_by, copy.published_at) == (published, None, None)
    assert list(copy.indicators.values_list("code", flat=True)) == ["1.1", "1.10"]
    assert copy.indicators.get(code="1.1").agency_assignments.get().agency == agency
    threshold = Threshold.objects.get(indicator__criteria_set=copy, part__isnull=False)
    assert threshold.part.indicator == threshold.indicator
    assert threshold.is_confirmed


def test_copy_leaves_the_original_untouched(published, coordinator):
    copy = services.copy_set(published, by=coordinator)

    drafting.remove(copy.criteria.get(), by=coordinator)

    assert (copy.indicators.count(), published.indicators.count()) == (0, 2)
    assert published.criteria.get().criteria_set == published


def test_supplied_sets_are_copied_whole(supplied, coordinator):
    source = supplied["xa-ntm", 2]
    copy = services.copy_set(source, by=coordinator)

    assert (copy.version, copy.is_supplied) == (3, False)
    for path in ("criteria", "indicators"):
        assert getattr(copy, path).count() == getattr(source, path).count()
    of = Threshold.objects.filter
    assert of(indicator__criteria_set=copy).count() == of(indicator__criteria_set=source).count() == 72
    specs = [
        [indicator_spec(row) for row in Indicator.objects.with_measures().filter(criteria_set=each)]
        for each in (source, copy)
    ]
    assert len(specs[0]) == 57
    for original, twin in zip(*specs, strict=True):
        assert (original.code, original.kind, len(original.thresholds), len(original.parts)) == (
            twin.code,
            twin.kind,
            len(twin.thresholds),
            len(twin.parts),
        )


# ---------------------------------------------------------------- confirm


def test_confirming_lets_a_threshold_decide_without_changing_it(published, administrator):
    threshold = unconfirmed(published)
    value = Value(numerator=Decimal(4), denominator=Decimal(5))
    indicator = Indicator.objects.with_measures()
    assert evaluate(indicator_spec(indicator.get(pk=threshold.indicator_id)), value).judgement is None

    services.confirm_threshold(threshold, **DECISION, by=administrator)

    assert evaluate(indicator_spec(indicator.get(pk=threshold.indicator_id)), value).judgement == Judgement.MET
    threshold.refresh_from_db()
    assert (threshold.value, threshold.is_confirmed_in_source) == (80, False)
    assert actions()[-1] == "threshold.confirmed"


def test_confirming_twice_names_who_was_first(published, administrator, coordinator):
    threshold = unconfirmed(published)
    services.confirm_threshold(threshold, **DECISION, by=administrator)

    with pytest.raises(services.AlreadyConfirmed, match=administrator.full_name):
        services.confirm_threshold(threshold, **DECISION, by=coordinator)

    assert ThresholdConfirmation.objects.get().by == administrator


def test_threshold_confirmed_in_its_source_needs_no_second_confirmation(published, administrator):
    sourced = Threshold.objects.get(is_confirmed_in_source=True)

    with pytest.raises(services.AlreadyConfirmed):
        services.confirm_threshold(sourced, **DECISION, by=administrator)


@pytest.mark.parametrize("missing", ["decision", "article"])
def test_confirmation_must_name_its_source(published, administrator, missing):
    with pytest.raises(ValidationError):
        services.confirm_threshold(unconfirmed(published), **{**DECISION, missing: ""}, by=administrator)


def test_retired_set_is_not_confirmed_any_more(published, administrator, coordinator):
    services.retire(published, by=coordinator)

    with pytest.raises(services.SetIsFixed):
        services.confirm_threshold(unconfirmed(published), **DECISION, by=administrator)


def test_changed_threshold_of_a_draft_loses_its_confirmation(draft, administrator, coordinator):
    threshold = unconfirmed(draft)
    services.confirm_threshold(threshold, **DECISION, by=administrator)
    threshold.value = Decimal(85)

    drafting.save_indicator(threshold.indicator, thresholds=drafting.Changes([threshold]), by=coordinator)

    assert not Threshold.objects.get(pk=threshold.pk).is_confirmed


def test_changed_operator_of_a_draft_takes_confirmations_away(draft, administrator, coordinator):
    threshold = unconfirmed(draft)
    services.confirm_threshold(threshold, **DECISION, by=administrator)
    threshold.indicator.operator = "<="

    drafting.save_indicator(threshold.indicator, by=coordinator)

    assert not Threshold.objects.get(pk=threshold.pk).is_confirmed


# ---------------------------------------------------------------- who sees what


def test_drafts_are_seen_only_by_those_who_write_or_check_them(
    draft, published_other, coordinator, administrator, officer
):
    def seen(user):
        return set(CriteriaSet.objects.for_user(user))

    assert seen(coordinator) == seen(administrator) == {draft, published_other}
    assert seen(officer) == {published_other}


@pytest.fixture
def published_other(draft, coordinator):
    return services.publish(services.copy_set(draft, by=coordinator), by=coordinator)


# ---------------------------------------------------------------- the database's own word


def refused(act):
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_database_refuses_what_no_service_would_write(draft, coordinator):
    criterion, indicator = draft.criteria.get(), draft.indicators.get(code="1.1")
    part, sets = IndicatorPart.objects.get(), CriteriaSet.objects.filter(pk=draft.pk)
    same = {"criteria_set": draft, "criterion": criterion, "text": "x", "kind": "pass_fail"}

    refused(lambda: sets.update(status="unknown"))
    refused(lambda: sets.update(status="published"))
    refused(lambda: sets.update(published_at=clock.now()))
    refused(lambda: sets.update(effective_to=date(2023, 1, 1)))
    refused(lambda: Criterion.objects.create(criteria_set=draft, number=1, name="Hai lần"))
    refused(lambda: Indicator.objects.create(code="1.1", position=9, **same))
    refused(lambda: Indicator.objects.create(code="1.2", position=1, **same))
    refused(lambda: Indicator.objects.filter(pk=indicator.pk).update(operator=""))
    refused(lambda: Indicator.objects.filter(pk=indicator.pk).update(kind="guess"))
    refused(lambda: IndicatorPart.objects.filter(pk=part.pk).update(count_of="a"))
    refused(lambda: IndicatorPart.objects.filter(pk=part.pk).update(kind="compound"))
    refused(lambda: Threshold.objects.create(indicator=indicator, value=Decimal(81)))
    refused(lambda: Threshold.objects.create(indicator=indicator, year=2024))


def test_supplied_set_is_published_by_nobody_in_person(supplied):
    published = supplied["xa-ntm", 2]

    assert published.is_supplied
    assert (published.published_by, bool(published.published_at)) == (None, True)
    assert "criteria_set.loaded" in actions()
