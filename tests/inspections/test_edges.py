"""Where two acts meet: answers nobody read, a second draft of conclusions, rounds that move under a service."""

from datetime import timedelta

import pytest

from communes import clock
from communes.models import Event
from communes.permissions import Role
from criteria import services as criteria_services
from criteria.models import AgencyAssignment
from inspections import services, workflow
from inspections.models import InspectionRound, ReturnItem
from inspections.workflow import Incomplete, NotAllowed, StaleState

from ..factories import AgencyFactory, VillageFactory, person
from .factories import (
    assessment_of,
    conclude,
    conclude_all,
    conclusion_of,
    hand_in,
    make_provisional,
    open_round,
    send_back,
    small_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune):
    return open_round(district, communes=[commune])


@pytest.fixture
def dossier(world, commune, officer):
    return hand_in(world.dossier_of(commune), by=officer)


# ---------------------------------------------------------------- questions and replies


def test_an_answer_nobody_looked_at_keeps_conclusions_from_being_disclosed(world, dossier, commune, officer):
    conclude_all(dossier, by=world.inspector)
    item = send_back(dossier, "2.1", by=world.inspector)
    item.dossier = item.assessment.dossier = dossier
    services.answer_item(item, answer="Đã bổ sung.", by=officer)
    with pytest.raises(Incomplete, match="1 nội dung xã đã bổ sung"):
        services.make_provisional(dossier, by=world.head)
    services.settle_item(item, by=world.inspector)
    services.make_provisional(dossier, by=world.head)


def test_a_reply_to_an_earlier_draft_does_not_use_up_the_right_to_reply_to_the_next(world, dossier, officer):
    make_provisional(dossier, world)
    services.reply(dossier, general="Đề nghị xem lại.", by=officer)
    services.take_up_reply(dossier, reason="Có lý do", by=world.head)
    services.make_provisional(dossier, by=world.head)
    with pytest.raises(Incomplete, match="còn quyền giải trình"):
        services.approve(dossier, by=world.head)
    dossier.refresh_from_db()
    assert dossier.reply == "Đề nghị xem lại."
    services.reply(dossier, waive=True, by=officer)
    services.approve(dossier, by=world.head)


def test_a_second_reply_keeps_what_the_first_said_in_general(world, dossier, officer):
    make_provisional(dossier, world)
    services.reply(dossier, general="Đề nghị xem lại.", by=officer)
    criterion = conclusion_of(dossier, 1).criterion
    services.reply(dossier, replies={criterion: "Đã có quyết định."}, by=officer)
    dossier.refresh_from_db()
    assert dossier.reply == "Đề nghị xem lại."


def test_what_was_asked_is_not_changed_once_it_is_answered(world, dossier, officer, monkeypatch):
    first = send_back(dossier, "2.1", by=world.inspector)
    send_back(dossier, "2.2", by=world.inspector)
    typing = assessment_of(dossier, "2.1")
    lock = workflow.lock

    def lock_after_a_colleague_answered(dossier):
        lock(dossier)
        ReturnItem.objects.filter(pk=first.pk).update(status="answered", answered_by=officer, answered_at=clock.now())

    monkeypatch.setattr(workflow, "lock", lock_after_a_colleague_answered)
    with pytest.raises(StaleState):
        services.save_assessment(typing, by=officer, version=typing.entry_version, changes={"remark": "muộn"})


def test_changing_an_indicator_marks_a_verdict_that_no_longer_follows(world, dossier):
    conclude_all(dossier, by=world.inspector)
    row = assessment_of(dossier, "2.2")
    services.conclude_indicator(
        row, judgement="chua_dat", reason="Số liệu không đúng", by=world.inspector, version=row.version
    )
    assert conclusion_of(dossier, 2).is_contrary
    assert not conclusion_of(dossier, 1).is_contrary
    with pytest.raises(Incomplete, match="Tiêu chí 2: kết luận khác"):
        services.make_provisional(dossier, by=world.head)


# ---------------------------------------------------------------- who


def test_an_agency_of_another_authority_gives_no_opinion(dossier, other_district):
    elsewhere = AgencyFactory(authority=other_district)
    row = assessment_of(dossier, "1.1")
    AgencyAssignment.objects.create(indicator=row.indicator, agency=elsewhere)
    stranger = person(Role.AGENCY_REVIEWER, agency=elsewhere)
    with pytest.raises(NotAllowed):
        services.give_opinion(row, judgement="dat", reason="", by=stranger, version=row.version)


# ---------------------------------------------------------------- rounds


def test_a_unit_of_another_authority_is_not_taken_into_a_round(world, other_commune):
    set_ = world.round.units.get().criteria_set
    with pytest.raises(Incomplete, match="không thuộc"):
        services.add_unit(world.round, by=world.coordinator, criteria_set=set_, commune=other_commune)


def test_a_village_that_did_not_exist_yet_is_not_taken_into_a_round(world, commune):
    village_set = small_set(code="ban-thu", level="village")
    young = VillageFactory(commune=commune, valid_from=world.round.period_from + timedelta(days=1))
    with pytest.raises(Incomplete, match="không tồn tại"):
        services.add_unit(world.round, by=world.coordinator, criteria_set=village_set, commune=commune, village=young)


def test_a_retired_set_serves_only_rounds_that_use_it_already(world, district, commune, neighbour_commune):
    set_ = world.round.units.get().criteria_set
    other = small_set(code="xa-khac")
    draft = open_round(district, communes=[commune], criteria_set=other, is_open=False)
    criteria_services.retire(set_, by=world.coordinator)
    set_.refresh_from_db()
    services.add_unit(world.round, by=world.coordinator, criteria_set=set_, commune=neighbour_commune)
    with pytest.raises(Incomplete, match="ngừng áp dụng"):
        services.add_unit(draft.round, by=draft.coordinator, criteria_set=set_, commune=neighbour_commune)


def test_a_unit_added_while_a_round_is_being_opened_is_not_left_without_dossier(district, commune, neighbour_commune):
    draft = open_round(district, communes=[commune], is_open=False)
    set_ = draft.round.units.get().criteria_set
    read_before = InspectionRound.objects.get(pk=draft.round.pk)
    services.open_round(draft.round, by=draft.coordinator)
    with pytest.raises(StaleState):
        services.add_unit(read_before, by=draft.coordinator, criteria_set=set_, commune=neighbour_commune)
    assert draft.round.units.count() == draft.round.dossiers.count() == 1


def test_a_dossier_is_not_reopened_when_the_round_was_closed_meanwhile(world, dossier, commune, officer):
    make_provisional(dossier, world)
    services.reply(dossier, waive=True, by=officer)
    services.approve(dossier, by=world.head)
    read_before = world.dossier_of(commune)
    services.close_round(world.round, by=world.coordinator)
    with pytest.raises(StaleState, match="không mở"):
        services.reopen(read_before, reason="Nhầm", by=world.head)


def test_a_unit_is_not_taken_in_again_after_its_round_closed(world, commune):
    unit = world.round.units.get()
    services.leave_out(unit, reason="Sáp nhập", by=world.coordinator)
    services.close_round(world.round, by=world.coordinator)
    unit = world.round.units.get()
    with pytest.raises(StaleState):
        services.leave_out(unit, reason="", by=world.coordinator)


def test_leaving_out_with_blanks_for_a_reason_is_told_as_taking_in(world):
    unit = world.round.units.get()
    services.leave_out(unit, reason="Sáp nhập", by=world.coordinator)
    services.leave_out(unit, reason="  ", by=world.coordinator)
    last = Event.objects.order_by("-pk").first()
    assert last.action == "round.unit_taken_in"
    assert last.data["old"] == "Sáp nhập"


def test_the_journal_tells_what_part_a_member_is_in_charge_of(world, commune):
    criterion = world.round.units.get().criteria_set.criteria.get(number=2)
    member = world.round.team.get(user=world.inspector)
    services.change_member(member, by=world.coordinator, position="member", communes=[commune], criteria=[criterion])
    told = Event.objects.get(action="round.member_changed").data
    assert told["old"]["criteria"] == []
    assert told["new"]["criteria"] == [str(criterion)]
    assert told["new"]["communes"] == [str(commune)]


def test_published_conclusions_are_not_reopened_by_a_page_read_before(world, commune, officer):
    conclude(world.dossier_of(commune), world, officer=officer)
    read_before = world.dossier_of(commune)
    services.lock_dossiers(world.round, notice="Thông báo số 01/TB-ĐKT", by=world.coordinator)
    with pytest.raises(Incomplete, match="đã được công bố"):
        services.reopen(read_before, reason="Nhầm", by=world.head)
