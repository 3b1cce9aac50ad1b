"""Issues notices in processes of their own, for races and kills: a warm process that forks one for each.

    with Press() as press:
        job = press.start(notice, by=coordinator)
        job.wait_for("ready"); job.go()

The forked process says on its line how far it is ("ready", "printing", "printed", "stored", "done"), so that it can
be killed at a chosen moment. Nothing in the portal's own code speaks or can be switched off: it is wrapped or
replaced here, from outside.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from ..serving import environment

WAIT_SECONDS = 120
MARKS = ("ready", "printing", "printed", "stored", "done")


# ---------------------------------------------------------------- the side of the tests


@dataclass
class Job:
    """One process that issues one notice. marks: {mark: the moment it was heard}."""

    pid: int
    line: socket.socket
    marks: dict[str, float] = field(default_factory=dict)
    refusal: str = ""
    _rest: bytes = b""

    def wait_for(self, mark: str) -> None:
        """Returns once the process has said the mark, or has ended."""
        while mark not in self.marks and self._hear():
            pass

    def wait(self) -> None:
        """Returns when the act is over, and lets the process go."""
        while not self.refusal and "done" not in self.marks and self._hear():
            pass
        self.line.close()

    def go(self) -> None:
        self.line.sendall(b"!")

    def kill(self) -> None:
        """End it at once, and hear what it had still said. Without this it waits at its end for `wait`."""
        os.kill(self.pid, signal.SIGKILL)
        while self._hear():
            pass
        self.line.close()

    @property
    def last(self) -> str:
        """How far it came."""
        return [mark for mark in MARKS if mark in self.marks][-1]

    def _hear(self) -> bool:
        try:
            part = self.line.recv(65536)
        except ConnectionResetError:
            part = b""
        now = time.monotonic()
        *words, self._rest = (self._rest + part).split(b"\n")
        for word in words:
            mark, _, told = word.decode().partition(" ")
            if mark == "refused":
                self.refusal = told
            else:
                self.marks[mark] = now
        return bool(part)


class Press:
    """The warm process. without: names of the guards that are taken out in it (`GUARDS`)."""

    def __init__(self, *without: str) -> None:
        self.without = without

    def __enter__(self) -> "Press":
        self.folder = tempfile.TemporaryDirectory(prefix="press-")
        self.address = str(Path(self.folder.name) / "line")
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.door.bind(self.address)
        self.door.listen(64)
        self.door.settimeout(WAIT_SECONDS)
        command = [sys.executable, "-m", "tests.long.issuing", self.address, *self.without]
        self.process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout.readline() == b"warm\n"
        return self

    def __exit__(self, *_: Any) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()
        self.door.close()
        self.folder.cleanup()

    def start(self, notice: Any, *, by: Any) -> Job:
        """A process that has read nothing yet and waits for `go`."""
        order = {"notice": notice.pk, "by": by.pk}
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        line, _ = self.door.accept()
        line.settimeout(WAIT_SECONDS)
        pid = int.from_bytes(line.recv(4, socket.MSG_WAITALL), "big")
        return Job(pid, line)


# ---------------------------------------------------------------- the side of the processes


def main(address: str, *without: str) -> None:
    """Fork for each order on the standard input; the process itself never touches the database."""
    import django

    django.setup()
    for name in without:
        GUARDS[name]()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("warm", flush=True)
    for order in sys.stdin:
        if os.fork() == 0:
            try:
                issue(json.loads(order), address)
            finally:
                os._exit(0)


def issue(order: dict[str, int], address: str) -> None:
    """Issue one notice as the view does, saying each step."""
    from communes import clock
    from communes.models import User
    from reports import services
    from reports.models import Notice
    from reports.workflow import Refused

    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.connect(address)
    line.sendall(os.getpid().to_bytes(4, "big"))

    def say(word: str) -> None:
        line.sendall(word.encode() + b"\n")

    tell_steps(say)
    say("ready")
    line.recv(1)
    notice = Notice.objects.with_context().get(pk=order["notice"])
    try:
        services.issue_notice(notice, on=clock.today(), by=User.objects.get(pk=order["by"]))
    except Refused as refused:
        say(f"refused {refused}")
    except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
        say(f"refused {type(error).__name__} {error}".replace("\n", " "))
    else:
        say("done")
    # Killing a process that is gone would hit another one.
    line.settimeout(WAIT_SECONDS)
    line.recv(1)


def tell_steps(say: Callable[[str], None]) -> None:
    from reports.models import IssuedDocument
    from reports.services import papers

    begin, paper, save = papers.Printing.__init__, papers.Printing.paper, IssuedDocument.save

    def begin_and_tell(self: papers.Printing, *args: Any) -> None:
        say("printing")
        begin(self, *args)

    def tell_when_printed(self: papers.Printing) -> papers.Paper:
        made = paper(self)
        say("printed")
        return made

    def save_and_tell(self: Any, *args: Any, **kwargs: Any) -> None:
        save(self, *args, **kwargs)
        say("stored")

    papers.Printing.__init__, papers.Printing.paper = begin_and_tell, tell_when_printed
    IssuedDocument.save = save_and_tell


def trust_the_first_look() -> None:
    """Without waiting for the series: the number seen before printing is taken, whoever took it meanwhile."""
    from reports.services import issuing, numbering

    seen: dict[int, tuple[int, bool]] = {}
    settle = numbering.settle

    def settled(notice: Any, *args: Any) -> tuple[int, bool]:
        return seen.setdefault(notice.pk, settle(notice, *args))

    numbering.settle = settled
    numbering.hold_series = lambda notice: None
    issuing._still_holds = lambda *args: True


GUARDS = {"series": trust_the_first_look}


if __name__ == "__main__":
    main(*sys.argv[1:])
