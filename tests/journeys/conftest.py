"""People with a browser of their own each, and the demonstration served as it is in production."""

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import expect

from reports import renderer

from ..factories import PASSWORD
from . import demo_site

# Two cores may be busy with other tests.
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items):
    """Whoever asks for people at a desk needs a browser, as whoever asks for a page does."""
    for item in items:
        if "desk" in getattr(item, "fixturenames", ()):
            item.add_marker("journey")


# ---------------------------------------------------------------- people at their desks


@pytest.fixture
def expected_errors():
    """Pieces of browser errors that a test provokes on purpose (an answer with 409); all others fail it."""
    return []


@pytest.fixture
def desk(new_context, live_server, expected_errors):
    """`desk(officer)`: a page of a browser in which that person is signed in; `desk(None)`: nobody is.

    Further arguments go to the browser's context: `desk(officer, java_script_enabled=False)`.
    """
    heard = []

    def sit_down(user, **context_options):
        context = new_context(base_url=live_server.url, **context_options)
        if user is not None:
            client = Client()
            client.force_login(user)
            name = django_settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        context.on("page", lambda page: listen(page, heard))
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield sit_down
    assert [error for error in heard if not any(known in error for known in expected_errors)] == []


def listen(page, heard):
    """Note what the browser complains about: broken scripts, missing files, breaches of the CSP."""
    page.on("pageerror", lambda error: heard.append(f"{page.url}: {error}"))
    page.on("console", lambda message: message.type == "error" and heard.append(f"{page.url}: {message.text}"))


@pytest.fixture
def sign_in():
    """`sign_in(page, officer)`: through the page for it."""

    def go(page, user, password=PASSWORD):
        page.goto("/dang-nhap/")
        page.get_by_label("Tên đăng nhập").fill(user.username)
        page.get_by_label("Mật khẩu").fill(password)
        page.get_by_role("main").get_by_role("button", name="Đăng nhập").click()

    return go


@pytest.fixture(scope="session", autouse=True)
def no_renderer_left():
    yield
    renderer.stop()


# ---------------------------------------------------------------- the demonstration


@pytest.fixture(scope="session")
def demo_files():
    """The folder of a loaded demonstration; nobody writes there."""
    return demo_site.made()


@pytest.fixture(scope="session")
def demo_server(demo_files):
    """The demonstration through gunicorn; only for reading and for forms that are refused."""
    with demo_site.served(demo_files) as server:
        yield server
