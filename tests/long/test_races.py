"""Two people at the same instant, forty times over: exactly one goes through, the other is told and loses nothing.

Through gunicorn with two workers, on the database of the stage. Each race is run again with the guards taken
out (racing.py) and must then let both through: a race that cannot be lost proves nothing.
"""

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape

import pytest
from django.db.models import Count
from django.urls import reverse

from communes import journal
from communes.models import Event
from communes.permissions import Role
from inspections.models import Assessment, CriterionConclusion, Dossier, DraftChange
from inspections.services.entry import close_typing

from ..factories import CommuneFactory, person
from ..inspections import factories as work
from ..serving import Answer, Visitor, serve

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

ROUNDS = 40
WHEN = r"\d{2}:\d{2} ngày \d{2}/\d{2}/\d{4}"


@dataclass
class Outcome:
    """What forty races came to. doubles: both went through; told: the loser's answer was as it must be."""

    winners: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    across_workers: int = 0

    @property
    def doubles(self) -> int:
        return sum(count > 1 for count in self.winners)

    def line(self, name: str) -> str:
        return (
            f"{name}: {len(self.winners)} races, {self.doubles} doubles, {self.winners.count(0)} without a winner, "
            f"{self.across_workers} between two workers"
        )


Act = Callable[[], Answer]


def at_once(first: Act, second: Act) -> tuple[Answer, Answer]:
    """Both answers to two acts that begin at the same instant."""
    barrier = threading.Barrier(2)

    def run(act: Act) -> Answer:
        barrier.wait(timeout=30)
        return act()

    with ThreadPoolExecutor(max_workers=2) as pool:
        running = [pool.submit(run, act) for act in (first, second)]
        return running[0].result(), running[1].result()


@dataclass(frozen=True)
class Entrant:
    """One of two: who, what is sent, and the words that must not be lost."""

    visitor: Visitor
    act: Act
    typed: str


def race(outcome: Outcome, entrants: tuple[Entrant, Entrant], went_through: Callable[[Answer], bool]) -> None:
    """Run one race and look at the loser's answer."""
    meet(*(entrant.visitor for entrant in entrants), apart=len(outcome.winners) % 2 == 0)
    answers = at_once(entrants[0].act, entrants[1].act)
    through = [went_through(answer) for answer in answers]
    outcome.winners.append(sum(through))
    outcome.across_workers += answers[0].headers["X-Worker"] != answers[1].headers["X-Worker"]
    if sum(through) == 1:
        winner, loser = through.index(True), through.index(False)
        outcome.wrong += complaints(answers[loser], entrants[winner].visitor.user.full_name, entrants[loser].typed)
    else:
        outcome.wrong += [] if all(through) else [f"{answer.status} {answer.text[:300]}" for answer in answers]


def meet(first: Visitor, second: Visitor, *, apart: bool) -> None:
    """New connections for both; apart: to two workers, else to whichever takes them.

    Both come at once: one after the other would find the same worker awake again and again.
    """

    def worker_of(visitor: Visitor) -> Act:
        def ask() -> Answer:
            visitor.connect()
            return visitor.get("/suc-khoe/")

        return ask

    for _ in range(200):
        answers = at_once(worker_of(first), worker_of(second))
        if not apart or answers[0].headers["X-Worker"] != answers[1].headers["X-Worker"]:
            return
    raise AssertionError("all connections went to one worker")


def complaints(answer: Answer, winner: str, typed: str) -> list[str]:
    """What is amiss in the answer to whoever came second: no name, no time, what was typed lost."""
    text = unescape(answer.text)
    if "json" in answer.headers["Content-Type"]:
        text = unescape("\n".join(str(value) for value in json.loads(answer.text).values()))
    found = [] if answer.status == 409 else [f"answered {answer.status}"]
    if winner not in text:
        found.append(f"does not name {winner}")
    if not re.search(WHEN, text):
        found.append("does not say when")
    if typed not in text:
        found.append(f"lost {typed!r}")
    return found


def redirected(answer: Answer) -> bool:
    return answer.status == 302


# The proof that a race can be lost is the same on either database, and takes as long as the race.
@pytest.fixture(params=["guarded", pytest.param("unguarded", marks=pytest.mark.only_on("postgresql"))])
def variant(request):
    return request.param


@pytest.fixture
def server(transactional_db, variant):
    with serve(f"tests.long.racing:{variant}()") as running:
        yield running


def judge(variant: str, name: str, outcome: Outcome) -> None:
    """With the guards none of forty may be double; without them the same race must be lost."""
    print(f"\n{outcome.line(f'{name}, {variant}')}")
    assert len(outcome.winners) == ROUNDS
    assert outcome.across_workers >= ROUNDS // 2
    if variant == "guarded":
        assert outcome.doubles == 0
        assert outcome.winners == [1] * ROUNDS
        assert outcome.wrong == []
    else:
        assert outcome.doubles > 0, "without its guards the portal must lose this race"
    assert journal.verify() == []


# ---------------------------------------------------------------- two inspectors, one criterion


@pytest.fixture
def handed_in(district, commune, officer):
    """A round with two inspectors and a dossier handed in, with a criterion for each race."""
    set_ = work.wide_set(criteria=ROUNDS, indicators=ROUNDS)
    world = work.open_round(district, communes=[commune], criteria_set=set_)
    return world, work.hand_in(world.dossier_of(commune), by=officer)


def test_opposite_conclusions_on_one_criterion_leave_one(handed_in, server, variant):
    world, dossier = handed_in
    world.deputy.full_name, world.inspector.full_name = "Lò Thị Phó", "Tẩn A Thành"
    for member in (world.deputy, world.inspector):
        member.save()
    visitors = Visitor(server, world.inspector), Visitor(server, world.deputy)
    outcome = Outcome()
    for number in range(1, ROUNDS + 1):
        entrants = tuple(
            concluding(visitor, dossier, number, verdict, f"Lý do thử số {number}: {verdict}")
            for visitor, verdict in zip(visitors, ("dat", "chua_dat"), strict=True)
        )
        race(outcome, entrants, redirected)
    decided = Event.objects.filter(action="criterion.concluded").values("subject_id").annotate(times=Count("pk"))
    twice = [row for row in decided if row["times"] > 1]
    versions = list(CriterionConclusion.objects.filter(dossier=dossier).values_list("version", flat=True))
    assert len(decided) == ROUNDS
    assert len(twice) == outcome.doubles
    judge(variant, "opposite conclusions", outcome)
    if variant == "guarded":
        assert len(set(versions)) == 1


def concluding(visitor: Visitor, dossier: Dossier, number: int, verdict: str, reason: str) -> Entrant:
    """Somebody on the desk of a criterion about to conclude it."""
    page = visitor.get(reverse("inspections:review-criterion", args=[dossier.pk, number]))
    address = reverse("inspections:criterion-conclude", args=[dossier.pk, number])
    form = page.form("reason", action=address, kind="textarea")
    return Entrant(visitor, lambda: visitor.send(form, judgement=verdict, reason=reason), reason)


# ---------------------------------------------------------------- one dossier handed in twice


@pytest.fixture
def drafts(district):
    """Forty communes with two officers each and a dossier that is ready."""
    communes = [CommuneFactory(authority=district) for _ in range(ROUNDS)]
    set_ = work.wide_set(criteria=1, indicators=1)
    world = work.open_round(district, communes=communes, criteria_set=set_)
    ready = []
    for commune in communes:
        officers = person(Role.COMMUNE_OFFICER, commune=commune), person(Role.COMMUNE_OFFICER, commune=commune)
        for officer, name in zip(officers, ("Hoàng Văn Một", "Giàng Thị Hai"), strict=True):
            officer.full_name = f"{name} {commune.pk}"
            officer.save()
        dossier = work.fill(world.dossier_of(commune), by=officers[0])
        ready.append((dossier, officers))
    return ready


def test_a_dossier_handed_in_twice_is_handed_in_once(drafts, server, variant):
    outcome = Outcome()
    for dossier, officers in drafts:
        race(outcome, tuple(submitting(Visitor(server, officer), dossier) for officer in officers), redirected)
    rows = Event.objects.filter(action="dossier.submitted").values("subject_id").annotate(times=Count("pk"))
    assert len(rows) == ROUNDS
    assert sum(row["times"] > 1 for row in rows) == outcome.doubles
    assert Dossier.objects.filter(status=Dossier.Status.SUBMITTED).count() == ROUNDS
    judge(variant, "double submit", outcome)


def submitting(visitor: Visitor, dossier: Dossier) -> Entrant:
    """Somebody on the check page, about to press the button."""
    address = reverse("inspections:dossier-submit", args=[dossier.pk])
    page = visitor.get(address)
    form = next(form for form in page.forms if form.method == "post" and (form.action or address) == address)
    form.action = address
    return Entrant(visitor, lambda: visitor.send(form), "")


# ---------------------------------------------------------------- one indicator saved twice


@pytest.fixture
def draft(district, commune):
    """A dossier with an indicator for each race, and the two officers who fill it."""
    set_ = work.wide_set(criteria=4, indicators=ROUNDS)
    world = work.open_round(district, communes=[commune], criteria_set=set_)
    officers = person(Role.COMMUNE_OFFICER, commune=commune), person(Role.COMMUNE_OFFICER, commune=commune)
    for officer, name in zip(officers, ("Hoàng Văn Một", "Giàng Thị Hai"), strict=True):
        officer.full_name = name
        officer.save()
    return world.dossier_of(commune), officers


def test_an_indicator_saved_twice_on_one_version_keeps_the_first(draft, server, variant):
    dossier, officers = draft
    visitors = [Visitor(server, officer) for officer in officers]
    outcome = Outcome()
    rows = list(dossier.assessments.select_related("criterion").order_by("pk"))
    for place, row in enumerate(rows):
        # The script saves by itself; without it the button does.
        is_script = place % 2 == 0
        race(
            outcome,
            tuple(
                saving(visitor, row, f"Thuyết minh {place} {visitor.user.full_name}", is_script) for visitor in visitors
            ),
            (lambda answer: answer.status == 200) if is_script else redirected,
        )
    typists = DraftChange.objects.values("assessment").annotate(people=Count("by", distinct=True))
    assert sum(item["people"] > 1 for item in typists) == outcome.doubles
    close_all_typing(dossier)
    events = Event.objects.filter(action="assessment.entered").values("subject_id").annotate(times=Count("pk"))
    assert len(events) == ROUNDS
    assert sum(item["times"] > 1 for item in events) == outcome.doubles
    judge(variant, "two saves", outcome)
    if variant == "guarded":
        versions = Assessment.objects.filter(dossier=dossier).values_list("entry_version", flat=True)
        assert len(set(versions)) == 1


def saving(visitor: Visitor, row: Assessment, remark: str, is_script: bool) -> Entrant:
    """Somebody on the criterion's page who has typed a remark."""
    page = visitor.get(reverse("inspections:criterion-edit", args=[row.dossier_id, row.criterion.number]))
    form = page.form("remark", action=reverse("inspections:assessment-save", args=[row.pk]))
    return Entrant(visitor, lambda: visitor.send(form, script=is_script, remark=remark), remark)


def close_all_typing(dossier: Dossier) -> None:
    from django.db import transaction

    with transaction.atomic():
        close_typing(dossier)
