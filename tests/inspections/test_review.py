"""The review desk and the services behind it: conclusions, questions, opinions, and who sees what when."""

from datetime import timedelta

import pytest
from django.urls import reverse

from communes import clock
from communes.models import Event
from communes.permissions import Role
from criteria.models import AgencyAssignment
from inspections import services
from inspections.models import Assessment, CriterionConclusion, Dossier, ReturnItem, TeamMember
from inspections.workflow import Incomplete, NotAllowed, StaleState

from ..factories import person
from .factories import (
    assessment_of,
    conclude_all,
    conclusion_of,
    enter,
    fill,
    hand_in,
    make_provisional,
    open_round,
    send_back,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune, officer):
    """Handed in, with everything met."""
    return hand_in(world.dossier_of(commune), by=officer)


@pytest.fixture
def weak(world, commune, officer):
    """Handed in with a rate below its confirmed threshold."""
    dossier = fill(world.dossier_of(commune), by=officer)
    enter(dossier, "2.1", by=officer, numerator=7, denominator=10)
    return services.submit(world.dossier_of(commune), by=officer)


@pytest.fixture
def as_inspector(client, world):
    client.force_login(world.inspector)
    return client


def desk(dossier, number=1):
    return reverse("inspections:review-criterion", args=[dossier.pk, number])


def conclude_at(client, dossier, number, **typed):
    row = conclusion_of(dossier, number)
    data = {"version": row.version, "judgement": "dat", "reason": "", **typed}
    return client.post(reverse("inspections:criterion-conclude", args=[dossier.pk, number]), data)


def act(client, name, dossier, pk, **typed):
    return client.post(reverse(f"inspections:{name}", args=[dossier.pk, pk]), typed)


def text_of(response):
    return response.content.decode()


# ---------------------------------------------------------------- concluding


def test_concluding_goes_on_to_the_next_criterion_that_waits(as_inspector, dossier, world):
    response = conclude_at(as_inspector, dossier, 2)
    assert response.url == desk(dossier, 3)
    row = conclusion_of(dossier, 2)
    assert (row.verdict, row.concluded_by_id, row.is_contrary) == (
        "dat",
        int(as_inspector.session["_auth_user_id"]),
        False,
    )


def test_after_the_last_criterion_comes_the_whole_dossier(as_inspector, dossier):
    for number in (1, 2, 3):
        response = conclude_at(as_inspector, dossier, number)
    assert response.url == reverse("inspections:review-dossier", args=[dossier.pk])


def test_concluding_accepts_the_proposals_of_all_indicators(as_inspector, dossier, world):
    row = assessment_of(dossier, "2.2")
    services.conclude_indicator(row, judgement="chua_dat", reason="Phiếu sai", by=world.inspector, version=row.version)
    conclude_at(as_inspector, dossier, 2, judgement="chua_dat", reason="Thu nhập")
    found = dict(dossier.assessments.filter(criterion__number=2).values_list("indicator__code", "conclusion"))
    assert found == {"2.1": "dat", "2.2": "chua_dat"}


def test_the_proposal_is_offered_with_its_reason(as_inspector, weak):
    page = text_of(as_inspector.get(desk(weak, 2)))
    assert "Chấp nhận đề xuất" in page
    assert "Chỉ tiêu 2.1: 70 % so với ngưỡng ≥ 80 %, còn chênh 10 điểm %." in page


def test_differing_judgements_stand_out(as_inspector, weak):
    page = text_of(as_inspector.get(desk(weak, 2)))
    assert "Đánh giá khác nhau" in page
    assert page.count('class="differs"') == 1


def test_an_unconfirmed_threshold_is_marked_and_decides_nothing(as_inspector, dossier):
    page = text_of(as_inspector.get(desk(dossier, 2)))
    assert "chưa đối chiếu" in page
    assert "ngưỡng chưa đối chiếu nên không đề xuất" in page


def test_a_contrary_conclusion_needs_a_reason_and_is_marked(as_inspector, weak):
    response = conclude_at(as_inspector, weak, 2)
    assert response.status_code == 400
    assert "theo các chỉ tiêu là “Chưa đạt”, kết luận khác phải ghi lý do" in text_of(response)
    conclude_at(as_inspector, weak, 2, reason="Đường đã hoàn thành sau ngày báo cáo")
    assert conclusion_of(weak, 2).is_contrary
    assert assessment_of(weak, "2.1").is_contrary


@pytest.mark.parametrize("judgement", ["co_ban_dat", "chua_dat", "khong_danh_gia"])
def test_anything_but_met_needs_a_reason(as_inspector, dossier, judgement):
    response = conclude_at(as_inspector, dossier, 1, judgement=judgement)
    assert response.status_code == 400
    assert "cần có lý do" in text_of(response)
    assert conclusion_of(dossier, 1).verdict == "chua_danh_gia"


def test_no_choice_is_said_beside_the_field(as_inspector, dossier):
    response = conclude_at(as_inspector, dossier, 1, judgement="", reason="đã xem")
    assert response.status_code == 400
    assert "Chưa chọn kết luận." in text_of(response)
    assert "đã xem" in text_of(response)


def test_basically_met_is_offered_where_something_lies_between_yes_and_no(as_inspector, dossier):
    assert 'value="co_ban_dat"' in text_of(as_inspector.get(desk(dossier, 3)))


def test_of_two_opposite_conclusions_the_second_learns_who_was_first(as_inspector, dossier, world):
    stale = conclusion_of(dossier, 1).version
    row = conclusion_of(dossier, 1)
    services.conclude_criterion(row, verdict="chua_dat", reason="Thiếu quy hoạch", by=world.deputy, version=row.version)
    response = conclude_at(as_inspector, dossier, 1, version=stale, judgement="dat", reason="Đủ giấy tờ, đã xem")
    page = text_of(response)
    assert response.status_code == 409
    assert f"đã được {world.deputy} kết luận “Chưa đạt”, cập nhật lúc" in page
    assert "Đủ giấy tờ, đã xem" in page
    assert conclusion_of(dossier, 1).verdict == "chua_dat"
    # Sent once more from the page as it stands, it decides over the first knowingly.
    version = response.context["verdict_form"]["version"].value()
    conclude_at(as_inspector, dossier, 1, version=version, judgement="dat", reason="Đủ giấy tờ, đã xem")
    assert conclusion_of(dossier, 1).verdict == "dat"
    assert Event.objects.filter(action="criterion.concluded").count() == 2


def test_a_double_press_concludes_once(as_inspector, dossier):
    version = conclusion_of(dossier, 1).version
    conclude_at(as_inspector, dossier, 1, version=version)
    assert conclude_at(as_inspector, dossier, 1, version=version).status_code == 409
    assert Event.objects.filter(action="criterion.concluded").count() == 1


def test_a_stale_indicator_keeps_what_was_typed(as_inspector, dossier, world):
    row = assessment_of(dossier, "1.1")
    services.conclude_indicator(row, judgement="dat", reason="", by=world.deputy, version=row.version)
    prefix = f"chi-tieu-{row.pk}"
    typed = {f"{prefix}-version": 1, f"{prefix}-judgement": "chua_dat", f"{prefix}-reason": "Hết hạn từ 2023"}
    response = act(as_inspector, "indicator-conclude", dossier, row.pk, **typed)
    assert response.status_code == 409
    assert str(world.deputy) in text_of(response)
    assert "Hết hạn từ 2023" in text_of(response)
    assert assessment_of(dossier, "1.1").conclusion == "dat"


def test_one_indicator_can_be_concluded_by_itself(as_inspector, dossier):
    row = assessment_of(dossier, "1.1")
    prefix = f"chi-tieu-{row.pk}"
    typed = {f"{prefix}-version": row.version, f"{prefix}-judgement": "chua_dat", f"{prefix}-reason": "Chưa công bố"}
    response = act(as_inspector, "indicator-conclude", dossier, row.pk, **typed)
    assert response.url == f"{desk(dossier)}#chi-tieu-1.1"
    assert assessment_of(dossier, "1.1").conclusion == "chua_dat"


def test_a_criterion_is_concluded_with_what_a_colleague_concluded_meanwhile(dossier, world):
    """The indicators are read under the lock, so a colleague's word is never written over."""
    row = conclusion_of(dossier, 1)
    other = assessment_of(dossier, "1.1")
    services.conclude_indicator(other, judgement="chua_dat", reason="Sai", by=world.deputy, version=other.version)
    services.conclude_criterion(row, verdict="chua_dat", reason="Sai", by=world.inspector, version=row.version)
    assert assessment_of(dossier, "1.1").concluded_by == world.deputy


# ---------------------------------------------------------------- who may


def test_a_member_concludes_only_in_the_own_share(world, dossier, district, neighbour_commune):
    elsewhere = person(Role.INSPECTOR, authority=district)
    services.add_member(world.round, elsewhere, by=world.coordinator, communes=[neighbour_commune])
    row = conclusion_of(dossier, 1)
    with pytest.raises(NotAllowed, match="phụ trách tiêu chí này"):
        services.conclude_criterion(row, verdict="dat", reason="", by=elsewhere, version=row.version)


def test_a_member_concludes_only_the_own_criteria(world, dossier, district, client):
    second = dossier.criteria_set.criteria.get(number=2)
    expert = person(Role.INSPECTOR, authority=district)
    services.add_member(world.round, expert, by=world.coordinator, criteria=[second])
    client.force_login(expert)
    assert conclude_at(client, dossier, 1).status_code == 403
    assert "Ghi kết luận" not in text_of(client.get(desk(dossier, 1)))
    assert conclude_at(client, dossier, 2).status_code == 302


def test_who_entered_a_dossier_does_not_conclude_it(world, dossier, officer, district, commune):
    person(Role.INSPECTOR, user=officer, authority=district)
    both = type(officer).objects.get(pk=officer.pk)
    services.add_member(world.round, both, by=world.coordinator)
    row = conclusion_of(dossier, 1)
    with pytest.raises(NotAllowed, match="Người đã nhập hoặc nộp hồ sơ"):
        services.conclude_criterion(row, verdict="dat", reason="", by=both, version=row.version)


def test_nothing_is_concluded_before_it_is_handed_in(world, commune, as_inspector):
    draft = world.dossier_of(commune)
    assert conclude_at(as_inspector, draft, 1).status_code == 409
    assert "Ghi kết luận" not in text_of(as_inspector.get(desk(draft)))


def test_viewers_read_the_desk_and_change_nothing(client, viewer, dossier):
    client.force_login(viewer)
    page = text_of(client.get(desk(dossier)))
    assert "Xã tự đánh giá" in page
    assert "Ghi kết luận" not in page
    assert conclude_at(client, dossier, 1).status_code == 403


def test_the_commune_does_not_see_the_desk(client, officer, dossier):
    client.force_login(officer)
    assert client.get(desk(dossier)).status_code == 403
    assert client.get(reverse("inspections:review-dossier", args=[dossier.pk])).status_code == 403


def test_an_officer_who_reads_another_districts_rounds_does_not_follow_the_own_review(
    client, officer, dossier, other_district
):
    person(Role.VIEWER, user=officer, authority=other_district)
    client.force_login(type(officer).objects.get(pk=officer.pk))
    assert client.get(desk(dossier)).status_code == 404
    assert client.get(reverse("inspections:round-detail", args=[dossier.round.code])).status_code == 404


def test_another_district_finds_nothing(client, outsider, dossier):
    client.force_login(outsider)
    assert client.get(desk(dossier)).status_code == 404
    assert conclude_at(client, dossier, 1).status_code == 404


# ---------------------------------------------------------------- questions


def ask(client, dossier, code, **typed):
    row = assessment_of(dossier, code)
    data = {
        "reason_code": "thieu",
        "question": "Bổ sung biên bản nghiệm thu.",
        "due_on": f"{clock.today() + timedelta(days=4):%d/%m/%Y}",
        **typed,
    }
    return act(client, "item-return", dossier, row.pk, **{f"hoi-{row.pk}-{key}": value for key, value in data.items()})


def test_a_question_goes_to_the_commune_and_the_dossier_with_it(as_inspector, dossier):
    response = ask(as_inspector, dossier, "2.1")
    assert response.url.endswith("#chi-tieu-2.1")
    dossier.refresh_from_db()
    assert dossier.status == Dossier.Status.RETURNED
    item = ReturnItem.objects.get()
    assert (item.reason_code, item.status, item.due_on) == ("thieu", "open", clock.today() + timedelta(days=4))


def test_a_second_question_goes_out_while_the_first_is_open(as_inspector, dossier):
    ask(as_inspector, dossier, "2.1")
    ask(as_inspector, dossier, "1.1", reason_code="het_hieu_luc")
    assert ReturnItem.objects.filter(status="open").count() == 2


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"question": "  "}, "Chưa nhập nội dung yêu cầu."),
        ({"reason_code": ""}, "Chưa chọn lý do"),
        ({"due_on": "01/01/2020"}, "Hạn bổ sung không được trước hôm nay."),
        ({"due_on": "mai"}, "Ghi ngày dạng 05/12/2024."),
    ],
)
def test_an_incomplete_question_says_what_is_wrong(as_inspector, dossier, typed, message):
    response = ask(as_inspector, dossier, "2.1", **typed)
    assert response.status_code == 400
    assert message in text_of(response)
    assert not ReturnItem.objects.exists()


def test_one_indicator_has_one_running_question(as_inspector, dossier):
    ask(as_inspector, dossier, "2.1")
    response = ask(as_inspector, dossier, "2.1")
    assert response.status_code == 400
    assert "đang có một yêu cầu bổ sung chưa kết thúc" in text_of(response)


def test_a_criterion_with_a_question_out_waits_and_the_rest_goes_on(as_inspector, dossier):
    ask(as_inspector, dossier, "2.1")
    response = conclude_at(as_inspector, dossier, 2)
    assert response.status_code == 400
    assert "còn yêu cầu bổ sung chờ xã trả lời" in text_of(response)
    assert conclude_at(as_inspector, dossier, 1).status_code == 302


def test_withdrawing_the_last_question_brings_the_dossier_back(as_inspector, dossier, world):
    item = send_back(dossier, "2.1", by=world.inspector)
    act(as_inspector, "item-withdraw", dossier, item.pk)
    dossier.refresh_from_db()
    item.refresh_from_db()
    assert (dossier.status, item.status) == ("submitted", "withdrawn")


def test_an_answer_is_read_and_settled(as_inspector, dossier, world, officer):
    item = send_back(dossier, "2.1", by=world.inspector)
    services.answer_item(item, answer="Đã bổ sung biên bản số 5.", by=officer)
    assert "Đã bổ sung biên bản số 5." in text_of(as_inspector.get(desk(dossier, 2)))
    act(as_inspector, "item-settle", dossier, item.pk)
    item.refresh_from_db()
    assert item.status == "settled"
    assert act(as_inspector, "item-settle", dossier, item.pk).status_code == 409


def test_concluding_settles_what_was_answered(as_inspector, dossier, world, officer):
    item = send_back(dossier, "2.1", by=world.inspector)
    services.answer_item(item, answer="Đã bổ sung.", by=officer)
    conclude_at(as_inspector, dossier, 2)
    item.refresh_from_db()
    assert item.status == "settled"


def test_an_item_of_another_dossier_is_not_found(as_inspector, dossier, world, neighbour_commune, neighbour):
    other = hand_in(world.dossier_of(neighbour_commune), by=neighbour)
    item = send_back(other, "2.1", by=world.inspector)
    assert act(as_inspector, "item-withdraw", dossier, item.pk).status_code == 404


# ---------------------------------------------------------------- agencies


@pytest.fixture
def assigned(dossier, agency):
    """The agency is in charge of indicator 2.1."""
    row = assessment_of(dossier, "2.1")
    AgencyAssignment.objects.create(indicator=row.indicator, agency=agency)
    return row


@pytest.fixture
def as_agency(client, agency_reviewer, assigned):
    client.force_login(agency_reviewer)
    return client


def give(client, dossier, row, **typed):
    prefix = f"y-kien-{row.pk}"
    data = {"version": row.version, "judgement": "dat", "reason": "", **typed}
    return act(client, "opinion-give", dossier, row.pk, **{f"{prefix}-{key}": value for key, value in data.items()})


def test_an_agency_sees_only_its_own_indicators(as_agency, dossier):
    page = text_of(as_agency.get(desk(dossier, 2)))
    assert 'id="chi-tieu-2.1"' in page
    assert 'id="chi-tieu-2.2"' not in page
    assert as_agency.get(desk(dossier, 1)).status_code == 404


def test_an_agency_does_not_see_what_the_team_is_deciding(as_agency, dossier, world):
    row = conclusion_of(dossier, 2)
    services.conclude_criterion(row, verdict="chua_dat", reason="Kín đến khi công bố", by=world.inspector, version=1)
    page = text_of(as_agency.get(desk(dossier, 2)))
    assert "Đoàn kết luận" not in page
    assert "Kín đến khi công bố" not in page
    assert "Kín đến khi công bố" not in text_of(as_agency.get(reverse("inspections:review-dossier", args=[dossier.pk])))


def test_a_role_elsewhere_opens_no_more_of_a_dossier_here(as_agency, dossier, world, agency_reviewer, other_district):
    row = conclusion_of(dossier, 2)
    services.conclude_criterion(row, verdict="chua_dat", reason="Kín đến khi công bố", by=world.inspector, version=1)
    elsewhere = person(Role.VIEWER, user=agency_reviewer, authority=other_district).memberships
    page = text_of(as_agency.get(desk(dossier, 2)))
    assert 'id="chi-tieu-2.2"' not in page
    assert "Kín đến khi công bố" not in page
    elsewhere.filter(authority=other_district).update(authority=dossier.round.authority)
    assert "Kín đến khi công bố" in text_of(as_agency.get(desk(dossier, 2)))


def test_an_opinion_is_given_with_a_reason(as_agency, dossier, assigned, agency_reviewer):
    assert give(as_agency, dossier, assigned, judgement="chua_dat").status_code == 400
    assert give(as_agency, dossier, assigned, judgement="chua_dat", reason="Mặt đường hẹp").status_code == 302
    assigned.refresh_from_db()
    assert (assigned.opinion, assigned.opinion_by) == ("chua_dat", agency_reviewer)


def test_an_opinion_on_someone_elses_indicator_is_refused(as_agency, dossier):
    row = assessment_of(dossier, "2.2")
    assert give(as_agency, dossier, row).status_code == 403
    assert assessment_of(dossier, "2.2").opinion == "chua_danh_gia"


def test_an_opinion_comes_too_late_for_a_provisional_dossier(as_agency, dossier, assigned, world):
    make_provisional(dossier, world)
    assert give(as_agency, dossier, assigned).status_code == 409


# ---------------------------------------------------------------- pages do not grow


def test_the_desk_needs_the_same_queries_for_few_and_many_indicators(
    client, world, dossier, officer, django_assert_max_num_queries, django_assert_num_queries
):
    client.force_login(world.inspector)
    client.get(desk(dossier, 1))
    with django_assert_max_num_queries(21) as first:
        client.get(desk(dossier, 1))
    with django_assert_num_queries(len(first.captured_queries)):
        client.get(desk(dossier, 3))


def test_get_of_an_action_is_refused(as_inspector, dossier):
    row = assessment_of(dossier, "1.1")
    for name in ("indicator-conclude", "item-return", "opinion-give"):
        assert as_inspector.get(reverse(f"inspections:{name}", args=[dossier.pk, row.pk])).status_code == 405


def test_reading_writes_nothing(as_inspector, dossier, django_assert_num_queries):
    as_inspector.get(desk(dossier))
    before = Event.objects.count(), list(Assessment.objects.values()), list(CriterionConclusion.objects.values())
    as_inspector.get(desk(dossier))
    as_inspector.get(reverse("inspections:review-dossier", args=[dossier.pk]))
    assert (
        Event.objects.count(),
        list(Assessment.objects.values()),
        list(CriterionConclusion.objects.values()),
    ) == before


def test_the_dossier_page_tells_what_stops_the_head(client, world, dossier):
    client.force_login(world.head)
    page = text_of(client.get(reverse("inspections:review-dossier", args=[dossier.pk])))
    assert "Chưa kết luận 3 tiêu chí: 1, 2, 3." in page
    conclude_all(dossier, by=world.inspector)
    page = text_of(client.get(reverse("inspections:review-dossier", args=[dossier.pk])))
    assert reverse("inspections:dossier-provisional", args=[dossier.pk]) in page


def test_what_is_typed_appears_as_text(as_inspector, dossier):
    conclude_at(as_inspector, dossier, 1, judgement="chua_dat", reason="<script>alert(1)</script>")
    page = text_of(as_inspector.get(desk(dossier, 1)))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_team_positions_do_not_lift_a_refusal(world, dossier, officer):
    """A secretary who may review concludes like any member; a person without the role does not join."""
    with pytest.raises(Incomplete, match="chưa có vai trò phù hợp"):
        services.add_member(world.round, officer, by=world.coordinator, position=TeamMember.Position.SECRETARY)


def test_a_question_to_a_decided_dossier_is_too_late(dossier, world):
    make_provisional(dossier, world)
    with pytest.raises(StaleState):
        send_back(dossier, "1.1", by=world.inspector)
