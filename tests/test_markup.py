"""Markup typed into any field, or standing in any column, is text wherever it is shown."""

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import reverse

from inspections.models import Assessment, CriterionConclusion, Dossier, Evidence, InspectionRound, ReturnItem
from reports.models import NoticeSection

from .doors import DOORS
from .doorstep import taken_back, url_of
from .markup import PAYLOAD, SCRIPT, FieldFinder, InlineFinder, breaches, is_html

# Roles, markup and wording are the portal's own code: the run on SQLite has them. (tests/test_doors.py lets
# somebody in at every door on both.)
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]


@pytest.fixture(autouse=True)
def plain_settings(lasting_settings):
    """Those of the scene."""


def test_breach_of_the_policy_is_found():
    finder = InlineFinder()
    finder.feed(f"<p style='x'>{PAYLOAD}<a href='javascript:x'></a></p><script src='a.js'></script>")
    assert finder.found == ["p style", "script", "img onerror", "a javascript:x"]


FORM_PAGES = [
    name
    for name, door in DOORS.items()
    if "GET" in door.methods and door.may and not door.is_admin and name not in ("login", "health", "service-worker")
]
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
