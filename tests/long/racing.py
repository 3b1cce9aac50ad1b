"""The portal for the races: as it is, and with what guards it against two people at once taken out.

    gunicorn "tests.long.racing:guarded()"      every guard in its place
    gunicorn "tests.long.racing:unguarded()"    no lock on the dossier, no comparison of version and status

Both wait equally long where the lock on the dossier is taken, so that two requests which meet do overlap.
Nothing in the portal's own code can switch a guard off: it is replaced here, from outside.
"""

import os
import time
from collections.abc import Callable
from typing import Any

from django.core.wsgi import get_wsgi_application

# Longer than a request takes, so that the second has read what the first is about to change.
WINDOW_SECONDS = 0.1
# What a compare-and-set compares beside the key: `filter(pk=…, version=…).update(…)`.
COMPARED = {"version", "entry_version", "status", "status_changed_at"}

Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


def guarded() -> Application:
    """The portal with all its guards."""
    application = get_wsgi_application()
    widen()
    return telling_its_worker(application)


def unguarded() -> Application:
    """The portal as it would be without them."""
    application = get_wsgi_application()
    drop_lock()
    drop_comparisons()
    widen()
    return telling_its_worker(application)


def widen() -> None:
    """Wait before the lock is asked for, or before the place where it was."""
    from inspections import workflow

    lock = workflow.lock

    def wait_and_lock(dossier: Any) -> None:
        time.sleep(WINDOW_SECONDS)
        lock(dossier)

    workflow.lock = wait_and_lock


def drop_lock() -> None:
    from inspections import workflow

    workflow.lock = lambda dossier: None


def drop_comparisons() -> None:
    """Let every compare-and-set find its row, whatever was read before."""
    from inspections.models import Assessment, CriterionConclusion, Dossier

    for model in (Assessment, CriterionConclusion, Dossier):
        plain = model.objects.filter

        def by_key_alone(*args: Any, plain: Callable[..., Any] = plain, **kwargs: Any) -> Any:
            if "pk" in kwargs:
                kwargs = {name: value for name, value in kwargs.items() if name not in COMPARED}
            return plain(*args, **kwargs)

        model.objects.filter = by_key_alone


def telling_its_worker(application: Application) -> Application:
    """Says in a header which worker answered: a race between two of them is shown to have taken place."""

    def told(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("X-Worker", str(os.getpid()))], *rest)

        return application(environ, start)

    return told
