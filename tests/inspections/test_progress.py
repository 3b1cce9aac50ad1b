"""What waits for whom, and how far dossiers are: the same queries for few rows and many."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes import clock
from communes.models import User
from communes.permissions import Role
from criteria.models import AgencyAssignment
from inspections import services
from inspections.models import CriterionConclusion, Dossier, InspectionRound
from inspections.progress import dossiers_for, live_rows, tasks_for, unit_rows

from ..factories import CommuneFactory, VillageFactory, person
from .factories import (
    assessment_of,
    conclude,
    conclude_all,
    conclusion_of,
    enter,
    fill,
    hand_in,
    make_provisional,
    open_round,
    send_back,
    small_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


def titles(user):
    """Read anew: a person's memberships are remembered for one request."""
    return [task.title for task in tasks_for(User.objects.get(pk=user.pk))]


def queries(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


# ---------------------------------------------------------------- rows


def test_only_concluded_dossiers_are_in_the_figures(world, dossier, officer):
    assert unit_rows(world.round) == []
    assert {row.met for row in live_rows(world.round)} == {0}
    conclude(dossier, world, officer=officer)
    (row,) = unit_rows(world.round)
    assert (row.unit_name, row.unit_phrase, row.met, row.criteria, row.passed) == (
        "Xã Phúc Khoa",
        "xã Phúc Khoa",
        3,
        3,
        True,
    )


def test_a_unit_left_out_is_in_neither_rows(world, dossier, officer):
    conclude(dossier, world, officer=officer)
    services.leave_out(dossier.round_unit, reason="Sáp nhập", by=world.coordinator)
    assert unit_rows(world.round) == []
    assert [row.unit_name for row in live_rows(world.round)] == ["Xã Nậm Cần"]


def test_live_rows_tell_what_is_concluded_so_far(world, dossier, officer):
    hand_in(dossier, by=officer)
    row = conclusion_of(dossier, 1)
    services.conclude_criterion(row, verdict="dat", reason="", by=world.inspector, version=row.version)
    assert [row.met for row in live_rows(world.round)] == [1, 0]


def test_rows_need_two_queries_at_most_however_many(district, commune, officer):
    few = open_round(district, communes=[commune])
    conclude(few.dossier_of(commune), few, officer=officer)
    many = open_round(
        district,
        communes=CommuneFactory.create_batch(12, authority=district),
        criteria_set=small_set(code="khac"),
    )
    assert queries(lambda: unit_rows(few.round)) == 1
    assert queries(lambda: live_rows(many.round)) == 2


def test_rows_of_what_is_concluded_say_what_the_conclusions_say(world, dossier, officer):
    """They are read from the dossier's own line."""
    hand_in(dossier, by=officer)
    for number, verdict, reason in (
        (1, "dat", ""),
        (2, "chua_dat", "Thiếu đường."),
        (3, "khong_danh_gia", "Sáp nhập."),
    ):
        row = conclusion_of(dossier, number)
        services.conclude_criterion(row, verdict=verdict, reason=reason, by=world.inspector, version=row.version)
    dossier.refresh_from_db()
    services.make_provisional(dossier, by=world.head)
    services.reply(dossier, by=officer, waive=True)
    services.approve(dossier, by=world.head)
    (row,) = unit_rows(world.round)
    told = CriterionConclusion.objects.filter(dossier=dossier).values_list("criterion__number", "verdict")
    assert dict(row.verdicts) == dict(told)
    assert len(row.verdicts) == 3


# ---------------------------------------------------------------- the officer


def test_an_officer_is_told_how_much_is_left(dossier, officer):
    assert titles(officer) == ["Còn 3/3 tiêu chí chưa nhập xong"]
    enter(dossier, "1.1", by=officer, self_judgement="dat")
    enter(dossier, "1.2", by=officer, self_judgement="dat")
    assert titles(officer) == ["Còn 2/3 tiêu chí chưa nhập xong"]
    fill(dossier, by=officer)
    assert titles(officer) == ["Đã nhập đủ, chưa nộp"]


def test_a_dossier_handed_in_waits_for_nobody_in_the_commune(dossier, officer):
    hand_in(dossier, by=officer)
    assert titles(officer) == []


def test_what_was_sent_back_comes_first_with_its_date(world, dossier, officer, district, commune):
    second = open_round(district, communes=[commune], criteria_set=small_set(code="khac"), due_on=clock.today())
    hand_in(dossier, by=officer)
    send_back(dossier, "2.1", by=world.inspector, due_on=clock.today() + timedelta(days=6))
    first, then = tasks_for(User.objects.get(pk=officer.pk))
    assert (first.title, first.due_on) == ("1 chỉ tiêu cần bổ sung", clock.today() + timedelta(days=6))
    assert first.is_urgent
    assert first.url == reverse("inspections:dossier-returns", args=[dossier.pk])
    assert then.url == second.dossier_of(commune).get_absolute_url()


def test_provisional_conclusions_ask_for_a_reply_until_its_date(world, dossier, officer):
    hand_in(dossier, by=officer)
    make_provisional(dossier, world)
    (task,) = tasks_for(User.objects.get(pk=officer.pk))
    assert (task.title, task.due_on) == ("Dự thảo kết luận chờ giải trình", dossier.round.reply_until)
    services.reply(dossier, by=officer, waive=True)
    assert titles(officer) == []


def test_the_own_tasks_only(dossier, neighbour, world):
    (task,) = tasks_for(neighbour)
    assert "Nậm Cần" in task.detail


def test_an_officers_home_does_not_grow_with_dossiers(district, commune, officer):
    villages = VillageFactory.create_batch(25, commune=commune)
    open_round(district, communes=[commune])
    one = queries(lambda: tasks_for(User.objects.get(pk=officer.pk)))
    table = queries(lambda: dossiers_for(User.objects.get(pk=officer.pk)))
    village_set = small_set(code="ban", level="village")
    open_round(district, communes=[], criteria_set=village_set, villages=villages, village_set=village_set)
    assert len(titles(officer)) == 26
    assert queries(lambda: tasks_for(User.objects.get(pk=officer.pk))) == one
    assert queries(lambda: dossiers_for(User.objects.get(pk=officer.pk))) == table


# ---------------------------------------------------------------- agency and team


def test_an_agency_is_told_how_many_indicators_wait(world, dossier, officer, agency, agency_reviewer):
    for code in ("1.1", "2.1"):
        AgencyAssignment.objects.create(indicator=assessment_of(dossier, code).indicator, agency=agency)
    assert titles(agency_reviewer) == []
    hand_in(dossier, by=officer)
    assert titles(agency_reviewer) == ["2 chỉ tiêu của 1 hồ sơ chờ ý kiến"]
    row = assessment_of(dossier, "1.1")
    services.give_opinion(row, judgement="dat", reason="", by=agency_reviewer, version=row.version)
    assert titles(agency_reviewer) == ["1 chỉ tiêu của 1 hồ sơ chờ ý kiến"]


def test_an_inspector_is_told_what_waits_in_the_own_share(world, dossier, officer, district):
    expert = person(Role.INSPECTOR, authority=district)
    second = dossier.criteria_set.criteria.get(number=2)
    services.add_member(world.round, expert, by=world.coordinator, criteria=[second])
    hand_in(dossier, by=officer)
    assert titles(world.inspector) == ["3 tiêu chí của 1 hồ sơ chờ kết luận"]
    assert titles(expert) == ["1 tiêu chí của 1 hồ sơ chờ kết luận"]


def test_a_share_in_another_commune_waits_for_nothing(world, dossier, officer, district, neighbour_commune):
    elsewhere = person(Role.INSPECTOR, authority=district)
    services.add_member(world.round, elsewhere, by=world.coordinator, communes=[neighbour_commune])
    hand_in(dossier, by=officer)
    assert titles(elsewhere) == []


def test_a_criterion_with_a_question_out_waits_for_the_commune(world, dossier, officer):
    hand_in(dossier, by=officer)
    item = send_back(dossier, "2.1", by=world.inspector)
    assert titles(world.inspector) == ["2 tiêu chí của 1 hồ sơ chờ kết luận"]
    services.answer_item(item, answer="Đã bổ sung", by=officer)
    assert titles(world.inspector) == [
        "1 nội dung bổ sung của 1 hồ sơ cần xem lại",
        "3 tiêu chí của 1 hồ sơ chờ kết luận",
    ]


def test_the_head_is_told_what_is_ready(world, dossier, officer):
    hand_in(dossier, by=officer)
    conclude_all(dossier, by=world.inspector)
    assert titles(world.head) == ["1 hồ sơ đã kết luận đủ, chờ công bố dự thảo"]
    services.make_provisional(dossier, by=world.head)
    assert titles(world.head) == []  # the commune still has its time to reply
    services.reply(dossier, by=officer, waive=True)
    assert titles(world.head) == ["1 hồ sơ chờ phê duyệt kết luận"]
    assert titles(world.inspector) == []


def test_a_head_outside_the_team_has_nothing_to_decide(world, dossier, officer, team_head):
    hand_in(dossier, by=officer)
    conclude_all(dossier, by=world.inspector)
    assert titles(team_head) == []


def test_the_coordinator_is_told_of_drafts_and_late_units(world, district, commune, coordinator):
    open_round(district, communes=[], is_open=False, name="Đợt mới", criteria_set=small_set(code="khac"))
    assert "Đợt đang lập, chưa có đơn vị" in titles(coordinator)
    InspectionRound.objects.filter(pk=world.round.pk).update(due_on=clock.today() - timedelta(days=1))
    late = next(task for task in tasks_for(coordinator) if task.state == "overdue")
    assert late.title == "2 hồ sơ quá hạn chưa nộp"
    assert late.is_urgent


def test_an_extended_unit_is_not_late(world, dossier, coordinator):
    services.extend_unit(
        dossier.round_unit, until=clock.today() + timedelta(days=20), reason="Mưa lũ", by=world.coordinator
    )
    InspectionRound.objects.filter(pk=world.round.pk).update(due_on=clock.today() - timedelta(days=1))
    assert "1 hồ sơ quá hạn chưa nộp" in titles(coordinator)


def test_a_round_with_everything_concluded_can_be_closed(world, dossier, officer, coordinator, neighbour_commune):
    conclude(dossier, world, officer=officer)
    services.leave_out(world.round.units.get(commune=neighbour_commune), reason="Hoãn", by=world.coordinator)
    assert titles(coordinator) == ["Mọi hồ sơ đã kết luận, có thể đóng đợt"]


@pytest.mark.parametrize("who", ["viewer", "administrator", "stranger"])
def test_nothing_waits_for_who_only_reads(request, world, who):
    assert tasks_for(request.getfixturevalue(who)) == []


def test_the_teams_tasks_do_not_grow_with_dossiers(district, commune, officer):
    world = open_round(district, communes=[commune, *CommuneFactory.create_batch(30, authority=district)])
    hand_in(world.dossier_of(commune), by=officer)
    one = queries(lambda: tasks_for(User.objects.get(pk=world.head.pk)))
    at = clock.now()
    Dossier.objects.filter(status="draft").update(status="submitted", submitted_by=officer, submitted_at=at)
    assert titles(world.head) == ["93 tiêu chí của 31 hồ sơ chờ kết luận"]
    assert queries(lambda: tasks_for(User.objects.get(pk=world.head.pk))) == one


# ---------------------------------------------------------------- the home table


def test_the_home_table_shows_how_the_unit_stood_last_time(world, dossier, officer, district, commune):
    conclude(dossier, world, officer=officer)
    InspectionRound.objects.filter(pk=world.round.pk).update(year=2024)
    for unit in world.round.units.exclude(commune=commune):
        services.leave_out(unit, reason="Hoãn", by=world.coordinator)
    world.round.refresh_from_db()
    services.close_round(world.round, by=world.coordinator)
    later = clock.today() + timedelta(days=200)
    open_round(district, communes=[commune], period_to=later)
    (line,) = dossiers_for(User.objects.get(pk=officer.pk))
    assert (str(line.progress), line.last, line.status_label) == ("0/3", "2024: 3/3", "Đang nhập")


def test_the_team_sees_conclusions_counted_in_its_table(world, dossier, officer):
    hand_in(dossier, by=officer)
    row = conclusion_of(dossier, 1)
    services.conclude_criterion(row, verdict="dat", reason="", by=world.inspector, version=row.version)
    lines = {line.unit_name: str(line.progress) for line in dossiers_for(world.inspector)}
    assert lines == {"Xã Phúc Khoa": "1/3", "Xã Nậm Cần": "0/3"}


def test_the_commune_does_not_see_conclusions_counted(world, dossier, officer):
    hand_in(dossier, by=officer)
    conclude_all(dossier, by=world.inspector)
    (line,) = dossiers_for(User.objects.get(pk=officer.pk))
    assert (line.progress_label, str(line.progress)) == ("tiêu chí đã nhập xong", "3/3")


def test_an_agency_counts_its_opinions(world, dossier, officer, agency, agency_reviewer):
    AgencyAssignment.objects.create(indicator=assessment_of(dossier, "2.1").indicator, agency=agency)
    line = dossiers_for(agency_reviewer)[0]
    assert (line.progress_label, str(line.progress)) == ("chỉ tiêu đã cho ý kiến", "0/1")
