"""A visit on the phone: the commune's criteria as a list, a note for each, photos straight into its indicators."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from communes import clock
from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import services
from ..forms.visits import FindingForm
from ..models import Assessment, CriterionConclusion, Inspection
from ..presenters.visits import field_indicators, field_lists, visit_crumbs
from ..workflow import Refused
from .common import wants_json
from .visits import fetch_inspection, status_of

# Fewer than Django takes in one request, so that who sends more is told so.
PHOTOS_AT_ONCE = 12


def fetch_conclusion(request: SignedInRequest, pk: int, row: int) -> tuple[Inspection, CriterionConclusion]:
    """One criterion of one dossier of an inspection that the person may read; 404 for all others."""
    inspection = fetch_inspection(request, pk)
    rows = CriterionConclusion.objects.filter(dossier__inspection=inspection).select_related(
        "criterion",
        "dossier__round__authority",
        "dossier__inspection__commune",
        "dossier__inspection__round",
        "dossier__village",
        "dossier__criteria_set",
        "dossier__round_unit",
    )
    return inspection, get_object_or_404(rows.defer("dossier__frozen"), pk=row)


@require_safe
@require(Permission.ROUND_READ)
def field_list(request: SignedInRequest, pk: int) -> HttpResponse:
    inspection = fetch_inspection(request, pk)
    lists = field_lists(inspection, request.user)
    context = {
        "inspection": inspection,
        "lists": lists,
        "crumbs": visit_crumbs(inspection, ("Kiểm tra tại chỗ", "")),
    }
    return render(request, "inspections/field_list.html", context)


@require_safe
@require(Permission.ROUND_READ)
def field_criterion(request: SignedInRequest, pk: int, row: int) -> HttpResponse:
    return show(request, *fetch_conclusion(request, pk, row))


def show(
    request: SignedInRequest,
    inspection: Inspection,
    conclusion: CriterionConclusion,
    *,
    form: FindingForm | None = None,
    conflict: services.FindingConflict | None = None,
    errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    finding = services.finding_of(conclusion)
    refusal = services.conclusion_refusal(conclusion.dossier, conclusion.criterion, request.user)
    no_photo = services.photo_refusal(inspection, conclusion, request.user)
    initial = {"version": finding.version, "text": finding.text}
    context = {
        "inspection": inspection,
        "dossier": conclusion.dossier,
        "conclusion": conclusion,
        "criterion": conclusion.criterion,
        "indicators": field_indicators(conclusion),
        "finding": finding,
        "form": form or FindingForm(initial=initial),
        "conflict": conflict,
        "refusal": refusal,
        "no_photo": no_photo,
        "errors": errors or [],
        "following": _following(conclusion),
        "crumbs": visit_crumbs(
            inspection,
            ("Kiểm tra tại chỗ", reverse("inspections:field-list", args=[inspection.pk])),
            (f"Tiêu chí {conclusion.criterion.number}", ""),
        ),
    }
    return render(request, "inspections/field_criterion.html", context, status=status)


def _following(conclusion: CriterionConclusion) -> CriterionConclusion | None:
    rows = conclusion.dossier.conclusions.filter(criterion__number__gt=conclusion.criterion.number)
    return rows.select_related("criterion").order_by("criterion__number").first()


@require_POST
@require(Permission.DOSSIER_REVIEW)
def finding_save(request: SignedInRequest, pk: int, row: int) -> HttpResponse:
    """Note what was found: JSON for the script that saves by itself, a page for the button."""
    inspection, conclusion = fetch_conclusion(request, pk, row)
    form = FindingForm(request.POST)
    if not form.is_valid():
        if wants_json(request):
            errors = {name: [str(sentence) for sentence in found] for name, found in form.errors.items()}
            return JsonResponse({"errors": errors}, status=400)
        return show(request, inspection, conclusion, form=form, status=400)
    try:
        saved = services.save_finding(
            conclusion, text=form.typed(), by=request.user, version=form.cleaned_data["version"]
        )
    except services.FindingConflict as conflict:
        return _conflicting(request, inspection, conclusion, conflict)
    except Refused as refused:
        if wants_json(request):
            return JsonResponse({"message": str(refused)}, status=status_of(refused))
        return show(request, inspection, conclusion, form=form, errors=refused.messages, status=status_of(refused))
    if wants_json(request):
        return JsonResponse({"version": saved.version, "saved_at": f"{timezone.localtime(clock.now()):%H:%M}"})
    messages.success(request, f"Đã lưu ghi nhận tiêu chí {conclusion.criterion.number}.")
    return redirect("inspections:field-criterion", pk, row)


def _conflicting(
    request: SignedInRequest,
    inspection: Inspection,
    conclusion: CriterionConclusion,
    conflict: services.FindingConflict,
) -> HttpResponse:
    """Both texts side by side; sending again overwrites knowingly, for it then carries the newer version."""
    if wants_json(request):
        address = reverse("inspections:field-criterion", args=[inspection.pk, conclusion.pk])
        html = render_to_string("inspections/_finding_conflict.html", {"conflict": conflict, "address": address})
        return JsonResponse({"message": str(conflict), "html": html, "version": conflict.stored.version}, status=409)
    newer = request.POST.copy()
    newer["version"] = str(conflict.stored.version)
    return show(request, inspection, conclusion, form=FindingForm(newer), conflict=conflict, status=409)


@require_POST
@require(Permission.DOSSIER_REVIEW)
def photo_add(request: SignedInRequest, pk: int, row: int) -> HttpResponse:
    """Photos for one indicator of the criterion, taken here or chosen from the phone."""
    inspection, conclusion = fetch_conclusion(request, pk, row)
    assessment = chosen_assessment(conclusion, request.POST.get("assessment", ""))
    if assessment is None:
        return show(request, inspection, conclusion, errors=["Chưa chọn chỉ tiêu."], status=400)
    taken, problems, status = take_photos(
        request.FILES.getlist("photos"),
        lambda file: services.add_photo(assessment, file, by=request.user),
    )
    if taken:
        messages.success(request, f"Đã nhận {taken} ảnh cho chỉ tiêu {assessment.indicator.code}.")
    if problems:
        return show(request, inspection, conclusion, errors=problems, status=status)
    return redirect(f"{reverse('inspections:field-criterion', args=[pk, row])}#chi-tieu-{assessment.pk}")


def chosen_assessment(conclusion: CriterionConclusion, key: str) -> Assessment | None:
    """The indicator of that key among those of the criterion."""
    if not key.isdecimal() or len(key) > 18:
        return None
    rows = conclusion.dossier.assessments.filter(criterion=conclusion.criterion, pk=key)
    found = rows.select_related("indicator", "criterion").first()
    if found:
        found.dossier = conclusion.dossier
    return found


def take_photos(files: list[Any], take: Any) -> tuple[int, list[str], int]:
    """(how many were taken, why others were not, status of the answer); one bad photo does not stop the others."""
    if not files:
        return 0, ["Chưa chọn ảnh nào."], 400
    if len(files) > PHOTOS_AT_ONCE:
        return 0, [f"Gửi mỗi lần nhiều nhất {PHOTOS_AT_ONCE} ảnh."], 400
    problems: list[str] = []
    status = 400
    for file in files:
        try:
            take(file)
        except Refused as refused:
            problems += refused.messages
            status = status_of(refused) if not isinstance(refused, services.UploadRefused) else 400
    return len(files) - len(problems), list(dict.fromkeys(problems)), status
