"""Replacing an issued notice: the check page before it begins, and giving it up."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from communes.models import User
from communes.permissions import Permission, require

from .. import services, workflow
from ..forms import AbandonForm, ReplaceForm
from ..models import Notice
from ..services import replacing
from ..workflow import Refused
from .common import crumbs, own_draft, user_of

form_methods = require_http_methods(["GET", "HEAD", "POST"])


# Whoever writes a kind of document writes the one that replaces it; issuing that is another's move.
write = require(Permission.NOTICE_COMPOSE, Permission.DOSSIER_REVIEW)


@form_methods
@write
def notice_replace(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What replacing an issued notice will do, and its beginning."""
    notice = own_draft(request, public_id)
    kind = notice.kind.lower()
    blocked = in_the_way(notice, user_of(request))
    form = ReplaceForm(request.POST or None)
    refusals: list[str] = []
    if request.method == "POST" and not blocked and form.is_valid():
        try:
            made = services.start_replacement(notice, reason=form.cleaned_data["reason"], by=user_of(request))
        except Refused as refused:
            refusals = refused.messages
            notice.refresh_from_db()
        else:
            messages.success(request, f"Đã lập dự thảo thay thế {notice}.")
            return redirect("reports:notice-edit", made.public_id)
    context = {
        "notice": notice,
        "title": f"Soạn {kind} thay thế {notice}",
        "what_happens": [
            f"Lập dự thảo mới với nguyên văn {kind} này; số liệu lấy lại từ kết luận hiện có của đợt.",
            f"Phần mở đầu nêu rõ thay thế {notice}; Trưởng đoàn phê duyệt, Văn phòng Điều phối ban hành với số mới.",
            f"{notice} vẫn có hiệu lực và giữ nguyên trên trang công khai cho đến khi ban hành bản thay thế.",
            "Trong lúc soạn, Trưởng đoàn mở lại được hồ sơ đã công bố, kèm lý do; sửa lỗi chữ thì không cần mở lại.",
        ],
        "button": f"Soạn {kind} thay thế",
        "crumbs": crumbs(notice, ("Thay thế", "")),
    }
    return _check_page(request, context, form, refusals, blocked)


def in_the_way(notice: Notice, user: User) -> list[tuple[str, str]]:
    """(sentence, address) of what forbids replacing a notice now."""
    running = Notice.objects.for_user(user).filter(supersedes=notice).first()
    if running and not running.is_public:
        return [(f"Đang soạn một văn bản thay thế {notice}.", running.get_absolute_url())]
    if notice.status not in workflow.MOVES["supersede"].from_:
        status = notice.get_status_display()
        return [(f"Thông báo ở trạng thái “{status}”; chỉ thay thế văn bản đang có hiệu lực.", "")]
    return []


@form_methods
@write
def replacement_abandon(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What giving up a replacing draft will do, and the act itself; 404 for a draft that replaces nothing."""
    notice = own_draft(request, public_id)
    old = notice.supersedes
    if old is None or notice.is_public:
        raise Http404
    blocked = [(text, "") for text in replacing.unfinished(notice)]
    if not notice.is_editable:
        blocked = [("Bản thay thế đã được phê duyệt; muốn bỏ, đề nghị Trưởng đoàn gửi lại trước.", "")]
    form = AbandonForm(request.POST or None)
    refusals: list[str] = []
    if request.method == "POST" and not blocked and form.is_valid():
        try:
            services.abandon_replacement(notice, reason=form.cleaned_data["reason"], by=user_of(request))
        except Refused as refused:
            refusals = refused.messages
            notice.refresh_from_db()
        else:
            messages.success(request, f"Đã bỏ bản thay thế; {old} giữ nguyên hiệu lực.")
            return redirect("reports:notice-preview", old.public_id)
    context = {
        "notice": notice,
        "title": f"Bỏ bản thay thế {old}",
        "what_happens": [
            "Xóa dự thảo thay thế này; nguyên văn các mục còn trong nhật ký.",
            f"{old} giữ nguyên hiệu lực, các hồ sơ trong đó lại khóa.",
        ],
        "button": "Bỏ bản thay thế",
        "is_undoing": True,
        "crumbs": crumbs(notice, ("Bỏ bản thay thế", "")),
    }
    return _check_page(request, context, form, refusals, blocked)


def _check_page(
    request: HttpRequest,
    context: dict[str, Any],
    form: Form,
    refusals: list[str],
    blocked: list[tuple[str, str]],
) -> HttpResponse:
    """The check page of an act with a reason, without its field where the act cannot be done now."""
    is_sent = request.method == "POST"
    told = refusals or ([text for text, _ in blocked] if is_sent else [])
    context |= {"form": None if blocked else form, "errors": told, "blocked": blocked}
    context.setdefault("is_undoing", False)
    return render(request, "reports/replacement_check.html", context, status=400 if is_sent else 200)
