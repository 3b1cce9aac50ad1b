"""Round bundles: nothing of a round is forgotten, nothing altered comes in, and what came in can go on as it came."""

import fcntl
import json
import os
import random
import stat
import struct
import time
import zipfile
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.urls import reverse

from communes import journal, notation
from communes.models import ChainHead, Commune, Event, Membership, User
from communes.permissions import Role
from criteria.models import Threshold
from inspections import services as inspections
from inspections.models import Assessment, Dossier, Evidence, InspectionRound, RoundUnit, VisitSheet
from inspections.workflow import Refused
from reports import services as notices
from reports.bundles import EVENTS, MANIFEST, PLACES, container, loading, rows, tables, writing
from reports.bundles.container import BundleRefused, Reader
from reports.bundles.planning import Choices
from reports.models import BroughtPerson, BroughtRound, IssuedDocument, Notice, SearchText
from reports.services.bundles import import_round, look_into

from ..factories import AuthorityFactory, CommuneFactory, person
from ..inspections import factories as work
from . import bundles
from . import factories as paper

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def there(django_db_setup, django_db_blocker, tmp_path_factory):
    """Folder with the bundles of two rounds, of an installation that is gone."""
    folder = tmp_path_factory.mktemp("there")
    with django_db_blocker.unblock():
        bundles.make(folder)
    return folder


@pytest.fixture
def bundle(there):
    return there / f"{bundles.CODE}.zip"


@pytest.fixture
def here(district, commune):
    """An installation with a round of its own, so that no row has the id it had there."""
    return work.open_round(district, communes=[commune], criteria_set=work.small_set(code="xa-day"), code="DAY-1")


def bring(path, by=None, **choices):
    return import_round(path, Choices(**choices), by=by)[0]


def stored_files():
    base = Path(django_settings.MEDIA_ROOT)
    return sorted(str(path.relative_to(base)) for path in base.rglob("*") if path.is_file())


def refused(path, by=None):
    """The words of the refusal; and nothing is left of the attempt."""
    before = stored_files(), Event.objects.count(), User.objects.count(), Commune.objects.count()
    with pytest.raises(BundleRefused) as caught:
        bring(path, by)
    assert not InspectionRound.objects.filter(code=bundles.CODE).exists()
    assert (stored_files(), Event.objects.count(), User.objects.count(), Commune.objects.count()) == before
    return str(caught.value)


# ---------------------------------------------------------------- nothing is forgotten


def related(model):
    fields = [*model._meta.local_fields, *model._meta.local_many_to_many]
    return {field.related_model for field in fields if field.is_relation and field.related_model}


def test_every_table_with_a_way_to_the_round_is_handed_over_or_left_out_with_a_reason():
    belonging, size = {InspectionRound}, 0
    while len(belonging) > size:
        size = len(belonging)
        belonging |= {model for model in apps.get_models() if related(model) & belonging}
    exported = {table.model for table in tables.TABLES}
    labels = {model._meta.label for model in belonging - exported}
    assert labels == set(tables.LEFT_OUT), labels ^ set(tables.LEFT_OUT)
    assert all(tables.LEFT_OUT.values())


def test_every_column_is_handed_over_or_withheld_with_a_reason_and_names_only_what_is_there():
    known = {table.model for table in tables.TABLES} | {User}
    columns = {
        f"{table.model._meta.label}.{field.name}" for table in tables.TABLES for field in table.model._meta.fields
    }
    assert set(tables.WITHHELD) <= columns
    assert all(tables.WITHHELD.values())
    for table in tables.TABLES:
        for field in (*table.fields, *table.lists):
            assert not field.is_relation or field.related_model in known, f"{table.name}.{field.name}"


def test_a_bundle_says_nothing_of_passwords_tokens_and_addresses(bundle, there):
    for path in (bundle, there / bundles.OPEN):
        members = bundles.members_of(path)
        people = [json.loads(line) for line in members["data/people.jsonl"].splitlines()]
        assert people
        assert all(set(row) == {"n", "username", "full_name", "position"} for row in people)
        assert not any(b"secret" in content or b"password" in content for content in members.values())


# ---------------------------------------------------------------- there and back


@pytest.mark.parametrize("name", [f"{bundles.CODE}.zip", bundles.OPEN])
def test_what_was_brought_in_goes_out_again_byte_for_byte(name, there, here, tmp_path):
    path, again = there / name, tmp_path / "again.zip"
    round_ = bring(path)
    writing.export(round_, again)
    before, after = bundles.members_of(path), bundles.members_of(again)
    manifests = [json.loads(members.pop(MANIFEST)) for members in (before, after)]
    assert list(before) == list(after)
    assert [member for member in before if before[member] != after[member]] == []
    assert {key for key in manifests[0] if manifests[0][key] != manifests[1][key]} <= {"exported_at"}
    assert sum(manifests[0]["rows"].values()) > 60


def test_the_open_round_has_something_of_everything_that_happens_in_it(there):
    rows = json.loads(bundles.members_of(there / bundles.OPEN)[MANIFEST])["rows"]
    kinds = ("turns", "replies", "findings", "sheets", "links", "returns", "evidence", "team", "conclusions")
    assert [kind for kind in kinds if not rows[kind]] == []


def test_a_round_comes_in_whole_and_closed(bundle, there, here):
    round_ = bring(bundle)
    assert (round_.status, round_.brought_from) == ("closed", "UBND huyện Xa")
    assert round_.dossiers.filter(status="concluded").count() == 2
    notice = Notice.objects.get(round=round_)
    assert (notice.status, notice.number, notice.kind_code) == ("issued", 8, "thong-bao")
    assert SearchText.objects.filter(notice=notice).exists()
    for document in IssuedDocument.objects.filter(notice=notice):
        with document.file.open("rb") as file:
            assert len(file.read()) == document.size
    running = bring(there / bundles.OPEN)
    assert running.status == "closed"
    assert BroughtRound.objects.get(round=running).there["status"] == "open"
    assert not RoundUnit.objects.filter(round=running, is_active=True).exists()
    assert not VisitSheet.objects.filter(inspection__round=running, secret_sha256="5" * 64).exists()


def test_the_history_of_a_dossier_is_found_and_nothing_else_is_taken_for_it(bundle, here, commune):
    own = here.dossier_of(commune)
    before = set(Event.objects.about(own).values_list("pk", flat=True))
    round_ = bring(bundle)
    dossier = round_.dossiers.first()
    actions = set(Event.objects.about(dossier).values_list("action", flat=True))
    assert {"dossier.submitted", "dossier.made_provisional", "dossier.concluded"} <= actions
    assert set(Event.objects.about(own).values_list("pk", flat=True)) == before
    added = Event.objects.filter(chain=f"round:{bundles.CODE}", action="evidence.added").first()
    assert Evidence.objects.get(pk=added.subject_id).commune.authority.code == "huyen-xa"
    rows = Assessment.objects.filter(pk__in=added.data["rows"])
    assert rows
    assert all(row.dossier.round_id == round_.pk for row in rows)


def test_the_same_bundle_again_is_said_to_be_here(bundle, here, capsys):
    bring(bundle)
    events = Event.objects.count()
    out = StringIO()
    call_command("import_round", str(bundle), stdout=out)
    assert "đã được nhập lúc" in out.getvalue()
    assert Event.objects.count() == events


def test_a_round_of_the_same_code_is_never_written_over(bundle, here):
    InspectionRound.objects.filter(pk=here.round.pk).update(code=bundles.CODE)
    with pytest.raises(BundleRefused, match=f"Đã có đợt kiểm tra mang mã {bundles.CODE}"):
        bring(bundle)


def test_the_own_round_comes_home_to_no_effect(here, tmp_path):
    path = tmp_path / "own.zip"
    writing.export(here.round, path)
    with pytest.raises(BundleRefused, match="được xuất từ chính cổng này"):
        bring(path)


def test_a_draft_has_nothing_to_hand_over(district, tmp_path):
    world = work.open_round(district, communes=[], is_open=False)
    with pytest.raises(Refused, match="chưa mở"):
        writing.export(world.round, tmp_path / "x.zip")
    assert list(tmp_path.glob("*.zip")) == []


def test_a_file_altered_in_the_storage_does_not_go_out(here, commune, officer, tmp_path):
    piece = work.prove(here.dossier_of(commune), "2.1", by=officer)
    Path(piece.file.path).write_bytes(b"%PDF other")
    with pytest.raises(Refused, match="không còn đúng mã băm"):
        writing.export(here.round, tmp_path / "x.zip")
    assert list(tmp_path.glob("*.zip")) == []


# ---------------------------------------------------------------- the journal


def audit():
    out = StringIO()
    call_command("verify_audit", stdout=out, stderr=StringIO())
    return out.getvalue()


def without_guard(sql, *values):
    """Change the journal as somebody could who has the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER journal_append_only ON communes_event")
        else:
            cursor.execute("DROP TRIGGER journal_no_update")
            cursor.execute("DROP TRIGGER journal_no_delete")
        cursor.execute(sql, values)


def test_the_chain_is_kept_as_it_was_and_the_audit_says_what_it_cannot_know(bundle, here):
    told = json.loads(bundles.members_of(bundle)[MANIFEST])["chain"]
    round_ = bring(bundle)
    head = ChainHead.objects.get(pk=f"round:{bundles.CODE}")
    assert (head.seq, head.hash) == (told["events"], told["head"])
    assert [row.chain for row in Event.objects.filter(action=journal.BROUGHT_IN)] == [journal.REFERENCE]
    said = audit()
    assert "nhập từ UBND huyện Xa" in said
    assert "không kiểm tra được ở đây" in said
    assert told["keys"][0]["key"] in said
    assert IssuedDocument.objects.filter(notice__round=round_).first().journal_head in set(
        Event.objects.filter(chain=head.chain).values_list("hash", flat=True)
    )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE communes_event SET actor_name = 'Người khác' WHERE chain = %s AND seq = 5",
        "UPDATE communes_event SET subject_id = '1' WHERE chain = %s AND seq = 5",
        "UPDATE communes_event SET origin = NULL WHERE chain = %s AND seq = 5",
        "DELETE FROM communes_event WHERE chain = %s AND seq = 5",
        "DELETE FROM communes_event WHERE chain = %s",
    ],
)
def test_what_is_altered_after_the_import_is_found(sql, bundle, here):
    bring(bundle)
    assert journal.verify() == []
    without_guard(sql, f"round:{bundles.CODE}")
    assert {found.chain for found in journal.verify()} == {f"round:{bundles.CODE}"}


def test_with_the_key_of_there_the_events_themselves_are_checked(bundle, here, tmp_path):
    def change(members, manifest):
        members[EVENTS] = members[EVENTS].replace(b'"action":"round.created"', b'"action":"round.creates"')

    forged = bundles.rebuilt(bundle, tmp_path / "forged.zip", change)
    with bundles.elsewhere(Path(django_settings.MEDIA_ROOT)):
        assert "mã xác thực không đúng" in refused(forged)


def test_a_chain_goes_through_several_hands(bundle, here, settings, tmp_path):
    """What is written in the second office, after the import, is told apart by its key in the third."""
    round_ = bring(bundle)
    with transaction.atomic():
        journal.record("round.noted", subject=round_, by=None, chain=f"round:{bundles.CODE}")
    assert journal.verify() == []
    writing.export(round_, tmp_path / "again.zip")
    chain = json.loads(bundles.members_of(tmp_path / "again.zip")[MANIFEST])["chain"]
    assert [row["upto"] for row in chain["keys"]] == [chain["events"] - 1, chain["events"]]
    assert chain["keys"][1]["key"] == journal.key_id() != chain["keys"][0]["key"]


# ---------------------------------------------------------------- people, units


def test_people_come_as_names_on_locked_accounts_unless_somebody_is_chosen(bundle, here, coordinator):
    head = next(row for row in people_of(bundle) if "Nguyễn Văn Thử" in row["full_name"])
    known = User.objects.count()
    round_ = bring(bundle, people={head["username"]: coordinator.username})
    made = User.objects.filter(username__startswith="nhap.")
    assert made.count() == User.objects.count() - known == len(people_of(bundle)) - 1
    assert not any(user.is_active or user.has_usable_password() or user.email for user in made)
    assert not any(user.memberships.exists() for user in made)
    assert round_.team.filter(user=coordinator, position="head").exists()
    frozen = BroughtPerson.objects.get(brought__round=round_, user=coordinator)
    assert (frozen.full_name, frozen.username) == ("Nguyễn Văn Thử", head["username"])
    event = Event.objects.filter(chain=f"round:{bundles.CODE}", actor=coordinator).first()
    assert event.actor_name == "Nguyễn Văn Thử"


def people_of(path):
    return [json.loads(line) for line in bundles.members_of(path)["data/people.jsonl"].splitlines()]


def test_the_same_people_come_once(bundle, there, here):
    bring(bundle)
    count = User.objects.filter(username__startswith="nhap.").count()
    bring(there / bundles.OPEN)
    names = [row["username"] for path in (bundle, there / bundles.OPEN) for row in people_of(path)]
    assert User.objects.filter(username__startswith="nhap.").count() == len(set(names)) >= count


def test_a_unit_that_is_here_is_used_and_a_file_it_has_is_not_stored_again(bundle, here, tmp_path):
    rows = [json.loads(line) for line in bundles.members_of(bundle)["data/communes.jsonl"].splitlines()]
    known = CommuneFactory(code=rows[0]["code"], name="Tên ở đây", valid_from=rows[0]["valid_from"])
    evidence = [json.loads(line) for line in bundles.members_of(bundle)["data/evidence.jsonl"].splitlines()]
    row = next(row for row in evidence if row["commune"] == 1)
    content = bundles.members_of(bundle)[row["file"]]
    officer = person(Role.COMMUNE_OFFICER, commune=known)
    inspections.add_evidence(known, SimpleUploadedFile("cu.pdf", content), meta={}, by=officer)
    plan = look_into(bundle, Choices(), by=None)
    assert [line.differs for line in plan.units if line.found] == ["Xã Tên ở đây"]
    round_ = bring(bundle)
    assert round_.inspections.filter(commune=known).exists()
    kept = Evidence.objects.get(commune=known, sha256=row["sha256"])
    assert kept.original_name == "cu.pdf"
    assert kept.is_kept


@pytest.mark.parametrize("is_there", [False, True])
def test_who_has_only_the_hash_of_a_file_does_not_get_it(is_there, bundle, here, officer, commune, tmp_path):
    """A row that names a file of a commune here, without the file or with another one under its name."""
    secret = work.prove(here.dossier_of(commune), "2.1", by=officer)

    def change(members, _):
        rows = [json.loads(line) for line in members["data/communes.jsonl"].splitlines()]
        rows[0] |= {"code": commune.code, "valid_from": str(commune.valid_from)}
        members["data/communes.jsonl"] = lines_of(rows)
        rows = [json.loads(line) for line in members["data/evidence.jsonl"].splitlines()]
        row = next(row for row in rows if row["commune"] == 1)
        file = row["file"] if is_there else f"files/{secret.sha256}.pdf"
        if not is_there:
            members.pop(row["file"])
        row |= {"sha256": secret.sha256, "size": secret.size, "file": file}
        members["data/evidence.jsonl"] = lines_of(rows)

    words = "mã băm hoặc dung lượng" if is_there else "gói không có tệp"
    assert words in refused(bundles.rebuilt(bundle, tmp_path / "x.zip", change))
    assert secret.links.count() == 1


def lines_of(rows):
    return b"".join(b"%s\n" % writing.canonical(row).encode() for row in rows)


def test_a_merged_unit_points_to_its_successor_and_keeps_its_results(bundle, here):
    old = json.loads(bundles.members_of(bundle)["data/communes.jsonl"].splitlines()[0])["code"]
    new = CommuneFactory(authority=here.round.authority, code="03598", name="Tân Uyên", valid_from="2020-07-01")
    round_ = bring(bundle, successors={old: "03598"})
    unit = Commune.objects.get(code=old)
    assert unit.successor == new
    assert str(unit.valid_to) == "2020-06-30"
    assert round_.inspections.filter(commune=unit).exists()
    assert not new.inspections.exists()
    assert Event.objects.get(action=journal.BROUGHT_IN).data["successors"] == {old: "03598"}


@pytest.mark.parametrize(
    ("successors", "words"),
    [
        ({"00000": "03602"}, "không có trong gói"),
        ({"OLD": "99999"}, "Không có đơn vị mang mã 99999"),
        ({"OLD": "03602"}, "không lập sau"),
    ],
)
def test_a_successor_that_cannot_be_is_refused(successors, words, bundle, here):
    old = json.loads(bundles.members_of(bundle)["data/communes.jsonl"].splitlines()[0])["code"]
    with pytest.raises(BundleRefused, match=words):
        bring(bundle, successors={old if code == "OLD" else code: new for code, new in successors.items()})


def test_a_set_of_other_words_is_refused(bundle, here, tmp_path):
    work.small_set()
    assert look_into(bundle, Choices(), by=None).problems == []
    other = bundles.altered(bundle, tmp_path / "x.zip", "criteria", 1, name="Quy hoạch khác")
    assert "khác với bộ trong gói (data/criteria.jsonl)" in refused(other)


def test_a_coordinator_brings_in_only_what_belongs_to_the_own_office(bundle, here, coordinator):
    round_ = bring(bundle, by=coordinator)
    # Nothing of that office was known here: it is put under the one that takes over.
    assert round_.authority.parent.parent == here.round.authority
    assert InspectionRound.objects.for_reading(coordinator).filter(pk=round_.pk).exists()


def test_an_office_of_somebody_else_is_refused(bundle, here, coordinator, other_district):
    type(other_district).objects.filter(pk=other_district.pk).update(code="huyen-xa", valid_from="2009-01-01")
    assert "ngoài phạm vi được quản lý" in refused(bundle, coordinator)


# ---------------------------------------------------------------- units, agencies and authorities of others


@pytest.fixture
def foreign(other_commune):
    """A commune of another district, and villages and an agency of that district are not kept by the coordinator."""
    return other_commune


def with_rows(path, to, **tables):
    """The bundle with changed rows: {table: change(rows)}; changing the list adds and removes."""

    def change(members, manifest):
        for table, changed in tables.items():
            name = f"data/{table}.jsonl"
            rows = [json.loads(line) for line in members[name].splitlines()]
            changed(rows)
            members[name] = lines_of(rows)
            manifest["rows"][table] = len(rows)

    return bundles.rebuilt(path, to, change)


def added(**columns):
    """One more row like the first, with other columns."""
    return lambda rows: rows.append({**rows[0], "n": len(rows) + 1, **columns})


def key_of(row):
    return {"code": row.code, "valid_from": str(row.valid_from)}


def test_a_successor_is_not_named_for_the_commune_of_another_office(bundle, here, coordinator, foreign, tmp_path):
    path = with_rows(bundle, tmp_path / "x.zip", communes=added(**key_of(foreign)))
    CommuneFactory(authority=here.round.authority, code="03598", name="Tân Uyên", valid_from="2020-07-01")
    plan = look_into(path, Choices(successors={foreign.code: "03598"}), by=coordinator)
    assert [problem.field for problem in plan.problems] == [f"don-vi-{foreign.code}"]
    assert "của UBND huyện Khác, ngoài phạm vi được quản lý" in plan.problems[0]
    with pytest.raises(BundleRefused, match="ngoài phạm vi"):
        bring(path, by=coordinator, successors={foreign.code: "03598"})
    bring(path, successors={foreign.code: "03598"})
    foreign.refresh_from_db()
    assert foreign.successor.code == "03598"


def test_nothing_new_is_made_under_the_office_of_somebody_else(bundle, here, coordinator, foreign, tmp_path):
    there = 3
    other = added(**key_of(foreign.authority))
    agency = {"code": "x", "name": "Phòng X", "authority": there, "is_active": True}

    def authorities(rows):
        other(rows)
        added(code="con", parent=there)(rows)

    def twice(rows):
        """The same authority in two rows: both are it."""
        other(rows)
        added(**key_of(foreign.authority), parent=None)(rows)

    cases = {
        "cơ quan": {"authorities": authorities},
        "phòng, ban": {"agencies": lambda rows: rows.append(agency | {"n": len(rows) + 1})},
        "đơn vị": {"communes": added(code="04999", authority=there)},
    }
    for what, changes in [*cases.items(), ("đơn vị", {**cases["đơn vị"], "authorities": twice})]:
        path = with_rows(bundle, tmp_path / "x.zip", **{"authorities": other, **changes})
        said = refused(path, coordinator)
        assert f"Gói thêm {what} " in said
        assert "của UBND huyện Khác, ngoài phạm vi được quản lý" in said
    with transaction.atomic():
        bring(path)
        transaction.set_rollback(True)


def test_a_village_is_not_added_to_the_commune_of_another_office(bundle, here, coordinator, foreign, tmp_path):
    village = {"code": "03999-07", "name": "Mới", "kind": "ban", "valid_from": "2010-01-01", "valid_to": None}

    def villages(rows):
        names = {field.name for field in tables.BY_NAME["villages"].fields}
        rows.append({**dict.fromkeys(names), **village, "n": len(rows) + 1, "commune": 3})

    path = with_rows(bundle, tmp_path / "x.zip", communes=added(**key_of(foreign)), villages=villages)
    assert "Gói thêm đơn vị bản Mới của UBND huyện Khác" in refused(path, coordinator)


def test_no_results_are_given_to_the_commune_of_another_office(bundle, here, coordinator, foreign, tmp_path):
    path = with_rows(bundle, tmp_path / "x.zip", communes=lambda rows: rows[0].update(key_of(foreign)))
    assert "Gói thêm kết quả của" in refused(path, coordinator)


def test_no_evidence_is_put_among_that_of_another_office(bundle, here, coordinator, foreign, tmp_path):
    def evidence(rows):
        rows[0]["commune"] = 3

    path = with_rows(bundle, tmp_path / "x.zip", communes=added(**key_of(foreign)), evidence=evidence)
    assert "minh chứng của đơn vị ngoài phạm vi" in refused(path, coordinator)
    assert not foreign.evidence.exists()
    members = bundles.members_of(path)
    row = json.loads(members["data/evidence.jsonl"].splitlines()[0])
    file = SimpleUploadedFile("co.pdf", members[row["file"]])
    inspections.add_evidence(foreign, file, meta={}, by=person(Role.COMMUNE_OFFICER, commune=foreign))
    assert "minh chứng của đơn vị ngoài phạm vi" in refused(path, coordinator)


def test_authorities_in_a_circle_are_refused(bundle, here, coordinator, tmp_path):
    path = with_rows(bundle, tmp_path / "x.zip", authorities=added(code="vong", parent=3))
    for by in (coordinator, None):
        assert "vòng tròn" in refused(path, by)


def test_a_set_comes_in_unconfirmed_unless_the_person_may_confirm(bundle, here, coordinator, district):
    plan = look_into(bundle, Choices(), by=coordinator)
    assert plan.left_unconfirmed > 0
    assert look_into(bundle, Choices(), by=None).left_unconfirmed == 0
    with transaction.atomic():
        bring(bundle)
        assert Threshold.objects.filter(indicator__criteria_set__code="xa-thu").confirmed().exists()
        transaction.set_rollback(True)
    bring(bundle, by=coordinator)
    thresholds = Threshold.objects.filter(indicator__criteria_set__code="xa-thu")
    assert thresholds.exists()
    assert not thresholds.confirmed().exists()


def test_a_set_whose_thresholds_were_left_unconfirmed_is_the_same_set_for_the_next_bundle(
    bundle, there, here, coordinator
):
    bring(bundle, by=coordinator)
    assert look_into(there / bundles.OPEN, Choices(), by=None).problems == []


def test_who_may_confirm_takes_the_confirmations_too(bundle, here, coordinator, district):
    Membership.objects.create(
        user=coordinator, role=Role.ADMINISTRATOR, authority=district.parent, valid_from="2020-01-01"
    )
    both = User.objects.get(pk=coordinator.pk)
    bring(bundle, by=both)
    assert Threshold.objects.filter(indicator__criteria_set__code="xa-thu").confirmed().exists()


# ---------------------------------------------------------------- notices that nobody approved here


@pytest.mark.parametrize("same", ["row", "code", "name"])
def test_an_office_that_works_here_is_brought_in_by_the_command_alone(same, bundle, here, coordinator, tmp_path):
    """Of its own rounds, whoever has an export could make another one, and notices in it that no head approved."""
    own = here.round.authority
    columns = {"row": key_of(own), "code": {"code": own.code}, "name": {"name": own.name.upper()}}[same]
    path = with_rows(bundle, tmp_path / "x.zip", authorities=lambda rows: rows[0].update(columns))
    assert "đang làm việc trên cổng này" in refused(path, coordinator)
    bring(path)


def test_the_office_that_takes_over_brings_in_what_was_handed_over(bundle, here, district, coordinator, tmp_path):
    """The district that was abolished is known here, under the one that took over; it never held a round here."""
    old = AuthorityFactory(code="huyen-xa", name="UBND huyện Xa", parent=district)
    rows = [json.loads(line) for line in bundles.members_of(bundle)["data/authorities.jsonl"].splitlines()]
    row = next(row for row in rows if row["code"] == "huyen-xa")
    type(old).objects.filter(pk=old.pk).update(valid_from=row["valid_from"])
    path = with_rows(bundle, tmp_path / "x.zip", authorities=lambda rows: None)
    plan = look_into(path, Choices(), by=coordinator)
    assert [str(problem) for problem in plan.problems] == []
    assert bring(path, by=coordinator).authority == old


def test_a_notice_that_was_brought_in_is_never_called_issued_by_this_portal(client, bundle, here, coordinator):
    round_ = bring(bundle, by=coordinator)
    notice = Notice.objects.get(round=round_)
    final = notice.documents.get(rendition="final")
    words = (
        f"Nhập từ gói dữ liệu của UBND huyện Xa, do {coordinator} nhập ngày {notation.day(round_.brought.brought_at)}"
    )
    client.logout()
    pages = [
        client.get(reverse("reports:public-list")),
        client.get(reverse("reports:public-feed")),
        client.get(reverse("reports:public-detail", args=[notice.public_id])),
        client.get(reverse("reports:verify"), {"ma": final.sha256}),
        client.get(reverse("reports:verify"), {"ma": final.facts_sha256[:16]}),
    ]
    for page in pages:
        assert f"{words}; cổng này không phát hành." in page.content.decode()
    client.force_login(coordinator)
    for page in (client.get(reverse("reports:notice-list")), client.get(notice.get_absolute_url())):
        assert f"{words}; cổng này không phát hành." in page.content.decode()
    assert client.get(reverse("api:notice-detail", args=[notice.public_id])).json()["brought_in"].startswith(words)
    for page in pages[3:]:
        shown = page.content.decode()
        assert "Cổng này không phát hành văn bản này" in shown
        assert not [text for text in ("Đúng bản", "Mã đúng", "panel-done") if text in shown]


def test_a_notice_brought_in_by_the_command_names_nobody(bundle, here):
    notice = Notice.objects.get(round=bring(bundle))
    assert notice.brought_in.startswith("Nhập từ gói dữ liệu của UBND huyện Xa ngày ")
    assert paper.issued(here.round.authority, number=77).notice.brought_in == ""


def test_what_the_list_says_of_a_notice_brought_in_takes_no_more_queries(bundle, here, django_assert_num_queries):
    bring(bundle)
    with django_assert_num_queries(1):
        assert [notice.brought_in != "" for notice in Notice.objects.public().with_successor()] == [True]


def test_a_notice_of_another_authority_than_the_round_is_refused(bundle, here, coordinator, tmp_path):
    path = bundles.altered(bundle, tmp_path / "x.zip", "notices", 1, authority=2)
    assert "không phải cơ quan của đợt" in refused(path, coordinator)


def test_who_keeps_no_rounds_brings_none_in(bundle, officer, inspector):
    for user in (officer, inspector):
        with pytest.raises(Refused, match="Chỉ Văn phòng Điều phối"):
            bring(bundle, by=user)


# ---------------------------------------------------------------- read only


def test_nothing_of_it_is_changed_here(bundle, here, coordinator):
    round_ = bring(bundle, people={people_of(bundle)[0]["username"]: coordinator.username}, by=coordinator)
    notice = Notice.objects.with_context().get(round=round_)
    with pytest.raises(Refused, match="nhập từ UBND huyện Xa"):
        notices.create_notice(round_, by=coordinator, kind="bao-cao")
    with pytest.raises(Refused):
        notices.start_replacement(notice, reason="Sửa", by=coordinator)
    with pytest.raises(Refused):
        inspections.update_round(round_, by=coordinator, name="Khác")
    with pytest.raises(Refused):
        inspections.leave_out(round_.units.first(), reason="Sửa", by=coordinator)
    dossier = Dossier.objects.with_context().filter(round=round_).first()
    with pytest.raises(Refused):
        inspections.reopen(dossier, reason="Sửa", by=coordinator)


# ---------------------------------------------------------------- altered bytes


def test_a_byte_flipped_anywhere_is_found_and_the_file_named(bundle, tmp_path):
    rng = random.Random(5)
    size = bundle.stat().st_size
    # The end of the archive is small and holds everything else together: each byte of it, and many elsewhere.
    places = [*range(size - 86, size), *(rng.randrange(size) for _ in range(150))]
    # A name that is itself altered is told as it stands there.
    names = [*bundles.members_of(bundle), "x.zip", "Tên tệp không được phép trong gói: "]
    for place in places:
        path = bundles.flipped(bundle, tmp_path / "x.zip", place, 1 << rng.randrange(8))
        with pytest.raises(BundleRefused) as caught, Reader(path) as reader:
            reader.check()
        assert any(name in str(caught.value) for name in names), (place, caught.value)


@pytest.mark.parametrize("cut", [1, 64, 100, 5000])
def test_a_bundle_cut_short_or_made_longer_is_refused(cut, bundle, tmp_path):
    content = bundle.read_bytes()
    for name, other in (("a.zip", content[:-cut]), ("b.zip", content + b"x" * cut), ("c.zip", content[:cut])):
        path = tmp_path / name
        path.write_bytes(other)
        assert name in refused(path)


def test_a_member_taken_out_or_put_in_is_named(bundle, tmp_path):
    def rezipped(change):
        members = bundles.members_of(bundle)
        change(members)
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name, container.EPOCH), content)
            archive.comment = b"0" * 64
        return tmp_path / "x.zip"

    assert "thiếu tệp data/links.jsonl" in refused(rezipped(lambda members: members.pop("data/links.jsonl")))
    added = f"files/{'0' * 64}.pdf"
    assert added in refused(rezipped(lambda members: members.update({added: b"x"})))
    assert "data/links.jsonl" in refused(rezipped(lambda members: members.update({"data/links.jsonl": b"x"})))
    # Packed anew with the same content: not the file that was given out.
    assert "x.zip" in refused(rezipped(lambda members: None))


# ---------------------------------------------------------------- what a stranger may send


def zipped(path, *entries, comment=b"0" * 64):
    """An archive as somebody may make it: (name or ZipInfo, content)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content, compress_type=zipfile.ZIP_DEFLATED)
        archive.comment = comment
    return path


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["../manifest.json"], "Tên tệp không được phép"),
        (["/etc/passwd"], "Tên tệp không được phép"),
        (["files/../../x"], "Tên tệp không được phép"),
        (["data\\x.jsonl"], "Tên tệp không được phép"),
        (["data/"], "Tên tệp không được phép"),
        (["data/tiêu-chí.jsonl"], "Tên tệp không được phép"),
        (["files/" + "A" * 64], "Tên tệp không được phép"),
        ([link("data/x.jsonl")], "không phải tệp thường"),
        (["data/x.jsonl", "data/x.jsonl"], "hai tệp trùng tên data/x.jsonl"),
        (["data/x.jsonl"], "Thiếu tệp manifest.json"),
        ([MANIFEST], "không phải JSON đúng dạng"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(names, words, tmp_path):
    path = zipped(tmp_path / "x.zip", *((name, b"x") for name in names))
    with pytest.raises(BundleRefused, match=words):
        bring(path)
    assert stored_files() == []


def test_a_name_that_ends_twice_is_refused(tmp_path):
    path = zipped(tmp_path / "x.zip", ("data/x.jsonl_.exe", b"x"))
    path.write_bytes(path.read_bytes().replace(b"jsonl_", b"jsonl\0"))
    with pytest.raises(BundleRefused, match="Tên tệp không được phép"):
        bring(path)


def test_a_bomb_is_refused_before_and_while_it_is_opened(tmp_path, monkeypatch):
    path = zipped(tmp_path / "x.zip", ("data/x.jsonl", b"\0" * 50_000_000), (MANIFEST, b"{}"))
    with pytest.raises(BundleRefused, match="bom nén"):
        bring(path)
    # The directory tells less than there is: what comes out ends where it says, and does not have the right sum.
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<L", 50_000_000), struct.pack("<L", 5_000)))
    with pytest.raises(BundleRefused, match="data/x.jsonl|manifest.json"), Reader(path) as reader:
        list(reader.pieces("data/x.jsonl"))


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("MOST_MEMBERS", "hơn 1 tệp"),
        ("MOST_BYTES", "lớn hơn"),
        ("LARGEST_DIRECTORY", "Mục lục"),
        ("LARGEST_TABLE", "lớn hơn"),
    ],
)
def test_counts_and_sizes_are_limited(limit, words, bundle, monkeypatch):
    monkeypatch.setattr(container, limit, 1)
    with pytest.raises(BundleRefused, match=words):
        bring(bundle)


def ended(path, *, count, length, more=b"", seal=b"0" * 64):
    """An archive whose end says so many entries and bytes of them; more: what stands before its end."""
    content = path.read_bytes()[: -64 - container.END.size]
    start = content.index(b"PK\1\2")
    end = container.END.pack(b"PK\5\6", 0, 0, count, count, length, start, 64)
    path.write_bytes(content + more + end + seal)
    return path


def test_the_end_that_is_checked_is_the_end_that_is_read(tmp_path, monkeypatch):
    """Each of these opens in Python's zipfile with three entries, while a reader by the book sees fewer."""
    monkeypatch.setattr(container, "MOST_MEMBERS", 2)
    entries = [(MANIFEST, b"{}"), ("data/a.jsonl", b"x"), ("data/b.jsonl", b"x")]
    path = zipped(tmp_path / "x.zip", *entries)
    content = path.read_bytes()[: -64 - container.END.size]
    start = content.index(b"PK\1\2")
    length = len(content) - start

    def record(count, size):
        return container.END64.pack(b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)

    decoy, real = record(1, 46), record(3, length)
    to_decoy = container.END64_PLACE.pack(b"PK\6\7", 0, len(content), 1)
    to_real = container.END64_PLACE.pack(b"PK\6\7", 0, len(content), 1)
    second = container.END.pack(b"PK\5\6", 0, 0, 3, 3, length, start, 0)
    odd = [
        {"count": 0xFFFF, "length": 0xFFFFFFFF, "more": decoy + real + to_decoy},
        {"count": 1, "length": 46, "more": real + to_real},
        {"count": 1, "length": length},
        {"count": 1, "length": 46, "seal": b"0" * 42 + second},
    ]
    for told in odd:
        zipped(path, *entries)
        with pytest.raises(BundleRefused, match="hơn 2 tệp|thay đổi hoặc hỏng"):
            bring(ended(path, **told))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_many_names_of_which_one_comes_twice_take_no_time(tmp_path):
    names = [f"files/{number:064x}" for number in range(20_000)]
    path = zipped(tmp_path / "x.zip", *((name, b"") for name in [*names, names[-1]]))
    begun = time.process_time()
    with pytest.raises(BundleRefused, match="hai tệp trùng tên"):
        Reader(path)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(("limit", "words"), [("MOST_HELD_BYTES", "lớn hơn"), ("MOST_HELD_ROWS", "có hơn 5 dòng")])
def test_what_is_kept_in_memory_for_the_preview_is_limited(limit, words, bundle, monkeypatch):
    monkeypatch.setattr(rows, limit, 5)
    with pytest.raises(BundleRefused, match=f"các bảng dùng chung của gói {words}"):
        look_into(bundle, Choices(), by=None)


def test_tables_that_are_kept_in_memory_have_no_values_of_many_values():
    for table in (*tables.SHARED, *tables.SETS):
        assert not table.lists
        assert not [field for field in table.fields if field.get_internal_type() == "JSONField"]


def test_what_would_swell_in_memory_is_refused(bundle, tmp_path):
    path = bundles.altered(bundle, tmp_path / "x.zip", "communes", 1, name=[[]] * 1000)
    assert "data/communes.jsonl, dòng 1: cột name: sai kiểu" in refused(path)


def test_a_manifest_is_no_longer_than_its_members_need(bundle, tmp_path):
    def change(_, manifest):
        manifest["origin"]["more"] = "x" * 600_000

    assert "manifest.json lớn hơn" in refused(bundles.rebuilt(bundle, tmp_path / "x.zip", change))


def test_members_that_lie_over_each_other_are_refused(tmp_path):
    path = zipped(tmp_path / "x.zip", (MANIFEST, b"{}"), ("data/a.jsonl", b"x"))
    content = path.read_bytes()
    second = content.rindex(b"PK\1\2")
    path.write_bytes(content[: second + 42] + b"\0\0\0\0" + content[second + 46 :])
    with pytest.raises(BundleRefused, match="chồng lên|thay đổi hoặc hỏng"):
        bring(path)


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"n":NaN}',
        b'{"n":1,"n":1}',
        b'{"n": 1}',
        b"\xff",
        b'"\\ud800"',
        b"9" * 9_000,
        os.urandom(4_500_000).hex().encode(),
    ],
)
def test_json_that_is_not_ours_is_refused_with_its_line(line, bundle, tmp_path):
    path = bundles.rebuilt(
        bundle, tmp_path / "x.zip", lambda members, _: members.update({"data/agencies.jsonl": line + b"\n"})
    )
    assert "data/agencies.jsonl, dòng 1" in refused(path)


@pytest.mark.parametrize(
    ("table", "columns", "words"),
    [
        ("rounds", {"status": "draft"}, "cột status"),
        ("rounds", {"year": "2024"}, "cột year: sai kiểu"),
        ("rounds", {"year": True}, "cột year: sai kiểu"),
        ("rounds", {"period_from": "2024-02-30"}, "cột period_from"),
        ("rounds", {"opened_at": "2024-02-01T00:00:00"}, "cột opened_at"),
        ("rounds", {"name": None}, "cột name: không được trống"),
        ("rounds", {"name": "x" * 300}, "cột name"),
        ("rounds", {"password": "x"}, "cột password thiếu hoặc lạ"),
        ("rounds", {"created_by": 999}, "không có dòng 999 trong data/people.jsonl"),
        ("rounds", {"created_by": []}, "cột created_by: sai kiểu"),
        ("assessments", {"numerator": "1e5"}, "cột numerator"),
        ("assessments", {"numerator": "NaN"}, "cột numerator"),
        ("assessments", {"conclusion": "hay"}, "không có trong danh sách"),
        ("dossiers", {"frozen": {}}, "số liệu chốt không đúng mã băm"),
        ("dossiers", {"frozen": {"criteria": [{"number": 10**9, "verdict": "dat"}]}}, "số liệu chốt không đúng mã băm"),
        ("dossiers", {"frozen": {"criteria": [1]}}, "số liệu chốt không đúng mã băm"),
        ("conclusions", {"verdict": "khong_danh_gia", "reason": "Thử"}, "số liệu chốt khác với kết luận từng tiêu chí"),
        ("criteria", {"number": 201}, "cột number"),
        ("dossiers", {"n": 7}, "sai số thứ tự"),
        ("evidence", {"file": "../../etc/passwd"}, "không phải tên tệp trong gói"),
        ("evidence", {"content_type": "text/html"}, "không đúng loại đã ghi"),
        ("evidence", {"size": 1}, "mã băm hoặc dung lượng"),
        ("team", {"communes": [1, 1]}, "cột communes: sai kiểu"),
        ("people", {"full_name": 1}, "cột full_name sai kiểu"),
        ("notices", {"public_id": "x"}, "cột public_id"),
        ("issued_documents", {"facts": {"content": 1}}, "nội dung đã chốt sai dạng"),
        (EVENTS, {"seq": 2}, "sự kiện sai dạng"),
        (EVENTS, {"previous": "1" * 64}, "không nối"),
        (EVENTS, {"data": []}, "sự kiện sai dạng"),
    ],
)
def test_rows_of_another_kind_are_refused_with_their_place(table, columns, words, bundle, here, tmp_path):
    said = refused(bundles.altered(bundle, tmp_path / "x.zip", table, 1, **columns))
    assert words in said
    place = {"conclusions": "dossiers"}.get(table, table)
    assert (table if table == EVENTS else f"data/{place}.jsonl") in said


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_a_format_of_another_number_is_refused(version, bundle, tmp_path):
    path = bundles.rebuilt(bundle, tmp_path / "x.zip", lambda _, manifest: manifest.update(version=version))
    assert "cổng này chỉ đọc số 1" in refused(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("chain", {}), ("origin", {"name": "", "key": ""}), ("rows", []), ("exported_at", "x"), ("round", 1), ("odd", 1)],
)
def test_a_manifest_of_another_shape_is_refused(key, value, bundle, tmp_path):
    path = bundles.rebuilt(bundle, tmp_path / "x.zip", lambda _, manifest: manifest.update({key: value}))
    assert MANIFEST in refused(path)


def test_a_shortened_or_misplaced_journal_is_refused(bundle, here, tmp_path):
    def cut(members, _):
        members[EVENTS] = b"".join(members[EVENTS].splitlines(keepends=True)[:-1])

    assert EVENTS in refused(bundles.rebuilt(bundle, tmp_path / "x.zip", cut))
    said = refused(
        bundles.rebuilt(
            bundle, tmp_path / "y.zip", lambda members, _: members.update({PLACES: b'{"person":1,"seq":99999}\n'})
        )
    )
    assert PLACES in said


# ---------------------------------------------------------------- files stand and fall with their rows


def test_a_failure_at_the_last_moment_leaves_no_file(bundle, here, monkeypatch):
    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(loading.Loader, "_tell", fail)
    before = stored_files()
    with pytest.raises(KeyboardInterrupt):
        bring(bundle)
    assert stored_files() == before
    assert not BroughtRound.objects.exists()


def test_the_files_of_a_killed_import_are_cleared_away_and_those_of_a_running_one_are_not(bundle, here):
    dead, busy = (loading.folder_of(uuid4()) for _ in range(2))
    for folder in (dead, busy):
        folder.mkdir(parents=True)
        (folder / loading.LOCK).touch()
        (folder / "x.pdf").touch()
    with (busy / loading.LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        round_ = bring(bundle)
        assert not dead.exists()
        assert (busy / "x.pdf").exists()
    assert loading.remove_leftovers() == 1
    assert not busy.exists()
    assert loading.folder_of(round_.brought.key).exists()
    assert not list(loading.folder_of(round_.brought.key).glob(loading.LOCK))


# ---------------------------------------------------------------- commands


def test_the_check_by_command_tells_the_sets_and_what_would_come_in_unconfirmed(bundle, here, coordinator):
    plan = look_into(bundle, Choices(), by=coordinator)
    said = {}
    for by in (None, coordinator.username):
        out = StringIO()
        call_command("import_round", str(bundle), check=True, by=by, stdout=out)
        said[by] = out.getvalue()
    for line in plan.sets:
        assert f"Bộ tiêu chí {line.row['short_name']}, phiên bản {line.row['version']}: sẽ thêm" in said[None]
    assert f"{plan.left_unconfirmed} ngưỡng đã đối chiếu" in said[coordinator.username]
    assert "ngưỡng đã đối chiếu" not in said[None]


def test_the_commands_say_what_they_do(bundle, here, tmp_path):
    out = StringIO()
    call_command("import_round", str(bundle), check=True, stdout=out)
    assert "Chưa nhập gì" in out.getvalue()
    assert not BroughtRound.objects.exists()
    call_command("import_round", str(bundle), stdout=out)
    assert "Đã nhập đợt XA-2024" in out.getvalue()
    call_command("export_round", bundles.CODE, output=tmp_path / "x.zip", stdout=out)
    assert "SHA-256: " in out.getvalue()
    assert Event.objects.get(action="round.handed_out").chain == journal.REFERENCE
    for wrong in (
        lambda: call_command("export_round", bundles.CODE, output=tmp_path / "x.zip"),
        lambda: call_command("export_round", "KHONG-CO", output=tmp_path / "y.zip"),
        lambda: call_command("import_round", str(tmp_path / "none.zip")),
        lambda: call_command("import_round", str(bundle), by="khong-co"),
        lambda: call_command("import_round", str(bundle), successor=["x"]),
    ):
        with pytest.raises(CommandError):
            wrong()
