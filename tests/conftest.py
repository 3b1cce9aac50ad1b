"""What every test stands on: fast and closed settings, the database, the browser, and honest skips.

The people of the tests (officer, neighbour, inspector …) are in tests/people.py.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

from communes import journal
from inspections import guards as inspections_guards
from reports import append_only
from reports import guards as reports_guards

from . import migrated

pytest_plugins = ["tests.people", "tests.doorstep"]

PHONE = {"width": 360, "height": 780}
OFFICE = {"width": 1366, "height": 768}

# The same examples at each run of `make test`: a red run can be repeated. `make test-long` looks for new ones.
hypothesis_settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
hypothesis_settings.register_profile("search", deadline=None, max_examples=1000, print_blob=True, database=None)
hypothesis_settings.load_profile(os.environ.get("NTM_HYPOTHESIS", "repeatable"))


# ---------------------------------------------------------------- settings


@pytest.fixture(autouse=True)
def plain_settings(settings, tmp_path):
    """Cheap passwords, no throttles, static files without a manifest, uploads in the test's own folder."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.AXES_ENABLED = False
    settings.API_SIGN_IN_RATE = None
    settings.API_RATE = None
    media = tmp_path / "media"
    settings.MEDIA_ROOT = media
    default = settings.STORAGES["default"]
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**default, "OPTIONS": {**default.get("OPTIONS", {}), "location": media}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


# ---------------------------------------------------------------- database


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """SQLite in a file, as it is in use: in memory all threads of a live server would share one connection."""
    database = django_settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        test = connection.settings_dict["TEST"]
        name = Path(os.environ["NTM_TEST_DATA"]) / f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.sqlite3"
        migrated.copy_to(name)
        test["NAME"] = str(name)


@pytest.fixture(scope="session")
def django_db_keepdb(request):
    """The copy is taken as it is; its folder goes at the end of the run."""
    return connection.vendor == "sqlite" or request.config.getvalue("reuse_db")


_fixture_teardown = TransactionTestCase._fixture_teardown
GUARDS = (journal, inspections_guards, reports_guards, append_only)


def _teardown_without_triggers(self):
    """A transactional test ends in a flush, which the triggers refuse as they should."""
    with connection.schema_editor() as editor:
        for guards in GUARDS:
            guards.remove_triggers(editor)
    try:
        _fixture_teardown(self)
    finally:
        with connection.schema_editor() as editor:
            for guards in GUARDS:
                guards.install_triggers(editor)


TransactionTestCase._fixture_teardown = _teardown_without_triggers


# ---------------------------------------------------------------- browser


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    program = chromium()
    if not program:
        pytest.skip("no Chromium: apt-get install chromium, or name one in CHROMIUM")
    # The shared memory of a container is often 64 MB, less than one large page needs.
    return {**browser_type_launch_args, "executable_path": program, "args": ["--disable-dev-shm-usage"]}


@pytest.fixture
def viewport():
    """Size of the window; a test overrides it by `@pytest.mark.parametrize("viewport", [PHONE, OFFICE])`."""
    return OFFICE


@pytest.fixture
def browser_context_args(browser_context_args, viewport):
    return {
        **browser_context_args,
        "locale": "vi-VN",
        "timezone_id": "Asia/Ho_Chi_Minh",
        "viewport": viewport,
        "reduced_motion": "reduce",
    }


@pytest.fixture
def console_errors():
    """Errors the browser reported; a test that provokes one (a 404) looks at it and clears the list."""
    return []


@pytest.fixture
def page(page, console_errors):
    """A page that must not report errors: broken scripts, missing files and breaches of the CSP show here."""
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and console_errors.append(message.text))
    yield page
    assert console_errors == []


@pytest.fixture
def login_as(client, page, live_server) -> Callable:
    """Sign a user in without the login form: `login_as(officer)`."""

    def go(user) -> None:
        client.force_login(user)
        name = django_settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return go


@pytest.fixture
def assert_accessible(page) -> Callable:
    """Fails with axe's own report when the page now shown breaks a rule of accessibility."""

    def check() -> None:
        result = Axe().run(page)
        assert result.violations_count == 0, f"{page.url}\n{result.generate_report()}"

    return check


# ---------------------------------------------------------------- what does not run, and what is said about it


LONG_ON_POSTGRES = (
    "tests/reports/",
    "tests/ntm_portal/test_demo.py",
    "tests/test_doors.py",
    "tests/inspections/test_commune_pages.py",
    "tests/inspections/test_desk_pages.py",
    "tests/inspections/test_filechecks.py",
    "tests/inspections/test_workbook.py",
)


def asks_database(item):
    """Whether a test may touch rows: by its mark, or by a fixture that gives a database."""
    given = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(given) or item.get_closest_marker("django_db") is not None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Mark what needs a browser; leave out tests of the other database, and on PostgreSQL those that ask no database.

    The latter say the same on any database: the run on SQLite has them. What mostly prints, draws pages or reads files
    asks the database between whiles: on PostgreSQL it is long.
    """
    vendor = connection.vendor
    chosen, others = [], []
    for item in items:
        if "page" in getattr(item, "fixturenames", ()):
            item.add_marker("journey")
        if vendor == "postgresql" and item.nodeid.startswith(LONG_ON_POSTGRES):
            item.add_marker("long")
        marker = item.get_closest_marker("only_on")
        belongs_here = vendor in marker.args if marker else vendor == "sqlite" or asks_database(item)
        (chosen if belongs_here else others).append(item)
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = chosen


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(item, call):
    """With NTM_NO_SKIP=1 (where all is installed) a skipped test is a failed one."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("NTM_NO_SKIP") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped here: {reason}"
    return report


def pytest_terminal_summary(terminalreporter):
    """Add what was skipped, and why, to the list that `make test` prints at its end."""
    target = os.environ.get("NTM_SKIP_LIST")
    skipped = terminalreporter.stats.get("skipped", [])
    if target and skipped:
        with Path(target).open("a", encoding="utf-8") as listing:
            for report in skipped:
                reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
                listing.write(f"{report.nodeid}: {str(reason).removeprefix('Skipped: ')}\n")
