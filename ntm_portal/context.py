"""What every page's frame shows: navigation, what is unread, demo day, whom to call.

Needs one query of its own, for what is unread, and only where a page shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from communes.models import User
from communes.notifications import unread_count
from communes.permissions import Permission

BAR_LENGTH = 4  # entries of the bottom bar on a phone, "Thêm" included


@dataclass(frozen=True)
class Entry:
    label: str
    url_name: str
    icon: str  # id of a symbol in img/icons.svg
    shown_to: Callable[[User], bool]


@dataclass(frozen=True)
class Link:
    """An entry as the template needs it."""

    label: str
    url: str
    icon: str
    active: bool
    in_bar: bool


def anyone(user: User) -> bool:
    return True


def holds(*permissions: Permission) -> Callable[[User], bool]:
    """Shown to whoever holds at least one of the permissions."""
    return lambda user: any(user.has(permission) for permission in permissions)


def works_on_dossiers(user: User) -> bool:
    """Communes and agencies start from dossiers; who reads whole rounds starts from the round."""
    return user.has(Permission.DOSSIER_EDIT) or (
        user.has(Permission.DOSSIER_READ) and not user.has(Permission.ROUND_READ)
    )


ENTRIES = (
    Entry("Việc cần làm", "home", "tasks", anyone),
    Entry("Hồ sơ", "inspections:dossier-list", "dossier", works_on_dossiers),
    Entry("Minh chứng", "inspections:evidence-list", "evidence", holds(Permission.DOSSIER_EDIT)),
    Entry("Đợt kiểm tra", "inspections:round-list", "round", holds(Permission.ROUND_READ)),
    Entry("Hàng chờ", "inspections:queue", "queue", holds(Permission.DOSSIER_REVIEW)),
    Entry("Tổng quan", "reports:overview", "overview", holds(Permission.ROUND_READ, Permission.OPINION_GIVE)),
    Entry("Thông báo", "reports:notice-list", "notice", holds(Permission.ROUND_READ)),
    Entry("Kiến nghị", "reports:follow-up-list", "follow", holds(Permission.DOSSIER_READ)),
    Entry("Báo cáo tháng", "reports:monthly-list", "monthly", holds(Permission.OPINION_GIVE, Permission.ROUND_READ)),
    Entry(
        "Bộ tiêu chí", "criteria:set-list", "criteria", holds(Permission.CRITERIA_MANAGE, Permission.THRESHOLD_CONFIRM)
    ),
    Entry("Đơn vị", "communes:commune-list", "unit", holds(Permission.UNIT_MANAGE)),
    Entry("Người dùng", "communes:user-list", "people", holds(Permission.PEOPLE_MANAGE, Permission.ACCOUNT_MANAGE)),
    Entry(
        "Nhập, xuất dữ liệu",
        "communes:exchange",
        "exchange",
        holds(Permission.UNIT_MANAGE, Permission.PEOPLE_MANAGE, Permission.CRITERIA_MANAGE),
    ),
    Entry("Quản trị", "admin:index", "settings", holds(Permission.ACCOUNT_MANAGE)),
    Entry("Trợ giúp", "help", "help", anyone),
)


def navigation(user: User, path: str) -> list[Link]:
    """The entries a person sees; active is the one with the longest address that `path` begins with."""
    shown = [(entry, reverse(entry.url_name)) for entry in ENTRIES if entry.shown_to(user)]
    begun = [url for _, url in shown if path == url or (url != "/" and path.startswith(url))]
    here = max(begun, key=len, default=None)
    in_bar = len(shown) if len(shown) <= BAR_LENGTH else BAR_LENGTH - 1
    return [
        Link(entry.label, url, entry.icon, active=url == here, in_bar=place < in_bar)
        for place, (entry, url) in enumerate(shown)
    ]


def whom_to_call(user: User) -> tuple[str, str]:
    """Name and telephone of the person's own authority, else those of the settings; costs no query."""
    for item in user.active_memberships:
        scope = item.commune or item.agency
        authority = scope.authority if scope else item.authority
        if authority and authority.contact_phone:
            return authority.contact_name or authority.name, authority.contact_phone
    return settings.COORDINATOR_NAME, settings.COORDINATOR_PHONE


def portal(request: HttpRequest) -> dict[str, Any]:
    """Context processor; a request that failed before it got a user is treated as a stranger's."""
    user: Any = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    nav = navigation(user, request.path) if known else []
    name, phone = whom_to_call(user) if known else (settings.COORDINATOR_NAME, settings.COORDINATOR_PHONE)
    keeps = known and user.has(Permission.DOSSIER_EDIT)
    return {
        "nav": nav,
        "nav_more": [link for link in nav if not link.in_bar],
        "unread": SimpleLazyObject(lambda: unread_count(user)) if known else 0,
        "due_count": None,  # a view that has counted what is due says so
        "keeps_for": str(user.pk) if keeps else "",  # whose entries the machine keeps while the line is gone
        "memberships": user.active_memberships if known else [],
        "demo_today": date.fromisoformat(settings.DEMO_TODAY) if settings.DEMO_TODAY else None,
        "coordinator_name": name,
        "coordinator_phone": phone,
    }
