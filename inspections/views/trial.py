"""Trying the rules on a dossier: what confirmed thresholds would say of it, before it is handed in."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communes.permissions import Permission, require

from ..presenters.sight import sight_of
from ..presenters.trial import trial_of
from .common import crumbs_for, dossier_for


@require_safe
@require(Permission.DOSSIER_READ)
def dossier_trial(request: HttpRequest, pk: int) -> HttpResponse:
    dossier = dossier_for(request, pk)
    user: Any = request.user
    context = {
        "dossier": dossier,
        "trial": trial_of(dossier, sight_of(dossier, user)),
        "crumbs": crumbs_for(request, dossier, ("Tự chấm thử", "")),
    }
    return render(request, "inspections/dossier_trial.html", context)
