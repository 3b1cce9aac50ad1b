"""Every URL, every method, everybody: who gets in, who is sent away and how, and that nothing gets out.

The URLs come from the resolver; tests/doors.py states the answers, tests/scene.py is where it plays.
"""

import hashlib
import re
from itertools import product

import pytest
from django.apps import apps
from django.core.serializers import serialize
from django.http import HttpResponse
from django.urls import URLPattern, get_resolver, include, path, reverse
from django.urls.resolvers import URLResolver
from schemathesis.generation.hypothesis.builder import HypothesisTestMode

import ntm_portal.views
from communes.api.resources import CommuneViewSet
from communes.models import Agency, Commune, Event, User
from inspections import services
from inspections.models.dossiers import DossierQuerySet

from . import scene as scenery
from .doors import DOORS, PEOPLE, POST, TWINS
from .doorstep import leaks, taken_back, url_of
from .fuzzing import ROLES, Fuzz, one_connection
from .inspections import factories as work

pytestmark = pytest.mark.django_db
# Who may is decided by the portal's own code, and thousands of knocks take minutes. On PostgreSQL somebody is let
# in at every door.
once = pytest.mark.only_on("sqlite")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Redirects of Django's administration site from an object to its change page.
WITHOUT_NAME = {"<path:object_id>/"}
# The second sends on to the first.
SIGN_IN = ("/dang-nhap/", "/quan-tri/login/")
# The journal's line of a download is the one write that a GET may make; a session notes when it was last seen.
DOWNLOADS = [
    *("inspections:evidence-download", "inspections:signed-download", "api:evidence-download"),
    *("reports:follow-up-proof", "reports:bundle-file"),
]
MAY_WRITE = dict.fromkeys(DOWNLOADS, ("communes_event", "communes_chainhead"))


@pytest.fixture(autouse=True)
def plain_settings(lasting_settings):
    """Those of the scene."""


# ---------------------------------------------------------------- the table is whole


def routes(patterns, names=()):
    """(name with namespaces, route) of every URL."""
    for item in patterns:
        if isinstance(item, URLResolver):
            yield from routes(item.url_patterns, (*names, item.namespace) if item.namespace else names)
        elif isinstance(item, URLPattern) and item.name:
            yield ":".join((*names, item.name)), str(item.pattern)
        elif str(item.pattern) not in WITHOUT_NAME:
            yield f"{':'.join(names)} without a name", str(item.pattern)


def unstated(patterns) -> set[str]:
    return {name for name, _ in routes(patterns)} - set(DOORS)


def test_every_url_has_its_line_in_the_table():
    assert unstated(get_resolver().url_patterns) == set()


def test_table_has_no_line_without_a_url():
    assert set(DOORS) - {name for name, _ in routes(get_resolver().url_patterns)} == set()


def test_url_without_a_line_is_found():
    added = [path("moi/", lambda request: None, name="new"), path("x/", include([path("y/", lambda request: None)]))]
    assert unstated(added) == {"new", " without a name"}


# ---------------------------------------------------------------- everybody at every door


@once
@pytest.mark.long
@pytest.mark.parametrize("name", DOORS)
def test_door_answers_everybody_as_the_table_says(name, scene, knock):
    found = faults_at(DOORS[name], visits(DOORS[name]), scene, knock)
    assert not found, "\n".join(found)


@once
@pytest.mark.long
@pytest.mark.parametrize("name", DOORS)
def test_door_answers_every_method_of_everybody(name, scene, knock):
    door = DOORS[name]
    # A method that is not offered is refused whoever asks: a stranger, one let in and one refused tell.
    some = {"anonymous", *sorted(door.may)[:1], *sorted(set(PEOPLE) - door.may)[-1:]}
    wanted = [(who, method) for method in METHODS for who in (PEOPLE if method in door.methods else some)]
    found = faults_at(door, sorted(set(wanted) - set(visits(door))), scene, knock)
    assert not found, "\n".join(found)


def faults_at(door, wanted, scene, knock) -> list[str]:
    """What is wrong with the answers to these visits: (who, method)."""
    url, found = url_of(door, scene), []
    for who, method in wanted:
        found += faults(door, who, method, knock(who, url, method, given(door, who, method, scene)), scene)
    return found


def visits(door):
    """Everybody by reading and, where it is offered, by sending; all other ways of asking are long."""
    # In the administration site the role alone decides: nobody has a twin there, and one look tells.
    everybody = [who for who in PEOPLE if not (door.is_admin and who in TWINS)]
    methods = ["GET"] if door.is_admin or "POST" not in door.methods else ["GET", "POST"]
    return list(product(everybody, methods))


def given(door, who, method, scene):
    return door.data(scene) if method == "POST" and door.data and "POST" in door.methods else None


def faults(door, who, method, answer, scene) -> list[str]:
    """What is wrong with an answer, in words."""
    status, expected = answer.status_code, door.expected(who, method)
    said = f"{who} {method} {door.name}: {status}"
    found = [] if is_as_expected(status, expected, method) else [f"{said}, not {expected}"]
    if who == "anonymous" and expected == 302 and not answer.headers.get("Location", "").startswith(SIGN_IN):
        found.append(f"{said}: not the login page")
    if getattr(answer, "next_status", 200) != 200 and who in door.may:
        found.append(f"{said}, and then {answer.next_status}")
    if method not in ("POST", *dict(door.by_method)) or who not in door.may:
        allowed = MAY_WRITE.get(door.name, ())
        found += [f"{said} wrote {sql[:80]}" for sql in answer.wrote if not any(table in sql for table in allowed)]
    return found + [f"{said} shows {word}" for word in leaks(answer, who, scene)]


def is_as_expected(status, expected, method) -> bool:
    """A form sent empty is shown again with its errors, as 200 or 400."""
    return status == expected or (method == "POST" and expected == 200 and status == 400)


@pytest.mark.parametrize("name", [name for name in DOORS if not name.startswith("admin:")])
def test_door_lets_somebody_in(name, scene, knock):
    """A table that only refuses would be true of a broken page too."""
    door = DOORS[name]
    method = door.methods[0]
    who = sorted(door.may)[0]
    answer = knock(who, url_of(door, scene), method, given(door, who, method, scene))
    assert {200, 201} & {answer.status_code, getattr(answer, "next_status", 0)}


# ---------------------------------------------------------------- objects of others, in every state


def foreign(who: str, thing: str) -> bool:
    """Whether a thing of the scene lies outside of what this person has to do with."""
    if who in ("officer", "leader"):
        return thing.startswith((scenery.NEAR, scenery.FAR))
    if who == "neighbour":
        return thing.startswith((scenery.OWN, scenery.FAR))
    return thing.startswith(scenery.FAR) if who not in scenery.OTHER_DISTRICT else not thing.startswith(scenery.FAR)


OF_COMMUNES = {
    *("dossier", "evidence", "upload", "entry", "item", "asked", "assessment", "proof", "newer", "workbook"),
    *("commune", "village", "recognition", "within", "entered"),
}
# One of another district for each of these people; the administrator keeps them all.
SWEPT = ("officer", "leader", "neighbour", "agency", "idle_agency", "inspector", "outsider", "far_head")
SWEPT_ACTS = ("officer", "neighbour", "agency", "outsider")
SOURCES = {
    "entry": "assessment",
    "asked": "item",
    "proof": "evidence",
    "newer": "evidence",
    "section": "notice",
    "within": "dossier",
    "entered": "assessment",
}


@once
@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if door.kind in OF_COMMUNES])
def test_door_hides_objects_of_others_in_every_state(name, scene, knock):
    found = faults_with_others(DOORS[name], scene, knock)
    assert not found, "\n".join(found)


def faults_with_others(door, scene, knock, people=()) -> list[str]:
    """What is wrong when people try the door with every object of its kind, their own and others'."""
    found, method = [], door.methods[0]
    things = [thing for thing in scene.things[SOURCES.get(door.kind, door.kind)] if can_address(door, scene, thing)]
    people = people or (SWEPT if door.methods != POST else SWEPT_ACTS)
    for who, thing in product(people, things):
        is_foreign = foreign(who, thing)
        if is_foreign and len(things) > 3 and not any(state in thing for state in ("sent", "concluded")):
            continue  # whose it is decides, not its state
        if who in scenery.TEAM_SIDE and thing.startswith(scenery.NEAR):
            continue  # to the team one commune is like the other
        # Of the own other things only the address is tried: what makes one act succeed fits no other.
        data = given(door, who, method, scene) if is_foreign or thing == door.thing else None
        answer = knock(who, url_of(door, scene, thing), method, data)
        said = f"{who} {method} {door.name} of {thing}: {answer.status_code}"
        if answer.status_code >= 500 or (is_foreign and answer.status_code not in (403, 404)):
            found.append(said)
        if answer.wrote and is_foreign:
            found.append(f"{said} wrote")
        found += [f"{said} shows {word}" for word in leaks(answer, who, scene)]
    return found


def can_address(door, scene, thing) -> bool:
    try:
        door.address(scene, thing)
    except KeyError:
        return False
    return True


@pytest.mark.parametrize(
    "name", ["inspections:indicator-conclude", "inspections:item-settle", "inspections:item-answer"]
)
def test_address_mixing_two_dossiers_is_not_found(name, scene, knock):
    """The dossier is one's own share, the indicator or question in it another dossier's."""
    door = DOORS[name]
    address = door.address(scene) | {"pk": scene.get("dossier", "own-ready").pk}
    who = sorted(door.may)[0]
    assert knock(who, reverse(name, kwargs=address), "POST", given(door, who, "POST", scene)).status_code == 404


# ---------------------------------------------------------------- what the team is still deciding

OF_THE_COMMUNE = (
    "home", "search", "inspections:dossier-list", "inspections:dossier-detail", "inspections:dossier-print",
    "inspections:dossier-history", "inspections:dossier-returns", "inspections:criterion-edit",
    "inspections:evidence-list", "inspections:evidence-detail", "inspections:dossier-submitted",
)  # fmt: skip
# A form's token, and the minute of a print.
CHANGING = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"|in lúc [\d:/ ]+')


def seen_by(who, names, scene, knock) -> dict[str, str]:
    """{page: text} of the dossier that was handed in and that the team is looking at."""
    found = {}
    for name in names:
        door = DOORS[name]
        thing = "own-fresh" if door.kind in ("dossier", "evidence") else ""
        numbers = (1, 2, 3) if "number" in dict(door.more) else (0,)
        for number in numbers:
            address = door.address(scene, thing) | ({"number": number} if number else {})
            answer = knock(who, reverse(name, kwargs=address), "GET", {"q": "Phúc"} if name == "search" else None)
            found[f"{name} {number}"] = CHANGING.sub("", answer.body.decode())
    return found


def decide(dossier, scene, number, verdict):
    row = work.conclusion_of(dossier, number)
    services.conclude_criterion(
        row, verdict=verdict, reason="Chưa đủ hồ sơ.", by=scene.people["inspector"], version=row.version
    )


@pytest.mark.parametrize("who", ["officer", "leader"])
def test_commune_sees_nothing_of_what_the_team_decides(who, scene, knock):
    """With other conclusions and opinions in the database, each of its pages is the same to the letter.

    That the team has begun is no secret: from the first conclusion on a dossier cannot be taken back.
    """
    dossier = scene.get("dossier", "own-fresh")
    with taken_back():
        decide(dossier, scene, 1, "dat")
        before = seen_by(who, OF_THE_COMMUNE, scene, knock)
        team_before = seen_by("viewer", ["inspections:review-dossier"], scene, knock)
        decide(dossier, scene, 2, "chua_dat")
        decide(dossier, scene, 3, "chua_dat")
        row = work.assessment_of(dossier, "2.1")
        agency = scene.people["agency"]
        services.give_opinion(row, judgement="chua_dat", reason="Thiếu.", by=agency, version=row.version)
        after = seen_by(who, OF_THE_COMMUNE, scene, knock)
        team_after = seen_by("viewer", ["inspections:review-dossier"], scene, knock)
    assert [name for name in before if before[name] != after[name]] == []
    assert team_before != team_after


# ---------------------------------------------------------------- reading writes nothing


def checksum() -> dict[str, str]:
    """{table: hash of its rows}, without sessions."""
    models = [model for model in apps.get_models() if model._meta.app_label not in ("sessions", "axes", "admin")]
    return {
        model._meta.db_table: hashlib.sha256(serialize("json", model.objects.order_by("pk")).encode()).hexdigest()
        for model in models
    }


def test_reading_every_page_leaves_every_table_as_it_was(scene, knock):
    """Only a download leaves its line in the journal."""
    before, lines, told = checksum(), Event.objects.count(), []
    for door in DOORS.values():
        if "GET" in door.methods and door.may:
            knock(sorted(door.may)[0], url_of(door, scene), "GET", keep=True)
            if Event.objects.count() != lines:
                told, lines = [*told, door.name], Event.objects.count()
    after = checksum()
    assert {table for table in after if after[table] != before[table]} == {"communes_event", "communes_chainhead"}
    assert sorted(told) == sorted(DOWNLOADS)


# ---------------------------------------------------------------- the API as it describes itself


@pytest.fixture(scope="module")
def fuzz(scene):
    with one_connection():
        yield Fuzz(scene)


def test_every_operation_of_the_api_succeeds_for_somebody(fuzz):
    fuzz.failures.clear()
    fuzz.rightly()
    assert fuzz.failures == []
    assert fuzz.never_succeeded() == []


@pytest.mark.parametrize("who", ROLES)
def test_invented_calls_of_the_api_find_no_fault(who, fuzz):
    """One call of each operation; tests/long/test_api_fuzz.py makes many."""
    fuzz.failures.clear()
    fuzz.invented(who, examples=1, modes=[HypothesisTestMode.FUZZING])
    assert fuzz.failures == [], "\n\n".join(fuzz.failures)


def test_undocumented_answer_of_the_api_is_caught(fuzz, monkeypatch):
    monkeypatch.setattr(CommuneViewSet, "list", lambda self, request: HttpResponse(status=202))
    fuzz.failures.clear()
    fuzz.invented("viewer", examples=3, modes=[HypothesisTestMode.FUZZING], labels=["GET /api/v1/communes/"])
    assert any("Undocumented" in text for text in fuzz.failures)


def test_operation_that_never_succeeds_is_caught(scene, monkeypatch):
    with one_connection():
        fuzz = Fuzz(scene)
        monkeypatch.setattr(CommuneViewSet, "visible", lambda self: Commune.objects.none())
        fuzz.rightly()
    assert fuzz.never_succeeded() == ["GET /api/v1/communes/{id}/"]


# ---------------------------------------------------------------- these tests can fail


def test_missing_check_of_the_role_is_caught(scene, knock, monkeypatch):
    monkeypatch.setattr(User, "has", lambda self, permission: True)
    found = faults_at(DOORS["communes:user-list"], [("officer", "GET")], scene, knock)
    assert found == ["officer GET communes:user-list: 200, not 403"]


def test_missing_check_of_the_row_is_caught(scene, knock, monkeypatch):
    monkeypatch.setattr(DossierQuerySet, "for_user", lambda self, user: self.all())
    found = faults_with_others(DOORS["inspections:dossier-detail"], scene, knock, ["officer"])
    assert any("officer GET inspections:dossier-detail of near-sent: 200" in fault for fault in found)


def test_word_of_another_commune_is_caught(scene, knock, monkeypatch):
    monkeypatch.setattr(DossierQuerySet, "for_user", lambda self, user: self.all())
    found = faults_with_others(DOORS["inspections:criterion-edit"], scene, knock, ["officer"])
    assert any("officer" in fault and "shows zqnearsentremark2zq" in fault for fault in found)


def test_reading_that_writes_is_caught(scene, knock, monkeypatch):
    home_of = ntm_portal.views.home_of

    def counting(user):
        Agency.objects.update(is_active=True)
        return home_of(user)

    monkeypatch.setattr(ntm_portal.views, "home_of", counting)
    assert "wrote UPDATE" in faults_at(DOORS["home"], [("officer", "GET")], scene, knock)[0]
