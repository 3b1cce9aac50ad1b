"""The page of all tasks: order, days left, filters."""

from datetime import timedelta

import pytest
from django.urls import reverse

from communes import clock
from inspections.models import ReturnItem
from ntm_portal.tasks import home_of, tasks_of
from ntm_portal.views import SHOWN_AT_HOME
from tests.factories import CommuneFactory
from tests.inspections.factories import hand_in, open_round, send_back, small_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def worlds(district, commune, officer):
    """Three rounds of the commune: one sent back, one late, one with time left."""
    found = {}
    for number, (name, days) in enumerate((("Đợt gửi lại", 3), ("Đợt quá hạn", -2), ("Đợt còn hạn", 5))):
        set_ = small_set(code=f"xa-{number}")
        fields = {"name": name, "due_on": clock.today() + timedelta(days=days)}
        found[name] = open_round(district, communes=[commune], criteria_set=set_, **fields)
    sent_back = found["Đợt gửi lại"].dossier_of(commune)
    hand_in(sent_back, by=officer)
    send_back(sent_back, "1.1", by=found["Đợt gửi lại"].inspector, due_on=clock.today() + timedelta(days=9))
    return found


def listed(client, **query):
    answer = client.get(reverse("task-list"), query)
    assert answer.status_code == 200
    return [task.detail.partition(" · ")[0] for task in answer.context["tasks"]], answer.content.decode()


def test_what_was_sent_back_comes_first_then_what_is_late_then_by_date(client, worlds, officer):
    client.force_login(officer)
    rounds, text = listed(client)
    assert rounds == ["Đợt gửi lại", "Đợt quá hạn", "Đợt còn hạn"]
    assert "còn 9 ngày" in text
    assert "quá hạn 2 ngày" in text
    assert "còn 5 ngày" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"han": "gap"}, ["Đợt gửi lại", "Đợt quá hạn"]),
        ({"han": "qua-han"}, ["Đợt quá hạn"]),
        ({"han": "7-ngay"}, ["Đợt còn hạn"]),
        ({"han": "khong-han"}, []),
        ({"q": "dot con han"}, ["Đợt còn hạn"]),
        ({"q": "phuc khoa", "han": "gap"}, ["Đợt gửi lại", "Đợt quá hạn"]),
        ({"han": "khong-co"}, ["Đợt gửi lại", "Đợt quá hạn", "Đợt còn hạn"]),
    ],
)
def test_tasks_are_filtered_by_day_and_words(query, expected, client, worlds, officer):
    client.force_login(officer)
    assert listed(client, **query)[0] == expected


def test_an_empty_list_says_why(client, worlds, officer, stranger):
    client.force_login(officer)
    assert "Không có việc nào khớp bộ lọc" in listed(client, q="khong co gi")[1]
    client.force_login(stranger)
    assert "Hiện không có việc nào chờ" in listed(client)[1]


def test_the_team_sees_questions_that_are_late_too(client, worlds, officer):
    world = worlds["Đợt gửi lại"]
    assert not [task for task in tasks_of(world.inspector) if task.state == "overdue"]
    ReturnItem.objects.update(due_on=clock.today() - timedelta(days=1))
    for who in (world.inspector, world.head):
        (late,) = [task for task in tasks_of(who) if task.state == "overdue"]
        assert late.title == "1 yêu cầu bổ sung của 1 hồ sơ quá hạn, xã chưa trả lời"
        client.force_login(who)
        assert client.get(late.url).status_code == 200
    assert not [task for task in tasks_of(worlds["Đợt còn hạn"].inspector) if task.state == "overdue"]


def test_home_shows_the_most_urgent_and_leads_to_all(client, district, officer, commune):
    for number in range(SHOWN_AT_HOME + 2):
        set_ = small_set(code=f"xa-{number}")
        open_round(district, communes=[commune], criteria_set=set_)
    client.force_login(officer)
    answer = client.get("/")
    assert len(answer.context["tasks"]) == SHOWN_AT_HOME
    assert f"Xem cả {SHOWN_AT_HOME + 2} việc" in answer.content.decode()


def test_both_pages_list_the_same(client, worlds, officer):
    assert home_of(officer).tasks == tasks_of(officer)
    coordinator = worlds["Đợt còn hạn"].coordinator
    CommuneFactory(authority=worlds["Đợt còn hạn"].round.authority, code="03999", name="Khác")
    assert home_of(coordinator).tasks == tasks_of(coordinator)
