"""The one table of who may do what, held against the rules of the office."""

import pytest

from communes.permissions import ROLE_PERMISSIONS, Permission, Role, roles_with

P = Permission


def test_every_role_has_a_row_a_label_and_a_sentence():
    assert set(ROLE_PERMISSIONS) == set(Role)
    for role in Role:
        assert role.label
        assert role.meaning.endswith(".")


def test_every_permission_is_given_to_someone():
    assert {it for row in ROLE_PERMISSIONS.values() for it in row} == set(Permission)


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (P.DOSSIER_EDIT, {Role.COMMUNE_OFFICER}),
        (P.OPINION_GIVE, {Role.AGENCY_REVIEWER}),
        (P.DOSSIER_REVIEW, {Role.INSPECTOR, Role.TEAM_HEAD}),
        (P.DOSSIER_APPROVE, {Role.TEAM_HEAD}),
        (P.NOTICE_APPROVE, {Role.TEAM_HEAD}),
        (P.NOTICE_COMPOSE, {Role.COORDINATOR}),
        (P.NOTICE_ISSUE, {Role.COORDINATOR}),
        (P.ROUND_MANAGE, {Role.COORDINATOR}),
        (P.CRITERIA_MANAGE, {Role.COORDINATOR}),
        (P.THRESHOLD_CONFIRM, {Role.ADMINISTRATOR}),
        (P.ACCOUNT_MANAGE, {Role.ADMINISTRATOR}),
        (P.PEOPLE_MANAGE, {Role.COORDINATOR, Role.ADMINISTRATOR}),
        (P.ROUND_READ, {Role.INSPECTOR, Role.TEAM_HEAD, Role.COORDINATOR, Role.VIEWER}),
    ],
)
def test_a_permission_belongs_to_exactly_these_roles(permission, roles):
    assert roles_with(permission) == roles


def test_the_administrator_can_touch_no_dossier_and_no_notice():
    row = ROLE_PERMISSIONS[Role.ADMINISTRATOR]
    assert not [it for it in row if it.value.startswith(("dossier.", "notice.", "round.", "opinion."))]


def test_viewers_and_leaders_only_read():
    for role in (Role.VIEWER, Role.COMMUNE_LEADER):
        assert all(it.value.endswith(".read") for it in ROLE_PERMISSIONS[role])
