"""Rounds: the list, the overview with its matrix, making, opening, closing and cancelling them."""

from copy import copy
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import planning, services
from ..forms.rounds import ReasonForm, RoundForm
from ..models import Dossier, InspectionRound, TeamMember
from ..progress import matrix, set_tabs
from ..workflow import NotAllowed, Refused

GET_OR_POST = ["GET", "HEAD", "POST"]
PER_PAGE = 30
Status = InspectionRound.Status
FILTERS = (
    ("", "Mọi đơn vị"),
    ("qua-han", "Quá hạn chưa nộp"),
    ("draft", "Chưa nộp"),
    ("submitted", "Đã nộp"),
    ("returned", "Cần bổ sung"),
    ("bo-sung-qua-han", "Bổ sung quá hạn"),
    ("provisional", "Dự thảo kết luận"),
    ("concluded", "Đã kết luận"),
)


def fetch_round(request: SignedInRequest, code: str) -> InspectionRound:
    """A round whose matrix the person may see; 404 for all others."""
    rows = InspectionRound.objects.for_reading(request.user)
    return get_object_or_404(
        rows.select_related("authority__parent__parent", "plan", "report", "imported_by"), code=code
    )


def crumbs_of(round_: InspectionRound, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("Đợt kiểm tra", reverse("inspections:round-list")), (round_.name, round_.get_absolute_url()), *more]


# ---------------------------------------------------------------- reading


@require_safe
@require(Permission.ROUND_READ)
def round_list(request: SignedInRequest) -> HttpResponse:
    rows = InspectionRound.objects.for_reading(request.user).select_related("authority")
    rows = rows.annotate(planned=Count("units")).order_by("-period_from", "code")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    done = Count("pk", filter=Q(status=Dossier.Status.CONCLUDED))
    dossiers = Dossier.objects.filter(round__in=[row.pk for row in page]).order_by().values("round")
    counts = {row["round"]: (row["done"], row["made"]) for row in dossiers.annotate(done=done, made=Count("pk"))}
    context = {
        "rounds": [(round_, *counts.get(round_.pk, (0, 0))) for round_ in page],
        "page": page,
        "can_create": request.user.has(Permission.ROUND_MANAGE),
    }
    return render(request, "inspections/round_list.html", context)


@require_safe
@require(Permission.ROUND_READ)
def round_detail(request: SignedInRequest, code: str) -> HttpResponse:
    """The overview: while it is set up what is still to do, afterwards the matrix of one set."""
    round_ = fetch_round(request, code)
    manages = services.may_manage(round_, request.user)
    context: dict[str, Any] = {"round": round_, "manages": manages, "crumbs": _list_crumbs(round_.name)}
    if round_.status == Status.DRAFT:
        context |= {"steps": _steps(round_), "may_import": not services.refusals_of(round_)}
        return render(request, "inspections/round_draft.html", context)
    tabs = set_tabs(round_)
    chosen = next((tab for tab in tabs if tab.code == request.GET.get("bo")), tabs[0] if tabs else None)
    kept = request.GET.get("loc", "")
    table = matrix(round_, chosen.code) if chosen else None
    context |= {
        # A link up to who brought it in; the row belongs to the app of the bundles.
        "brought": getattr(round_, "brought", None) if round_.brought_from else None,
        "tabs": tabs,
        "chosen": chosen,
        "matrix": table,
        "rows": [row for row in table.rows if _is_kept(row, kept)] if table else [],
        "filters": FILTERS,
        "kept": kept,
        "can_export": bool(tabs) and round_.status != Status.CANCELLED,
    }
    return render(request, "inspections/round_detail.html", context)


def _is_kept(row: Any, kept: str) -> bool:
    if kept == "qua-han":
        return row.is_late
    if kept == "bo-sung-qua-han":
        return row.overdue > 0
    return not kept or row.dossier.status == kept


def _steps(round_: InspectionRound) -> list[dict[str, Any]]:
    """What setting a round up consists of, and how far it is."""
    units, team = round_.units.count(), list(round_.team.all())
    has_head = any(member.position == TeamMember.Position.HEAD for member in team)
    people = f"{len(team)} người" + ("" if has_head else ", chưa có Trưởng đoàn")
    return [
        _step("Thông tin đợt", "round-edit", round_, f"Hạn nộp {round_.due_on:%d/%m/%Y}", True),
        _step("Đơn vị được kiểm tra", "round-units", round_, f"{units} đơn vị" if units else "Chưa có", bool(units)),
        _step("Đoàn kiểm tra", "round-team", round_, people if team else "Chưa có", has_head),
        _step("Mở đợt", "round-open", round_, "Tạo hồ sơ cho các đơn vị", False),
    ]


def _step(label: str, name: str, round_: InspectionRound, facts: str, is_done: bool) -> dict[str, Any]:
    url = reverse(f"inspections:{name}", args=[round_.code])
    return {"label": label, "url": url, "facts": facts, "is_done": is_done}


# ---------------------------------------------------------------- the round itself


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def round_create(request: SignedInRequest) -> HttpResponse:
    form = RoundForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            round_ = services.create_round(by=request.user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Đã lập đợt kiểm tra. Tiếp theo: chọn đơn vị.")
            return redirect("inspections:round-units", code=round_.code)
    context = {"form": form, "title": "Lập đợt kiểm tra", "crumbs": _list_crumbs("Lập đợt kiểm tra"), "round": None}
    return render(request, "inspections/round_form.html", context, status=form_status(request))


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def round_edit(request: SignedInRequest, code: str) -> HttpResponse:
    round_ = fetch_round(request, code)
    # The form writes into its instance while it checks; the service compares with what stands in the database.
    form = RoundForm(request.POST or None, instance=copy(round_), user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_round(round_, by=request.user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Đã lưu thông tin đợt kiểm tra.")
            return redirect(round_)
    context = {"form": form, "title": "Sửa đợt kiểm tra", "crumbs": crumbs_of(round_, ("Sửa", "")), "round": round_}
    return render(request, "inspections/round_form.html", context, status=form_status(request))


def _list_crumbs(label: str) -> list[tuple[str, str]]:
    return [("Đợt kiểm tra", reverse("inspections:round-list")), (label, "")]


def form_status(request: SignedInRequest) -> int:
    """A form that is drawn again after it was sent was wrong."""
    return 400 if request.method == "POST" else 200


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def round_open(request: SignedInRequest, code: str) -> HttpResponse:
    """Check page that lists exactly what will be made; the act itself when it is sent."""
    round_ = fetch_round(request, code)
    plan = planning.plan_of(round_)
    return _confirm(
        request,
        round_,
        title="Mở đợt kiểm tra",
        button="Mở đợt",
        items=plan.sentences,
        blocked=plan.missing,
        act=services.open_round,
        done=f"Đã mở đợt kiểm tra, đã tạo hồ sơ cho {round_.units.count()} đơn vị.",
    )


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def round_close(request: SignedInRequest, code: str) -> HttpResponse:
    round_ = fetch_round(request, code)
    left = round_.dossiers.exclude(status=Dossier.Status.CONCLUDED).filter(round_unit__left_out_reason="")
    return _confirm(
        request,
        round_,
        title="Đóng đợt kiểm tra",
        button="Đóng đợt",
        items=[
            f"Giữ nguyên {round_.dossiers.count()} hồ sơ và toàn bộ minh chứng, chỉ còn xem được.",
            "Các xã và Đoàn không nhập, bổ sung hay kết luận được nữa.",
            "Các đơn vị có thể vào một đợt kiểm tra mới.",
        ],
        blocked=[f"{item}: {item.get_status_display().lower()}." for item in left.with_context().defer("frozen")],
        act=services.close_round,
        done="Đã đóng đợt kiểm tra.",
    )


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def round_cancel(request: SignedInRequest, code: str) -> HttpResponse:
    round_ = fetch_round(request, code)
    made = round_.dossiers.count()
    return _confirm(
        request,
        round_,
        title="Hủy đợt kiểm tra",
        button="Hủy đợt",
        items=[
            f"{made} hồ sơ của đợt không nhập và không xem được nữa." if made else "Đợt chưa có hồ sơ nào.",
            "Đợt vẫn còn trong danh sách với lý do hủy; không mở lại được.",
        ],
        act=services.cancel_round,
        done="Đã hủy đợt kiểm tra.",
        form=ReasonForm(request.POST or None, label="Lý do hủy"),
    )


def _confirm(
    request: SignedInRequest,
    round_: InspectionRound,
    *,
    title: str,
    button: str,
    items: Any,
    act: Any,
    done: str,
    blocked: Any = (),
    form: ReasonForm | None = None,
) -> HttpResponse:
    """A check page of a whole round, and its act."""
    errors: list[str] = []
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            act(round_, by=request.user, **(form.cleaned_data if form else {}))
        except NotAllowed as error:
            errors = error.messages
        except Refused as error:
            messages.error(request, str(error))
            return redirect(round_)
        else:
            messages.success(request, done)
            return redirect(round_)
    context = {
        "round": round_,
        "title": title,
        "button": button,
        "items": items,
        "blocked": [(text, "") for text in blocked],
        "form": form,
        "errors": errors,
        "crumbs": crumbs_of(round_, (title, "")),
    }
    status = 403 if errors else form_status(request)
    return render(request, "inspections/round_confirm.html", context, status=status)
