"""What the head decides: check pages, frozen facts, reopening, and what the database itself refuses."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from django.urls import reverse

from communes import clock
from communes.models import Event
from inspections import services
from inspections.models import Assessment, CriterionConclusion, Dossier, EvidenceLink, ReturnItem
from inspections.services.decision import facts_of, hash_of
from inspections.workflow import Incomplete

from .factories import (
    assessment_of,
    conclude,
    conclude_all,
    conclusion_of,
    hand_in,
    make_provisional,
    open_round,
    send_back,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune, officer):
    return hand_in(world.dossier_of(commune), by=officer)


@pytest.fixture
def as_head(client, world):
    client.force_login(world.head)
    return client


def at(name, dossier):
    return reverse(f"inspections:{name}", args=[dossier.pk])


def text_of(response):
    return response.content.decode()


# ---------------------------------------------------------------- provisional


def test_what_the_team_decides_is_hidden_until_provisional(client, officer, world, dossier, as_head):
    row = conclusion_of(dossier, 1)
    services.conclude_criterion(row, verdict="chua_dat", reason="Chưa lập quy hoạch", by=world.inspector, version=1)
    page = reverse("inspections:dossier-detail", args=[dossier.pk])
    client.force_login(officer)
    assert "Chưa lập quy hoạch" not in text_of(client.get(page))
    assert "Chưa lập quy hoạch" not in text_of(client.get(reverse("inspections:criterion-edit", args=[dossier.pk, 1])))
    for number in (2, 3):
        row = conclusion_of(dossier, number)
        services.conclude_criterion(row, verdict="dat", reason="", by=world.inspector, version=1)
    client.force_login(world.head)
    client.post(at("dossier-provisional", dossier))
    client.force_login(officer)
    assert "Chưa lập quy hoạch" in text_of(client.get(reverse("inspections:criterion-edit", args=[dossier.pk, 1])))


def test_the_check_page_lists_what_is_published(as_head, world, dossier):
    conclude_all(dossier, by=world.inspector)
    page = text_of(as_head.get(at("dossier-provisional", dossier)))
    assert "Dự thảo: 3/3 tiêu chí đạt: 3 đạt." in page
    assert "được giải trình đến hết ngày" in page
    dossier.refresh_from_db()
    assert dossier.status == "submitted"


def test_a_check_page_that_is_not_ready_has_no_button(as_head, dossier):
    page = text_of(as_head.get(at("dossier-provisional", dossier)))
    assert "Chưa kết luận 3 tiêu chí: 1, 2, 3." in page
    assert '<button class="btn btn-primary">' not in page
    assert as_head.post(at("dossier-provisional", dossier)).status_code == 400


def test_publishing_leads_to_a_page_that_says_what_comes_next(as_head, world, dossier):
    conclude_all(dossier, by=world.inspector)
    response = as_head.post(at("dossier-provisional", dossier), follow=True)
    assert response.redirect_chain[-1][0] == at("dossier-decided", dossier)
    assert "Chờ xã giải trình đến hết ngày" in text_of(response)


@pytest.mark.parametrize("name", ["dossier-provisional", "dossier-approve", "dossier-take-up-reply", "dossier-reopen"])
def test_only_heads_decide(client, dossier, world, officer, coordinator, viewer, name):
    for user in (world.inspector, officer, coordinator, viewer):
        client.force_login(user)
        assert client.get(at(name, dossier)).status_code == 403
        assert client.post(at(name, dossier)).status_code == 403


def test_a_head_who_is_not_in_the_team_is_told_so(client, team_head, world, dossier):
    conclude_all(dossier, by=world.inspector)
    client.force_login(team_head)
    response = client.post(at("dossier-provisional", dossier))
    assert response.status_code == 400
    assert "Chỉ Trưởng đoàn hoặc Phó trưởng đoàn được thực hiện." in text_of(response)


# ---------------------------------------------------------------- reply


def test_taking_up_a_reply_hides_the_conclusions_again(as_head, world, dossier, officer):
    make_provisional(dossier, world)
    services.reply(dossier, by=officer, replies={conclusion_of(dossier, 1).criterion: "Đã có quy hoạch số 12."})
    page = text_of(as_head.get(at("dossier-take-up-reply", dossier)))
    assert "Giải trình của xã về 1 tiêu chí: 1." in page
    assert as_head.post(at("dossier-take-up-reply", dossier), {"reason": " "}).status_code == 400
    as_head.post(at("dossier-take-up-reply", dossier), {"reason": "Xem lại tiêu chí 1"})
    dossier = Dossier.objects.get(pk=dossier.pk)
    assert (dossier.status, dossier.is_disclosed, dossier.provisional_at) == ("submitted", False, None)


def test_the_reply_stands_beside_the_criterion(as_head, world, dossier, officer):
    make_provisional(dossier, world)
    services.reply(dossier, by=officer, replies={conclusion_of(dossier, 1).criterion: "Đã có quy hoạch số 12."})
    assert "Đã có quy hoạch số 12." in text_of(as_head.get(at("review-dossier", dossier)))


def test_nobody_approves_over_a_reply_that_is_not_before_him(as_head, world, dossier, officer):
    make_provisional(dossier, world)
    replies = {conclusion_of(dossier, 1).criterion: "Đã có quy hoạch số 12."}
    services.reply(dossier, by=officer, general="Đề nghị xem lại.", replies=replies)
    page = text_of(as_head.get(at("dossier-approve", dossier)))
    assert "Xã viết: “Đề nghị xem lại.”" in page
    assert "Xã viết về tiêu chí 1: “Đã có quy hoạch số 12.”" in page


def test_silence_is_shown_as_no_opinion(as_head, world, dossier):
    make_provisional(dossier, world)
    with clock.at(clock.now() + timedelta(days=21)):
        assert "Không có ý kiến (coi là đồng ý)" in text_of(as_head.get(at("dossier-approve", dossier)))


# ---------------------------------------------------------------- approval


def test_the_approval_page_lists_exactly_what_is_frozen(as_head, world, dossier, officer):
    for number, verdict, reason in ((1, "chua_dat", "Quy hoạch hết hạn"), (2, "dat", ""), (3, "dat", "")):
        row = conclusion_of(dossier, number)
        services.conclude_criterion(row, verdict=verdict, reason=reason, by=world.inspector, version=row.version)
    services.make_provisional(dossier, by=world.head)
    services.reply(dossier, by=officer, waive=True)
    page = text_of(as_head.get(at("dossier-approve", dossier)))
    assert "Chốt kết luận: 2/3 tiêu chí đạt: 2 đạt, 1 chưa đạt (1)." in page
    assert "Tiêu chí 1 kết luận chưa đạt, khác với đề xuất từ các chỉ tiêu: Quy hoạch hết hạn" in page
    assert "của 5 chỉ tiêu" in page
    assert "Ghi mã SHA-256 của 1 minh chứng (1 lượt gắn với chỉ tiêu)." in page
    assert "Giải trình của xã: Đồng ý, không giải trình." in page


def test_approval_freezes_values_verdicts_and_hashes_of_proofs(world, dossier, officer):
    make_provisional(dossier, world)
    services.reply(dossier, by=officer, waive=True)
    services.approve(dossier, by=world.head)
    dossier = Dossier.objects.get(pk=dossier.pk)
    assert dossier.frozen["criteria_set"] == {"code": "xa-thu", "version": 1}
    assert [item["verdict"] for item in dossier.frozen["criteria"]] == ["dat"] * 3
    link = EvidenceLink.objects.select_related("evidence").get()
    roads = next(item for item in dossier.frozen["indicators"] if item["code"] == "2.1")
    assert roads["evidence"] == [{"sha256": link.evidence.sha256, "label": link.evidence.label}]
    assert hash_of(dossier.frozen) == dossier.frozen_hash
    assert dossier.frozen_verdicts == "ddd"
    assert Event.objects.get(action="dossier.concluded").data["frozen"] == dossier.frozen_hash


def test_the_frozen_hash_depends_on_every_value(world, dossier, officer):
    before = hash_of(facts_of(dossier))
    Assessment.objects.filter(dossier=dossier, indicator__code="2.1").update(numerator=8)
    assert hash_of(facts_of(dossier)) != before


def test_a_double_press_approves_once(as_head, world, dossier, officer):
    make_provisional(dossier, world)
    services.reply(dossier, by=officer, waive=True)
    as_head.post(at("dossier-approve", dossier))
    response = as_head.post(at("dossier-approve", dossier), follow=True)
    assert f"Hồ sơ đã được {world.head} chuyển sang “Đã kết luận”" in text_of(response)
    assert Event.objects.filter(action="dossier.concluded").count() == 1


def test_two_leaders_at_once_approve_once(world, dossier, officer):
    make_provisional(dossier, world)
    services.reply(dossier, by=officer, waive=True)
    first, second = world.dossier_of(dossier.commune), world.dossier_of(dossier.commune)
    services.approve(first, by=world.head)
    with pytest.raises(services.decision.workflow.StaleState, match=str(world.head)):
        services.approve(second, by=world.deputy)


# ---------------------------------------------------------------- reopening


def test_reopening_needs_a_reason_and_starts_over(as_head, world, dossier, officer):
    make_provisional(dossier, world)
    services.reply(dossier, by=officer, waive=True)
    services.approve(dossier, by=world.head)
    assert as_head.post(at("dossier-reopen", dossier), {"reason": ""}).status_code == 400
    as_head.post(at("dossier-reopen", dossier), {"reason": "Nhầm tiêu chí 5"})
    dossier = Dossier.objects.get(pk=dossier.pk)
    assert (dossier.status, dossier.frozen, dossier.frozen_hash, dossier.replied_at) == ("submitted", None, "", None)
    assert dossier.frozen_verdicts == ""
    assert dossier.reopen_reason == "Nhầm tiêu chí 5"
    row = conclusion_of(dossier, 1)
    services.conclude_criterion(row, verdict="chua_dat", reason="Nhầm", by=world.inspector, version=row.version)


def test_a_published_dossier_is_not_reopened(as_head, world, dossier, officer):
    make_provisional(dossier, world)
    services.reply(dossier, by=officer, waive=True)
    services.approve(dossier, by=world.head)
    services.lock_dossiers(world.round, notice="Thông báo số 08/TB-ĐKT", by=world.coordinator)
    response = as_head.post(at("dossier-reopen", dossier), {"reason": "Nhầm"})
    assert response.status_code == 400
    assert "Hồ sơ đã được công bố trong Thông báo số 08/TB-ĐKT; chỉ mở lại được khi" in text_of(response)


# ---------------------------------------------------------------- what the database refuses


@pytest.fixture
def concluded(world, commune, officer):
    return conclude(world.dossier_of(commune), world, officer=officer)


@pytest.mark.parametrize(
    "change",
    [
        lambda dossier: dossier.assessments.update(value=1),
        lambda dossier: dossier.conclusions.update(verdict="chua_dat", reason="x"),
        lambda dossier: dossier.conclusions.filter(criterion__number=1).update(reply="muộn"),
        lambda dossier: EvidenceLink.objects.filter(assessment__dossier=dossier).delete(),
        lambda dossier: CriterionConclusion.objects.filter(dossier=dossier)._raw_delete("default"),
        lambda dossier: EvidenceLink.objects.filter(assessment__dossier=dossier).update(linked_at=clock.now()),
    ],
)
def test_triggers_keep_a_concluded_dossier_as_it_was_frozen(concluded, change):
    with pytest.raises(DatabaseError, match="dossier is concluded"), transaction.atomic():
        change(concluded)


def test_triggers_refuse_new_rows_under_a_concluded_dossier(concluded, world, neighbour_commune, neighbour):
    other = hand_in(world.dossier_of(neighbour_commune), by=neighbour)
    evidence = EvidenceLink.objects.filter(assessment__dossier=other).first().evidence
    with pytest.raises(DatabaseError, match="dossier is concluded"), transaction.atomic():
        EvidenceLink.objects.create(
            evidence=evidence,
            assessment=assessment_of(concluded, "1.1"),
            linked_by=neighbour,
            linked_at=clock.now(),
        )


def test_triggers_refuse_moving_a_row_into_a_concluded_dossier(concluded, world, neighbour_commune):
    other = world.dossier_of(neighbour_commune)
    with pytest.raises(DatabaseError, match="dossier is concluded"), transaction.atomic():
        other.assessments.update(dossier=concluded)


def test_other_dossiers_stay_open_to_change(concluded, world, neighbour_commune):
    assert world.dossier_of(neighbour_commune).assessments.update(value=1)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"status": "lost"}, "dossier_status_known"),
        ({"status": "concluded"}, "dossier_concluded_is_frozen"),
        ({"submitted_by": None}, "dossier_submitted_by_and_at"),
        ({"submitted_at": None, "submitted_by": None}, "dossier_beyond_draft_was_submitted"),
        ({"provisional_at": clock.now()}, "dossier_provisional_by_and_at"),
        ({"concluded_at": clock.now()}, "dossier_concluded_by_and_at"),
        ({"replied_at": clock.now()}, "dossier_replied_by_and_at"),
    ],
)
def test_constraints_of_a_dossier(dossier, columns, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Dossier.objects.filter(pk=dossier.pk).update(**columns)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"verdict": "dat"}, "conclusion_has_author_and_time"),
        ({"replied_at": clock.now()}, "conclusion_replied_by_and_at"),
    ],
)
def test_constraints_of_a_conclusion(dossier, columns, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        dossier.conclusions.update(**columns)


def test_judgements_are_of_the_list(dossier, world):
    """Each breaks this one constraint alone: databases differ in which of several they name."""
    by, at = world.inspector, clock.now()
    with pytest.raises(IntegrityError, match="conclusion_verdict_known"), transaction.atomic():
        dossier.conclusions.update(verdict="tot", reason="Tốt", concluded_by=by, concluded_at=at)
    with pytest.raises(IntegrityError, match="assessment_opinion_known"), transaction.atomic():
        dossier.assessments.update(opinion="?", opinion_by=by, opinion_at=at)


def test_a_conclusion_that_is_not_met_has_a_reason(dossier, world):
    columns = {"verdict": "chua_dat", "concluded_by": world.inspector, "concluded_at": clock.now()}
    with pytest.raises(IntegrityError, match="conclusion_not_met_has_reason"), transaction.atomic():
        dossier.conclusions.update(**columns)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"conclusion": "dat"}, "assessment_conclusion_has_author"),
        ({"opinion": "dat"}, "assessment_opinion_has_author"),
        ({"numerator": -1}, "assessment_rate_not_negative"),
        ({"self_judgement": "?"}, "assessment_self_judgement_known"),
    ],
)
def test_constraints_of_an_assessment(dossier, columns, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        dossier.assessments.update(**columns)


def test_one_running_question_for_an_indicator_is_a_constraint(dossier, world):
    item = send_back(dossier, "1.1", by=world.inspector)
    item.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        item.save(force_insert=True)
    assert ReturnItem.objects.count() == 1


def test_reopening_without_a_reason_is_refused_by_the_service_too(concluded, world):
    with pytest.raises(Incomplete, match="Chưa ghi lý do mở lại"):
        services.reopen(concluded, reason=" ", by=world.head)
