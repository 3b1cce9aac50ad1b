"""The commune's library: the list, one piece with its uses and versions, a newer version in the place of an older."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from communes import clock
from communes.permissions import Permission, require

from .. import services
from ..evidence import ACCEPT
from ..forms.evidence import LibraryFilter, NewVersionForm
from ..models import Assessment, Evidence, EvidenceLink
from ..presenters.library import narrowed, pieces, search_library, versions_of
from ..workflow import NotAllowed, Refused
from .common import sent
from .evidence import NOT_SERVED, description_rows, own_communes, piece_for

PIECES_A_PAGE = 25
PAGES_SHOWN = 40
FOUND_SHOWN = 20
KEPT = ("title", "issuer", "kind")  # what a newer version usually has in common with the older


@require_safe
@require(Permission.DOSSIER_READ)
def evidence_list(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    form = LibraryFilter(request.GET)
    rows = narrowed(Evidence.objects.for_user(user).select_related("commune"), form.given(), user)
    page = Paginator(rows.order_by("-uploaded_at", "-pk"), PIECES_A_PAGE).get_page(request.GET.get("page"))
    own = own_communes(user)
    context = {
        "page": page,
        "form": form,
        "may_add": bool(own),
        "shows_commune": len(own) != 1,
        "rows": pieces(page, user),
    }
    return render(request, "inspections/evidence_list.html", context)


@require_safe
@require(Permission.DOSSIER_READ)
def evidence_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = _user(request)
    evidence = piece_for(request, pk)
    uses = EvidenceLink.objects.filter(evidence=evidence, assessment__in=Assessment.objects.for_user(user).order_by())
    context = {
        "evidence": evidence,
        "rows": description_rows(evidence),
        "uses": uses.select_related(
            "assessment__indicator",
            "assessment__criterion",
            "assessment__dossier__round",
            "assessment__dossier__village",
            "assessment__dossier__inspection__commune",
            "assessment__dossier__criteria_set",
        ).order_by("assessment__dossier", "assessment__criterion__number", "assessment__indicator__position"),
        "versions": versions_of(evidence, user),
        "may_edit": evidence.visit_id is None
        and evidence.commune_id in user.scope("commune", needs=Permission.DOSSIER_EDIT),
        "is_served": evidence.scan not in NOT_SERVED,
        "pages": range(1, min(evidence.page_count, PAGES_SHOWN) + 1) if evidence.is_previewable else [],
        "crumbs": [("Minh chứng", reverse("inspections:evidence-list")), (evidence.label, "")],
    }
    return render(request, "inspections/evidence_detail.html", context)


# ---------------------------------------------------------------- a newer version


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DOSSIER_EDIT)
def evidence_replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Upload the newer version, or choose one that is in the library already; what then happens is shown first."""
    old = _own_piece(request, pk)
    if old.is_replaced:
        messages.error(request, f"{old.label} đã được thay bằng bản mới.")
        return redirect("inspections:evidence-detail", pk)
    form = NewVersionForm(sent(request), request.FILES or None, initial={name: getattr(old, name) for name in KEPT})
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            added = services.add_evidence(old.commune, form.cleaned_data["file"], meta=form.given(), by=_user(request))
        except Refused as refused:
            problems = refused.messages
        else:
            if added.evidence.pk != old.pk:
                return redirect("inspections:evidence-replace-check", pk, added.evidence.pk)
            problems = ["Tệp vừa chọn giống hệt bản đang có; chọn tệp của bản mới."]
    words = request.GET.get("tim", "")[:100]
    context = {
        "evidence": old,
        "form": form,
        "errors": problems,
        "accept": ACCEPT,
        "words": words,
        "found": _candidates(old, words),
        "crumbs": _crumbs(old, ("Thay bằng bản mới", "")),
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "inspections/evidence_replace.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DOSSIER_EDIT)
def replacement_check(request: HttpRequest, pk: int, new: int) -> HttpResponse:
    """Every place that will use the newer version, and every place that keeps the older; then the act itself."""
    old, newer = _own_piece(request, pk), _own_piece(request, new)
    user, problems, status = _user(request), list[str](), 200
    if request.method == "POST":
        shown = [int(key) for key in request.POST.getlist("links") if key.isdigit()]
        try:
            plan = services.replace_evidence(old, newer, by=user, shown=shown)
        except Refused as refused:
            problems, status = refused.messages, 403 if isinstance(refused, NotAllowed) else 409
        else:
            moved = f" ở {len(plan.moving)} chỉ tiêu" if plan.moving else ""
            messages.success(request, f"Đã thay {old.label} bằng {newer.label}{moved}.")
            return redirect("inspections:evidence-detail", newer.pk)
    context = {
        "evidence": old,
        "newer": newer,
        "plan": services.replacement_of(old, by=user),
        "is_lapsed": newer.is_lapsed(clock.today()),
        "errors": problems,
        "crumbs": _crumbs(
            old, ("Thay bằng bản mới", reverse("inspections:evidence-replace", args=[pk])), ("Kiểm tra", "")
        ),
    }
    return render(request, "inspections/evidence_replace_check.html", context, status=status)


def _own_piece(request: HttpRequest, pk: int) -> Evidence:
    """A piece of the person's own commune; 404 where it is not theirs to see, 403 where only to read."""
    evidence = piece_for(request, pk)
    if evidence.commune_id not in _user(request).scope("commune", needs=Permission.DOSSIER_EDIT):
        raise PermissionDenied
    return evidence


def _candidates(old: Evidence, words: str) -> list[Evidence]:
    """Pieces of the same commune that could take its place, as far as they were searched for."""
    if not words.strip():
        return []
    rows = Evidence.objects.current().filter(commune=old.commune_id, visit=None).exclude(pk=old.pk)
    return list(search_library(rows.exclude(scan=Evidence.Scan.INFECTED), words)[:FOUND_SHOWN])


def _crumbs(evidence: Evidence, *rest: tuple[str, str]) -> list[tuple[str, str]]:
    link = reverse("inspections:evidence-detail", args=[evidence.pk])
    return [("Minh chứng", reverse("inspections:evidence-list")), (evidence.label, link), *rest]


def _user(request: HttpRequest) -> Any:
    return request.user
