"""The visit: who writes its record, what two people do to it at once, deadlines, signed minutes, photos."""

from datetime import date, time, timedelta

import pytest
from django.core.files.storage import default_storage

from communes import clock, journal
from communes.models import Event
from communes.permissions import Role
from inspections import services
from inspections.completeness import missing_in, proof_counts
from inspections.evidence import UploadRefused
from inspections.models import Evidence, EvidenceLink, Inspection, SignedMinutes, TeamMember, VisitChange, VisitFinding
from inspections.workflow import Incomplete, NotAllowed, StaleState

from ..factories import CommuneFactory, person
from . import factories as work

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune):
    return work.open_round(district, communes=[commune, CommuneFactory(authority=district, name="Nậm Cần")])


@pytest.fixture
def dossier(world, commune, officer):
    return work.hand_in(world.dossier_of(commune), by=officer)


def visit_of(world, commune) -> Inspection:
    return world.round.inspections.select_related("round", "commune").get(commune=commune)


@pytest.fixture
def visit(world, commune, dossier):
    return visit_of(world, commune)


def save(visit, by, *, version=None, attended_by=None, **changes):
    version = Inspection.objects.get(pk=visit.pk).version if version is None else version
    return services.save_visit(visit, by=by, version=version, changes=changes, attended_by=attended_by)


def events(action):
    return list(Event.objects.filter(action=action).order_by("pk"))


# ---------------------------------------------------------------- who writes the record


def test_team_of_the_commune_writes_the_record(world, visit):
    save(visit, world.inspector, place="Nhà văn hóa bản Hô Bon", begins_at=time(8, 30))
    visit.refresh_from_db()
    assert (visit.place, visit.begins_at, visit.recorded_by, visit.version) == (
        "Nhà văn hóa bản Hô Bon", time(8, 30), world.inspector, 2,
    )  # fmt: skip


def test_share_of_another_commune_writes_nothing(world, visit, district):
    other = person(Role.INSPECTOR, authority=district)
    elsewhere = world.round.inspections.exclude(pk=visit.pk).get().commune
    services.add_member(
        world.round, other, by=world.coordinator, position=TeamMember.Position.MEMBER, communes=[elsewhere]
    )
    for act in (
        lambda: save(visit, other, place="x"),
        lambda: services.add_deadline(visit, what="a", who="b", due_on=clock.today(), by=other),
        lambda: services.end_visit(visit, by=other),
        lambda: services.attach_signed(visit, work.pdf_upload(), by=other),
        lambda: services.print_sheet(visit, by=other),
    ):
        with pytest.raises(NotAllowed, match="phụ trách xã"):
            act()
    visit.refresh_from_db()
    assert visit.place == ""


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COORDINATOR])
def test_readers_of_the_round_write_nothing(world, visit, district, role):
    with pytest.raises(NotAllowed):
        save(visit, person(role, authority=district), place="x")


def test_closed_round_takes_no_record(world, visit):
    world.round.__class__.objects.filter(pk=world.round.pk).update(status="closed")
    with pytest.raises(StaleState, match="không mở"):
        save(visit, world.inspector, place="x")  # read while it was open
    with pytest.raises(StaleState, match="không mở"):
        save(visit_of(world, visit.commune), world.inspector, place="x")


def test_only_the_team_can_have_been_there(world, visit, officer):
    with pytest.raises(NotAllowed, match="Không thuộc Đoàn"):
        save(visit, world.inspector, attended_by=[world.head, officer])
    save(visit, world.inspector, attended_by=[world.head, world.inspector])
    assert set(visit.attended_by.all()) == {world.head, world.inspector}


def test_last_day_is_not_before_the_first(world, visit):
    with pytest.raises(Incomplete, match="Ngày kết thúc"):
        save(visit, world.inspector, visited_on=date(2025, 6, 2), visited_to=date(2025, 6, 1))
    with pytest.raises(ValueError, match="version"):
        save(visit, world.inspector, version_=1)


# ---------------------------------------------------------------- two people at once


def test_second_of_two_savers_is_shown_both_texts(world, visit):
    other = visit_of(world, visit.commune)
    save(visit, world.inspector, version=1, findings="Đường đã bê tông hóa.")
    with pytest.raises(services.VisitConflict) as caught:
        save(other, world.head, version=1, findings="Đường còn đất.", place="Bản Nà Lại")
    assert caught.value.typed == {"findings": "Đường còn đất.", "place": "Bản Nà Lại"}
    assert caught.value.stored.findings == "Đường đã bê tông hóa."
    visit.refresh_from_db()
    assert (visit.findings, visit.place) == ("Đường đã bê tông hóa.", "")


def test_same_content_again_is_no_conflict_and_no_change(world, visit):
    save(visit, world.inspector, version=1, place="Trụ sở")
    save(visit_of(world, visit.commune), world.head, version=1, place="Trụ sở")
    visit.refresh_from_db()
    assert (visit.version, visit.recorded_by) == (2, world.inspector)


def test_finding_is_compared_and_set_too(world, dossier, visit):
    first = work.conclusion_of(dossier, 2)
    services.save_finding(first, text="Kiểm tra 03 tuyến.", by=world.inspector, version=0)
    with pytest.raises(services.FindingConflict) as caught:
        services.save_finding(work.conclusion_of(dossier, 2), text="Kiểm tra 02 tuyến.", by=world.head, version=0)
    assert caught.value.stored.text == "Kiểm tra 03 tuyến."
    services.save_finding(work.conclusion_of(dossier, 2), text="Kiểm tra 02 tuyến.", by=world.head, version=1)
    row = VisitFinding.objects.get()
    assert (row.text, row.noted_by, row.version) == ("Kiểm tra 02 tuyến.", world.head, 2)


def test_finding_is_for_who_may_conclude_the_criterion(world, dossier, visit, district, officer):
    other = person(Role.INSPECTOR, authority=district)
    criterion = dossier.criteria_set.criteria.get(number=1)
    services.add_member(
        world.round, other, by=world.coordinator, position=TeamMember.Position.MEMBER, criteria=[criterion]
    )
    services.save_finding(work.conclusion_of(dossier, 1), text="Được.", by=other, version=0)
    for who in (other, officer):
        with pytest.raises(NotAllowed):
            services.save_finding(work.conclusion_of(dossier, 2), text="Không được.", by=who, version=0)
    work.conclude_all(dossier, by=world.inspector)
    services.make_provisional(dossier, by=world.head)
    with pytest.raises(StaleState):
        services.save_finding(work.conclusion_of(dossier, 1), text="Muộn.", by=other, version=1)


# ---------------------------------------------------------------- the journal


def test_typing_of_ten_minutes_is_one_event(world, dossier, visit):
    save(visit, world.inspector, place="Bản")
    save(visit, world.inspector, place="Bản Hô")
    save(visit, world.inspector, place="Bản Hô Bon", findings="Tốt.")
    services.save_finding(work.conclusion_of(dossier, 2), text="03 tuyến.", by=world.inspector, version=0)
    assert events("inspection.recorded") == []
    services.end_visit(visit, by=world.inspector)
    (event,) = events("inspection.recorded")
    assert event.data["changes"]["place"] == {"old": "", "new": "Bản Hô Bon"}
    assert event.data["changes"]["findings"] == {"old": "", "new": "Tốt."}
    assert [value["new"] for name, value in event.data["changes"].items() if name.startswith("finding 2")] == [
        "03 tuyến."
    ]
    assert event.chain == journal.round_chain(world.round.code)
    assert not VisitChange.objects.exists()
    assert journal.verify() == []


def test_typing_after_ten_minutes_is_another_event(world, visit):
    save(visit, world.inspector, place="Bản")
    with clock.at(clock.now() + timedelta(minutes=11)):
        save(visit, world.inspector, place="Bản Hô Bon")
        (event,) = events("inspection.recorded")
        services.close_record(visit)
    assert event.data["changes"]["place"] == {"old": "", "new": "Bản"}
    assert events("inspection.recorded")[1].data["changes"]["place"] == {"old": "Bản", "new": "Bản Hô Bon"}


def test_cancelling_the_round_leaves_nothing_untold(world, visit):
    save(visit, world.inspector, begins_at=time(8, 5), attended_by=[world.head])
    services.cancel_round(world.round, reason="Hoãn", by=world.coordinator)
    (event,) = events("inspection.recorded")
    assert event.data["changes"]["begins_at"] == {"old": None, "new": "08:05"}
    assert event.data["changes"]["attended_by"] == {"old": "", "new": world.head.full_name}


# ---------------------------------------------------------------- agreed deadlines


def agreed(visit, by, **fields):
    wanted = {"what": "Bổ sung biên bản nghiệm thu", "who": "UBND xã", "due_on": clock.today() + timedelta(days=5)}
    return services.add_deadline(visit, **{**wanted, **fields}, by=by)


def test_deadline_becomes_a_question_due_on_its_day(world, dossier, visit):
    row = agreed(visit, world.inspector)
    item = services.ask_by_deadline(
        row, work.assessment_of(dossier, "2.1"), reason_code="thieu", question=row.what, by=world.inspector
    )
    row.refresh_from_db()
    dossier.refresh_from_db()
    assert (row.return_item, item.due_on, dossier.status) == (item, row.due_on, "returned")
    with pytest.raises(StaleState, match="đã gửi xã"):
        services.remove_deadline(row, by=world.inspector, version=row.version)
    with pytest.raises(StaleState, match="đã gửi xã"):
        services.ask_by_deadline(
            row, work.assessment_of(dossier, "2.2"), reason_code="thieu", question="x", by=world.inspector
        )
    assert dossier.return_items.count() == 1


def test_refused_question_leaves_the_deadline_as_it_was(world, dossier, visit):
    row = agreed(visit, world.inspector)
    with pytest.raises(Incomplete):
        services.ask_by_deadline(
            row, work.assessment_of(dossier, "2.1"), reason_code="thieu", question=" ", by=world.inspector
        )
    row.refresh_from_db()
    assert row.return_item is None
    assert not dossier.return_items.exists()


def test_deadline_of_one_commune_asks_no_other(world, dossier, visit):
    other = world.round.inspections.exclude(pk=visit.pk).select_related("commune", "round").get()
    row = agreed(other, world.inspector)
    with pytest.raises(NotAllowed, match="không thuộc hồ sơ"):
        services.ask_by_deadline(
            row, work.assessment_of(dossier, "2.1"), reason_code="thieu", question="x", by=world.inspector
        )


def test_deadline_is_changed_on_the_version_that_was_read(world, visit):
    row = agreed(visit, world.inspector)
    services.change_deadline(row, what="Khác", who="UBND xã", due_on=row.due_on, by=world.head, version=1)
    with pytest.raises(StaleState, match="vừa có người sửa"):
        services.change_deadline(row, what="Lạ", who="x", due_on=row.due_on, by=world.inspector, version=1)
    with pytest.raises(StaleState):
        services.remove_deadline(row, by=world.inspector, version=1)
    services.remove_deadline(row, by=world.inspector, version=2)
    assert events("deadline.changed")[0].data["changes"]["what"]["new"] == "Khác"
    assert events("deadline.removed")[0].data["what"] == "Khác"


def test_deadline_is_not_before_the_visit(world, visit):
    save(visit, world.inspector, visited_on=clock.today())
    with pytest.raises(Incomplete, match="trước ngày kiểm tra"):
        agreed(visit, world.inspector, due_on=clock.today() - timedelta(days=1))
    with pytest.raises(Incomplete, match="Ghi đủ"):
        agreed(visit, world.inspector, who=" ")


# ---------------------------------------------------------------- the signed minutes


def test_newer_scan_replaces_and_keeps_the_older(world, visit):
    first = services.attach_signed(visit, work.pdf_upload("ban-ky.pdf"), by=world.inspector)
    second = services.attach_signed(visit, work.image_upload("ban-ky.jpg"), by=world.head)
    first.refresh_from_db()
    assert (first.replaced_by, second.replaced_at) == (world.head, None)
    assert SignedMinutes.objects.current().get() == second
    assert default_storage.exists(first.file.name)
    assert len(second.sha256) == 64
    assert events("signed_minutes.attached")[1].data["replaces"] == first.sha256


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (lambda: work.image_upload("ban-ky.png", "PNG"), "PDF hoặc ảnh JPEG"),
        (lambda: work.pdf_upload("ban-ky.jpg"), "không khớp"),
        (lambda: work.pdf_upload("ban-ky.exe"), "chỉ nhận"),
    ],
)
def test_signed_minutes_are_a_real_pdf_or_jpeg(world, visit, upload, words, settings):
    with pytest.raises(UploadRefused, match=words):
        services.attach_signed(visit, upload(), by=world.inspector)
    assert not SignedMinutes.objects.exists()


def test_same_scan_twice_is_refused_and_leaves_no_file(world, visit):
    upload = work.pdf_upload()
    row = services.attach_signed(visit, upload, by=world.inspector)
    folder = row.file.name.rpartition("/")[0].partition("/")[0]
    before = sum(len(default_storage.listdir(f"{folder}/{sub}")[1]) for sub in default_storage.listdir(folder)[0])
    upload.seek(0)
    with pytest.raises(Incomplete, match="đã được đính kèm"):
        services.attach_signed(visit, upload, by=world.inspector)
    after = sum(len(default_storage.listdir(f"{folder}/{sub}")[1]) for sub in default_storage.listdir(folder)[0])
    assert before == after


def test_commune_sees_the_scan_from_provisional_on(world, dossier, visit, officer, neighbour):
    row = services.attach_signed(visit, work.pdf_upload(), by=world.inspector)
    assert not SignedMinutes.objects.for_user(officer).exists()
    work.conclude_all(dossier, by=world.inspector)
    services.make_provisional(dossier, by=world.head)
    assert SignedMinutes.objects.for_user(officer).get() == row
    assert not SignedMinutes.objects.for_user(neighbour).exists()
    services.take_up_reply(dossier, reason="Xem lại", by=world.head)
    assert not SignedMinutes.objects.for_user(officer).exists()


# ---------------------------------------------------------------- photos


def test_photo_is_the_communes_and_marked_as_the_teams(world, dossier, visit, officer):
    before = work.assessment_of(dossier, "2.1")
    added = services.add_photo(before, work.image_upload("duong.jpg"), by=world.inspector)
    after = work.assessment_of(dossier, "2.1")
    link = EvidenceLink.objects.get(evidence=added.evidence)
    assert (added.evidence.commune, added.evidence.visit, added.evidence.uploaded_by) == (
        visit.commune, visit, world.inspector,
    )  # fmt: skip
    assert (link.visit, link.linked_by, added.evidence.is_kept) == (visit, world.inspector, True)
    assert (after.entry_version, after.version, after.self_at) == (before.entry_version, before.version, before.self_at)
    assert Evidence.objects.for_user(officer).filter(pk=added.evidence.pk).exists()
    assert events("evidence.taken")[0].data["indicators"] == ["2.1"]


def test_photo_counts_for_nothing_the_commune_reports(world, dossier, visit):
    counts, missing = proof_counts(dossier), missing_in(dossier)
    for code in ("1.1", "2.1"):
        services.add_photo(work.assessment_of(dossier, code), work.image_upload(), by=world.inspector)
    assert (proof_counts(dossier), missing_in(dossier)) == (counts, missing)


def test_commune_neither_unlinks_nor_describes_nor_removes_the_teams_photo(world, dossier, visit, officer):
    added = services.add_photo(work.assessment_of(dossier, "2.1"), work.image_upload(), by=world.inspector)
    work.send_back(dossier, "2.1", by=world.inspector)
    with pytest.raises(NotAllowed, match="Đoàn kiểm tra gắn"):
        services.unlink_evidence(added.evidence, work.assessment_of(dossier, "2.1"), by=officer)
    with pytest.raises(NotAllowed, match="Đoàn kiểm tra chụp"):
        services.update_evidence_meta(added.evidence, by=officer, title="Khác")
    with pytest.raises(Incomplete):
        services.remove_evidence(added.evidence, by=officer)


def test_photo_the_commune_had_is_linked_not_stored_again(world, commune, officer, dossier, visit):
    upload = work.image_upload()
    own = services.add_evidence(commune, upload, meta={}, by=officer).evidence
    upload.seek(0)
    added = services.add_photo(work.assessment_of(dossier, "2.1"), upload, by=world.inspector)
    own.refresh_from_db()
    assert (added.evidence, added.is_new, own.visit, own.is_kept) == (own, False, None, True)
    upload.seek(0)
    services.add_photo(work.assessment_of(dossier, "2.1"), upload, by=world.inspector)
    assert EvidenceLink.objects.filter(evidence=own).count() == 1


def test_photo_only_in_the_share_while_under_review(world, commune, officer, district, dossier, visit):
    row = work.assessment_of(dossier, "2.1")
    for who in (officer, world.coordinator, person(Role.INSPECTOR, authority=district)):
        with pytest.raises(NotAllowed):
            services.add_photo(row, work.image_upload(), by=who)
    other = world.round.dossiers.with_context().exclude(pk=dossier.pk).get()  # still being entered
    with pytest.raises(StaleState):
        services.add_photo(work.assessment_of(other, "2.1"), work.image_upload(), by=world.inspector)
    with pytest.raises(UploadRefused, match="chỉ nhận ảnh"):
        services.add_photo(row, work.pdf_upload(), by=world.inspector)
    services.end_visit(visit, by=world.inspector)
    with pytest.raises(StaleState, match="đã kết thúc"):
        services.add_photo(row, work.image_upload(), by=world.inspector)
    services.resume_visit(visit, by=world.inspector)
    services.add_photo(work.assessment_of(dossier, "2.1"), work.image_upload(), by=world.inspector)
    assert Evidence.objects.filter(visit=visit).count() == 1


def test_dossier_that_moved_on_meanwhile_takes_no_photo_and_keeps_no_file(world, dossier, visit):
    row = work.assessment_of(dossier, "2.1")
    work.conclude_all(dossier, by=world.inspector)
    services.make_provisional(dossier, by=world.head)
    count = Evidence.objects.count()
    with pytest.raises(StaleState):
        services.add_photo(row, work.image_upload(), by=world.inspector)  # read while it was under review
    assert Evidence.objects.count() == count
