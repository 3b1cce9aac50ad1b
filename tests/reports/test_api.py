"""The notices of the API: who reads which, what they say, filters and pages, and each as a file."""

import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes import services as accounts
from communes.models import User
from communes.permissions import Role
from reports import renditions
from reports.models import IssuedDocument, Notice

from ..factories import person
from . import factories

pytestmark = pytest.mark.django_db

NOTICES = "/api/v1/notices/"


@pytest.fixture
def authenticated_client():
    """`authenticated_client(user)`: a client that sends the person's key to the API."""

    def go(user):
        return Client(headers={"authorization": f"Token {accounts.give_token(user)}"})

    return go


def address(notice, wanted=""):
    return f"{NOTICES}{notice.public_id}/" + (f"{wanted}/" if wanted else "")


def ids(answer):
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


def wrong(answer):
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()["errors"]


# ---------------------------------------------------------------- who reads which


READERS = {
    "coordinator": Role.COORDINATOR,
    "team_head": Role.TEAM_HEAD,
    "inspector": Role.INSPECTOR,
    "viewer": Role.VIEWER,
}
PUBLIC_READERS = ("officer", "leader", "neighbour", "agency_reviewer")


@pytest.mark.parametrize("who", READERS)
def test_who_reads_the_rounds_reads_drafts_too(who, request, district, authenticated_client):
    scene = factories.draft(district)
    client = authenticated_client(request.getfixturevalue(who))
    assert ids(client.get(NOTICES)) == {str(scene.notice.public_id)}
    assert client.get(address(scene.notice)).json()["status"] == "draft"
    assert client.get(address(scene.notice, "json")).json()["is_draft"]


@pytest.mark.parametrize("who", PUBLIC_READERS)
def test_others_of_the_authority_read_what_is_issued(who, request, district, authenticated_client):
    user = request.getfixturevalue(who)
    running = factories.draft(district, names=("Hố Mít",)).notice
    issued = factories.issued(district).notice
    client = authenticated_client(user)
    assert ids(client.get(NOTICES)) == {str(issued.public_id)}
    assert client.get(address(issued)).status_code == 200
    assert client.get(address(issued, "json")).status_code == 200
    for wanted in ("", *renditions.FORMATS):
        assert client.get(address(running, wanted)).status_code == 404


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.TEAM_HEAD, Role.COORDINATOR, Role.VIEWER])
def test_another_authority_finds_nothing(role, district, other_district, authenticated_client):
    issued = factories.issued(district).notice
    client = authenticated_client(person(role, authority=other_district))
    assert ids(client.get(NOTICES)) == set()
    for wanted in ("", *renditions.FORMATS):
        answer = client.get(address(issued, wanted))
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("who", ["stranger", "administrator"])
def test_without_a_role_that_reads_notices_nothing_is_open(who, request, district, authenticated_client):
    issued = factories.issued(district).notice
    client = authenticated_client(request.getfixturevalue(who))
    for path in (NOTICES, address(issued), address(issued, "pdf")):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


def test_nobody_reads_without_signing_in(client, district):
    issued = factories.issued(district).notice
    for path in (NOTICES, address(issued), *(address(issued, wanted) for wanted in renditions.FORMATS)):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


def test_session_of_the_browser_reads_too(client, district, viewer):
    issued = factories.issued(district).notice
    client.force_login(viewer)
    answer = client.get(address(issued))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"


def test_role_that_has_ended_reads_no_more(district, viewer, authenticated_client):
    factories.issued(district)
    client = authenticated_client(viewer)
    assert client.get(NOTICES).status_code == 200
    viewer.memberships.all().delete()
    assert client.get(NOTICES).status_code == 403


# ---------------------------------------------------------------- what they say


def test_issued_notice_states_what_it_is_and_its_files(district, viewer, authenticated_client):
    scene = factories.issued(district)
    notice = Notice.objects.get(pk=scene.notice.pk)
    found = authenticated_client(viewer).get(address(notice)).json()
    final = notice.documents.get(rendition=IssuedDocument.Rendition.FINAL)
    assert found["id"] == str(notice.public_id)
    assert (found["code"], found["number"], found["symbol"]) == ("01/TB-ĐKT", 1, "TB-ĐKT")
    assert found["issued_on"] == notice.issued_on.isoformat()
    assert (found["authority"], found["round"]) == (district.code, scene.world.round.code)
    assert (found["status"], found["supersedes"], found["superseded_by"]) == ("issued", None, None)
    assert found["subject"] == final.printed_facts["subject"]
    assert {row["rendition"]: row["sha256"] for row in found["documents"]} == dict(
        notice.documents.values_list("rendition", "sha256")
    )
    assert {row["facts_sha256"] for row in found["documents"]} == {final.facts_sha256}
    assert set(found["files"]) == set(renditions.FORMATS)
    assert found["page"].endswith(reverse("reports:public-detail", args=[notice.public_id]))


def test_figure_in_a_subject_is_filled(district, coordinator, authenticated_client):
    scene = factories.draft(district)
    Notice.objects.filter(pk=scene.notice.pk).update(subject="Kết luận kiểm tra {số xã trực tiếp} xã")
    client = authenticated_client(coordinator)
    filled = client.get(address(scene.notice)).json()["subject"]
    assert "{" not in filled
    scene.notice.refresh_from_db()
    factories.services.approve_notice(scene.notice, version=scene.notice.version, by=scene.head)
    factories.services.issue_notice(scene.notice, on=factories.clock.today(), by=scene.coordinator)
    assert client.get(NOTICES).json()["results"][0]["subject"] == filled


def test_draft_states_no_files_that_were_issued(district, coordinator, authenticated_client):
    notice = factories.draft(district).notice
    found = authenticated_client(coordinator).get(address(notice)).json()
    assert (found["number"], found["issued_on"], found["documents"]) == (None, None, [])
    assert found["page"].endswith(notice.get_absolute_url())


def test_copy_signed_before_it_had_its_number_is_not_told_of(district, coordinator, authenticated_client):
    notice = factories.issued(district).notice
    final = notice.documents.get(rendition=IssuedDocument.Rendition.FINAL)
    final.pk, final.rendition, final.facts = None, IssuedDocument.Rendition.SIGNED_BLANK, None
    final.save(force_insert=True)
    found = authenticated_client(coordinator).get(address(notice)).json()["documents"]
    assert "signed_blank" not in {row["rendition"] for row in found}


@pytest.mark.parametrize("wanted", renditions.FORMATS)
def test_each_file_is_the_rendition(wanted, district, viewer, authenticated_client):
    notice = factories.issued(district).notice
    client = authenticated_client(viewer)
    # A program that says what it wants gets it, though lists are JSON.
    answer = client.get(address(notice, wanted), headers={"accept": renditions.CONTENT_TYPES[wanted]})
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    expected = renditions.of(Notice.objects.with_context().get(pk=notice.pk), wanted)
    assert answer.status_code == 200
    assert answer["Content-Type"] == expected.content_type
    assert answer["Content-Disposition"].startswith("attachment;")
    assert body == expected.read()


def test_draft_that_cannot_be_printed_is_told(district, coordinator, authenticated_client, monkeypatch):
    notice = factories.draft(district).notice

    def broken(*arguments, **options):
        raise renditions.renderer.RenderError("Văn bản quá dài.")

    monkeypatch.setattr(renditions.renderer, "render", broken)
    answer = authenticated_client(coordinator).get(address(notice, "pdf"))
    assert (answer.status_code, answer.json()["code"]) == (503, "cannot-print")
    assert answer.json()["detail"] == "Văn bản quá dài."


# ---------------------------------------------------------------- filters, pages, number of queries


def test_filters_choose(district, viewer, authenticated_client):
    issued = factories.issued(district).notice
    draft = factories.draft(district, names=("Hố Mít",)).notice
    draft.refresh_from_db()
    both = {str(issued.public_id), str(draft.public_id)}
    client = authenticated_client(viewer)
    for query, expected in (
        ({"status": "issued"}, {str(issued.public_id)}),
        ({"status": "draft"}, {str(draft.public_id)}),
        ({"authority": district.code}, both),
        ({"authority": "khong-co"}, set()),
        ({"round": draft.round.code}, {str(draft.public_id)}),
        ({"kind": "thong-bao"}, both),
        ({"kind": "bien-ban"}, set()),
        ({"year": issued.year, "status": "issued"}, {str(issued.public_id)}),
        ({"year": draft.round.year, "status": "draft"}, {str(draft.public_id)}),
        ({"year": 1999}, set()),
        ({"round": "a\x00b"}, set()),
    ):
        assert ids(client.get(NOTICES, query)) == expected, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"year": "năm nay"}, "year"),
        ({"year": "20244"}, "year"),
        ({"year": "٢٠٢٤"}, "year"),
        ({"status": "moi"}, "status"),
        ({"nam": "2024"}, "nam"),
        ({"page": "0"}, "page"),
        ({"page": "x"}, "page"),
    ],
)
def test_filter_that_cannot_be_is_named(query, field, viewer, authenticated_client):
    answer = authenticated_client(viewer).get(NOTICES, query)
    assert answer.status_code == 400
    assert list(wrong(answer)) == [field]


def test_page_beyond_the_last_is_not_found(viewer, authenticated_client):
    answer = authenticated_client(viewer).get(NOTICES, {"page": "2"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def many(scene, count):
    """So many drafts beside a scene's own, each in a round of its own."""
    notice = scene.notice
    for place in range(count):
        round_ = type(notice.round).objects.get(pk=notice.round_id)
        round_.pk, round_.code = None, f"D-{place}"
        round_.save(force_insert=True)
        copy = Notice.objects.get(pk=notice.pk)
        copy.pk, copy.public_id, copy.round = None, uuid4(), round_
        copy.save(force_insert=True)


def test_list_comes_in_pages(district, viewer, authenticated_client):
    many(factories.draft(district), 51)
    client = authenticated_client(viewer)
    first = client.get(NOTICES).json()
    assert (first["count"], len(first["results"]), first["previous"]) == (52, 50, None)
    second = client.get(first["next"]).json()
    assert (len(second["results"]), second["next"]) == (2, None)
    assert {row["id"] for row in first["results"]} & {row["id"] for row in second["results"]} == set()


def test_number_of_queries_does_not_grow(district, viewer, authenticated_client):
    scene = factories.draft(district)
    client = authenticated_client(viewer)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.get(NOTICES)
        return len(asked)

    few = queries()
    many(scene, 20)
    assert queries() == few


# ---------------------------------------------------------------- these tests can fail


def test_missing_check_of_the_row_would_be_seen(district, other_district, authenticated_client, monkeypatch):
    issued = factories.issued(district).notice
    monkeypatch.setattr("reports.models.NoticeQuerySet.for_user", lambda self, user: self.all())
    client = authenticated_client(person(Role.INSPECTOR, authority=other_district))
    assert client.get(address(issued)).status_code == 200


def test_missing_check_of_the_role_would_be_seen(district, stranger, authenticated_client, monkeypatch):
    factories.issued(district)
    monkeypatch.setattr(User, "has", lambda self, permission: True)
    assert authenticated_client(stranger).get(NOTICES).status_code == 200


def test_answers_are_composed_and_address_nobody(district, viewer, authenticated_client):
    answer = authenticated_client(viewer).get(NOTICES, {"status": "moi"})
    text = json.dumps(answer.json(), ensure_ascii=False)
    assert "bạn" not in text.lower()
    assert "\\u" not in answer.content.decode()
