"""A line that breaks: a TCP proxy before a server, which counts what goes up and cuts every connection when told.

with bad_line(server.host, server.port) as line:
    line.at(5_000_000, line.cut)       # when so many bytes have gone up
    browser.goto(line.url)
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

BLOCK = 16 * 1024
# Closes at once, with a reset instead of a farewell, and throws away what is still on its way.
RESET = struct.pack("ii", 1, 0)


@dataclass
class Line:
    """Connections are to `target`; up: bytes that the visitor's side sent on; cuts: how often all were closed."""

    listener: socket.socket
    target: tuple[str, int]
    up: int = 0
    cuts: int = 0
    _plan: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    _open: set[socket.socket] = field(default_factory=set)
    _guard: threading.RLock = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        host, port = self.listener.getsockname()
        return f"http://{host}:{port}"

    def at(self, size: int, act: Callable[[], None]) -> None:
        """Do something once, when so many bytes have gone up."""
        with self._guard:
            self._plan.append((size, act))
            self._plan.sort(key=lambda step: step[0])

    def cut(self) -> None:
        with self._guard:
            self.cuts += 1
            for end in self._open:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
            self._open.clear()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target)
            except OSError:
                visitor.close()
                continue
            with self._guard:
                self._open |= {visitor, server}
            threading.Thread(target=self._carry, args=(visitor, server, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, visitor, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, goes_up: bool) -> None:
        with suppress(OSError):
            while block := source.recv(BLOCK):
                sink.sendall(block)
                if goes_up:
                    self._count(len(block))
            sink.shutdown(socket.SHUT_WR)
        if not goes_up:
            with self._guard:
                for end in (source, sink):
                    self._open.discard(end)
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)  # close() alone does not wake who reads from it
                    end.close()

    def _count(self, size: int) -> None:
        with self._guard:
            self.up += size
            due = [act for at, act in self._plan if at <= self.up]
            self._plan = [step for step in self._plan if step[0] > self.up]
            for act in due:
                act()


@contextmanager
def bad_line(host: str, port: int) -> Iterator[Line]:
    """The proxy, on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    line = Line(listener, (host, port))
    threading.Thread(target=line._serve, daemon=True).start()
    try:
        yield line
    finally:
        # accept() is not woken by close().
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        line.cut()
