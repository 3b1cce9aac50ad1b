"""The portal under the settings of production."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

SECRETS = {"SECRET_KEY": "k" * 30 + "0123456789-abcdefghijklmnopqrstuvwxyz", "JOURNAL_KEY": "j" * 64}


def manage(*arguments, **environment):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "DATABASE_URL", "LANG")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**kept, "PYTHONWARNINGS": "error", **environment},
        capture_output=True,
        text=True,
    )


def test_the_deployment_check_has_nothing_to_say(tmp_path):
    (tmp_path / "static").mkdir()
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING", DATA_DIR=str(tmp_path), ALLOWED_HOSTS="ntm.example", **SECRETS
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("missing", list(SECRETS))
def test_without_a_secret_it_does_not_start_and_says_which(missing, tmp_path):
    given = {name: value for name, value in SECRETS.items() if name != missing}
    done = manage("check", DATA_DIR=str(tmp_path), **given)
    assert done.returncode != 0
    assert missing in done.stderr


@pytest.mark.django_db
def test_every_answer_carries_the_headers_that_protect_it(client, officer):
    client.force_login(officer)
    for path in ("/dang-nhap/", "/tai-khoan/", "/tro-giup/", "/khong-co/"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_production_speaks_https_and_keeps_cookies_to_it(tmp_path):
    code = (
        "from django.conf import settings as s;"
        "print(s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0,"
        "s.SESSION_COOKIE_HTTPONLY, s.DEBUG)"
    )
    done = manage("shell", "-v0", "-c", code, DATA_DIR=str(tmp_path), **SECRETS)
    assert done.stdout.split() == ["True"] * 5 + ["False"], done.stderr
