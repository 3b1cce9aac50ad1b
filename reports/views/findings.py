"""A finding of the checks by itself: accept it with a reason, or take the reason back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from communes.permissions import Permission, require

from .. import checks, services, workflow
from ..compose import Composition
from ..forms import AcceptForm
from ..models import Notice
from ..workflow import Refused
from .common import crumbs, notice_for, tell, user_of

accepting = require(Permission.NOTICE_COMPOSE, Permission.NOTICE_APPROVE, Permission.DOSSIER_REVIEW)


@require_http_methods(["GET", "HEAD", "POST"])
@accepting
def finding(request: HttpRequest, public_id: UUID, key: str) -> HttpResponse:
    """The finding with the words it is about; a reason accepts it."""
    notice = _notice(request, public_id)
    found = next((one for one in checks.findings(Composition(notice)) if one.key == key), None)
    if found is None or found.is_blocking:
        messages.info(request, "Lưu ý này không còn, hoặc phải sửa chứ không chấp nhận được.")
        return redirect(_back(request, notice))
    form = AcceptForm(request.POST or None, initial={"reason": found.accepted})
    if request.method == "POST" and form.is_valid():
        try:
            services.accept_finding(notice, key, reason=form.cleaned_data["reason"], by=user_of(request))
        except Refused as refused:
            tell(request, refused)
        else:
            messages.success(request, "Đã ghi lý do chấp nhận.")
        return redirect(_back(request, notice, found))
    context = {
        "notice": notice,
        "finding": found,
        "form": form,
        "may_edit": workflow.composes(notice, user_of(request)),
        "crumbs": crumbs(notice, ("Chấp nhận lưu ý", "")),
    }
    return render(request, "reports/finding.html", context)


@require_POST
@accepting
def finding_withdraw(request: HttpRequest, public_id: UUID, key: str) -> HttpResponse:
    notice = _notice(request, public_id)
    try:
        services.withdraw_acceptance(notice, key, by=user_of(request))
        messages.success(request, "Đã rút lý do; lưu ý cần được xem lại.")
    except Refused as refused:
        tell(request, refused)
    return redirect(_back(request, notice))


def _notice(request: HttpRequest, public_id: UUID) -> Notice:
    notice = notice_for(request, public_id)
    if not services.may_accept(notice, user_of(request)):
        raise PermissionDenied
    return notice


def _back(request: HttpRequest, notice: Notice, found: checks.Finding | None = None) -> str:
    """To the part that is being written; for who only approves, to the page for that."""
    if not notice.is_editable:
        return notice.get_absolute_url()
    if not workflow.composes(notice, user_of(request)):
        return reverse("reports:notice-approve", args=[notice.public_id])
    part = f"?phan={found.section_pk}" if found and found.section_pk else ""
    return f"{reverse('reports:notice-edit', args=[notice.public_id])}{part}#can-xem-lai"
