"""What people are told: once for each cause, as they chose, in the transaction of what it tells of; and the pages."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes import clock, inbox, services
from communes.models import Notification
from communes.notifications import Kind, tell, unread_count
from communes.permissions import Role

pytestmark = pytest.mark.django_db


def say(*people, cause="event:1", kind=Kind.RETURNED, sentence="Có yêu cầu bổ sung.", **more):
    with transaction.atomic():
        tell([person.pk for person in people], kind=kind, cause=cause, sentence=sentence, link="/ho-so/", **more)


def told(person):
    return list(Notification.objects.for_user(person).values_list("sentence", flat=True))


def test_a_cause_is_told_once_however_often_it_is_called(officer, leader):
    say(officer)
    say(officer, leader)
    assert told(officer) == told(leader) == ["Có yêu cầu bổ sung."]
    say(officer, cause="event:2")
    assert len(told(officer)) == 2


@pytest.mark.django_db(transaction=True)
def test_telling_stands_and_falls_with_what_it_tells_of(officer):
    with pytest.raises(RuntimeError, match="transaction"):
        tell([officer.pk], kind=Kind.ROUND, cause="x", sentence="x", link="/")
    with transaction.atomic():
        tell([officer.pk], kind=Kind.ROUND, cause="x", sentence="x", link="/")
        transaction.set_rollback(True)
    assert told(officer) == []


def test_nobody_is_told_nothing_is_asked(officer):
    with CaptureQueriesContext(connection) as queries:
        say()
    assert [query for query in queries if "notification" in query["sql"]] == []


def test_each_is_told_as_he_chose(officer, leader, neighbour):
    only_mail, neither = {Kind.RETURNED: (False, True)}, {Kind.RETURNED: (False, False)}
    inbox.choose(officer, only_mail, wants_digest=True)
    inbox.choose(leader, neither, wants_digest=True)
    say(officer, leader, neighbour)
    assert told(officer) == told(leader) == []
    assert told(neighbour) == ["Có yêu cầu bổ sung."]
    assert list(Notification.objects.values_list("person", "in_portal", "by_mail").order_by("person")) == sorted(
        [(officer.pk, False, True), (neighbour.pk, True, True)]
    )


def test_what_happens_to_the_account_cannot_be_hidden(officer, coordinator):
    inbox.choose(officer, {Kind.ACCOUNT: (False, False)}, wants_digest=False)
    services.reset_password(officer, by=coordinator)
    assert told(officer) == [f"{coordinator} đã cấp lại mật khẩu cho tài khoản."]
    assert not officer.notifications.get().by_mail


def test_one_is_not_told_of_what_he_does_to_his_own_account(officer):
    officer.phone = "0912 345 678"
    services.change_user(officer, by=officer)
    assert told(officer) == []


def test_roles_given_and_taken_are_told(officer, coordinator, district):
    given = services.grant_membership(officer, role=Role.VIEWER, scope=district, by=coordinator)
    services.end_membership(given, by=coordinator)
    assert [sentence.split(" · ")[0] for sentence in told(officer)] == [
        "Vai trò Người xem",
        "Được giao vai trò Người xem",
    ]


def test_a_choice_is_journalled_and_read_back(officer):
    inbox.choose(officer, {Kind.NOTICE: (True, False)}, wants_digest=False)
    assert inbox.choices_of(officer)[Kind.NOTICE] == (True, False)
    assert inbox.choices_of(officer)[Kind.ROUND] == (True, True)
    officer.refresh_from_db()
    assert not officer.wants_digest
    inbox.choose(officer, {Kind.NOTICE: (False, True)}, wants_digest=True)
    assert inbox.choices_of(officer)[Kind.NOTICE] == (False, True)


# ---------------------------------------------------------------- pages


def test_the_bell_counts_what_is_unread_with_one_query(client, officer):
    client.force_login(officer)
    client.get("/tro-giup/")
    for number in range(3):
        say(officer, cause=f"event:{number}")
    with CaptureQueriesContext(connection) as queries:
        text = client.get("/tro-giup/").content.decode()
    assert '<span class="bell-count">3<span class="visually-hidden"> chưa đọc</span></span>' in text
    assert len([query for query in queries if "communes_notification" in query["sql"]]) == 1


def test_the_bell_stops_counting_at_a_hundred(client, officer):
    rows = [
        Notification(person=officer, kind=Kind.ROUND, cause=f"c:{n}", sentence="Tin", link="/", at=clock.now())
        for n in range(150)
    ]
    Notification.objects.bulk_create(rows)
    assert unread_count(officer) == 100
    client.force_login(officer)
    assert ">99+<" in client.get("/tro-giup/").content.decode()


def test_opening_marks_as_read_and_leads_there(client, officer, neighbour):
    say(officer)
    item = officer.notifications.get()
    client.force_login(officer)
    assert client.get(reverse("communes:notification-open", args=[item.pk])).status_code == 405
    answer = client.post(reverse("communes:notification-open", args=[item.pk]))
    assert answer.url == "/ho-so/"
    item.refresh_from_db()
    read_at = item.read_at
    assert read_at is not None
    client.post(reverse("communes:notification-read", args=[item.pk]))
    item.refresh_from_db()
    assert item.read_at == read_at
    client.force_login(neighbour)
    assert client.post(reverse("communes:notification-open", args=[item.pk])).status_code == 404


def test_all_are_marked_at_once_and_only_ones_own(client, officer, leader):
    for number in range(40):
        say(officer, leader, cause=f"event:{number}")
    client.force_login(officer)
    assert client.post(reverse("communes:notifications-read"), follow=True).status_code == 200
    assert unread_count(officer) == 0
    assert unread_count(leader) == 40


def test_the_list_is_filtered_and_says_when_it_is_empty(client, officer):
    client.force_login(officer)
    address = reverse("communes:notification-list")
    assert "Chưa có tin báo nào" in client.get(address).content.decode()
    say(officer, sentence="Tin thứ nhất.")
    say(officer, cause="event:2", kind=Kind.ROUND, sentence="Tin thứ hai.")
    text = client.get(address, {"loai": "round"}).content.decode()
    assert "Tin thứ hai." in text
    assert "Tin thứ nhất." not in text
    inbox.mark_all_read(officer, kind=Kind.ROUND)
    text = client.get(address, {"chua_doc": "on"}).content.decode()
    assert "Tin thứ nhất." in text
    assert "Tin thứ hai." not in text
    assert "không có tin báo nào khớp" in client.get(address, {"loai": "notice"}).content.decode().lower()
    assert client.get(address, {"loai": "khong-co"}).status_code == 200


@pytest.mark.parametrize("count", [3, 25])
def test_the_list_costs_the_same_however_long_it_is(client, officer, count):
    for number in range(count):
        say(officer, cause=f"event:{number}")
    client.force_login(officer)
    address = reverse("communes:notification-list")
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    assert len(queries) == 6, [query["sql"][:90] for query in queries]


def test_choices_are_a_form_that_works(client, officer):
    client.force_login(officer)
    address = reverse("communes:notification-choices")
    assert "chưa có địa chỉ thư" in client.get(address).content.decode()
    answer = client.post(address, {"wants_digest": "none", "portal_returned": "on", "mail_notice": "on"})
    assert answer.url == address
    chosen = inbox.choices_of(officer)
    assert chosen[Kind.RETURNED] == (True, False)
    assert chosen[Kind.NOTICE] == (False, True)
    assert chosen[Kind.ACCOUNT] == (True, False)
    assert "Chưa chọn có nhận thư" in client.post(address, {}).content.decode()
