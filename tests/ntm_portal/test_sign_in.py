"""Signing in and out: the lock after wrong passwords, the first password, leaving an office computer alone."""

import time

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from communes import services
from communes.models import User
from ntm_portal.middleware import LAST_SEEN, SEEN_EVERY_SECONDS, ClientAddressMiddleware
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

LOGIN = "/dang-nhap/"
ACCOUNT = "/tai-khoan/"
CHANGE = "/tai-khoan/mat-khau/"


@pytest.fixture
def throttled(settings):
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 3


def sign_in(client, username, password, address="10.0.0.1", **extra):
    data = {"username": username, "password": password, **extra}
    return client.post(LOGIN, data, REMOTE_ADDR=address)


def is_in(client):
    return client.get(ACCOUNT).status_code == 200


# ---------------------------------------------------------------- in and out


@pytest.mark.parametrize("name", [str.lower, str.upper, " {} ".format])
def test_the_right_password_opens_whatever_the_case_of_the_name(name, client, officer):
    assert sign_in(client, name(officer.username), PASSWORD).status_code == 302
    assert is_in(client)


def test_a_wrong_password_says_so_without_saying_which_was_wrong(client, officer):
    known = sign_in(client, officer.username, "sai").content.decode()
    unknown = sign_in(client, "khong-ai", "sai").content.decode()
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in known
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in unknown
    assert not is_in(client)


def test_a_typed_password_never_comes_back_in_the_page(client, officer):
    assert "mat-khau-go-nham" not in sign_in(client, officer.username, "mat-khau-go-nham").content.decode()


def test_signing_in_leads_where_one_wanted_to_go_but_never_out_of_the_portal(client, officer):
    asked = client.get(ACCOUNT)
    assert asked.url == f"{LOGIN}?next={ACCOUNT}"
    assert sign_in(client, officer.username, PASSWORD, next=ACCOUNT).url == ACCOUNT
    client.post("/dang-xuat/")
    assert sign_in(client, officer.username, PASSWORD, next="https://evil.example/").url == reverse("home")


def test_signing_out_needs_a_post_and_ends_the_session(client, officer):
    client.force_login(officer)
    assert client.get("/dang-xuat/").status_code == 405
    client.post("/dang-xuat/")
    assert not is_in(client)


def test_signed_in_pages_are_not_kept_by_the_browser(client, officer):
    client.force_login(officer)
    assert client.get(ACCOUNT)["Cache-Control"] == "private, no-store"


def test_a_form_without_its_token_is_refused(officer):
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict, officer.username, PASSWORD).status_code == 403


# ---------------------------------------------------------------- the lock


def test_wrong_passwords_lock_the_person_at_that_address_only(client, officer, neighbour, throttled):
    answers = [sign_in(client, officer.username, "sai") for _ in range(3)]
    assert answers[-1].status_code == 429
    assert "Tạm khóa đăng nhập" in answers[-1].content.decode()
    assert sign_in(client, officer.username, PASSWORD).status_code == 429
    assert sign_in(Client(), neighbour.username, PASSWORD).status_code == 302
    assert sign_in(Client(), officer.username, PASSWORD, address="10.0.0.2").status_code == 302


def test_another_spelling_of_the_name_gives_no_further_tries(client, officer, throttled):
    for name in (officer.username, officer.username.upper(), officer.username.title()):
        answer = sign_in(client, name, "sai")
    assert answer.status_code == 429


def test_a_right_password_in_time_clears_the_count(client, officer, throttled):
    for _ in range(3):
        sign_in(client, officer.username, "sai")
        sign_in(client, officer.username, "sai")
        assert sign_in(client, officer.username, PASSWORD).status_code == 302
        client.post("/dang-xuat/")


def test_a_manager_lifts_the_lock(client, officer, coordinator, throttled):
    for _ in range(3):
        sign_in(client, officer.username, "sai")
    assert services.is_locked(officer)
    office = Client()
    office.force_login(coordinator)
    assert "Mở khóa ngay" in office.get(officer.get_absolute_url()).content.decode()
    office.post(reverse("communes:user-unlock", args=[officer.pk]))
    assert not services.is_locked(officer)
    assert sign_in(client, officer.username, PASSWORD).status_code == 302


def test_a_forged_header_gives_no_fresh_tries(client, officer, throttled):
    for n in range(3):
        answer = client.post(
            LOGIN, {"username": officer.username, "password": "sai"}, headers={"x-forwarded-for": f"10.9.9.{n}"}
        )
    assert answer.status_code == 429


# ---------------------------------------------------------------- the first password


@pytest.fixture
def newcomer(officer, coordinator):
    officer.initial = services.reset_password(officer, by=coordinator)
    return officer


def change(client, old, new, again=None):
    return client.post(CHANGE, {"old": old, "new": new, "again": again or new})


def test_an_initial_password_leads_to_the_change_and_nowhere_else(client, newcomer):
    sign_in(client, newcomer.username, newcomer.initial)
    for address in ("/", ACCOUNT, "/don-vi/", "/tro-giup/", "/quan-tri/"):
        assert client.get(address).url == CHANGE, address
    assert client.post(ACCOUNT, {"phone": "1"}).url == CHANGE
    page = client.get(CHANGE)
    assert page.status_code == 200
    assert "Đặt mật khẩu của mình" in page.content.decode()


def test_the_own_password_opens_the_portal_and_the_session_goes_on(client, newcomer):
    sign_in(client, newcomer.username, newcomer.initial)
    assert change(client, newcomer.initial, "nam can mua nay lua tot").url == "/"
    assert is_in(client)
    fresh = User.objects.get(pk=newcomer.pk)
    assert not fresh.must_change_password
    assert fresh.check_password("nam can mua nay lua tot")


def test_one_may_sign_out_instead(client, newcomer):
    sign_in(client, newcomer.username, newcomer.initial)
    assert client.post("/dang-xuat/").url == LOGIN


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("ngan-qua", "ít nhất 12 ký tự"),
        ("123456789012345", "chữ số"),
        ("password123456", "phổ biến"),
        ("{username}", "quá giống"),
        ("{initial}", "phải khác mật khẩu hiện tại"),
    ],
)
def test_a_weak_password_is_refused_in_plain_words(new, message, client, newcomer):
    User.objects.filter(pk=newcomer.pk).update(username="lo.van.cong.chuc")
    sign_in(client, "lo.van.cong.chuc", newcomer.initial)
    answer = change(client, newcomer.initial, new.format(username="lo.van.cong.chuc", initial=newcomer.initial))
    text = answer.content.decode()
    assert message in text
    assert "bạn" not in text
    assert User.objects.get(pk=newcomer.pk).must_change_password


def test_the_old_password_and_twice_the_new_are_asked_for(client, officer):
    client.force_login(officer)
    assert "Mật khẩu hiện tại chưa đúng" in change(client, "sai", "mot cau that dai").content.decode()
    answer = change(client, PASSWORD, "mot cau that dai", "mot cau khac han")
    assert "chưa giống nhau" in answer.content.decode()
    assert User.objects.get(pk=officer.pk).check_password(PASSWORD)


def test_other_sessions_end_when_the_password_changes(client, officer):
    elsewhere = Client()
    elsewhere.force_login(officer)
    client.force_login(officer)
    change(client, PASSWORD, "mot cau that dai")
    assert is_in(client)
    assert not is_in(elsewhere)


def test_passwords_are_kept_as_argon2(settings, officer):
    from ntm_portal import settings as written

    settings.PASSWORD_HASHERS = written.PASSWORD_HASHERS
    services.change_own_password(officer, "mot cau that dai")
    assert User.objects.get(pk=officer.pk).password.startswith("argon2$argon2id$")


# ---------------------------------------------------------------- away from the computer


def leave(client, seconds):
    """Make the last request lie so many seconds back."""
    session = client.session
    session[LAST_SEEN] = int(time.time()) - seconds
    session.save()


def test_who_was_away_too_long_is_signed_out_and_told(client, officer, settings):
    client.force_login(officer)
    client.get(ACCOUNT)
    leave(client, settings.IDLE_SIGN_OUT_MINUTES * 60 + 1)
    answer = client.get(ACCOUNT, follow=True)
    assert answer.redirect_chain[0][0] == f"{LOGIN}?next={ACCOUNT}"
    assert "tự đăng xuất" in answer.content.decode()
    assert not is_in(client)


def test_an_act_after_too_long_a_time_does_nothing(client, officer, settings):
    client.force_login(officer)
    leave(client, settings.IDLE_SIGN_OUT_MINUTES * 60 + 1)
    client.post(ACCOUNT, {"phone": "0912", "email": ""})
    assert User.objects.get(pk=officer.pk).phone == ""


def test_who_comes_back_in_time_stays(client, officer, settings):
    client.force_login(officer)
    leave(client, settings.IDLE_SIGN_OUT_MINUTES * 60 - 5)
    assert is_in(client)
    assert client.session[LAST_SEEN] >= int(time.time()) - 2


def test_being_seen_is_written_once_a_minute_not_at_each_request(client, officer):
    client.force_login(officer)
    client.get(ACCOUNT)
    seen = client.session[LAST_SEEN]
    client.get(ACCOUNT)
    assert client.session[LAST_SEEN] == seen
    leave(client, SEEN_EVERY_SECONDS + 1)
    client.get(ACCOUNT)
    assert client.session[LAST_SEEN] >= seen


# ---------------------------------------------------------------- the client's address


@pytest.mark.parametrize(
    ("proxies", "header", "seen"),
    [
        (0, "", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (1, "", "192.0.2.1"),
    ],
)
def test_the_address_is_taken_from_our_own_proxy_only(proxies, header, seen, settings):
    settings.PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", **({"HTTP_X_FORWARDED_FOR": header} if header else {}))
    ClientAddressMiddleware(lambda it: it)(request)
    assert request.META["REMOTE_ADDR"] == seen
    assert "HTTP_X_FORWARDED_FOR" not in request.META
