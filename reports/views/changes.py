"""What has changed in a notice since it was approved."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communes.permissions import Permission, require

from ..presenters.changes import changes_since
from .common import crumbs, followed_notice


@require_safe
@require(Permission.ROUND_READ)
def notice_changes(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The approved text beside the present one; ban: another approval than the last."""
    notice = followed_notice(request, public_id)
    approvals = list(notice.approved_texts.select_related("approved_by"))
    wanted = request.GET.get("ban", "")
    approved = next((row for row in approvals if not wanted or str(row.pk) == wanted), None)
    if wanted and approved is None:
        raise Http404
    context = {
        "notice": notice,
        "approvals": approvals,
        "changes": changes_since(approved, notice) if approved else None,
        "crumbs": crumbs(notice, ("Thay đổi từ lần phê duyệt", "")),
    }
    return render(request, "reports/notice_changes.html", context)
