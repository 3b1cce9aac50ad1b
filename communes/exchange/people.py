"""People and their roles as a table, one line a role. Passwords never stand in it.

In come new accounts, further roles and what is known of a person. What ends something (a role, an account) asks for
a day or a reason and is done on the person's page.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.urls import reverse

from .. import clock, services
from ..journal import plain
from ..models import Agency, Authority, Commune, Membership, User
from ..notation import day
from ..permissions import Permission, Role
from ..resources import MembershipResource
from ..text import fold
from .flat import BATCH, EVERY, NAMED_AT_MOST, OneTable, Typed, read
from .kinds import CannotUndo, Choices, Located, Planned, Progress, State
from .units import DAY_HINT, plain_name

PROFILE = ("full_name", "position", "phone", "email")
ON_THE_PAGE = "việc này làm ở trang của người dùng."


@dataclass
class Account:
    """What the lines of a file say of one person. first: the number of the line that was read first."""

    first: int
    profile: dict[str, str]
    user: User | None
    may_be_managed: bool
    roles: dict[tuple[Role, int], list[tuple[date, date | None, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )


@dataclass
class Places:
    """Where `by` may give roles: {(kind of place, code): the places that bear it}."""

    by: User
    found: dict[tuple[str, str], list[services.Scope]]

    @classmethod
    def of(cls, by: User) -> "Places":
        authorities = services.manageable_authorities(by)
        found: dict[tuple[str, str], list[services.Scope]] = defaultdict(list)
        for authority in authorities:
            found["authority", authority.code].append(authority)
        for commune in Commune.objects.filter(authority__in=authorities).select_related("authority").order_by():
            found["commune", commune.code].append(commune)
        for agency in Agency.objects.filter(authority__in=authorities, is_active=True).select_related("authority"):
            found["agency", agency.code].append(agency)
            found["agency", agency_code(agency)].append(agency)
        return cls(by, found)

    def find(self, role: Role, code: str, on: date) -> services.Scope:
        """Raises ValueError with the reason where no place, or more than one, is meant."""
        offered = self.found.get((role.scope, code), [])
        if not offered:
            kind = {"commune": "xã", "agency": "phòng, ban", "authority": "cơ quan"}[role.scope]
            raise ValueError(f"Không có {kind} mã “{code}” trong phạm vi quản lý; {role.label} làm việc ở {kind}.")
        until = max(on, clock.today())
        dated = [
            each for each in offered if isinstance(each, Agency) or (each.is_valid_on(on) and each.is_valid_on(until))
        ]
        if not dated:
            raise ValueError(f"Không có đơn vị nào mang mã {code} suốt từ ngày {day(on)} đến nay.")
        if len(dated) > 1:
            raise ValueError(f"Mã “{code}” có ở nhiều cơ quan; ghi cả mã cơ quan: {agency_code(dated[0])}.")
        return dated[0]


def agency_code(agency: Any) -> str:
    """An agency's code means something only within its authority."""
    return f"{agency.authority.code}/{agency.code}"


class People(OneTable):
    code = "nguoi-dung"
    title = "Người dùng"
    about = "Người dùng và vai trò, mỗi vai trò một dòng; không có mật khẩu."
    needs = Permission.PEOPLE_MANAGE
    can_import = True
    resource = MembershipResource
    needed = frozenset({"username", "full_name", "role", "place_code"})
    codes = frozenset({"username", "phone", "place_code"})
    hints = {
        "username": "chữ thường không dấu, chữ số, dấu chấm, gạch nối: lan.phuckhoa",
        "phone": "ghi dạng văn bản để giữ số 0 ở đầu",
        "role": "; ".join(role.label for role in Role if role is not Role.ADMINISTRATOR),
        "place_code": "mã xã, mã cơ quan, hoặc mã cơ quan/mã phòng, ban: huyen-tan-uyen/giao-duc",
        "place": "để đối chiếu với mã; để trống được",
        "valid_from": f"{DAY_HINT}; để trống là từ hôm nay",
        "valid_to": "để trống nếu chưa biết",
        "is_active": "để trống được",
    }
    widths = {"full_name": 26, "position": 26, "place": 30, "role": 26, "place_code": 26}

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        rows = Membership.objects.filter(user__in=User.objects.for_user(user).values("pk"))
        scopes = ("user", "authority", "agency__authority", "commune")
        return rows.select_related(*scopes).order_by("user__username", "role", "valid_from", "pk")

    def cell(self, name: str, row: Any) -> Any:
        if name == "place_code":
            return agency_code(row.agency) if row.agency else (row.commune or row.authority).code
        return super().cell(name, row)

    # ------------------------------------------------------------ planning

    def plan(
        self, located: Located, *, by: User, target: str, choices: Choices, progress: Progress, lock: bool = False
    ) -> list[Planned]:
        page = self.pages()[0]
        columns = self.reads(located.columns[page.title])
        rows = [read(record, columns) for record in located.records[page.title]]
        users = self._users([str(row.values.get("username", "")).lower() for row in rows], by=by, lock=lock)
        places, accounts = Places.of(by), dict[str, Account]()
        planned = []
        for number, typed in enumerate(rows, start=1):
            planned.append(self._planned(typed, users, places, accounts))
            if number % EVERY == 0:
                progress(number)
        return planned

    def _users(self, names: list[str], *, by: User, lock: bool) -> dict[str, tuple[User, bool]]:
        """{user name: the account, and whether `by` may change it}"""
        found = {}
        wanted = sorted(set(names))
        for start in range(0, len(wanted), BATCH):
            rows = User.objects.filter(username__in=wanted[start : start + BATCH]).prefetch_related("memberships")
            rows = rows.order_by().select_for_update(of=("self",)) if lock else rows.order_by()
            users = {user.pk: user for user in rows}
            own = set(services.managed(by).filter(pk__in=users).values_list("pk", flat=True))
            found.update({user.username: (user, user.pk in own) for user in users.values()})
        return found

    def _planned(
        self, typed: Typed, users: dict[str, tuple[User, bool]], places: Places, accounts: dict[str, Account]
    ) -> Planned:
        label = " ".join(str(typed.values.get(name) or "") for name in ("username", "full_name")).strip()
        row = Planned(typed.record, State.ERROR, label[:300])
        if not typed.problems:
            row.work = self._work(typed, users, places, accounts)
        row.problems = self.problems_of(typed)
        if typed.problems:
            return row
        account, profile, given = row.work["account"], row.work["profile"], row.work["role"]
        old = {name: getattr(account.user, name) if account.user else "" for name in profile}
        row.changes = [[self.headings[name], old[name], value] for name, value in profile.items() if old[name] != value]
        if given:
            role, place, begin, end = given
            until = f" đến {day(end)}" if end else ""
            row.changes.append([self.headings["role"], "", f"{role.label} · {place} từ {day(begin)}{until}"])
        if account.user is None:
            row.state = State.NEW
        else:
            row.state = State.CHANGED if row.changes else State.SAME
        return row

    def _work(
        self, typed: Typed, users: dict[str, tuple[User, bool]], places: Places, accounts: dict[str, Account]
    ) -> dict[str, Any]:
        """What saving needs: the account, what of its profile changes here, and the role to give, if any."""
        values = typed.values
        username = values["username"].lower()
        profile = {name: values[name] for name in PROFILE if name in values}
        if "email" in profile:
            profile["email"] = User.objects.normalize_email(profile["email"])
        account = accounts.get(username)
        is_first = account is None
        if account is None:
            user, may = users.get(username, (None, True))
            account = accounts[username] = Account(typed.record.number, profile, user, may)
            self._check_account(typed, username, account)
        elif not account.may_be_managed:
            typed.blame("username", f"Tài khoản “{username}” do nơi khác quản lý.")
        elif account.profile != profile:
            typed.blame("full_name", f"Thông tin của người này khác với dòng {account.first}.")
        if account.user is not None:
            profile = {name: value for name, value in profile.items() if getattr(account.user, name) != value}
        role = None if typed.problems else self._role(typed, account, places)
        return {"username": username, "account": account, "profile": profile if is_first else {}, "role": role}

    def _check_account(self, typed: Typed, username: str, account: Account) -> None:
        if not account.may_be_managed:
            typed.blame("username", f"Tài khoản “{username}” do nơi khác quản lý.")
            return
        is_active = typed.values.get("is_active", True)
        if is_active != (account.user.is_active if account.user else True):
            typed.blame("is_active", f"Khóa, mở tài khoản: {ON_THE_PAGE}")
        person = User(username=username, **account.profile)
        try:
            if account.user is None:
                services.plain_username()(username)
        except ValidationError as error:
            typed.blame("username", " ".join(error.messages))
            return
        try:
            person.clean_fields(exclude=["password"])
        except ValidationError as error:
            for name, reasons in error.message_dict.items():
                typed.blame(name, " ".join(reasons))

    def _role(
        self, typed: Typed, account: Account, places: Places
    ) -> tuple[Role, services.Scope, date, date | None] | None:
        """The role this line gives; None where the person has it already, or where the line is blamed."""
        values, user = typed.values, account.user
        role, end = Role(values["role"]), values.get("valid_to")
        starts = values.get("valid_from") or clock.today()
        try:
            place = places.find(role, values["place_code"], starts)
        except ValueError as error:
            typed.blame("place_code", str(error))
            return None
        named = plain_name(values.get("place") or "")
        if named and fold(named) not in (fold(plain_name(str(place))), fold(place.name)):
            typed.blame(
                "place",
                f"Mã {values['place_code']} là {getattr(place, 'phrase', place)}, không phải “{values['place']}”.",
            )
        if end and end < starts:
            typed.blame("valid_to", "Ngày kết thúc phải sau ngày bắt đầu.")
        for first, last, line in account.roles[role, place.pk]:
            if (last is None or last >= starts) and (end is None or first <= end):
                typed.blame("username", f"Trùng với dòng {line}: cùng vai trò, cùng nơi, cùng thời gian.")
                break
        account.roles[role, place.pk].append((starts, end, typed.record.number))
        if user is not None and self._has_already(typed, user, role, place, starts):
            return None
        if not services.can_grant(places.by, role, place):
            typed.blame("role", "Vai trò này do người quản trị hệ thống cấp.")
        if user is not None and user.pk == places.by.pk:
            typed.blame("role", "Không tự cấp vai trò cho chính mình được; nhờ người quản lý khác.")
        return role, place, starts, end

    def _has_already(self, typed: Typed, user: User, role: Role, place: services.Scope, starts: date) -> bool:
        """Whether the person holds this role at that time; blames a line that says other days than the role has."""
        values, end = typed.values, typed.values.get("valid_to")
        for item in user.memberships.all():
            is_over = item.valid_to is not None and item.valid_to < starts and item.valid_from != starts
            if item.role != role or not _is_for(item, place) or is_over:
                continue
            if values.get("valid_from") in (None, item.valid_from) and (
                "valid_to" not in values or item.valid_to == end
            ):
                return True
            if values.get("valid_from") == item.valid_from:
                typed.blame("valid_to", f"Vai trò này đã có; đổi ngày kết thúc: {ON_THE_PAGE}")
                return True
            if (item.valid_to is None or item.valid_to >= starts) and (end is None or item.valid_from <= end):
                typed.blame("valid_from", f"Đã có vai trò này từ ngày {day(item.valid_from)}.")
                return True
        return False

    # ------------------------------------------------------------ saving

    def apply(self, planned: list[Planned], *, by: User, target: str) -> tuple[list[Any], dict[str, Any]]:
        """The row changes: [line, account, label, old profile or None for a new account, new values with the role]."""
        made: dict[str, User] = {}
        rows = []
        for row in planned:
            if row.state not in (State.NEW, State.CHANGED):
                continue
            username, profile, given = row.work["username"], row.work["profile"], row.work["role"]
            user: User | None = row.work["account"].user or made.get(username)
            old: dict[str, str] | None = {}
            held = set(user.memberships.values_list("pk", flat=True)) if user else set()
            if user is None:
                role, place, begin, end = given
                user, _ = services.create_user(
                    username=username, role=role, scope=place, by=by, valid_from=begin, valid_to=end,
                    has_password=False, **profile,
                )  # fmt: skip
                made[username] = user
                old = None
            else:
                old = {name: getattr(user, name) for name in profile}
                if profile:
                    for name, value in profile.items():
                        setattr(user, name, value)
                    services.change_user(user, by=by)
                if given:
                    role, place, begin, end = given
                    services.grant_membership(user, role=role, scope=place, by=by, valid_from=begin, valid_to=end)
            roles = [[item.pk, plain(item.valid_to)] for item in user.memberships.order_by("pk") if item.pk not in held]
            rows.append([row.record.number, user.pk, row.label, old, {**profile, "roles": roles}])
        return rows, {"model": User._meta.label_lower, "at": clock.machine_now().isoformat()}

    def undo(self, rows: list[Any], data: Mapping[str, Any], *, by: User) -> None:
        given: dict[int, set[int]] = defaultdict(set)
        for row in rows:
            given[row[1]].update(pk for pk, _ in row[4]["roles"])
        reasons = []
        for _, key, label, old, new in reversed(rows):
            user = User.objects.select_for_update(of=("self",)).filter(pk=key).first()
            try:
                if user is None:
                    raise ValidationError("không còn trên cổng.")
                if old is None:
                    self._remove(user, new, given[key], by=by)
                else:
                    self._take_back(user, old, new, data["at"], by=by)
            except ValidationError as error:
                reasons.append(f"{label}: {' '.join(error.messages)}")
            except PermissionDenied:
                reasons.append(f"{label}: nay do nơi khác quản lý.")
        if reasons:
            raise CannotUndo(reasons[:NAMED_AT_MOST])

    def _remove(self, user: User, new: dict[str, Any], given: set[int], *, by: User) -> None:
        """given: the roles that the whole import gave this person."""
        _not_changed(user, new)
        if set(user.memberships.values_list("pk", flat=True)) - given:
            raise ValidationError("đã được giao thêm vai trò sau lần nhập này.")
        services.remove_account(user, by=by)

    def _take_back(self, user: User, old: dict[str, str], new: dict[str, Any], at: str, *, by: User) -> None:
        """at: when it was saved, by the machine's clock, as a sign-in is."""
        _not_changed(user, new)
        roles = {role.pk: role for role in user.memberships.filter(pk__in=[pk for pk, _ in new["roles"]])}
        if any(pk not in roles or plain(roles[pk].valid_to) != end for pk, end in new["roles"]):
            raise ValidationError("vai trò đã thay đổi sau lần nhập này.")
        if roles and user.last_login and user.last_login > datetime.fromisoformat(at):
            raise ValidationError(f"đã làm việc với vai trò này; kết thúc vai trò: {ON_THE_PAGE}")
        for role in roles.values():
            services.withdraw_membership(role, by=by)
        if old:
            for name, value in old.items():
                setattr(user, name, value)
            services.change_user(user, by=by)

    def result_url(self, data: Mapping[str, Any]) -> str:
        return reverse("communes:user-list")


def _not_changed(user: User, new: Mapping[str, Any]) -> None:
    if any(getattr(user, name) != new[name] for name in PROFILE if name in new):
        raise ValidationError("đã có người sửa sau lần nhập này.")


def _is_for(item: Membership, place: "Authority | Agency | Commune") -> bool:
    return place.pk == getattr(item, f"{place._meta.model_name}_id")


def unused_accounts(data: Mapping[str, Any], *, by: User, has_password: bool) -> "models.QuerySet[User]":
    """Of the accounts that an import made those that nobody has signed in to; data: of its event."""
    keys = [row[1] for row in data["rows"] if row[3] is None]
    return services.never_used(keys, by=by, has_password=has_password)
