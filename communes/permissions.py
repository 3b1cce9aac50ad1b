"""Who may do what, in one table.

Views and services ask for a `Permission`, never for a `Role`. Which *rows* a person may see or touch is
another question, answered by `for_user()` on each queryset and, within a round, by its team list.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


class Permission(StrEnum):
    DOSSIER_EDIT = "dossier.edit"  # fill, submit, recall, answer, reply
    OPINION_GIVE = "opinion.give"
    DOSSIER_REVIEW = "dossier.review"  # conclude, return items, minutes
    DOSSIER_APPROVE = "dossier.approve"  # make provisional, approve, reopen
    NOTICE_APPROVE = "notice.approve"
    NOTICE_COMPOSE = "notice.compose"
    NOTICE_ISSUE = "notice.issue"
    ROUND_MANAGE = "round.manage"
    CRITERIA_MANAGE = "criteria.manage"
    THRESHOLD_CONFIRM = "threshold.confirm"
    ROUND_READ = "round.read"  # the matrix and what stands behind it
    DOSSIER_READ = "dossier.read"
    NOTICE_READ = "notice.read"
    CRITERIA_READ = "criteria.read"
    UNIT_READ = "unit.read"
    UNIT_MANAGE = "unit.manage"
    PEOPLE_MANAGE = "people.manage"  # memberships of one's own authority
    ACCOUNT_MANAGE = "account.manage"  # accounts, unlock, hand over
    STATE_READ = "state.read"  # technical state


class Role(StrEnum):
    """Code of a role; `label` is its Vietnamese name, `meaning` a sentence for people who do not program."""

    label: str
    meaning: str

    COMMUNE_OFFICER = (
        "commune_officer",
        "Công chức xã",
        "Nhập kết quả và minh chứng cho hồ sơ của xã mình, nộp, bổ sung và giải trình.",
    )
    COMMUNE_LEADER = (
        "commune_leader",
        "Lãnh đạo xã",
        "Xem hồ sơ của xã mình trước khi nộp.",
    )
    AGENCY_REVIEWER = (
        "agency_reviewer",
        "Cán bộ phòng, ban",
        "Xem mọi xã theo các chỉ tiêu được giao và cho ý kiến.",
    )
    INSPECTOR = (
        "inspector",
        "Thành viên Đoàn kiểm tra",
        "Kiểm tra hồ sơ, kết luận từng tiêu chí, yêu cầu bổ sung.",
    )
    TEAM_HEAD = (
        "team_head",
        "Trưởng đoàn",
        "Phê duyệt kết luận và thông báo, mở lại hồ sơ khi có lý do.",
    )
    COORDINATOR = (
        "coordinator",
        "Văn phòng Điều phối",
        "Lập đợt kiểm tra, đơn vị, người dùng, bộ tiêu chí; soạn và ban hành thông báo.",
    )
    VIEWER = (
        "viewer",
        "Người xem",
        "Xem mọi kết quả của cơ quan mình.",
    )
    ADMINISTRATOR = (
        "administrator",
        "Quản trị hệ thống",
        "Quản lý tài khoản và danh mục; không thay đổi được kết luận hay thông báo đã ban hành.",
    )

    def __new__(cls, value: str, label: str = "", meaning: str = "") -> "Role":
        role = str.__new__(cls, value)
        role._value_ = value
        role.label = label
        role.meaning = meaning
        return role

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(role.value, role.label) for role in cls]

    @property
    def scope(self) -> str:
        """Name of the one scope field that a membership in this role carries."""
        if self in (Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER):
            return "commune"
        return "agency" if self is Role.AGENCY_REVIEWER else "authority"


P = Permission
READ_ALL = {P.ROUND_READ, P.DOSSIER_READ, P.NOTICE_READ, P.CRITERIA_READ, P.UNIT_READ}
READ_OWN = {P.DOSSIER_READ, P.NOTICE_READ, P.CRITERIA_READ, P.UNIT_READ}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.COMMUNE_OFFICER: frozenset(READ_OWN | {P.DOSSIER_EDIT}),
    Role.COMMUNE_LEADER: frozenset(READ_OWN),
    Role.AGENCY_REVIEWER: frozenset(READ_OWN | {P.OPINION_GIVE}),
    Role.INSPECTOR: frozenset(READ_ALL | {P.DOSSIER_REVIEW}),
    Role.TEAM_HEAD: frozenset(READ_ALL | {P.DOSSIER_REVIEW, P.DOSSIER_APPROVE, P.NOTICE_APPROVE}),
    Role.COORDINATOR: frozenset(
        READ_ALL
        | {
            P.ROUND_MANAGE,
            P.CRITERIA_MANAGE,
            P.UNIT_MANAGE,
            P.PEOPLE_MANAGE,
            P.NOTICE_COMPOSE,
            P.NOTICE_ISSUE,
        }
    ),
    Role.VIEWER: frozenset(READ_ALL),
    Role.ADMINISTRATOR: frozenset(
        {
            P.ACCOUNT_MANAGE,
            P.PEOPLE_MANAGE,
            P.UNIT_READ,
            P.UNIT_MANAGE,
            P.CRITERIA_READ,
            P.THRESHOLD_CONFIRM,
            P.STATE_READ,
        }
    ),
}


def roles_with(permission: Permission) -> frozenset[Role]:
    """Every role whose row of the table holds the permission."""
    return frozenset(role for role, granted in ROLE_PERMISSIONS.items() if permission in granted)


def require(*permissions: Permission) -> Callable[[View], View]:
    """Open a view only to a signed-in person who holds at least one of the permissions; others get 403.

    A person who is not signed in never comes here: LoginRequiredMiddleware sends them to the login page.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user: Any = request.user
            if not any(user.has(permission) for permission in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
