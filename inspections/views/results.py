"""Results of past rounds as a workbook: upload, the page that shows everything before it counts, and download."""

import hashlib
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import services, workbook
from ..evidence import safe_name
from ..forms.results import PastRoundForm, ResultsForm
from ..models import InspectionRound, ResultsUpload
from ..presenters import results
from ..workflow import NotAllowed, Refused, StaleState
from .common import sent, tell
from .rounds import GET_OR_POST, crumbs_of, fetch_round

TITLE = "Nhập bảng kết quả"


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def results_import(request: SignedInRequest) -> HttpResponse:
    """A workbook, and the past round that it makes."""
    form = PastRoundForm(sent(request), request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        kept = _kept(request, form, form.cleaned_data["code"], form.columns())
        if kept:
            return redirect("inspections:results-check", kept.pk)
    crumbs = [("Đợt kiểm tra", reverse("inspections:round-list")), (TITLE, "")]
    context = {"form": form, "round": None, "closed": [], "crumbs": crumbs}
    status = 400 if request.method == "POST" else 200
    return render(request, "inspections/results_import.html", context, status=status)


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def results_import_again(request: SignedInRequest, code: str) -> HttpResponse:
    """A workbook for a round that is there: imported before, or being set up."""
    round_ = fetch_round(request, code)
    if not services.may_manage(round_, request.user):
        raise Http404
    closed = services.refusals_of(round_)
    form = ResultsForm(sent(request), request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 409 if closed else 400
        if not closed and form.is_valid():
            kept = _kept(request, form, round_.code, None)
            if kept:
                return redirect("inspections:results-check", kept.pk)
    context = {"form": form, "round": round_, "closed": closed, "crumbs": crumbs_of(round_, (TITLE, ""))}
    return render(request, "inspections/results_import.html", context, status=status)


def _kept(
    request: SignedInRequest, form: ResultsForm, code: str, columns: dict[str, Any] | None
) -> ResultsUpload | None:
    """The workbook as it waits for its confirmation; None where it cannot be read, which the form then says."""
    file = form.cleaned_data["workbook"]
    content = file.read()
    try:
        sheets = workbook.read(content)
        return services.keep_results(
            by=request.user,
            code=code,
            sheets=sheets,
            name=safe_name(file.name or ""),
            sha256=hashlib.sha256(content).hexdigest(),
            columns=columns,
            creates_units=form.cleaned_data["creates_units"],
        )
    except (workbook.Refused, Refused) as refused:
        form.add_error("workbook", str(refused))
        return None


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def results_check(request: SignedInRequest, upload: UUID) -> HttpResponse:
    """Every unit, change and fault of a kept workbook; its confirming takes all or nothing."""
    kept = get_object_or_404(ResultsUpload.objects.for_user(request.user), pk=upload)
    if kept.taken_at:
        return _taken(request, kept)
    errors: list[str] = []
    status = 200
    if request.method == "POST":
        try:
            plan = services.confirm_results(kept, by=request.user, seen=request.POST.get("seen", ""))
        except Refused as refused:
            errors, status = refused.messages, 409 if isinstance(refused, StaleState) else 400
            kept.refresh_from_db()
            if kept.taken_at:
                return _taken(request, kept)
        else:
            messages.success(request, _done(plan))
            return redirect(plan.round)
    try:
        plan = services.plan_results(services.order_of(kept), by=request.user)
    except NotAllowed as refused:
        raise Http404 from refused
    except Refused as refused:
        tell(request, refused)
        return redirect(_back(kept))
    context = {
        "upload": kept,
        "found": results.preview(plan),
        "plan": plan,
        "errors": errors,
        "back": _back(kept),
        "crumbs": [("Đợt kiểm tra", reverse("inspections:round-list")), (TITLE, _back(kept)), ("Xem trước", "")],
    }
    return render(request, "inspections/results_check.html", context, status=status)


def _taken(request: SignedInRequest, kept: ResultsUpload) -> HttpResponse:
    messages.info(request, f"Bảng kết quả {kept.name} đã được nhập.")
    return redirect("inspections:round-detail", kept.code)


def _back(kept: ResultsUpload) -> str:
    """Where another file is chosen."""
    if kept.columns is None:
        return reverse("inspections:results-import-again", args=[kept.code])
    return reverse("inspections:results-import")


def _done(plan: Any) -> str:
    parts = [f"{plan.fresh} đơn vị mới"] if plan.fresh else []
    parts += [f"{plan.changed} ô thay đổi"] if plan.changed else []
    parts += [f"lập {len(plan.new_units)} đơn vị trong danh mục"] if plan.new_units else []
    return f"Đã nhập bảng kết quả: {', '.join(parts)}."


@require_safe
@require(Permission.ROUND_READ)
def results_export(request: SignedInRequest, code: str) -> HttpResponse:
    """The matrix of a round as the workbook that the import reads."""
    round_ = fetch_round(request, code)
    if not round_.dossiers.exists() or round_.status == InspectionRound.Status.CANCELLED:
        raise Http404
    response = HttpResponse(results.workbook(round_), content_type=results.CONTENT_TYPE)
    name = f"ket-qua-{round_.code.lower()}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
