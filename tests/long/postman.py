"""A mail server of the test and the portal's worker beside it, both real: `Sink` and `Worker`.

    with Sink() as sink:
        worker = Worker(sink.port); worker.kill()

`python -m tests.long.postman careless` is the worker with its guard taken out: it marks a mail as sent before it
sends it. Nothing in the portal's own code can be switched off: it is replaced here, from outside.
"""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings

from ..serving import environment

WAIT_SECONDS = 90


class Sink:
    """Takes mail over SMTP, slowly. begun: Message-IDs whose text has come; accepted: how often each got its OK."""

    def __init__(self, slowest: float = 0.2) -> None:
        self.slowest = slowest
        self.begun: list[str] = []
        self.accepted: Counter[str] = Counter()
        self.heard = threading.Condition()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        name = str(message_from_bytes(envelope.content)["Message-ID"])
        self._note(lambda: self.begun.append(name))
        await asyncio.sleep(random.uniform(0, self.slowest))
        self._note(lambda: self.accepted.update([name]))
        return "250 OK"

    def _note(self, change: Any) -> None:
        with self.heard:
            change()
            self.heard.notify_all()

    def wait_for(self, ready: Any) -> bool:
        """Returns when `ready()` holds; False where it does not in time."""
        with self.heard:
            return self.heard.wait_for(ready, timeout=WAIT_SECONDS)

    def __enter__(self) -> "Sink":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.controller.stop()


class Worker:
    """The portal's worker, in a process of its own."""

    def __init__(self, port: int, log: Path, *, is_careless: bool = False) -> None:
        command = ["-m", "tests.long.postman", "careless"] if is_careless else ["manage.py", "run_worker"]
        self.log = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, *command, *([] if is_careless else ["--interval", "0.05"])],
            cwd=settings.BASE_DIR,
            env=environment(EMAIL_URL=f"smtp://127.0.0.1:{port}", DAILY_HOUR="0", LEASE_SECONDS="1"),
            stdout=self.log,
            stderr=self.log,
        )
        self.born = time.monotonic()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self) -> int:
        """As an administrator stops it; its exit status."""
        self.process.terminate()
        status = self.process.wait(timeout=WAIT_SECONDS)
        self.log.close()
        return status


def careless() -> None:
    """The worker as it would be if it marked first: what it was sending when it died is lost."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ntm_portal.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from communes import clock, mailing

    def send_marked(digest: Any) -> Any:
        mailing._mark(digest, mailing.State.SENT, sent_at=clock.machine_now(), error="")
        mailing.message_of(digest).send()
        return mailing.State.SENT

    mailing.send = send_marked
    call_command("run_worker", interval=0.05)


if __name__ == "__main__":
    careless()
