"""The portal as it is served in production, on the tests' own database: for races, benches and slow lines.

    with serve("ntm_portal.wsgi") as server:
        officer = Visitor(server, user)
        form = officer.get(address).form("remark")
        answer = officer.send(form, remark="…")

gunicorn with two workers of four threads, static files with manifest and compression, no DEBUG; only HTTPS is
off, for there is no proxy before it. The rows a test makes must be committed (`transactional_db`).
"""

import gzip
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.db import connection
from django.test import Client

WORKERS, THREADS = 2, 4
START_SECONDS = 60
ANSWER_SECONDS = 60


# ---------------------------------------------------------------- the server


def database_url() -> str:
    """Address of the database that the test at work uses, for a process of its own."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    who = f"{quote(found['USER'], safe='')}:{quote(found['PASSWORD'], safe='')}"
    return f"postgres://{who}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


def environment(**changes: str) -> dict[str, str]:
    """What a process of the portal is started with: the tests' variables, their database and uploads."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "STATIC_ROOT": str(collected_static()),
        "ALLOWED_HOSTS": "127.0.0.1",
        "PYTHONPATH": str(settings.BASE_DIR),
        **changes,
    }


@cache
def collected_static() -> Path:
    """Folder of the static files, compressed and named by their hashes; made once a run."""
    folder = Path(os.environ["NTM_TEST_DATA"]) / "static"
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    variables = {**os.environ, "STATIC_ROOT": str(folder)}
    subprocess.run(command, cwd=settings.BASE_DIR, env=variables, check=True)
    return folder


@dataclass
class Server:
    host: str
    port: int
    process: subprocess.Popen
    log: Path
    visitors: list["Visitor"] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def pids(self) -> list[int]:
        """Master first, then its workers."""
        master = self.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return [master, *map(int, children)]


@contextmanager
def serve(application: str, **variables: str) -> Iterator[Server]:
    """A running server of a WSGI application ("ntm_portal.wsgi"); its log is shown when it does not start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = Path(tempfile.mkdtemp(prefix="serve-", dir=os.environ["NTM_TEST_DATA"])) / "gunicorn.log"
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)]
    # A connection chosen for its worker stays open, however long a busy machine takes to use it.
    command += ["--timeout", "120", "--keep-alive", "60", "--no-control-socket", "--log-level", "warning"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment(**variables), stdout=output, stderr=subprocess.STDOUT
        )
    server = Server("127.0.0.1", port, process, log)
    try:
        _wait_for_answer(server)
        yield server
    finally:
        for visitor in server.visitors:
            visitor.leave()
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_answer(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            answer = Visitor(server).get("/suc-khoe/")
        except OSError:
            time.sleep(0.02)
            continue
        if answer.status == 200:
            return
        break
    raise AssertionError(f"the server did not start:\n{server.log.read_text()}")


# ---------------------------------------------------------------- pages and their forms


@dataclass
class Form:
    """A form as a browser would send it: address and what its fields hold now."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)

    def filled(self, changes: Mapping[str, str]) -> list[tuple[str, str]]:
        unknown = set(changes) - set(self.kinds)
        assert not unknown, f"the form has no {unknown}, only {sorted(self.kinds)}"
        kept = [(name, value) for name, value in self.values if name not in changes]
        return [*kept, *changes.items()]


class _FormReader(HTMLParser):
    """Collects the forms of a page with the values a browser would send, fields named by `form=` included."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._by_id: dict[str, Form] = {}
        self._outside: list[tuple[str, str, str, str | None]] = []
        self._open: Form | None = None
        self._select: tuple[str, str | None] | None = None
        self._options: list[tuple[str, bool]] = []
        self._text: tuple[str, str | None, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self._open = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.forms.append(self._open)
            self._by_id[given.get("id") or f"#{len(self.forms)}"] = self._open
        elif tag == "input" and name and "disabled" not in given:
            kind = (given.get("type") or "text").lower()
            is_sent = kind not in ("radio", "checkbox") or "checked" in given
            value = given.get("value") or ("on" if kind == "checkbox" else "")
            self._add(name, kind, value if is_sent and kind not in ("submit", "file") else None, given.get("form"))
        elif tag == "button" and name:
            self._add(name, "submit", None, given.get("form"))
        elif tag == "textarea" and name and "disabled" not in given:
            self._text = (name, given.get("form"), [])
        elif tag == "select" and name:
            self._select, self._options = (name, given.get("form")), []
        elif tag == "option" and self._select:
            self._options.append((given.get("value") or "", "selected" in given))

    def handle_data(self, data: str) -> None:
        if self._text:
            self._text[2].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea" and self._text:
            name, form, pieces = self._text
            # A browser leaves out the newline right after the tag.
            self._add(name, "textarea", "".join(pieces).removeprefix("\n"), form)
            self._text = None
        elif tag == "select" and self._select:
            chosen = [value for value, is_selected in self._options if is_selected]
            chosen = chosen or [value for value, _ in self._options[:1]]
            self._add(self._select[0], "select", chosen[0] if chosen else None, self._select[1])
            self._select = None

    def _add(self, name: str, kind: str, value: str | None, form: str | None) -> None:
        if form is not None and form not in self._by_id:
            self._outside.append((name, kind, value, form))
            return
        target = self._by_id[form] if form is not None else self._open
        if target is None:
            return
        target.kinds[name] = kind
        if value is not None:
            target.values.append((name, value))

    def close(self) -> None:
        super().close()
        for name, kind, value, form in self._outside:
            if form in self._by_id:
                self._by_id[form].kinds[name] = kind
                if value is not None:
                    self._by_id[form].values.append((name, value))


@dataclass
class Answer:
    address: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    @cached_property
    def text(self) -> str:
        is_packed = self.headers.get("Content-Encoding") == "gzip"
        return (gzip.decompress(self.body) if is_packed else self.body).decode()

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @cached_property
    def forms(self) -> list[Form]:
        reader = _FormReader()
        reader.feed(self.text)
        reader.close()
        return reader.forms

    def form(self, *names: str, action: str = "", kind: str = "") -> Form:
        """The only POST form with all the given fields (the first of them of this kind) and this address."""
        found = [
            form
            for form in self.forms
            if form.method == "post"
            and set(names) <= set(form.kinds)
            and (not kind or form.kinds[names[0]] == kind)
            and (not action or form.action == action)
        ]
        others = [(form.action, sorted(form.kinds)) for form in self.forms]
        assert len(found) == 1, f"{len(found)} forms with {names} {action} in {self.address} ({self.status}): {others}"
        return found[0]


@dataclass(frozen=True)
class File:
    name: str
    content: bytes
    content_type: str


class Visitor:
    """Somebody with a browser of their own: one connection, own cookies; signed in where a user is given."""

    def __init__(self, server: Server, user: object = None) -> None:
        self.server, self.user = server, user
        self.cookies: dict[str, str] = {}
        self._line: http.client.HTTPConnection | None = None
        server.visitors.append(self)
        if user is not None:
            browser = Client()
            browser.force_login(user)
            name = settings.SESSION_COOKIE_NAME
            self.cookies[name] = browser.cookies[name].value

    def connect(self) -> None:
        """A fresh connection, which any of the workers may take."""
        self.leave()
        self._line = http.client.HTTPConnection(self.server.host, self.server.port, timeout=ANSWER_SECONDS)
        self._line.connect()

    def leave(self) -> None:
        if self._line:
            self._line.close()
            self._line = None

    def get(self, address: str, **headers: str) -> Answer:
        return self._ask("GET", address, headers=headers)

    def follow(self, answer: Answer) -> Answer:
        """The page a redirect leads to."""
        assert answer.status in (302, 303), f"{answer.address} answered {answer.status}"
        return self.get(answer.location)

    def send(
        self, form: Form, *, files: Mapping[str, File] | None = None, script: bool = False, **changes: str
    ) -> Answer:
        """Send a form as a browser does, or as our own script does (script=True: asks for JSON)."""
        headers = {"Accept": "application/json"} if script else {}
        return self._send(form.action, form.filled(changes), files or {}, headers)

    def _send(
        self, address: str, values: list[tuple[str, str]], files: Mapping[str, File], headers: dict[str, str]
    ) -> Answer:
        if files:
            body, content_type = multipart(values, files)
        else:
            body, content_type = urlencode(values).encode(), "application/x-www-form-urlencoded"
        return self._ask("POST", address, body, {**headers, "Content-Type": content_type})

    def _ask(self, method: str, address: str, body: bytes | None = None, headers: Mapping[str, str] = {}) -> Answer:
        parts = urlsplit(address)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookies, "Accept": "text/html", **headers}
        if self._line is None:
            self.connect()
        began = time.perf_counter()
        try:
            answer = self._exchange(method, path, body, sent)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # The server closes a connection that was idle for two seconds. A POST is never sent twice.
            if method != "GET":
                raise
            self.connect()
            answer = self._exchange(method, path, body, sent)
        content = answer.read()
        for header in answer.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(address, answer.status, answer.headers, content, time.perf_counter() - began)

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        self._line.request(method, path, body, headers)
        return self._line.getresponse()


def multipart(values: list[tuple[str, str]], files: Mapping[str, File]) -> tuple[bytes, str]:
    """(body, content type) of a form with files."""
    mark = uuid.uuid4().hex
    pieces = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in values
    ]
    for name, item in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{item.name}"\r\n'
        pieces += [f"{head}Content-Type: {item.content_type}\r\n\r\n".encode(), item.content, b"\r\n"]
    return b"".join([*pieces, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"
