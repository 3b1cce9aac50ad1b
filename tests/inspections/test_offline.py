"""What waited on a machine is saved once however often it is sent, and only for the account that typed it."""

import base64
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes import clock
from communes.models import Event
from communes.permissions import Role
from inspections import services
from inspections.models import Delivery, DeviceKey, DraftChange
from inspections.workflow import NotAllowed, Refused

from ..factories import person
from . import factories as make

pytestmark = pytest.mark.django_db
MORE_QUERIES = 6  # lock, look, remember, forget what is old, both ends of the savepoint


@pytest.fixture
def dossier(district, commune):
    return make.open_round(district, communes=[commune]).dossier_of(commune)


def save(dossier, officer, entry, value=50, *, version=1, code="2.2"):
    row = make.assessment_of(dossier, code)
    return services.save_entry(row, by=officer, version=version, changes={"value": Decimal(value)}, entry=entry)


# ---------------------------------------------------------------- exactly once


def test_entry_sent_again_is_answered_as_first_and_changes_nothing(dossier, officer, commune):
    entry = uuid4()
    first = save(dossier, officer, entry)
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    make.enter(dossier, "2.2", by=colleague, value=Decimal(60))
    assert save(dossier, officer, entry) == first
    assert first["version"] == 2
    row = make.assessment_of(dossier, "2.2")
    assert (row.value, row.self_by, row.entry_version) == (60, colleague, 3)
    assert Delivery.objects.count() == 1


def test_entry_sent_again_after_handing_in_is_one_event(dossier, officer):
    entry = uuid4()
    first = save(dossier, officer, entry)
    make.hand_in(make.fill(dossier, by=officer), by=officer)
    assert save(dossier, officer, entry) == first
    row = make.assessment_of(dossier, "2.2")
    assert Event.objects.about(row).filter(action="assessment.entered").count() == 1
    assert not DraftChange.objects.exists()


def test_without_its_id_the_same_sending_is_a_conflict(dossier, officer, commune):
    """What the id is for: the same without one is refused."""
    save(dossier, officer, None)
    make.enter(dossier, "2.2", by=person(Role.COMMUNE_OFFICER, commune=commune), value=Decimal(60))
    with pytest.raises(services.Conflict):
        save(dossier, officer, None)


@pytest.mark.django_db(transaction=True)
def test_refused_entry_is_not_remembered(dossier, officer):
    entry = uuid4()
    make.enter(dossier, "2.2", by=officer, value=Decimal(60))
    with pytest.raises(services.Conflict):
        save(dossier, officer, entry)
    assert not Delivery.objects.exists()
    assert save(dossier, officer, entry, version=2)["version"] == 3


def test_two_accounts_may_have_the_same_id(dossier, officer, commune):
    entry = uuid4()
    save(dossier, officer, entry)
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    assert save(dossier, colleague, entry, 60, version=2)["version"] == 3
    assert make.assessment_of(dossier, "2.2").value == 60


def test_id_of_one_indicator_is_refused_for_another(dossier, officer):
    entry = uuid4()
    save(dossier, officer, entry)
    row = make.assessment_of(dossier, "1.1")
    with pytest.raises(Refused):
        services.save_entry(row, by=officer, version=1, changes={"remark": "Khác"}, entry=entry)
    assert make.assessment_of(dossier, "1.1").remark == ""


def test_entries_are_forgotten_after_some_weeks(dossier, officer):
    with clock.at(clock.now() - timedelta(weeks=9)):
        save(dossier, officer, uuid4())
    with clock.at(clock.now() - timedelta(weeks=7)):
        save(dossier, officer, uuid4(), 60, version=2)
    save(dossier, officer, uuid4(), 70, version=3)
    assert [item.answer["version"] for item in Delivery.objects.order_by("at")] == [3, 4]


# ---------------------------------------------------------------- what the page's script sends


def post(client, dossier, **data):
    row = make.assessment_of(dossier, "2.2")
    data = {"version": row.entry_version, "value": "50", **data}
    address = reverse("inspections:assessment-save", args=[row.pk])
    return client.post(address, data, headers={"accept": "application/json"})


def test_script_is_answered_twice_alike(client, dossier, officer):
    client.force_login(officer)
    entry = str(uuid4())
    first, second = (post(client, dossier, version=1, entry=entry, account=officer.pk) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert make.assessment_of(dossier, "2.2").entry_version == 2


def test_what_another_account_typed_on_this_machine_is_not_saved_as_mine(client, dossier, officer, commune):
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    client.force_login(colleague)
    answer = post(client, dossier, entry=uuid4(), account=officer.pk)
    assert answer.status_code == 401
    assert make.assessment_of(dossier, "2.2").value is None


def test_broken_id_is_a_bad_request(client, dossier, officer):
    client.force_login(officer)
    assert post(client, dossier, entry="1").status_code == 400
    assert make.assessment_of(dossier, "2.2").value is None


def test_remembering_costs_a_handful_of_queries(client, dossier, officer):
    client.force_login(officer)
    client.get("/tro-giup/")
    with CaptureQueriesContext(connection) as plain:
        assert post(client, dossier).status_code == 200
    with CaptureQueriesContext(connection) as remembered:
        assert post(client, dossier, value="60", entry=uuid4(), account=officer.pk).status_code == 200
    assert len(remembered) <= len(plain) + MORE_QUERIES


# ---------------------------------------------------------------- the key


def test_each_account_has_its_own_lasting_key(client, officer, neighbour):
    keys = {}
    for who in (officer, neighbour, officer):
        client.force_login(who)
        found = client.post(reverse("inspections:device-key")).json()
        assert found["account"] == str(who.pk)
        keys.setdefault(who, set()).add(found["key"])
    assert [len(found) for found in keys.values()] == [1, 1]
    assert keys[officer] != keys[neighbour]
    assert {len(base64.b64decode(key)) for found in keys.values() for key in found} == {32}
    assert DeviceKey.objects.count() == 2


def test_only_who_enters_dossiers_gets_a_key(inspector):
    with pytest.raises(NotAllowed):
        services.device_key(inspector)
