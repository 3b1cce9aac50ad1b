"""The commune's dossiers: list, task list, handing in, what was sent back, the reply, print and history."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communes import clock
from communes.permissions import Permission, require
from criteria.judgement import Judgement

from .. import services, workflow
from ..evidence import ACCEPT
from ..forms.entry import AnswerForm, ReplyForm, SubmitForm
from ..models import Assessment, CriterionConclusion, Dossier, Evidence, EvidenceLink, Reply, ReturnItem, SignedMinutes
from ..presenters.dossier import DossierPage, dossier_lines, dossier_page, gathered
from ..presenters.history import events_of, history_line
from ..presenters.replies import replies_of
from ..presenters.sight import sight_of
from ..presenters.threads import threads_of
from ..workflow import Refused
from .common import crumbs_for, dossier_for, keepable, own_dossier, row_key, sent, tell

DOSSIERS_A_PAGE = 20
EVENTS_A_PAGE = 50


@require_safe
@require(Permission.DOSSIER_READ)
def dossier_list(request: HttpRequest) -> HttpResponse:
    rows = Dossier.objects.for_user(request.user).with_context()  # type: ignore[arg-type]
    rows = rows.order_by("-round__period_from", "round__code", "round_unit__position", "pk")
    page = Paginator(rows, DOSSIERS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "inspections/dossier_list.html", {"page": page, "lines": dossier_lines(page.object_list)})


@require_safe
@require(Permission.DOSSIER_READ)
def dossier_detail(request: HttpRequest, pk: int) -> HttpResponse:
    dossier = dossier_for(request, pk)
    page = dossier_page(dossier, request.user)  # type: ignore[arg-type]
    signed = SignedMinutes.objects.none()
    if dossier.is_disclosed:
        signed = SignedMinutes.objects.for_user(request.user).current()  # type: ignore[arg-type]
    context = {
        "page": page,
        "dossier": dossier,
        "crumbs": crumbs_for(request, dossier),
        "may_reply": "reply" in page.offers and dossier.reply_is_open,
        "signed_minutes": signed.filter(inspection=dossier.inspection_id).select_related("attached_by"),
    }
    return keepable(request, render(request, "inspections/dossier_detail.html", context), page.sight)


@require_safe
@require(Permission.DOSSIER_READ)
def dossier_print(request: HttpRequest, pk: int) -> HttpResponse:
    dossier = dossier_for(request, pk)
    sight = sight_of(dossier, request.user)  # type: ignore[arg-type]
    page = dossier_page(dossier, request.user)  # type: ignore[arg-type]
    links = EvidenceLink.objects.filter(assessment__in=sight.assessments(dossier).order_by().values("pk"))
    proofs: dict[str, list[EvidenceLink]] = {}
    for link in links.select_related("evidence", "assessment__indicator"):
        proofs.setdefault(link.assessment.indicator.code, []).append(link)
    remarks = {row.indicator.code: row.remark for row in sight.assessments(dossier) if row.remark}
    context = {
        "page": page,
        "dossier": dossier,
        "crumbs": crumbs_for(request, dossier, ("Bản in", "")),
        "rows": [
            (criterion, [(row, proofs.get(row.code, []), remarks.get(row.code, "")) for row in criterion.indicators])
            for criterion in page.criteria
        ],
        "columns": 4 + page.sight.sees_opinions + page.sight.sees_conclusions,
        "printed_at": clock.now(),
    }
    return render(request, "inspections/dossier_print.html", context)


@require_safe
@require(Permission.DOSSIER_READ)
def dossier_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Who changed what and when in a dossier; of one of its indicators with ?chi-tieu=, where that is shown to them."""
    dossier = dossier_for(request, pk)
    sight = sight_of(dossier, request.user)  # type: ignore[arg-type]
    assessment = None
    if wanted := request.GET.get("chi-tieu", ""):
        assessment = get_object_or_404(sight.assessments(dossier), pk=row_key(wanted))
    page = Paginator(events_of(dossier, sight, assessment), EVENTS_A_PAGE).get_page(request.GET.get("page"))
    rest = [(f"Chỉ tiêu {assessment.indicator.code}", "")] if assessment else []
    whole = reverse("inspections:dossier-history", args=[pk]) if assessment else ""
    context = {
        "page": page,
        "lines": [history_line(event, sight, dossier) for event in page],
        "dossier": dossier,
        "assessment": assessment,
        "crumbs": crumbs_for(request, dossier, ("Nhật ký", whole), *rest),
    }
    return render(request, "inspections/dossier_history.html", context)


# ---------------------------------------------------------------- handing in


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DOSSIER_EDIT)
def dossier_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """The check page before handing in, and the act."""
    dossier = own_dossier(request, pk)
    page = dossier_page(dossier, request.user)  # type: ignore[arg-type]
    form = SubmitForm(sent(request)) if page.advised else None
    status = 200
    if request.method == "POST":
        if form is not None and not form.is_valid():
            status = 400
        else:
            try:
                services.submit(dossier, by=request.user)  # type: ignore[arg-type]
            except Refused as refused:
                tell(request, refused)
                dossier, status = own_dossier(request, pk), 409
                page = dossier_page(dossier, request.user)  # type: ignore[arg-type]
            else:
                return redirect("inspections:dossier-submitted", pk)
    if "submit" not in page.offers and status == 200:
        messages.info(request, f"Hồ sơ đang ở trạng thái “{dossier.get_status_display()}”.")
        return redirect(dossier)
    return render(request, "inspections/dossier_submit.html", _submit_context(request, page, form), status=status)


def _submit_context(request: HttpRequest, page: DossierPage, form: SubmitForm | None) -> dict[str, Any]:
    dossier = page.dossier
    happens = [
        f"Đoàn kiểm tra nhận hồ sơ {dossier} và bắt đầu xem xét.",
        "Không sửa được hồ sơ nữa; chỉ rút lại được khi Đoàn chưa kết luận tiêu chí nào.",
        "Minh chứng đã dùng trong hồ sơ được giữ lại, không xóa được.",
    ]
    if clock.today() > dossier.due_on:
        happens.insert(0, f"Hồ sơ được ghi là nộp muộn: hạn nộp là {dossier.due_on:%d/%m/%Y}.")
    offer = page.offers.get("submit")
    own = {item.text for item in page.blocking}
    other = [sentence for sentence in offer.missing if sentence not in own] if offer else []
    return {
        "page": page,
        "dossier": dossier,
        "form": form,
        "facts": [
            ("Tiêu chí đã nhập xong", f"{page.done}/{page.total}"),
            ("Việc phải xong trước khi nộp", str(len(page.blocking)) if page.blocking else "Đã đủ"),
            ("Minh chứng nên bổ sung", str(len(page.advised)) if page.advised else "Không"),
        ],
        "happens": happens,
        "blocked": [
            *((sentence, "") for sentence in other),
            *((text, _criterion_link(dossier, number)) for number, text in gathered(page.blocking)),
        ],
        "advised": [(text, _criterion_link(dossier, number)) for number, text in gathered(page.advised)],
        "crumbs": crumbs_for(request, dossier, ("Kiểm tra và nộp", "")),
    }


def _criterion_link(dossier: Dossier, number: int) -> str:
    return reverse("inspections:criterion-edit", args=[dossier.pk, number])


@require_safe
@require(Permission.DOSSIER_EDIT)
def dossier_submitted(request: HttpRequest, pk: int) -> HttpResponse:
    """What was handed in and what happens next; gone once the dossier has moved on."""
    dossier = own_dossier(request, pk)
    if dossier.status != Dossier.Status.SUBMITTED:
        return redirect(dossier)
    page = dossier_page(dossier, request.user)  # type: ignore[arg-type]
    context = {"page": page, "dossier": dossier, "crumbs": crumbs_for(request, dossier, ("Đã nộp", ""))}
    return render(request, "inspections/dossier_submitted.html", context)


@require_POST
@require(Permission.DOSSIER_EDIT)
def dossier_recall(request: HttpRequest, pk: int) -> HttpResponse:
    dossier = own_dossier(request, pk)
    try:
        services.recall(dossier, by=request.user)  # type: ignore[arg-type]
    except Refused as refused:
        tell(request, refused)
    else:
        messages.success(request, "Đã rút lại hồ sơ; sửa xong thì nộp lại.")
    return redirect(dossier)


# ---------------------------------------------------------------- what was sent back


@require_safe
@require(Permission.DOSSIER_READ)
def dossier_returns(request: HttpRequest, pk: int) -> HttpResponse:
    return _returns_page(request, dossier_for(request, pk))


def _items_shown(dossier: Dossier, request: HttpRequest) -> QuerySet[ReturnItem]:
    shown = sight_of(dossier, request.user).assessments(dossier)  # type: ignore[arg-type]
    return dossier.return_items.filter(assessment__in=shown.order_by().values("pk")).select_related(
        "assessment__indicator", "assessment__criterion", "asked_by", "answered_by", "closed_by"
    )


def _returns_page(
    request: HttpRequest, dossier: Dossier, *, bound: dict[int, AnswerForm] | None = None, status: int = 200
) -> HttpResponse:
    may_answer = sight_of(dossier, request.user).may_edit and dossier.round.is_open  # type: ignore[arg-type]
    given = bound or {}
    items = list(_items_shown(dossier, request).order_by("due_on", "pk"))
    rows = []
    for thread in threads_of(items, _proofs_of(items)):
        item = thread.item
        is_open = may_answer and item.status == ReturnItem.Status.OPEN
        form = given.get(item.pk) or AnswerForm(auto_id=f"yc-{item.pk}-%s")
        rows.append((thread, form if is_open or item.pk in given else None))
    context = {
        "dossier": dossier,
        "open_rows": [row for row in rows if row[0].item.status == ReturnItem.Status.OPEN],
        "other_rows": [row for row in rows if row[0].item.status != ReturnItem.Status.OPEN],
        "overdue": sum(item.is_overdue for item in items),
        "accept": ACCEPT,
        "bound_forms": list(given.values()),
        "crumbs": crumbs_for(request, dossier, ("Yêu cầu bổ sung", "")),
    }
    return render(request, "inspections/dossier_returns.html", context, status=status)


def _proofs_of(items: list[ReturnItem]) -> dict[int, list[EvidenceLink]]:
    """{assessment id: its proofs} of what was asked about: one query."""
    found: dict[int, list[EvidenceLink]] = {}
    asked = {item.assessment_id for item in items}
    for link in EvidenceLink.objects.filter(assessment__in=asked).select_related("evidence"):
        found.setdefault(link.assessment_id, []).append(link)
    return found


@require_POST
@require(Permission.DOSSIER_EDIT)
def item_answer(request: HttpRequest, pk: int, item: int) -> HttpResponse:
    dossier = own_dossier(request, pk)
    rows = dossier.return_items.select_related("assessment__indicator", "assessment__criterion")
    row = get_object_or_404(rows, pk=item)
    row.dossier = row.assessment.dossier = dossier
    form = AnswerForm(request.POST, auto_id=f"yc-{row.pk}-%s")
    if not form.is_valid():
        return _returns_page(request, dossier, bound={row.pk: form}, status=400)
    by: Any = request.user
    try:
        # Each file is a step of its own: what was sent is in the library even where the answer comes too late.
        for file in request.FILES.getlist("files"):
            services.add_evidence(dossier.commune, file, meta={}, by=by, assessments=[row.assessment])
        services.answer_item(row, answer=form.cleaned_data["answer"], by=by)
    except Refused as refused:
        tell(request, refused)
        return _returns_page(request, own_dossier(request, pk), bound={row.pk: form}, status=409)
    if dossier.status == Dossier.Status.SUBMITTED:
        messages.success(request, "Đã gửi trả lời cuối cùng; hồ sơ đã nộp lại cho Đoàn kiểm tra.")
    else:
        messages.success(request, f"Đã gửi trả lời về chỉ tiêu {row.assessment.indicator.code}.")
    return redirect("inspections:dossier-returns", pk)


# ---------------------------------------------------------------- the reply to provisional conclusions


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DOSSIER_EDIT)
def dossier_reply(request: HttpRequest, pk: int) -> HttpResponse:
    """The provisional conclusions with fields to explain, or the waiver; once concluded, what came of it."""
    dossier = own_dossier(request, pk)
    if not dossier.is_disclosed and request.method != "POST":
        messages.info(request, f"Hồ sơ đang ở trạng thái “{dossier.get_status_display()}”, không có gì để giải trình.")
        return redirect(dossier)
    conclusions = list(dossier.conclusions.select_related("criterion").order_by("criterion__number"))
    stored = {f"criterion_{row.criterion.number}": row.reply for row in conclusions}
    numbers = [row.criterion.number for row in conclusions]
    form = ReplyForm(numbers, sent(request), initial={"general": dossier.reply, **stored})
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                _send_reply(request, dossier, conclusions, form)
            except Refused as refused:
                tell(request, refused)
                dossier, status = own_dossier(request, pk), 409
            else:
                messages.success(request, "Đã gửi ý kiến của xã về dự thảo kết luận.")
                return redirect(dossier)
        else:
            status = 400
    context = _reply_context(dossier, conclusions, form)
    context["crumbs"] = crumbs_for(request, dossier, ("Giải trình", ""))
    return render(request, "inspections/dossier_reply.html", context, status=status)


def _send_reply(
    request: HttpRequest, dossier: Dossier, conclusions: list[CriterionConclusion], form: ReplyForm
) -> None:
    typed = form.cleaned_data
    waive = "waive" in request.POST
    replies = {row.criterion: typed[f"criterion_{row.criterion.number}"] for row in conclusions}
    if not waive:
        _add_proofs(request, dossier, conclusions)
    services.reply(
        dossier,
        by=request.user,  # type: ignore[arg-type]
        general="" if waive else typed["general"],
        replies={} if waive else replies,
        waive=waive,
    )


def _add_proofs(request: HttpRequest, dossier: Dossier, conclusions: list[CriterionConclusion]) -> None:
    """Files sent with the explanation of a criterion, for the indicator chosen beside them."""
    for row in conclusions:
        number = row.criterion.number
        files = request.FILES.getlist(f"files_{number}")
        if not files:
            continue
        chosen = request.POST.get(f"indicator_{number}", "")
        rows = dossier.assessments.filter(criterion=row.criterion, pk=int(chosen) if chosen.isdigit() else 0)
        assessment = rows.select_related("indicator", "criterion").first()
        if assessment is None:
            raise Refused(f"Tiêu chí {number}: chưa chọn chỉ tiêu cho minh chứng mới.")
        assessment.dossier = dossier
        by: Any = request.user
        for file in files:
            services.add_evidence(dossier.commune, file, meta={}, by=by, assessments=[assessment])


@dataclass(frozen=True)
class ReplyRow:
    """One provisional conclusion with what was explained of it and the fields to explain more."""

    conclusion: CriterionConclusion
    field: BoundField
    replies: list[Reply]
    unsent: list[Evidence]
    indicators: list[Assessment]


def _reply_context(dossier: Dossier, conclusions: list[CriterionConclusion], form: ReplyForm) -> dict[str, Any]:
    # Hidden again once the team takes the reply up: only what is disclosed now is drawn.
    shown = conclusions if dossier.is_disclosed else []
    replies, unsent = replies_of(shown), services.new_proofs(dossier) if dossier.reply_is_open else {}
    indicators: dict[int, list[Assessment]] = {}
    for item in dossier.assessments.select_related("indicator") if dossier.reply_is_open else []:
        indicators.setdefault(item.criterion_id, []).append(item)
    rows = [
        ReplyRow(
            row,
            form[f"criterion_{row.criterion.number}"],
            replies.get(row.pk, []),
            unsent.get(row.criterion_id, []),
            indicators.get(row.criterion_id, []),
        )
        for row in shown
    ]
    is_over = dossier.status == Dossier.Status.CONCLUDED
    return {
        "dossier": dossier,
        "form": form,
        "contested": [row for row in rows if row.replies or (row.conclusion.verdict != Judgement.MET and not is_over)],
        "met": [row for row in rows if row.conclusion.verdict == Judgement.MET and not row.replies and not is_over],
        "is_open": dossier.reply_is_open,
        "is_concluded": is_over,
        "accept": ACCEPT,
        "whom_to_call": workflow.whom_to_call(dossier),
    }
