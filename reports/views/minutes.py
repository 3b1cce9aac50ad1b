"""Documents made from data: minutes of the inspections of a round, a draft composed anew, a report that is cited."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communes.permissions import Permission, require
from inspections.models import Inspection, InspectionRound

from .. import kinds, services, workflow
from ..forms import ApproveForm
from ..models import Notice
from ..workflow import Refused
from .common import crumbs, notice_for, own_draft, tell, user_of


def _round(request: HttpRequest, code: str) -> InspectionRound:
    rows = InspectionRound.objects.for_reading(user_of(request)).exclude(status=InspectionRound.Status.DRAFT)
    return get_object_or_404(rows.select_related("authority"), code=code)


@require_safe
@require(Permission.ROUND_READ)
def round_minutes(request: HttpRequest, code: str) -> HttpResponse:
    """Every inspection of a round with its documents, and a button for each that is still to be made."""
    round_ = _round(request, code)
    user = user_of(request)
    inspections = round_.inspections.select_related("commune").order_by("position", "pk")
    made: dict[tuple[int, str], Notice] = {}
    documents = Notice.objects.for_user(user).filter(round=round_, inspection__isnull=False)
    for notice in documents.exclude(status=Notice.Status.SUPERSEDED).order_by("pk"):
        made[(notice.inspection_id or 0, notice.kind_code)] = notice
    offered = kinds.of_scope(kinds.INSPECTION)
    mine = {kind.code: workflow.may_begin(kind, round_, user) for kind in offered}
    context = {
        "round": round_,
        "rows": [
            (
                inspection,
                [(kind, made.get((inspection.pk, kind.code)), mine[kind.code](inspection)) for kind in offered],
            )
            for inspection in inspections
        ],
        "crumbs": [
            ("Đợt kiểm tra", reverse("inspections:round-list")),
            (round_.name, round_.get_absolute_url()),
            ("Biên bản kiểm tra", ""),
        ],
    }
    return render(request, "reports/round_minutes.html", context)


@require_POST
@require(Permission.DOSSIER_REVIEW, Permission.NOTICE_COMPOSE)
def minutes_create(request: HttpRequest, code: str, pk: int, kind: str) -> HttpResponse:
    """Make a document about one commune from what the team has concluded so far."""
    round_ = _round(request, code)
    inspection = get_object_or_404(Inspection.objects.select_related("commune"), round=round_, pk=pk)
    found = kinds.every().get(kind)
    if found is None or not found.is_of_inspection:
        raise Http404
    if not workflow.may_begin(found, round_, user_of(request))(inspection):
        raise PermissionDenied
    inspection.round = round_
    try:
        notice = services.create_notice(round_, by=user_of(request), kind=kind, inspection=inspection)
    except Refused as refused:
        tell(request, refused)
        return redirect("reports:round-minutes", code)
    messages.success(request, f"Đã lập {found.name.lower()} từ kết luận của Đoàn đến lúc này.")
    return redirect("reports:notice-edit", notice.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.NOTICE_COMPOSE, Permission.DOSSIER_REVIEW)
def notice_redraft(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The check page before a draft is composed anew from the data of now, and the act."""
    notice = own_draft(request, public_id)
    if not notice.is_editable:
        return redirect("reports:notice-preview", public_id)
    if request.method == "POST":
        form = ApproveForm(request.POST)
        version = form.cleaned_data["version"] if form.is_valid() else 0
        try:
            services.draft_again(notice, version=version, by=user_of(request))
        except Refused as refused:
            tell(request, refused)
            return redirect("reports:notice-redraft", public_id)
        messages.success(request, "Đã soạn lại từ số liệu hiện có; nội dung trước còn trong nhật ký.")
        return redirect("reports:notice-preview", public_id)
    context = {
        "notice": notice,
        "form": ApproveForm(initial={"version": notice.version}),
        "items": [
            "Các mục và kiến nghị được soạn mới từ số liệu hiện có; nội dung đang soạn chỉ còn trong nhật ký.",
            "Phần đầu, người ký và nơi nhận giữ nguyên.",
        ],
        "crumbs": crumbs(notice, ("Soạn lại từ số liệu", "")),
    }
    return render(request, "reports/notice_redraft.html", context)


@require_POST
@require(Permission.NOTICE_ISSUE)
def report_bind(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note an issued report as the one that the round is cited with."""
    notice = notice_for(request, public_id)
    if not workflow.may(notice, "issue", user_of(request)):
        raise PermissionDenied
    try:
        document = services.bind_report(notice, by=user_of(request))
    except Refused as refused:
        tell(request, refused)
    else:
        messages.success(request, f"Đã ghi {document} là báo cáo của đợt; thông báo viện dẫn bằng {{báo cáo}}.")
    return redirect("reports:notice-preview", public_id)
