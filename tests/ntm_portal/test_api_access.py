"""Getting into the API: the key for name and password, its lock and its end, and errors as problem details."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.authtoken.models import Token

from communes import services
from communes.models import Event
from ntm_portal.api import problems
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

TOKEN, NOTICES = "/api/v1/token/", "/api/v1/notices/"


def ask_for_token(client, username, password=PASSWORD, address="10.0.0.1"):
    data = {"username": username, "password": password}
    return client.post(TOKEN, data, content_type="application/json", REMOTE_ADDR=address)


def key_of(user):
    return services.give_token(user)


def read(key, path=NOTICES, **extra):
    return Client().get(path, headers={"authorization": f"Token {key}"}, **extra)


def code(answer):
    assert answer["Content-Type"] == problems.CONTENT_TYPE
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    return body["code"]


# ---------------------------------------------------------------- the key


def test_name_and_password_give_a_key_that_opens_the_api(client, officer):
    answer = ask_for_token(client, officer.username)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    key = answer.json()["token"]
    assert read(key).status_code == 200
    assert ask_for_token(client, officer.username.upper()).json()["token"] == key
    assert Event.objects.about(officer).filter(action="user.token_given").count() == 1


def test_a_key_counts_as_a_sign_in(client, officer):
    ask_for_token(client, officer.username)
    officer.refresh_from_db()
    assert officer.last_login is not None


def test_wrong_password_and_unknown_name_are_told_alike(client, officer):
    answers = [ask_for_token(client, officer.username, "sai"), ask_for_token(client, "khong-ai", "sai")]
    assert [code(answer) for answer in answers] == ["wrong-credentials"] * 2
    assert answers[0].content == answers[1].content
    assert answers[0]["WWW-Authenticate"] == "Token"
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"username": "a"}, "password"),
        ({"password": "a"}, "username"),
        ({"username": "", "password": "a"}, "username"),
        ({"username": None, "password": "a"}, "username"),
        ({"username": ["a"], "password": "a"}, "username"),
        ({"username": "a\x00", "password": "a"}, "username"),
        ({"username": "a" * 200, "password": "a"}, "username"),
    ],
)
def test_what_is_missing_or_odd_is_named(data, field, client):
    answer = client.post(TOKEN, data, content_type="application/json")
    assert code(answer) == "invalid"
    assert list(answer.json()["errors"]) == [field]
    assert "bạn" not in answer.content.decode()


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [("{", "application/json", "malformed"), ("x", "text/plain", "unsupported-media-type")],
)
def test_unreadable_body_is_told(body, kind, expected, client):
    assert code(client.post(TOKEN, body, content_type=kind)) == expected


@pytest.mark.parametrize("key", ["", "sai", "a b", "é", "a" * 5000])
def test_another_key_opens_nothing(key, officer):
    answer = read(key)
    assert code(answer) == "token-refused"
    assert answer["WWW-Authenticate"] == "Token"


def test_without_a_key_one_is_asked_for_it(client, db):
    answer = client.get(NOTICES)
    assert code(answer) == "not-authenticated"
    assert answer["WWW-Authenticate"] == "Token"


def test_stale_key_sent_along_does_not_stop_a_new_one(client, officer):
    answer = client.post(
        TOKEN,
        {"username": officer.username, "password": PASSWORD},
        content_type="application/json",
        headers={"authorization": "Token sai"},
    )
    assert answer.status_code == 200


# ---------------------------------------------------------------- its end


def test_its_owner_takes_a_key_back(officer):
    key = key_of(officer)
    answer = Client().delete(TOKEN, headers={"authorization": f"Token {key}"})
    assert answer.status_code == 204
    assert code(read(key)) == "token-refused"
    assert Event.objects.about(officer).last().action == "user.token_revoked"
    assert key_of(officer) != key


def test_session_takes_a_key_back_only_with_the_token_of_the_form(officer):
    key_of(officer)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(officer)
    assert code(strict.delete(TOKEN)) == "not-allowed"
    assert Token.objects.filter(user=officer).exists()


def test_account_page_shows_the_key_and_takes_it_back(client, officer):
    client.force_login(officer)
    assert "Mã truy cập API" not in client.get(reverse("communes:account")).content.decode()
    key = key_of(officer)
    page = client.get(reverse("communes:account")).content.decode()
    assert "Thu hồi mã" in page
    assert key not in page
    assert client.post(reverse("communes:token-revoke")).status_code == 302
    assert code(read(key)) == "token-refused"


def test_manager_takes_a_key_back_and_never_sees_it(client, officer, coordinator, outsider):
    key = key_of(officer)
    client.force_login(coordinator)
    page = client.get(officer.get_absolute_url()).content.decode()
    assert "Thu hồi mã" in page
    assert key not in page
    client.post(reverse("communes:user-revoke-token", args=[officer.pk]))
    assert code(read(key)) == "token-refused"
    assert client.post(reverse("communes:user-revoke-token", args=[outsider.pk])).status_code == 404


def test_administration_site_has_no_page_of_keys(client, administrator):
    client.force_login(administrator)
    assert client.get("/quan-tri/authtoken/").status_code == 404
    assert client.get("/quan-tri/authtoken/tokenproxy/").status_code == 404


def test_key_ends_with_the_password(officer, coordinator):
    key = key_of(officer)
    services.change_own_password(officer, "nam can mua nay lua tot")
    assert code(read(key)) == "token-refused"
    key = key_of(officer)
    services.reset_password(officer, by=coordinator)
    assert code(read(key)) == "token-refused"


def test_key_of_a_closed_account_stays_closed_when_it_is_opened_again(officer, coordinator):
    key = key_of(officer)
    services.deactivate(officer, reason="nghỉ hưu", by=coordinator)
    assert code(read(key)) == "token-refused"
    services.reactivate(officer, by=coordinator)
    assert code(read(key)) == "token-refused"


def test_inactive_account_gets_no_key(client, officer):
    key = key_of(officer)
    get_user_model().objects.filter(pk=officer.pk).update(is_active=False)
    assert code(ask_for_token(client, officer.username)) == "wrong-credentials"
    assert code(read(key)) == "token-refused"


def test_old_key_is_refused_and_replaced(client, officer, settings):
    key = key_of(officer)
    Token.objects.update(created=timezone.now() - timedelta(days=settings.API_TOKEN_DAYS, seconds=5))
    assert code(read(key)) == "token-refused"
    fresh = ask_for_token(client, officer.username).json()["token"]
    assert fresh != key
    assert read(fresh).status_code == 200


# ---------------------------------------------------------------- the first password


def test_initial_password_gives_no_key(client, officer):
    get_user_model().objects.filter(pk=officer.pk).update(must_change_password=True)
    assert code(ask_for_token(client, officer.username)) == "password-change-required"
    assert not Token.objects.exists()


def test_initial_password_closes_key_and_session_alike(client, officer):
    key = key_of(officer)
    client.force_login(officer)
    assert client.get(NOTICES).status_code == 200
    get_user_model().objects.filter(pk=officer.pk).update(must_change_password=True)
    assert code(read(key)) == "password-change-required"
    assert code(client.get(NOTICES)) == "password-change-required"


def test_session_is_asked_for_the_own_password_without_the_middleware_too(client, officer, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "PasswordChange" not in name]
    get_user_model().objects.filter(pk=officer.pk).update(must_change_password=True)
    client.force_login(officer)
    assert code(client.get(NOTICES)) == "password-change-required"


# ---------------------------------------------------------------- the lock


@pytest.fixture
def throttled(settings):
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 3


def test_wrong_passwords_lock_page_and_api_together(client, officer, neighbour, throttled):
    answers = [ask_for_token(client, officer.username, "sai") for _ in range(3)]
    assert code(answers[-1]) == "locked"
    assert answers[-1]["Retry-After"] == "1800"
    assert code(ask_for_token(client, officer.username)) == "locked"
    page = Client().post("/dang-nhap/", {"username": officer.username, "password": PASSWORD}, REMOTE_ADDR="10.0.0.1")
    assert page.status_code == 429
    assert ask_for_token(client, neighbour.username).status_code == 200
    assert ask_for_token(client, officer.username, address="10.0.0.2").status_code == 200
    assert services.is_locked(officer)


def test_another_spelling_gives_no_further_tries(client, officer, throttled):
    for name in (officer.username, officer.username.upper(), f" {officer.username.title()} "):
        answer = ask_for_token(client, name, "sai")
    assert code(answer) == "locked"


def test_right_password_in_time_clears_the_count(client, officer, throttled):
    for _ in range(3):
        ask_for_token(client, officer.username, "sai")
        ask_for_token(client, officer.username, "sai")
        assert ask_for_token(client, officer.username).status_code == 200


def test_too_many_tries_of_one_address_are_slowed_down(client, officer, settings):
    settings.API_SIGN_IN_RATE = "2/day"
    answers = [ask_for_token(client, f"khong-ai-{place}", "sai", address="10.9.9.9") for place in range(3)]
    assert [code(answer) for answer in answers] == ["wrong-credentials", "wrong-credentials", "too-many-requests"]
    assert 0 < int(answers[-1]["Retry-After"]) <= 24 * 3600
    assert ask_for_token(client, officer.username, address="10.9.9.8").status_code == 200


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("path", ["/api/v1/khong-co/", "/api/", f"{NOTICES}khong-phai-ma/"])
def test_unknown_address_is_a_problem_not_a_page(path, client):
    assert code(client.get(path)) == "not-found"


def test_failure_is_a_problem_that_shows_nothing_of_the_inside(officer, monkeypatch):
    def broken(view):
        raise RuntimeError("an error that nobody expected")

    monkeypatch.setattr("reports.api.NoticeViewSet.visible", broken)
    client = Client(raise_request_exception=False, headers={"authorization": f"Token {key_of(officer)}"})
    answer = client.get(NOTICES)
    assert code(answer) == "server-error"
    assert "RuntimeError" not in answer.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_other_methods_are_refused_with_those_allowed(method, officer):
    client = Client(headers={"authorization": f"Token {key_of(officer)}"})
    answer = getattr(client, method)(NOTICES)
    assert code(answer) == "method-not-allowed"
    assert set(answer["Allow"].split(", ")) == {"GET", "HEAD"}


def test_codes_and_their_status_stay():
    """Programs rely on these: a code may be added, none may change."""
    assert {name: row[0] for name, row in problems.PROBLEMS.items()} == {
        "invalid": 400,
        "malformed": 400,
        "not-authenticated": 401,
        "token-refused": 401,
        "wrong-credentials": 401,
        "not-allowed": 403,
        "password-change-required": 403,
        "not-found": 404,
        "method-not-allowed": 405,
        "changed-meanwhile": 409,
        "precondition-failed": 412,
        "too-large": 413,
        "unsupported-media-type": 415,
        "refused": 422,
        "unfit": 422,
        "locked": 429,
        "too-many-requests": 429,
        "server-error": 500,
        "cannot-print": 503,
    }
