"""The portal's side of printing: hands HTML, or a content for Word, to the warm renderer of this host.

Web workers import neither WeasyPrint nor python-docx (it would cost each of them memory and put the reading of
hostile text beside the database's password). It is two processes, one for pages and one beside it for Word documents.
They are started at the first use, under a lock that all workers share, and anew when they have died, worn out or gone
idle; see `reports/pdf.py`.
"""

import fcntl
import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Self

from django.conf import settings

from . import wire
from .content import NoticeContent

# A socket's address holds 108 bytes on Linux, its final zero included.
LONGEST_SOCKET_PATH = 100
# Longest wait for an answer: the job's own limit and a queue of other jobs before it.
ANSWER_SECONDS = 150
START_SECONDS = 60
STOP_SECONDS = 5
ATTEMPTS = 4
# A job that has taken so long when its process ended was the cause of it, and would be again.
RETRY_SECONDS = 30
# What the renderer inherits: no key, no database address.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH", "XDG_CACHE_HOME")
TUNING = ("RENDER_JOB_SECONDS", "RENDER_IDLE_SECONDS", "RENDER_JOBS", "RENDER_MEMORY_MB")


class RenderError(Exception):
    """The document could not be printed; the message says why, in Vietnamese."""


class _HungUp(Exception):
    """The process ended before it answered: worn out, idle, or killed. The next one may be asked."""


def render(html: str, layout: str, *, data: str | None = None) -> bytes:
    """PDF of a whole HTML page by the style sheet `layout` ("notice_v1"). Raises RenderError.

    data: JSON that goes with the page as a file attached to it.
    """
    with begin(html, layout, data=data) as job:
        return job.result()


def to_docx(content: NoticeContent) -> bytes:
    """The same content as a Word document. Raises RenderError.

    Made there too: what reads hostile text has a limit of time and memory, and workers are spared the libraries.
    """
    with begin_docx(content) as job:
        return job.result()


def begin(html: str, layout: str, *, data: str | None = None) -> "Job":
    """The same as `render`, not waited for: the caller has other work meanwhile.

    A text of more than some 200 KB waits until the process takes it.
    """
    return Job(socket_path(), {"html": html, "layout": layout, "data": data})


def begin_docx(content: NoticeContent) -> "Job":
    """The same as `to_docx`, not waited for."""
    code = asdict(content.verification) if content.verification else None
    text = json.dumps({"content": content.as_facts(), "code": code}, ensure_ascii=False)
    return Job(wire.words_beside(socket_path()), {"docx": text})


class Job:
    """A file that is being made at one of the renderer's sockets. Leaving the `with` gives it up.

    Rendering has no effects, so a job whose process ended without an answer is simply asked again.
    """

    def __init__(self, path: Path, parts: dict[str, str | None]) -> None:
        self._path, self._parts = path, parts
        self._stream: socket.socket | None = None
        self._refusal: RenderError | None = None
        try:
            self._stream = self._sent()
        except RenderError as error:
            # Said to who asks for the result.
            self._refusal = error
        except _HungUp:
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def drop(self) -> None:
        """Give the file up, if it has not come yet."""
        if self._stream is not None:
            self._stream.close()

    def result(self) -> bytes:
        """The file. Raises RenderError."""
        if self._refusal:
            raise self._refusal
        for attempt in range(ATTEMPTS):
            # How long it lay there before it was asked for says nothing.
            began = time.monotonic()
            try:
                return _read_answer(self._answer())
            except _HungUp:
                if time.monotonic() - began > RETRY_SECONDS:
                    break
                time.sleep(0.05 * attempt)
        raise RenderError(
            "Tiến trình dàn trang bị ngắt khi in văn bản này. Rút ngắn văn bản rồi in lại; "
            "nếu vẫn bị ngắt, chạy check_portal để tìm nguyên nhân."
        )

    def _answer(self) -> bytes:
        stream, self._stream = self._stream or self._sent(), None
        with stream, _speaking():
            answer = wire.read_frame(stream, 1 << 30)
        if not answer:
            raise _HungUp
        return answer

    def _sent(self) -> socket.socket:
        request = _encoded(self._parts)
        # The process for pages does both where the other is gone.
        stream = _connect(self._path) or _connect(socket_path()) or _start()
        stream.settimeout(ANSWER_SECONDS)
        try:
            with _speaking():
                wire.write_frame(stream, request)
        except (RenderError, _HungUp):
            stream.close()
            raise
        return stream


def stop() -> None:
    """End the renderer processes of this installation and wait until they are gone; `render` starts another."""
    with _lock():
        _end(runtime_dir().glob("render-*.sock"))


def is_running() -> bool:
    """Whether a process answers at the socket; starts none."""
    stream = _connect(socket_path())
    if stream is not None:
        stream.close()
    return stream is not None


def check() -> str:
    """Folder of the fonts in use. Raises RenderError naming what is missing and the command that mends it."""
    done = _python("--check")
    if done.returncode:
        raise RenderError(done.stderr.strip() or "Không chạy được bộ dàn trang.")
    return done.stdout.strip()


# ---------------------------------------------------------------- speaking


def _encoded(parts: dict[str, str | None]) -> bytes:
    # Only the clearly hopeless is refused here, without a copy being made; the process counts to the byte.
    if max(len(part or "") for part in parts.values()) > wire.MAX_HTML_BYTES:
        raise RenderError(f"Văn bản quá dài: giới hạn {wire.MAX_HTML_BYTES // 1024**2} MB chữ.")
    try:
        return json.dumps(parts, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RenderError("Văn bản có ký tự hỏng (nửa ký tự), không in được; xóa rồi nhập lại chỗ đó.") from error


def _read_answer(answer: bytes) -> bytes:
    sign, body = answer[:1], answer[1:]
    if sign == wire.PDF:
        return body
    if sign == wire.ERROR:
        raise RenderError(body.decode())
    raise _HungUp


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise RenderError("Bộ dàn trang đang bận, chưa trả lời; thử lại sau ít phút.") from error
    except OSError as error:
        raise _HungUp from error


def _connect(path: Path) -> socket.socket | None:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(ANSWER_SECONDS)
    try:
        stream.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        stream.close()
        return None
    return stream


# ---------------------------------------------------------------- starting


def _start() -> socket.socket:
    """Connection to a renderer: the one another worker has just started, or a new one."""
    path = socket_path()
    with _lock():
        stream = _connect(path)
        if stream is not None:
            return stream
        # Those of an older version of the code would only wait for nothing; our own Word process ends by itself.
        ours = path, wire.words_beside(path)
        _end(other for other in runtime_dir().glob("render-*.sock") if other not in ours)
        done = _python("--serve", str(path))
        if done.returncode:
            raise RenderError(done.stderr.strip() or "Không khởi động được bộ dàn trang.")
        stream = _connect(path)
    if stream is None:
        raise _HungUp
    return stream


def _end(paths: Iterable[Path]) -> None:
    """Ask each process to stop once it has done its present job, and wait until its socket is gone."""
    for path in paths:
        stream = _connect(path)
        if stream is None:
            path.unlink(missing_ok=True)
            continue
        with stream, suppress(OSError):
            wire.write_frame(stream, json.dumps({"stop": True}).encode())
            wire.read_frame(stream, 1)
        deadline = time.monotonic() + STOP_SECONDS
        while path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in (*PASSED_ON, *TUNING) if name in os.environ}
    environment |= {"LANG": "C.UTF-8", "FONT_DIR": str(settings.FONT_DIR), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            [sys.executable, "-m", "reports.pdf", *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=START_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RenderError(f"Bộ dàn trang không khởi động trong {START_SECONDS} giây.") from error


@contextmanager
def _lock() -> Iterator[None]:
    """Held by the one worker of this host that starts or stops the renderer."""
    handle = os.open(runtime_dir() / "renderer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def socket_path() -> Path:
    return runtime_dir() / f"render-{_code_version()}.sock"


def runtime_dir() -> Path:
    """Folder of socket and lock: DATA_DIR/run, or a short one of our own where that path is too long."""
    folder = Path(settings.DATA_DIR) / "run"
    if len(os.fsencode(folder / "render-0123456789ab-word.sock")) > LONGEST_SOCKET_PATH:
        place = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"ntm-{os.getuid()}-{place}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        # In a shared folder somebody else may have made it first, to listen to what is printed.
        raise RenderError(f"Thư mục {folder} không thuộc tài khoản đang chạy cổng; xóa thư mục đó rồi thử lại.")
    folder.chmod(0o700)
    return folder


@cache
def _code_version() -> str:
    """Changes with code, layouts and font folder: a process of an older version is never asked."""
    code = Path(__file__).parent
    layouts = settings.BASE_DIR / "templates" / "reports" / "pdf"
    names = ("pdf.py", "fonts.py", "marks.py", "tags.py", "wire.py", "docx.py", "content.py", "widths.py")
    files = [*(code / name for name in names), *sorted(layouts.glob("*.css"))]
    place = f"{settings.BASE_DIR}\0{settings.FONT_DIR}\0{sys.executable}".encode()
    return hashlib.sha256(b"\0".join([place, *map(Path.read_bytes, files)])).hexdigest()[:12]
