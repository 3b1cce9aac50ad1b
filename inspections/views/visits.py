"""The page of a visit: its record, agreed deadlines, the signed minutes, its end."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communes import clock
from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import services
from ..forms.visits import DeadlineEditForm, DeadlineForm, QuestionForm, VisitForm
from ..models import AgreedDeadline, Assessment, Dossier, Inspection, SignedMinutes
from ..presenters.visits import differences, visit_crumbs, visit_page
from ..workflow import NotAllowed, Refused
from .common import sent, wants_json
from .evidence import NOT_SERVED, closed, handed_over

GET_OR_POST = ["GET", "HEAD", "POST"]


def fetch_inspection(request: SignedInRequest, pk: int) -> Inspection:
    """The inspection of a commune whose record this person may read; 404 for all others."""
    rows = Inspection.objects.for_reading(request.user)
    return get_object_or_404(rows.select_related("round__authority__parent", "commune", "visit_ended_by"), pk=pk)


def own_visit(request: SignedInRequest, pk: int) -> Inspection:
    """An inspection in which this person inspects; 403 for who only reads it."""
    inspection = fetch_inspection(request, pk)
    if services.member_refusal(inspection, request.user):
        raise PermissionDenied
    return inspection


def status_of(refused: Refused) -> int:
    return 403 if isinstance(refused, NotAllowed) else 409


# ---------------------------------------------------------------- the record


@require_safe
@require(Permission.ROUND_READ)
def visit_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    return show(request, fetch_inspection(request, pk))


def show(
    request: SignedInRequest,
    inspection: Inspection,
    *,
    form: VisitForm | None = None,
    conflict: services.VisitConflict | None = None,
    deadline: DeadlineForm | None = None,
    errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page as it stands; form, deadline: what was typed and not taken. errors: sentences for its top."""
    page = visit_page(inspection, request.user)
    who = f"UBND {inspection.commune.phrase}"
    context = {
        "page": page,
        "inspection": inspection,
        "form": form or (VisitForm(inspection) if page.may_edit else None),
        "conflict": conflict,
        "differences": differences(conflict) if conflict else [],
        "deadline_form": deadline or DeadlineForm(initial={"who": who}, auto_id="han-%s"),
        "errors": errors or [],
        "failed": next((bound for bound in (form, deadline) if bound is not None and bound.errors), None),
        "crumbs": visit_crumbs(inspection),
    }
    return render(request, "inspections/visit.html", context, status=status)


@require_POST
@require(Permission.DOSSIER_REVIEW)
def visit_save(request: SignedInRequest, pk: int) -> HttpResponse:
    """Save the record: JSON for the script that saves by itself, a page for the button."""
    inspection = fetch_inspection(request, pk)
    form = VisitForm(inspection, request.POST)
    if not form.is_valid():
        if wants_json(request):
            errors = {name: [str(sentence) for sentence in found] for name, found in form.errors.items()}
            return JsonResponse({"errors": errors}, status=400)
        return show(request, inspection, form=form, status=400)
    try:
        saved = services.save_visit(
            inspection,
            by=request.user,
            version=form.cleaned_data["version"],
            changes=form.changes(),
            attended_by=form.cleaned_data["attended_by"],
        )
    except services.VisitConflict as conflict:
        return _conflicting(request, inspection, conflict)
    except Refused as refused:
        if wants_json(request):
            return JsonResponse({"message": str(refused)}, status=status_of(refused))
        return show(request, inspection, form=form, errors=refused.messages, status=status_of(refused))
    if wants_json(request):
        return JsonResponse({"version": saved.version, "saved_at": f"{timezone.localtime(clock.now()):%H:%M}"})
    messages.success(request, "Đã lưu ghi chép của buổi kiểm tra.")
    return redirect("inspections:visit-detail", pk)


def _conflicting(request: SignedInRequest, inspection: Inspection, conflict: services.VisitConflict) -> HttpResponse:
    """Both wordings side by side; sending again overwrites knowingly, for it then carries the newer version."""
    if wants_json(request):
        context = {"conflict": conflict, "differences": differences(conflict), "inspection": inspection}
        html = render_to_string("inspections/_visit_conflict.html", context)
        return JsonResponse({"message": str(conflict), "html": html, "version": conflict.stored.version}, status=409)
    newer = request.POST.copy()
    newer["version"] = str(conflict.stored.version)
    fresh = fetch_inspection(request, inspection.pk)
    return show(request, fresh, form=VisitForm(fresh, newer), conflict=conflict, status=409)


@require_POST
@require(Permission.DOSSIER_REVIEW)
def visit_end(request: SignedInRequest, pk: int) -> HttpResponse:
    words = "Đã kết thúc buổi kiểm tra; phiếu mã QR đã thu hồi."
    return _act(request, pk, lambda inspection: services.end_visit(inspection, by=request.user), words)


@require_POST
@require(Permission.DOSSIER_REVIEW)
def visit_resume(request: SignedInRequest, pk: int) -> HttpResponse:
    words = "Đã mở lại buổi kiểm tra; cần phiếu mã QR thì in phiếu mới."
    return _act(request, pk, lambda inspection: services.resume_visit(inspection, by=request.user), words)


def _act(request: SignedInRequest, pk: int, act: Callable[[Inspection], Any], words: str) -> HttpResponse:
    inspection = fetch_inspection(request, pk)
    try:
        act(inspection)
    except Refused as refused:
        return show(request, fetch_inspection(request, pk), errors=refused.messages, status=status_of(refused))
    messages.success(request, words)
    return redirect("inspections:visit-detail", pk)


# ---------------------------------------------------------------- agreed deadlines


def fetch_deadline(request: SignedInRequest, pk: int, row: int) -> AgreedDeadline:
    inspection = own_visit(request, pk)
    deadline = get_object_or_404(inspection.agreed_deadlines.select_related("return_item"), pk=row)
    deadline.inspection = inspection
    return deadline


def at_deadlines(pk: int) -> str:
    return f"{reverse('inspections:visit-detail', args=[pk])}#thoi-han"


@require_POST
@require(Permission.DOSSIER_REVIEW)
def deadline_add(request: SignedInRequest, pk: int) -> HttpResponse:
    inspection = fetch_inspection(request, pk)
    form = DeadlineForm(request.POST, auto_id="han-%s")
    if not form.is_valid():
        return show(request, inspection, deadline=form, status=400)
    try:
        services.add_deadline(inspection, **form.typed(), by=request.user)
    except Refused as refused:
        return show(request, inspection, deadline=form, errors=refused.messages, status=status_of(refused))
    messages.success(request, "Đã thêm thời hạn đã thống nhất.")
    return redirect(at_deadlines(pk))


@require_http_methods(GET_OR_POST)
@require(Permission.DOSSIER_REVIEW)
def deadline_edit(request: SignedInRequest, pk: int, row: int) -> HttpResponse:
    deadline = fetch_deadline(request, pk, row)
    initial = {name: getattr(deadline, name) for name in ("version", "what", "who", "due_on")}
    form = DeadlineEditForm(sent(request), initial=initial)
    refusals: list[str] = []
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                version = form.cleaned_data["version"]
                services.change_deadline(deadline, **form.typed(), by=request.user, version=version)
            except Refused as refused:
                refusals, status = refused.messages, status_of(refused)
            else:
                messages.success(request, "Đã sửa thời hạn đã thống nhất.")
                return redirect(at_deadlines(pk))
    context = {
        "form": form,
        "deadline": deadline,
        "inspection": deadline.inspection,
        "errors": refusals,
        "crumbs": visit_crumbs(deadline.inspection, ("Sửa thời hạn", "")),
    }
    return render(request, "inspections/visit_deadline.html", context, status=status)


@require_POST
@require(Permission.DOSSIER_REVIEW)
def deadline_remove(request: SignedInRequest, pk: int, row: int) -> HttpResponse:
    deadline = fetch_deadline(request, pk, row)
    version = request.POST.get("version", "")
    try:
        services.remove_deadline(deadline, by=request.user, version=int(version) if version.isdecimal() else 0)
    except Refused as refused:
        return show(request, deadline.inspection, errors=refused.messages, status=status_of(refused))
    messages.success(request, "Đã bỏ thời hạn khỏi ghi chép; nội dung còn trong nhật ký.")
    return redirect(at_deadlines(pk))


@require_http_methods(GET_OR_POST)
@require(Permission.DOSSIER_REVIEW)
def deadline_ask(request: SignedInRequest, pk: int, row: int) -> HttpResponse:
    """An agreed deadline becomes a question to the commune about one indicator."""
    deadline = fetch_deadline(request, pk, row)
    dossiers = deadline.inspection.dossiers.filter(status__in=Dossier.Status.under_review())
    assessments = Assessment.objects.filter(dossier__in=dossiers.order_by().values("pk")).select_related(
        "indicator",
        "criterion",
        "dossier__round__authority",
        "dossier__inspection__commune",
        "dossier__village",
        "dossier__criteria_set",
        "dossier__round_unit",
    )
    form = QuestionForm(assessments, sent(request), initial={"question": deadline.what})
    refusals: list[str] = []
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.ask_by_deadline(deadline, **form.cleaned_data, by=request.user)
            except Refused as refused:
                refusals, status = refused.messages, status_of(refused)
            else:
                code = form.cleaned_data["assessment"].indicator.code
                messages.success(request, f"Đã gửi yêu cầu bổ sung chỉ tiêu {code} theo thời hạn đã thống nhất.")
                return redirect(at_deadlines(pk))
    context = {
        "form": form,
        "deadline": deadline,
        "inspection": deadline.inspection,
        "errors": refusals,
        "crumbs": visit_crumbs(deadline.inspection, ("Gửi yêu cầu bổ sung", "")),
    }
    return render(request, "inspections/visit_question.html", context, status=status)


# ---------------------------------------------------------------- the signed minutes


@require_POST
@require(Permission.DOSSIER_REVIEW)
def signed_attach(request: SignedInRequest, pk: int) -> HttpResponse:
    inspection = fetch_inspection(request, pk)
    upload = request.FILES.get("signed")
    if upload is None:
        return show(request, inspection, errors=["Chưa chọn tệp biên bản đã ký."], status=400)
    try:
        row = services.attach_signed(inspection, upload, by=request.user)
    except Refused as refused:
        status = 403 if isinstance(refused, NotAllowed) else 400
        return show(request, inspection, errors=refused.messages, status=status)
    messages.success(request, f"Đã đính kèm biên bản đã ký {row.original_name}.")
    return redirect(f"{reverse('inspections:visit-detail', args=[pk])}#bien-ban-da-ky")


@require_safe
@require(Permission.DOSSIER_READ)
def signed_download(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The scan as an attachment; that it was fetched is journalled: the one write allowed on GET."""
    rows = SignedMinutes.objects.for_user(request.user).select_related("inspection__round", "inspection__commune")
    row = get_object_or_404(rows, pk=pk)
    if row.scan in NOT_SERVED:
        return HttpResponse(
            f"{row.original_name}: {row.get_scan_display().lower()}, chưa tải về được.",
            content_type="text/plain; charset=utf-8",
            status=409,
        )
    response: HttpResponseBase
    if request.method == "HEAD" or settings.ACCEL_PREFIX:
        response = HttpResponse(content_type=row.content_type)
        response["Content-Disposition"] = content_disposition_header(True, row.original_name) or "attachment"
        if request.method == "HEAD":
            return closed(response)
        response["X-Accel-Redirect"] = handed_over(str(row.file.name))
    else:
        response = FileResponse(
            row.file.open("rb"), as_attachment=True, filename=row.original_name, content_type=row.content_type
        )
    services.record_minutes_download(row, by=request.user)
    return closed(response)
