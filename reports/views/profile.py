"""One commune on one page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from ..presenters.profile import profile_of, profiled
from .leaders import overview_crumbs


@require_safe
@require(Permission.DOSSIER_READ)
def profile(request: SignedInRequest, pk: int) -> HttpResponse:
    commune = profiled(request.user, pk)
    found = profile_of(commune, request.user)
    start = overview_crumbs() if found.may_lead else []
    return render(request, "reports/profile.html", {"found": found, "crumbs": [*start, (commune.title, "")]})
