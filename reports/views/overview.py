"""The overview of a district, a province or the country, the lists behind its figures, and its course of the years."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from communes.models import Authority, User
from communes.permissions import Permission, require
from inspections.progress import periods
from inspections.progress.picture import Picture

from ..presenters.overview import Overview
from ..presenters.overview_course import course_of
from ..presenters.overview_lists import KINDS, OF_OPEN_ROUNDS, UnitList, Wanted
from .common import user_of

READERS = (Permission.ROUND_READ, Permission.OPINION_GIVE)


@require_safe
@require(*READERS)
def overview(request: HttpRequest) -> HttpResponse:
    """Of the own authority; of several the one highest up, the others a click away."""
    user = user_of(request)
    own = user.scope("authority", needs=Permission.ROUND_READ) | user.agency_authority_ids
    ranks = Authority.Kind.values
    found = sorted(
        periods.read_by(user).filter(pk__in=own).distinct(), key=lambda row: (ranks.index(row.kind), row.name)
    )
    if not found:
        return render(request, "reports/overview_none.html")
    return _page(request, user, found[0], found)


@require_safe
@require(*READERS)
def overview_of(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    return _page(request, user, _authority(user, pk), [])


def _page(request: HttpRequest, user: User, authority: Authority, own: list[Authority]) -> HttpResponse:
    seen = _picture(request, user, authority)
    context = {
        "seen": seen,
        "page": Overview(seen, request.GET.get("page", "")),
        "authority": authority,
        "others": [row for row in own if row != authority],
        "crumbs": _crumbs(user, authority),
    }
    return render(request, "reports/overview.html", context)


@require_safe
@require(*READERS)
def overview_list(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    user = user_of(request)
    authority = _authority(user, pk)
    seen = _picture(request, user, authority)
    chosen = KINDS.get(kind)
    if chosen is None or (chosen.of_all and not seen.reads_all):
        raise Http404
    shown = UnitList(seen, chosen, Wanted.of(request.GET), request.GET.get("page", ""))
    context = {
        "seen": seen,
        "list": shown,
        "authority": authority,
        "of_open_rounds": kind in OF_OPEN_ROUNDS,
        "overview_url": Overview(seen).to.overview(),
        "bare_url": Overview(seen).to.list(kind, tc=shown.criterion),
        "crumbs": _crumbs(user, authority, (chosen.title, "")),
    }
    return render(request, "reports/overview_list.html", context)


@require_safe
@require(*READERS)
def overview_course(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    authority = _authority(user, pk)
    seen = _picture(request, user, authority)
    context = {
        "seen": seen,
        "course": course_of(seen) if seen.tab else None,
        "authority": authority,
        "overview_url": Overview(seen).to.overview(),
        "crumbs": _crumbs(user, authority, ("Diễn biến từng tiêu chí", "")),
    }
    return render(request, "reports/overview_course.html", context)


def _authority(user: User, pk: int) -> Authority:
    """An authority whose units' results the person reads; else 404."""
    return get_object_or_404(periods.read_by(user).select_related("parent__parent__parent").distinct(), pk=pk)


def _picture(request: HttpRequest, user: User, authority: Authority) -> Picture:
    return Picture(authority, user, wanted=request.GET.get("dot", ""), code=request.GET.get("bo", ""))


def _crumbs(user: User, authority: Authority, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """The bodies above that the person reads too, then this one."""
    ids = user.scope("authority", needs=Permission.ROUND_READ)
    chain = [authority]
    while chain[-1].pk not in ids and chain[-1].parent and chain[-1].parent.is_within(ids):
        chain.append(chain[-1].parent)
    found = [(row.name, reverse("reports:overview-of", args=[row.pk])) for row in reversed(chain)]
    found = [("Tổng quan", reverse("reports:overview")), *found, *more]
    return [*found[:-1], (found[-1][0], "")]
