"""Accounts and roles: made, changed, locked, ended, handed over; and what may not be."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from communes import clock, journal, services
from communes.models import Event, Membership, User
from communes.permissions import Permission, Role
from tests.factories import MembershipFactory, UserFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def deputy(province):
    """A second administrator."""
    return person(Role.ADMINISTRATOR, authority=province)


def fresh(user):
    return User.objects.get(pk=user.pk)


def last_event():
    return Event.objects.filter(chain=journal.REFERENCE).latest("seq")


# ---------------------------------------------------------------- accounts


def test_the_first_administrator_gets_a_password_to_be_changed(province):
    user, password = services.create_first_administrator(username="QuanTri", full_name="Lò Văn A", authority=province)
    assert user.username == "quantri"
    assert user.check_password(password)
    assert user.must_change_password
    assert fresh(user).has(Permission.ACCOUNT_MANAGE)


def test_there_is_only_one_first_administrator(administrator, province):
    with pytest.raises(ValidationError, match="Đã có người quản trị"):
        services.create_first_administrator(username="hai", full_name="Hai", authority=province)
    assert not User.objects.filter(username="hai").exists()


def test_an_initial_password_is_long_random_and_readable():
    made = {services.readable_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(it) >= 12 and not set(it) & set("0O1lIij") for it in made)


def test_a_coordinator_makes_an_officer_with_a_password_shown_once(coordinator, commune):
    user, password = services.create_user(
        username="Lan", full_name="Lò Thị Lan", role=Role.COMMUNE_OFFICER, scope=commune, by=coordinator
    )
    assert fresh(user).has(Permission.DOSSIER_EDIT)
    assert user.check_password(password)
    assert user.must_change_password
    journal_text = str(list(Event.objects.values_list("data", flat=True)))
    assert password not in journal_text
    assert user.password not in journal_text


@pytest.mark.parametrize("place", ["other_commune", "province"])
def test_a_coordinator_makes_no_one_outside_the_own_authority(place, coordinator, request):
    scope = request.getfixturevalue(place)
    role = Role.COMMUNE_OFFICER if place == "other_commune" else Role.VIEWER
    with pytest.raises(PermissionDenied):
        services.create_user(username="lan", full_name="Lan", role=role, scope=scope, by=coordinator)
    assert not User.objects.filter(username="lan").exists()


def test_a_coordinator_makes_no_administrator(coordinator, district):
    with pytest.raises(PermissionDenied):
        services.create_user(username="lan", full_name="Lan", role=Role.ADMINISTRATOR, scope=district, by=coordinator)


def test_a_name_in_use_is_refused_and_nothing_remains(coordinator, commune):
    UserFactory(username="lan")
    before = Event.objects.count()
    with pytest.raises(ValidationError):
        services.create_user(username="LAN", full_name="Lan", role=Role.COMMUNE_OFFICER, scope=commune, by=coordinator)
    assert Event.objects.count() == before


def test_a_new_password_ends_sessions_and_must_be_changed(client, coordinator, officer):
    client.force_login(officer)
    assert client.get("/tai-khoan/").status_code == 200
    password = services.reset_password(officer, by=coordinator)
    assert client.get("/tai-khoan/").status_code == 302
    assert fresh(officer).check_password(password)
    assert fresh(officer).must_change_password
    assert last_event().action == "user.password_reset"


def test_a_closed_account_is_out_at_once_and_stays_out_after_reopening(client, coordinator, officer):
    client.force_login(officer)
    services.deactivate(officer, reason="Chuyển công tác", by=coordinator)
    assert client.get("/tai-khoan/").status_code == 302
    assert last_event().data == {"reason": "Chuyển công tác"}
    services.reactivate(fresh(officer), by=coordinator)
    assert client.get("/tai-khoan/").status_code == 302


def test_nobody_closes_the_own_account(administrator, deputy):
    with pytest.raises(ValidationError, match="chính mình"):
        services.deactivate(administrator, reason="x", by=administrator)
    assert fresh(administrator).is_active


def test_the_last_administrator_stays(administrator, deputy):
    services.deactivate(deputy, reason="Nghỉ việc", by=administrator)
    post = administrator.memberships.get()
    with pytest.raises(ValidationError, match="duy nhất"):
        services.end_membership(post, by=administrator)
    assert fresh(administrator).has(Permission.ACCOUNT_MANAGE)


def test_an_administrator_whose_role_ends_soon_does_not_count_as_the_other(administrator, deputy):
    Membership.objects.filter(user=administrator).update(valid_to=clock.today())
    with pytest.raises(ValidationError, match="duy nhất"):
        services.deactivate(deputy, reason="x", by=administrator)


def test_a_coordinator_does_not_touch_who_also_works_elsewhere(coordinator, inspector, other_district, administrator):
    person(Role.INSPECTOR, user=inspector, authority=other_district)
    for refused in (
        lambda: services.reset_password(fresh(inspector), by=coordinator),
        lambda: services.deactivate(fresh(inspector), reason="x", by=coordinator),
        lambda: services.unlock(fresh(inspector), by=coordinator),
    ):
        with pytest.raises(PermissionDenied):
            refused()
    assert services.reset_password(fresh(inspector), by=administrator)


def test_a_coordinator_does_not_touch_the_administrator_of_the_own_authority(coordinator, district):
    boss = person(Role.ADMINISTRATOR, authority=district)
    with pytest.raises(PermissionDenied):
        services.reset_password(boss, by=coordinator)


def test_a_changed_profile_says_old_and_new_in_the_journal(coordinator, officer):
    officer.full_name = "Lò Thị Lan"
    services.change_user(officer, by=coordinator)
    event = last_event()
    assert (event.action, event.data["new"]) == ("user.changed", {"full_name": "Lò Thị Lan"})
    services.change_user(fresh(officer), by=coordinator)
    assert last_event() == event


def test_the_own_password_is_changed_without_a_trace_of_it(officer):
    services.change_own_password(officer, "mot-cau-that-dai")
    assert fresh(officer).check_password("mot-cau-that-dai")
    assert last_event().data == {}


# ---------------------------------------------------------------- roles


def test_nobody_gives_himself_a_role(coordinator, administrator, district):
    for manager in (coordinator, administrator):
        with pytest.raises(ValidationError, match="chính mình"):
            services.grant_membership(manager, role=Role.TEAM_HEAD, scope=district, by=manager)


def test_the_same_role_is_not_given_twice_at_a_time(coordinator, officer, commune):
    with pytest.raises(ValidationError, match="đã có vai trò này"):
        services.grant_membership(officer, role=Role.COMMUNE_OFFICER, scope=commune, by=coordinator)


def test_an_ended_role_may_be_given_again(coordinator, officer, commune):
    yesterday = clock.today() - timedelta(days=1)
    services.end_membership(officer.memberships.get(), by=coordinator, on=yesterday)
    assert not fresh(officer).has(Permission.DOSSIER_EDIT)
    services.grant_membership(fresh(officer), role=Role.COMMUNE_OFFICER, scope=commune, by=coordinator)
    assert fresh(officer).has(Permission.DOSSIER_EDIT)


def test_a_role_does_not_end_before_it_began(coordinator, officer):
    with pytest.raises(ValidationError):
        services.end_membership(officer.memberships.get(), by=coordinator, on=clock.today() - timedelta(days=30000))


def test_a_coordinator_ends_no_role_of_another_authority(coordinator, outsider):
    with pytest.raises(PermissionDenied):
        services.end_membership(outsider.memberships.get(), by=coordinator)


# ---------------------------------------------------------------- handing over


def test_handing_over_moves_every_role_as_of_today(coordinator, officer, commune, district):
    person(Role.COMMUNE_LEADER, user=officer, commune=commune)
    successor = person(Role.VIEWER, authority=district)
    services.hand_over(fresh(officer), successor, by=coordinator)
    today = clock.today()
    assert {it.valid_to for it in officer.memberships.all()} == {today}
    assert {it.role for it in fresh(successor).active_memberships} == {"viewer", "commune_officer", "commune_leader"}
    assert fresh(officer).handed_over_to == successor
    assert last_event().action == "user.handed_over"


def test_the_giver_has_nothing_left_the_day_after(coordinator, officer, district):
    successor = person(Role.VIEWER, authority=district)
    services.hand_over(officer, successor, by=coordinator)
    with clock.at(clock.now() + timedelta(days=1)):
        assert not fresh(officer).permissions
        assert fresh(successor).has(Permission.DOSSIER_EDIT)


def test_what_was_handed_over_is_not_handed_over_again(coordinator, officer, viewer, inspector):
    services.hand_over(officer, viewer, by=coordinator)
    with pytest.raises(ValidationError, match="không còn vai trò"):
        services.hand_over(fresh(officer), inspector, by=coordinator)


def test_nothing_is_handed_over_to_a_closed_account_or_to_oneself(coordinator, officer, viewer):
    services.deactivate(viewer, reason="x", by=coordinator)
    with pytest.raises(ValidationError, match="đã khóa"):
        services.hand_over(officer, fresh(viewer), by=coordinator)
    with pytest.raises(ValidationError, match="người khác"):
        services.hand_over(officer, officer, by=coordinator)
    with pytest.raises(ValidationError, match="Không tự nhận"):
        services.hand_over(officer, coordinator, by=coordinator)


def test_the_last_administrator_may_hand_over(administrator, viewer):
    services.hand_over(administrator, viewer, by=administrator)
    assert fresh(viewer).has(Permission.ACCOUNT_MANAGE)


def test_every_act_on_accounts_is_in_an_unbroken_journal(coordinator, officer, viewer, commune):
    user, _ = services.create_user(
        username="lan", full_name="Lan", role=Role.COMMUNE_OFFICER, scope=commune, by=coordinator
    )
    services.reset_password(user, by=coordinator)
    services.unlock(user, by=coordinator)
    services.hand_over(officer, viewer, by=coordinator)
    services.deactivate(user, reason="x", by=coordinator)
    actions = set(Event.objects.values_list("action", flat=True))
    assert {
        "user.created",
        "membership.granted",
        "membership.ended",
        "user.password_reset",
        "user.unlocked",
        "user.handed_over",
        "user.deactivated",
    } <= actions
    assert journal.verify() == []


def test_who_will_work_for_somebody_else_is_out_of_reach_already(coordinator, officer, other_district, province):
    assert services.can_manage(coordinator, officer)
    tomorrow = clock.today() + timedelta(days=1)
    ahead = MembershipFactory(user=officer, role=Role.VIEWER, authority=other_district, valid_from=tomorrow)
    assert not services.can_manage(coordinator, officer)
    Membership.objects.filter(pk=ahead.pk).update(authority=coordinator.memberships.get().authority)
    assert services.can_manage(coordinator, officer)
    Membership.objects.filter(pk=ahead.pk).update(role=Role.ADMINISTRATOR)
    assert not services.can_manage(coordinator, officer)


def test_who_once_worked_for_somebody_else_is_in_reach(coordinator, officer, other_district):
    yesterday = clock.today() - timedelta(days=1)
    MembershipFactory(user=officer, role=Role.VIEWER, authority=other_district, valid_to=yesterday)
    assert services.can_manage(coordinator, officer)
