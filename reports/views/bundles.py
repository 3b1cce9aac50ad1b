"""Handing a round over: asking for its bundle; taking one over: upload, what it would do here, confirming."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from communes.permissions import Permission, require
from inspections.models import InspectionRound
from inspections.services import may_manage

from .. import jobs
from ..bundle_forms import BundleForm, ChoicesForm
from ..bundles.container import BundleRefused
from ..models import RoundBundle
from ..services import bundles
from ..workflow import Refused
from .common import user_of

GET_OR_POST = ["GET", "HEAD", "POST"]
# Seconds after which a page that waits for the worker looks again by itself.
LOOK_AGAIN = "5"
ROUNDS = ("Đợt kiểm tra", "inspections:round-list")


def _carry_out(bundle: RoundBundle) -> None:
    if bundles.is_quick(bundle):
        bundles.carry_out(bundle)
    else:
        jobs.carry_out.enqueue(str(bundle.pk))


def _waiting(response: HttpResponse, is_waiting: bool) -> HttpResponse:
    """Without a script: the browser asks again by itself as long as the worker is at it."""
    if is_waiting:
        response["Refresh"] = LOOK_AGAIN
    return response


# ---------------------------------------------------------------- out


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def bundle_export(request: HttpRequest, code: str) -> HttpResponse:
    """What a bundle of the round holds, asking for one, and those that are ready."""
    user = user_of(request)
    rows = InspectionRound.objects.for_reading(user).select_related("authority__parent__parent")
    round_ = get_object_or_404(rows, code=code)
    if not may_manage(round_, user):
        raise PermissionDenied
    refusals: list[str] = []
    if request.method == "POST":
        try:
            bundle = bundles.ask_export(round_, by=user)
        except Refused as refused:
            refusals = refused.messages
        else:
            _carry_out(bundle)
            return redirect("reports:bundle-export", code=code)
    made = list(RoundBundle.objects.for_user(user).filter(round=round_, kind=RoundBundle.Kind.EXPORT)[:10])
    context = {
        "round": round_,
        "bundles": made,
        "errors": refusals,
        "is_draft": round_.status == InspectionRound.Status.DRAFT,
        "crumbs": [(ROUNDS[0], reverse(ROUNDS[1])), (round_.name, round_.get_absolute_url()), ("Xuất để bàn giao", "")],
    }
    response = render(request, "reports/bundle_export.html", context, status=409 if refusals else 200)
    return _waiting(response, any(bundle.is_running for bundle in made))


@require_safe
@require(Permission.ROUND_MANAGE)
def bundle_file(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """A bundle that was made, as an attachment; that it was fetched is written in the journal."""
    bundle = get_object_or_404(_own(request), pk=key, kind=RoundBundle.Kind.EXPORT, status=RoundBundle.Status.DONE)
    if bundle.round is None or not may_manage(bundle.round, user_of(request)):
        raise Http404
    path = bundles.path_of(bundle)
    if not path.is_file():
        raise Http404
    response: HttpResponseBase
    if request.method == "HEAD" or settings.ACCEL_PREFIX:
        response = HttpResponse(content_type="application/zip")
        response["Content-Disposition"] = content_disposition_header(True, bundle.name) or "attachment"
        if request.method == "HEAD":
            return response
        response["X-Accel-Redirect"] = f"{settings.ACCEL_PREFIX.rstrip('/')}/{bundles.FOLDER}/{path.name}"
    else:
        response = FileResponse(
            path.open("rb"), as_attachment=True, filename=bundle.name, content_type="application/zip"
        )
    response["Cache-Control"] = "no-store"
    bundles.record_fetched(bundle, by=user_of(request))
    return response


# ---------------------------------------------------------------- in


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def bundle_upload(request: HttpRequest) -> HttpResponse:
    form = BundleForm(request.POST if request.method == "POST" else None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                bundle = bundles.keep_upload(form.cleaned_data["bundle"], by=user_of(request))
            except Refused as refused:
                form.add_error("bundle", [forms.ValidationError(line) for line in refused.messages])
            else:
                return redirect("reports:bundle-check", bundle.pk)
    waiting = _own(request).filter(kind=RoundBundle.Kind.IMPORT)[:10]
    context = {
        "form": form,
        "waiting": waiting,
        "crumbs": [(ROUNDS[0], reverse(ROUNDS[1])), ("Nhập từ cơ quan khác", "")],
    }
    return render(request, "reports/bundle_upload.html", context, status=status)


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def bundle_check(request: HttpRequest, key: UUID) -> HttpResponse:
    """What the bundle is and where everything of it goes; confirming brings in all of it or nothing."""
    bundle = get_object_or_404(_own(request), pk=key, kind=RoundBundle.Kind.IMPORT)
    if bundle.status == RoundBundle.Status.DONE and bundle.round:
        messages.success(request, f"Đã nhập đợt {bundle.round.code}. Đợt này ở đây chỉ để xem.")
        return redirect(bundle.round)
    if bundle.is_running and bundle.choices:
        context = {"bundle": bundle, "crumbs": _import_crumbs(bundle)}
        return _waiting(render(request, "reports/bundle_waiting.html", context), True)
    form, errors, plan = ChoicesForm(), bundle.message.splitlines(), None
    status = 200
    try:
        plan = bundles.preview(bundle, ChoicesForm.read(request.POST))
    except BundleRefused as refused:
        errors, status = refused.messages, 409
    else:
        form = ChoicesForm(plan, request.POST if request.method == "POST" else None)
        errors = [] if request.method == "POST" else errors
        if request.method == "POST":
            is_fit = form.is_valid() and not plan.problems and not plan.already
            if is_fit:
                if bundles.confirm(bundle, form.choices):
                    _carry_out(bundle)
                return redirect("reports:bundle-check", key)
            status = 409 if plan.already else 400
    context = {"bundle": bundle, "plan": plan, "form": form, "errors": errors, "crumbs": _import_crumbs(bundle)}
    return render(request, "reports/bundle_check.html", context, status=status)


def _own(request: HttpRequest) -> Any:
    return RoundBundle.objects.for_user(user_of(request)).select_related("round__authority__parent__parent", "by")


def _import_crumbs(bundle: RoundBundle) -> list[tuple[str, str]]:
    upload = reverse("reports:bundle-upload")
    return [(ROUNDS[0], reverse(ROUNDS[1])), ("Nhập từ cơ quan khác", upload), (bundle.name, "")]
