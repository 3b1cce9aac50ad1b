"""Minutes of an inspection and the team's report: who writes and reads them, what they say, what they are cited as."""

import zipfile
from datetime import time, timedelta
from io import BytesIO

import pypdf
import pytest
from django.urls import reverse

from communes import clock
from communes.models import Event, LegalDocument
from communes.notation import decree_day
from communes.permissions import Role
from inspections import services as inspections
from inspections.models import ReturnItem, TeamMember
from reports import checks, renderer, services
from reports.compose import LAYOUT, Composition, page_of
from reports.content import Table, from_facts
from reports.models import Notice
from reports.workflow import Incomplete, NotAllowed

from ..factories import person
from ..inspections import factories as work
from . import decree30, factories

pytestmark = pytest.mark.django_db


def inspection_of(world, name):
    return world.round.inspections.select_related("commune").get(commune__name=name)


def minutes(world, name="Nậm Cần", *, by=None) -> Notice:
    made = services.create_notice(
        world.round, by=by or world.inspector, kind="bien-ban", inspection=inspection_of(world, name)
    )
    return Notice.objects.with_context().select_related("inspection").get(pk=made.pk)


def text_of(notice) -> str:
    content = Composition(notice).content()
    headings = [part.heading for part in content.flow if part.heading]
    return "\n".join([*headings, *(block.plain for block in content.all_blocks())])


@pytest.fixture
def running(district):
    """A round of two communes: all is concluded of the first, one criterion of the second, with a question out."""
    world, officers = factories.concluded_round(district, ("Phúc Khoa", "Nậm Cần"), concluded=False)
    communes = [inspection_of(world, name).commune for name in ("Phúc Khoa", "Nậm Cần")]
    factories.conclude(world, communes[0], officers[0], (2,))
    dossier = work.hand_in(world.dossier_of(communes[1]), by=officers[1])
    row = work.conclusion_of(dossier, 3)
    inspections.conclude_criterion(
        row, verdict="chua_dat", reason="Thiếu phòng học.", by=world.inspector, version=row.version
    )
    work.send_back(world.dossier_of(communes[1]), "2.1", by=world.inspector, question="Bổ sung bảng chiều dài đường.")
    return world, officers


# ---------------------------------------------------------------- what minutes say


def test_minutes_tell_conclusions_as_they_stand_and_say_so(running):
    world, _ = running
    notice = minutes(world)
    text = text_of(notice)
    assert "đạt 00/3 tiêu chí, 02 tiêu chí chưa kết luận, cụ thể:" in text
    assert "chưa được Trưởng đoàn phê duyệt" in text
    assert "chỉ tiêu 2.1: Bổ sung bảng chiều dài đường (hạn" in text
    assert "Phúc Khoa" not in text
    assert [str(found) for found in checks.findings(Composition(notice))] == []


def test_a_question_that_ended_since_is_told_so(running):
    world, officers = running
    notice = minutes(world)
    item = ReturnItem.objects.select_related("assessment__dossier", "dossier").get()
    inspections.answer_item(item, answer="Đã bổ sung.", by=officers[1])
    assert "Bổ sung bảng chiều dài đường (xã đã trả lời)" in text_of(notice)
    assert [str(found) for found in checks.findings(Composition(notice))] == []


def test_dossiers_keep_their_number_when_another_is_left_out(running, district):
    world, _ = running
    inspection = inspection_of(world, "Nậm Cần")
    inspections.add_unit(world.round, by=world.coordinator, criteria_set=work.small_set(code="xa-hai"),
                         commune=inspection.commune)  # fmt: skip
    notice = minutes(world)
    assert "xã Nậm Cần, bộ tiêu chí Xã NTM: đạt 00/3 tiêu chí, 02" in text_of(notice)
    left = world.round.units.order_by("position").filter(commune=inspection.commune).first()
    inspections.leave_out(left, reason="Sáp nhập.", by=world.coordinator)
    assert any("{hồ sơ 1}" in str(found) for found in checks.findings(Composition(notice)))
    assert "{bảng kết luận 1}" in text_of(notice)


def test_minutes_hold_a_table_of_the_criteria_in_their_facts_too(running):
    world, _ = running
    content = Composition(minutes(world)).content()
    (table,) = [block for block in content.all_blocks() if isinstance(block, Table)]
    assert table.header == ("TT", "Tiêu chí", "Kết luận", "Lý do, ghi chú")
    assert table.rows[2] == ("3", "Trường học", "Chưa đạt", "Thiếu phòng học")
    assert table.rows[0] == ("1", "Quy hoạch", "Chưa đánh giá", "")
    assert from_facts(content.as_facts()).all_blocks().__next__() == content.preamble[0]
    assert content.as_facts()["sections"][3]["blocks"][1]["rows"][2][1] == "Trường học"


def test_minutes_of_approved_conclusions_are_not_marked(running):
    world, _ = running
    text = text_of(minutes(world, "Phúc Khoa"))
    assert "đạt 02/3 tiêu chí; chưa đạt: Giao thông." in text
    assert "chưa được Trưởng đoàn phê duyệt" not in text
    assert "YÊU CẦU BỔ SUNG" not in text


def test_people_sign_left_and_right(running):
    world, _ = running
    commune = inspection_of(world, "Nậm Cần").commune
    leader = person(Role.COMMUNE_LEADER, commune=commune)
    leader.full_name, leader.position = "Lò Thị Ký", "Chủ tịch UBND xã"
    leader.save()
    notice = minutes(world)
    content = Composition(notice).content()
    assert content.cosigner.authority == ("ĐẠI DIỆN", "UBND XÃ NẬM CẦN")
    assert (content.cosigner.post, content.cosigner.name) == ("CHỦ TỊCH UBND XÃ", "Lò Thị Ký")
    assert content.signature.name == "Nguyễn Văn Thử"
    assert "đồng chí Lò Thị Ký, Chủ tịch UBND xã" in text_of(notice)
    assert content.recipients[0] == "UBND xã Nậm Cần"


def test_minutes_by_report_do_not_claim_a_meeting(running):
    world, _ = running
    inspection = inspection_of(world, "Nậm Cần")
    inspection.mode = "by_report"
    inspection.save()
    text = text_of(minutes(world))
    assert "kiểm tra qua báo cáo" in text
    assert "giờ" not in text
    assert "đã đọc cho những người có mặt" not in text


# ---------------------------------------------------------------- who may


def test_the_team_writes_minutes_of_its_own_share(running, district):
    world, _ = running
    stranger = person(Role.INSPECTOR, authority=district)
    for by in (world.coordinator, stranger):
        with pytest.raises(NotAllowed, match="Đoàn kiểm tra"):
            minutes(world, by=by)
    other = inspection_of(world, "Phúc Khoa").commune
    inspections.add_member(
        world.round, stranger, by=world.coordinator, position=TeamMember.Position.MEMBER, communes=[other]
    )
    with pytest.raises(NotAllowed):
        minutes(world, by=stranger)
    assert minutes(world, "Phúc Khoa", by=stranger).composed_by == stranger


def test_an_inspection_has_one_running_document_of_a_kind(running):
    world, _ = running
    minutes(world)
    with pytest.raises(Incomplete, match="Cuộc kiểm tra này đang có một biên bản chưa ban hành"):
        minutes(world)
    assert minutes(world, "Phúc Khoa").kind == "Biên bản"


def test_a_kind_is_about_what_its_scope_says(running):
    world, _ = running
    with pytest.raises(ValueError, match="inspection"):
        services.create_notice(world.round, by=world.inspector, kind="bien-ban")
    with pytest.raises(ValueError, match="round"):
        services.create_notice(world.round, by=world.coordinator, inspection=inspection_of(world, "Nậm Cần"))


def issued(notice, world, on=None):
    services.approve_notice(notice, version=notice.version, by=world.head)
    services.issue_notice(notice, on=on or clock.today(), by=world.coordinator)
    return notice


def test_commune_reads_its_issued_minutes_once_its_conclusions_are_disclosed(running):
    world, officers = running
    issued(minutes(world), world)
    issued(minutes(world, "Phúc Khoa"), world)
    read = Notice.objects.for_user(officers[0]).values_list("inspection__commune__name", flat=True)
    assert list(read) == ["Phúc Khoa"]
    assert not Notice.objects.for_user(officers[1]).exists()
    assert Notice.objects.for_user(world.coordinator).count() == 2
    assert not Notice.objects.public().exists()


def test_who_writes_minutes_writes_those_that_replace_them(client, running):
    world, _ = running
    old = issued(minutes(world), world)
    for who, offered in ((world.inspector, True), (world.coordinator, False)):
        client.force_login(who)
        page = client.get(reverse("reports:notice-preview", args=[old.public_id])).content.decode()
        assert ("Soạn biên bản thay thế" in page) is offered
        answer = client.post(reverse("reports:notice-replace", args=[old.public_id]), {"reason": "Sai tên xã."})
        assert answer.status_code == (302 if offered else 403)
    made = Notice.objects.with_context().get(supersedes=old)
    services.approve_notice(made, version=made.version, by=world.head)
    made.refresh_from_db()
    services.issue_notice(made, on=clock.today(), by=world.coordinator)
    old.refresh_from_db()
    assert (made.status, old.status) == ("issued", "superseded")


def test_minutes_are_issued_from_the_day_of_the_visit_and_lock_nothing(running):
    world, _ = running
    inspection = inspection_of(world, "Phúc Khoa")
    inspection.visited_on = clock.today() - timedelta(days=20)
    inspection.save()
    day = inspection.visited_on
    with pytest.raises(Incomplete, match="trước ngày kết thúc"):
        issued(minutes(world, "Phúc Khoa"), world, on=day - timedelta(days=1))
    notice = Notice.objects.get(inspection=inspection)
    services.issue_notice(notice, on=day, by=world.coordinator)
    assert notice.code == "01/BB-ĐKT"
    assert not world.round.dossiers.exclude(locked_by_notice="").exists()


# ---------------------------------------------------------------- pages


def test_inspector_makes_minutes_from_the_round(client, running):
    world, _ = running
    client.force_login(world.inspector)
    page = client.get(world.round.get_absolute_url()).content.decode()
    address = reverse("reports:round-minutes", args=[world.round.code])
    assert address in page
    assert client.get(address).content.decode().count("Lập biên bản") == 2
    made = inspection_of(world, "Nậm Cần")
    answer = client.post(reverse("reports:minutes-create", args=[world.round.code, made.pk, "bien-ban"]))
    notice = Notice.objects.get(inspection=made)
    assert answer.url == reverse("reports:notice-edit", args=[notice.public_id])
    page = client.get(answer.url)
    assert page.status_code == 200
    assert "bảng kết luận 1" in page.content.decode()
    assert "Soạn biên bản" in page.content.decode()
    section = notice.sections.filter(kind="section").first()
    saved = client.post(
        reverse("reports:section-save", args=[notice.public_id, section.pk]),
        {"heading": "THỜI GIAN", "body": "Bắt đầu.", "version": section.version},
    )
    assert saved.status_code == 302
    assert client.get(address).content.decode().count("Lập biên bản") == 1


def test_every_part_of_the_composer_answers_who_writes_minutes(client, running):
    """Its pages and its texts too; only keeping texts in the library is the office's."""
    world, _ = running
    notice = minutes(world)
    section = notice.sections.first()
    client.force_login(world.inspector)
    answer = client.get(reverse("reports:notice-pages", args=[notice.public_id])).json()
    assert client.get(answer["pages"][0])["Content-Type"] == "image/png"
    assert client.get(reverse("reports:section-texts", args=[notice.public_id, section.pk])).status_code == 200
    composer = client.get(reverse("reports:notice-edit", args=[notice.public_id])).content.decode()
    assert "Giữ nội dung phần này vào thư viện" not in composer


def test_inspector_does_not_write_the_notice(client, running):
    world, _ = running
    notice = services.create_notice(world.round, by=world.coordinator)
    client.force_login(world.inspector)
    assert client.get(reverse("reports:notice-edit", args=[notice.public_id])).status_code == 403


def test_reader_sees_which_minutes_there_are_and_no_button(client, running, district):
    world, _ = running
    client.force_login(person(Role.VIEWER, authority=district))
    page = client.get(reverse("reports:round-minutes", args=[world.round.code])).content.decode()
    assert "Lập biên bản" not in page
    assert page.count("Chưa lập") == 2


def test_a_round_has_a_notice_and_a_report_side_by_side(client, district):
    scene = factories.draft(district)
    client.force_login(scene.coordinator)
    data = {"round": scene.world.round.pk}
    client.post(reverse("reports:notice-create"), {**data, "kind": "bao-cao"})
    assert set(Notice.objects.values_list("kind_code", flat=True)) == {"thong-bao", "bao-cao"}
    answer = client.post(reverse("reports:notice-create"), {**data, "kind": "bao-cao"}, follow=True)
    assert "chưa có văn bản đó" in answer.content.decode()


def test_early_draft_is_composed_anew_when_more_is_concluded(client, running, district):
    world, _ = running
    notice = services.create_notice(world.round, by=world.coordinator)
    services.save_recipients(notice, ["UBND tỉnh", "Lưu: VT"], by=world.coordinator)
    assert "bình quân" not in text_of(notice)
    other = world.round.dossiers.with_context().get(inspection__commune__name="Nậm Cần")
    for item in ReturnItem.objects.select_related("assessment__dossier", "dossier"):
        inspections.withdraw_item(item, by=world.inspector)
    dossier = work.conclude_all(world.dossier_of(other.unit), by=world.inspector)
    inspections.make_provisional(dossier, by=world.head)
    inspections.approve(dossier, by=world.head)
    client.force_login(world.coordinator)
    address = reverse("reports:notice-redraft", args=[notice.public_id])
    assert "chỉ còn trong nhật ký" in client.get(address).content.decode()
    notice.refresh_from_db()
    client.post(address, {"version": notice.version})
    fresh = Notice.objects.with_context().get(pk=notice.pk)
    assert "bình quân 02 xã đạt 2,50 tiêu chí/xã" in text_of(fresh)
    assert list(fresh.recipients.values_list("text", flat=True)) == ["UBND tỉnh", "Lưu: VT"]
    event = Event.objects.about(notice).get(action="notice.drafted_again")
    assert any("xã Phúc Khoa" in body or "{danh sách" in body for _, body in event.data["old"])
    stale = client.post(address, {"version": notice.version}, follow=True).content.decode()
    assert "Xem lại nội dung mới rồi thực hiện lại" in stale


# ---------------------------------------------------------------- the report


def test_issued_report_becomes_what_the_round_is_cited_with(client, district):
    world, _ = factories.concluded_round(district, failed={"Nậm Cần": (3,)})
    report = services.create_notice(world.round, by=world.coordinator, kind="bao-cao")
    assert [str(found) for found in checks.findings(Composition(report))] == []
    with pytest.raises(Incomplete, match="chưa ban hành"):
        services.bind_report(report, by=world.coordinator)
    issued(report, world)
    client.force_login(world.coordinator)
    client.post(reverse("reports:report-bind", args=[report.public_id]))
    world.round.refresh_from_db()
    assert world.round.report == LegalDocument.objects.get(number="01/BC-ĐKT")
    notice = services.create_notice(world.round, by=world.coordinator)
    assert "Qua Báo cáo số 01/BC-ĐKT ngày" in text_of(notice)
    assert "Ghi là báo cáo của đợt" not in client.get(report.get_absolute_url()).content.decode()


# ---------------------------------------------------------------- the round before


def test_next_round_tells_what_was_lost_and_what_is_undone(district):
    first, officers = factories.concluded_round(district, failed={"Nậm Cần": (2,)}, period_to=days_ago(100),
                                                period_from=days_ago(160), due_on=days_ago(-10))  # fmt: skip
    notice = services.create_notice(first.round, by=first.coordinator)
    issued(notice, first)
    inspections.close_round(first.round, by=first.coordinator)
    communes = [inspection_of(first, name).commune for name in ("Phúc Khoa", "Nậm Cần")]
    second = work.open_round(
        district, communes=communes, period_from=days_ago(60), period_to=days_ago(1), reply_until=None
    )
    for commune, officer, failed in zip(communes, officers, ((1,), ()), strict=True):
        factories.conclude(second, commune, officer, failed)
    text = text_of(services.create_notice(second.round, by=second.coordinator))
    since = f"So với đợt “{first.round.name}”, theo bộ tiêu chí xã nông thôn mới, "
    assert f"{since}không duy trì được 01 lượt tiêu chí (xã Phúc Khoa: Quy hoạch)." in text
    assert f"{since}đạt thêm 01 lượt tiêu chí (xã Nậm Cần: Giao thông)." in text
    undone = notice.recommendations.count()
    assert f"Còn {undone:02d} kiến nghị tại Thông báo số 01/TB-ĐKT" in text
    assert "trước hết là: Giao thông (tiếp tục thực hiện kiến nghị tại Thông báo số 01/TB-ĐKT" in text


def days_ago(days):
    return clock.today() - timedelta(days=days)


# ---------------------------------------------------------------- what was recorded at the visit


@pytest.fixture
def recorded(running):
    """The visit to Nậm Cần with everything that can be recorded of one."""
    world, _ = running
    inspection = inspection_of(world, "Nậm Cần")
    inspections.save_visit(
        inspection,
        by=world.inspector,
        version=inspection.version,
        attended_by=[world.inspector],
        changes={
            "mode": "on_site",
            "visited_on": clock.today(),
            "begins_at": time(8, 30),
            "ends_at": time(11, 5),
            "place": "Nhà văn hóa bản Hô Bon",
            "guests": "Phạm Văn Khách, Phòng Kinh tế",
            "hosts": "Lò Thị Ký, Chủ tịch UBND xã\nVàng A Mẫu, công chức địa chính",
            "findings": "Đường vào bản đã cứng hóa.\nCòn hai phòng học {tạm}.",
            "hosts_opinion": "Nhất trí với Đoàn; đề nghị lùi hạn.",
        },
    )
    row = work.conclusion_of(world.dossier_of(inspection.commune), 2)
    inspections.save_finding(row, text="Đã đo 03 tuyến.", by=world.inspector, version=0)
    due = clock.today() + timedelta(days=10)
    inspections.add_deadline(
        inspection, what="Bổ sung biên bản nghiệm thu", who="UBND xã Nậm Cần", due_on=due, by=world.inspector
    )
    return world


def test_minutes_tell_what_was_recorded_at_the_visit(recorded):
    notice = minutes(recorded)
    text, day = text_of(notice), decree_day(clock.today())
    for words in (
        f"Bắt đầu: 08 giờ 30, ngày {day}.",
        "Địa điểm: Nhà văn hóa bản Hô Bon.",
        "Cùng tham gia với Đoàn: đồng chí Phạm Văn Khách, Phòng Kinh tế.",
        "đồng chí Lò Thị Ký, Chủ tịch UBND xã; đồng chí Vàng A Mẫu, công chức địa chính",
        "Đường vào bản đã cứng hóa.",
        "Còn hai phòng học tạm.",
        "Về tiêu chí 2: Giao thông: Đã đo 03 tuyến.",
        f"UBND xã Nậm Cần: Bổ sung biên bản nghiệm thu; hoàn thành chậm nhất ngày "
        f"{decree_day(clock.today() + timedelta(days=10))}.",
        "Đại diện xã: Nhất trí với Đoàn; đề nghị lùi hạn.",
        "Cuộc kiểm tra kết thúc vào 11 giờ 05 cùng ngày.",
    ):
        assert words in text
    assert "……" not in text
    assert recorded.head.full_name not in text.partition("NỘI DUNG VÀ KẾT QUẢ")[0].partition("THÀNH PHẦN")[2]
    assert [str(found) for found in checks.findings(Composition(notice))] == []


def test_who_was_named_first_signs_for_the_commune(recorded):
    content = Composition(minutes(recorded)).content()
    assert (content.cosigner.post, content.cosigner.name) == ("CHỦ TỊCH UBND XÃ", "Lò Thị Ký")


def test_draft_minutes_follow_what_is_recorded_afterwards(recorded):
    notice = minutes(recorded)
    inspection = inspection_of(recorded, "Nậm Cần")
    inspections.save_visit(
        inspection, by=recorded.inspector, version=inspection.version, changes={"place": "Trụ sở UBND xã"}
    )
    notice = Notice.objects.with_context().get(pk=notice.pk)
    assert "Địa điểm: Trụ sở UBND xã." in text_of(notice)


def test_visit_of_two_days_says_both(recorded):
    inspection = inspection_of(recorded, "Nậm Cần")
    last = clock.today() + timedelta(days=1)
    inspections.save_visit(inspection, by=recorded.inspector, version=inspection.version, changes={"visited_to": last})
    text = text_of(minutes(recorded))
    assert f"Kiểm tra đến ngày {decree_day(last)}." in text
    assert f"kết thúc vào 11 giờ 05 ngày {decree_day(last)}." in text


def test_printing_minutes_brings_what_was_typed_into_the_journal(recorded):
    assert not Event.objects.filter(action="inspection.recorded").exists()
    minutes(recorded)
    (event,) = Event.objects.filter(action="inspection.recorded")
    assert event.data["changes"]["place"]["new"] == "Nhà văn hóa bản Hô Bon"


@pytest.mark.parametrize("what", ["attended", "finding"])
def test_what_is_noted_while_minutes_print_is_noticed(recorded, monkeypatch, what):
    """Notes of a visit come into the journal some time after; the minutes are not issued without them."""
    notice = minutes(recorded)
    services.approve_notice(notice, version=notice.version, by=recorded.head)
    begin = renderer.begin

    def note(html, layout, **more):
        monkeypatch.undo()
        inspection = inspection_of(recorded, "Nậm Cần")
        if what == "attended":
            inspections.save_visit(
                inspection, by=recorded.head, version=inspection.version, attended_by=[recorded.head], changes={}
            )
        else:
            row = work.conclusion_of(recorded.dossier_of(inspection.commune), 2)
            inspections.save_finding(row, text="Đã đo 04 tuyến.", by=recorded.inspector, version=1)
        return begin(html, layout, **more)

    events = Event.objects.count()
    monkeypatch.setattr(renderer, "begin", note)
    with pytest.raises(Incomplete, match="đã thay đổi sau khi phê duyệt"):
        services.issue_notice(notice, on=clock.today(), by=recorded.coordinator)
    assert Event.objects.count() == events


def test_minutes_of_a_recorded_visit_keep_the_decree(recorded):
    """With people, findings, deadlines and both signatures on paper, as PDF and as DOCX."""
    content = Composition(minutes(recorded)).content(number=1, on=clock.today(), is_draft=False)
    pdf = renderer.render(page_of(content), LAYOUT)
    # WeasyPrint ends a line early before words that are kept whole: the line over the table of conclusions.
    assert set(decree30.broken(decree30.check(pdf, content.kind))) <= {"II.6e canh đều"}
    printed = " ".join("".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages).split())
    with zipfile.ZipFile(BytesIO(renderer.to_docx(content))) as archive:
        word = archive.read("word/document.xml").decode()
    for words in ("Nhà văn hóa bản Hô Bon", "Đã đo 03 tuyến", "Lò Thị Ký", "THỜI HẠN HAI BÊN THỐNG NHẤT"):
        assert words in printed
        assert words in word
