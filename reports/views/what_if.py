"""Distance to the thresholds, and what would follow if some indicators were met."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from ..presenters.choosing import choice_of
from ..presenters.what_if import what_if
from .leaders import keys_of, overview_crumbs

UNITS_A_PAGE = 20


@require_safe
@require(Permission.ROUND_READ)
def what_if_page(request: SignedInRequest) -> HttpResponse:
    """chon: indicators supposed to be met, by their ids; those of other pages are kept with the form."""
    choice = choice_of(request.user, request.GET)
    crumbs = overview_crumbs(("Khoảng cách đến ngưỡng", ""))
    if choice is None:
        return render(request, "reports/what_if.html", {"choice": None, "crumbs": crumbs})
    found = what_if(choice, keys_of(request.GET, "chon"))
    page = Paginator(found.units, UNITS_A_PAGE).get_page(request.GET.get("page"))
    here = {change.key for unit in page for change in unit.changes}
    context = {
        "choice": choice,
        "found": found,
        "page": page,
        "kept": [key for key in found.chosen if key not in here],
        "crumbs": crumbs,
    }
    return render(request, "reports/what_if.html", context)
