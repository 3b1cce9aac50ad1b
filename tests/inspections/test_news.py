"""Who is told of what in a round: each act, once, to the right people, and nothing that they may not see yet."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from communes import clock
from communes.models import Notification
from communes.permissions import Role
from inspections import reminders, services
from inspections.models import ReturnItem, TeamMember
from inspections.workflow import Refused, StaleState
from tests.factories import AgencyFactory, CommuneFactory, UserFactory, person

from .factories import (
    assessment_of,
    conclude,
    hand_in,
    make_provisional,
    open_round,
    send_back,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune, officer, leader, neighbour):
    made = open_round(district, communes=[commune, neighbour_commune])
    forget()
    return made


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


def forget():
    """What was told so far is of no interest."""
    Notification.objects.all().delete()


def told():
    """{person: sentences told since `forget`, oldest first}"""
    found = {}
    for item in Notification.objects.select_related("person").order_by("pk"):
        found.setdefault(item.person, []).append(item.sentence)
    return found


def test_opening_is_told_to_communes_and_team(district, commune, officer, leader, neighbour):
    world = open_round(district, communes=[commune])
    found = told()
    assert set(found) == {officer, leader, world.head, world.deputy, world.inspector}
    assert all("hạn nộp hồ sơ" in sentences[0] for sentences in found.values())


def test_handing_in_is_told_to_who_inspects_that_commune_and_to_the_agencies(
    world, dossier, officer, neighbour_commune, agency, agency_reviewer
):
    TeamMember.objects.get(user=world.deputy).communes.set([neighbour_commune])
    assessment_of(dossier, "1.1").indicator.agency_assignments.create(agency=agency)
    idle = person(Role.AGENCY_REVIEWER, agency=AgencyFactory(authority=agency.authority, code="khac", name="Khác"))
    hand_in(dossier, by=officer)
    found = told()
    assert set(found) == {world.head, world.inspector, agency_reviewer}
    assert idle not in found
    assert found[world.head] == ["Hồ sơ Xã Phúc Khoa · Xã NTM đã được nộp."]


def test_recalling_is_told_to_the_team(world, dossier, officer):
    hand_in(dossier, by=officer)
    forget()
    services.recall(dossier, by=officer)
    assert set(told()) == {world.head, world.deputy, world.inspector}


def test_questions_and_answers_find_each_other(world, dossier, officer, leader, neighbour):
    hand_in(dossier, by=officer)
    forget()
    item = send_back(dossier, "1.1", by=world.inspector)
    assert set(told()) == {officer, leader}
    forget()
    services.answer_item(ReturnItem.objects.get(pk=item.pk), answer="Đã bổ sung.", by=officer)
    found = told()
    assert found[world.inspector] == ["Xã Phúc Khoa · Xã NTM: xã đã trả lời yêu cầu bổ sung chỉ tiêu 1.1."]
    assert "đã được bổ sung đủ và nộp lại" in found[world.head][0]
    assert set(found) == {world.inspector, world.head, world.deputy}


def test_a_question_taken_back_is_told_to_the_commune(world, dossier, officer, leader):
    hand_in(dossier, by=officer)
    item = send_back(dossier, "1.1", by=world.inspector)
    forget()
    services.withdraw_item(item, by=world.inspector)
    assert set(told()) == {officer, leader}


def test_conclusions_are_told_when_they_are_disclosed_and_not_what_they_are(world, dossier, officer, leader):
    hand_in(dossier, by=officer)
    forget()
    make_provisional(dossier, world)
    found = told()
    assert set(found) == {officer, leader}
    assert "đạt" not in found[officer][0]
    forget()
    services.reply(dossier, by=officer, general="Đề nghị xem lại.")
    assert set(told()) == {world.head, world.deputy}
    forget()
    services.approve(dossier, by=world.head)
    assert set(told()) == {officer, leader}


def test_reopening_is_told_with_its_reason_to_both_sides(world, dossier, officer, leader):
    conclude(dossier, world, officer=officer)
    forget()
    services.reopen(dossier, reason="Có tài liệu mới.", by=world.head)
    found = told()
    assert set(found) == {officer, leader, world.deputy, world.inspector}
    assert all("Có tài liệu mới." in sentences[0] for sentences in found.values())


def test_taking_up_a_reply_is_told_to_both_sides(world, dossier, officer, leader):
    hand_in(dossier, by=officer)
    make_provisional(dossier, world)
    services.reply(dossier, by=officer, general="Đề nghị xem lại.")
    forget()
    services.take_up_reply(dossier, reason="Xem lại.", by=world.head)
    assert set(told()) == {officer, leader, world.deputy, world.inspector}


def test_extension_and_cancelling_are_told_in_an_open_round_only(district, world, commune, officer, leader, neighbour):
    unit = world.round.units.get(commune=commune)
    services.extend_unit(unit, until=clock.today() + timedelta(days=15), reason="Mưa lũ", by=world.coordinator)
    assert set(told()) == {officer, leader}
    forget()
    services.cancel_round(world.round, reason="Thay đổi kế hoạch", by=world.coordinator)
    assert set(told()) == {officer, leader, neighbour, world.head, world.deputy, world.inspector}
    draft = open_round(district, communes=[commune], is_open=False)
    forget()
    services.cancel_round(draft.round, reason="Lập nhầm", by=draft.coordinator)
    assert told() == {}


def test_an_act_that_is_refused_tells_nothing(world, dossier, officer):
    stale = world.dossier_of(dossier.commune)
    hand_in(dossier, by=officer)
    forget()
    with pytest.raises(StaleState):
        services.submit(stale, by=officer)
    with pytest.raises(Refused):
        services.approve(dossier, by=world.head)
    assert told() == {}


def test_closed_accounts_and_ended_roles_are_told_nothing(world, dossier, officer, leader):
    hand_in(dossier, by=officer)
    leader.is_active = False
    leader.save()
    member = TeamMember.objects.get(user=world.deputy)
    member.user = UserFactory(is_active=False)
    member.save()
    forget()
    send_back(dossier, "1.1", by=world.inspector)
    assert set(told()) == {officer}


def test_every_link_leads_to_a_page_that_its_reader_may_open(client, world, dossier, officer, leader, agency):
    person(Role.AGENCY_REVIEWER, agency=agency)
    assessment_of(dossier, "1.1").indicator.agency_assignments.create(agency=agency)
    hand_in(dossier, by=officer)
    item = send_back(dossier, "1.1", by=world.inspector)
    services.answer_item(ReturnItem.objects.get(pk=item.pk), answer="Đã bổ sung.", by=officer)
    dossier.refresh_from_db()
    make_provisional(dossier, world)
    services.reply(dossier, by=officer, waive=True)
    services.approve(dossier, by=world.head)
    services.reopen(dossier, reason="Có tài liệu mới.", by=world.head)
    seen = set()
    for item in Notification.objects.select_related("person"):
        client.force_login(item.person)
        assert client.get(item.link).status_code == 200, (item.person, item.link)
        seen.add(resolve(item.link.partition("#")[0].partition("?")[0]).url_name)
    assert {"dossier-detail", "review-dossier", "dossier-returns", "review-criterion"} <= seen


# ---------------------------------------------------------------- days that come near or have gone by


def remind(days, times=2):
    """What is told so many days from now; running twice tells nothing twice."""
    with clock.at(clock.now() + timedelta(days=days)):
        for _ in range(times):
            reminders.remind()
    return told()


def remind_alone(days):
    forget()
    return remind(days)


def test_due_dates_are_reminded_of_three_days_ahead_on_the_day_and_after(world, dossier, officer, leader, neighbour):
    assert remind_alone(6) == {}
    found = remind_alone(7)
    assert set(found) == {officer, leader, neighbour}
    assert "(còn 3 ngày)" in found[officer][0]
    assert "(hôm nay)" in remind_alone(10)[officer][0]
    found = remind_alone(11)
    assert "(quá hạn 1 ngày)" in found[officer][0]
    assert found[world.coordinator] == [f"2 hồ sơ quá hạn chưa nộp (hạn chung {world.round.due_on:%d/%m/%Y})."]
    assert remind_alone(60) == {}


def test_the_same_stage_is_told_once_on_all_its_days(world, dossier, officer):
    forget()
    assert [len(remind(days)[officer]) for days in (7, 8, 9, 10, 11, 12)] == [1, 1, 1, 2, 3, 3]


def test_an_extension_moves_the_reminder(world, dossier, officer, commune, neighbour):
    unit = world.round.units.get(commune=commune)
    services.extend_unit(unit, until=clock.today() + timedelta(days=15), reason="Mưa lũ", by=world.coordinator)
    assert officer not in remind_alone(9)
    assert officer in remind_alone(13)


def test_who_has_handed_in_is_left_in_peace(world, dossier, officer, neighbour):
    hand_in(dossier, by=officer)
    assert set(remind_alone(9)) == {neighbour}


def test_questions_are_reminded_of_and_who_asked_hears_when_they_are_late(world, dossier, officer, leader):
    hand_in(dossier, by=officer)
    send_back(dossier, "1.1", by=world.inspector)
    dossier.refresh_from_db()
    send_back(dossier, "1.2", by=world.head)
    assert remind_alone(1) == {}
    found = remind_alone(3)
    assert set(found) == {officer, leader}
    assert "2 yêu cầu bổ sung chờ trả lời" in found[officer][0]
    assert {officer, leader, world.inspector, world.head} <= set(remind_alone(6))


def test_the_last_days_of_a_reply_are_reminded_of(world, dossier, officer, leader):
    hand_in(dossier, by=officer)
    make_provisional(dossier, world)
    assert {officer, leader} <= set(remind_alone(18))
    services.reply(dossier, by=officer, waive=True)
    assert officer not in remind_alone(18)


def test_every_reminder_leads_to_a_page_that_its_reader_may_open(client, world, dossier, officer, neighbour):
    hand_in(dossier, by=officer)
    item = send_back(dossier, "1.1", by=world.inspector)
    remind_alone(11)
    services.answer_item(ReturnItem.objects.get(pk=item.pk), answer="Đã bổ sung.", by=officer)
    dossier.refresh_from_db()
    make_provisional(dossier, world)
    remind(18)
    links = Notification.objects.filter(kind="deadline").select_related("person")
    seen = set()
    for item in links:
        client.force_login(item.person)
        assert client.get(item.link).status_code == 200, (item.person, item.link)
        assert item.place == world.round.name
        seen.add(resolve(item.link.partition("?")[0]).url_name)
    assert seen == {"dossier-detail", "dossier-returns", "review-dossier", "round-detail"}


def test_reminding_costs_the_same_for_few_and_for_many(district, world, dossier, officer, neighbour):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert officer in remind_alone(7)
        return len(queries)

    few = cost()
    unit_set = dossier.criteria_set
    for number in range(6):
        more = CommuneFactory(authority=district, code=f"0370{number}", name=f"Xã {number}")
        person(Role.COMMUNE_OFFICER, commune=more)
        services.add_unit(world.round, by=world.coordinator, criteria_set=unit_set, commune=more)
    assert cost() == few
