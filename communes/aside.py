"""Runs a module of ours in a process of its own, for whatever opens files that come from outside.

Such a process starts without Django: it has neither the database's password nor the portal's keys, no network, and
limits on memory and time (`confine`). It reads one message from standard input, answers on standard output, and ends.
"""

import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
PLAIN = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""}


class Failed(Exception):
    """There is no answer; the causes below say why."""


class Busy(Failed):
    """Too many others are at work already."""


class TooMuch(Failed):
    """It took longer than it may, or was ended by a limit."""


class Broken(Failed):
    """The process ended with an error of its own; the message is the end of what it wrote."""


class Aside:
    """One kind of work done in processes of its own.

    module: what `python -m` runs. seconds: until it is ended. at_once: processes of one web worker at a time, so that
    whoever sends many files at once waits and the machine keeps its memory; wait: seconds of patience for a turn.
    """

    def __init__(
        self, module: str, *, seconds: int, at_once: int = 2, wait: int = 20, variables: Mapping[str, str] = PLAIN
    ) -> None:
        self.module = module
        self.seconds = seconds
        self.wait = wait
        self.variables = {**PLAIN, **variables}
        self.turns = threading.BoundedSemaphore(at_once)

    def ask(self, message: bytes, *arguments: str) -> bytes:
        """The answer of a new process to one message. Raises Busy, TooMuch or Broken."""
        if not self.turns.acquire(timeout=self.wait):
            raise Busy
        try:
            ended = subprocess.run(
                [sys.executable, "-m", self.module, *arguments],
                cwd=ROOT,
                env=self.variables,
                input=message,
                capture_output=True,
                timeout=self.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TooMuch from error
        finally:
            self.turns.release()
        if ended.returncode < 0:
            raise TooMuch  # ended by a limit
        if ended.returncode:
            raise Broken(ended.stderr.decode(errors="replace")[-2000:])
        return ended.stdout


def confine(*, memory: int, cpu_seconds: int) -> None:
    """What such a process does first: bounds its memory and time and closes its network."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    socket.socket.connect = no_network  # type: ignore[method-assign]


def no_network(*_: Any, **__: Any) -> NoReturn:
    raise OSError("files from outside are opened without a network")
