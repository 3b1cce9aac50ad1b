"""Reading a notice as it will print, approving and sending back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communes.models import User
from communes.notation import day
from communes.permissions import Permission, require

from .. import checks, renderer, renditions, services, workflow
from ..compose import LAYOUT, Composition, page_of
from ..forms import ApproveForm, SendBackForm
from ..models import IssuedDocument, Notice
from ..presenters.changes import changes_of
from ..publishing import files_of
from ..services import signing
from ..workflow import Refused
from .common import (
    attachment,
    crumbs,
    file_response,
    final_document,
    for_move,
    issued_content,
    notice_for,
    tell,
    user_of,
)

form_methods = require_http_methods(["GET", "HEAD", "POST"])
STEPS = (Notice.Status.DRAFT, Notice.Status.APPROVED, Notice.Status.ISSUED)


@require_safe
@require(Permission.NOTICE_READ)
def notice_preview(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The notice as text: what is being written, or, once issued, what was."""
    notice = notice_for(request, public_id)
    user = user_of(request)
    reads_round = workflow.follows(notice, user)
    context: dict[str, Any] = {
        "notice": notice,
        "steps": steps(notice),
        "moves": workflow.offered(notice, user),
        "reads_round": reads_round,
        "may_edit": notice.is_editable and workflow.composes(notice, user),
        "replacement": replacement_of(notice, user),
        "may_replace": notice.status in workflow.MOVES["supersede"].from_ and workflow.composes(notice, user),
        "may_sign": signing.may_sign(notice, user),
        "crumbs": crumbs(notice),
        "document": None,
        "changes": None,
        "has_word": False,
        "findings": [],
        "may_bind": services.may_become_report(notice) and workflow.may(notice, "issue", user),
    }
    if notice.is_public:
        documents = list(notice.documents.order_by("pk"))
        document = next(row for row in documents if row.rendition == IssuedDocument.Rendition.FINAL)
        context |= {"document": document, "files": files_of(documents), "content": issued_content(document)}
        context["has_word"] = any(row.part == "docx" for row in context["files"])
    else:
        composition = Composition(notice)
        context |= {"content": composition.content(), "findings": checks.findings(composition)}
        context["changes"] = changes_of(composition) if reads_round else None
    context |= {
        "may_accept": notice.is_editable and services.may_accept(notice, user),
        "accepted": checks.accepted_facts(notice) if notice.is_public else [],
    }
    return render(request, "reports/notice_preview.html", context)


def replacement_of(notice: Notice, user: User) -> Notice | None:
    """The notice that replaces this one, or is being written to; None where there is none that the person may read."""
    return Notice.objects.for_user(user).filter(supersedes=notice).first()


def on_replacing(notice: Notice) -> list[str]:
    old = notice.supersedes
    return [f"Khi ban hành, văn bản này thay thế {old}. Lý do: {notice.replace_reason}"] if old else []


def steps(notice: Notice) -> list[tuple[str, str]]:
    """[(name of the step, "done" | "current" | "")] of the status line."""
    place = STEPS.index(Notice.Status(notice.status)) if notice.status in STEPS else len(STEPS) - 1
    names = [str(status.label) for status in STEPS]
    if notice.is_public:
        names[-1] = f"{names[-1]} số {notice.code} ngày {day(notice.issued_on)}"
    found = [
        (name, "done" if at < place or notice.is_public else "current" if at == place else "")
        for at, name in enumerate(names)
    ]
    if notice.status == Notice.Status.SUPERSEDED:
        found.append((notice.get_status_display(), "done"))
    return found


@require_safe
@require(Permission.ROUND_READ)
def notice_draft_pdf(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The pages as they will print, marked as a draft; for an issued notice the stored file."""
    notice = notice_for(request, public_id)
    if notice.is_public:
        return file_response(final_document(notice), as_attachment=False)
    try:
        pdf = renderer.render(page_of(Composition(notice).content()), LAYOUT)
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
    notice = for_move(request, public_id, "approve")
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
    found = checks.findings(composition)
    context = {
        "notice": notice,
        "content": composition.content(),
        "blocked": [(sentence, "") for sentence in services.lacks(composition)],
        "findings": found,
        "may_edit": workflow.composes(notice, user_of(request)),
        "changes": changes_of(composition),
        "what_happens": [
            f"Phê duyệt đúng nội dung trên trang này, với số liệu của {len(composition.facts.rows)} hồ sơ đã kết luận.",
            "Từ đó không ai sửa được nội dung; muốn sửa phải gửi lại.",
            *on_replacing(notice),
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
    notice = for_move(request, public_id, "send_back")
    form = SendBackForm(request.POST)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        services.send_back(notice, reason=reason, by=user_of(request))
    except Refused as refused:
        tell(request, refused)
        return redirect("reports:notice-approve", public_id)
    messages.success(request, "Đã gửi lại để sửa.")
    return redirect("reports:notice-preview", public_id)


@require_safe
@require(Permission.NOTICE_READ)
def notice_download(request: HttpRequest, public_id: UUID, wanted: str) -> HttpResponseBase:
    """The notice as Word, as one web page or as data; a draft only for those who read its round."""
    return attachment(renditions.of(notice_for(request, public_id), wanted))
