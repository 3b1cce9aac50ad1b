"""A criterion's page and the saving of one indicator, by itself or by a button."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from communes.permissions import Permission, require
from criteria.models import EvidenceRequirement

from .. import services
from ..completeness import missing_of
from ..evidence import ACCEPT
from ..forms.entry import AnswerForm, AssessmentForm
from ..forms.evidence import DescriptionForm
from ..models import Assessment, Dossier, EvidenceLink
from ..presenters.criterion import block_state, criterion_page
from ..presenters.sight import sight_of
from ..workflow import NotAllowed, Refused
from .common import crumbs_for, dossier_for, keepable, wants_json


@require_safe
@require(Permission.DOSSIER_READ)
def criterion_edit(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    return criterion_response(request, dossier_for(request, pk), number)


def criterion_response(
    request: HttpRequest,
    dossier: Dossier,
    number: int,
    *,
    bound: AssessmentForm | None = None,
    conflict: services.Conflict | None = None,
    upload: tuple[int, DescriptionForm] | None = None,
    errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The criterion's page, with whatever was typed and not saved.

    bound: the form of one indicator as it was sent. upload: (assessment id, description as sent).
    errors: sentences for the top of the page.
    """
    user: Any = request.user
    query = request.GET.get("tim", "")[:100]
    sight = sight_of(dossier, user)
    page = criterion_page(dossier, number, sight, user, library_query=query)
    if page is None:
        raise Http404
    for block in page.blocks:
        key = block.assessment.pk
        is_bound = bound is not None and bound.assessment.pk == key
        block.form = bound if is_bound else AssessmentForm(block.assessment, is_open=block.may_edit)
        block.conflict = conflict if is_bound else None
        if block.may_edit and (item := block.open_item):
            block.answer = AnswerForm(auto_id=f"yc-{item.pk}-%s")
        sent = upload is not None and upload[0] == key
        block.description = upload[1] if upload and sent else DescriptionForm(auto_id=f"tl-{key}-%s")
    context = {
        "page": page,
        "dossier": dossier,
        "accept": ACCEPT,
        "bound": bound,
        "errors": errors or [],
        "crumbs": crumbs_for(request, dossier, (f"Tiêu chí {number}", "")),
    }
    response = render(request, "inspections/criterion_edit.html", context, status=status)
    return keepable(request, response, sight)


def saved_assessment(request: HttpRequest, pk: int) -> Assessment:
    """An indicator with everything that saving, its form and its badge need: one query."""
    dossiers = Dossier.objects.for_user(request.user).order_by()  # type: ignore[arg-type]
    wanted = EvidenceRequirement.objects.filter(indicator=OuterRef("indicator"), is_required=True)
    rows = Assessment.objects.filter(dossier__in=dossiers).select_related(
        "indicator",
        "criterion",
        "dossier__round__authority",
        "dossier__round_unit",
        "dossier__inspection__commune",
        "dossier__village",
        "dossier__criteria_set",
    )
    rows = rows.annotate(
        proofs=Exists(EvidenceLink.objects.filter(assessment=OuterRef("pk"), visit__isnull=True)),
        asks_proof=Exists(wanted),
        must_prove=Exists(wanted.filter(is_unverified=False)),
    )
    return get_object_or_404(rows, pk=pk)


@require_POST
@require(Permission.DOSSIER_EDIT)
def assessment_save(request: HttpRequest, pk: int) -> HttpResponse:
    """Save one indicator: JSON for the script that saves by itself, a page for the button."""
    if not is_own_entry(request):
        return JsonResponse({"message": "Máy này đang đăng nhập một tài khoản khác."}, status=401)
    assessment = saved_assessment(request, pk)
    form = AssessmentForm(assessment, request.POST)
    if not form.is_valid():
        return _invalid(request, form)
    try:
        answer = services.save_entry(
            assessment,
            by=request.user,  # type: ignore[arg-type]
            version=form.cleaned_data["version"],
            changes=form.changes(),
            entry=entry_id(request),
        )
    except services.Conflict as conflict:
        return _conflicting(request, form, conflict)
    except Refused as refused:
        return _refused(request, form, refused)
    if wants_json(request):
        return JsonResponse({**answer, **_fragments(assessment)})
    messages.success(request, f"Đã lưu chỉ tiêu {assessment.indicator.code}.")
    address = reverse("inspections:criterion-edit", args=[assessment.dossier_id, assessment.criterion.number])
    return redirect(f"{address}#ct-{assessment.pk}")


def is_own_entry(request: HttpRequest) -> bool:
    """Whether what waited on a machine is sent by the account that typed it; forms without script name no account."""
    return request.POST.get("account", str(request.user.pk)) == str(request.user.pk)


def entry_id(request: HttpRequest) -> UUID | None:
    """The id that a machine gave to what is sent; None where none is given."""
    given = request.POST.get("entry", "")
    if not given:
        return None
    try:
        return UUID(given)
    except ValueError as error:
        raise BadRequest("an entry's id is a UUID") from error


def _fragments(assessment: Any) -> dict[str, Any]:
    requires = assessment.must_prove if assessment.asks_proof else None
    missing = missing_of(assessment, assessment.proofs, requires)
    is_returned = assessment.dossier.status == Dossier.Status.RETURNED
    return {"fragments": {f"#tt-{assessment.pk}": state_badge(assessment, missing, is_returned=is_returned)}}


def state_badge(assessment: Assessment, missing: list[Any], *, is_returned: bool) -> str:
    """The badge of an indicator, for putting in place of the old one."""
    state = block_state(assessment, missing, is_returned=is_returned)
    return render_to_string("inspections/_criterion_state.html", {"key": assessment.pk, "state": state})


def _invalid(request: HttpRequest, form: AssessmentForm) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"errors": _plain_errors(form)}, status=400)
    return _again(request, form, status=400)


def _plain_errors(form: AssessmentForm) -> dict[str, list[str]]:
    return {name: [str(sentence) for sentence in sentences] for name, sentences in form.errors.items()}


def _conflicting(request: HttpRequest, form: AssessmentForm, conflict: services.Conflict) -> HttpResponse:
    """Both wordings side by side; sending again overwrites knowingly, for it then carries the newer version."""
    stored = conflict.stored
    stored.dossier, stored.criterion, stored.indicator = (
        form.assessment.dossier,
        form.assessment.criterion,
        form.assessment.indicator,
    )
    form.stored = stored
    if wants_json(request):
        context = {"form": form, "conflict": conflict}
        html = render_to_string("inspections/_criterion_conflict.html", context)
        body = {"message": str(conflict), "html": html, "version": stored.entry_version}
        return JsonResponse(body, status=409)
    newer = request.POST.copy()
    newer["version"] = str(stored.entry_version)
    again = AssessmentForm(form.assessment, newer)
    again.stored = stored
    return _again(request, again, conflict=conflict, status=409)


def _refused(request: HttpRequest, form: AssessmentForm, refused: Refused) -> HttpResponse:
    status = 403 if isinstance(refused, NotAllowed) else 409
    if wants_json(request):
        return JsonResponse({"message": str(refused)}, status=status)
    return _again(request, form, errors=refused.messages, status=status)


def _again(
    request: HttpRequest,
    form: AssessmentForm,
    *,
    conflict: services.Conflict | None = None,
    errors: list[str] | None = None,
    status: int,
) -> HttpResponse:
    """The whole page again with what was typed, read anew around it."""
    row = form.assessment
    dossier = dossier_for(request, row.dossier_id)
    return criterion_response(
        request, dossier, row.criterion.number, bound=form, conflict=conflict, errors=errors, status=status
    )
