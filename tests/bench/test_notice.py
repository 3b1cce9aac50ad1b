"""Issuing a notice through the portal beside WeasyPrint alone, warm, on the same HTML."""

import re
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from reports import outline, renderer, services
from reports.compose import LAYOUT
from reports.content import from_facts
from reports.models import IssuedDocument, Notice

from ..reports.factories import Scene, concluded_round
from ..serving import Visitor, serve
from .alone import printer

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

NOTICES, WARM_UP = 12, 2
AIM = 1.3
WARMING = '<!doctype html><html lang="vi"><title>Làm nóng</title><p>Làm nóng</p></html>'
TEXT = settings.BASE_DIR / "ntm_portal" / "demo" / "data" / "notice_2024.txt"


def approved_notice(district) -> Scene:
    """The text of the demonstration's notice, its figures written out, over a round of two communes."""
    world, officers = concluded_round(district)
    notice = services.create_notice(world.round, by=world.coordinator)
    text = re.sub(r"\{[^}]*\}", "12", TEXT.read_text(encoding="utf-8"))
    services.replace_text(notice, outline.parse(text), by=world.coordinator)
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


def test_issuing_beside_weasyprint_alone(district):
    """The web worker's time and the renderer's together; both ways in turn, each notice printed by both."""
    scenes = [approved_notice(district) for _ in range(NOTICES)]
    issuing, printed, alone, by_clock, alone_by_clock, queries = [], [], [], [], [], set()
    try:
        with serve("tests.bench.measured:application()") as server, printer() as other:
            renderer.render(WARMING, LAYOUT)
            pid = renderer_pid()
            for place, scene in enumerate(scenes):
                visitor = Visitor(server, scene.coordinator)
                address = reverse("reports:notice-issue", args=[scene.notice.public_id])
                form = next(form for form in visitor.get(address).forms if "issued_on" in form.kinds)
                form.action = form.action or address
                printing = processor_seconds(pid)
                answer = visitor.send(form)
                printing = processor_seconds(pid) - printing
                assert answer.status == 302, answer.text[:3000]
                html = issued_html(scene.notice)
                began = time.perf_counter()
                spent = other.seconds(html, LAYOUT)
                if place < WARM_UP:
                    continue
                alone.append(spent)
                alone_by_clock.append(time.perf_counter() - began)
                issuing.append(float(answer.headers["X-CPU-Seconds"]) + printing)
                printed.append(printing)
                by_clock.append(answer.seconds)
                queries.add(int(answer.headers["X-SQL-Count"]))
            modules = Visitor(server, scene.coordinator).get("/do/mo-dun/").text
    finally:
        renderer.stop()
    # The least of several: whatever else the machine does can only add to what a piece of work takes.
    ratio = min(issuing) / min(alone)
    size = IssuedDocument.objects.filter(rendition="final")[0].size
    print(f"\n{'':<34}{'SQL':>6}{'CPU ms':>10}{'all ms':>10}{'CPU':>9}{'aim':>10}")
    print(f"{'WeasyPrint alone, warm':<34}{'':>6}{ms(min(alone)):>10}{ms(min(alone_by_clock)):>10}{'1':>9}")
    told = f"{max(queries):>6}{ms(min(issuing)):>10}{ms(min(by_clock)):>10}{ratio:>7.2f} ×{f'≤ {AIM} ×':>10}"
    print(f"{'issuing, renderer included':<34}{told}")
    print(f"{'  of it in the renderer':<34}{'':>6}{ms(min(printed)):>10}")
    print(f"file of {size} bytes; WeasyPrint imported in the web worker: {'weasyprint' in modules}")
    assert "weasyprint" not in modules
    assert Notice.objects.filter(status=Notice.Status.ISSUED).count() == NOTICES
    assert ratio <= AIM


def issued_html(notice: Notice) -> str:
    """The HTML that the issued file was made from."""
    content = from_facts(IssuedDocument.objects.get(notice=notice, rendition="final").facts["content"])
    return render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": content})


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"
