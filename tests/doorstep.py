"""Knocking at doors: the fixtures `scene` and `knock` of every file that walks the table of tests/doors.py.

The scene is built once a file, in a transaction that is rolled back at its end. Such a file lets its own
`plain_settings` ask for `lasting_settings`, for each test has a media folder of its own otherwise.
"""

import logging
from contextlib import contextmanager, nullcontext

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client, override_settings
from django.urls import reverse

from . import scene as scenery
from .doors import PEOPLE, Door

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


@pytest.fixture(scope="module")
def lasting_settings(tmp_path_factory):
    """As in tests/conftest.py, but for the whole file: the files of the scene outlive a single test."""
    media = tmp_path_factory.mktemp("media")
    storages = {
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": media}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    plain = {
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "AXES_ENABLED": False,
        "API_SIGN_IN_RATE": None,
        "API_RATE": None,
    }
    # Each refusal is logged with its traceback: thousands of them, and nothing to be read.
    logging.disable(logging.WARNING)
    with override_settings(MEDIA_ROOT=media, STORAGES=storages, **plain):
        yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def scene(lasting_settings, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield scenery.build()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def knock(scene):
    """`knock(who, door, method)`: the answer; whatever it wrote is taken back."""
    clients, keys = {}, {}
    for who in PEOPLE:
        clients[who] = Client(raise_request_exception=False)
        if scene.people[who]:
            clients[who].force_login(scene.people[who])
            keys[who] = clients[who].cookies[settings.SESSION_COOKIE_NAME].value

    def go(who, url, method, data=None, *, keep=False):
        client = clients[who]
        client.cookies.clear()
        if who in keys:
            client.cookies[settings.SESSION_COOKIE_NAME] = keys[who]
        call = getattr(client, method.lower())
        with watched() as statements, nullcontext() if keep else taken_back():
            is_json = url.startswith("/api/") and method not in ("GET", "HEAD") and "file" not in (data or {})
            answer = call(url, data or {}, **({"content_type": "application/json"} if is_json else {}))
            answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            answer.wrote = list(statements)
            if answer.status_code == 302 and method == "POST":
                answer.next_status = client.get(answer["Location"]).status_code
        return answer

    return go


@contextmanager
def taken_back():
    """Undo whatever is written meanwhile, also where a transaction inside it failed."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def watched():
    """The writing statements made meanwhile, those on sessions left out."""
    found = []

    def note(execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(WRITES) and "django_session" not in sql:
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def url_of(door: Door, scene, thing: str = "") -> str:
    address = reverse(door.name, kwargs=door.address(scene, thing))
    return f"{address}?{door.query}" if door.query else address


def leaks(answer, who, scene) -> list[str]:
    """The words in an answer that this person may not read."""
    text = answer.body.decode(errors="replace")
    return (
        [word for word, readers in scene.words.items() if who not in readers and word in text] if "zq" in text else []
    )
