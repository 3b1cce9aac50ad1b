"""An issued notice replaced by a new one that names it: what may be reopened, what stands, what is undone."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from communes import clock, journal
from communes.models import Event
from criteria.judgement import Judgement
from inspections import services as inspections
from inspections.models import Dossier, InspectionRound, RoundUnit
from reports import services
from reports.compose import Composition
from reports.models import Notice
from reports.workflow import Incomplete, NotAllowed, StaleState

from ..inspections import factories as work
from . import factories

pytestmark = pytest.mark.django_db

REASON = "Tính sai số tiêu chí của xã Nậm Cần."


@pytest.fixture
def issued(district):
    return factories.issued(district, failed={"Nậm Cần": (1,)})


@pytest.fixture
def closed(issued):
    """The round of the issued notice is closed, as it usually is."""
    inspections.close_round(issued.world.round, by=issued.coordinator)
    return issued


def start(scene, reason=REASON) -> Notice:
    made = services.start_replacement(scene.fresh(), reason=reason, by=scene.coordinator)
    return fresh(made)


def fresh(notice) -> Notice:
    return Notice.objects.with_context().get(pk=notice.pk)


def issue(scene, notice) -> Notice:
    services.approve_notice(notice, version=notice.version, by=scene.head)
    return services.issue_notice(fresh(notice), on=clock.today(), by=scene.coordinator)


def dossier_of(scene, name="Nậm Cần") -> Dossier:
    return Dossier.objects.with_context().get(round=scene.world.round, inspection__commune__name=name)


def reopen(scene, dossier):
    inspections.reopen(dossier, reason="Xem lại tiêu chí 1.", by=scene.head)


def conclude_again(scene, dossier, verdict=Judgement.MET):
    dossier = Dossier.objects.with_context().get(pk=dossier.pk)
    row = work.conclusion_of(dossier, 1)
    reason = "" if verdict == Judgement.MET else "Chưa đủ hồ sơ."
    inspections.conclude_criterion(row, verdict=verdict, reason=reason, by=scene.world.inspector, version=row.version)
    inspections.make_provisional(Dossier.objects.with_context().get(pk=dossier.pk), by=scene.head)
    inspections.approve(Dossier.objects.with_context().get(pk=dossier.pk), by=scene.head)


# ---------------------------------------------------------------- beginning


def test_replacement_begins_as_a_copy_that_names_the_old_notice(issued):
    made, old = start(issued), issued.fresh()
    assert (made.status, made.supersedes, made.replace_reason, made.number) == ("draft", old, REASON, None)
    assert [row.heading for row in made.sections.all()] == [row.heading for row in old.sections.all()]
    for name in ("recommendations", "recipients"):
        rows = [[row.text for row in getattr(notice, name).all()] for notice in (made, old)]
        assert rows[0] == rows[1] != []
    text = " ".join(block.plain for block in Composition(made).content().preamble)
    day = f"{clock.today().day:02d}/"
    assert f"Thông báo này thay thế Thông báo số 01/TB-ĐKT ngày {day}" in text
    assert "kết luận kiểm tra về" in text
    assert old.status == "issued"


@pytest.mark.parametrize(
    ("preamble", "expected"),
    [
        ("", "Thông báo này thay thế {thông báo được thay thế}."),
        ("Thực hiện Kế hoạch.", "Thực hiện Kế hoạch.\nThông báo này thay thế {thông báo được thay thế}."),
        ("A.\nNhư sau:", "A.\nThông báo này thay thế {thông báo được thay thế}.\nNhư sau:"),
        ("Thay cho {Thông báo được  thay thế}.", "Thay cho {Thông báo được  thay thế}."),
    ],
)
def test_preamble_names_the_old_notice_before_it_leads_over(preamble, expected):
    assert services.replacing.naming(preamble, "Thông báo") == expected


def test_figures_of_other_notices_know_no_replaced_one(issued):
    assert "thông báo được thay thế" not in Composition(issued.fresh()).palette


def test_a_replacement_needs_a_reason_and_an_issued_notice(district, issued):
    with pytest.raises(Incomplete, match="lý do"):
        start(issued, reason="  ")
    draft = factories.draft(district)
    with pytest.raises(StaleState):
        services.start_replacement(draft.fresh(), reason=REASON, by=draft.coordinator)


def test_only_a_coordinator_replaces(issued):
    with pytest.raises(NotAllowed):
        services.start_replacement(issued.fresh(), reason=REASON, by=issued.head)


def test_one_replacement_at_a_time(issued):
    first = issued.fresh()
    start(issued)
    with pytest.raises(Incomplete, match="Đang có văn bản được soạn để thay thế"):
        services.start_replacement(first, reason=REASON, by=issued.coordinator)


# ---------------------------------------------------------------- issuing


def test_issue_marks_the_old_notice_in_the_same_act(closed, client):
    made = issue(closed, start(closed))
    old = closed.fresh()
    assert (made.number, made.status, old.number, old.status) == (2, "issued", 1, "superseded")
    event = Event.objects.about(old).get(action="notice.superseded")
    assert event.data["replaced_by"] == "Thông báo số 02/TB-ĐKT"
    assert set(Dossier.objects.values_list("locked_by_notice", flat=True)) == {"Thông báo số 02/TB-ĐKT"}
    round_ = InspectionRound.objects.get()
    assert (round_.status, round_.replacing) == ("closed", "")
    page = client.get(reverse("reports:public-detail", args=[old.public_id])).content.decode()
    assert "Thông báo số 02/TB-ĐKT" in page
    assert journal.verify() == []


def test_old_notice_stays_in_force_when_the_new_one_cannot_be_issued(issued, monkeypatch):
    made = start(issued)
    services.approve_notice(made, version=made.version, by=issued.head)
    monkeypatch.setattr(inspections, "end_replacement", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        services.issue_notice(fresh(made), on=clock.today(), by=issued.coordinator)
    assert (issued.fresh().status, fresh(made).status) == ("issued", "approved")


def test_a_text_that_no_longer_names_the_old_notice_is_not_approved(issued):
    made = start(issued)
    row = made.sections.select_related("notice__authority", "notice__round").get(kind="preamble")
    services.save_section(row, heading="", body="Thực hiện {kế hoạch}.", version=row.version, by=issued.coordinator)
    made = fresh(made)
    with pytest.raises(Incomplete, match="chưa nêu Thông báo số 01/TB-ĐKT"):
        services.approve_notice(made, version=made.version, by=issued.head)


def test_a_replacement_may_be_replaced_again(issued):
    second = issue(issued, start(issued))
    third = services.start_replacement(fresh(second), reason="Sai nữa.", by=issued.coordinator)
    issue(issued, fresh(third))
    stand = Notice.objects.order_by("pk").values_list("status", flat=True)
    assert list(stand) == ["superseded", "superseded", "issued"]
    text = " ".join(block.plain for block in Composition(fresh(third)).content().preamble)
    assert "thay thế Thông báo số 02/TB-ĐKT" in text


def test_database_lets_an_issued_notice_become_superseded_and_nothing_else(issued):
    issue(issued, start(issued))
    with pytest.raises(IntegrityError, match="notice is issued"), transaction.atomic():
        Notice.objects.filter(status="superseded").update(subject="Khác")
    for status in ("draft", "approved", "issued"):
        with pytest.raises(IntegrityError, match="notice is issued"), transaction.atomic():
            Notice.objects.filter(status="superseded").update(status=status)


# ---------------------------------------------------------------- dossiers


def test_after_issue_a_dossier_reopens_only_inside_a_replacement(closed):
    dossier = dossier_of(closed)
    with pytest.raises(Incomplete, match="chỉ mở lại được khi"):
        reopen(closed, dossier)
    start(closed)
    reopen(closed, dossier_of(closed))
    assert dossier_of(closed).status == "submitted"
    assert InspectionRound.objects.get().status == "open"


def test_only_the_head_reopens_inside_a_replacement(closed):
    start(closed)
    with pytest.raises(NotAllowed):
        inspections.reopen(dossier_of(closed), reason="x", by=closed.coordinator)
    with pytest.raises(Incomplete, match="lý do"):
        inspections.reopen(dossier_of(closed), reason=" ", by=closed.head)
    assert InspectionRound.objects.get().status == "closed"


def test_what_was_published_stays_provable_after_reopening(closed):
    issued_facts = closed.notice.documents.get(rendition="final").facts
    start(closed)
    dossier = dossier_of(closed)
    frozen, digest = dossier.frozen, dossier.frozen_hash
    reopen(closed, dossier)
    event = Event.objects.about(dossier).get(action="dossier.reopened")
    assert event.data["facts"] == frozen
    assert inspections.decision.hash_of(event.data["facts"]) == digest
    assert [dossier.pk, digest] in issued_facts["dossiers"]
    assert closed.notice.documents.get(rendition="final").facts == issued_facts


def test_new_conclusions_enter_the_replacement_and_the_round_closes_with_its_issue(closed):
    made = start(closed)
    reopen(closed, dossier_of(closed))
    with pytest.raises(Incomplete, match="chưa kết luận"):
        services.approve_notice(fresh(made), version=fresh(made).version, by=closed.head)
    conclude_again(closed, dossier_of(closed))
    assert InspectionRound.objects.get().status == "open"
    issue(closed, fresh(made))
    figures = [notice.documents.get(rendition="final").facts["figures"] for notice in (closed.notice, made)]
    assert [row["bình quân xa-thu"]["formula"] for row in figures] == ["5 : 2 = 2,50", "6 : 2 = 3,00"]
    round_ = InspectionRound.objects.get()
    assert (round_.status, round_.replacing) == ("closed", "")
    with pytest.raises(Incomplete, match="đã được công bố trong Thông báo số 02"):
        reopen(closed, dossier_of(closed))


def test_a_round_that_was_open_stays_open(issued):
    issue(issued, start(issued))
    assert InspectionRound.objects.get().status == "open"


def test_another_open_round_of_the_same_units_does_not_stand_in_the_way(closed, district):
    dossier = dossier_of(closed)
    later = inspections.create_round(
        by=closed.coordinator, code="SAU", name="Đợt sau", authority=district, year=2031,
        period_from=clock.today(), period_to=clock.today(), due_on=clock.today(),
        team_name="Đoàn", subject="kết quả thử",
    )  # fmt: skip
    inspections.add_unit(
        later, by=closed.coordinator, criteria_set=dossier.criteria_set, commune=dossier.inspection.commune
    )
    inspections.add_member(later, closed.head, by=closed.coordinator, position="head")
    inspections.open_round(later, by=closed.coordinator)
    start(closed)
    reopen(closed, dossier_of(closed))
    assert RoundUnit.objects.filter(is_active=True).count() == 1
    assert InspectionRound.objects.filter(status="open").count() == 2


def test_a_unit_left_out_of_the_replacement_is_no_longer_published(issued):
    made = start(issued)
    inspections.leave_out(dossier_of(issued).round_unit, reason="Sáp nhập.", by=issued.coordinator)
    issue(issued, fresh(made))
    assert dossier_of(issued).locked_by_notice == ""
    assert dossier_of(issued, "Phúc Khoa").locked_by_notice == "Thông báo số 02/TB-ĐKT"


def test_a_published_round_is_not_cancelled_inside_a_replacement(issued):
    start(issued)
    with pytest.raises(Incomplete, match="không hủy được"):
        inspections.cancel_round(InspectionRound.objects.get(), reason="x", by=issued.coordinator)


# ---------------------------------------------------------------- giving up


def test_a_replacement_given_up_leaves_everything_as_it_was(closed):
    made = start(closed)
    old = services.abandon_replacement(made, reason="Không sai.", by=closed.coordinator)
    assert old == closed.notice
    assert not Notice.objects.filter(pk=made.pk).exists()
    event = Event.objects.filter(action="notice.replacement_abandoned").get()
    assert (event.data["reason"], event.data["replaces"]) == ("Không sai.", "Thông báo số 01/TB-ĐKT")
    assert any("thay thế" in row["body"] for row in event.data["sections"])
    with pytest.raises(Incomplete, match="chỉ mở lại được khi"):
        reopen(closed, dossier_of(closed))
    start(closed)


def test_a_replacement_whose_dossiers_changed_is_not_given_up(closed):
    made = start(closed)
    reopen(closed, dossier_of(closed))
    with pytest.raises(Incomplete, match="Xã Nậm Cần"):
        services.abandon_replacement(fresh(made), reason="x", by=closed.coordinator)
    conclude_again(closed, dossier_of(closed))
    with pytest.raises(Incomplete, match="Xã Nậm Cần"):
        services.abandon_replacement(fresh(made), reason="x", by=closed.coordinator)


def test_a_replacement_with_a_unit_left_out_meanwhile_is_not_given_up(issued):
    made = start(issued)
    inspections.leave_out(dossier_of(issued).round_unit, reason="Sáp nhập.", by=issued.coordinator)
    with pytest.raises(Incomplete, match="Kết luận không còn như trong"):
        services.abandon_replacement(fresh(made), reason="x", by=issued.coordinator)


def test_a_replacement_with_a_number_is_not_given_up(issued):
    made = start(issued)
    services.approve_notice(made, version=made.version, by=issued.head)
    services.assign_number(fresh(made), on=clock.today(), by=issued.coordinator)
    services.send_back(fresh(made), reason="x", by=issued.head)
    with pytest.raises(Incomplete, match="Đã cấp số 02"):
        services.abandon_replacement(fresh(made), reason="x", by=issued.coordinator)


@pytest.mark.parametrize("who", ["head", "inspector"])
def test_only_its_writer_gives_a_replacement_up(issued, who):
    made = start(issued)
    with pytest.raises(NotAllowed):
        services.abandon_replacement(made, reason="x", by=getattr(issued.world, who))


def test_giving_up_needs_a_reason_and_a_draft(issued):
    made = start(issued)
    with pytest.raises(Incomplete, match="lý do"):
        services.abandon_replacement(made, reason=" ", by=issued.coordinator)
    services.approve_notice(made, version=made.version, by=issued.head)
    with pytest.raises(StaleState):
        services.abandon_replacement(fresh(made), reason="x", by=issued.coordinator)


# ---------------------------------------------------------------- pages


def url(name, notice):
    return reverse(f"reports:{name}", args=[notice.public_id])


def test_pages_lead_from_the_issued_notice_to_its_replacement_and_back(client, closed):
    client.force_login(closed.coordinator)
    page = client.get(url("notice-preview", closed.notice)).content.decode()
    assert "Soạn thông báo thay thế" in page
    check = client.get(url("notice-replace", closed.notice)).content.decode()
    assert "Thông báo số 01/TB-ĐKT vẫn có hiệu lực" in check
    answer = client.post(url("notice-replace", closed.notice), {"reason": REASON}, follow=True)
    made = Notice.objects.get(supersedes=closed.notice)
    assert answer.redirect_chain[-1][0] == url("notice-edit", made)
    page = client.get(url("notice-preview", made)).content.decode()
    assert f"Lý do: {REASON}" in page
    assert "Bỏ bản thay thế" in page
    page = client.get(url("notice-preview", closed.notice)).content.decode()
    assert "Đang soạn văn bản thay thế" in page
    assert ">Soạn thông báo thay thế<" not in page
    assert "Đang soạn một văn bản thay thế" in client.get(url("notice-replace", closed.notice)).content.decode()
    client.post(url("replacement-abandon", made), {"reason": "Không sai."}, follow=True)
    assert not Notice.objects.filter(pk=made.pk).exists()


def test_pages_of_the_old_notice_say_what_replaced_it(client, closed):
    made = issue(closed, start(closed))
    client.force_login(closed.coordinator)
    page = client.get(url("notice-preview", closed.notice)).content.decode()
    assert "Đã được thay thế bằng" in page
    assert url("notice-preview", made) in page
    done = client.get(url("notice-issued", made)).content.decode()
    assert "báo cho nơi đã nhận Thông báo số 01/TB-ĐKT" in done


def test_replacing_needs_a_reason_on_the_page(client, closed):
    client.force_login(closed.coordinator)
    page = client.post(url("notice-replace", closed.notice), {"reason": ""})
    assert "Chưa thực hiện được" in page.content.decode()
    assert Notice.objects.count() == 1


def test_giving_up_what_replaces_nothing_is_not_found(client, district):
    draft = factories.draft(district)
    client.force_login(draft.coordinator)
    assert client.get(url("replacement-abandon", draft.notice)).status_code == 404


def test_giving_up_is_blocked_with_the_reason_when_dossiers_changed(client, closed):
    made = start(closed)
    reopen(closed, dossier_of(closed))
    client.force_login(closed.coordinator)
    page = client.get(url("replacement-abandon", made)).content.decode()
    assert "Xã Nậm Cần" in page
    assert "Bỏ bản thay thế</button>" not in page


def test_head_is_told_what_reopening_inside_a_replacement_means(client, closed):
    start(closed)
    client.force_login(closed.head)
    page = client.get(reverse("inspections:dossier-reopen", args=[dossier_of(closed).pk])).content.decode()
    assert "giữ nguyên số liệu đã công bố" in page
    assert "tự đóng khi ban hành thông báo thay thế" in page
