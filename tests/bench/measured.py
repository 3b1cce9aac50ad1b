"""The portal with a meter around it: `gunicorn "tests.bench.measured:application()"`.

Each answer says in headers what it took: X-CPU-Seconds of the thread that made it (middleware, compression and
all), X-SQL-Count statements sent to the database, BEGIN and SAVEPOINT included. Two addresses are added: a page
that is nothing but base.html, and one that tells which modules a worker has loaded.
"""

import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import connection

Application = Callable[[dict[str, Any], Callable[..., Any]], list[bytes]]


def application() -> Application:
    settings.ROOT_URLCONF = "tests.bench.urls"
    return metered(import_module("ntm_portal.wsgi").application)


def metered(portal: Callable[..., Any]) -> Application:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        head: list[Any] = []
        statements = 0

        def count(execute: Callable[..., Any], *args: Any) -> Any:
            nonlocal statements
            statements += 1
            return execute(*args)

        def keep(status: str, headers: list[tuple[str, str]], *rest: Any) -> None:
            head[:] = [status, headers]

        began = time.thread_time()
        with connection.execute_wrapper(count):
            result = portal(environ, keep)
            body = b"".join(result)
            result.close()
        spent = time.thread_time() - began
        status, headers = head
        start_response(status, [*headers, ("X-CPU-Seconds", f"{spent:.6f}"), ("X-SQL-Count", str(statements))])
        return [body]

    return answer


def loaded_modules() -> list[str]:
    """Names of the top-level modules this process has imported."""
    return sorted({name.partition(".")[0] for name in sys.modules})
