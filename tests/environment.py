"""The environment the tests run in; pytest loads it before Django reads its settings (see .pytest.ini).

Production behaviour (no DEBUG), except that pages are asked for over plain http, as the test client does.
A DATABASE_URL given from outside stays: that is how the same tests run on PostgreSQL.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

DEFAULTS = {
    "DEBUG": "0",
    "HTTPS": "0",
    "SECRET_KEY": "only-for-tests-not-a-secret-0123456789-abcdefghijklmnopqrstuvwxyz",
    "JOURNAL_KEY": "only-for-tests-not-a-journal-key-0123456789-abcdefghijklmnopqrst",
    "LOG_LEVEL": "WARNING",
    # Playwright's synchronous API keeps an event loop running on the thread of the test.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}


def prepare() -> None:
    """Set what a test run must not take from its surroundings; workers of xdist inherit their parent's."""
    if "NTM_TEST_DATA" not in os.environ:
        folder = tempfile.mkdtemp(prefix="ntm-test-")
        os.environ["NTM_TEST_DATA"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # A folder for each worker: so each has a printing process of its own and waits for nobody else's.
    data = Path(os.environ["NTM_TEST_DATA"]) / os.environ.get("PYTEST_XDIST_WORKER", "main")
    for name in ("static", "media"):
        (data / name).mkdir(parents=True, exist_ok=True)
    os.environ.update(DEFAULTS, DATA_DIR=str(data))
    for name in ("DEMO_TODAY", "MEDIA_ROOT", "STATIC_ROOT", "ALLOWED_HOSTS", "ACCEL_PREFIX", "PROXY_COUNT"):
        os.environ.pop(name, None)


prepare()
