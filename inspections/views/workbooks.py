"""A dossier as a workbook: download, upload, the page that shows every change before anything is saved."""

import hashlib
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from communes.permissions import Permission, require
from communes.text import unaccent

from .. import services, workbook
from ..evidence import safe_name
from ..forms.workbook import WorkbookForm
from ..models import Dossier, WorkbookUpload
from ..presenters.workbook import comparing, writing
from ..workflow import Refused
from .common import crumbs_for, own_dossier, sent, tell

CHANGED_MEANWHILE = "Trong lúc xem, hồ sơ trên cổng đã thay đổi. Xin xem lại các thay đổi dưới đây rồi xác nhận."


@require_safe
@require(Permission.DOSSIER_EDIT)
def workbook_download(request: HttpRequest, pk: int) -> HttpResponse:
    dossier = own_dossier(request, pk)
    content = writing.workbook(dossier, request.user)  # type: ignore[arg-type]
    words = slugify(unaccent(f"{dossier.unit} {dossier.criteria_set.short_name} {dossier.round.code}") or "")
    response = HttpResponse(content, content_type=writing.CONTENT_TYPE)
    response["Content-Disposition"] = content_disposition_header(True, f"ho-so-{words}.xlsx") or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DOSSIER_EDIT)
def workbook_upload(request: HttpRequest, pk: int) -> HttpResponse:
    dossier = own_dossier(request, pk)
    closed = _closed(request, dossier)
    form = WorkbookForm(sent(request), request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 409 if closed else 400
        if not closed and form.is_valid():
            try:
                kept = _kept(request, dossier, form.cleaned_data["workbook"])
            except (workbook.Refused, Refused) as refused:
                form.add_error("workbook", str(refused))
            else:
                return redirect("inspections:workbook-check", pk, kept.pk)
    context = {
        "dossier": dossier,
        "form": form,
        "closed": closed,
        "crumbs": crumbs_for(request, dossier, ("Nhập bằng bảng tính", "")),
    }
    return render(request, "inspections/workbook_upload.html", context, status=status)


def _closed(request: HttpRequest, dossier: Dossier) -> list[str]:
    """Why nothing of the dossier can be entered; empty when it can."""
    try:
        services.require_workbook(dossier, request.user)  # type: ignore[arg-type]
    except Refused as refused:
        return refused.messages
    return []


def _kept(request: HttpRequest, dossier: Dossier, file: Any) -> WorkbookUpload:
    content = file.read()
    return services.keep_workbook(
        dossier,
        by=request.user,  # type: ignore[arg-type]
        name=safe_name(file.name or ""),
        sha256=hashlib.sha256(content).hexdigest(),
        content=comparing.located(workbook.read(content), dossier),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DOSSIER_EDIT)
def workbook_check(request: HttpRequest, pk: int, upload: UUID) -> HttpResponse:
    """Every change, conflict and fault of a kept workbook; its confirming saves all or nothing."""
    dossier = own_dossier(request, pk)
    kept = get_object_or_404(WorkbookUpload.objects.for_user(request.user), pk=upload, dossier=dossier)  # type: ignore[arg-type]
    if kept.taken_at:
        messages.info(request, f"Bảng tính {kept.name} đã được lưu vào hồ sơ.")
        return redirect(dossier)
    closed = _closed(request, dossier)
    found = comparing.compare(kept.content, dossier, request.user, request.POST)  # type: ignore[arg-type]
    errors, status = list(closed), 200
    if request.method == "POST":
        errors += [] if closed else _not_yet(request, found)
        status = 400 if found.faults or found.undecided else 409
        if not errors:
            try:
                codes = services.take_workbook(kept, by=request.user, rows=found.rows)  # type: ignore[arg-type]
            except services.Conflict:
                errors = [CHANGED_MEANWHILE]
                found = comparing.compare(kept.content, dossier, request.user, request.POST)  # type: ignore[arg-type]
            except Refused as refused:
                tell(request, refused)
                return redirect(dossier)
            else:
                messages.success(request, f"Đã lưu {len(codes)} chỉ tiêu từ bảng tính {kept.name}.")
                return redirect(dossier)
    context = {
        "dossier": dossier,
        "upload": kept,
        "found": found,
        "errors": errors,
        "closed": closed,
        "crumbs": crumbs_for(request, dossier, ("Xem trước bảng tính", "")),
    }
    return render(request, "inspections/workbook_check.html", context, status=status)


def _not_yet(request: HttpRequest, found: comparing.Comparison) -> list[str]:
    """Why what was confirmed is not saved: faults, an open choice, or a dossier that is no longer what was shown."""
    if found.faults:
        return [f"Còn {len(found.faults)} chỗ phải sửa trong bảng tính; chưa lưu gì."]
    if found.undecided:
        return [f"Chỉ tiêu {line.code}, {line.label.lower()}: chưa chọn nội dung giữ lại." for line in found.undecided]
    if not constant_time_compare(request.POST.get("seen", ""), found.seen):
        return [CHANGED_MEANWHILE]
    return []
