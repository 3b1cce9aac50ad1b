"""What will lapse or fall below its threshold before the next round."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from ..presenters.lapsing import HORIZONS, drifts, papers, watch_of, with_uses
from .leaders import overview_crumbs

PAPERS_A_PAGE = 50


@require_safe
@require(Permission.ROUND_READ)
def lapsing(request: SignedInRequest) -> HttpResponse:
    """thang: how many months ahead; xa: one commune alone."""
    watch = watch_of(request.user, request.GET)
    crumbs = overview_crumbs(("Sắp hết hiệu lực, sắp chạm ngưỡng", ""))
    if watch is None:
        return render(request, "reports/lapsing.html", {"watch": None, "crumbs": crumbs})
    page = Paginator(papers(watch), PAPERS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "watch": watch,
        "horizons": HORIZONS,
        "page": page,
        "papers": with_uses(page, watch),
        "drifts": drifts(watch),
        "crumbs": crumbs,
    }
    return render(request, "reports/lapsing.html", context)
