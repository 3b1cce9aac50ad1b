"""Setting a round up: units, team, opening and closing, as services and as pages."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from communes import clock
from communes.models import Event
from communes.permissions import Role
from inspections import services
from inspections.models import Dossier, Inspection, InspectionRound, RoundUnit, TeamMember
from inspections.workflow import Incomplete, NotAllowed, StaleState

from ..factories import CommuneFactory, VillageFactory, person
from .factories import conclude, draft_set, fill, hand_in, open_round, small_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    """An open round of two communes."""
    return open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def draft(district, commune):
    """A round being set up, with one commune and its team."""
    return open_round(district, communes=[commune], is_open=False)


def at(name, round_, *args):
    return reverse(f"inspections:{name}", args=[round_.code, *args])


def text_of(response):
    return response.content.decode()


@pytest.fixture
def as_coordinator(client, coordinator):
    client.force_login(coordinator)
    return client


def typed_round(authority, **fields):
    today = clock.today()
    day = "{:%d/%m/%Y}".format
    return {
        "name": "Kiểm tra cuối năm",
        "code": "HT-2025",
        "authority": authority.pk,
        "year": today.year,
        "period_from": day(today),
        "period_to": day(today + timedelta(days=30)),
        "due_on": day(today + timedelta(days=10)),
        "freeze_on": "",
        "reply_until": day(today + timedelta(days=20)),
        "team_name": "Đoàn kiểm tra",
        "subject": "thực hiện Chương trình",
        "note": "",
        "silence": "accepted",
        **fields,
    }


# ---------------------------------------------------------------- making


def test_a_round_is_made_and_leads_to_its_units(as_coordinator, district):
    response = as_coordinator.post(reverse("inspections:round-create"), typed_round(district))
    round_ = InspectionRound.objects.get(code="HT-2025")
    assert response.url == at("round-units", round_)
    assert round_.status == "draft"
    assert Event.objects.filter(action="round.created", chain="round:HT-2025").exists()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"code": "tu 2025"}, "Chỉ dùng chữ hoa không dấu"),
        ({"period_to": "01/01/2020"}, "Ngày kết thúc phải sau ngày bắt đầu."),
        ({"reply_until": "01/01/2020"}, "Hạn giải trình không được trước hạn nộp hồ sơ."),
        ({"due_on": "01/01/2020"}, "Hạn nộp không được trước ngày bắt đầu đợt."),
        ({"name": ""}, "Chưa nhập mục này."),
    ],
)
def test_a_faulty_round_says_what_to_mend_and_keeps_the_rest(as_coordinator, district, typed, message):
    response = as_coordinator.post(reverse("inspections:round-create"), typed_round(district, **typed))
    assert response.status_code == 400
    assert message in text_of(response)
    assert "thực hiện Chương trình" in text_of(response)


def test_a_code_is_used_once(as_coordinator, district, draft):
    response = as_coordinator.post(reverse("inspections:round-create"), typed_round(district, code=draft.round.code))
    assert response.status_code == 400


def test_a_round_of_another_authority_cannot_be_chosen(as_coordinator, other_district):
    assert as_coordinator.post(reverse("inspections:round-create"), typed_round(other_district)).status_code == 400


def test_editing_records_what_changed_and_keeps_the_code(as_coordinator, draft, district):
    data = typed_round(district, name="Tên mới", code="KHAC-1")
    assert as_coordinator.post(at("round-edit", draft.round), data).status_code == 302
    round_ = InspectionRound.objects.get(pk=draft.round.pk)
    assert (round_.name, round_.code) == ("Tên mới", draft.round.code)
    changes = Event.objects.get(action="round.changed").data["changes"]
    assert changes["name"] == ["Rà soát 6 tháng thử", "Tên mới"]
    assert "code" not in changes


def test_a_closed_round_is_not_edited(draft, coordinator):
    InspectionRound.objects.filter(pk=draft.round.pk).update(status="closed")
    with pytest.raises(StaleState):
        services.update_round(InspectionRound.objects.get(pk=draft.round.pk), by=coordinator, name="x")


@pytest.mark.parametrize("who", ["inspector", "team_head", "viewer", "officer", "agency_reviewer"])
def test_only_coordinators_set_up(client, request, draft, who):
    client.force_login(request.getfixturevalue(who))
    for name in ("round-edit", "round-units", "round-team", "round-open", "round-close", "round-cancel"):
        assert client.get(at(name, draft.round)).status_code == 403
        assert client.post(at(name, draft.round)).status_code == 403


def test_the_coordinator_of_another_district_finds_nothing(client, other_district, draft):
    client.force_login(person(Role.COORDINATOR, authority=other_district))
    for name in ("round-detail", "round-edit", "round-units", "round-team", "round-open"):
        assert client.get(at(name, draft.round)).status_code == 404
    with pytest.raises(NotAllowed):
        services.open_round(draft.round, by=person(Role.COORDINATOR, authority=other_district))


def test_a_draft_is_seen_by_coordinators_only(client, inspector, coordinator, draft):
    client.force_login(inspector)
    assert client.get(at("round-detail", draft.round)).status_code == 404
    client.force_login(coordinator)
    assert "Đang lập" in text_of(client.get(at("round-detail", draft.round)))


# ---------------------------------------------------------------- units


def test_all_communes_are_added_at_once(as_coordinator, draft, neighbour_commune, district):
    CommuneFactory(authority=district, name="Thân Thuộc")
    set_ = draft.round.units.get().criteria_set
    url = at("round-units", draft.round) + f"?bo={set_.pk}"
    response = as_coordinator.post(url, {"all": "1", "mode": "by_report", "visit_on": "12/11/2024"}, follow=True)
    assert "Đã thêm 2 đơn vị theo" in text_of(response)
    added = draft.round.units.exclude(commune__code="03602")
    assert {(unit.mode, unit.visit_on) for unit in added} == {("by_report", date(2024, 11, 12))}
    assert "Mọi đơn vị của cơ quan đã có trong đợt" in text_of(response)


def test_chosen_units_are_added(as_coordinator, draft, neighbour_commune):
    set_ = draft.round.units.get().criteria_set
    url = at("round-units", draft.round) + f"?bo={set_.pk}"
    as_coordinator.post(url, {"units": [f"x{neighbour_commune.pk}"], "mode": "on_site"})
    assert draft.round.units.filter(commune=neighbour_commune, mode="on_site").exists()


def test_a_set_is_offered_only_while_it_is_in_force(as_coordinator, draft):
    offered = [item.code for item in as_coordinator.get(at("round-units", draft.round)).context["sets"]]
    assert "xa-thu" in offered
    by = {"status": "published", "published_by": draft.coordinator, "published_at": clock.now()}
    draft_set(code="xa-cu", effective_to=draft.round.period_from - timedelta(days=1), **by)
    draft_set(code="xa-sau", effective_from=draft.round.period_to + timedelta(days=1), **by)
    draft_set(code="xa-vua-het", effective_to=draft.round.period_from, **by)
    now = [item.code for item in as_coordinator.get(at("round-units", draft.round)).context["sets"]]
    assert set(now) == {*offered, "xa-vua-het"}


def test_a_team_is_listed_with_its_head_first(as_coordinator, draft):
    draft.round.team.filter(position="head").update(position="member")
    last = draft.round.team.order_by("pk").last()
    TeamMember.objects.filter(pk=last.pk).update(position="head")
    team = as_coordinator.get(at("round-team", draft.round)).context["team"]
    assert len(team) > 1
    assert team[0] == last


def test_adding_nothing_says_so(as_coordinator, draft, neighbour_commune):
    set_ = draft.round.units.get().criteria_set
    response = as_coordinator.post(at("round-units", draft.round) + f"?bo={set_.pk}", {"mode": "on_site"})
    assert response.status_code == 400
    assert "Chưa chọn đơn vị nào." in text_of(response)


def test_a_unit_that_is_not_offered_is_refused(as_coordinator, draft, other_commune):
    set_ = draft.round.units.get().criteria_set
    url = at("round-units", draft.round) + f"?bo={set_.pk}"
    response = as_coordinator.post(url, {"units": [f"x{other_commune.pk}"], "mode": "on_site"})
    assert response.status_code == 400
    assert not draft.round.units.filter(commune=other_commune).exists()


def test_villages_are_offered_for_a_village_set(as_coordinator, draft, village):
    set_ = small_set(code="ban-thu", level="village", short_name="Bản NTM")
    page = text_of(as_coordinator.get(at("round-units", draft.round) + f"?bo={set_.pk}"))
    assert "Bản Nà Lại (Xã Phúc Khoa)" in page
    assert f'value="v{village.pk}"' in page


def test_a_unit_is_taken_out_of_a_draft_but_not_of_an_open_round(as_coordinator, draft, world):
    unit = draft.round.units.get()
    as_coordinator.post(at("unit-remove", draft.round, unit.pk))
    assert not draft.round.units.exists()
    running = world.round.units.first()
    response = as_coordinator.post(at("unit-remove", world.round, running.pk), follow=True)
    assert "không bỏ đơn vị được" in text_of(response)
    assert world.round.units.count() == 2


@pytest.mark.parametrize("kind", ["commune with a village set", "village of elsewhere", "draft set"])
def test_a_unit_that_does_not_fit_its_set_is_refused(draft, coordinator, commune, other_commune, kind):
    village_set = small_set(code="ban-thu", level="village")
    args = {
        "commune with a village set": {"criteria_set": village_set, "commune": commune},
        "village of elsewhere": {
            "criteria_set": village_set,
            "commune": commune,
            "village": VillageFactory(commune=other_commune),
        },
        "draft set": {"criteria_set": small_set(code="nhap", is_published=False), "commune": commune},
    }[kind]
    with pytest.raises(Incomplete):
        services.add_unit(draft.round, by=coordinator, **args)


def test_a_unit_stands_once_in_a_round(draft, coordinator, commune):
    set_ = draft.round.units.get().criteria_set
    with pytest.raises(Incomplete, match="đã có trong đợt này"):
        services.add_unit(draft.round, by=coordinator, criteria_set=set_, commune=commune)


def test_an_extension_is_dated_and_reasoned(as_coordinator, world):
    unit = world.round.units.first()
    later = clock.today() + timedelta(days=15)
    url = at("unit-extend", world.round, unit.pk)
    assert as_coordinator.post(url, {"until": f"{later:%d/%m/%Y}", "reason": ""}).status_code == 400
    assert as_coordinator.post(url, {"until": "01/01/2020", "reason": "Mưa lũ"}).status_code == 400
    as_coordinator.post(url, {"until": f"{later:%d/%m/%Y}", "reason": "Mưa lũ chia cắt"})
    unit.refresh_from_db()
    assert (unit.extended_until, unit.extension_reason) == (later, "Mưa lũ chia cắt")
    assert unit.dossier.due_on == later


def test_a_unit_is_left_out_by_name_and_taken_in_again(as_coordinator, world):
    unit = world.round.units.first()
    url = at("unit-leave-out", world.round, unit.pk)
    as_coordinator.post(url, {"reason": "Sáp nhập từ 01/7"})
    unit.refresh_from_db()
    assert unit.left_out_reason == "Sáp nhập từ 01/7"
    as_coordinator.post(url)
    unit.refresh_from_db()
    assert unit.left_out_reason == ""


def test_a_unit_of_another_round_is_not_found(as_coordinator, world, draft):
    assert as_coordinator.get(at("unit-extend", world.round, draft.round.units.get().pk)).status_code == 404


# ---------------------------------------------------------------- team


def test_a_member_joins_with_a_share(as_coordinator, draft, inspector, commune):
    criterion = draft.round.units.get().criteria_set.criteria.get(number=2)
    data = {"user": inspector.pk, "position": "member", "communes": [commune.pk], "criteria": [criterion.pk]}
    as_coordinator.post(at("round-team", draft.round), data)
    member = draft.round.team.get(user=inspector)
    assert (list(member.communes.all()), list(member.criteria.all())) == ([commune], [criterion])


def test_an_inspector_does_not_lead(as_coordinator, draft, inspector):
    response = as_coordinator.post(at("round-team", draft.round), {"user": inspector.pk, "position": "deputy"})
    assert response.status_code == 400
    assert "chưa có vai trò phù hợp để làm phó trưởng đoàn" in text_of(response)


def test_a_team_has_one_head(as_coordinator, draft, team_head):
    response = as_coordinator.post(at("round-team", draft.round), {"user": team_head.pk, "position": "head"})
    assert "Đoàn đã có Trưởng đoàn" in text_of(response)


def test_a_member_changes_and_leaves(as_coordinator, draft, commune):
    member = draft.round.team.get(user=draft.inspector)
    url = at("member-edit", draft.round, member.pk)
    as_coordinator.post(url, {"position": "secretary", "communes": [commune.pk]})
    member.refresh_from_db()
    assert (member.position, list(member.communes.all())) == ("secretary", [commune])
    as_coordinator.post(at("member-remove", draft.round, member.pk))
    assert not draft.round.team.filter(user=draft.inspector).exists()
    assert Event.objects.filter(action="round.member_removed").exists()


def test_an_open_round_keeps_its_head(as_coordinator, world):
    head = world.round.team.get(position="head")
    response = as_coordinator.post(at("member-remove", world.round, head.pk), follow=True)
    assert "phải có Trưởng đoàn" in text_of(response)
    assert TeamMember.objects.filter(pk=head.pk).exists()


def test_the_officer_is_not_offered_as_a_member(as_coordinator, draft, officer):
    page = as_coordinator.get(at("round-team", draft.round))
    assert officer not in page.context["form"].fields["user"].queryset


# ---------------------------------------------------------------- opening and closing


def test_the_opening_page_lists_what_will_be_made(as_coordinator, draft):
    page = text_of(as_coordinator.get(at("round-open", draft.round)))
    assert "Tạo 1 cuộc kiểm tra, mỗi xã một cuộc." in page
    assert "Tạo 1 hồ sơ theo Xã NTM (phiên bản 1), mỗi hồ sơ 5 chỉ tiêu: Xã Phúc Khoa." in page
    assert not Dossier.objects.exists()


def test_opening_makes_inspections_and_dossiers_once(as_coordinator, draft):
    as_coordinator.post(at("round-open", draft.round))
    response = as_coordinator.post(at("round-open", draft.round), follow=True)
    assert "Đợt kiểm tra hiện ở trạng thái “Đang mở”." in text_of(response)
    dossier = Dossier.objects.get()
    assert (dossier.assessments.count(), dossier.conclusions.count()) == (5, 3)
    assert Inspection.objects.count() == 1


def test_a_round_without_head_or_units_does_not_open(as_coordinator, district):
    empty = open_round(district, communes=[], is_open=False, criteria_set=small_set())
    empty.round.team.all().delete()
    page = text_of(as_coordinator.get(at("round-open", empty.round)))
    assert "Đợt kiểm tra chưa có đơn vị nào." in page
    assert "Đoàn kiểm tra chưa có Trưởng đoàn." in page
    with pytest.raises(Incomplete):
        services.open_round(empty.round, by=empty.coordinator)


def test_one_unit_is_in_one_open_round_per_set(draft, world, coordinator, as_coordinator):
    with pytest.raises(Incomplete, match="một đợt mở khác"):
        services.open_round(draft.round, by=coordinator)
    assert "Xã Phúc Khoa đang ở một đợt mở khác" in text_of(as_coordinator.get(at("round-open", draft.round)))


def test_that_holds_in_the_database_too(draft, world):
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.round.units.update(is_active=True)


def test_a_unit_added_to_an_open_round_gets_its_dossier(world, district):
    late = CommuneFactory(authority=district, name="Thân Thuộc")
    set_ = world.round.units.first().criteria_set
    services.add_unit(world.round, by=world.coordinator, criteria_set=set_, commune=late)
    assert world.dossier_of(late).assessments.count() == 5


def test_a_round_closes_when_all_is_concluded_or_left_out(as_coordinator, world, commune, officer, neighbour_commune):
    response = as_coordinator.post(at("round-close", world.round), follow=True)
    assert "Còn 2 hồ sơ chưa kết luận" in text_of(response)
    conclude(world.dossier_of(commune), world, officer=officer)
    services.leave_out(world.round.units.get(commune=neighbour_commune), reason="Hoãn", by=world.coordinator)
    as_coordinator.post(at("round-close", world.round))
    world.round.refresh_from_db()
    assert world.round.status == "closed"
    assert not RoundUnit.objects.filter(is_active=True).exists()


def test_cancelling_needs_a_reason_and_hides_the_dossiers(as_coordinator, world, commune, officer):
    assert as_coordinator.post(at("round-cancel", world.round), {"reason": ""}).status_code == 400
    as_coordinator.post(at("round-cancel", world.round), {"reason": "Hoãn sang quý IV"})
    world.round.refresh_from_db()
    assert (world.round.status, world.round.cancel_reason) == ("cancelled", "Hoãn sang quý IV")
    assert not Dossier.objects.for_user(officer).exists()


def test_a_round_with_published_results_is_not_cancelled(world, commune, officer):
    conclude(world.dossier_of(commune), world, officer=officer)
    services.lock_dossiers(world.round, notice="08/TB-ĐKT", by=world.coordinator)
    with pytest.raises(Incomplete, match="đã có thông báo được ban hành"):
        services.cancel_round(world.round, reason="x", by=world.coordinator)


# ---------------------------------------------------------------- lists


def test_the_list_needs_the_same_queries_for_10_and_1000_rounds(
    as_coordinator, district, django_assert_num_queries, django_assert_max_num_queries
):
    def more(count, start):
        InspectionRound.objects.bulk_create(
            InspectionRound(
                code=f"R-{number}",
                name=f"Đợt {number}",
                authority=district,
                year=2025,
                period_from=date(2025, 1, 1),
                period_to=date(2025, 2, 1),
                due_on=date(2025, 1, 20),
                team_name="Đoàn",
                subject="việc",
            )
            for number in range(start, start + count)
        )

    more(10, 0)
    as_coordinator.get(reverse("inspections:round-list"))  # the first page after signing in writes its session
    with django_assert_max_num_queries(10) as few:
        as_coordinator.get(reverse("inspections:round-list"))
    more(990, 10)
    with django_assert_num_queries(len(few.captured_queries)):
        page = text_of(as_coordinator.get(reverse("inspections:round-list")))
    assert "1–30 trong 1.000 đợt" in page


def test_an_empty_list_says_what_to_do(as_coordinator):
    assert "Lập đợt, chọn đơn vị và Đoàn kiểm tra" in text_of(as_coordinator.get(reverse("inspections:round-list")))


def test_reading_the_setting_up_writes_nothing(as_coordinator, world, officer, commune):
    fill(world.dossier_of(commune), by=officer)
    hand_in(world.dossier_of(commune), by=officer)
    events = Event.objects.count()
    for name in (
        "round-detail",
        "round-edit",
        "round-units",
        "round-team",
        "round-open",
        "round-close",
        "round-cancel",
    ):
        assert as_coordinator.get(at(name, world.round)).status_code == 200
    assert Event.objects.count() == events
