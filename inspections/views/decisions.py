"""What the head decides of a whole dossier: each on a check page that lists exactly what will happen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import services, workflow
from ..forms.rounds import ReasonForm, ReminderForm
from ..models import Dossier
from ..presenters import checks
from ..presenters.overview import overview_of, review_crumbs
from ..workflow import NotAllowed, Refused, StaleState
from .review import fetch_dossier

GET_OR_POST = ["GET", "HEAD", "POST"]


@dataclass(frozen=True)
class Act:
    """One decision: its move, what its check page says, and the reason it asks for, if any."""

    move: str
    service: Callable[..., Any]
    title: str
    happens: Callable[[Dossier], list[str]]
    reason: str = ""
    form: type[Form] | None = None

    def form_for(self, data: Any) -> Form | None:
        """What the act asks for before it is done; None where it asks for nothing."""
        if self.form:
            return self.form(data)
        return ReasonForm(data, label=self.reason) if self.reason else None


PROVISIONAL = Act("make_provisional", services.make_provisional, "Công bố dự thảo kết luận", checks.on_provisional)
APPROVE = Act("approve", services.approve, "Phê duyệt kết luận", checks.on_approval)
TAKE_UP = Act(
    "take_up_reply", services.take_up_reply, "Xem xét lại theo giải trình", checks.on_take_up, "Lý do xem xét lại"
)
REMIND = Act("remind", services.remind, "Nhắc xã giải trình", checks.on_reminder, form=ReminderForm)
REOPEN = Act("reopen", services.reopen, "Mở lại hồ sơ", checks.on_reopening, "Lý do mở lại")


@require_http_methods(GET_OR_POST)
@require(Permission.DOSSIER_APPROVE)
def dossier_provisional(request: SignedInRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, PROVISIONAL)


@require_http_methods(GET_OR_POST)
@require(Permission.DOSSIER_APPROVE)
def dossier_approve(request: SignedInRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, APPROVE)


@require_http_methods(GET_OR_POST)
@require(Permission.DOSSIER_APPROVE)
def dossier_take_up_reply(request: SignedInRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, TAKE_UP)


@require_http_methods(GET_OR_POST)
@require(Permission.DOSSIER_APPROVE)
def dossier_remind(request: SignedInRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, REMIND)


@require_http_methods(GET_OR_POST)
@require(Permission.DOSSIER_APPROVE)
def dossier_reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, REOPEN)


@require_safe
@require(Permission.DOSSIER_APPROVE)
def dossier_decided(request: SignedInRequest, pk: int) -> HttpResponse:
    """After a decision: what stands now and what comes next."""
    dossier = fetch_dossier(request, pk)
    after = checks.what_next(dossier)
    crumbs = review_crumbs(dossier, True, (str(after["title"]), ""))
    context = {"dossier": dossier, "overview": overview_of(dossier, request.user), "after": after, "crumbs": crumbs}
    return render(request, "inspections/decision_done.html", context)


def _decide(request: SignedInRequest, pk: int, act: Act) -> HttpResponse:
    """The check page, and the act when it is sent."""
    dossier = fetch_dossier(request, pk)
    move = workflow.MOVES[act.move]
    if dossier.status not in move.from_:
        messages.error(request, str(workflow.stale(dossier)))
        return redirect("inspections:review-dossier", pk=pk)
    form = act.form_for(request.POST or None)
    errors: list[str] = []
    status = 200
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            act.service(dossier, by=request.user, **(form.cleaned_data if form else {}))
        except StaleState as error:
            messages.error(request, str(error))
            return redirect("inspections:review-dossier", pk=pk)
        except Refused as error:
            errors, status = error.messages, 403 if isinstance(error, NotAllowed) else 400
        else:
            return redirect("inspections:dossier-decided", pk=pk)
    elif request.method == "POST":
        status = 400
    context = {
        "dossier": dossier,
        "act": act,
        "form": form,
        "errors": errors,
        "crumbs": review_crumbs(dossier, True, (act.title, "")),
        "items": act.happens(dossier),
        "blocked": [(text, "") for text in workflow.lacks(dossier, move, request.user)],
    }
    return render(request, "inspections/decision_check.html", context, status=status)
