"""Looking at a notice and issuing it through the portal, beside WeasyPrint alone, warm, on the same HTML."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from reports import checks, outline, renderer, services
from reports.compose import LAYOUT, Composition
from reports.content import from_facts
from reports.models import IssuedDocument, Notice

from ..reports.factories import Scene, concluded_round
from ..serving import Answer, Visitor, serve
from .alone import Printer, printer

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

NOTICES, WARM_UP = 12, 2
AIM = 1.15
WARMING = '<!doctype html><html lang="vi"><title>Làm nóng</title><p>Làm nóng</p></html>'
TEXT = settings.BASE_DIR / "ntm_portal" / "demo" / "data" / "notice_2024.txt"


def text_for(code: str) -> str:
    """The text of the demonstration's notice with the figures of another set, and nothing of sets that are not here."""
    text = re.sub(r"; (?:thực hiện|\{số đơn vị xa-ntm-nc\})[^\n]*", ".", TEXT.read_text(encoding="utf-8"))
    text = text.replace(" ({tên xã qua báo cáo})", "").replace("Qua {báo cáo} và", "Qua")
    text = text.replace(" xa-ntm}", f" {code}}}").replace("Bình quân các xã", f"Bình quân {{số đơn vị {code}}} xã")
    # Documents that this round does not cite.
    return re.sub(r"\{số văn bản [^}]*\} ngày \{[^}]*\} của UBND (?:huyện|tỉnh)", "văn bản hiện hành", text)


def approved_notice(district) -> Scene:
    """That text over a round of two communes; what the checks only warn of is accepted."""
    world, officers = concluded_round(district, failed={"Nậm Cần": (1,)})
    notice = services.create_notice(world.round, by=world.coordinator)
    services.replace_text(notice, outline.parse(text_for("xa-thu")), by=world.coordinator)
    for found in checks.open_findings(checks.findings(Composition(notice))):
        services.accept_finding(notice, key=found.key, reason="Đo thời gian.", by=world.coordinator)
    services.approve_notice(notice, version=notice.version, by=world.head)
    return Scene(world, notice, officers)


def processor_seconds(pid: int) -> float:
    """Processor time of a process's main thread so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def renderer_pid() -> int:
    """The process that prints: the one whose command names our socket."""
    wanted = str(renderer.socket_path())
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if wanted in command:
            return int(folder.name)
    raise AssertionError("no renderer is running")


@dataclass
class Both:
    """One act of the portal, and WeasyPrint alone on the same HTML: processor seconds and seconds by the clock."""

    name: str
    ours: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    printing: list[float] = field(default_factory=list)
    ours_by_clock: list[float] = field(default_factory=list)
    alone_by_clock: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)

    def once(self, act: Callable[[], Answer], html: Callable[[], str], pid: int, other: Printer) -> None:
        """Do it, then print the same by WeasyPrint alone."""
        printing = processor_seconds(pid)
        answer = act()
        printing = processor_seconds(pid) - printing
        assert answer.status in (200, 302), answer.text[:3000]
        page = html()
        began = time.perf_counter()
        self.alone.append(other.seconds(page, LAYOUT))
        self.alone_by_clock.append(time.perf_counter() - began)
        self.printing.append(printing)
        self.ours.append(float(answer.headers["X-CPU-Seconds"]) + printing)
        self.ours_by_clock.append(answer.seconds)
        self.queries.add(int(answer.headers["X-SQL-Count"]))

    @property
    def ratio(self) -> float:
        """Of the least of several: whatever else the machine does can only add to what a piece of work takes."""
        return min(self.ours[WARM_UP:]) / min(self.alone[WARM_UP:])

    def lines(self) -> Iterator[str]:
        def row(name: str, queries: str, cpu: list[float], clock: list[float], ratio: str, aim: str) -> str:
            took = f"{min(clock[WARM_UP:]) * 1000:.0f}" if clock else ""
            return f"{name:<34}{queries:>6}{min(cpu[WARM_UP:]) * 1000:>10.0f}{took:>10}{ratio:>9}{aim:>10}"

        yield row("WeasyPrint alone, warm", "", self.alone, self.alone_by_clock, "1", "")
        told = f"{self.ratio:.2f} ×", f"≤ {AIM} ×"
        yield row(self.name, str(max(self.queries)), self.ours, self.ours_by_clock, *told)
        yield row("  of it in the renderer", "", self.printing, [], "", "")


def test_preview_and_issue_beside_weasyprint_alone(district):
    """The web worker's time and the renderer's together; both ways in turn, each notice printed by both."""
    scenes = [approved_notice(district) for _ in range(NOTICES)]
    preview, issue = Both("preview, renderer included"), Both("issuing, renderer included")
    try:
        with serve("tests.bench.measured:application()") as server, printer() as other:
            renderer.render(WARMING, LAYOUT)
            pid = renderer_pid()
            for scene in scenes:
                visitor = Visitor(server, scene.coordinator)
                draft = reverse("reports:notice-draft-pdf", args=[scene.notice.public_id])
                preview.once(lambda: visitor.get(draft), lambda: draft_html(scene.notice), pid, other)  # noqa: B023
                address = reverse("reports:notice-issue", args=[scene.notice.public_id])
                form = next(form for form in visitor.get(address).forms if "issued_on" in form.kinds)
                form.action = form.action or address
                issue.once(lambda: visitor.send(form), lambda: issued_html(scene.notice), pid, other)  # noqa: B023
            modules = Visitor(server, scenes[0].coordinator).get("/do/mo-dun/").text
    finally:
        renderer.stop()
    print(f"\n{'':<34}{'SQL':>6}{'CPU ms':>10}{'all ms':>10}{'CPU':>9}{'aim':>10}")
    print("\n".join([*preview.lines(), *issue.lines()]))
    size = IssuedDocument.objects.filter(rendition="final").first().size
    print(f"file of {size} bytes; WeasyPrint imported in the web worker: {'weasyprint' in modules}")
    assert "weasyprint" not in modules
    assert Notice.objects.filter(status=Notice.Status.ISSUED).count() == NOTICES
    assert max(preview.ratio, issue.ratio) <= AIM


def draft_html(notice: Notice) -> str:
    return render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": Composition(notice).content()})


def issued_html(notice: Notice) -> str:
    """The HTML that the issued file was made from."""
    content = from_facts(IssuedDocument.objects.get(notice=notice, rendition="final").facts["content"])
    return render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": content})
