"""Replacing an issued notice: the check page before it begins, and giving it up."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from communes.permissions import Permission, require

from .. import services, workflow
from ..forms import AbandonForm, ReplaceForm
from ..models import Notice
from ..services import replacing
from ..workflow import Refused
from .common import crumbs, for_move, own_draft, user_of

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@form_methods
@require(Permission.NOTICE_COMPOSE)
def notice_replace(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What replacing an issued notice will do, and its beginning."""
    notice = for_move(request, public_id, "supersede")
    form = ReplaceForm(request.POST or None)
    refusals: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = services.start_replacement(notice, reason=form.cleaned_data["reason"], by=user_of(request))
        except Refused as refused:
            refusals = refused.messages
            notice.refresh_from_db()
        else:
            messages.success(request, f"Đã lập dự thảo thay thế {notice}.")
            return redirect("reports:notice-edit", made.public_id)
    running = Notice.objects.filter(supersedes=notice).first()
    blocked = []
    if running and not running.is_public:
        blocked = [(f"Đang soạn một văn bản thay thế {notice}.", running.get_absolute_url())]
    elif notice.status not in workflow.MOVES["supersede"].from_:
        blocked = [
            (f"Thông báo ở trạng thái “{notice.get_status_display()}”; chỉ thay thế văn bản đang có hiệu lực.", "")
        ]
    context = {
        "notice": notice,
        "form": form,
        "errors": [] if blocked else refusals,
        "blocked": blocked,
        "what_happens": [
            "Lập dự thảo mới với nguyên văn thông báo này; số liệu lấy lại từ kết luận hiện có của đợt.",
            f"Phần mở đầu nêu rõ thay thế {notice}; Trưởng đoàn phê duyệt, Văn phòng Điều phối ban hành với số mới.",
            f"{notice} vẫn có hiệu lực và giữ nguyên trên trang công khai cho đến khi ban hành bản thay thế.",
            "Trong lúc soạn, Trưởng đoàn mở lại được hồ sơ đã công bố, kèm lý do; sửa lỗi chữ thì không cần mở lại.",
        ],
        "crumbs": crumbs(notice, ("Thay thế", "")),
    }
    return render(request, "reports/notice_replace.html", context, status=409 if refusals else 200)


@form_methods
@require(Permission.NOTICE_COMPOSE)
def replacement_abandon(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What giving up a replacing draft will do, and the act itself; 404 for a draft that replaces nothing."""
    notice = own_draft(request, public_id)
    old = notice.supersedes
    if old is None or notice.is_public:
        raise Http404
    form = AbandonForm(request.POST or None)
    refusals: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            services.abandon_replacement(notice, reason=form.cleaned_data["reason"], by=user_of(request))
        except Refused as refused:
            refusals = refused.messages
            notice.refresh_from_db()
        else:
            messages.success(request, f"Đã bỏ bản thay thế; {old} giữ nguyên hiệu lực.")
            return redirect("reports:notice-preview", old.public_id)
    blocked = [(text, "") for text in replacing.unfinished(notice)]
    if not notice.is_editable:
        blocked = [("Bản thay thế đã được phê duyệt; muốn bỏ, đề nghị Trưởng đoàn gửi lại trước.", "")]
    context = {
        "notice": notice,
        "old": old,
        "form": form,
        "errors": [] if blocked else refusals,
        "blocked": blocked,
        "what_happens": [
            "Xóa dự thảo thay thế này; nguyên văn các mục còn trong nhật ký.",
            f"{old} giữ nguyên hiệu lực, các hồ sơ trong đó lại khóa.",
        ],
        "crumbs": crumbs(notice, ("Bỏ bản thay thế", "")),
    }
    return render(request, "reports/replacement_abandon.html", context, status=409 if refusals else 200)
