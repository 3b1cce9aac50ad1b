"""Following up recommendations: the list, one item, progress with proof, terms, ending and reopening."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from communes.models import User
from communes.permissions import Permission, require
from inspections.models import Evidence

from .. import workflow
from ..follow_forms import EndForm, FollowUpFilter, ProgressForm, ReopenForm, TermsForm
from ..models import FollowUp, FollowUpProof, Notice
from ..presenters.following import entries, listed, rows, silent, whom_of
from ..services import following
from ..workflow import NotAllowed, Refused
from .common import user_of

PER_PAGE = 20
# As many as a printed list can be read; a longer one is filtered first.
PRINTED = 500
# An original is never shown as a page of the portal.
SANDBOX = "default-src 'none'; sandbox"
NOT_SERVED = (Evidence.Scan.PENDING, Evidence.Scan.INFECTED)
# Everybody to whom something can be put, and everybody who reads whole rounds.
follows = require(Permission.DOSSIER_READ)
office = require(Permission.NOTICE_COMPOSE)


@require_safe
@follows
def follow_up_list(request: HttpRequest) -> HttpResponse:
    """Items one may read; ?in=1 gives all on one page, to print."""
    user = user_of(request)
    items = FollowUp.objects.for_user(user)
    chosen = FollowUpFilter(request.GET, items)
    found = listed(chosen.narrowed(items), user)
    is_print = request.GET.get("in") == "1"
    page = Paginator(found, PRINTED if is_print else PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": list(rows(page.object_list, user)),
        "form": chosen,
        "is_narrowed": chosen.is_narrowed,
        "is_print": is_print,
        "reads_all": user.has(Permission.ROUND_READ),
        "sets_terms": user.has(Permission.NOTICE_COMPOSE),
    }
    return render(request, "reports/follow_up_list.html", context)


@require_safe
@follows
def follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _item(request, pk))


def _show(
    request: HttpRequest, item: FollowUp, *, forms: dict[str, Any] | None = None, refused: Refused | None = None
) -> HttpResponse:
    """The item's page with whatever was typed and not taken. forms: {name: bound form}, in place of the fresh one."""
    user = user_of(request)
    keeps = following.keeps(item, user)
    commune, agency = following.speaks_for(item, user)
    fresh: dict[str, Any] = {}
    if item.is_running and (keeps or commune or agency):
        fresh["progress"] = ProgressForm(item, commune)
    if item.is_running and keeps:
        fresh |= {"terms": TermsForm(item), "end": EndForm(item)}
    if keeps and not item.is_running and not item.is_replaced:
        fresh["reopen"] = ReopenForm(item)
    later = FollowUp.objects.filter(continues=item).select_related("recommendation__notice").first()
    bound = next(iter((forms or {}).values()), None)
    context = {
        "item": item,
        "notice": item.recommendation.notice,
        "notice_url": _address_of(item.recommendation.notice, user),
        "whom": whom_of(item),
        "entries": entries(item, user),
        "silent": silent(item, user),
        "later": later,
        "speaks_as": commune or agency,
        "bound": bound,
        "errors": refused.messages if refused else [],
        "crumbs": [("Kiến nghị", reverse("reports:follow-up-list")), (str(item), "")],
        **{f"{name}_form": form for name, form in {**fresh, **(forms or {})}.items() if name in fresh},
    }
    status = 200 if bound is None else 400
    if refused:
        status = 403 if isinstance(refused, NotAllowed) else 409
    return render(request, "reports/follow_up.html", context, status=status)


def _address_of(notice: Notice, user: User) -> str:
    """Where this person reads the notice; "" for one that is not theirs to open."""
    if notice.is_published:
        return reverse("reports:public-detail", args=[notice.public_id])
    return notice.get_absolute_url() if workflow.follows(notice, user) else ""


def _act(request: HttpRequest, pk: int, name: str, form: Any, act: Callable[[Any], object], done: str) -> HttpResponse:
    """Do what a form asks; where it is refused, the page again with what was typed and the present version."""
    if not form.is_valid():
        return _show(request, _item(request, pk), forms={name: form})
    try:
        act(form)
    except Refused as refused:
        item = _item(request, pk)
        form.data = {**form.data.dict(), "version": str(item.version)} if hasattr(form.data, "dict") else form.data
        return _show(request, item, forms={name: form}, refused=refused)
    messages.success(request, done)
    return redirect("reports:follow-up", pk)


@require_POST
@follows
def follow_up_note(request: HttpRequest, pk: int) -> HttpResponse:
    item, user = _item(request, pk), user_of(request)
    commune, agency = following.speaks_for(item, user)
    if not (commune or agency or following.keeps(item, user)):
        raise PermissionDenied
    form = ProgressForm(item, commune, request.POST)
    uploads = request.FILES.getlist("proofs")

    def act(form: ProgressForm) -> object:
        return following.add_note(
            item,
            text=form.cleaned_data["text"],
            version=form.cleaned_data["version"],
            by=user,
            evidence=form.pieces(),
            uploads=uploads,
        )

    return _act(request, pk, "progress", form, act, "Đã ghi tiến độ.")


@require_POST
@office
def follow_up_terms(request: HttpRequest, pk: int) -> HttpResponse:
    item = _kept(request, pk)

    def act(form: TermsForm) -> object:
        return following.set_terms(item, by=user_of(request), **form.cleaned_data)

    return _act(request, pk, "terms", TermsForm(item, request.POST), act, "Đã lưu thời hạn và nơi thực hiện.")


@require_POST
@office
def follow_up_end(request: HttpRequest, pk: int) -> HttpResponse:
    item = _kept(request, pk)

    def act(form: EndForm) -> object:
        told = form.cleaned_data
        return following.close_item(
            item, note=told["note"], version=told["version"], carry_over=form.is_carried, by=user_of(request)
        )

    return _act(request, pk, "end", EndForm(item, request.POST), act, "Đã kết thúc theo dõi kiến nghị.")


@require_POST
@office
def follow_up_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    item = _kept(request, pk)

    def act(form: ReopenForm) -> object:
        return following.reopen_item(item, by=user_of(request), **form.cleaned_data)

    return _act(request, pk, "reopen", ReopenForm(item, request.POST), act, "Đã mở lại kiến nghị.")


@require_safe
@follows
def follow_up_proof(request: HttpRequest, pk: int, proof: int) -> HttpResponseBase:
    """A proof as an attachment, for whoever reads what was said with it; that it was fetched is journalled."""
    notes = [entry.note.pk for entry in entries(_item(request, pk), user_of(request))]
    rows = FollowUpProof.objects.select_related("evidence", "note__follow_up__recommendation__notice__round")
    row = get_object_or_404(rows, pk=proof, note__in=notes)
    if row.evidence and row.evidence.scan in NOT_SERVED:
        messages.error(request, f"Không tải được {row.name}: {row.evidence.get_scan_display().lower()}.")
        return redirect("reports:follow-up", pk)
    file, name = (row.evidence.file, row.evidence.original_name) if row.evidence else (row.file, row.name)
    response: HttpResponseBase
    if request.method == "HEAD" or settings.ACCEL_PREFIX:
        response = HttpResponse(content_type=row.content_type)
        response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        if settings.ACCEL_PREFIX and request.method != "HEAD":
            response["X-Accel-Redirect"] = f"{settings.ACCEL_PREFIX.rstrip('/')}/{quote(str(file.name))}"
    else:
        response = FileResponse(file.open("rb"), as_attachment=True, filename=name, content_type=row.content_type)
    if request.method != "HEAD":
        following.record_proof_download(row, by=user_of(request))
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    return response


def _item(request: HttpRequest, pk: int) -> FollowUp:
    rows = FollowUp.objects.for_user(user_of(request)).with_context().prefetch_related("agencies", "communes")
    return get_object_or_404(rows, pk=pk)


def _kept(request: HttpRequest, pk: int) -> FollowUp:
    """An item of which this person's office decides; 403 for one that is only to read."""
    item = _item(request, pk)
    if not following.keeps(item, user_of(request)):
        raise PermissionDenied
    return item
