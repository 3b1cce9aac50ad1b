"""Pages of the sets: who may, what is shown, what happens."""

from decimal import Decimal

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from criteria import drafting, services
from criteria.models import (
    AgencyAssignment,
    CriteriaSet,
    Criterion,
    EvidenceRequirement,
    Indicator,
    Threshold,
    ThresholdConfirmation,
)


def address(name, criteria_set, *more):
    return reverse(f"criteria:{name}", args=[criteria_set.code, criteria_set.version, *more])


@pytest.fixture
def as_coordinator(client, coordinator):
    client.force_login(coordinator)
    return client


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


# ---------------------------------------------------------------- reading


def test_list_shows_sets_with_counts_and_state(as_coordinator, supplied):
    page = as_coordinator.get(reverse("criteria:set-list"))

    assertContains(page, "Xã NTM nâng cao 2021-2025")
    assertContains(page, "chưa đủ chỉ tiêu", count=3)
    assertContains(page, ">57<", count=2)


def test_list_without_sets_says_what_to_do(as_coordinator):
    assertContains(as_coordinator.get(reverse("criteria:set-list")), "Chưa có bộ tiêu chí nào.")


def test_officer_reads_published_sets_and_no_draft(client, officer, supplied):
    client.force_login(officer)

    assertContains(client.get(supplied["xa-ntm", 2].get_absolute_url()), "chưa đối chiếu")
    assert client.get(supplied["xa-ntm-2026", 1].get_absolute_url()).status_code == 404
    assertNotContains(client.get(reverse("criteria:set-list")), "Xã NTM 2026-2030")


def test_page_of_a_set_shows_thresholds_sources_and_what_is_unsure(as_coordinator, supplied):
    page = as_coordinator.get(supplied["xa-ntm", 2].get_absolute_url())

    assertContains(page, "<strong>≥ 45 triệu đồng/người/năm</strong> (năm 2024, Trung du miền núi phía Bắc)")
    assertContains(page, "áp dụng khi số lượng ở (a) nhiều hơn 3")
    assertContains(page, "Quyết định số 211/QĐ-TTg ngày 01/3/2024")
    assertContains(page, '<span class="badge badge-unverified">chưa đối chiếu</span>', count=49)
    assertNotContains(page, "Đối chiếu<span")


def test_page_of_a_set_needs_the_same_queries_for_any_size(as_coordinator, supplied, django_assert_num_queries):
    as_coordinator.get(reverse("criteria:set-list"))  # the first request of a session also writes when it was
    for key in (("xa-ntm", 2), ("xa-ntm-nc", 1)):
        with django_assert_num_queries(12):
            as_coordinator.get(supplied[key].get_absolute_url())


def test_stranger_without_a_role_sees_no_set(client, stranger, supplied):
    client.force_login(stranger)

    assert client.get(reverse("criteria:set-list")).status_code == 403


# ---------------------------------------------------------------- acts on a set


def test_new_set_is_a_draft_and_a_known_code_its_next_version(as_coordinator, published):
    data = {
        "code": "xa-thu",
        "name": "Bộ thử thứ hai",
        "short_name": "Thử 2",
        "level": "commune",
        "tier": "ntm",
        "effective_from": "01/01/2025",
    }

    answer = as_coordinator.post(reverse("criteria:set-create"), data)

    made = CriteriaSet.objects.get(version=2)
    assertRedirects(answer, made.get_absolute_url())
    assert (made.code, made.status, made.effective_from.isoformat()) == ("xa-thu", "draft", "2025-01-01")


def test_new_set_with_errors_keeps_what_was_typed(as_coordinator):
    answer = as_coordinator.post(reverse("criteria:set-create"), {"name": "Chỉ có tên"})

    assertContains(answer, "Chỉ có tên")
    assert not CriteriaSet.objects.exists()


def test_copy_makes_a_new_version(as_coordinator, published):
    answer = as_coordinator.post(address("set-copy", published))

    assertRedirects(answer, CriteriaSet.objects.get(version=2).get_absolute_url())


def test_publishing_goes_over_a_check_page(as_coordinator, draft):
    page = as_coordinator.get(address("set-publish", draft))
    assertContains(page, "1/2 ngưỡng chưa đối chiếu")
    assertContains(page, "Công bố bộ tiêu chí")

    as_coordinator.post(address("set-publish", draft))

    draft.refresh_from_db()
    assert draft.status == CriteriaSet.Status.PUBLISHED


def test_incomplete_draft_has_no_publish_button_and_a_post_is_refused(as_coordinator, draft):
    Criterion.objects.create(criteria_set=draft, number=2, name="Y tế")

    assertNotContains(as_coordinator.get(address("set-publish", draft)), "Công bố bộ tiêu chí</button>")
    answer = as_coordinator.post(address("set-publish", draft), follow=True)

    assertContains(answer, "Tiêu chí 2 (Y tế) chưa có chỉ tiêu")
    draft.refresh_from_db()
    assert draft.status == CriteriaSet.Status.DRAFT


def test_publishing_again_tells_who_and_when(as_coordinator, published, coordinator):
    answer = as_coordinator.post(address("set-publish", published), follow=True)

    assertContains(answer, f"đã công bố bởi {coordinator.full_name} lúc")


def test_retiring_asks_first(as_coordinator, published):
    assertContains(as_coordinator.get(address("set-retire", published)), "Đợt kiểm tra mới không chọn được bộ này nữa.")

    as_coordinator.post(address("set-retire", published))

    published.refresh_from_db()
    assert published.status == CriteriaSet.Status.RETIRED


@pytest.mark.parametrize("name", ["set-edit", "criterion-add"])
def test_published_set_is_not_edited(as_coordinator, published, name):
    for act in (as_coordinator.get, as_coordinator.post):
        answer = act(address(name, published), follow=True)
        assertRedirects(answer, published.get_absolute_url())
        assertContains(answer, "không sửa được")


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("set-edit", "get"),
        ("set-copy", "post"),
        ("set-publish", "post"),
        ("set-retire", "post"),
        ("criterion-add", "get"),
    ],
)
def test_inspector_may_read_but_not_write(client, inspector, published, name, method):
    client.force_login(inspector)

    assert getattr(client, method)(address(name, published)).status_code == 403
    assert client.get(published.get_absolute_url()).status_code == 200


# ---------------------------------------------------------------- confirm a threshold


def test_administrator_confirms_a_threshold_with_its_source(as_administrator, published):
    threshold = Threshold.objects.unconfirmed().get()
    assertContains(as_administrator.get(published.get_absolute_url()), "Đối chiếu<span")
    data = {"decision": "Quyết định số 318/QĐ-TTg", "article": "Phụ lục I", "on": "01/01/2025"}

    as_administrator.post(reverse("criteria:threshold-confirm", args=[threshold.pk]), data)

    page = as_administrator.get(published.get_absolute_url())
    assertContains(page, "đối chiếu 01/01/2025: Quyết định số 318/QĐ-TTg, Phụ lục I")
    assertNotContains(page, "chưa đối chiếu")


def test_confirmation_in_the_future_is_refused(as_administrator, published):
    threshold = Threshold.objects.unconfirmed().get()
    data = {"decision": "Quyết định", "article": "Phụ lục", "on": "01/01/2999"}

    answer = as_administrator.post(reverse("criteria:threshold-confirm", args=[threshold.pk]), data)

    assertContains(answer, "không được ở tương lai")
    assert not ThresholdConfirmation.objects.exists()


def test_second_confirmation_tells_who_was_first(as_administrator, published, administrator):
    threshold = Threshold.objects.unconfirmed().get()
    data = {"decision": "Quyết định", "article": "Phụ lục", "on": "01/01/2025"}
    url = reverse("criteria:threshold-confirm", args=[threshold.pk])

    as_administrator.post(url, data)
    answer = as_administrator.post(url, data, follow=True)

    assertContains(answer, f"{administrator.full_name} đã đối chiếu ngưỡng này lúc")
    assert ThresholdConfirmation.objects.count() == 1


def test_coordinator_does_not_confirm_thresholds(as_coordinator, published):
    threshold = Threshold.objects.unconfirmed().get()

    assert as_coordinator.get(reverse("criteria:threshold-confirm", args=[threshold.pk])).status_code == 403


# ---------------------------------------------------------------- writing a draft


def formset(prefix, *rows, initial=0):
    data = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data.update({f"{prefix}-{number}-{name}": value for name, value in row.items()})
    return data


def test_criterion_is_added_with_the_evidence_it_needs(as_coordinator, draft):
    data = {
        "number": 2,
        "name": "Y tế",
        **formset("minh-chung", {"text": "Quyết định", "is_required": "on"}, {"text": "", "is_required": "on"}),
    }

    as_coordinator.post(address("criterion-add", draft), data)

    requirement = EvidenceRequirement.objects.get(criterion__number=2)
    assert (requirement.text, requirement.is_required, requirement.is_unverified) == ("Quyết định", True, False)


def test_criterion_number_twice_is_told_at_the_field(as_coordinator, draft):
    data = {"number": 1, "name": "Y tế", **formset("minh-chung")}

    assertContains(as_coordinator.post(address("criterion-add", draft), data), "Tiêu chí 1 đã có trong bộ.")


def test_number_taken_in_the_same_moment_is_told_at_the_field(as_coordinator, draft, monkeypatch):
    monkeypatch.setattr("criteria.forms.CriterionForm.clean_number", lambda form: form.cleaned_data["number"])
    data = {"number": 1, "name": "Gõ lúc ấy", **formset("minh-chung")}

    answer = as_coordinator.post(address("criterion-add", draft), data)

    assertContains(answer, "Vừa có người khác dùng số hoặc mã này.")
    assertContains(answer, "Gõ lúc ấy")
    assert draft.criteria.count() == 1


RATE = {
    "code": "1.2",
    "text": "Tỷ lệ hộ",
    "kind": "rate",
    "operator": ">=",
    "provenance": "verified",
    **formset("thanh-phan"),
}


def test_indicator_is_added_with_its_thresholds(as_coordinator, draft):
    thresholds = formset("nguong", {"value": "62,5", "region": "tdmnpb"}, {"value": "70", "year": "2025"})

    as_coordinator.post(address("indicator-add", draft, 1), {**RATE, **thresholds})

    indicator = draft.indicators.get(code="1.2")
    assert (indicator.unit, indicator.position) == ("%", 3)
    assert {item.value for item in indicator.thresholds.all()} == {Decimal("62.5"), Decimal(70)}
    assert not any(item.is_confirmed for item in indicator.thresholds.all())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"code": "1.10"}, "Chỉ tiêu 1.10 đã có trong bộ."),
        ({"operator": ""}, "Tỷ lệ và số đo phải có dấu so sánh."),
        (formset("nguong", {"value": "60"}, {"value": "70"}), "Có hai ngưỡng cho cùng"),
        (formset("nguong", {"year": "2025"}), "Ngưỡng phải có giá trị hoặc nội dung bằng chữ."),
        (formset("nguong", {"value": "abc"}), "Chỉ nhập số, ví dụ 85,5."),
    ],
)
def test_faulty_indicator_is_told_and_nothing_saved(as_coordinator, draft, changes, sentence):
    answer = as_coordinator.post(address("indicator-add", draft, 1), {**RATE, **formset("nguong"), **changes})

    assertContains(answer, sentence)
    assert draft.indicators.count() == 2


def test_indicator_is_edited_with_parts_and_their_thresholds(as_coordinator, draft):
    indicator = draft.indicators.get(code="1.10")
    part, threshold = indicator.parts.get(), indicator.thresholds.get()
    assertContains(as_coordinator.get(address("indicator-edit", draft, "1.10")), "Sửa chỉ tiêu 1.10")
    data = {
        "code": "1.10",
        "text": "Ghép lại",
        "kind": "compound",
        "provenance": "partial",
        **formset(
            "thanh-phan",
            {"id": part.pk, "code": "a", "text": "Phần", "kind": "rate", "operator": ">="},
            {"code": "b", "text": "Phần hai", "kind": "pass_fail"},
            initial=1,
        ),
        **formset("nguong", {"id": threshold.pk, "part": part.pk, "value": "55"}, initial=1),
    }

    answer = as_coordinator.post(address("indicator-edit", draft, "1.10"), data)

    assertRedirects(answer, f"{draft.get_absolute_url()}#chi-tieu-1.10", fetch_redirect_response=False)
    threshold.refresh_from_db()
    assert (threshold.value, threshold.is_confirmed) == (55, False)
    assert [item.code for item in indicator.parts.all()] == ["a", "b"]


def test_indicator_and_criterion_are_removed_from_a_draft(as_coordinator, draft):
    as_coordinator.post(address("indicator-remove", draft, "1.1"))
    assert [item.code for item in draft.indicators.all()] == ["1.10"]

    as_coordinator.post(address("criterion-remove", draft, 1))
    assert not Indicator.objects.exists()


def test_agencies_are_assigned_even_after_publishing(as_coordinator, published, agency):
    url = address("indicator-agencies", published, "1.1")
    assertContains(as_coordinator.get(url), agency.name)

    as_coordinator.post(url, {"agencies": [agency.pk]})

    assert AgencyAssignment.objects.get().agency == agency


def test_assigning_leaves_agencies_of_other_authorities_alone(as_coordinator, published, agency, foreign_agency):
    indicator = published.indicators.get(code="1.1")
    AgencyAssignment.objects.create(indicator=indicator, agency=foreign_agency)
    AgencyAssignment.objects.create(indicator=indicator, agency=agency)

    as_coordinator.post(address("indicator-agencies", published, "1.1"), {"agencies": []})

    assert AgencyAssignment.objects.get().agency == foreign_agency


@pytest.fixture
def foreign_agency(other_district):
    from tests.factories import AgencyFactory

    return AgencyFactory(authority=other_district)


# ---------------------------------------------------------------- administration


@pytest.mark.parametrize("model", ["criteriaset", "criterion", "indicator", "evidencerequirement", "agencyassignment"])
def test_administration_shows_sets_and_changes_nothing(as_administrator, supplied, model):
    assert as_administrator.get(reverse(f"admin:criteria_{model}_changelist")).status_code == 200
    assert as_administrator.get(reverse(f"admin:criteria_{model}_add")).status_code == 403


def test_administration_refuses_a_change_of_a_published_set(as_administrator, supplied):
    criteria_set = supplied["xa-ntm", 2]
    url = reverse("admin:criteria_criteriaset_change", args=[criteria_set.pk])

    assert as_administrator.get(url).status_code == 200
    assert as_administrator.post(url, {"name": "Khác"}).status_code == 403


def test_vietnamese_typed_in_parts_is_stored_composed(draft, coordinator):
    criterion = Criterion(criteria_set=draft, number=2, name="Y te\u0302\u0301")

    drafting.save_criterion(criterion, by=coordinator)

    assert Criterion.objects.get(number=2).name == "Y tế"
    assert services.next_version("xa-thu") == 2
