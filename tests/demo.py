"""The demonstration data as a fixture: loaded once for a module, each test's own changes rolled back.

from tests.demo import demo, demo_data  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
"""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from .conftest import GUARDS

TODAY = "2025-06-17"


@pytest.fixture(scope="module")
def demo_data(django_db_setup, django_db_blocker, tmp_path_factory):
    """Folder of the uploads of a loaded demonstration; the tables are emptied when the module is done."""
    media = tmp_path_factory.mktemp("demo-media")
    while_loading = override_settings(
        DEBUG=True,
        DEMO_TODAY=TODAY,
        MEDIA_ROOT=media,
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": media}},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    )
    with django_db_blocker.unblock():
        try:
            with while_loading:
                call_command("load_demo")
            yield media
        finally:
            empty_tables()


def empty_tables():
    """Empty every table; the triggers that keep the journal and what is concluded would refuse it."""
    with connection.schema_editor() as editor:
        for guards in GUARDS:
            guards.remove_triggers(editor)
    call_command("flush", interactive=False, verbosity=0)
    with connection.schema_editor() as editor:
        for guards in GUARDS:
            guards.install_triggers(editor)


@pytest.fixture
def demo(demo_data, settings):
    """The loaded portal on the day of the demonstration."""
    settings.DEBUG = True
    settings.DEMO_TODAY = TODAY
    settings.MEDIA_ROOT = demo_data
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": demo_data}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
