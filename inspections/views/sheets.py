"""A printed sheet with a code for each criterion, and the page that a code opens on whatever phone scanned it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from communes import clock, qr
from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import services
from ..forms.visits import CodeForm
from ..models import Inspection
from ..presenters.visits import field_lists, visit_crumbs
from ..workflow import Refused
from .field import chosen_assessment, take_photos
from .visits import GET_OR_POST, own_visit, status_of

# Of one address, counted by each worker for itself. No code can be guessed: this keeps off who tries all the same.
TRIES_A_MINUTE = 60
MINUTE = 60


# ---------------------------------------------------------------- printing


@require_http_methods(GET_OR_POST)
@require(Permission.DOSSIER_REVIEW)
def sheet_print(request: SignedInRequest, pk: int) -> HttpResponse:
    """What a sheet is for, and by POST the sheet itself: its codes are shown this once."""
    inspection = own_visit(request, pk)
    errors: list[str] = []
    status = 200
    if request.method == "POST":
        try:
            printed = services.print_sheet(inspection, by=request.user)
        except Refused as refused:
            errors, status = refused.messages, status_of(refused)
        else:
            return _sheet(request, inspection, printed)
    own = inspection.visit_sheets.filter(printed_by=request.user, revoked_at__isnull=True).first()
    context = {
        "inspection": inspection,
        "sheet": own,
        "used": own.links.count() if own else 0,
        "refusal": services.visit_refusal(inspection, request.user),
        "errors": errors,
        "crumbs": visit_crumbs(inspection, ("Phiếu mã QR", "")),
    }
    return render(request, "inspections/sheet_check.html", context, status=status)


def _sheet(request: SignedInRequest, inspection: Inspection, printed: services.Printed) -> HttpResponse:
    """The codes of the criteria of the person's share that have an indicator to put a photo under."""
    address = code_address(request)
    lists = []
    for dossier, rows in field_lists(inspection, request.user):
        mine = [row for row in rows if row.is_mine and row.indicators]
        codes = [(row.criterion, qr.drawn(f"{address}#{printed.code_of(row.conclusion)}")) for row in mine]
        if codes:
            lists.append((dossier, codes))
    context = {
        "inspection": inspection,
        "sheet": printed.sheet,
        "lists": lists,
        "crumbs": visit_crumbs(inspection, ("Phiếu mã QR", "")),
    }
    return render(request, "inspections/sheet_print.html", context)


def code_address(request: HttpRequest) -> str:
    """The page that codes open, as phones outside the office reach it."""
    path = reverse("inspections:sheet-upload")
    return f"{settings.PUBLIC_BASE_URL}{path}" if settings.PUBLIC_BASE_URL else request.build_absolute_uri(path)


@require_POST
@require(Permission.DOSSIER_REVIEW)
def sheet_revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    inspection = own_visit(request, pk)
    try:
        gone = services.revoke_sheet(inspection, by=request.user)
    except Refused as refused:
        for sentence in refused.messages:
            messages.error(request, sentence)
    else:
        words = "Đã thu hồi phiếu; mã trên phiếu không dùng được nữa." if gone else "Không có phiếu nào đang dùng."
        messages.success(request, words)
    return redirect("inspections:sheet-print", pk)


# ---------------------------------------------------------------- what a code opens


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(GET_OR_POST)
def sheet_upload(request: HttpRequest) -> HttpResponse:
    """Photos for the criterion of a code, without an account; a code that opens nothing is told why.

    The code stands behind the # of the scanned address, which browsers send to nobody: the page's script posts it.
    So it is in no log, no referrer and no history. It opens nothing but this form.
    """
    if request.method != "POST":
        return _answer(request, {"form": CodeForm()})
    if _is_hammered(request):
        return _answer(request, {"form": CodeForm(), "errors": ["Thử quá nhiều lần. Chờ một phút rồi quét lại."]}, 429)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _answer(request, {"form": form}, 400)
    user: Any = request.user
    try:
        scanned = services.scan(form.cleaned_data["code"], viewer=user if user.is_authenticated else None)
    except services.SheetRefused as refused:
        return _answer(request, {"form": CodeForm(), "errors": refused.messages}, 403)
    if "send" not in request.POST:
        return _upload_page(request, form, scanned)
    assessment = chosen_assessment(scanned.conclusion, request.POST.get("assessment", ""))
    if assessment is None:
        return _upload_page(request, form, scanned, errors=["Chưa chọn chỉ tiêu."], status=400)
    taken, problems, status = take_photos(
        request.FILES.getlist("photos"), lambda file: services.photo_by_sheet(scanned, assessment, file)
    )
    done = f"Đã nhận {taken} ảnh cho chỉ tiêu {assessment.indicator.code}." if taken else ""
    return _upload_page(request, form, scanned, done=done, errors=problems, status=status if problems else 200)


def _upload_page(
    request: HttpRequest,
    form: CodeForm,
    scanned: services.Scanned,
    *,
    done: str = "",
    errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = scanned.conclusion.dossier.assessments.filter(criterion=scanned.conclusion.criterion)
    chosen = request.POST.get("assessment", "")
    indicators = list(rows.select_related("indicator").order_by("indicator__position"))
    context = {
        "form": form,
        "scanned": scanned,
        "code": form.cleaned_data["code"],
        "indicators": indicators,
        "chosen": chosen or (str(indicators[0].pk) if len(indicators) == 1 else ""),
        "done": done,
        "errors": errors or [],
    }
    return _answer(request, context, status)


def _answer(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "inspections/sheet_upload.html", {"errors": [], **context}, status=status)


def _is_hammered(request: HttpRequest) -> bool:
    key = f"sheet-tries:{request.META.get('REMOTE_ADDR', '')}:{int(clock.now().timestamp()) // MINUTE}"
    cache.add(key, 0, timeout=2 * MINUTE)
    return cache.incr(key) > TRIES_A_MINUTE
