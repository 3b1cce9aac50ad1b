"""A line between a browser and the portal that a test cuts, mends and lets answers get lost on.

with weak_line(live_server.url) as line:
    page.goto(f"{line.url}/")
    line.cut()        # whoever connects is refused, open connections end
    line.mend()
    line.lose_answers()   # requests arrive, what comes back does not
"""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 65_536
LOOK_SECONDS = 0.1


class WeakLine:
    """A TCP proxy on a port of its own, which stays the same over all cuts; counts the bytes of both ways."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self.target = (str(parts.hostname), int(parts.port or 80))
        self.sent = self.received = 0
        self.loses_answers = False
        self._ends: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._door: socket.socket | None = None
        self.port = 0
        self.mend()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def mend(self) -> None:
        self.loses_answers = False
        if self._door:
            return
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._listen, args=(self._door,), daemon=True).start()

    def cut(self) -> None:
        with self._guard:
            door, self._door = self._door, None
            if door:
                # Wakes the thread that listens; closing alone would leave the port open until it does.
                door.shutdown(socket.SHUT_RDWR)
                door.close()
            self._end_all()

    def lose_answers(self) -> None:
        self.loses_answers = True

    def _end_all(self) -> None:
        for end in self._ends:
            with suppress(OSError):  # the other side was first
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def _listen(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self.target)
        except OSError:
            near.close()
            return
        with self._guard:
            self._ends |= {near, far}
        try:
            while self._carry_once(near, far):
                pass
        except OSError:
            pass  # cut
        finally:
            with self._guard:
                self._ends -= {near, far}
            near.close()
            far.close()

    def _carry_once(self, near: socket.socket, far: socket.socket) -> bool:
        """Whether the connection goes on."""
        ready, _, _ = select.select([near, far], [], [], LOOK_SECONDS)
        for end in ready:
            data = end.recv(CHUNK)
            if not data or (end is far and self.loses_answers):
                return False
            if end is near:
                self.sent += len(data)
                far.sendall(data)
            else:
                self.received += len(data)
                near.sendall(data)
        return True


@contextmanager
def weak_line(target: str) -> Iterator[WeakLine]:
    line = WeakLine(target)
    try:
        yield line
    finally:
        line.cut()
