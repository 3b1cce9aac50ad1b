"""Memory that master and two workers really take (PSS), after they have done everything they do."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from reports import renderer

from ..inspections import factories as work
from ..reports.factories import approved
from ..serving import Visitor, serve
from .test_pages import Hands, page

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

REQUESTS = 100
AIM_MB = 190


def pss_mb(pid: int) -> float:
    """Proportional set size in MB: shared pages counted in parts, so that a sum over processes is right."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1]) / 1024


def lays_out_text(pid: int) -> bool:
    """Whether a process has loaded Pango, which WeasyPrint does when it is imported."""
    return "libpango" in Path(f"/proc/{pid}/maps").read_text()


def test_memory_after_a_hundred_requests(district, commune, officer):
    world = work.open_round(district, communes=[commune], criteria_set=work.wide_set())
    dossier = world.dossier_of(commune)
    evidence = work.prove(dossier, *[item.code for item in dossier.criteria_set.indicators.all()[:5]], by=officer)
    scene = approved(district, names=("Mường Khoa", "Hố Mít"))
    try:
        with serve("ntm_portal.wsgi") as server:
            clerk, inspector, coordinator = (
                Visitor(server, user) for user in (officer, world.inspector, scene.coordinator)
            )
            hands = Hands(clerk, dossier)
            issue = reverse("reports:notice-issue", args=[scene.notice.public_id])
            form = next(form for form in coordinator.get(issue).forms if "issued_on" in form.kinds)
            form.action = form.action or issue
            acts = [
                lambda: page(clerk, dossier.get_absolute_url()),
                lambda: page(clerk, reverse("inspections:evidence-page", args=[evidence.pk, 1])),
                lambda: page(inspector, reverse("inspections:round-detail", args=[world.round.code])),
                hands.save,
                hands.upload,
                lambda: page(inspector, "/"),
            ]
            coordinator.send(form)
            for place in range(REQUESTS - 1):
                for visitor in (clerk, inspector):
                    visitor.connect()  # so that both workers get their share
                assert acts[place % len(acts)]().status in (200, 302)
            parts = {pid: pss_mb(pid) for pid in server.pids}
            loaded = [pid for pid in server.pids if lays_out_text(pid)]
    finally:
        renderer.stop()
    scene.notice.refresh_from_db()
    assert scene.notice.is_public
    total = sum(parts.values())
    print(f"\nPSS after {REQUESTS} requests: {total:.0f} MB (aim ≤ {AIM_MB}) = ", end="")
    print(" + ".join(f"{part:.0f}" for part in parts.values()), "MB; processes with Pango loaded:", len(loaded))
    assert len(parts) == 3
    assert loaded == []
    assert total <= AIM_MB
