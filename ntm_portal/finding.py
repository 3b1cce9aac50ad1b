"""What the search in the header looks through, each kind limited to what the person may see."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from communes.models import Commune, User
from communes.permissions import Permission
from criteria.models import CriteriaSet, Criterion
from inspections.models import Dossier, Evidence
from reports.models import Notice

AT_MOST = 8  # of each kind; who finds more types one more word
SHORTEST = 2


@dataclass(frozen=True)
class Hit:
    title: str
    detail: str
    url: str


@dataclass(frozen=True)
class Group:
    """Hits of one kind; `more` when there are others that are not shown."""

    heading: str
    hits: list[Hit]
    more: bool


def find(user: User, words: str) -> list[Group]:
    """Groups that have hits, in the order they are looked for; words of fewer than two letters find nothing."""
    if len(words) < SHORTEST:
        return []
    searches: tuple[tuple[str, Permission | None, Callable[[User, str], Iterable[Hit]]], ...] = (
        ("Đơn vị", Permission.UNIT_READ, communes),
        ("Hồ sơ", Permission.DOSSIER_READ, dossiers),
        ("Tiêu chí", Permission.CRITERIA_READ, criteria),
        ("Minh chứng", Permission.DOSSIER_READ, evidence),
        ("Thông báo", Permission.NOTICE_READ, notices),
        ("Người dùng", Permission.PEOPLE_MANAGE, people),
    )
    groups = []
    for heading, permission, look in searches:
        if permission is None or user.has(permission):
            hits = list(look(user, words))
            if hits:
                groups.append(Group(heading, hits[:AT_MOST], len(hits) > AT_MOST))
    return groups


def communes(user: User, words: str) -> Iterable[Hit]:
    found = Commune.objects.for_user(user).search(words).select_related("authority").order_by("name", "-valid_from")
    for commune in found[: AT_MOST + 1]:
        past = f", đến hết {commune.valid_to:%d/%m/%Y}" if commune.valid_to else ""
        yield Hit(commune.title, f"{commune.code} · {commune.authority}{past}", commune.get_absolute_url())


def dossiers(user: User, words: str) -> Iterable[Hit]:
    communes = Commune.objects.search(words).order_by().values("pk")
    found = (
        Dossier.objects.for_user(user)
        .filter(Q(inspection__commune__in=communes) | Q(village__name__unaccent__icontains=words))
        .with_context()
        .defer("frozen")
        .order_by("-round__period_from", "pk")
    )
    for dossier in found[: AT_MOST + 1]:
        title = f"{dossier.unit.title} · {dossier.criteria_set.short_name}"
        yield Hit(title, f"{dossier.round.name} · {dossier.get_status_display()}", dossier.get_absolute_url())


def criteria(user: User, words: str) -> Iterable[Hit]:
    sets = CriteriaSet.objects.for_user(user).order_by()
    found = (
        Criterion.objects.filter(criteria_set__in=sets)
        .filter(Q(name__unaccent__icontains=words) | Q(indicators__text__unaccent__icontains=words))
        .select_related("criteria_set")
        .order_by("-criteria_set__effective_from", "criteria_set", "number")
        .distinct()
    )
    for criterion in found[: AT_MOST + 1]:
        address = f"{criterion.criteria_set.get_absolute_url()}#tieu-chi-{criterion.number}"
        yield Hit(f"Tiêu chí {criterion.number}: {criterion.name}", str(criterion.criteria_set), address)


def evidence(user: User, words: str) -> Iterable[Hit]:
    found = (
        Evidence.objects.for_user(user)
        .filter(
            Q(title__unaccent__icontains=words)
            | Q(number__unaccent__icontains=words)
            | Q(original_name__unaccent__icontains=words),
            replaced_by=None,
        )
        .order_by("-uploaded_at", "-pk")
    )
    for item in found[: AT_MOST + 1]:
        detail = " · ".join(part for part in (item.number, item.issuer, item.original_name) if part)
        yield Hit(item.title or item.original_name, detail, reverse("inspections:evidence-detail", args=[item.pk]))


def notices(user: User, words: str) -> Iterable[Hit]:
    wanted = Q(round__name__unaccent__icontains=words) | Q(symbol__unaccent__icontains=words)
    if words.isdecimal():
        wanted |= Q(number=int(words[:6]))
    found = Notice.objects.for_user(user).filter(wanted).select_related("round").order_by("-pk")
    for notice in found[: AT_MOST + 1]:
        address = reverse("reports:notice-preview", args=[notice.public_id])
        yield Hit(str(notice), f"{notice.round.name} · {notice.get_status_display()}", address)


def people(user: User, words: str) -> Iterable[Hit]:
    found = (
        User.objects.for_user(user)
        .filter(Q(full_name__unaccent__icontains=words) | Q(username__icontains=words))
        .order_by("full_name", "pk")
    )
    for person in found[: AT_MOST + 1]:
        detail = person.position or person.username
        yield Hit(person.full_name, detail, person.get_absolute_url())
