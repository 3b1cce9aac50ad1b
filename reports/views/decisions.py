"""Reading a notice as it will print, approving, sending back, issuing, and its file."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communes import clock
from communes.permissions import Permission, require

from .. import checks, renderer, renditions, services, workflow
from ..compose import LAYOUT, Composition
from ..forms import ApproveForm, IssueForm, SendBackForm
from ..models import Notice
from ..presenters.changes import changes_of
from ..workflow import Refused
from .common import attachment, crumbs, file_response, final_document, issued_content, notice_for, tell, user_of

form_methods = require_http_methods(["GET", "HEAD", "POST"])
STEPS = (Notice.Status.DRAFT, Notice.Status.APPROVED, Notice.Status.ISSUED)


@require_safe
@require(Permission.NOTICE_READ)
def notice_preview(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The notice as text: what is being written, or, once issued, what was."""
    notice = notice_for(request, public_id)
    user = user_of(request)
    context: dict[str, Any] = {
        "notice": notice,
        "steps": steps(notice),
        "moves": workflow.offered(notice, user),
        "reads_round": user.has(Permission.ROUND_READ),
        "may_edit": notice.is_editable and workflow.composes(notice, user),
        "crumbs": crumbs(notice),
        "document": None,
        "changes": None,
        "findings": [],
    }
    if notice.is_public:
        document = final_document(notice)
        context |= {"document": document, "content": issued_content(document)}
    else:
        composition = Composition(notice)
        context |= {"content": composition.content(), "findings": checks.findings(composition)}
        context["changes"] = changes_of(composition) if user.has(Permission.ROUND_READ) else None
    return render(request, "reports/notice_preview.html", context)


def steps(notice: Notice) -> list[tuple[str, str]]:
    """[(name of the step, "done" | "current" | "")] of the status line."""
    place = STEPS.index(Notice.Status(notice.status)) if notice.status in STEPS else len(STEPS) - 1
    return [
        (status.label, "done" if at < place or notice.is_public else "current" if at == place else "")
        for at, status in enumerate(STEPS)
    ]


@require_safe
@require(Permission.ROUND_READ)
def notice_draft_pdf(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The pages as they will print, marked as a draft; for an issued notice the stored file."""
    notice = notice_for(request, public_id)
    if notice.is_public:
        return file_response(final_document(notice), as_attachment=False)
    html = render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": Composition(notice).content()})
    try:
        pdf = renderer.render(html, LAYOUT)
    except renderer.RenderError as error:
        messages.error(request, str(error))
        return redirect("reports:notice-preview", public_id)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="du-thao.pdf"'
    return response


@form_methods
@require(Permission.NOTICE_APPROVE)
def notice_approve(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The check page before approval, and the approval of exactly what it showed."""
    notice = _for_move(request, public_id, "approve")
    if request.method == "POST":
        form = ApproveForm(request.POST)
        try:
            version = form.cleaned_data["version"] if form.is_valid() else 0
            services.approve_notice(notice, version=version, by=user_of(request))
        except Refused as refused:
            tell(request, refused)
            return redirect("reports:notice-approve", public_id)
        messages.success(request, "Đã phê duyệt. Văn phòng Điều phối ghi số, ngày và ban hành.")
        return redirect("reports:notice-preview", public_id)
    composition = Composition(notice)
    context = {
        "notice": notice,
        "content": composition.content(),
        "changes": changes_of(composition),
        "blocked": [(str(found), "") for found in checks.findings(composition)],
        "what_happens": [
            f"Phê duyệt đúng nội dung trên trang này, với số liệu của {len(composition.facts.rows)} hồ sơ đã kết luận.",
            "Từ đó không ai sửa được nội dung; muốn sửa phải gửi lại.",
            "Văn phòng Điều phối ghi số, ngày và ban hành.",
        ],
        "form": ApproveForm(initial={"version": notice.version}),
        "send_back_form": SendBackForm(),
        "can_approve": notice.status in workflow.MOVES["approve"].from_,
        "crumbs": crumbs(notice, ("Phê duyệt", "")),
    }
    return render(request, "reports/notice_approve.html", context)


@require_POST
@require(Permission.NOTICE_APPROVE)
def notice_send_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    notice = _for_move(request, public_id, "send_back")
    form = SendBackForm(request.POST)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        services.send_back(notice, reason=reason, by=user_of(request))
    except Refused as refused:
        tell(request, refused)
        return redirect("reports:notice-approve", public_id)
    messages.success(request, "Đã gửi lại để sửa.")
    return redirect("reports:notice-preview", public_id)


@form_methods
@require(Permission.NOTICE_ISSUE)
def notice_issue(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The check page with number and date, and the issue itself."""
    notice = _for_move(request, public_id, "issue")
    form = IssueForm(request.POST or None, initial={"issued_on": clock.today()})
    refusals: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data
            services.issue_notice(notice, on=data["issued_on"], number=data["number"], by=user_of(request))
        except Refused as refused:
            refusals = refused.messages
            notice.refresh_from_db()
        else:
            messages.success(request, f"Đã ban hành {notice}.")
            return redirect("reports:notice-preview", public_id)
    following = services.next_number(notice.authority, notice.symbol, clock.today().year)
    context = {
        "notice": notice,
        "form": form,
        "errors": refusals,
        "is_ready": notice.status in workflow.MOVES["issue"].from_,
        "what_happens": [
            f"Thông báo nhận số kế tiếp là {following:02d}/{notice.symbol}, hoặc số văn thư đã cấp.",
            "Bản PDF được tạo một lần, lưu kèm mã băm SHA-256 và công khai.",
            "Số liệu, nội dung và các hồ sơ trong thông báo không thay đổi được nữa.",
        ],
        "crumbs": crumbs(notice, ("Ban hành", "")),
    }
    return render(request, "reports/notice_issue.html", context, status=409 if refusals else 200)


@require_safe
@require(Permission.NOTICE_READ)
def notice_file(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The stored file of an issued notice."""
    return file_response(final_document(notice_for(request, public_id)))


@require_safe
@require(Permission.NOTICE_READ)
def notice_rendition(request: HttpRequest, public_id: UUID, wanted: str) -> HttpResponseBase:
    """The notice as Word, as one web page or as data; a draft only for those who read its round."""
    return attachment(renditions.of(notice_for(request, public_id), wanted))


def _for_move(request: HttpRequest, public_id: UUID, name: str) -> Notice:
    """A notice whose move is this person's to make; 403 where it is another's."""
    notice = notice_for(request, public_id)
    if not workflow.may(notice, name, user_of(request)):
        raise PermissionDenied
    return notice
