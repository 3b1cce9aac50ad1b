"""What an attacker tries: other people's ids and fields in forms, files in disguise, forged requests, big bodies.

Markup is in tests/test_markup.py, signing in and its lock in tests/ntm_portal/test_sign_in.py, the settings
of production in test_production.py, what a file may hold in tests/inspections/test_evidence_rules.py.
"""

import re

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from inspections.models import Evidence, EvidenceLink, InspectionRound
from ntm_portal import settings as written

from .doors import DOORS
from .doorstep import taken_back, url_of
from .factories import PASSWORD
from .inspections import factories as work
from .markup import breaches

# Roles, markup and wording are the portal's own code: the run on SQLite has them. (tests/test_doors.py lets
# somebody in at every door on both.)
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]

LOGIN = "/dang-nhap/"
OPEN_PAGES = [name for name, door in DOORS.items() if "GET" in door.methods and door.may]


@pytest.fixture(autouse=True)
def plain_settings(lasting_settings):
    """Those of the scene."""


# ---------------------------------------------------------------- headers of every answer


@pytest.mark.parametrize("name", OPEN_PAGES)
def test_every_page_has_a_policy_without_inline_code(name, scene, knock):
    door = DOORS[name]
    answer = knock(sorted(door.may)[0], url_of(door, scene), "GET")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    # A file that is saved is read outside the portal, and brings its own policy and style.
    if not answer.headers.get("Content-Disposition", "").startswith("attachment"):
        assert breaches(answer) == []


def broken(request):
    raise RuntimeError("an error that nobody expected")


@pytest.mark.parametrize("path", ["/khong-co/", "/quan-tri/khong-co/", "/nguoi-dung/"])
def test_error_pages_have_the_policy_too(path, scene, knock):
    answer = knock("officer", path, "GET")
    assert answer.status_code in (403, 404)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert breaches(answer) == []


def test_failure_shows_its_page_and_nothing_of_the_inside(client, officer, monkeypatch):
    monkeypatch.setattr("ntm_portal.views.home_of", broken)
    client.force_login(officer)
    client.raise_request_exception = False
    answer = client.get("/")
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "Máy chủ gặp sự cố" in text
    assert "RuntimeError" not in text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


# ---------------------------------------------------------------- fields and ids that were not offered


def as_(scene, who):
    client = Client()
    client.force_login(scene.people[who])
    return client


def fresh(thing):
    return thing.__class__.objects.get(pk=thing.pk)


def test_officer_sets_only_the_fields_of_the_form(scene):
    row = scene.get("assessment", "own-draft-2.1")
    forged = {
        "conclusion": "dat", "opinion": "dat", "concluded_by": scene.people["officer"].pk, "is_contrary": "1",
        "dossier": scene.get("dossier", "near-draft").pk, "status": "concluded", "verdict": "dat",
    }  # fmt: skip
    data = {"version": fresh(row).entry_version, "numerator": "8", "denominator": "9", "remark": "Mới", **forged}
    with taken_back():
        answer = as_(scene, "officer").post(reverse("inspections:assessment-save", args=[row.pk]), data)
        now = fresh(row)
        assert answer.status_code == 302
        assert now.remark == "Mới"
        assert (now.conclusion, now.opinion, now.concluded_by_id) == ("chua_danh_gia", "chua_danh_gia", None)
        assert now.dossier_id == row.dossier_id
        assert fresh(scene.get("dossier", "own-draft")).status == "draft"


@pytest.mark.parametrize(
    ("name", "thing", "data"),
    [
        ("communes:account", "", {"phone": "1", "is_superuser": "on", "is_staff": "on", "full_name": "Khác"}),
        ("communes:account", "", {"phone": "1", "username": "khac", "must_change_password": "", "role": "team_head"}),
    ],
)
def test_own_account_changes_only_telephone_and_mail(name, thing, data, scene):
    person = scene.people["officer"]
    with taken_back():
        as_(scene, "officer").post(reverse(name), data)
        now = fresh(person)
        assert now.phone == "1"
        assert (now.username, now.full_name) == (person.username, person.full_name)
        assert {now.is_superuser, now.is_staff} == {False}
        assert not now.plays("team_head")


def test_coordinator_cannot_make_administrators(scene):
    """The choice is not offered, and a forged one is refused."""
    person = scene.get("user", "own")
    authority = scene.people["coordinator"].memberships.get().authority
    data = {"role": "administrator", "place": f"authority-{authority.pk}", "valid_from": "01/01/2024"}
    with taken_back():
        as_(scene, "coordinator").post(reverse("communes:membership-add", args=[person.pk]), data)
        assert not person.memberships.filter(role="administrator").exists()


def test_coordinator_gives_no_role_in_another_district(scene):
    person, commune = scene.get("user", "own"), scene.get("commune", "far")
    data = {"role": "commune_officer", "place": f"commune-{commune.pk}", "valid_from": "01/01/2024"}
    with taken_back():
        as_(scene, "coordinator").post(reverse("communes:membership-add", args=[person.pk]), data)
        assert not person.memberships.filter(commune=commune).exists()


def links() -> set[tuple[int, int]]:
    return set(EvidenceLink.objects.values_list("evidence", "assessment"))


@pytest.mark.parametrize(
    ("evidence", "assessment"),
    [("near-library", "own-draft-2.1"), ("own-library", "near-draft-2.1"), ("own-library", "own-draft-1.1")],
)
def test_evidence_is_linked_only_within_the_own_commune_and_criterion(evidence, assessment, scene):
    """Ids of others, and of another criterion than the address says, are not choices."""
    data = {
        "evidence": scene.get("evidence", evidence).pk,
        "assessments": [scene.get("assessment", assessment).pk],
    }
    dossier, before = scene.get("dossier", "own-draft"), links()
    with taken_back():
        answer = as_(scene, "officer").post(reverse("inspections:evidence-link", args=[dossier.pk, 2]), data)
        assert answer.status_code == 400
        assert links() == before
        assert "zqnear" not in answer.content.decode()


@pytest.mark.parametrize("assessment", ["near-draft-2.1", "own-draft-1.1", "own-returned-2.1"])
def test_upload_is_for_indicators_of_the_address_only(assessment, scene):
    data = {"assessments": [scene.get("assessment", assessment).pk], "files": [work.pdf_upload()]}
    dossier, before = scene.get("dossier", "own-draft"), links()
    with taken_back():
        answer = as_(scene, "officer").post(reverse("inspections:evidence-upload", args=[dossier.pk, 2]), data)
        assert answer.status_code == 404
        assert links() == before


def test_upload_to_own_and_foreign_indicators_at_once_reaches_only_the_own(scene):
    own, near = scene.get("assessment", "own-draft-2.1"), scene.get("assessment", "near-draft-2.1")
    data = {"assessments": [own.pk, near.pk], "files": [work.pdf_upload()]}
    with taken_back():
        before = links()
        dossier = scene.get("dossier", "own-draft")
        as_(scene, "officer").post(reverse("inspections:evidence-upload", args=[dossier.pk, 2]), data)
        assert {assessment for _, assessment in links() - before} == {own.pk}


def test_library_upload_goes_to_the_own_commune_whatever_the_form_says(scene):
    data = {"commune": scene.get("commune", "near").pk, "kind": "document", "files": [work.pdf_upload()]}
    with taken_back():
        before = Evidence.objects.filter(commune=scene.get("commune", "near")).count()
        as_(scene, "officer").post(reverse("inspections:evidence-add"), data)
        assert Evidence.objects.filter(commune=scene.get("commune", "near")).count() == before


def test_unlinking_takes_neither_foreign_evidence_nor_foreign_indicators(scene):
    dossier, before = scene.get("dossier", "own-draft"), links()
    for evidence, assessment in (("near-draft", "own-draft-2.1"), ("own-draft", "near-draft-2.1")):
        address = [dossier.pk, 2, scene.get("evidence", evidence).pk]
        data = {"assessments": [scene.get("assessment", assessment).pk]}
        answer = as_(scene, "officer").post(reverse("inspections:evidence-unlink", args=address), data)
        assert answer.status_code == 404
    assert links() == before


def test_inspector_concludes_no_indicator_of_another_dossier(scene):
    """The form is the own dossier's, the indicator in the address another district's."""
    row = scene.get("assessment", "far-fresh-1.1")
    address = reverse("inspections:indicator-conclude", args=[scene.get("dossier", "own-fresh").pk, row.pk])
    data = {f"chi-tieu-{row.pk}-judgement": "dat", f"chi-tieu-{row.pk}-version": row.version}
    assert as_(scene, "inspector").post(address, data).status_code == 404
    assert fresh(row).conclusion == "chua_danh_gia"


@pytest.mark.parametrize(("who", "round_"), [("coordinator", "far"), ("far_coordinator", "open")])
def test_notice_is_begun_only_for_rounds_of_the_own_authority(who, round_, scene):
    found = scene.get("round", round_)
    with taken_back():
        as_(scene, who).post(reverse("reports:notice-create"), {"round": found.pk})
        assert not found.notices.exists()


def test_round_is_made_only_for_the_own_authority(scene):
    other = scene.get("round", "far").authority
    data = {
        "name": "Đợt giả", "code": "GIA-1", "authority": other.pk, "year": "2025", "period_from": "01/01/2025",
        "period_to": "30/06/2025", "due_on": "30/05/2025", "team_name": "Đoàn", "subject": "thử",
    }  # fmt: skip
    as_(scene, "coordinator").post(reverse("inspections:round-create"), data)
    assert not InspectionRound.objects.filter(code="GIA-1").exists()


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.pdf", "..\\..\\boot.pdf", "/tmp/x.pdf", "a\x00b.pdf", "%2e%2e%2f.pdf"]
)
def test_path_in_a_file_name_leads_nowhere(name, scene):
    dossier, row = scene.get("dossier", "own-draft"), scene.get("assessment", "own-draft-2.1")
    file = SimpleUploadedFile("x.pdf", work.pdf_bytes(), content_type="application/pdf")
    file._name = name
    with taken_back():
        before = set(Evidence.objects.values_list("pk", flat=True))
        data = {"assessments": [row.pk], "files": [file]}
        as_(scene, "officer").post(reverse("inspections:evidence-upload", args=[dossier.pk, 2]), data)
        (found,) = Evidence.objects.exclude(pk__in=before)
        assert re.fullmatch(r"evidence/[0-9a-f]{2}/[0-9a-f]{32}\.pdf", found.file.name)
        assert not set("/\\\x00") & set(found.original_name)


@pytest.mark.parametrize(
    "content", [b"<html><script>alert(1)</script></html>", b"<svg onload=alert(1)>", b"MZ\x90\x00", b"#!/bin/sh\n"]
)
def test_what_only_claims_to_be_a_document_is_refused(content, scene):
    dossier, row = scene.get("dossier", "own-draft"), scene.get("assessment", "own-draft-2.1")
    file = SimpleUploadedFile("bao-cao.pdf", content, content_type="application/pdf")
    before = Evidence.objects.count()
    data = {"assessments": [row.pk], "files": [file]}
    answer = as_(scene, "officer").post(reverse("inspections:evidence-upload", args=[dossier.pk, 2]), data)
    assert answer.status_code == 400
    assert Evidence.objects.count() == before


def test_original_is_an_attachment_in_a_sandbox(scene, knock):
    answer = knock("officer", url_of(DOORS["inspections:evidence-download"], scene), "GET")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer.headers["Cache-Control"]


def test_stored_files_have_no_address_of_their_own(scene, knock):
    path = scene.get("evidence", "own-sent").file.name
    for address in (f"/{path}", f"/media/{path}", f"/static/{path}", f"/static/../{path}"):
        assert knock("officer", address, "GET").status_code == 404


# ---------------------------------------------------------------- requests that are not what they seem


def test_signing_in_gives_a_new_session(client, officer):
    """A session that somebody else planted beforehand does not become the person's."""
    client.get(LOGIN)
    session = client.session
    session["planted"] = "1"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted = session.session_key
    client.post(LOGIN, {"username": officer.username, "password": PASSWORD})
    assert client.session[SESSION_KEY] == str(officer.pk)
    assert client.session.session_key != planted


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\x00//evil",
    ],
)
def test_signing_in_never_leads_out_of_the_portal(address, client, officer):
    answer = client.post(LOGIN, {"username": officer.username, "password": PASSWORD, "next": address})
    assert answer["Location"] == "/"


def test_forged_host_is_refused(client, settings):
    settings.ALLOWED_HOSTS = ["ntm.example"]
    answer = client.get(LOGIN, headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
    assert client.get(LOGIN, headers={"host": "ntm.example"}).status_code == 200


def test_request_from_another_page_is_refused_with_a_page_that_says_what_to_do(officer):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(officer)
    answer = strict.post("/tai-khoan/", {"phone": "0912"})
    assert answer.status_code == 403
    assert "<h1" in answer.content.decode()
    assert "tải lại" in answer.content.decode().lower()
    assert not officer.__class__.objects.get(pk=officer.pk).phone


def test_too_many_fields_get_the_page_413(client, officer, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 50
    client.force_login(officer)
    answer = client.post("/tai-khoan/", {f"x{n}": "1" for n in range(60)})
    assert answer.status_code in (400, 413)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_too_large_a_body_gets_the_page_413(client, officer, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client.force_login(officer)
    answer = client.post("/tai-khoan/", {"phone": "1" * 5000})
    assert answer.status_code == 413
    assert "<h1" in answer.content.decode()


def test_too_many_files_get_the_page_413(client, officer, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    client.force_login(officer)
    answer = client.post(reverse("inspections:evidence-add"), {"files": [work.pdf_upload() for _ in range(3)]})
    assert answer.status_code == 413


def test_nul_and_broken_bytes_are_no_failure(client, officer):
    client.force_login(officer)
    client.raise_request_exception = False
    for address in (
        "/tim-kiem/?q=%00abc",
        "/tim-kiem/?q=%ff%fe",
        "/don-vi/?q=%00",
        "/minh-chung/?q=%00&year=x",
        "/?page=%00",
    ):
        assert client.get(address).status_code < 500, address
    for address in (
        "/don-vi/99999999999999999999/",
        "/ho-so/99999999999999999999/",
        "/minh-chung/9223372036854775808/",
    ):
        assert client.get(address).status_code == 404, address
    assert client.post("/tai-khoan/", {"phone": "a\x00b", "email": "\x00"}).status_code < 500


def test_settings_name_the_strong_choices():
    assert written.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    assert written.AXES_LOCKOUT_PARAMETERS == [["username", "ip_address"]]
    assert written.SESSION_COOKIE_HTTPONLY
    assert written.SESSION_COOKIE_SAMESITE == "Lax"
    assert written.AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"]["min_length"] == 12
