"""Giving a number, issuing, what comes after, and the files of an issued notice."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from communes import clock
from communes.notation import day
from communes.permissions import Permission, require

from .. import services, workflow
from ..compose import Composition
from ..forms import IssueForm
from ..models import IssuedDocument, Notice
from ..publishing import FILES, absolute, files_of
from ..services import Series, signing
from ..workflow import Refused
from .common import crumbs, file_response, final_document, for_move, issued_content, notice_for, user_of

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@form_methods
@require(Permission.NOTICE_ISSUE)
def notice_number(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Number and date ahead of the signature; later their correction."""
    notice = for_move(request, public_id, "issue")
    form = IssueForm(notice, request.POST or None)
    refusals: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            services.assign_number(notice, **form.wish, by=user_of(request))
        except Refused as refused:
            refusals = refused.messages
            notice.refresh_from_db()
        else:
            messages.success(request, f"{notice} ngày {day(notice.issued_on)}: bản in đã có số và ngày.")
            return redirect("reports:notice-preview", public_id)
    context = {
        "notice": notice,
        "form": form,
        "errors": refusals,
        "is_ready": notice.status in workflow.MOVES["issue"].from_,
        "series": series_rows(series_of(notice)),
        "what_happens": [
            "Bản in có số và ngày từ lúc này, để trình ký hoặc ký số.",
            "Số giữ nguyên theo thông báo này, kể cả khi gửi lại để sửa; ngày sửa được cho đến khi ban hành.",
            "Thông báo chưa công khai; ban hành là bước riêng.",
        ],
        "crumbs": crumbs(notice, ("Cấp số", "")),
    }
    return render(request, "reports/notice_number.html", context, status=409 if refusals else 200)


@form_methods
@require(Permission.NOTICE_ISSUE)
def notice_issue(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The check page with number and date, and the issue itself."""
    notice = for_move(request, public_id, "issue")
    form = IssueForm(notice, request.POST or None) if notice.number is None else None
    refusals: list[str] = []
    if request.method == "POST" and (form is None or form.is_valid()):
        wish = form.wish if form else {"on": notice.issued_on}
        try:
            services.issue_notice(notice, **wish, by=user_of(request), **signing.signed_files(notice))
        except Refused as refused:
            refusals = refused.messages
            notice.refresh_from_db()
        else:
            return redirect("reports:notice-issued", public_id)
    is_ready = notice.status in workflow.MOVES["issue"].from_
    series = series_of(notice)
    context = {
        "notice": notice,
        "form": form,
        "errors": refusals,
        "is_ready": is_ready,
        "blocked": [(text, "") for text in services.unfit(Composition(notice))] if is_ready and not refusals else [],
        "series": series_rows(series),
        "what_happens": on_issuing(notice, series),
        "crumbs": crumbs(notice, ("Ban hành", "")),
    }
    return render(request, "reports/notice_issue.html", context, status=409 if refusals else 200)


def on_issuing(notice: Notice, series: Series) -> list[str]:
    """What exactly the issue will do, in sentences."""
    if notice.number is None:
        number = f"Thông báo nhận số kế tiếp là {series.next:02d}/{notice.symbol}, hoặc số văn thư đã cấp."
    else:
        number = f"Thông báo mang số {notice.code}, ngày {day(notice.issued_on)}, đã cấp từ trước."
    lines = [
        number,
        "Bản PDF và bản Word được tạo một lần và lưu kèm mã băm SHA-256."
        + (" Thông báo công khai cho mọi người." if notice.is_to_be_published else ""),
        "Số liệu, nội dung và các hồ sơ trong thông báo không đổi được nữa; muốn sửa phải ban hành văn bản thay thế.",
    ]
    if notice.supersedes:
        lines.append(f"{notice.supersedes} chuyển sang “Đã được thay thế” trên mọi trang và khi xác minh.")
    if notice.prints_code:
        lines.append("Cuối văn bản in mã xác minh (QR).")
    return lines


def series_of(notice: Notice) -> Series:
    return services.series_of(notice.authority, notice.symbol, notice.year or clock.today().year)


def series_rows(series: Series) -> dict[str, Any]:
    """Title and (label, value) rows of a number series."""
    rows = [
        ("Số đã dùng", series.taken or "Chưa có số nào"),
        ("Trong đó số nhập tay", series.by_hand or "Không có"),
        ("Số còn trống", series.missing or "Không có"),
        ("Số kế tiếp", f"{series.next:02d}"),
    ]
    return {"title": f"Dãy số {series.symbol} năm {series.year}", "rows": rows, "has_gaps": bool(series.missing)}


@require_safe
@require(Permission.NOTICE_ISSUE)
def notice_issued(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """After the issue: what stands now, and what comes next."""
    notice = for_move(request, public_id, "issue")
    if not notice.is_public:
        return redirect("reports:notice-preview", public_id)
    documents = list(notice.documents.order_by("pk"))
    document = next(row for row in documents if row.rendition == IssuedDocument.Rendition.FINAL)
    context = {
        "notice": notice,
        "document": document,
        "content": issued_content(document),
        "files": files_of(documents),
        "public_address": absolute(request, reverse("reports:public-detail", args=[public_id])),
        "verify_address": absolute(request, reverse("reports:verify")),
        "crumbs": crumbs(notice, ("Đã ban hành", "")),
    }
    return render(request, "reports/notice_issued.html", context)


@require_safe
@require(Permission.NOTICE_READ)
def notice_file(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The stored file of an issued notice."""
    return file_response(final_document(notice_for(request, public_id)))


@require_safe
@require(Permission.NOTICE_READ)
def notice_rendition(request: HttpRequest, public_id: UUID, part: str) -> HttpResponseBase:
    """Another stored file of it; 404 where it was not made."""
    rendition = next(name for name, (address, *_) in FILES.items() if address == part)
    document = notice_for(request, public_id).documents.defer("facts").filter(rendition=rendition).first()
    if document is None:
        raise Http404
    return file_response(document)
