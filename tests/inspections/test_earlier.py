"""The round before: which one, under which version of the set, and how its criteria are numbered today."""

from datetime import timedelta

import pytest

from communes import clock
from communes.permissions import Role
from criteria.models import Criterion
from inspections.models import InspectionRound
from inspections.progress import earlier_rounds

from ..factories import CommuneFactory, person
from . import factories as work

pytestmark = pytest.mark.django_db


def days_ago(days):
    return clock.today() - timedelta(days=days)


def held(district, commune, set_, *, end, failed=()):
    """A round that ended so many days ago, in which a commune failed these criteria."""
    world = work.open_round(district, communes=[commune], criteria_set=set_, reply_until=None,
                            period_from=days_ago(end + 20), period_to=days_ago(end))  # fmt: skip
    dossier = work.hand_in(world.dossier_of(commune), by=officer_of(commune))
    work.conclude_all(dossier, by=world.inspector)
    dossier.conclusions.filter(criterion__number__in=failed).update(verdict="chua_dat", reason="Thiếu.")
    dossier.refresh_from_db()
    work.services.make_provisional(dossier, by=world.head)
    work.services.approve(dossier, by=world.head)
    work.services.close_round(world.round, by=world.coordinator)
    return world.round


def officer_of(commune):
    return person(Role.COMMUNE_OFFICER, commune=commune)


@pytest.fixture
def commune(district):
    return CommuneFactory(authority=district, name="Nậm Cần")


def test_the_last_round_before_is_found_and_no_later_one(district, commune):
    set_ = work.small_set()
    held(district, commune, set_, end=200)
    last = held(district, commune, set_, end=100, failed=(2,))
    now = held(district, commune, set_, end=10)
    found = earlier_rounds(InspectionRound.objects.get(pk=now.pk), {"xa-thu": set_.pk})
    assert found["xa-thu"].round == last
    (row,) = found["xa-thu"].rows
    assert row.failed(2)
    assert not found["xa-thu"].other_version


def test_first_round_has_none_and_other_districts_do_not_count(district, other_district, commune):
    set_ = work.small_set()
    far = CommuneFactory(authority=other_district, name="Xa Lạ")
    held(other_district, far, set_, end=100)
    now = held(district, commune, set_, end=10)
    assert earlier_rounds(now, {"xa-thu": set_.pk}) == {}


def test_criteria_of_another_version_are_numbered_as_today(district, commune):
    old = work.small_set()
    held(district, commune, old, end=100, failed=(2,))
    new = work.small_set(version=2, is_published=False)
    # Giao thông is now the first criterion, Quy hoạch has another name but the same idea, Trường học is gone.
    new.criteria.filter(number=3).update(name="Chuyển đổi số")
    for number, name, lineage in ((90, "Quy hoạch chung", "quy-hoach"), (91, "Giao thông", "")):
        Criterion.objects.filter(criteria_set=new, number=number - 89).update(number=number, name=name, lineage=lineage)
    new.criteria.filter(number=91).update(number=1)
    new.criteria.filter(number=90).update(number=2)
    old.criteria.filter(number=1).update(lineage="quy-hoach")
    work.publish(new)
    now = held(district, commune, new, end=10)
    found = earlier_rounds(now, {"xa-thu": new.pk})["xa-thu"]
    assert found.other_version
    (row,) = found.rows
    assert {number: str(verdict) for number, verdict in row.verdicts.items()} == {1: "chua_dat", 2: "dat"}
