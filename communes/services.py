"""Accounts and memberships: made, changed, locked, ended and handed over, each with its line in the journal."""

import secrets
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from axes.models import AccessAttempt
from axes.utils import reset as reset_attempts
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import ProtectedError, Q, QuerySet
from rest_framework.authtoken.models import Token

from . import clock, journal, news, notation
from .models import Agency, Authority, Commune, Membership, User, within
from .permissions import Permission, Role
from .units import changes, load_reference_units, values

__all__ = [
    "add_authority",
    "can_grant",
    "can_manage",
    "change_own_password",
    "change_user",
    "create_first_administrator",
    "create_user",
    "deactivate",
    "end_membership",
    "give_first_passwords",
    "give_token",
    "grant_membership",
    "hand_over",
    "is_locked",
    "is_outdated",
    "load_reference_units",
    "locked_usernames",
    "manageable_authorities",
    "managed",
    "never_used",
    "plain_username",
    "reactivate",
    "remove_account",
    "reset_password",
    "revoke_token",
    "token_given_at",
    "unlock",
    "withdraw_membership",
]

Scope = Authority | Agency | Commune

# Without letters and digits that are mistaken for each other when read out or copied from paper.
READABLE = "abcdefghkmnpqrstuvwxyz23456789"
PROFILE = ("username", "full_name", "position", "phone", "email")


def plain_username() -> RegexValidator:
    return RegexValidator(
        r"^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$", "Chỉ dùng chữ thường không dấu, chữ số, dấu chấm và gạch nối."
    )


def readable_password() -> str:
    """A random initial password, e.g. "hm4t-wq7x-kd9r": 12 signs of 30, about 59 bits."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(3))


def forget_memberships(user: User) -> None:
    """Make a user object that lives on ask again what it may do."""
    for name in ("active_memberships", "permissions"):
        user.__dict__.pop(name, None)


# ---------------------------------------------------------------- who may manage whom


def authority_of(scope: Scope) -> Authority:
    return scope if isinstance(scope, Authority) else scope.authority


def can_grant(actor: User, role: Role, scope: Scope) -> bool:
    """Administrators give every role; coordinators those of their own authority, but administrator."""
    if actor.has(Permission.ACCOUNT_MANAGE):
        return True
    ids = actor.scope("authority", needs=Permission.PEOPLE_MANAGE)
    return role is not Role.ADMINISTRATOR and authority_of(scope).is_within(ids)


def manageable_authorities(actor: User) -> QuerySet[Authority]:
    """Authorities in force today whose people `actor` looks after."""
    found = Authority.objects.valid_on(clock.today())
    if actor.has(Permission.ACCOUNT_MANAGE):
        return found
    ids = actor.scope("authority", needs=Permission.PEOPLE_MANAGE)
    return found.filter(Q(pk__in=ids) | within("parent", ids))


def managed(actor: User) -> QuerySet[User]:
    """The accounts that `actor` may change.

    A coordinator may not where the person also works for someone else, or will: a new password would open that too.
    """
    if actor.has(Permission.ACCOUNT_MANAGE):
        return User.objects.all()
    ids = actor.scope("authority", needs=Permission.PEOPLE_MANAGE)
    own = within("authority", ids) | within("agency__authority", ids) | within("commune__authority", ids)
    inside = Membership.objects.filter(own).exclude(role=Role.ADMINISTRATOR)
    elsewhere = Membership.objects.exclude(valid_to__lt=clock.today()).exclude(pk__in=inside.order_by().values("pk"))
    return User.objects.for_user(actor).exclude(pk__in=elsewhere.order_by().values("user"))


def can_manage(actor: User, person: User) -> bool:
    return managed(actor).filter(pk=person.pk).exists()


def scope_of(membership: Membership) -> Scope:
    scope = membership.commune or membership.agency or membership.authority
    if scope is None:
        raise ValueError("a membership without scope")  # the database does not let it come to this
    return scope


def _may_manage(actor: User, person: User) -> None:
    if not can_manage(actor, person):
        raise PermissionDenied


def _not_oneself(actor: User, person: User, message: str) -> None:
    if actor.pk == person.pk:
        raise ValidationError(message)


def _keep_an_administrator(person: User, after: date) -> None:
    """Raise ValidationError unless someone else administers the portal after that day; holds others off meanwhile."""
    # The accounts are locked too: two administrators who close each other's at once would otherwise both succeed.
    posts = (
        Membership.objects.select_for_update(of=("self", "user"))
        .select_related("user")
        .filter(role=Role.ADMINISTRATOR, user__is_active=True)
    )
    in_force = [item for item in posts if item.valid_to is None or item.valid_to > after]
    if any(item.user_id != person.pk for item in in_force):
        return
    raise ValidationError(
        "Đây là người quản trị hệ thống duy nhất. Cấp vai trò quản trị cho một người khác trước rồi mới thực hiện được."
    )


# ---------------------------------------------------------------- accounts


def _new_user(profile: dict[str, str], *, has_password: bool = True) -> tuple[User, str]:
    password = readable_password() if has_password else ""
    user = User(**profile, must_change_password=True)
    user.username = user.username.lower()
    user.set_password(password or None)
    user.full_clean()
    user.save()
    return user, password


@transaction.atomic
def add_authority(*, code: str, name: str, locality: str) -> Authority:
    """The first authority of an office that starts with an empty portal."""
    authority = Authority(
        code=code,
        name=name,
        kind=Authority.Kind.PROVINCE,
        locality=locality,
        letterhead=name.upper(),
        valid_from=clock.today(),
    )
    authority.full_clean()
    authority.save()
    journal.record("authority.created", subject=authority, by=None)
    return authority


@transaction.atomic
def create_first_administrator(*, username: str, full_name: str, authority: Authority) -> tuple[User, str]:
    """The account with which all others are made; returns it and its initial password.

    Raises ValidationError when someone administers the portal already.
    """
    today = clock.today()
    if Membership.objects.valid_on(today).filter(role=Role.ADMINISTRATOR, user__is_active=True).exists():
        raise ValidationError(
            "Đã có người quản trị hệ thống. Quên mật khẩu thì dùng lệnh: manage.py changepassword TÊN"
        )
    user, password = _new_user({"username": username, "full_name": full_name})
    Membership.objects.create(user=user, role=Role.ADMINISTRATOR, authority=authority, valid_from=today)
    journal.record("user.created", subject=user, by=None, data={"username": user.username, "role": Role.ADMINISTRATOR})
    return user, password


@transaction.atomic
def create_user(
    *,
    username: str,
    full_name: str,
    role: Role,
    scope: Scope,
    by: User,
    position: str = "",
    phone: str = "",
    email: str = "",
    valid_from: date | None = None,
    valid_to: date | None = None,
    has_password: bool = True,
) -> tuple[User, str]:
    """A new account with its first role; returns it and the initial password, which is stored nowhere.

    An account made without a password opens nothing until `give_first_passwords`.
    Raises ValidationError (name taken or malformed) and PermissionDenied (role or place not `by`'s to give).
    """
    if not can_grant(by, role, scope):
        raise PermissionDenied
    profile = {"username": username, "full_name": full_name, "position": position, "phone": phone, "email": email}
    user, password = _new_user(profile, has_password=has_password)
    journal.record("user.created", subject=user, by=by, data=values(user, PROFILE))
    _grant(user, role, scope, by=by, valid_from=valid_from or clock.today(), valid_to=valid_to)
    return user, password


def never_used(keys: Iterable[int], *, by: User, has_password: bool) -> QuerySet[User]:
    """Of these accounts the open ones that `by` manages and nobody has signed in to; has_password: got one before."""
    unusable = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    rows = managed(by).filter(~unusable if has_password else unusable, pk__in=list(keys), is_active=True)
    return rows.filter(last_login=None).order_by("username")


@transaction.atomic
def give_first_passwords(people: QuerySet[User], *, by: User) -> list[tuple[User, str]]:
    """An initial password for each of these accounts, stored nowhere. Raises PermissionDenied as `reset_password`."""
    # Locked by key: who waits is asked again once the rows are held.
    keys = list(
        User.objects.filter(pk__in=people.values("pk"))
        .order_by("pk")
        .select_for_update(of=("self",))
        .values_list("pk", flat=True)
    )
    return [(person, reset_password(person, by=by)) for person in people.filter(pk__in=keys)]


@transaction.atomic
def remove_account(user: User, *, by: User) -> None:
    """Delete an account made by mistake, with its roles. Raises ValidationError where somebody has used it."""
    _may_manage(by, user)
    if user.last_login is not None:
        raise ValidationError(f"{user.full_name} đã dùng tài khoản này.")
    journal.record("user.removed", subject=user, by=by, data=values(user, PROFILE))
    try:
        user.memberships.all().delete()
        user.delete()
    except ProtectedError as error:
        raise ValidationError(f"Tài khoản của {user.full_name} đã gắn với dữ liệu khác.") from error


@transaction.atomic
def change_user(user: User, *, by: User) -> None:
    """Store a changed profile: names, position, telephone, e-mail."""
    if by.pk != user.pk:
        _may_manage(by, user)
    before = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    user.username = user.username.lower()
    old, new = changes(values(before, PROFILE), user)
    if not new:
        return
    user.save(update_fields=PROFILE)
    event = journal.record("user.changed", subject=user, by=by, old=old, new=new)
    news.tell_of_account(event, user, f"{by} đã sửa thông tin tài khoản.")


def _set_password(user: User, password: str, *, must_change: bool) -> None:
    """A new password also ends every session of the person, for each carries a hash of the old one, and the token."""
    user.set_password(password)
    user.must_change_password = must_change
    user.save(update_fields=["password", "must_change_password"])
    Token.objects.filter(user=user).delete()


def is_outdated(token: Token) -> bool:
    """Whether a key to the API is older than API_TOKEN_DAYS; in the demonstration too by the real time."""
    age: float = time.time() - token.created.timestamp()
    return age > settings.API_TOKEN_DAYS * 24 * 60 * 60


def token_given_at(user: User) -> datetime | None:
    """When the key to the API that still opens it was given; None where there is none."""
    token = Token.objects.filter(user=user).first()
    return token.created if token and not is_outdated(token) else None


@transaction.atomic
def give_token(user: User) -> str:
    """The person's own key to the API; the same one until it is too old, taken back or the password changes."""
    token = Token.objects.filter(user=user).first()
    if token and is_outdated(token):
        token.delete()
        token = None
    if token is None:
        token, _ = Token.objects.get_or_create(user=user)
        journal.record("user.token_given", subject=user, by=user)
    key: str = token.key
    return key


@transaction.atomic
def revoke_token(user: User, *, by: User) -> None:
    """Take the key to the API back; the next one is another."""
    if by.pk != user.pk:
        _may_manage(by, user)
    deleted, _ = Token.objects.filter(user=user).delete()
    if deleted:
        event = journal.record("user.token_revoked", subject=user, by=by)
        news.tell_of_account(event, user, f"{by} đã thu hồi mã truy cập API của tài khoản.")


@transaction.atomic
def reset_password(user: User, *, by: User) -> str:
    """Give a new initial password, to be changed at the first sign-in; open sessions end, a lock is lifted."""
    _may_manage(by, user)
    _not_oneself(by, user, "Đổi mật khẩu của chính mình ở mục “Đổi mật khẩu”.")
    password = readable_password()
    _set_password(user, password, must_change=True)
    reset_attempts(username=user.username)
    event = journal.record("user.password_reset", subject=user, by=by)
    news.tell_of_account(event, user, f"{by} đã cấp lại mật khẩu cho tài khoản.")
    return password


@transaction.atomic
def change_own_password(user: User, password: str) -> None:
    """The person's own choice, already checked by the form."""
    _set_password(user, password, must_change=False)
    journal.record("user.password_changed", subject=user, by=user)


def locked_usernames() -> list[str]:
    """User names, as they were typed, for which sign-in is refused somewhere after too many wrong passwords."""
    # Attempts are stamped with the real time, in the demonstration too.
    since = datetime.fromtimestamp(time.time(), UTC) - settings.AXES_COOLOFF_TIME
    attempts = AccessAttempt.objects.filter(
        failures_since_start__gte=settings.AXES_FAILURE_LIMIT, attempt_time__gt=since
    )
    return sorted({name.lower() for name in attempts.values_list("username", flat=True) if name})


def is_locked(user: User) -> bool:
    return user.username in locked_usernames()


@transaction.atomic
def unlock(user: User, *, by: User) -> None:
    """Let a person try again at once who typed a wrong password too often."""
    _may_manage(by, user)
    reset_attempts(username=user.username)
    event = journal.record("user.unlocked", subject=user, by=by)
    news.tell_of_account(event, user, f"{by} đã mở khóa đăng nhập cho tài khoản.")


@transaction.atomic
def deactivate(user: User, *, reason: str, by: User) -> None:
    """Close an account: sessions end at once, work done stays under the person's name."""
    _may_manage(by, user)
    _not_oneself(by, user, "Không tự khóa tài khoản của chính mình được.")
    if user.plays(Role.ADMINISTRATOR):
        _keep_an_administrator(user, clock.today())
    user.is_active = False
    # An account opened again later must not bring back a session left open on some computer.
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    Token.objects.filter(user=user).delete()
    journal.record("user.deactivated", subject=user, by=by, data={"reason": reason})


@transaction.atomic
def reactivate(user: User, *, by: User) -> str:
    """Open a closed account again; returns the new initial password."""
    _may_manage(by, user)
    user.is_active = True
    password = readable_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["is_active", "password", "must_change_password"])
    event = journal.record("user.reactivated", subject=user, by=by)
    news.tell_of_account(event, user, f"{by} đã mở lại tài khoản.")
    return password


# ---------------------------------------------------------------- memberships


def _grant(user: User, role: Role, scope: Scope, *, by: User, valid_from: date, valid_to: date | None) -> Membership:
    place: dict[str, Any] = {role.scope: scope}
    same = Membership.objects.filter(user=user, role=role, **place)
    clashing = [
        item
        for item in same
        if (item.valid_to is None or item.valid_to >= valid_from) and (valid_to is None or item.valid_from <= valid_to)
    ]
    if clashing:
        raise ValidationError(f"{user.full_name} đã có vai trò này trong thời gian đó: {clashing[0]}.")
    membership = Membership(user=user, role=role, valid_from=valid_from, valid_to=valid_to, **place)
    membership.full_clean()
    membership.save()
    forget_memberships(user)
    event = journal.record(
        "membership.granted",
        subject=user,
        by=by,
        data={"role": role, "scope": scope, "from": valid_from, "to": valid_to, "membership": membership.pk},
    )
    news.tell_of_account(event, user, f"Được giao vai trò {membership} từ ngày {notation.day(valid_from)}.")
    return membership


@transaction.atomic
def grant_membership(
    user: User, *, role: Role, scope: Scope, by: User, valid_from: date | None = None, valid_to: date | None = None
) -> Membership:
    """Give a person one more role, from today on unless another day is said.

    Nobody gives himself a role: who runs the accounts could otherwise make himself the head who approves.
    """
    _not_oneself(by, user, "Không tự cấp vai trò cho chính mình được; nhờ người quản lý khác.")
    _may_manage(by, user)
    if not can_grant(by, role, scope):
        raise PermissionDenied
    return _grant(user, role, scope, by=by, valid_from=valid_from or clock.today(), valid_to=valid_to)


@transaction.atomic
def withdraw_membership(membership: Membership, *, by: User) -> None:
    """Take a role back that nobody has worked in, as if it had never been given; the journal keeps both."""
    role, scope = Role(membership.role), scope_of(membership)
    if not can_grant(by, role, scope):
        raise PermissionDenied
    if role is Role.ADMINISTRATOR:
        _keep_an_administrator(membership.user, clock.today())
    data = {"role": role, "scope": scope, "membership": membership.pk}
    event = journal.record("membership.withdrawn", subject=membership.user, by=by, data=data)
    news.tell_of_account(event, membership.user, f"Vai trò {membership} đã được rút lại.")
    membership.delete()
    forget_memberships(membership.user)


@transaction.atomic
def end_membership(membership: Membership, *, by: User, on: date | None = None) -> None:
    """End a role; `on` is its last day (default: today)."""
    role, last_day = Role(membership.role), on or clock.today()
    if not can_grant(by, role, scope_of(membership)):
        raise PermissionDenied
    if role is Role.ADMINISTRATOR:
        _keep_an_administrator(membership.user, last_day)
    _end(membership, last_day, by=by)


def _end(membership: Membership, last_day: date, *, by: User) -> None:
    membership.valid_to = last_day
    membership.full_clean()
    membership.save(update_fields=["valid_to"])
    forget_memberships(membership.user)
    event = journal.record(
        "membership.ended",
        subject=membership.user,
        by=by,
        data={"role": membership.role, "scope": scope_of(membership), "on": last_day, "membership": membership.pk},
    )
    news.tell_of_account(event, membership.user, f"Vai trò {membership} kết thúc vào ngày {notation.day(last_day)}.")


@transaction.atomic
def hand_over(giver: User, receiver: User, *, by: User) -> list[Membership]:
    """Move every role of one person to another as of today; open work follows, for it belongs to the place.

    The giver keeps the roles to the end of the day. Raises ValidationError where nothing can be handed over.
    """
    _may_manage(by, giver)
    _not_oneself(by, receiver, "Không tự nhận bàn giao; nhờ người quản lý khác.")
    if giver.pk == receiver.pk:
        raise ValidationError("Người nhận phải là một người khác.")
    if not receiver.is_active:
        raise ValidationError(f"Tài khoản của {receiver.full_name} đã khóa.")
    today = clock.today()
    forget_memberships(giver)
    lasting = [item for item in giver.active_memberships if item.valid_to != today]
    if not lasting:
        raise ValidationError(f"{giver.full_name} không còn vai trò nào để bàn giao.")
    taken = []
    for item in lasting:
        role, scope = Role(item.role), scope_of(item)
        if not can_grant(by, role, scope):
            raise PermissionDenied
        held = receiver.memberships.valid_on(today).filter(role=role, **{role.scope: scope}).first()
        taken.append(held or _grant(receiver, role, scope, by=by, valid_from=today, valid_to=item.valid_to))
        _end(item, today, by=by)
    giver.handed_over_to = receiver
    giver.save(update_fields=["handed_over_to"])
    journal.record("user.handed_over", subject=giver, by=by, data={"to": receiver, "to_id": receiver.pk})
    return taken
