"""Looking at the reference notice and issuing it, beside WeasyPrint alone, warm, on the same HTML.

The notice of the demonstration is replaced again and again, which is to issue it and some more. It is printed as it is
there, with the mark of made-up data, and without any mark.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from inspections.models import InspectionRound
from reports import checks, kinds, renderer, services
from reports.compose import LAYOUT, Composition
from reports.content import from_facts
from reports.models import IssuedDocument, Notice

from ..demo import TODAY, demo, demo_data  # noqa: F401
from ..processes import making_words, printing
from ..serving import Answer, Visitor, serve
from .alone import Printer, printer

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROUND = "TU-2024"
NOTICES, WARM_UP = 12, 2
AIM = 1.15
WARMING = '<!doctype html><html lang="vi"><title>Làm nóng</title><p>Làm nóng</p></html>'


def approved_again() -> Notice:
    """A notice that replaces the last one of the round, approved; what the checks only warn of is accepted."""
    old = Notice.objects.get(round__code=ROUND, kind_code=kinds.NOTICE, status=Notice.Status.ISSUED)
    writer, head = old.composed_by, old.approved_by
    notice = services.start_replacement(old, reason="Đo thời gian.", by=writer)
    for found in checks.open_findings(checks.findings(Composition(notice))):
        services.accept_finding(notice, key=found.key, reason="Đo thời gian.", by=writer)
    notice.refresh_from_db()
    services.approve_notice(notice, version=notice.version, by=head)
    return notice


def processor_seconds(pid: int) -> float:
    """Processor time of a process's main thread so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


@dataclass
class Both:
    """One act of the portal, and WeasyPrint alone on the same HTML: seconds by the clock and of the processor.

    Pages and the Word file are made in processes of their own, at once.
    """

    name: str
    aim: float | None = AIM
    ours: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    printing: list[float] = field(default_factory=list)
    ours_by_clock: list[float] = field(default_factory=list)
    alone_by_clock: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    words: list[float] = field(default_factory=list)

    def once(self, act: Callable[[], Answer], html: Callable[[], str], pids: tuple[int, int], other: Printer) -> None:
        """Do it, then print the same by WeasyPrint alone."""
        before = [processor_seconds(pid) for pid in pids]
        answer = act()
        printing, words = (processor_seconds(pid) - began for pid, began in zip(pids, before, strict=True))
        assert answer.status in (200, 302), answer.text[:3000]
        page = html()
        began = time.perf_counter()
        self.alone.append(other.seconds(page, LAYOUT))
        self.alone_by_clock.append(time.perf_counter() - began)
        self.printing.append(printing)
        self.words.append(words)
        self.ours.append(float(answer.headers["X-CPU-Seconds"]) + printing + words)
        self.ours_by_clock.append(answer.seconds)
        self.queries.add(int(answer.headers["X-SQL-Count"]))

    @property
    def ratio(self) -> float:
        """By the clock, of the least of several: whatever else the machine does can only add to what it takes."""
        return least(self.ours_by_clock) / least(self.alone_by_clock)

    @property
    def ratio_of_work(self) -> float:
        return least(self.ours) / least(self.alone)

    def lines(self) -> Iterator[str]:
        def row(name: str, queries: str, clock: float, ratio: str, aim: str, cpu: float, work: str) -> str:
            took = f"{clock * 1000:.0f}" if clock else ""
            return f"{name:<40}{queries:>5}{took:>8}{ratio:>9}{aim:>10}{cpu * 1000:>8.0f}{work:>9}"

        yield row("WeasyPrint alone, warm", "", least(self.alone_by_clock), "1", "", least(self.alone), "1")
        aim = f"≤ {self.aim} ×" if self.aim else ""
        ratio, work = f"{self.ratio:.2f} ×", f"{self.ratio_of_work:.2f} ×"
        yield row(self.name, str(max(self.queries)), least(self.ours_by_clock), ratio, aim, least(self.ours), work)
        yield row("  of it pages", "", 0, "", "", least(self.printing), "")
        yield row("  of it the Word file", "", 0, "", "", least(self.words), "")


def least(seconds: list[float]) -> float:
    return min(seconds[WARM_UP:])


def test_preview_and_issue_beside_weasyprint_alone(demo):  # noqa: F811
    """Both ways in turn, each notice printed by both."""
    preview, issue = Both("preview"), Both("issuing")
    unmarked = Both("issuing without a mark", aim=None)
    try:
        with serve("tests.bench.measured:application()", DEMO_TODAY=TODAY) as server, printer() as other:
            renderer.render(WARMING, LAYOUT)
            (pages,) = printing()
            pids = pages, making_words(pages)
            for place in range(2 * NOTICES):
                is_demo = place % 2 == 0
                InspectionRound.objects.filter(code=ROUND).update(is_demo=is_demo)
                notice = approved_again()
                visitor = Visitor(server, notice.composed_by)
                draft = reverse("reports:notice-draft-pdf", args=[notice.public_id])
                if is_demo:
                    preview.once(lambda: visitor.get(draft), lambda: draft_html(notice), pids, other)  # noqa: B023
                address = reverse("reports:notice-issue", args=[notice.public_id])
                form = next(form for form in visitor.get(address).forms if "issued_on" in form.kinds)
                form.action = form.action or address
                issuing = issue if is_demo else unmarked
                issuing.once(lambda: visitor.send(form), lambda: issued_html(notice), pids, other)  # noqa: B023
            modules = visitor.get("/do/mo-dun/").text
    finally:
        renderer.stop()
    print(f"\n{'':<40}{'SQL':>5}{'all ms':>8}{'':>9}{'aim':>10}{'CPU ms':>8}")
    print("\n".join(line for both in (preview, issue, unmarked) for line in both.lines()))
    size = IssuedDocument.objects.filter(rendition="final").last().size
    print(f"file of {size} bytes; WeasyPrint imported in the web worker: {'weasyprint' in modules}")
    assert "weasyprint" not in modules
    assert Notice.objects.filter(round__code=ROUND, status=Notice.Status.SUPERSEDED).count() == 2 * NOTICES
    assert max(preview.ratio, issue.ratio) <= AIM


def draft_html(notice: Notice) -> str:
    return render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": Composition(notice).content()})


def issued_html(notice: Notice) -> str:
    """The HTML that the issued file was made from."""
    content = from_facts(IssuedDocument.objects.get(notice=notice, rendition="final").facts["content"])
    return render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": content})
