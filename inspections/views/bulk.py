"""Concluding in one go what is complete: the page that lists it, the act row by row, and what came of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import services
from ..forms.queue import QueueFilter
from ..models import CriterionConclusion, Dossier
from ..presenters.many import outcomes_of, sheet_of
from ..services.bulk import RULE
from ..waiting_list import waiting_criteria
from ..workflow import Refused
from .common import row_key

MOST = 100  # rows looked at in one go; what is concluded makes room for the next
FIELD = "chon"
RESULT = "bulk_conclude"  # in the session: [[id of the conclusion, why it did not go through]]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DOSSIER_REVIEW)
def bulk_conclude(request: SignedInRequest) -> HttpResponse:
    """What is complete among the criteria that wait, each with what will be concluded; and the act."""
    errors: list[str] = []
    if request.method == "POST":
        chosen = _chosen(request)
        if chosen:
            request.session[RESULT] = _conclude(request, chosen)
            return redirect("inspections:bulk-concluded")
        errors = ["Chưa chọn tiêu chí nào để kết luận."]
    form = QueueFilter(request.GET, user=request.user, kind=waiting_criteria(request.user))
    rows = list(services.unreported(form.filtered(), by=request.user)[: MOST + 1])
    sheet = sheet_of(rows[:MOST])
    context = {
        "sheet": sheet,
        "rule": RULE,
        "most": MOST,
        "is_cut": len(rows) > MOST,
        "is_filtered": form.is_narrowed,
        "errors": errors,
        "field": FIELD,
        "crumbs": _crumbs("Kết luận các tiêu chí đã đủ căn cứ"),
    }
    return render(request, "inspections/bulk_conclude.html", context, status=400 if errors else 200)


@require_safe
@require(Permission.DOSSIER_REVIEW)
def bulk_concluded(request: SignedInRequest) -> HttpResponse:
    """What came of the last time: what went through, and what had changed meanwhile."""
    told = {int(pk): reason for pk, reason in request.session.get(RESULT, [])}
    outcomes = outcomes_of(_rows(request, told), told)
    context = {"outcomes": outcomes, "crumbs": _crumbs("Kết quả kết luận nhiều tiêu chí")}
    return render(request, "inspections/bulk_concluded.html", context)


def _crumbs(here: str) -> list[tuple[str, str]]:
    return [("Hàng chờ", reverse("inspections:queue")), (here, "")]


def _chosen(request: SignedInRequest) -> dict[int, str]:
    """{id: stamp} of the rows that were ticked; what is not understood is left aside."""
    pairs = (value.partition(":") for value in request.POST.getlist(FIELD)[:MOST])
    return {row_key(pk): stamp for pk, _, stamp in pairs if row_key(pk)}


def _rows(request: SignedInRequest, wanted: Any) -> list[CriterionConclusion]:
    """The chosen rows that this person may see, in the order of the round."""
    dossiers = Dossier.objects.for_review(request.user).order_by().values("pk")
    rows = CriterionConclusion.objects.filter(pk__in=list(wanted), dossier__in=dossiers)
    related = ("round__authority", "inspection__commune", "village", "criteria_set", "round_unit")
    rows = rows.select_related("criterion", "concluded_by", *(f"dossier__{name}" for name in related))
    return list(rows.defer("dossier__frozen").order_by("dossier__round_unit__position", "criterion__number", "pk"))


def _conclude(request: SignedInRequest, chosen: dict[int, str]) -> list[tuple[int, str]]:
    """Conclude each by itself: one that changed meanwhile does not hold up the others."""
    found = []
    for row in _rows(request, chosen):
        try:
            services.conclude_complete(row, stamp=chosen[row.pk], by=request.user)
        except Refused as error:
            found.append((row.pk, str(error)))
        else:
            found.append((row.pk, ""))
    done = sum(not reason for _, reason in found)
    if done:
        messages.success(request, f"Đã kết luận đạt {done} tiêu chí.")
    return found
