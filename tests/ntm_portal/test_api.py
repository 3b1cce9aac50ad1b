"""What lists, answers and errors of the API have in common: filters, pages, ETags, throttles, the description."""

import json
import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes import clock, services
from communes.models import Event
from communes.permissions import Role
from inspections import figures, progress
from inspections.models import Assessment, Dossier, Evidence, InspectionRound
from ntm_portal.api import docs

from ..factories import CommuneFactory, VillageFactory, person
from ..inspections import factories as work

pytestmark = pytest.mark.django_db
V1 = "/api/v1"


def caller(user):
    return Client(headers={"authorization": f"Token {services.give_token(user)}"})


def names(answer, key="name"):
    assert answer.status_code == 200, answer.content
    return [row[key] for row in answer.json()["results"]]


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def world(district, officer):
    """An open round with the officer's dossier."""
    commune = officer.memberships.get().commune
    return work.open_round(district, communes=[commune])


@pytest.fixture
def dossier(world, officer):
    return world.dossier_of(officer.memberships.get().commune)


def send(client, address, **body):
    return client.post(f"{V1}/{address}", json.dumps(body), content_type="application/json")


def enter(client, row, **body):
    address = f"{V1}/dossiers/{row.dossier_id}/assessments/{row.pk}/"
    return client.patch(address, json.dumps({"version": row.entry_version, **body}), content_type="application/json")


# ---------------------------------------------------------------- lists


def test_search_needs_no_diacritics(district, viewer):
    for name in ("Nậm Cần", "Phúc Khoa"):
        CommuneFactory(authority=district, name=name)
    client = caller(viewer)
    assert names(client.get(f"{V1}/communes/", {"search": "nam can"})) == ["Nậm Cần"]
    assert names(client.get(f"{V1}/communes/", {"search": "xã phuc"})) == ["Phúc Khoa"]


def test_lists_are_ordered_and_paged(district, viewer):
    for name in ("Bản Bo", "Ăng Tở", "Đà Sơn"):
        CommuneFactory(authority=district, name=name)
    client = caller(viewer)
    first = client.get(f"{V1}/communes/", {"ordering": "-name", "page_size": 1, "search": "o"}).json()
    assert (first["count"], len(first["results"])) == (3, 1)
    assert client.get(first["next"]).json()["previous"]
    assert problem(client.get(f"{V1}/communes/", {"page": 9})) == (404, "not-found")


@pytest.mark.parametrize(
    "query",
    [
        {"page": "x"}, {"page_size": "0"}, {"page_size": "201"}, {"kind": "huyen"}, {"kind": ""}, {"nam": "1"},
        {"ordering": "phone"}, {"authority": "1.0"}, {"valid_on": "17/06/2025"},
    ],
)  # fmt: skip
def test_what_is_no_filter_is_named(query, viewer):
    answer = caller(viewer).get(f"{V1}/communes/", query)
    assert problem(answer) == (400, "invalid")
    assert list(answer.json()["errors"]) == list(query)


def test_updated_since_gives_only_what_changed(dossier, viewer, officer):
    client = caller(viewer)
    now = clock.now()
    later = (now + timedelta(hours=1)).isoformat()
    assert (
        len(names(client.get(f"{V1}/dossiers/", {"updated_since": (now - timedelta(days=1)).isoformat()}), "id")) == 1
    )
    assert names(client.get(f"{V1}/dossiers/", {"updated_since": later}), "id") == []
    assert problem(client.get(f"{V1}/dossiers/", {"updated_since": "2025-06-17T08:00:00"})) == (400, "invalid")


LISTS = (
    "authorities", "agencies", "communes", "villages", "criteria-sets", "rounds", "inspections", "dossiers",
    "evidence", "recommendations",
)  # fmt: skip


def test_number_of_queries_does_not_grow_with_rows(district, viewer, world, dossier, officer):
    client = caller(viewer)

    def asked(address):
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"{V1}/{address}").status_code == 200
        return len(found)

    addresses = [f"{name}/" for name in LISTS] + [
        f"dossiers/{dossier.pk}/assessments/",
        f"rounds/{world.round.code}/figures/",
        f"rounds/{world.round.code}/matrix/",
    ]
    work.prove(dossier, "1.1", by=officer)
    VillageFactory(commune=dossier.inspection.commune)
    few = {address: asked(address) for address in addresses}
    for place in range(3):
        commune = CommuneFactory(authority=district, name=f"Xã {place}")
        VillageFactory(commune=commune)
        other = person(Role.COMMUNE_OFFICER, commune=commune)
        more = work.open_round(district, communes=[commune], criteria_set=work.small_set(code=f"xa-{place}"))
        work.prove(more.dossier_of(commune), "1.1", by=other)
        another = CommuneFactory(authority=district)
        work.services.add_unit(world.round, by=world.coordinator, criteria_set=dossier.criteria_set, commune=another)
    work.prove(dossier, "2.1", "2.2", by=officer, upload=work.image_upload())
    assert {address: asked(address) for address in addresses} == few


# ---------------------------------------------------------------- ETags


def test_what_has_not_changed_is_not_sent_again(viewer, dossier, officer):
    client = caller(viewer)
    address = f"{V1}/dossiers/{dossier.pk}/"
    etag = client.get(address)["ETag"]
    again = client.get(address, headers={"if-none-match": f"W/{etag}"})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    work.hand_in(dossier, by=officer)
    assert client.get(address, headers={"if-none-match": etag}).status_code == 200


def test_change_of_what_has_moved_on_is_stopped(officer, dossier):
    client = caller(officer)
    work.fill(dossier, by=officer)
    row = work.assessment_of(dossier, "2.1")
    address = f"{V1}/dossiers/{dossier.pk}/assessments/{row.pk}/"
    etag = client.get(address)["ETag"]
    body = json.dumps({"version": row.entry_version, "remark": "Theo biên bản."})
    wrong = client.patch(address, body, content_type="application/json", headers={"if-match": '"khac"'})
    assert problem(wrong) == (412, "precondition-failed")
    assert Assessment.objects.get(pk=row.pk).remark == ""
    right = client.patch(address, body, content_type="application/json", headers={"if-match": etag})
    assert (right.status_code, right.json()["remark"]) == (200, "Theo biên bản.")


# ---------------------------------------------------------------- what the commune enters


def test_values_are_entered_as_on_the_page(officer, dossier):
    client = caller(officer)
    row = work.assessment_of(dossier, "2.1")
    answer = enter(client, row, numerator="8.5", denominator="10", self_judgement="dat")
    assert answer.status_code == 200, answer.content
    stored = Assessment.objects.get(pk=row.pk)
    assert (str(stored.numerator), stored.self_judgement, stored.self_by) == ("8.5000", "dat", officer)
    assert answer.json()["version"] == row.entry_version + 1
    assert problem(enter(client, row, numerator="9")) == (409, "changed-meanwhile")


def test_parts_are_entered_by_their_codes(officer, dossier):
    row = work.assessment_of(dossier, "3")
    client = caller(officer)
    answer = enter(client, row, parts={"a": {"numerator": "1", "denominator": "2"}, "b": {"passed": True}})
    assert answer.status_code == 200, answer.content
    assert Assessment.objects.get(pk=row.pk).parts == {
        "a": {"numerator": "1", "denominator": "2"},
        "b": {"passed": True},
    }
    row.refresh_from_db()
    for wrong in ({"c": {"passed": True}}, {"a": {"number": "1"}}):
        assert problem(enter(client, row, parts=wrong)) == (422, "unfit")


@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        ("2.1", {"numerator": "11", "denominator": "10"}, (422, "unfit")),
        ("2.1", {"value": "3"}, (422, "unfit")),
        ("2.1", {"numerator": 3}, (400, "invalid")),
        ("2.1", {"numerator": "-3"}, (400, "invalid")),
        ("2.1", {"tu_so": "3"}, (400, "invalid")),
    ],
)
def test_value_that_cannot_be_is_told(code, body, expected, officer, dossier):
    assert problem(enter(caller(officer), work.assessment_of(dossier, code), **body)) == expected


def test_only_the_commune_enters(dossier, neighbour, viewer):
    row = work.assessment_of(dossier, "2.1")
    assert enter(caller(neighbour), row, remark="x").status_code == 404
    assert enter(caller(viewer), row, remark="x").status_code == 403


def test_handing_in_says_what_is_missing(officer, dossier):
    client = caller(officer)
    answer = send(client, f"dossiers/{dossier.pk}/submit/")
    assert problem(answer) in {(422, "refused"), (422, "unfit")}
    work.fill(dossier, by=officer)
    assert send(client, f"dossiers/{dossier.pk}/submit/", accept_missing=True).json()["status"] == "submitted"
    assert Dossier.objects.get(pk=dossier.pk).submitted_by == officer


def test_file_is_taken_once_and_downloads_are_journalled(officer, dossier):
    client = caller(officer)
    row = work.assessment_of(dossier, "2.1")
    commune = dossier.inspection.commune
    content = work.pdf_upload().read()
    for expected in (201, 200):
        sent = {
            "file": SimpleUploadedFile("bao-cao.pdf", content),
            "commune": commune.pk,
            "assessments": [row.pk],
            "title": "Biên bản",
        }
        answer = client.post(f"{V1}/evidence/", sent)
        assert answer.status_code == expected, answer.content
    piece = Evidence.objects.get()
    assert client.get(f"{V1}/dossiers/{dossier.pk}/assessments/{row.pk}/").json()["evidence"] == [piece.pk]
    file = client.get(answer.json()["file"])
    assert b"".join(file.streaming_content).startswith(b"%PDF")
    assert Event.objects.about(piece).last().action == "evidence.downloaded"
    used = {"dossier": dossier.pk}
    assert names(client.get(f"{V1}/evidence/", used), "id") == [piece.pk]
    # Who may see the piece but not the dossier is not told that it is used there.
    InspectionRound.objects.filter(pk=dossier.round_id).update(status="draft")
    assert names(client.get(f"{V1}/evidence/", used), "id") == []


def test_a_date_sent_empty_in_a_form_is_told_at_its_field(officer, dossier):
    file = SimpleUploadedFile("a.pdf", work.pdf_bytes(), "application/pdf")
    sent = {"file": file, "commune": dossier.inspection.commune_id, "issued_on": ""}
    answer = caller(officer).post(f"{V1}/evidence/", sent)
    assert problem(answer) == (400, "invalid")
    assert list(answer.json()["errors"]) == ["issued_on"]
    assert not Evidence.objects.exists()


def test_commune_reads_nothing_of_what_the_team_decides(officer, viewer, dossier, world):
    work.hand_in(dossier, by=officer)
    dossier = Dossier.objects.with_context().get(pk=dossier.pk)
    addresses = [
        f"{V1}/dossiers/{dossier.pk}/",
        f"{V1}/dossiers/{dossier.pk}/assessments/",
        f"{V1}/events/?dossier={dossier.pk}",
    ]
    own, team = caller(officer), caller(viewer)
    before = [own.get(address).content for address in addresses]
    seen = [team.get(address).content for address in addresses]
    row = work.conclusion_of(dossier, 2)
    work.services.conclude_criterion(
        row, verdict="chua_dat", reason="Thiếu hồ sơ.", by=world.inspector, version=row.version
    )
    assert [own.get(address).content for address in addresses] == before
    assert all(team.get(address).content != old for address, old in zip(addresses, seen, strict=True))


def test_journal_as_a_whole_is_for_its_keeper(administrator, viewer, officer, dossier):
    whole = caller(administrator).get(f"{V1}/events/", {"action": "round.opened"}).json()["results"]
    assert whole[0]["data"]
    assert whole[0]["hash"]
    assert problem(caller(viewer).get(f"{V1}/events/")) == (403, "not-allowed")
    work.hand_in(dossier, by=officer)
    told = caller(officer).get(f"{V1}/events/", {"dossier": dossier.pk}).json()["results"]
    assert "Nộp hồ sơ" in {row["action_label"] for row in told}
    assert {(row["id"], row["seq"], row["hash"], row["data"]) for row in told} == {(None, None, "", None)}


def test_figures_are_those_of_their_one_home(district, officer, viewer):
    commune = officer.memberships.get().commune
    world = work.open_round(district, communes=[commune], reply_until=None)
    dossier = work.hand_in(world.dossier_of(commune), by=officer)
    work.conclude_all(dossier, by=world.inspector)
    for act in (work.services.make_provisional, work.services.approve):
        act(world.dossier_of(commune), by=world.head)
    expected = figures.of_set("xa-thu", progress.unit_rows(world.round))
    client = caller(viewer)
    found = client.get(f"{V1}/rounds/{world.round.code}/figures/").json()["sets"][0]
    assert (found["mean"]["value"], found["mean"]["numerator"]) == (str(expected.mean.value), expected.mean.numerator)
    assert found["passed"] == len(expected.passed) == 1
    assert client.get(f"{V1}/rounds/{world.round.code}/matrix/").json()["mean"] == found["mean"]


# ---------------------------------------------------------------- throttle


def test_calls_of_a_person_are_counted_for_all_workers(viewer, officer, settings):
    settings.API_RATE = "3/day"
    client = caller(viewer)
    assert [client.get(f"{V1}/communes/").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = client.get(f"{V1}/communes/")
    assert problem(answer) == (429, "too-many-requests")
    assert 0 < int(answer["Retry-After"]) <= 24 * 3600
    assert caller(officer).get(f"{V1}/communes/").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ntm_throttle")
        assert cursor.fetchone()[0] == 2


# ---------------------------------------------------------------- the description


def test_description_is_quick_and_open_to_all(client):
    docs.description.cache_clear()
    docs.written.cache_clear()
    began = time.process_time()
    answer = client.get(reverse("api:schema"))
    assert time.process_time() - began < 1
    assert answer.json()["openapi"].startswith("3.")
    assert client.get(reverse("api:schema"), headers={"if-none-match": answer["ETag"]}).status_code == 304


def test_every_error_of_the_description_says_its_way_out():
    for path, operations in docs.description()["paths"].items():
        for method, node in operations.items():
            assert {"401", "403", "429"} <= set(node["responses"]), f"{method} {path}"
            assert all(item["description"] for item in node["parameters"]), f"{method} {path}"


def test_page_of_the_description_names_every_address(client):
    text = client.get(reverse("api:docs")).content.decode()
    missing = [path for path in docs.description()["paths"] if path not in text]
    assert missing == []
    assert "<script>" not in text
