"""Monthly reports: the months of an agency, who is late, writing and submitting one, a month as a table."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communes import clock
from communes.models import Agency, Authority, User, within
from communes.permissions import Permission, require

from .. import monthly, offices
from ..models import MonthlyReport, MonthlyRule
from ..monthly_forms import CorrectForm, ReportForm, RuleForm
from ..presenters import monthly as shown
from ..services import monthly as services
from ..workflow import NotAllowed, Refused
from .common import tell, user_of

reads = require(Permission.ROUND_READ, Permission.OPINION_GIVE)
writes = require(Permission.OPINION_GIVE)
office = require(Permission.NOTICE_COMPOSE)
form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@reads
def monthly_list(request: HttpRequest) -> HttpResponse:
    """For an agency its months; for who reads the authority's rounds all agencies, and who is late."""
    user = user_of(request)
    own = Agency.objects.filter(pk__in=user.scope("agency", needs=Permission.OPINION_GIVE)).select_related("authority")
    authorities = Authority.objects.filter(_within(user)).order_by("name")
    boards = [(board, offices.keeps(board.authority, user)) for board in shown.boards(authorities)]
    context = {"own": shown.own_months(own), "boards": boards, "reads_all": user.has(Permission.ROUND_READ)}
    return render(request, "reports/monthly_list.html", context)


def _within(user: User) -> Q:
    """Authorities whose rounds the person reads; those under them have agencies of their own."""
    ids = user.scope("authority", needs=Permission.ROUND_READ)
    return Q(pk__in=ids) | within("parent", ids)


# ---------------------------------------------------------------- one report


@require_safe
@reads
def monthly_report(request: HttpRequest, agency: int, month: date) -> HttpResponse:
    return _show(request, _agency(request, agency), _past(month))


def _show(
    request: HttpRequest,
    agency: Agency,
    month: date,
    *,
    bound: ReportForm | None = None,
    correcting: CorrectForm | None = None,
    refused: Refused | None = None,
) -> HttpResponse:
    """A month of an agency: its draft to be written, or what was submitted; ?ban=1 shows an earlier version."""
    user = user_of(request)
    may_write = services.writes(agency, user)
    versions = list(_versions(user, agency, month))
    report = _chosen(request, versions)
    is_draft = may_write and (report is None or not report.is_submitted)
    figures, remarks = _figures(agency, month, report) if report or is_draft else ({}, {})
    form = None
    if is_draft:
        form = bound or ReportForm(figures["indicators"], report, remarks)
    rule = MonthlyRule.objects.filter(authority=agency.authority_id).first()
    context = {
        "agency": agency,
        "month": month,
        "month_label": monthly.label(month),
        "cell": shown.cell(agency, month, rule, versions),
        "report": report,
        "versions": versions,
        "is_latest": not versions or report == versions[0],
        "figures": figures,
        "groups": shown.groups(figures.get("indicators", ()), remarks, form),
        "totals": shown.totals(figures.get("indicators", ())),
        "form": form,
        "correct_form": (correcting or CorrectForm()) if may_write and report and report.is_submitted else None,
        "may_remind": offices.keeps(agency.authority, user) and not any(row.is_submitted for row in versions),
        "errors": refused.messages if refused else [],
        "bound": bound or correcting,
        "crumbs": [("Báo cáo tháng", reverse("reports:monthly-list")), (f"{agency}, {monthly.label(month)}", "")],
    }
    status = 400 if bound or correcting else 200
    if refused:
        status = 403 if isinstance(refused, NotAllowed) else 409
    return render(request, "reports/monthly_report.html", context, status=status)


def _versions(user: User, agency: Agency, month: date) -> Any:
    rows = MonthlyReport.objects.for_user(user).filter(agency=agency, month=month)
    return rows.select_related("agency__authority", "round", "submitted_by", "changed_by").order_by("-number")


def _chosen(request: HttpRequest, versions: list[MonthlyReport]) -> MonthlyReport | None:
    wanted = request.GET.get("ban", "")
    if not wanted:
        return versions[0] if versions else None
    found = next((row for row in versions if str(row.number) == wanted), None)
    if found is None:
        raise Http404
    return found


def _figures(agency: Agency, month: date, report: MonthlyReport | None) -> tuple[dict[str, Any], dict[int, str]]:
    """What is stated, as it was kept or as it is now; and {indicator id: remark}."""
    remarks = {line.indicator_id: line.remark for line in report.lines.all()} if report else {}
    if report and report.is_submitted:
        return report.figures, remarks
    return monthly.stated(agency, month, monthly.round_of(agency.authority, month)), remarks


@require_POST
@writes
def monthly_save(request: HttpRequest, agency: int, month: date) -> HttpResponse:
    return _write(request, _own_agency(request, agency), _past(month), is_final=False)


@require_POST
@writes
def monthly_submit(request: HttpRequest, agency: int, month: date) -> HttpResponse:
    return _write(request, _own_agency(request, agency), _past(month), is_final=True)


def _write(request: HttpRequest, agency: Agency, month: date, *, is_final: bool) -> HttpResponse:
    draft = MonthlyReport.objects.filter(agency=agency, month=month, status=MonthlyReport.Status.DRAFT).first()
    figures = monthly.stated(agency, month, monthly.round_of(agency.authority, month))
    form = ReportForm(figures["indicators"], draft, {}, request.POST)
    if not form.is_valid():
        return _show(request, agency, month, bound=form)
    act = services.submit if is_final else services.save_draft
    try:
        act(
            agency,
            month,
            general=form.cleaned_data["general"],
            remarks=form.remarks(),
            version=form.cleaned_data["version"],
            by=user_of(request),
        )
    except Refused as refused:
        # The next click is meant for what stands there now, which the page has just shown.
        form.data = {**request.POST.dict(), "version": str(draft.version if draft else 0)}
        return _show(request, agency, month, bound=form, refused=refused)
    label = monthly.label(month)
    messages.success(request, f"Đã nộp báo cáo tháng {label}." if is_final else f"Đã lưu nháp báo cáo tháng {label}.")
    return redirect("reports:monthly-report", agency.pk, month)


@require_POST
@writes
def monthly_correct(request: HttpRequest, agency: int, month: date) -> HttpResponse:
    chosen = _own_agency(request, agency)
    last = _versions(user_of(request), chosen, month).first()
    if last is None:
        raise Http404
    form = CorrectForm(request.POST)
    if not form.is_valid():
        return _show(request, chosen, month, correcting=form)
    try:
        services.correct(last, reason=form.cleaned_data["reason"], by=user_of(request))
    except Refused as refused:
        return _show(request, chosen, month, correcting=form, refused=refused)
    messages.success(request, "Đã mở bản sửa. Bản đã nộp vẫn giữ nguyên cho đến khi nộp bản sửa, và sau đó.")
    return redirect("reports:monthly-report", chosen.pk, month)


# ---------------------------------------------------------------- the office


@require_POST
@office
def monthly_remind(request: HttpRequest, agency: int, month: date) -> HttpResponse:
    chosen = _agency(request, agency)
    if not offices.keeps(chosen.authority, user_of(request)):
        raise PermissionDenied
    try:
        services.remind(chosen, _past(month), by=user_of(request))
        messages.success(request, f"Đã nhắc {chosen} nộp báo cáo tháng {monthly.label(month)}.")
    except Refused as refused:
        tell(request, refused)
    return redirect("reports:monthly-list")


@form_methods
@office
def monthly_rule(request: HttpRequest, pk: int) -> HttpResponse:
    authority = get_object_or_404(Authority.objects.filter(_within(user_of(request))), pk=pk)
    if not offices.keeps(authority, user_of(request)):
        raise PermissionDenied
    rule = MonthlyRule.objects.filter(authority=authority).first()
    form = RuleForm(rule, request.POST if request.method == "POST" else None)
    errors: list[str] = []
    if form.is_bound and form.is_valid():
        try:
            services.set_rule(authority, by=user_of(request), **form.cleaned_data)
        except Refused as refused:
            errors = refused.messages
        else:
            messages.success(request, "Đã lưu quy định báo cáo tháng.")
            return redirect("reports:monthly-list")
    crumbs = [("Báo cáo tháng", reverse("reports:monthly-list")), ("Quy định", "")]
    context = {"authority": authority, "rule": rule, "form": form, "errors": errors, "crumbs": crumbs}
    return render(request, "reports/monthly_rule.html", context, status=400 if form.is_bound else 200)


@require_safe
@reads
def monthly_table(request: HttpRequest, month: date, wanted: str) -> HttpResponse:
    """Everything of a month that one may read, as CSV or XLSX: the last version of each report, and who has none."""
    user, chosen = user_of(request), _past(month)
    last: dict[int, MonthlyReport] = {}
    rows = MonthlyReport.objects.for_user(user).submitted().filter(month=chosen)
    for report in rows.select_related("agency").prefetch_related("lines").order_by("agency__name", "number"):
        last[report.agency_id] = report
    boards = shown.boards(Authority.objects.filter(_within(user)).order_by("name"))
    cells = [each for board in boards for _, row in board.rows for each in row if each.month == chosen]
    missing = [each for each in cells if each.due_on and each.is_missing]
    table = list(shown.table(last.values(), missing))
    data = shown.as_csv(table) if wanted == "csv" else shown.as_xlsx(table, chosen)
    response = HttpResponse(data, content_type=shown.TYPES[wanted])
    name = f"bao-cao-thang-{chosen:%Y-%m}.{wanted}"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


# ---------------------------------------------------------------- shared


def _agency(request: HttpRequest, pk: int) -> Agency:
    """An agency whose reports this person may read, or writes; else 404."""
    user = user_of(request)
    own = Q(pk__in=user.scope("agency", needs=Permission.OPINION_GIVE))
    read = within("authority", user.scope("authority", needs=Permission.ROUND_READ))
    return get_object_or_404(Agency.objects.filter(own | read).select_related("authority"), pk=pk)


def _own_agency(request: HttpRequest, pk: int) -> Agency:
    agency = _agency(request, pk)
    if not services.writes(agency, user_of(request)):
        raise PermissionDenied
    return agency


def _past(month: date) -> date:
    """A month that has begun; 404 for one that has not."""
    if month > monthly.month_of(clock.today()):
        raise Http404
    return month
