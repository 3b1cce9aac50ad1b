"""Telling and mailing under fire: the worker is killed at random moments, again and again, beside a real mail server.

In the portal each person is told exactly once; each mail goes out at least once, and twice only where the worker
died between the mail server's OK and the mark. The same kills with the guard taken out must lose mails.
"""

import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from communes import clock
from communes.models import Digest, Notification, Routine
from communes.permissions import Role
from inspections.models import RoundUnit

from ..factories import CommuneFactory, UserFactory, person
from ..inspections.factories import open_round, small_set
from .postman import WAIT_SECONDS, Sink, Worker

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

KILLS = 50
LEAST = 10
OFFICERS = 3  # of a commune: as many mails as a life of the worker has to send
# More lives than kills that count: a phase may have to be aimed at more than once.
LIVES_AT_MOST = 120
State = Digest.State


@pytest.fixture
def world(district):
    """A round in which a commune's day comes near only when the test says so."""
    set_ = small_set()
    communes = [
        CommuneFactory(authority=district, code=f"{40000 + number}", name=f"Xã {number}")
        for number in range(LIVES_AT_MOST)
    ]
    for number, commune in enumerate(communes):
        for place in range(OFFICERS):
            user = UserFactory(email=f"cong-chuc-{number}-{place}@example.vn")
            person(Role.COMMUNE_OFFICER, user=user, commune=commune)
    made = open_round(district, communes=communes, criteria_set=set_, due_on=clock.today() + timedelta(days=200))
    Notification.objects.all().delete()
    return made


@pytest.fixture
def units(world):
    return iter(world.round.units.order_by("pk"))


def a_new_day(unit, world):
    """One more commune's day is near, and the worker has not looked at the day yet."""
    RoundUnit.objects.filter(pk=unit.pk).update(
        extended_until=clock.today() + timedelta(days=2), extension_reason="Thử", extended_by=world.coordinator
    )
    Routine.objects.filter(pk="daily").update(done_for=None)
    # Whoever had a mail today gets no second one; these had none.


def wait_until(ready):
    end = time.monotonic() + WAIT_SECONDS
    while not ready():
        assert time.monotonic() < end, "the worker does not come to an end"
        time.sleep(0.02)


def sent():
    return Digest.objects.filter(state=State.SENT).count()


def held():
    """{token: Message-ID} of what somebody was sending when he died, or sends now."""
    return dict(Digest.objects.filter(state=State.SENDING).values_list("token", "message_id"))


def phase_of(before, held_before):
    """Where the kill fell, by what it left behind: (phase, Message-IDs that this life was sending)."""
    own = [name for token, name in held().items() if token not in held_before]
    if own:
        return "during", own
    return ("after" if sent() > before else "before"), []


def aim(worker, sink, phase, before, rng, start_seconds):
    """Wait for a moment that is likely to lie in a phase; where it really fell is read from what was left."""
    if phase == "before":
        time.sleep(rng.uniform(0, start_seconds))
    elif phase == "during":
        known = len(sink.begun)
        wanted = known + rng.randint(1, OFFICERS - 1)
        sink.wait_for(lambda: len(sink.begun) >= wanted or worker.process.poll() is not None)
        time.sleep(rng.uniform(0, sink.slowest))
    elif rng.random() < 0.5:
        # Between two mails, or in the next one.
        wait_until(lambda: sent() > before + rng.randint(0, OFFICERS - 1))
    else:
        # With nothing left to send: also what lives cut short left behind, which would never grow less otherwise.
        wait_until(lambda: sent() > before and not Digest.objects.exclude(state=State.SENT).exists())
        time.sleep(rng.uniform(0, 0.5))


def life(sink, log, unit, world, phase, rng, start_seconds):
    """One life of the worker, from its start to its death: (phase it died in, what had its OK but no mark)."""
    a_new_day(unit, world)
    before, held_before, accepted = sent(), held(), Counter(sink.accepted)
    worker = Worker(sink.port, log)
    aim(worker, sink, phase, before, rng, start_seconds)
    worker.kill()
    time.sleep(sink.slowest * 1.5)  # what the mail server had begun, it ends
    phase, own = phase_of(before, held_before)
    return phase, [name for name in own if sink.accepted[name] > accepted[name]]


def start_seconds_of(sink, log, unit, world):
    """How long a worker takes here from its start to its first mail."""
    a_new_day(unit, world)
    worker = Worker(sink.port, log)
    assert sink.wait_for(lambda: sink.begun), log.read_text()
    taken = time.monotonic() - worker.born
    wait_until(lambda: sent() == OFFICERS)
    assert worker.stop() == 0
    return taken


# Leases and marks by compare-and-set are tested on both databases; kills take minutes and say the same on either.
@pytest.mark.only_on("sqlite")
def test_fifty_kills_lose_nothing_and_tell_nothing_twice(world, units, tmp_path):
    rng, log = random.Random(), tmp_path / "worker.log"
    fell, at_risk, used = Counter(), Counter(), []
    with Sink() as sink:
        used.append(next(units))
        start_seconds = start_seconds_of(sink, log, used[-1], world)
        while sum(fell.values()) < KILLS or min(fell[name] for name in ("before", "during", "after")) < LEAST:
            used.append(next(units))
            wanted = min(("before", "during", "after"), key=lambda name: (fell[name], rng.random()))
            phase, unmarked = life(sink, log, used[-1], world, wanted, rng, start_seconds)
            fell[phase] += 1
            at_risk.update(unmarked)
        # The last worker finds what all the dead ones left.
        Routine.objects.filter(pk="daily").update(done_for=None)
        worker = Worker(sink.port, log)
        people = len(used) * OFFICERS
        wait_until(lambda: sent() == people)
        assert worker.stop() == 0
    twice = {name: count for name, count in sink.accepted.items() if count > 1}
    print(
        f"\n{connection.vendor}: {sum(fell.values())} kills, before {fell['before']}, during {fell['during']}, "
        f"after {fell['after']}; {len(at_risk)} had their OK but no mark; {people} mails, {len(twice)} twice"
    )
    told = Counter(Notification.objects.values_list("person", flat=True))
    assert len(told) == people
    assert set(told.values()) == {1}
    assert Digest.objects.count() == people
    assert set(sink.accepted) == set(Digest.objects.values_list("message_id", flat=True))
    assert all(count <= 1 + at_risk[name] for name, count in sink.accepted.items()), (twice, at_risk)
    assert not Notification.objects.filter(digest__isnull=True).exists()


def test_marking_first_would_lose_mails(world, units, tmp_path):
    """The same kills find the loss where there is one: so they would find it in the portal."""
    rng, log, lost = random.Random(), tmp_path / "worker.log", set()
    with Sink() as sink:
        for _ in range(LEAST):
            unit = next(units)
            known = len(sink.begun)
            a_new_day(unit, world)
            worker = Worker(sink.port, log, is_careless=True)
            assert sink.wait_for(lambda known=known: len(sink.begun) > known), log.read_text()
            time.sleep(rng.uniform(0, sink.slowest / 4))
            worker.kill()
            time.sleep(sink.slowest * 1.5)
            marked = set(Digest.objects.filter(state=State.SENT).values_list("message_id", flat=True))
            lost |= marked - set(sink.begun)
        marked = set(Digest.objects.filter(state=State.SENT).values_list("message_id", flat=True))
    print(f"\n{connection.vendor}: marked as sent {len(marked)}, never accepted {len(marked - set(sink.accepted))}")
    assert marked - set(sink.accepted)
