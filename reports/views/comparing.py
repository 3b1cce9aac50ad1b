"""Units side by side, and units before and after."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from ..leader_forms import REPLIES, CompareForm
from ..presenters import comparing
from ..presenters.choosing import by_name, choice_of
from .leaders import overview_crumbs


@require_safe
@require(Permission.ROUND_READ)
def compare(request: SignedInRequest) -> HttpResponse:
    """xa: the units; voi: another round's code, or the reply; nothing to compare until one of them is there."""
    choice = choice_of(request.user, request.GET)
    context: dict[str, Any] = {"choice": choice, "crumbs": overview_crumbs(("So sánh", ""))}
    if choice is None:
        return render(request, "reports/compare.html", context)
    dossiers = by_name(choice.dossiers)
    others = comparing.other_rounds(choice, request.user)
    asked = "voi" in request.GET or "xa" in request.GET
    form = CompareForm(
        request.GET if asked else None,
        units=[(comparing.unit_key(item), comparing.unit_name(item)) for item in dossiers],
        rounds=[(item.code, item.name) for item in others],
    )
    context |= {"form": form, "dossiers": dossiers}
    if not asked or not dossiers:
        return render(request, "reports/compare.html", context)
    if not form.is_valid():
        return render(request, "reports/compare.html", context, status=400)
    wanted, mode = form.cleaned_data["xa"], form.cleaned_data["voi"]
    chosen = [item for item in dossiers if comparing.unit_key(item) in wanted or not wanted]
    names = comparing.names_of(choice)
    if mode == REPLIES:
        context["replies"] = comparing.replies(chosen)
    elif mode:
        other = next(item for item in others if item.code == mode)
        context["rounds"] = comparing.with_round(chosen, other, names)
    else:
        context["beside"] = comparing.beside(chosen, names)
    return render(request, "reports/compare.html", context)
