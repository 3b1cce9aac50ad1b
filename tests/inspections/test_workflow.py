"""The table of moves: every status × every move, and each guard by itself."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from communes import clock
from communes.models import Event
from communes.permissions import Role
from inspections import services, workflow
from inspections.models import Dossier, TeamMember
from inspections.workflow import MOVES, Incomplete, NotAllowed, StaleState

from ..factories import person
from .factories import (
    assessment_of,
    conclude_all,
    conclusion_of,
    enter,
    fill,
    hand_in,
    make_provisional,
    open_round,
    send_back,
)

pytestmark = pytest.mark.django_db
Status = Dossier.Status

FROZEN = {"frozen": {}, "frozen_hash": "0" * 64, "frozen_verdicts": "d"}
NOT_FROZEN = {"frozen": None, "frozen_hash": "", "frozen_verdicts": ""}

# Held next to the procedure: from where each move leads, and to where.
PROCEDURE = {
    "submit": {"draft": "submitted"},
    "recall": {"submitted": "draft"},
    "return_items": {"submitted": "returned", "returned": "returned"},
    "resubmit": {"returned": "submitted"},
    "take_back": {"returned": "submitted"},
    "make_provisional": {"submitted": "provisional"},
    "reply": {"provisional": "provisional"},
    "remind": {"provisional": "provisional"},
    "take_up_reply": {"provisional": "submitted"},
    "approve": {"provisional": "concluded"},
    "reopen": {"concluded": "submitted"},
}


@pytest.fixture
def world(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


@contextmanager
def tried():
    """What is done inside is undone at the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def forced(dossier, status, officer):
    """The dossier in a status, whatever the road there; only the constraints hold."""
    at = clock.now()
    columns = {"status": status, "submitted_by": officer, "submitted_at": at, **NOT_FROZEN}
    if status == Status.CONCLUDED:
        columns |= {"concluded_by": officer, "concluded_at": at, **FROZEN}
    Dossier.objects.filter(pk=dossier.pk).update(**columns)
    return Dossier.objects.with_context().get(pk=dossier.pk)


def test_the_table_knows_every_move_of_the_procedure():
    assert set(MOVES) == set(PROCEDURE)


@pytest.mark.parametrize("name", PROCEDURE)
def test_every_move_from_every_status(name, world, dossier, officer, monkeypatch):
    monkeypatch.setitem(MOVES, name, replace(MOVES[name], guards=()))
    by = officer if officer.has(MOVES[name].needs) else world.head
    extra = {**FROZEN, "concluded_by": by, "concluded_at": clock.now()}
    for status in Status.values:
        target = PROCEDURE[name].get(status)
        with tried():
            row = forced(dossier, status, officer)
            if target is None:
                with pytest.raises(StaleState):
                    workflow.move(row, name, by=by)
            else:
                event = workflow.move(row, name, by=by, **(extra if target == "concluded" else {}))
                assert event.action == MOVES[name].event
                assert event.data | {"old": status, "new": target} == event.data
            assert Dossier.objects.get(pk=dossier.pk).status == (target or status)


@pytest.mark.parametrize("name", PROCEDURE)
def test_nobody_moves_without_the_permission(name, dossier, officer, viewer):
    row = forced(dossier, next(iter(PROCEDURE[name])), officer)
    with pytest.raises(NotAllowed):
        workflow.check(row, name, viewer)


def test_the_second_of_two_tabs_learns_who_was_first(world, commune, officer):
    first, second = world.dossier_of(commune), world.dossier_of(commune)
    fill(first, by=officer)
    services.submit(first, by=officer)
    with pytest.raises(StaleState, match=f"{officer}.*Đã nộp.*cập nhật lúc"):
        services.submit(second, by=officer)
    assert Event.objects.filter(action="dossier.submitted").count() == 1


def test_a_move_made_between_reading_and_writing_is_noticed(dossier, officer, world):
    hand_in(dossier, by=officer)
    row = world.dossier_of(dossier.commune)
    Dossier.objects.filter(pk=row.pk).update(status_changed_at=clock.now())
    with pytest.raises(StaleState), transaction.atomic():
        workflow.move(row, "recall", by=officer)


# ---------------------------------------------------------------- guards


def test_submit_waits_until_everything_is_entered(dossier, officer):
    with pytest.raises(Incomplete) as refused:
        services.submit(dossier, by=officer)
    assert "Chỉ tiêu 2.1: chưa tự đánh giá." in refused.value.messages


def test_submit_belongs_to_the_own_commune(dossier, neighbour, officer):
    fill(dossier, by=officer)
    with pytest.raises(Incomplete, match="Chỉ công chức của xã này"):
        services.submit(dossier, by=neighbour)


def test_after_the_freeze_date_only_a_dated_exception_lets_in(world, dossier, officer):
    fill(dossier, by=officer)
    yesterday = clock.today() - timedelta(days=1)
    world.round.due_on = world.round.freeze_on = yesterday
    world.round.save()
    dossier = world.dossier_of(dossier.commune)
    with pytest.raises(Incomplete, match="Đã khóa hồ sơ sau ngày .*gia hạn cho đơn vị: "):
        services.submit(dossier, by=officer)
    services.extend_unit(dossier.round_unit, until=clock.today(), reason="Mưa lũ", by=world.coordinator)
    dossier = world.dossier_of(dossier.commune)
    services.submit(dossier, by=officer)
    assert not dossier.is_late


def test_a_late_submission_is_taken_and_marked(world, dossier, officer):
    fill(dossier, by=officer)
    world.round.due_on = clock.today() - timedelta(days=1)
    world.round.save()
    dossier = world.dossier_of(dossier.commune)
    services.submit(dossier, by=officer)
    assert dossier.is_late


def test_recall_ends_with_the_first_conclusion(world, dossier, officer):
    hand_in(dossier, by=officer)
    row = assessment_of(dossier, "1.1")
    services.conclude_indicator(row, judgement="dat", reason="", by=world.inspector, version=row.version)
    with pytest.raises(Incomplete, match="đã bắt đầu kết luận"):
        services.recall(world.dossier_of(dossier.commune), by=officer)


def test_provisional_names_the_criteria_that_are_left(world, dossier, officer):
    hand_in(dossier, by=officer)
    row = conclusion_of(dossier, 2)
    services.conclude_criterion(row, verdict="dat", reason="", by=world.inspector, version=row.version)
    with pytest.raises(Incomplete, match="Chưa kết luận 2 tiêu chí: 1, 3"):
        services.make_provisional(world.dossier_of(dossier.commune), by=world.head)


def test_provisional_waits_for_questions_that_are_out(world, dossier, officer):
    hand_in(dossier, by=officer)
    conclude_all(dossier, by=world.inspector)
    send_back(dossier, "1.1", by=world.inspector)
    row = forced(dossier, "submitted", officer)
    with pytest.raises(Incomplete, match="Còn 1 yêu cầu bổ sung"):
        services.make_provisional(row, by=world.head)


def test_a_member_does_not_decide_for_the_head(world, dossier, officer, district):
    hand_in(dossier, by=officer)
    conclude_all(dossier, by=world.inspector)
    plain = person(Role.TEAM_HEAD, authority=district)
    services.add_member(world.round, plain, by=world.coordinator, position=TeamMember.Position.MEMBER)
    with pytest.raises(Incomplete, match="Chỉ Trưởng đoàn hoặc Phó trưởng đoàn"):
        services.make_provisional(dossier, by=plain)


def test_approval_waits_for_the_reply_date_unless_the_commune_waives(world, dossier, officer):
    hand_in(dossier, by=officer)
    make_provisional(dossier, world)
    with pytest.raises(Incomplete, match="Xã còn quyền giải trình"):
        services.approve(dossier, by=world.head)
    services.reply(dossier, by=officer, waive=True)
    services.approve(dossier, by=world.head)
    assert dossier.status == Status.CONCLUDED


def test_silence_until_the_reply_date_is_agreement(world, dossier, officer):
    hand_in(dossier, by=officer)
    make_provisional(dossier, world)
    with clock.at(clock.now() + timedelta(days=21)):
        services.approve(dossier, by=world.head)
    assert dossier.status == Status.CONCLUDED


def test_without_a_reply_date_approval_is_possible_at_once(district, neighbour_commune, neighbour):
    world = open_round(district, communes=[neighbour_commune], reply_until=None)
    dossier = world.dossier_of(neighbour_commune)
    hand_in(dossier, by=neighbour)
    make_provisional(dossier, world)
    services.approve(dossier, by=world.head)
    assert dossier.status == Status.CONCLUDED


@pytest.mark.parametrize("how", ["criterion", "indicator"])
def test_who_concluded_does_not_approve_but_the_deputy_does(world, dossier, officer, how):
    hand_in(dossier, by=officer)
    if how == "criterion":
        row = conclusion_of(dossier, 1)
        services.conclude_criterion(row, verdict="dat", reason="", by=world.head, version=row.version)
    else:
        row = assessment_of(dossier, "1.1")
        services.conclude_indicator(row, judgement="dat", reason="", by=world.head, version=row.version)
    make_provisional(dossier, world)
    if how == "criterion":  # conclude_all went over it: make the head's own conclusion stand again
        dossier.conclusions.filter(criterion__number=1).update(concluded_by=world.head)
    services.reply(dossier, by=officer, waive=True)
    with pytest.raises(Incomplete, match="Đã tự kết luận 1 tiêu chí"):
        services.approve(dossier, by=world.head)
    services.approve(dossier, by=world.deputy)
    assert dossier.concluded_by == world.deputy


def test_offers_say_what_is_missing_before_anybody_presses(world, dossier, officer):
    offer = next(item for item in workflow.offered(dossier, officer) if item.name == "submit")
    assert not offer.is_ready
    fill(dossier, by=officer)
    offer = next(item for item in workflow.offered(dossier, officer) if item.name == "submit")
    assert offer.is_ready


def test_nothing_moves_in_a_closed_round(world, dossier, officer):
    fill(dossier, by=officer)
    for unit in world.round.units.all():
        services.leave_out(unit, reason="Không kiểm tra", by=world.coordinator)
    services.close_round(world.round, by=world.coordinator)
    with pytest.raises(Incomplete, match="không mở"):
        services.submit(world.dossier_of(dossier.commune), by=officer)
    with pytest.raises(StaleState):
        enter(world.dossier_of(dossier.commune), "1.1", by=officer, remark="muộn")
