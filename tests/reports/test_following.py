"""Follow-up of recommendations: made at issue, progress with proof, ends, replaced notices, the next round."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from communes import clock, journal
from communes.models import Event
from communes.permissions import Role
from inspections import services as inspections
from inspections.evidence import UploadRefused
from inspections.models import Evidence
from reports import following as words
from reports import outline, reminders, services
from reports.compose import Composition
from reports.facts import facts_of
from reports.models import FollowUp, FollowUpNote, FollowUpProof, Notice
from reports.services import following
from reports.workflow import Incomplete, NotAllowed, StaleState

from ..factories import CommuneFactory, person
from ..inspections import factories as work
from . import factories

pytestmark = pytest.mark.django_db

ASKING = factories.TEXT.replace(
    "## Ủy ban nhân dân các xã\n",
    "## Phòng Giáo dục và Đào tạo\n- Hướng dẫn các xã rà soát trường học.\n"
    "## UBND xã Nậm Cần\n- Sửa đường vào bản.\n## Ủy ban nhân dân các xã\n",
)


def issue(scene, text=ASKING):
    services.replace_text(scene.notice, outline.parse(text), by=scene.coordinator)
    services.approve_notice(scene.fresh(), version=scene.fresh().version, by=scene.head)
    services.issue_notice(scene.fresh(), on=clock.today(), by=scene.coordinator)
    return scene


@pytest.fixture
def scene(district, agency):
    return issue(factories.draft(district))


@pytest.fixture
def items(scene):
    return fresh(scene.notice)


def fresh(notice):
    rows = FollowUp.objects.with_context().prefetch_related("agencies", "communes")
    return list(rows.filter(recommendation__notice=notice).order_by("recommendation__position"))


def one(item):
    return FollowUp.objects.with_context().prefetch_related("agencies", "communes").get(pk=item.pk)


def note(item, by, text="Đã làm một nửa.", **more):
    return following.add_note(one(item), text=text, version=one(item).version, by=by, **more)


# ---------------------------------------------------------------- made at issue


def test_issue_makes_an_item_of_each_recommendation_for_its_addressee(scene, items, agency):
    _school, road, year = items
    assert [list(row.agencies.all()) for row in items] == [[agency], [], []]
    assert [row.name for row in road.communes.all()] == ["Nậm Cần"]
    assert {row.name for row in year.communes.all()} == {"Phúc Khoa", "Nậm Cần"}
    assert year.text == f"Hoàn thành trong năm {scene.world.round.year + 1}."
    assert {row.status for row in items} == {"open"}


def test_a_notice_that_is_not_issued_has_no_items(district):
    scene = factories.approved(district)
    assert fresh(scene.notice) == []


@pytest.mark.parametrize(
    ("told", "agencies", "communes"),
    [
        ("Phòng Nội vụ", {1}, set()),
        ("UBND xã Nậm Cần", set(), {8}),
        ("Ủy ban nhân dân các xã", set(), {7, 8}),
        ("Các cơ quan thành viên của Ban Chỉ đạo", {2}, set()),
        ("Đồng chí Bí thư", set(), set()),
    ],
)
def test_addressees_are_known_by_their_words(told, agencies, communes):
    found = words.addressed(told, {1: "Phòng Nội vụ", 2: "Phòng Y tế"}, {7: "xã Phúc Khoa", 8: "xã Nậm Cần"}, [2])
    assert (set(found.agencies), set(found.communes)) == (agencies, communes)


def test_same_matter_is_found_by_words_first_and_each_once():
    old = [("A", "Sửa đường vào bản trước tháng năm."), ("A", "Sửa đường vào bản trước tháng sáu."), ("B", "Khác.")]
    new = [("A", "Sửa đường vào bản trước tháng sáu."), ("A", "Sửa đường vào bản trước tháng bảy."), ("C", "Khác.")]
    assert words.same_matter(new, old) == {0: 1, 1: 0}


# ---------------------------------------------------------------- who sees, who writes


def test_items_are_seen_by_their_addressees_and_by_who_reads_the_round(scene, items, agency_reviewer, viewer, outsider):
    phuc_khoa, nam_can = scene.officers
    seen = {user: set(FollowUp.objects.for_user(user)) for user in (phuc_khoa, nam_can, agency_reviewer)}
    school, road, year = items
    assert seen == {phuc_khoa: {year}, nam_can: {road, year}, agency_reviewer: {school}}
    assert set(FollowUp.objects.for_user(viewer)) == set(items) == set(FollowUp.objects.for_user(scene.head))
    assert not FollowUp.objects.for_user(outsider).exists()


def test_only_those_asked_and_the_office_write(scene, items, viewer, agency_reviewer):
    school, road, _ = items
    for item, by in ((road, viewer), (road, agency_reviewer), (school, scene.officers[0]), (school, scene.head)):
        with pytest.raises(NotAllowed):
            note(item, by)
    for act in (following.close_item, following.reopen_item):
        words_ = {"note": "x"} if act is following.close_item else {"reason": "x"}
        with pytest.raises(NotAllowed):
            act(school, version=school.version, by=agency_reviewer, **words_)
    assert not FollowUpNote.objects.exists()


# ---------------------------------------------------------------- progress


def test_progress_begins_the_work_and_a_second_click_writes_nothing(scene, items):
    road, officer = items[1], scene.officers[1]
    following.add_note(road, text=" Đã đổ 200 m. ", version=road.version, by=officer)
    assert one(road).status == "doing"
    stale = FollowUp.objects.with_context().get(pk=road.pk)
    with pytest.raises(StaleState, match="Đang thực hiện"):
        following.add_note(stale, text="Đã đổ 200 m.", version=1, by=officer)
    (row,) = road.notes.all()
    assert (row.text, row.commune.name, row.by) == ("Đã đổ 200 m.", "Nậm Cần", officer)
    assert Event.objects.filter(action="follow_up.noted").count() == 1
    assert scene.coordinator.notifications.filter(sentence__contains="báo tiến độ").count() == 1


def test_a_commune_proves_by_its_library_and_what_it_sends_goes_there(scene, items):
    road, officer = items[1], scene.officers[1]
    commune = road.communes.get()
    piece = inspections.add_evidence(commune, work.pdf_upload("cu.pdf"), meta={}, by=officer).evidence
    note(road, officer, evidence=[piece], uploads=[work.image_upload()])
    assert FollowUpProof.objects.filter(evidence__commune=commune, file="").count() == 2
    assert set(
        Evidence.objects.filter(commune=commune, follow_up_proofs__isnull=False).values_list("is_kept", flat=True)
    ) == {True}
    theirs = Evidence.objects.exclude(commune=commune).first()
    with pytest.raises(NotAllowed, match="xã mình"):
        note(road, officer, evidence=[theirs])


def test_an_agency_sends_files_through_the_same_checks(items, agency_reviewer):
    school = items[0]
    note(school, agency_reviewer, uploads=[work.pdf_upload("bao-cao.pdf")])
    proof = FollowUpProof.objects.get()
    assert proof.name == "bao-cao.pdf"
    assert proof.file.size == proof.size
    bad = work.pdf_upload("bao-cao.exe")
    with pytest.raises(UploadRefused, match="bao-cao"):
        note(school, agency_reviewer, uploads=[work.pdf_upload("khac.pdf"), bad])
    assert school.notes.count() == FollowUpProof.objects.count() == 1


def test_notes_and_proofs_never_change(items, agency_reviewer):
    note(items[0], agency_reviewer, uploads=[work.pdf_upload("bao-cao.pdf")])
    for rows in (FollowUpNote.objects.all(), FollowUpProof.objects.all()):
        for act in (
            lambda rows=rows: rows._raw_delete("default"),
            lambda rows=rows: rows.update(**{"text" if rows.model is FollowUpNote else "name": "khác"}),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                act()
    assert FollowUpNote.objects.count() == 1


# ---------------------------------------------------------------- terms and ends


def test_office_closes_with_a_note_and_reopens_with_a_reason(scene, items):
    road, office = items[1], scene.coordinator
    with pytest.raises(Incomplete, match="kết quả"):
        following.close_item(road, note=" ", version=road.version, by=office)
    note(road, scene.officers[1])
    road = one(road)
    following.close_item(road, note="Đã kiểm tra thực địa.", version=road.version, by=office)
    assert (one(road).status, one(road).closed_by) == ("done", office)
    with pytest.raises(StaleState, match="Đã thực hiện"):
        note(road, scene.officers[1])
    with pytest.raises(StaleState):
        following.close_item(one(road), note="lần nữa", version=one(road).version, by=office)
    road = one(road)
    following.reopen_item(road, reason="Đường lại hỏng.", version=road.version, by=office)
    assert (one(road).status, one(road).closed_at) == ("doing", None)
    assert [row.kind for row in road.notes.all()] == ["progress", "closed", "reopened"]
    told = Event.objects.filter(action__startswith="follow_up.").order_by("seq")
    assert [event.action for event in told] == ["follow_up.noted", "follow_up.closed", "follow_up.reopened"]


def test_terms_say_by_when_and_who(scene, items, agency):
    year, office = items[2], scene.coordinator
    with pytest.raises(Incomplete, match="ngày ban hành"):
        following.set_terms(
            year, due_on=clock.today() - timedelta(1), agencies=[], communes=[], version=year.version, by=office
        )
    due = clock.today() + timedelta(30)
    following.set_terms(year, due_on=due, agencies=[agency], communes=[], version=year.version, by=office)
    assert (one(year).due_on, list(one(year).agencies.all()), one(year).communes.count()) == (due, [agency], 0)


def test_late_after_the_last_minute_of_the_day(scene, items):
    road = items[1]
    due = clock.today() + timedelta(2)
    following.set_terms(
        road, due_on=due, agencies=[], communes=road.communes.all(), version=road.version, by=scene.coordinator
    )
    midnight = clock.now().astimezone().replace(hour=0, minute=0)
    for days, is_late in ((2, False), (3, True)):
        with clock.at(midnight + timedelta(days=days, hours=1)):
            assert one(road).is_overdue is is_late
            assert FollowUp.objects.overdue(clock.today()).exists() is is_late


def test_people_are_reminded_once_of_each_stage(scene, items):
    road, officer = items[1], scene.officers[1]
    due = clock.today() + timedelta(5)
    following.set_terms(
        road, due_on=due, agencies=[], communes=road.communes.all(), version=road.version, by=scene.coordinator
    )
    said = []
    for days in (1, 3, 4, 5, 6, 7):
        with clock.at(clock.now() + timedelta(days=days)):
            reminders.remind()
            reminders.remind()
            said.append(officer.notifications.filter(cause__contains=":follow-up:").count())
    assert said == [0, 1, 1, 2, 3, 3]
    assert scene.coordinator.notifications.filter(cause__startswith="overdue:follow-up").count() == 1


# ---------------------------------------------------------------- replaced notices, the next round


def test_items_of_a_replaced_notice_go_on_in_the_new_one(scene, items):
    road, officer = items[1], scene.officers[1]
    note(road, officer)
    due = clock.today() + timedelta(9)
    road = one(road)
    following.set_terms(
        road, due_on=due, agencies=[], communes=road.communes.all(), version=road.version, by=scene.coordinator
    )
    made = services.start_replacement(scene.fresh(), reason="Sửa số liệu", by=scene.coordinator)
    made = Notice.objects.with_context().get(pk=made.pk)
    kept = [(row.addressee, row.text) for row in made.recommendations.all() if "trường học" not in row.text]
    services.save_recommendations(made, kept, by=scene.coordinator)
    made = Notice.objects.with_context().get(pk=made.pk)
    services.approve_notice(made, version=made.version, by=scene.head)
    services.issue_notice(made, on=clock.today(), by=scene.coordinator)
    new_road, new_year = fresh(made)
    assert (new_road.continues, new_road.status, new_road.due_on) == (road, "doing", due)
    assert new_year.continues == items[2]
    assert all(row.is_replaced for row in fresh(scene.notice))
    assert not FollowUp.objects.for_user(officer).current().filter(recommendation__notice=scene.notice).exists()
    assert "không còn kiến nghị này" in items[0].notes.get(kind="replaced").text
    with pytest.raises(StaleState, match="thay thế"):
        note(road, officer)


def next_round(scene, district, **more):
    start = clock.today() + timedelta(days=10)
    names = {"period_from": start, "period_to": start + timedelta(days=20), "due_on": start + timedelta(days=15)}
    world, _ = factories.concluded_round(district, names=("Mường Khoa",), concluded=False, code="SAU-1", **names)
    return world


def test_next_round_is_told_what_was_done_and_what_not(scene, items, district):
    school, road, _year = items
    following.close_item(school, note="Xong.", version=school.version, by=scene.coordinator)
    following.close_item(road, note="Thiếu vốn.", version=road.version, by=scene.coordinator, carry_over=True)
    facts = facts_of(next_round(scene, district).round)
    assert [(row.number, row.addressee) for row in facts.followed] == [(1, "Phòng Giáo dục và Đào tạo")]
    assert [row.number for row in facts.follow_ups] == [2, 3]


def test_next_notice_carries_over_what_it_asks_for_again(scene, items, district):
    school, road, year = items
    following.close_item(school, note="Xong.", version=school.version, by=scene.coordinator)
    world = next_round(scene, district)
    with clock.at(clock.now() + timedelta(days=35)):
        notice = services.create_notice(world.round, by=world.coordinator)
        asked = [row.text for row in notice.recommendations.all()]
        assert sum("{kiến nghị chưa xong" in text for text in asked) == 2
        services.replace_text(
            notice,
            outline.parse(factories.TEXT.replace("- Hoàn thành", "- {kiến nghị chưa xong 2}.\n- Hoàn thành")),
            by=world.coordinator,
        )
        event = journal.record("notice.issued", subject=notice, by=world.coordinator)
        made = following.open_items(notice, Composition(notice).content(), event, by=world.coordinator)
    assert made[0].continues == road
    assert one(road).status == "carried_over"
    assert one(year).status == "open"
    with pytest.raises(Incomplete, match="theo dõi tiếp"):
        following.reopen_item(one(road), reason="x", version=one(road).version, by=scene.coordinator)


# ---------------------------------------------------------------- pages


def test_list_filters_by_addressee_state_due_and_words(client, scene, items, agency):
    road = items[1]
    following.set_terms(
        road, due_on=clock.today(), agencies=[], communes=road.communes.all(), version=1, by=scene.coordinator
    )
    client.force_login(scene.coordinator)
    url = reverse("reports:follow-up-list")

    def shown(query):
        return {row.item.recommendation.position for row in client.get(f"{url}?{query}").context["rows"]}

    assert shown("") == {0, 1, 2} == shown("status=khong-ro")
    assert shown(f"whom=p{agency.pk}") == {0}
    assert shown("due=7-ngay") == {1}
    assert shown("due=khong-han") == {0, 2}
    assert shown("q=duong vao ban") == {1}
    assert shown("status=done") == set()
    assert len(client.get(f"{url}?in=1").context["rows"]) == 3


def test_queries_of_the_list_do_not_grow(client, scene, items, district):
    client.force_login(scene.coordinator)
    url = reverse("reports:follow-up-list")
    client.get(url)
    with connection.execute_wrapper(counted := Counter()):
        client.get(url)
    few = counted.count
    issue(factories.draft(district, names=("Hố Mít", "Pắc Ta"), code="KHAC-1"))
    with connection.execute_wrapper(counted := Counter()):
        client.get(url)
    assert counted.count == few


class Counter:
    count = 0

    def __call__(self, execute, *args):
        self.count += 1
        return execute(*args)


def test_page_takes_progress_and_keeps_what_was_typed_when_it_is_too_late(client, scene, items):
    road, officer = items[1], scene.officers[1]
    client.force_login(officer)
    url = reverse("reports:follow-up-note", args=[road.pk])
    typed = {"version": road.version, "text": "Đã đổ 200 m đường."}
    assert client.post(url, {**typed, "proofs": [work.pdf_upload("anh.pdf")]}).status_code == 302
    answer = client.post(url, typed)
    assert answer.status_code == 409
    assert "đã được" in answer.content.decode()
    assert "Đã đổ 200 m đường." in str(answer.context["progress_form"])
    empty = client.post(url, {"version": one(road).version, "text": " "})
    assert empty.status_code == 400
    proof = FollowUpProof.objects.get()
    answer = client.get(reverse("reports:follow-up-proof", args=[road.pk, proof.pk]))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert Event.objects.filter(action="follow_up.proof_downloaded").count() == 1


def test_a_commune_reads_what_it_said_itself_and_what_the_office_says(client, scene, items):
    year = items[2]
    phuc_khoa, nam_can = scene.officers
    note(year, phuc_khoa, "Lời của Phúc Khoa", uploads=[work.pdf_upload("rieng.pdf")])
    note(year, scene.coordinator, "Lời của Văn phòng")
    for user, sees in ((phuc_khoa, True), (nam_can, False), (scene.coordinator, True)):
        client.force_login(user)
        text = client.get(year.get_absolute_url()).content.decode()
        assert "Lời của Văn phòng" in text
        assert ("Lời của Phúc Khoa" in text, "rieng.pdf" in text) == (sees, sees)
        assert ("Chưa báo: Xã Nậm Cần" in text) == (user == scene.coordinator)
    client.force_login(nam_can)
    proof = FollowUpProof.objects.get()
    assert client.get(reverse("reports:follow-up-proof", args=[year.pk, proof.pk])).status_code == 404
    (row,) = [row for row in client.get(reverse("reports:follow-up-list")).context["rows"] if row.item == year]
    assert (row.heard, row.item.heard_from) == ("", 0)


def test_office_decides_on_the_page(client, scene, items):
    road = items[1]
    client.force_login(scene.coordinator)
    url = reverse("reports:follow-up-end", args=[road.pk])
    answer = client.post(url, {"version": 1, "how": "done", "note": ""})
    assert answer.status_code == 400
    assert "Chưa ghi kết quả" in answer.content.decode()
    assert client.post(url, {"version": 1, "how": "done", "note": "Xong."}).status_code == 302
    page = client.get(road.get_absolute_url()).content.decode()
    assert "Đã thực hiện" in page
    assert "Mở lại" in page
    answer = client.post(reverse("reports:follow-up-reopen", args=[road.pk]), {"version": 2, "reason": "Chưa đạt."})
    assert answer.status_code == 302
    assert one(road).status == "open"
    far = CommuneFactory()
    answer = client.post(
        reverse("reports:follow-up-terms", args=[road.pk]), {"version": 3, "due_on": "xx", "communes": [far.pk]}
    )
    assert answer.status_code == 400


def test_others_find_nothing(client, scene, items, other_district):
    for who in (person(Role.COORDINATOR, authority=other_district), scene.officers[0]):
        client.force_login(who)
        assert client.get(reverse("reports:follow-up", args=[items[1].pk])).status_code == 404
