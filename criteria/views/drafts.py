"""Writing a draft: its criteria, indicators, parts, thresholds, evidence; and who is in charge."""

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import drafting, presenters, services
from ..drafting import Changes
from ..forms import AgenciesForm, CriterionForm, EvidenceFormSet, IndicatorForm, PartFormSet, ThresholdFormSet
from ..models import CriteriaSet, Criterion, Indicator
from .sets import fetch_set, typed

GET_OR_POST = ["GET", "HEAD", "POST"]
# The form found the number free; somebody else wrote it in the same moment.
TAKEN = "Vừa có người khác dùng số hoặc mã này. Hãy chọn số khác rồi lưu lại."


@require_http_methods(GET_OR_POST)
@require(Permission.CRITERIA_MANAGE)
def criterion_add(request: SignedInRequest, code: str, version: int) -> HttpResponse:
    criteria_set = fetch_set(request, code, version)
    last = criteria_set.criteria.order_by("-number").first()
    criterion = Criterion(criteria_set=criteria_set, number=last.number + 1 if last else 1)
    return _criterion_form(request, criterion, "Thêm tiêu chí")


@require_http_methods(GET_OR_POST)
@require(Permission.CRITERIA_MANAGE)
def criterion_edit(request: SignedInRequest, code: str, version: int, number: int) -> HttpResponse:
    criterion = _fetch_criterion(request, code, version, number)
    return _criterion_form(request, criterion, f"Sửa tiêu chí {criterion.number}")


@require_POST
@require(Permission.CRITERIA_MANAGE)
def criterion_remove(request: SignedInRequest, code: str, version: int, number: int) -> HttpResponse:
    criterion = _fetch_criterion(request, code, version, number)
    return _remove(request, criterion, f"Đã xóa tiêu chí {criterion.number}.")


@require_http_methods(GET_OR_POST)
@require(Permission.CRITERIA_MANAGE)
def indicator_add(request: SignedInRequest, code: str, version: int, number: int) -> HttpResponse:
    criterion = _fetch_criterion(request, code, version, number)
    indicator = Indicator(criteria_set=criterion.criteria_set, criterion=criterion, position=0)
    return _indicator_form(request, indicator, f"Thêm chỉ tiêu vào tiêu chí {criterion.number}")


@require_http_methods(GET_OR_POST)
@require(Permission.CRITERIA_MANAGE)
def indicator_edit(request: SignedInRequest, code: str, version: int, indicator: str) -> HttpResponse:
    row = _fetch_indicator(request, code, version, indicator)
    return _indicator_form(request, row, f"Sửa chỉ tiêu {row.code}")


@require_POST
@require(Permission.CRITERIA_MANAGE)
def indicator_remove(request: SignedInRequest, code: str, version: int, indicator: str) -> HttpResponse:
    row = _fetch_indicator(request, code, version, indicator)
    return _remove(request, row, f"Đã xóa chỉ tiêu {row.code}.")


@require_http_methods(GET_OR_POST)
@require(Permission.CRITERIA_MANAGE)
def indicator_agencies(request: SignedInRequest, code: str, version: int, indicator: str) -> HttpResponse:
    """Who is in charge of an indicator; possible for published sets too, agencies come and go."""
    row = _fetch_indicator(request, code, version, indicator)
    criteria_set = row.criterion.criteria_set
    now = [assignment.agency_id for assignment in row.agency_assignments.all()]
    form = AgenciesForm(typed(request), user=request.user, initial={"agencies": now})
    if request.method == "POST" and form.is_valid():
        services.assign_agencies(row, form.cleaned_data["agencies"], by=request.user)
        messages.success(request, f"Đã lưu phòng, ban phụ trách chỉ tiêu {row.code}.")
        return redirect(f"{criteria_set.get_absolute_url()}#chi-tieu-{row.code}")
    context = {"form": form, "indicator": row, "crumbs": presenters.crumbs(criteria_set, f"Phụ trách {row.code}")}
    return render(request, "criteria/indicator_agencies.html", context)


def _fetch_criterion(request: SignedInRequest, code: str, version: int, number: int) -> Criterion:
    criteria_set = fetch_set(request, code, version)
    return get_object_or_404(criteria_set.criteria.select_related("criteria_set"), number=number)


def _fetch_indicator(request: SignedInRequest, code: str, version: int, indicator: str) -> Indicator:
    criteria_set = fetch_set(request, code, version)
    return get_object_or_404(criteria_set.indicators.select_related("criterion__criteria_set"), code=indicator)


def _criterion_form(request: SignedInRequest, criterion: Criterion, heading: str) -> HttpResponse:
    criteria_set = criterion.criteria_set
    if not criteria_set.is_editable:
        return _fixed(request, criteria_set)
    form = CriterionForm(typed(request), instance=criterion)
    evidence = EvidenceFormSet(typed(request), instance=criterion, prefix="minh-chung")
    if request.method == "POST" and form.is_valid() and evidence.is_valid():
        row = form.save(commit=False)
        changes = Changes(evidence.save(commit=False), evidence.deleted_objects)
        try:
            drafting.save_criterion(row, evidence=changes, by=request.user)
        except services.SetIsFixed:
            return _fixed(request, criteria_set)
        except IntegrityError:
            form.add_error("number", TAKEN)
        else:
            messages.success(request, f"Đã lưu tiêu chí {row.number}.")
            return redirect(f"{criteria_set.get_absolute_url()}#tieu-chi-{row.number}")
    context = {
        "form": form,
        "evidence": evidence,
        "criterion": None if criterion._state.adding else criterion,
        "set": criteria_set,
        "heading": heading,
        "crumbs": presenters.crumbs(criteria_set, heading),
    }
    return render(request, "criteria/criterion_form.html", context)


def _indicator_form(request: SignedInRequest, indicator: Indicator, heading: str) -> HttpResponse:
    criteria_set = indicator.criterion.criteria_set
    if not criteria_set.is_editable:
        return _fixed(request, criteria_set)
    form = IndicatorForm(typed(request), instance=indicator)
    parts = PartFormSet(typed(request), instance=indicator, prefix="thanh-phan")
    thresholds = ThresholdFormSet(typed(request), instance=indicator, prefix="nguong")
    if request.method == "POST" and form.is_valid() and parts.is_valid() and thresholds.is_valid():
        row = form.save(commit=False)
        part_changes = Changes(parts.save(commit=False), parts.deleted_objects)
        threshold_changes = Changes(thresholds.save(commit=False), thresholds.deleted_objects)
        try:
            drafting.save_indicator(row, parts=part_changes, thresholds=threshold_changes, by=request.user)
        except services.SetIsFixed:
            return _fixed(request, criteria_set)
        except IntegrityError:
            form.add_error("code", TAKEN)
        else:
            messages.success(request, f"Đã lưu chỉ tiêu {row.code}.")
            return redirect(f"{criteria_set.get_absolute_url()}#chi-tieu-{row.code}")
    context = {
        "form": form,
        "parts": parts,
        "thresholds": thresholds,
        "indicator": None if indicator._state.adding else indicator,
        "set": criteria_set,
        "heading": heading,
        "crumbs": presenters.crumbs(criteria_set, heading),
    }
    return render(request, "criteria/indicator_form.html", context)


def _remove(request: SignedInRequest, row: Criterion | Indicator, done: str) -> HttpResponse:
    criteria_set = row.get_set()
    try:
        drafting.remove(row, by=request.user)
    except services.SetIsFixed:
        return _fixed(request, criteria_set)
    messages.success(request, done)
    return redirect(criteria_set)


def _fixed(request: SignedInRequest, criteria_set: CriteriaSet) -> HttpResponse:
    messages.warning(request, CriteriaSet.IMMUTABLE)
    return redirect(criteria_set)
