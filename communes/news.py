"""Who works where, for telling people; and what is told of accounts and roles: to the person concerned."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.urls import reverse

from . import clock
from .models import Event, Membership, User
from .notifications import Kind, tell
from .permissions import Permission, roles_with


def _in_force() -> QuerySet[Membership]:
    return Membership.objects.valid_on(clock.today()).filter(user__is_active=True).order_by()


def people_of_communes(commune_ids: Iterable[int]) -> dict[int, set[int]]:
    """{commune id: ids of its officers and leaders}, of those communes that have any: one query."""
    found: dict[int, set[int]] = {}
    rows = _in_force().filter(commune__in=set(commune_ids)).values_list("commune", "user")
    for commune_id, user_id in rows:
        found.setdefault(commune_id, set()).add(user_id)
    return found


def people_of_agencies(agency_ids: Iterable[int]) -> set[int]:
    return set(_in_force().filter(agency__in=set(agency_ids)).values_list("user", flat=True))


def people_of_authority(authority_id: int, permission: Permission) -> set[int]:
    """Whoever has the permission for this very authority."""
    rows = _in_force().filter(authority=authority_id, role__in=roles_with(permission))
    return set(rows.values_list("user", flat=True))


def cause_of(event: Event) -> str:
    """An act is told once: the event in the journal names it."""
    return f"event:{event.pk}"


def tell_of_account(event: Event, person: User, sentence: str) -> None:
    """Tell a person what somebody else did with the account; what one does oneself is no news."""
    if event.actor_id == person.pk:
        return
    link = reverse("communes:account")
    tell([person.pk], kind=Kind.ACCOUNT, cause=cause_of(event), sentence=sentence, link=link, at=event.at)
