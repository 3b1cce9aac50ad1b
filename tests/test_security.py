"""What an attacker tries: markup in every field, other people's ids and fields in forms, forged requests, big bodies.

Signing in and its lock are in tests/ntm_portal/test_sign_in.py, the settings of production in test_production.py,
what a file may hold in tests/inspections/test_evidence_rules.py.
"""

import re
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from inspections.models import (
    Assessment,
    CriterionConclusion,
    Dossier,
    Evidence,
    EvidenceLink,
    InspectionRound,
    ReturnItem,
)
from ntm_portal import settings as written
from reports.models import NoticeSection

from .doors import DOORS
from .doorstep import taken_back, url_of
from .factories import PASSWORD
from .inspections import factories as work

pytestmark = pytest.mark.django_db

LOGIN = "/dang-nhap/"
SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
TEMPLATE = "{{ settings.SECRET_KEY }}{% debug %}"
PAYLOAD = f"{SCRIPT}{IMAGE}{TEMPLATE}"
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
    assert breaches(answer) == []


class InlineFinder(HTMLParser):
    """Collects what the policy would stop, which means that somebody wrote it or slipped it in."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if (tag == "script" and "src" not in named and named.get("type") != "application/json") or tag == "style":
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in named if name == "style" or name.startswith("on")]
        self.found += [f"{tag} {value}" for value in named.values() if (value or "").strip().startswith("javascript:")]


def is_html(answer) -> bool:
    return answer.headers.get("Content-Type", "").startswith("text/html")


def breaches(answer) -> list[str]:
    if not is_html(answer):
        return []
    finder = InlineFinder()
    finder.feed(answer.body.decode())
    return finder.found


def test_breach_of_the_policy_is_found():
    finder = InlineFinder()
    finder.feed(f"<p style='x'>{PAYLOAD}<a href='javascript:x'></a></p><script src='a.js'></script>")
    assert finder.found == ["p style", "script", "img onerror", "a javascript:x"]


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


# ---------------------------------------------------------------- markup typed into every field

HIDDEN = ("csrfmiddlewaretoken", "version", "next")


class FieldFinder(HTMLParser):
    """Names of the text fields of a page, form by form: [(address, {name: value})]."""

    def __init__(self):
        super().__init__()
        self.forms, self.fields, self.select = [], None, None

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "form" and named.get("method", "").lower() == "post":
            self.fields = {}
            self.forms.append((named.get("action", ""), self.fields))
        name = named.get("name")
        if self.fields is None or not name:
            self.select = self.select if tag == "option" else None
        elif tag == "textarea":
            self.fields[name] = PAYLOAD
        elif tag == "input" and named.get("type", "text") in ("text", "search", "email", "tel"):
            self.fields[name] = self.value_of(named)
        elif tag == "input" and named.get("type") == "hidden":
            self.fields[name] = named.get("value", "")
        elif tag == "input" and named.get("type") in ("radio", "checkbox"):
            self.fields.setdefault(name, named.get("value", "on"))
        elif tag == "select":
            self.select = name
        if tag == "option" and self.select and named.get("value"):
            self.fields.setdefault(self.select, named["value"])

    @staticmethod
    def value_of(named):
        """Numbers and days keep what is there, so that the form is taken and the text stored."""
        given = named.get("value", "")
        is_number = named.get("inputmode") in ("decimal", "numeric")
        return given if is_number or re.fullmatch(r"\d\d/\d\d/\d{4}", given) else PAYLOAD

    def handle_endtag(self, tag):
        if tag == "form":
            self.fields = None


FORM_PAGES = [name for name in OPEN_PAGES if not name.startswith("admin:") and name not in ("login", "health")]
REREAD = (
    "home", "search", "communes:user-list", "communes:user-detail", "communes:commune-list", "communes:commune-detail",
    "criteria:set-list", "criteria:set-detail", "inspections:dossier-list", "inspections:dossier-detail",
    "inspections:dossier-print", "inspections:dossier-history", "inspections:dossier-returns",
    "inspections:criterion-edit", "inspections:evidence-list", "inspections:evidence-detail",
    "inspections:round-list", "inspections:round-detail", "inspections:review-dossier", "inspections:review-criterion",
    "inspections:queue", "reports:notice-list", "reports:notice-preview", "reports:notice-edit", "communes:account",
)  # fmt: skip


@pytest.mark.parametrize("name", FORM_PAGES)
def test_markup_typed_into_any_form_is_shown_as_text(name, scene, knock):
    """Each form of the page is sent with markup in every text field; nothing of it may come back as markup."""
    door = DOORS[name]
    who, url = sorted(door.may)[0], url_of(door, scene)
    finder = FieldFinder()
    page = knock(who, url, "GET")
    finder.feed(page.body.decode() if is_html(page) else "")
    for action, fields in finder.forms:
        with taken_back():
            answer = knock(who, action or url, "POST", fields, keep=True)
            assert answer.status_code < 500
            assert breaches(answer) == [], f"{action} {breaches(answer)}"
            assert settings.SECRET_KEY not in answer.body.decode(errors="replace")
            if answer.status_code == 302 and "/dang-nhap" not in answer["Location"]:
                page = knock(who, answer["Location"], "GET")
                assert breaches(page) == [], f"{action} then {breaches(page)}"


def test_markup_stored_everywhere_is_shown_as_text(scene, knock):
    """Every text column of the work holds markup; whoever reads whichever page sees it as text."""
    with taken_back():
        seen = 0
        poison()
        for name in REREAD:
            door = DOORS[name]
            address = f"{reverse('search')}?q=script" if name == "search" else url_of(door, scene)
            for who in sorted(door.may & {"officer", "agency", "inspector", "head", "coordinator", "administrator"}):
                answer = knock(who, address, "GET")
                assert answer.status_code in (200, 302), (who, name)
                assert breaches(answer) == [], (who, name)
                seen += "&lt;script&gt;alert(1)" in answer.body.decode()
        assert seen > 20


def poison() -> None:
    """Write the markup past all forms, as an import or an old hole could have; what is concluded cannot be."""
    text, line = PAYLOAD, PAYLOAD[:100]
    running = Dossier.objects.exclude(status=Dossier.Status.CONCLUDED)
    within = {"dossier__in": running.values("pk")}
    Assessment.objects.filter(**within).update(remark=text, opinion_reason=text, conclusion_reason=text)
    CriterionConclusion.objects.filter(**within).update(reason=text, reply=text)
    ReturnItem.objects.update(question=text, answer=text)
    Evidence.objects.update(title=line, number=SCRIPT, issuer=line, original_name=f"{SCRIPT}.pdf")
    InspectionRound.objects.update(name=line, team_name=line, note=text)
    running.update(reply=text, reopen_reason=text)
    NoticeSection.objects.filter(notice__status="draft").update(heading=line, body=text)
    for model, columns in (
        ("communes.User", ("full_name", "position", "phone")),
        ("communes.Commune", ("name",)),
        ("communes.Authority", ("name",)),
        ("communes.Agency", ("name",)),
    ):
        fill(model, columns, line)


def fill(model, columns, line) -> None:
    found = apps.get_model(model)
    for column in columns:
        length = found._meta.get_field(column).max_length or len(line)
        found.objects.update(**{column: line if length >= len(line) else SCRIPT})


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
    data = {"version": fresh(row).version, "numerator": "8", "denominator": "9", "remark": "Mới", **forged}
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
