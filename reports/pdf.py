"""HTML → PDF and content → DOCX in a process of its own; the only file that imports WeasyPrint.

    python -m reports.pdf --serve SOCKET     serve render jobs on a Unix socket until idle, worn out or stopped,
                                             and Word documents on another one beside it (wire.words_beside)
    python -m reports.pdf --check            say whether fonts and libraries are right (exit status 0 or 1)

Needs neither Django nor a database, and gets neither: it reads one text and answers with the bytes of one file.
`reports/renderer.py` starts it and speaks to it (`reports/wire.py`). It can fetch nothing but the project's fonts.
"""

import argparse
import faulthandler
import gc
import io
import json
import logging
import os
import re
import resource
import signal
import socket
import stat
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from . import docx, fonts, marks, tags, wire

try:
    import pydyf
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
except OSError as error:
    # WeasyPrint is there but the system's libraries for laying out text are not.
    install = "sudo apt-get install --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    raise SystemExit(f"Thiếu thư viện dàn chữ Pango ({error}). Cài bằng lệnh: {install}") from error

LAYOUTS = Path(__file__).resolve().parent.parent / "templates" / "reports" / "pdf"
# A family name of our own: an alias could silently give another font.
FAMILY = "NTM Times"
SCHEME = "ntm"

MAX_MEMORY_BYTES = int(os.environ.get("RENDER_MEMORY_MB", "2048")) * 1024**2
JOB_SECONDS = int(os.environ.get("RENDER_JOB_SECONDS", "60"))
IDLE_SECONDS = int(os.environ.get("RENDER_IDLE_SECONDS", "300"))
# WeasyPrint's caches grow with every new text; a fresh process costs less than a second.
JOBS_PER_PROCESS = int(os.environ.get("RENDER_JOBS", "200"))
LOOK_AROUND_SECONDS = 5
WIRE_SECONDS = 30
# A caller may be waiting for the pages before it takes the Word document of the same notice.
TAKING_SECONDS = 150

log = logging.getLogger("reports.pdf")

# What is raised where memory or stack is out; the last is what Python makes of a C library that says nothing.
NO_MEMORY = (MemoryError, RecursionError, SystemError)


class Unprintable(Exception):
    """The job cannot be printed; the message says why, in Vietnamese."""


class OutOfTime(BaseException):
    """The job took longer than JOB_SECONDS; no `except Exception` on the way may swallow it."""


# ---------------------------------------------------------------- rendering


class ProjectFiles(URLFetcher):
    """Gives the project's fonts; stops the job at any other address."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=(SCHEME,), allow_redirects=False, fail_on_errors=True)
        self._files = {f"{SCHEME}:{face}.ttf": path for face, path in fonts.find().items()}

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        if url not in self._files:
            raise FatalURLFetchingError(url)
        return URLFetcherResponse(url, self._files[url].read_bytes(), {"Content-Type": "font/ttf"})


def font_faces() -> str:
    return "\n".join(
        f"@font-face {{ font-family: '{FAMILY}'; src: url({SCHEME}:{face}.ttf); {look} }}"
        for face, look in fonts.FACES.items()
    )


DATA_NAME = "du-lieu.json"
DATA_DESCRIPTION = "Dữ liệu của văn bản, dạng JSON chuẩn hóa"
CREATED = re.compile(r'<meta name="dcterms.created" content="(\d{4}-\d{2}-\d{2})">')
# Where a page does not say its day: the same bytes must come out tomorrow.
NO_DAY = "1970-01-01"

# Says in the file's own data that it keeps PDF/UA-1; PDF/A wants the property described as well.
UA_IDENTIFIER = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description></rdf:RDF>"""


class Complaints(logging.Handler):
    """Collects what WeasyPrint only logs: a notice with a rule ignored or a font missing is a wrong notice.

    messages: its warnings; no_memory: whether it swallowed a want of memory, which it tells as a detail only.
    """

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.clear()

    def clear(self) -> None:
        self.messages: list[str] = []
        self.no_memory = False

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.messages.append(record.getMessage())
        swallowed = record.exc_info[1] if record.exc_info else None
        self.no_memory |= isinstance(swallowed, NO_MEMORY)


class Engine:
    """WeasyPrint made ready once: fonts and layouts are read at the first use and kept.

    Not for threads: a FontConfiguration shared by two of them crashes. Raises Unprintable where fonts are
    missing, with the command that mends it.
    """

    def __init__(self) -> None:
        try:
            self._fetcher = ProjectFiles()
            self._marks = {f"{SCHEME}:{name}": mark for name, mark in marks.all_marks().items()}
        except fonts.FontsMissing as error:
            raise Unprintable(str(error)) from error
        self._fonts = FontConfiguration()
        self._complaints = Complaints()
        logger = logging.getLogger("weasyprint")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(self._complaints)
        self._sheets: dict[str, Any] = {}
        self._sheet("", font_faces())

    def render(self, html: str, layout: str, data: str | None = None) -> bytes:
        """PDF/A-2a and PDF/UA-1 of a whole HTML page; the same HTML and data give the same bytes.

        layout: name of a style sheet beside the templates ("notice_v1"). data: JSON that is attached to the page,
        which is then PDF/A-3a. Raises Unprintable.
        """
        if max(len(html.encode()), len((data or "").encode())) > wire.MAX_HTML_BYTES:
            raise wire.TooLong
        self._complaints.clear()
        try:
            fonts.check_characters(html)
            pdf = self._write(html, [self._sheets[""], self._layout(layout)], data)
        except fonts.CannotDraw as error:
            raise Unprintable(str(error)) from error
        except FatalURLFetchingError as refusal:
            raise Unprintable(f"Văn bản gọi một địa chỉ bên ngoài, không in: {str(refusal)[:200]}") from None
        if self._complaints.no_memory:
            raise MemoryError
        if self._complaints.messages:
            raise Unprintable("Bộ dàn trang báo lỗi: " + "; ".join(self._complaints.messages)[:500])
        return pdf

    def _write(self, html: str, sheets: list[Any], data: str | None) -> bytes:
        page = weasyprint.HTML(string=html, url_fetcher=self._fetcher, base_url=f"{SCHEME}:document")
        pdf: bytes = page.write_pdf(
            stylesheets=sheets,
            font_config=self._fonts,
            finisher=_finish,
            pdf_variant="pdf/a-2a" if data is None else "pdf/a-3a",
            attachments=None if data is None else [_attachment(html, data)],
            xmp_metadata=[io.BytesIO(UA_IDENTIFIER)],
            cache=dict(self._marks),
            presentational_hints=False,
        )
        return pdf

    def _layout(self, name: str) -> Any:
        if name not in self._sheets:
            path = LAYOUTS / f"{name}.css"
            if not name.isidentifier() or not path.is_file():
                raise Unprintable(f"Không có mẫu trình bày “{name}”.")
            self._sheet(name, path.read_text(encoding="utf-8"))
        return self._sheets[name]

    def _sheet(self, name: str, text: str) -> None:
        self._sheets[name] = weasyprint.CSS(
            string=text, font_config=self._fonts, url_fetcher=self._fetcher, base_url=f"{SCHEME}:layout"
        )


def _finish(document: Any, pdf: Any) -> None:
    """The last touches before the file is written."""
    tags.mend(document, pdf)
    pdf.objects[1:] = [(Packed if isinstance(item, pydyf.Stream) else Written)(item) for item in pdf.objects[1:]]


class Written(pydyf.Object):
    """An object whose bytes are made once; they are asked for again for the file's identifier."""

    def __init__(self, original: Any) -> None:
        super().__init__()
        self.number, self._data = original.number, original.data

    @property
    def data(self) -> bytes:
        return bytes(self._data)


class Packed(Written, pydyf.Stream):
    """The same of a stream: to pack it takes longest."""


def _attachment(html: str, data: str) -> Any:
    """The data as a file of the document's own day."""
    day = CREATED.search(html)
    made = datetime.fromisoformat(day[1] if day else NO_DAY).replace(tzinfo=UTC)
    return weasyprint.Attachment(
        file_obj=io.BytesIO(data.encode()),
        name=DATA_NAME,
        description=DATA_DESCRIPTION,
        created=made,
        modified=made,
        relationship="Data",
    )


# ---------------------------------------------------------------- serving


class Server:
    """Answers one job after the other until idle, worn out, told to stop, or its socket is gone.

    owner: the process that this one helps; it then ends with that one, and not for being idle. helper: the process
    that helps this one, which ends after its present job where that one is gone: both are started together.
    """

    def __init__(self, path: Path, engine: Engine, owner: int = 0) -> None:
        self.path, self.engine, self.jobs, self.is_open = path, engine, 0, True
        self.owner, self.helper = owner, 0
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            self.listener.bind(str(path))
        finally:
            os.umask(mask)
        self.inode = path.stat().st_ino
        self.listener.listen(128)
        self.listener.settimeout(LOOK_AROUND_SECONDS)

    def run(self) -> None:
        idle = 0
        while self.is_open and self.jobs < JOBS_PER_PROCESS and self._is_wanted(idle) and self._is_ours():
            try:
                stream, _ = self.listener.accept()
            except TimeoutError:
                idle += LOOK_AROUND_SECONDS
                continue
            idle = 0
            stream.settimeout(WIRE_SECONDS)
            with stream, suppress(OSError):
                answer = self._answer(stream)
                stream.settimeout(TAKING_SECONDS)
                wire.write_frame(stream, answer)
        # Callers who still wait in the queue are hung up on and ask the next process.
        if self._is_ours():
            self.path.unlink(missing_ok=True)
        self.listener.close()

    def _is_wanted(self, idle: int) -> bool:
        if self.owner:
            return os.getppid() == self.owner
        return idle < IDLE_SECONDS and (not self.helper or os.waitpid(self.helper, os.WNOHANG) == (0, 0))

    def _is_ours(self) -> bool:
        """Whether the socket's file is still the one made here: its folder may be gone, another may stand there."""
        try:
            found = os.stat(self.path)
        except OSError:
            return False
        return stat.S_ISSOCK(found.st_mode) and found.st_ino == self.inode

    def _answer(self, stream: socket.socket) -> bytes:
        try:
            payload = wire.read_frame(stream, wire.MAX_REQUEST_BYTES)
            job: dict[str, Any] = json.loads(payload) if payload else {"stop": False}
            if "stop" in job:
                self.is_open = not job["stop"]
                return wire.BYE
            self.jobs += 1
            return wire.PDF + self._timed(job)
        except Unprintable as error:
            return wire.ERROR + str(error).encode()
        except wire.TooLong:
            return wire.ERROR + f"Văn bản quá dài: giới hạn {wire.MAX_HTML_BYTES // 1024**2} MB chữ.".encode()
        except OutOfTime:
            return self._last_words(f"Dàn trang quá {JOB_SECONDS} giây nên đã dừng; rút ngắn văn bản rồi in lại.")
        except NO_MEMORY:
            return self._last_words("Văn bản quá lớn hoặc quá nhiều tầng, không đủ bộ nhớ để dàn trang.")
        except Exception as error:
            # The main loop of a process that must answer: the traceback goes to the log, a sentence to the caller.
            log.exception("job failed")
            return self._last_words(f"Dàn trang không thành công ({type(error).__name__}: {error})."[:500])

    def _last_words(self, message: str) -> bytes:
        """An answer after which this process ends: what the failed job left behind is not trusted."""
        self.is_open = False
        return wire.ERROR + message.encode()

    def _timed(self, job: dict[str, Any]) -> bytes:
        # The alarm ends a slow job with an answer, and rings on: WeasyPrint swallows whatever is raised while it
        # draws a picture. The other clock ends a process stuck inside a library.
        faulthandler.dump_traceback_later(JOB_SECONDS + 15, exit=True)
        signal.setitimer(signal.ITIMER_REAL, JOB_SECONDS, 1)
        try:
            return docx.from_json(job["docx"]) if "docx" in job else self.engine.render(**job)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()


def _out_of_time(number: int, frame: FrameType | None) -> None:
    raise OutOfTime


def serve(path: Path) -> int:
    """Start a server in the background: 0 once it answers on `path`, 1 with the reason on stderr.

    The server belongs to no terminal and to no worker, so that whoever needed it first may go.
    """
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as pipe:
            message = pipe.read()
        if message != "ready":
            sys.stderr.write(message or "Tiến trình dàn trang không khởi động được.")
        return 0 if message == "ready" else 1
    os.close(reader)
    _detach(path.with_suffix(".log"))
    with os.fdopen(writer, "w", encoding="utf-8") as pipe:
        try:
            engine = Engine()
            server, words = Server(path, engine), Server(wire.words_beside(path), engine, owner=os.getpid())
        except Unprintable as error:
            pipe.write(str(error))
            return 1
        pipe.write("ready")
    # What was read at the start stays, and is not looked through again for what may go; a job makes few circles.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    # Word documents have a process beside, so that the pages of the same notice are laid out meanwhile.
    server.helper = os.fork()
    if server.helper:
        words.listener.close()
        server.run()
    else:
        server.listener.close()
        words.run()
    return 0


def _detach(log_path: Path) -> None:
    os.setsid()
    output = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, output), (2, output)):
        os.dup2(source, target)
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reports.pdf", description="Render the portal's documents as PDF.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--serve", metavar="SOCKET", type=Path)
    what.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    if arguments.serve:
        return serve(arguments.serve)
    try:
        # A page is really made: some libraries are missed only when a font is put into a file.
        Engine().render("<html lang='vi'><title>Thử</title><p>Nậm Cần, Hố Mít</p></html>", "notice_v1")
    except Unprintable as error:
        sys.stderr.write(str(error))
        return 1
    sys.stdout.write(str(next(iter(fonts.find().values())).parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
