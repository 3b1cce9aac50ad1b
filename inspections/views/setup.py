"""Setting a round up: its units, with extensions and those left out, and its team."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from communes.permissions import Permission, require
from communes.requests import SignedInRequest
from criteria.models import CriteriaSet

from .. import planning, services
from ..forms.rounds import ExtensionForm, MemberForm, ReasonForm, UnitsForm, set_choices
from ..models import InspectionRound, RoundUnit, TeamMember
from ..workflow import Refused
from .rounds import GET_OR_POST, crumbs_of, fetch_round, form_status

Status = InspectionRound.Status


def fetch_unit(request: SignedInRequest, code: str, pk: int) -> RoundUnit:
    round_ = fetch_round(request, code)
    unit = get_object_or_404(round_.units.select_related("commune", "village", "criteria_set"), pk=pk)
    unit.round = round_
    return unit


# ---------------------------------------------------------------- its units


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def round_units(request: SignedInRequest, code: str) -> HttpResponse:
    """The units of a round, and adding more of them, one or all, to be judged by one set."""
    round_ = fetch_round(request, code)
    sets = set_choices(round_)
    chosen = next((item for item in sets if str(item.pk) == request.GET.get("bo")), sets[0] if sets else None)
    left = planning.candidates(round_, chosen) if chosen else []
    form = UnitsForm(request.POST or None, candidates=left)
    if chosen and request.method == "POST" and form.is_valid():
        try:
            added = _add_units(round_, chosen, form.cleaned_data, request)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Đã thêm {added} đơn vị theo {chosen.short_name}.")
            return redirect(f"{reverse('inspections:round-units', args=[code])}?bo={chosen.pk}")
    units = round_.units.select_related(
        "commune", "village", "criteria_set", "extended_by", "reply_extended_by"
    ).order_by("criteria_set__level", "criteria_set", "position", "pk")
    context = {
        "round": round_,
        "units": units,
        "sets": sets,
        "chosen": chosen,
        "left": left,
        "form": form,
        "manages": services.may_manage(round_, request.user) and round_.status in (Status.DRAFT, Status.OPEN),
        "crumbs": crumbs_of(round_, ("Đơn vị", "")),
    }
    return render(request, "inspections/round_units.html", context, status=form_status(request))


@transaction.atomic
def _add_units(
    round_: InspectionRound, criteria_set: CriteriaSet, data: dict[str, Any], request: SignedInRequest
) -> int:
    for item in data["units"]:
        services.add_unit(
            round_,
            by=request.user,
            criteria_set=criteria_set,
            commune=item.commune,
            village=item.village,
            mode=data["mode"],
            visit_on=data["visit_on"],
        )
    return len(data["units"])


@require_POST
@require(Permission.ROUND_MANAGE)
def unit_remove(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    unit = fetch_unit(request, code, pk)
    try:
        services.remove_unit(unit, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Đã bỏ {unit.unit} khỏi đợt.")
    return redirect("inspections:round-units", code=code)


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def unit_extend(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    unit = fetch_unit(request, code, pk)
    form = ExtensionForm(request.POST or None)
    return _unit_page(request, unit, form, services.extend_unit, "Gia hạn", f"Đã gia hạn cho {unit.unit}.")


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def unit_extend_reply(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    unit = fetch_unit(request, code, pk)
    form = ExtensionForm(request.POST or None)
    done = f"Đã gia hạn giải trình cho {unit.unit}."
    return _unit_page(request, unit, form, services.extend_reply, "Gia hạn giải trình", done)


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def unit_end_extension(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    unit = fetch_unit(request, code, pk)
    form = ReasonForm(
        request.POST or None,
        label="Lý do kết thúc gia hạn",
        help_text="Hạn nộp, ngày khóa và hạn giải trình của đợt có hiệu lực trở lại với đơn vị này.",
    )
    done = f"Đã kết thúc gia hạn của {unit.unit}."
    return _unit_page(request, unit, form, services.end_extension, "Kết thúc gia hạn", done)


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def unit_leave_out(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Leave a unit out of the conclusions with a reason, or take it in again."""
    unit = fetch_unit(request, code, pk)
    if unit.left_out_reason and request.method == "POST":
        return _take_in(request, unit)
    form = ReasonForm(
        request.POST or None,
        label="Lý do không đưa vào kết luận",
        help_text="In trong danh sách đơn vị không đưa vào kết luận của đợt.",
    )
    done = f"{unit.unit} không được đưa vào kết luận."
    return _unit_page(request, unit, form, services.leave_out, "Không đưa vào kết luận", done)


def _take_in(request: SignedInRequest, unit: RoundUnit) -> HttpResponse:
    try:
        services.leave_out(unit, reason="", by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{unit.unit} được đưa vào kết luận trở lại.")
    return redirect("inspections:round-units", code=unit.round.code)


def _unit_page(request: SignedInRequest, unit: RoundUnit, form: Any, act: Any, title: str, done: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            act(unit, by=request.user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect("inspections:round-units", code=unit.round.code)
    context = {
        "unit": unit,
        "round": unit.round,
        "form": form,
        "title": title,
        "crumbs": crumbs_of(
            unit.round, ("Đơn vị", reverse("inspections:round-units", args=[unit.round.code])), (title, "")
        ),
    }
    return render(request, "inspections/round_unit_form.html", context, status=form_status(request))


# ---------------------------------------------------------------- its team


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def round_team(request: SignedInRequest, code: str) -> HttpResponse:
    round_ = fetch_round(request, code)
    form = MemberForm(request.POST or None, round_=round_)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.add_member(round_, data.pop("user"), by=request.user, **data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Đã thêm thành viên.")
            return redirect("inspections:round-team", code=code)
    team = round_.team.select_related("user", "agency").prefetch_related("communes", "criteria__criteria_set")
    context = {
        "round": round_,
        "team": sorted(team, key=lambda member: member.rank),
        "form": form,
        "manages": services.may_manage(round_, request.user) and round_.status in (Status.DRAFT, Status.OPEN),
        "crumbs": crumbs_of(round_, ("Đoàn kiểm tra", "")),
    }
    return render(request, "inspections/round_team.html", context, status=form_status(request))


@require_http_methods(GET_OR_POST)
@require(Permission.ROUND_MANAGE)
def member_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    member = _fetch_member(request, code, pk)
    form = MemberForm(request.POST or None, round_=member.round, member=member)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_member(member, by=request.user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Đã lưu nhiệm vụ của {member.user}.")
            return redirect("inspections:round-team", code=code)
    team_url = reverse("inspections:round-team", args=[code])
    crumbs = crumbs_of(member.round, ("Đoàn kiểm tra", team_url), (str(member.user), ""))
    context = {"round": member.round, "member": member, "form": form, "crumbs": crumbs}
    return render(request, "inspections/round_member.html", context, status=form_status(request))


@require_POST
@require(Permission.ROUND_MANAGE)
def member_remove(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    member = _fetch_member(request, code, pk)
    try:
        services.remove_member(member, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Đã đưa {member.user} ra khỏi Đoàn.")
    return redirect("inspections:round-team", code=code)


def _fetch_member(request: SignedInRequest, code: str, pk: int) -> TeamMember:
    round_ = fetch_round(request, code)
    member = get_object_or_404(round_.team.select_related("user").prefetch_related("communes", "criteria"), pk=pk)
    member.round = round_
    return member
