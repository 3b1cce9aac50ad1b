"""The demonstration in a database of its own, made once for all processes of a test run."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from ..demo import TODAY
from ..serving import Server, serve


def variables(folder: Path) -> dict[str, str]:
    """What a process of the portal needs to work on the data of a folder, on the demonstration's day."""
    return {
        "DATABASE_URL": f"sqlite:///{folder / 'ntm.sqlite3'}",
        "MEDIA_ROOT": str(folder / "media"),
        "DATA_DIR": str(folder),
        "DEMO_TODAY": TODAY,
    }


def made() -> Path:
    """Folder of the loaded demonstration; whoever comes first makes it, the others wait."""
    folder = Path(os.environ["NTM_TEST_DATA"]) / "demonstration"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for command in ("migrate", "load_demo"):
                manage(folder, command, "--verbosity", "0", DEBUG="1")
            (folder / "done").touch()
    return folder


def copied(folder: Path, target: Path) -> Path:
    """The same once more, for a test that changes it; without the sockets of running processes."""
    return Path(shutil.copytree(folder, target, ignore=shutil.ignore_patterns("run", "lock")))


def manage(folder: Path, *arguments: str, **more: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=settings.BASE_DIR, env={**os.environ, **variables(folder), **more}, check=True)


def ask(folder: Path, module: str, *arguments: str) -> Any:
    """What the `main` of a module of this folder says, run on that data in a process of its own."""
    code = (
        "import sys, json, django; django.setup(); from importlib import import_module;"
        f"print(json.dumps(import_module('tests.journeys.{module}').main(*sys.argv[1:])))"
    )
    environment = {**os.environ, **variables(folder), "DJANGO_SETTINGS_MODULE": "ntm_portal.settings"}
    found = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=settings.BASE_DIR, env=environment, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return json.loads(found.stdout)


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    with serve("ntm_portal.wsgi", **variables(folder)) as server:
        yield server
