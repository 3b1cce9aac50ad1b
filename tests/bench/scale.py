"""`make bench-scale`: all communes of the country, five years of rounds, some three million assessments.

Fills the PostgreSQL database of DATABASE_URL, then asks for the overviews by the clock, and for the pages of one
commune in turn with a portal of nine communes beside it. Exit status 1 where an aim is missed.

    make bench-scale                                                everything, in some minutes
    SCALE=300 make bench-scale                                      fewer communes, for trying out
    .ci/postgres .venv/bin/python -m tests.bench.scale --fill       only the rows, for looking at queries
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ..environment import prepare

prepare()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ntm_portal.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.urls import NoReverseMatch, reverse  # noqa: E402

from communes.models import Authority  # noqa: E402
from inspections.models import Dossier  # noqa: E402

from ..factories import PASSWORD  # noqa: E402
from ..serving import Server, Visitor, database_url, serve  # noqa: E402
from . import country  # noqa: E402

SMALL, SMALL_SIZE = "nine_communes", 9
METERED = "tests.bench.measured:application()"
WARM_UP, TURNS = 3, 40
AIM_BESIDE_SMALL = 1.3
AIMS_MS = {"district": 150, "province": 300, "country": 1500}
# Pages of a commune officer: those of one commune, whose cost may not depend on how many others there are.
COMMUNE_PAGES = (
    "home",
    "inspections:dossier-list",
    "inspections:dossier-detail",
    "inspections:criterion-edit",
    "inspections:dossier-history",
    "inspections:evidence-list",
    "communes:commune-detail",
    "reports:profile",
)


def main() -> int:
    size = int(os.environ.get("SCALE", country.COUNTRY))
    call_command("migrate", verbosity=0)
    country.fill(size)
    if "--fill" in sys.argv:
        return 0
    with beside_a_small_one() as small, serve(METERED) as big:
        missed = [*overviews(big), *commune_pages(big, small)]
    print("\n".join(["", *missed]) if missed else "\nEvery aim was reached.")
    return 1 if missed else 0


# ---------------------------------------------------------------- what is measured


@dataclass
class Timed:
    """A page by the clock: milliseconds of each answer, statements, and what it weighs."""

    visitor: Visitor
    address: str
    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    queries: int = 0
    size: int = 0

    def once(self, *, counts: bool = True) -> None:
        answer = self.visitor.get(self.address, **{"Accept-Encoding": "gzip"})
        assert answer.status == 200, f"{self.address}: {answer.status}\n{answer.text[:1000]}"
        if counts:
            self.times.append(answer.seconds * 1000)
            self.cpu.append(float(answer.headers["X-CPU-Seconds"]) * 1000)
            self.queries = int(answer.headers["X-SQL-Count"])
            self.size = len(answer.body)

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.95)]


def overviews(server: Server) -> list[str]:
    """The overview at each level, as its viewer sees it."""
    levels = {
        "district": ("dieu-phoi-1", "huyen-1"),
        "province": ("xem-tinh", "tinh-1"),
        "country": ("xem-trung-uong", "trung-uong"),
    }
    print(f"\n{'':<44}{'SQL':>7}{'CPU ms':>10}{'median':>10}{'p95 ms':>10}{'aim':>10}{'bytes':>10}")
    missed = []
    for level, (username, code) in levels.items():
        address = address_of("reports:overview-of", Authority.objects.get(code=code).pk)
        if address is None:
            missed.append(f"overview of a {level}: there is no page of this name")
            continue
        page = Timed(signed_in(server, username), address)
        for turn in range(WARM_UP + TURNS):
            page.once(counts=turn >= WARM_UP)
        aim = AIMS_MS[level]
        print(
            f"{f'overview, {level}':<44}{page.queries:>7}{statistics.median(page.cpu):>10.1f}{page.median:>10.1f}"
            f"{page.p95:>10.1f}{aim:>10}{page.size:>10}"
        )
        if page.p95 >= aim:
            missed.append(f"overview, {level}: p95 {page.p95:.0f} ms instead of {aim} ms")
    return missed


def commune_pages(big: Server, small: Server) -> list[str]:
    """Each page of a commune's officer here and there in turn, so that whatever else the machine does falls on both."""
    officers = {"default": signed_in(big, "xa-1"), SMALL: signed_in(small, "xa-1")}
    print(f"\n{'':<44}{'SQL':>7}{'9 ms':>10}{'here ms':>10}{'ratio':>10}{'aim':>10}")
    missed = []
    for name in COMMUNE_PAGES:
        pages = [Timed(officers[alias], address) for alias in (SMALL, "default") if (address := own_page(name, alias))]
        if not pages:
            missed.append(f"{name}: there is no page of this name")
            continue
        for turn in range(WARM_UP + TURNS):
            for page in pages:
                page.once(counts=turn >= WARM_UP)
        few, many = pages
        ratio = many.median / few.median
        queries = f"{few.queries}/{many.queries}"
        print(f"{name:<44}{queries:>7}{few.median:>10.1f}{many.median:>10.1f}{ratio:>8.2f} ×{AIM_BESIDE_SMALL:>8} ×")
        if ratio > AIM_BESIDE_SMALL:
            missed.append(f"{name}: {ratio:.2f} × instead of {AIM_BESIDE_SMALL} ×")
    team_pages(big)
    return missed


def team_pages(server: Server) -> None:
    """Pages of the team and of the coordinator, told without an aim: a district here has more communes."""
    round_ = last_dossier("default").round
    told = {
        "kiem-tra-1": (reverse("home"), round_.get_absolute_url(), reverse("inspections:queue")),
        "dieu-phoi-1": (reverse("inspections:round-list"), reverse("communes:commune-list")),
        "xem-trung-uong": (reverse("home"), reverse("inspections:round-list"), reverse("communes:commune-list")),
    }
    print(f"\n{'':<60}{'SQL':>7}{'CPU ms':>10}{'all ms':>10}{'bytes':>10}")
    for username, addresses in told.items():
        visitor = signed_in(server, username)
        for address in addresses:
            page = Timed(visitor, address)
            for turn in range(WARM_UP + 7):
                page.once(counts=turn >= WARM_UP)
            name = f"{username} {address}"
            print(f"{name:<60}{page.queries:>7}{statistics.median(page.cpu):>10.1f}{page.median:>10.1f}{page.size:>10}")


def own_page(name: str, alias: str) -> str | None:
    """Address of a page of commune 40001 in one of the two portals."""
    dossier = last_dossier(alias)
    given = {
        "inspections:dossier-detail": [dossier.pk],
        "inspections:criterion-edit": [dossier.pk, 2],
        "inspections:dossier-history": [dossier.pk],
        "communes:commune-detail": [dossier.inspection.commune_id],
        "reports:profile": [dossier.inspection.commune_id],
    }
    return address_of(name, *given.get(name, []))


def last_dossier(alias: str) -> Dossier:
    rows = Dossier.objects.using(alias).select_related("inspection", "round").defer("frozen")
    return rows.filter(inspection__commune__code="40001").latest("round__year")


def address_of(name: str, *args: object) -> str | None:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None


# ---------------------------------------------------------------- two portals


@contextmanager
def beside_a_small_one() -> Iterator[Server]:
    """A portal with nine communes in a second database of the same server."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SMALL}")
    address = f"{database_url().rpartition('/')[0]}/{SMALL}"
    environment = {**os.environ, "DATABASE_URL": address, "SCALE": str(SMALL_SIZE)}
    command = [sys.executable, "-m", "tests.bench.scale", "--fill"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    connections.databases[SMALL] = {**connections.databases["default"], "NAME": SMALL}
    with serve(METERED, DATABASE_URL=address) as server:
        yield server


def signed_in(server: Server, username: str) -> Visitor:
    """Somebody who came in by the form, as the two portals share no sessions."""
    visitor = Visitor(server)
    form = visitor.get(reverse("login")).form("username", "password")
    # A form without an address is sent to the page it stands on.
    answer = visitor.send(replace(form, action=reverse("login")), username=username, password=PASSWORD)
    assert answer.status == 302, answer.text[:1000]
    return visitor


if __name__ == "__main__":
    began = time.perf_counter()
    status = main()
    print(f"\n{time.perf_counter() - began:.0f} s in all")
    sys.exit(status)
