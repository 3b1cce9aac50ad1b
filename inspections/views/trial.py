"""Trying the rules on a dossier before it is handed in: its figures and its files."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from communes.permissions import Permission, require

from .. import services
from ..presenters.filechecks import file_checks
from ..presenters.sight import sight_of
from ..presenters.trial import trial_of
from .common import crumbs_for, dossier_for, own_dossier


@require_safe
@require(Permission.DOSSIER_READ)
def dossier_trial(request: HttpRequest, pk: int) -> HttpResponse:
    dossier = dossier_for(request, pk)
    user: Any = request.user
    sight = sight_of(dossier, user)
    context = {
        "dossier": dossier,
        "trial": trial_of(dossier, sight),
        "may_check": sight.may_edit,
        "files": file_checks(dossier, sight),
        "crumbs": crumbs_for(request, dossier, ("Tự chấm thử", "")),
    }
    return render(request, "inspections/dossier_trial.html", context)


@require_POST
@require(Permission.DOSSIER_EDIT)
def dossier_check_files(request: HttpRequest, pk: int) -> HttpResponse:
    """Look into the next files; the page then says how many are left."""
    user: Any = request.user
    services.check_files(own_dossier(request, pk), by=user)
    return redirect(f"{reverse('inspections:dossier-trial', args=[pk])}#tep")
