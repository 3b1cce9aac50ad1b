"""Composing, approving, sending back and issuing: who may, what is refused with which words, what is stored."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from communes import clock
from communes.models import Event
from communes.permissions import Role
from communes.services import forget_memberships
from inspections import services as inspections
from inspections.models import Dossier
from reports import outline, renderer, services
from reports.compose import Composition
from reports.models import IssuedDocument, Notice, Recommendation
from reports.workflow import Incomplete, NotAllowed, Refused, StaleState

from ..factories import person
from . import factories

pytestmark = pytest.mark.django_db


def actions(notice):
    return list(Event.objects.about(notice).values_list("action", flat=True))


# ---------------------------------------------------------------- drafting


def test_new_notice_is_wholly_drafted_from_data(district):
    world, _ = factories.concluded_round(district, failed={"Nậm Cần": (2, 3)})
    notice = services.create_notice(world.round, by=world.coordinator)
    text = " ".join(block.text for block in Composition(notice).content().all_blocks())
    assert "xã Phúc Khoa đạt 03/3 tiêu chí; xã Nậm Cần đạt 01/3 tiêu chí" in text
    assert "2,00 tiêu chí/xã" in text
    assert "{" not in text
    assert notice.signer_name == "Nguyễn Văn Thử"
    assert notice.signer_post == "PHÓ CHỦ TỊCH UBND HUYỆN"


def test_round_has_one_running_notice(district):
    scene = factories.draft(district)
    with pytest.raises(Incomplete, match="chưa ban hành"):
        services.create_notice(scene.world.round, by=scene.coordinator)
    assert Notice.objects.count() == 1


def test_round_that_is_published_gets_no_second_notice(district):
    scene = factories.issued(district)
    with pytest.raises(Incomplete, match="đã công bố trong Thông báo số 01"):
        services.create_notice(scene.world.round, by=scene.coordinator)


@pytest.mark.parametrize("role", ["head", "inspector"])
def test_only_a_coordinator_composes(district, role):
    world, _ = factories.concluded_round(district)
    with pytest.raises(NotAllowed):
        services.create_notice(world.round, by=getattr(world, role))


def test_coordinator_of_another_district_may_do_nothing(district, other_district):
    scene = factories.approved(district)
    other = person(Role.COORDINATOR, authority=other_district)
    section = scene.notice.sections.first()
    with pytest.raises(NotAllowed):
        services.save_section(section, heading="", body="x", version=section.version, by=other)
    with pytest.raises(NotAllowed):
        services.issue_notice(scene.notice, on=clock.today(), by=other)
    assert not Notice.objects.for_user(other).exists()


def test_section_keeps_the_first_text_when_two_save_at_once(district):
    scene = factories.draft(district)
    colleague = person(Role.COORDINATOR, authority=district)
    mine, theirs = (scene.notice.sections.select_related("notice").get(position=1) for _ in range(2))
    services.save_section(theirs, heading="CỦA ĐỒNG NGHIỆP", body="a", version=theirs.version, by=colleague)
    with pytest.raises(services.Conflict, match="Văn phòng Điều phối thử lưu lúc"):
        services.save_section(mine, heading="CỦA TÔI", body="b", version=mine.version, by=scene.coordinator)
    assert scene.notice.sections.get(position=1).heading == "CỦA ĐỒNG NGHIỆP"


def test_saves_within_ten_minutes_are_one_event(district):
    scene = factories.draft(district)
    section = scene.notice.sections.select_related("notice").get(position=1)
    started = clock.now()
    for minutes, words in ((0, "một"), (5, "hai"), (9, "ba"), (30, "bốn")):
        with clock.at(started + timedelta(minutes=minutes)):
            services.save_section(section, heading="MỤC", body=words, version=section.version, by=scene.coordinator)
    events = Event.objects.about(scene.notice).filter(action="notice.section_changed")
    assert [event.data["old"]["body"] for event in events][1:] == ["ba"]
    assert events.count() == 2


def test_sections_can_be_added_moved_and_removed(district):
    scene = factories.draft(district)
    notice, by = scene.notice, scene.coordinator

    def headings():
        return [row.heading for row in notice.sections.filter(kind="section")]

    added = services.add_section(notice, after=None, level=1, heading="MỤC MỚI", by=by)
    assert headings() == ["ĐÁNH GIÁ CHUNG", "KẾT QUẢ", "MỤC MỚI"]
    services.move_section(added, up=True, by=by)
    assert headings() == ["ĐÁNH GIÁ CHUNG", "MỤC MỚI", "KẾT QUẢ"]
    services.remove_section(added, by=by)
    assert headings() == ["ĐÁNH GIÁ CHUNG", "KẾT QUẢ"]
    assert "notice.section_removed" in actions(notice)


def test_recommendations_keep_their_order_and_know_their_agency(district, agency):
    scene = factories.draft(district)
    rows = [(agency.name, "Việc một."), (agency.name, "Việc hai."), ("Ủy ban nhân dân các xã", "Việc ba."), ("", " ")]
    services.save_recommendations(scene.notice, rows, by=scene.coordinator)
    stored = list(Recommendation.objects.filter(notice=scene.notice).values_list("addressee", "text", "agency"))
    assert stored == [(agency.name, "Việc một.", agency.pk), (agency.name, "Việc hai.", agency.pk), (*rows[2], None)]
    with pytest.raises(Incomplete, match="nơi thực hiện"):
        services.save_recommendations(scene.notice, [("", "Việc bốn.")], by=scene.coordinator)


# ---------------------------------------------------------------- approving


def test_head_approves_what_was_shown(district):
    scene = factories.draft(district)
    services.approve_notice(scene.notice, version=scene.notice.version, by=scene.head)
    notice = scene.fresh()
    assert notice.status == "approved"
    assert notice.approved_by == scene.head
    assert notice.approved_sha256


@pytest.mark.parametrize("role", ["coordinator", "inspector"])
def test_nobody_else_approves(district, role):
    scene = factories.draft(district)
    with pytest.raises(NotAllowed, match="Trưởng đoàn"):
        services.approve_notice(scene.notice, version=scene.notice.version, by=getattr(scene.world, role))


def test_head_of_another_round_does_not_approve(district):
    scene = factories.draft(district)
    stranger = person(Role.TEAM_HEAD, authority=district)
    with pytest.raises(NotAllowed):
        services.approve_notice(scene.notice, version=scene.notice.version, by=stranger)


def test_text_changed_since_it_was_shown_is_not_approved(district):
    scene = factories.draft(district)
    shown = scene.notice.version
    section = scene.notice.sections.select_related("notice").get(position=1)
    services.save_section(section, heading="KHÁC", body="Khác.", version=section.version, by=scene.coordinator)
    with pytest.raises(StaleState, match="sửa lúc"):
        services.approve_notice(scene.fresh(), version=shown, by=scene.head)


def test_open_dossier_forbids_approval_until_left_out_by_name(district):
    world, officers = factories.concluded_round(district, concluded=False)
    dossiers = list(Dossier.objects.with_context().filter(round=world.round))
    factories.conclude(world, dossiers[0].unit, officers[0])
    notice = services.create_notice(world.round, by=world.coordinator)
    services.replace_text(notice, outline.parse(factories.TEXT), by=world.coordinator)
    with pytest.raises(Incomplete, match="còn 1 hồ sơ chưa kết luận .*Xã Nậm Cần"):
        services.approve_notice(notice, version=notice.version, by=world.head)
    inspections.leave_out(dossiers[1].round_unit, reason="Sáp nhập.", by=world.coordinator)
    notice = Notice.objects.get(pk=notice.pk)
    services.approve_notice(notice, version=notice.version, by=world.head)
    assert notice.status == "approved"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{bình quân xa-thu}", "{bình quân xa-thư}", "Có thể là {bình quân xa-thu}"),
        ("{kế hoạch}", "{báo cáo}", "đợt chưa ghi báo cáo"),
        ("Bình quân các xã", "Bình quân { các xã", "không thành cặp"),
        ("= kết thúc\nTrên đây là thông báo kết luận kiểm tra./.", "= kết thúc", "Phần kết thúc: chưa có nội dung"),
        ("Lưu: VT", "UBND tỉnh", "nơi lưu"),
        ("- Kết quả: (*{danh sách xa-thu}*).", "", "“KẾT QUẢ”: mục chưa có nội dung"),
    ],
)
def test_each_lack_is_named_with_its_place(district, old, new, words):
    scene = factories.draft(district)
    assert old in factories.TEXT
    services.replace_text(scene.notice, outline.parse(factories.TEXT.replace(old, new)), by=scene.coordinator)
    with pytest.raises(Incomplete) as caught:
        services.approve_notice(scene.notice, version=scene.notice.version, by=scene.head)
    assert [message for message in caught.value.messages if words in message]


def test_sent_back_notice_needs_a_new_approval(district):
    scene = factories.approved(district)
    with pytest.raises(Incomplete, match="lý do"):
        services.send_back(scene.notice, reason=" ", by=scene.head)
    services.send_back(scene.notice, reason="Sửa mục II.", by=scene.head)
    notice = scene.fresh()
    assert (notice.status, notice.approved_at, notice.sent_back_reason) == ("draft", None, "Sửa mục II.")
    with pytest.raises(StaleState):
        services.issue_notice(notice, on=clock.today(), by=scene.coordinator)


def test_approved_text_cannot_be_edited(district):
    scene = factories.approved(district)
    section = scene.notice.sections.select_related("notice").first()
    with pytest.raises(StaleState):
        services.save_section(section, heading="", body="khác", version=section.version, by=scene.coordinator)


# ---------------------------------------------------------------- issuing


def test_issued_notice_is_whole(district, text_of):
    scene = factories.issued(district, failed={"Nậm Cần": (1,)})
    notice, document = scene.fresh(), IssuedDocument.objects.get(rendition="final")
    with document.file.open() as file:
        pdf = file.read()
    assert (notice.status, notice.number, notice.year) == ("issued", 1, clock.today().year)
    assert document.sha256 == hashlib.sha256(pdf).hexdigest()
    assert document.size == len(pdf)
    text = text_of(pdf)
    assert f"Số: 01/{notice.symbol}" in text
    assert "Bình quân các xã đạt 2,50 tiêu chí/xã." in text
    assert "xã Phúc Khoa đạt 03/3 tiêu chí; xã Nậm Cần đạt 02/3 tiêu chí" in text
    assert "DỰ THẢO" not in text
    assert document.facts["figures"]["bình quân xa-thu"]["formula"] == "5 : 2 = 2,50"
    assert len(document.facts["dossiers"]) == 2


def test_issuing_is_journalled_and_locks_the_dossiers(district):
    scene = factories.issued(district)
    document = IssuedDocument.objects.get(rendition="final")
    event = Event.objects.about(scene.notice).get(action="notice.issued")
    assert event.data["pdf"] == document.sha256
    assert event.data["facts"] == document.facts_sha256
    assert document.journal_head == event.hash
    dossier = Dossier.objects.with_context().filter(round=scene.world.round).first()
    assert dossier.locked_by_notice == f"Thông báo số {scene.notice.code}"
    with pytest.raises(Incomplete, match="đã được công bố"):
        inspections.reopen(dossier, reason="Sai.", by=scene.head)


def test_head_does_not_issue(district):
    scene = factories.approved(district)
    with pytest.raises(NotAllowed, match="Văn phòng Điều phối"):
        services.issue_notice(scene.notice, on=clock.today(), by=scene.head)


def test_numbers_go_up_and_a_number_by_hand_is_marked(district):
    first = factories.issued(district)
    by_hand = factories.issued(district, number=8)
    third = factories.issued(district)
    numbers = [(scene.fresh().number, scene.fresh().number_is_manual) for scene in (first, by_hand, third)]
    assert numbers == [(1, False), (8, True), (9, False)]
    with pytest.raises(Incomplete, match="Số 08/.* đã dùng"):
        factories.issued(district, number=8)


def test_series_of_another_authority_counts_for_itself(district, other_district):
    factories.issued(district)
    assert factories.issued(other_district).fresh().number == 1


def test_second_click_finds_it_issued(district):
    scene = factories.approved(district)
    seen_before = scene.fresh()
    services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)
    with pytest.raises(StaleState, match="Đã ban hành"):
        services.issue_notice(seen_before, on=clock.today(), by=scene.coordinator)
    assert IssuedDocument.objects.filter(rendition="final").count() == 1


@pytest.mark.parametrize(("days", "words"), [(1, "sau hôm nay"), (-2, "trước ngày kết thúc kiểm tra")])
def test_date_must_be_possible(district, days, words):
    scene = factories.approved(district)
    with pytest.raises(Incomplete, match=words):
        services.issue_notice(scene.notice, on=clock.today() + timedelta(days=days), by=scene.coordinator)


def test_figures_changed_after_approval_are_not_issued(district):
    scene = factories.approved(district)
    dossier = Dossier.objects.with_context().filter(round=scene.world.round).first()
    inspections.leave_out(dossier.round_unit, reason="Sáp nhập.", by=scene.coordinator)
    with pytest.raises(Incomplete, match="thay đổi sau khi phê duyệt"):
        services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)


def test_failed_rendering_gives_the_number_back_and_leaves_nothing(district, monkeypatch):
    scene = factories.approved(district)

    def fail(job):
        raise renderer.RenderError("Không in được.")

    monkeypatch.setattr(renderer.Job, "result", fail)
    with pytest.raises(Refused, match="Không in được"):
        services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)
    monkeypatch.undo()
    assert (scene.fresh().status, scene.fresh().number) == ("approved", None)
    services.issue_notice(scene.fresh(), on=clock.today(), by=scene.coordinator)
    assert scene.fresh().number == 1


def test_renderer_that_cannot_be_reached_is_told_as_a_refusal(district, monkeypatch):
    scene = factories.approved(district)

    def closed():
        raise renderer.RenderError("Thư mục không thuộc tài khoản đang chạy cổng.")

    monkeypatch.setattr(renderer, "runtime_dir", closed)
    with pytest.raises(Refused, match="không thuộc tài khoản"):
        services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)
    assert scene.fresh().status == "approved"


def test_file_is_removed_when_the_transaction_fails(district, monkeypatch):
    scene = factories.approved(district)
    monkeypatch.setattr(inspections, "lock_dossiers", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)
    assert scene.fresh().status == "approved"
    assert not default_storage.exists("notices") or not any(default_storage.listdir(f"notices/{clock.today().year}")[1])


# ---------------------------------------------------------------- what the database itself refuses

CHANGES = [
    "UPDATE reports_notice SET number = 99",
    "UPDATE reports_notice SET subject = 'khác'",
    "UPDATE reports_notice SET status = 'draft', number = NULL, year = NULL, issued_on = NULL, issued_at = NULL",
    "DELETE FROM reports_notice",
    "UPDATE reports_noticesection SET body = 'khác'",
    "DELETE FROM reports_noticesection",
    "UPDATE reports_recommendation SET text = 'khác'",
    "DELETE FROM reports_recommendation",
    "UPDATE reports_recipient SET text = 'khác'",
    "DELETE FROM reports_recipient",
    "UPDATE reports_issueddocument SET sha256 = 'khác'",
    "DELETE FROM reports_issueddocument",
]


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


@pytest.mark.parametrize("statement", CHANGES)
def test_database_keeps_an_issued_notice_as_it_is(district, statement):
    factories.issued(district)
    with pytest.raises(IntegrityError, match="notice is issued"):
        run(statement)


def test_issued_notice_takes_no_new_text(district):
    scene = factories.issued(district)
    for create in (
        lambda: scene.notice.sections.create(position=9, heading="X"),
        lambda: scene.notice.recipients.create(position=9, text="X"),
        lambda: scene.notice.recommendations.create(position=9, addressee="X", text="X"),
    ):
        with pytest.raises(IntegrityError, match="notice is issued"), transaction.atomic():
            create()


def test_after_issue_a_recommendation_is_still_followed_up(district):
    factories.issued(district)
    assert run("UPDATE reports_recommendation SET status = 'doing'") == 1
    assert run("UPDATE reports_notice SET status = 'superseded'") == 1


def test_draft_changes_freely(district):
    factories.draft(district)
    assert run("UPDATE reports_noticesection SET body = 'khác'") > 0


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "nonsense"},
        {"number": 5},
        {"approved_by": None, "approved_at": None, "approved_sha256": ""},
        {"status": "issued"},
        {"composed_at": None},
    ],
)
def test_notice_cannot_be_half_of_anything(district, columns):
    scene = factories.approved(district)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=scene.notice.pk).update(**columns)


def test_no_notice_is_issued_of_a_round_that_was_cancelled(district):
    scene = factories.approved(district)
    inspections.cancel_round(scene.world.round, reason="Kế hoạch thay đổi", by=scene.coordinator)
    with pytest.raises(StaleState, match="Đã hủy"):
        services.issue_notice(scene.fresh(), on=clock.today(), by=scene.coordinator)


def test_who_left_the_inspectors_no_longer_reads_drafts_of_the_team(district, other_district):
    scene = factories.draft(district)
    former = scene.world.inspector
    former.memberships.update(authority=other_district, role=Role.ADMINISTRATOR)
    forget_memberships(former)
    assert not Notice.objects.for_user(former).exists()
