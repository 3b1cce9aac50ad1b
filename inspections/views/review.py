"""The review desk: reading a criterion with its evidence, concluding, asking the commune, giving an opinion."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest
from criteria.judgement import Judgement

from .. import services
from ..forms.review import OpinionForm, ResponseForm, ReturnForm, VerdictForm, verdict_choices
from ..models import Assessment, CriterionConclusion, Dossier, Reply, ReturnItem
from ..presenters.desk import Desk, IndicatorView, desk_of, phrases_for
from ..presenters.overview import overview_of, review_crumbs
from ..presenters.replies import replies_of
from ..workflow import NotAllowed, Refused, StaleState
from .common import wants_json

ALL_CHOICES = verdict_choices(with_basically_met=True)
Bound = dict[str, Any]


def fetch_dossier(request: SignedInRequest, pk: int) -> Dossier:
    """A dossier whose review the person may follow, with its headings; 404 for all others."""
    rows = Dossier.objects.for_review(request.user).with_context().select_related("round__authority__parent__parent")
    return get_object_or_404(rows.defer("frozen"), pk=pk)


def fetch_conclusion(dossier: Dossier, number: int) -> CriterionConclusion:
    conclusion = get_object_or_404(
        dossier.conclusions.select_related("criterion", "concluded_by"), criterion__number=number
    )
    conclusion.dossier = dossier
    return conclusion


def fetch_assessment(request: SignedInRequest, pk: int, assessment_pk: int) -> Assessment:
    dossier = fetch_dossier(request, pk)
    rows = dossier.assessments.select_related("indicator", "criterion")
    assessment = get_object_or_404(rows, pk=assessment_pk)
    assessment.dossier = dossier
    return assessment


def fetch_item(request: SignedInRequest, pk: int, item_pk: int) -> ReturnItem:
    dossier = fetch_dossier(request, pk)
    rows = dossier.return_items.select_related("assessment__indicator", "assessment__criterion")
    item = get_object_or_404(rows, pk=item_pk)
    item.dossier = item.assessment.dossier = dossier
    return item


# ---------------------------------------------------------------- reading


@require_safe
@require(Permission.ROUND_READ, Permission.OPINION_GIVE)
def review_dossier(request: SignedInRequest, pk: int) -> HttpResponse:
    """The whole dossier for the team: its criteria, what is out, and what can be decided now."""
    dossier = fetch_dossier(request, pk)
    overview = overview_of(dossier, request.user)
    return render(request, "inspections/review_dossier.html", {"overview": overview, "dossier": dossier})


@require_safe
@require(Permission.ROUND_READ, Permission.OPINION_GIVE)
def review_criterion(request: SignedInRequest, pk: int, number: int) -> HttpResponse:
    dossier = fetch_dossier(request, pk)
    return show(request, dossier, number)


def show(
    request: SignedInRequest, dossier: Dossier, number: int, bound: Bound | None = None, status: int = 200
) -> HttpResponse:
    """Draw the desk; bound: the form that was sent, by its key, with "errors" that belong to no field."""
    bound = bound or {}
    desk = desk_of(dossier, fetch_conclusion(dossier, number), request.user)
    if not desk.shows_team and not desk.indicators:
        raise Http404
    context = {
        "desk": desk,
        "dossier": dossier,
        "crumbs": review_crumbs(dossier, desk.shows_team, (f"Tiêu chí {number}", "")),
        "rows": [_row(desk, view, bound) for view in desk.indicators],
        "replies": _replies(request, desk, bound),
        "verdict_form": bound.get("verdict") or _verdict_form(desk),
        "accept_form": _accept_form(desk),
        "errors": bound.get("errors", []),
        "failed": next((form for key, form in bound.items() if key != "errors" and form.errors), None),
    }
    return render(request, "inspections/review_criterion.html", context, status=status)


def _verdict_form(desk: Desk) -> VerdictForm:
    conclusion = desk.conclusion
    initial = {"version": conclusion.version, "reason": conclusion.reason}
    initial["judgement"] = conclusion.verdict if desk.is_decided else ""
    label = f"Kết luận tiêu chí {desk.criterion.number}"
    return VerdictForm(initial=initial, choices=_choices(desk), label=label, keyed=True, phrases=desk.phrases)


def _replies(request: SignedInRequest, desk: Desk, bound: Bound) -> list[tuple[Reply, ResponseForm | None]]:
    """What the commune explained of the criterion, each with the form for the final word where it may be said."""
    if not desk.shows_team:
        return []
    found = []
    for reply in replies_of([desk.conclusion]).get(desk.conclusion.pk, []):
        prefix = f"giai-trinh-{reply.pk}"
        form = bound.get(prefix) or ResponseForm(prefix=prefix, initial={"response": reply.response})
        found.append((reply, None if services.response_refusal(desk.dossier, reply, request.user) else form))
    return found


def _accept_form(desk: Desk) -> VerdictForm | None:
    """The proposal with its reason, ready to be accepted by one press; None where there is nothing to accept."""
    if not desk.may_conclude or not desk.proposal or desk.is_decided:
        return None
    initial = {"version": desk.conclusion.version, "judgement": desk.proposal, "reason": desk.proposal_reason}
    return VerdictForm(initial=initial, choices=ALL_CHOICES, auto_id=False)


def _choices(desk: Desk) -> list[tuple[str, str]]:
    return verdict_choices(with_basically_met=desk.allows_basically_met)


def _row(desk: Desk, view: IndicatorView, bound: Bound) -> dict[str, Any]:
    """One indicator with the forms this person may use on it."""
    row, key = view.assessment, view.assessment.pk
    forms: dict[str, Any] = {"view": view, "conclude": None, "ask": None, "again": None, "opinion": None}
    if desk.may_conclude:
        initial = {"version": row.version, "judgement": row.conclusion, "reason": row.conclusion_reason}
        choices, label = _choices(desk), f"Kết luận chỉ tiêu {row.indicator.code}"
        prefix = f"chi-tieu-{key}"
        forms["conclude"] = bound.get(prefix) or VerdictForm(
            initial=initial, choices=choices, label=label, prefix=prefix, phrases=desk.phrases
        )
        if view.running is None:
            forms["ask"] = bound.get(f"hoi-{key}") or ReturnForm(prefix=f"hoi-{key}")
        elif view.running.status == ReturnItem.Status.ANSWERED:
            prefix = _again_prefix(view.running)
            again = {"reason_code": view.running.reason_code}
            forms["again"] = bound.get(prefix) or ReturnForm(prefix=prefix, initial=again)
    if view.may_opine:
        initial = {"version": row.version, "judgement": row.opinion, "reason": row.opinion_reason}
        prefix = f"y-kien-{key}"
        forms["opinion"] = bound.get(prefix) or OpinionForm(initial=initial, choices=_choices(desk), prefix=prefix)
    return forms


# ---------------------------------------------------------------- acting


@require_POST
@require(Permission.ROUND_READ, Permission.OPINION_GIVE)
def criterion_looked(request: SignedInRequest, pk: int, number: int) -> HttpResponse:
    """Remember that this person has seen the criterion as the page showed it: the script's call, or a button's."""
    dossier = fetch_dossier(request, pk)
    conclusion = fetch_conclusion(dossier, number)
    services.mark_looked([conclusion.pk], by=request.user, at=_drawn_at(request))
    if wants_json(request):
        return HttpResponse(status=204)
    messages.success(request, f"Đã đánh dấu đã xem tiêu chí {number}.")
    return redirect(_page(dossier, number))


def _drawn_at(request: SignedInRequest) -> datetime | None:
    """When the page that was seen was drawn, as it says itself; None where that is not understood."""
    try:
        found = datetime.fromisoformat(request.POST.get("drawn_at", ""))
    except ValueError:
        return None
    return found if found.tzinfo else None


@require_POST
@require(Permission.DOSSIER_REVIEW)
def criterion_conclude(request: SignedInRequest, pk: int, number: int) -> HttpResponse:
    """Conclude a criterion, then go on to the next that waits."""
    dossier = fetch_dossier(request, pk)
    conclusion = fetch_conclusion(dossier, number)
    form = VerdictForm(request.POST, choices=ALL_CHOICES, label=f"Kết luận tiêu chí {number}", keyed=True)
    form.offer(phrases_for(dossier, request.user))

    def act(data: dict[str, Any]) -> str:
        verdict, reason = data["judgement"], data["reason"]
        services.conclude_criterion(
            conclusion, verdict=verdict, reason=reason, by=request.user, version=data["version"]
        )
        return f"Tiêu chí {number}: {Judgement(verdict).label.lower()}. Đã ghi kết luận."

    answer = _act(request, dossier, number, "verdict", form, act)
    return answer or redirect(_after(dossier, number))


@require_POST
@require(Permission.DOSSIER_REVIEW)
def indicator_conclude(request: SignedInRequest, pk: int, assessment_pk: int) -> HttpResponse:
    assessment = fetch_assessment(request, pk, assessment_pk)
    dossier, number = assessment.dossier, assessment.criterion.number
    prefix = f"chi-tieu-{assessment_pk}"
    label = f"Kết luận chỉ tiêu {assessment.indicator.code}"
    form = VerdictForm(request.POST, choices=ALL_CHOICES, prefix=prefix, label=label)
    form.offer(phrases_for(dossier, request.user))

    def act(data: dict[str, Any]) -> str:
        services.conclude_indicator(
            assessment, judgement=data["judgement"], reason=data["reason"], by=request.user, version=data["version"]
        )
        return f"Chỉ tiêu {assessment.indicator.code}: {Judgement(data['judgement']).label.lower()}. Đã ghi kết luận."

    return _act(request, dossier, number, prefix, form, act) or redirect(_page(dossier, number, assessment))


@require_POST
@require(Permission.OPINION_GIVE)
def opinion_give(request: SignedInRequest, pk: int, assessment_pk: int) -> HttpResponse:
    assessment = fetch_assessment(request, pk, assessment_pk)
    dossier, number = assessment.dossier, assessment.criterion.number
    prefix = f"y-kien-{assessment_pk}"
    form = OpinionForm(request.POST, choices=ALL_CHOICES, prefix=prefix)

    def act(data: dict[str, Any]) -> str:
        services.give_opinion(
            assessment, judgement=data["judgement"], reason=data["reason"], by=request.user, version=data["version"]
        )
        return f"Đã ghi ý kiến về chỉ tiêu {assessment.indicator.code}."

    return _act(request, dossier, number, prefix, form, act) or redirect(_page(dossier, number, assessment))


@require_POST
@require(Permission.DOSSIER_REVIEW)
def item_return(request: SignedInRequest, pk: int, assessment_pk: int) -> HttpResponse:
    """Send one indicator back to the commune with a question."""
    assessment = fetch_assessment(request, pk, assessment_pk)
    dossier, number = assessment.dossier, assessment.criterion.number
    prefix = f"hoi-{assessment_pk}"
    form = ReturnForm(request.POST, prefix=prefix)

    def act(data: dict[str, Any]) -> str:
        services.return_items(dossier, [services.NewItem(assessment, **data)], by=request.user)
        return f"Đã gửi yêu cầu bổ sung chỉ tiêu {assessment.indicator.code} đến {dossier.commune.phrase}."

    return _act(request, dossier, number, prefix, form, act) or redirect(_page(dossier, number, assessment))


@require_POST
@require(Permission.DOSSIER_REVIEW)
def item_ask_again(request: SignedInRequest, pk: int, item_pk: int) -> HttpResponse:
    """Ask once more about what the commune answered, within the same thread."""
    item = fetch_item(request, pk, item_pk)
    dossier, assessment = item.dossier, item.assessment
    prefix = _again_prefix(item)
    form = ReturnForm(request.POST, prefix=prefix)

    def act(data: dict[str, Any]) -> str:
        services.ask_again(item, by=request.user, **data)
        return f"Đã hỏi thêm {dossier.commune.phrase} về chỉ tiêu {assessment.indicator.code}."

    number = assessment.criterion.number
    return _act(request, dossier, number, prefix, form, act) or redirect(_page(dossier, number, assessment))


def _again_prefix(item: ReturnItem) -> str:
    return f"hoi-them-{item.pk}"


@require_POST
@require(Permission.DOSSIER_REVIEW)
def item_settle(request: SignedInRequest, pk: int, item_pk: int) -> HttpResponse:
    return _close(request, fetch_item(request, pk, item_pk), services.settle_item, "Đã chấp nhận nội dung bổ sung")


@require_POST
@require(Permission.DOSSIER_REVIEW)
def item_withdraw(request: SignedInRequest, pk: int, item_pk: int) -> HttpResponse:
    return _close(request, fetch_item(request, pk, item_pk), services.withdraw_item, "Đã rút yêu cầu bổ sung")


def _close(request: SignedInRequest, item: ReturnItem, act: Callable[..., Any], words: str) -> HttpResponse:
    dossier, number = item.dossier, item.assessment.criterion.number
    try:
        act(item, by=request.user)
    except Refused as error:
        return refused(request, dossier, number, {}, error)
    messages.success(request, f"{words} ở chỉ tiêu {item.assessment.indicator.code}.")
    return redirect(_page(dossier, number, item.assessment))


@require_POST
@require(Permission.DOSSIER_REVIEW)
def reply_respond(request: SignedInRequest, pk: int, reply_pk: int) -> HttpResponse:
    """The team's final word on what the commune explained of a criterion."""
    dossier = fetch_dossier(request, pk)
    rows = Reply.objects.filter(conclusion__dossier=dossier).select_related("conclusion__criterion")
    reply = get_object_or_404(rows, pk=reply_pk)
    reply.conclusion.dossier = dossier
    number, prefix = reply.conclusion.criterion.number, f"giai-trinh-{reply_pk}"
    form = ResponseForm(request.POST, prefix=prefix)

    def act(data: dict[str, Any]) -> str:
        services.respond(reply, response=data["response"], by=request.user)
        return f"Đã ghi ý kiến của Đoàn về giải trình tiêu chí {number}."

    return _act(request, dossier, number, prefix, form, act) or redirect(_page(dossier, number))


def _act(
    request: SignedInRequest,
    dossier: Dossier,
    number: int,
    key: str,
    form: Any,
    act: Callable[[dict[str, Any]], str],
) -> HttpResponse | None:
    """Do what a form says; the page again, with what was typed, where that cannot be."""
    if not form.is_valid():
        return show(request, dossier, number, {key: form}, status=400)
    try:
        words = act(form.cleaned_data)
    except Refused as error:
        return refused(request, dossier, number, {key: form}, error)
    messages.success(request, words)
    return None


def refused(request: SignedInRequest, dossier: Dossier, number: int, bound: Bound, error: Refused) -> HttpResponse:
    """The page as it stands now with the reason on top; what was typed stays, on the present version."""
    fresh = fetch_dossier(request, dossier.pk)
    bound = {key: _on_present_version(key, form, fresh, number) for key, form in bound.items()}
    bound["errors"] = error.messages
    status = 409 if isinstance(error, StaleState) else 403 if isinstance(error, NotAllowed) else 400
    return show(request, fresh, number, bound, status=status)


def _on_present_version(key: str, form: Any, dossier: Dossier, number: int) -> Any:
    """The same typed form, so that sending it again decides knowingly over what a colleague did."""
    if "version" not in form.fields:
        return form
    if key == "verdict":
        version = dossier.conclusions.get(criterion__number=number).version
    else:
        version = dossier.assessments.get(pk=key.rpartition("-")[2]).version
    data = form.data.copy() if isinstance(form.data, QueryDict) else dict(form.data)
    data[form.add_prefix("version")] = str(version)
    form.data = data
    return form


def _page(dossier: Dossier, number: int, assessment: Assessment | None = None) -> str:
    address = reverse("inspections:review-criterion", args=[dossier.pk, number])
    return f"{address}#chi-tieu-{assessment.indicator.code}" if assessment else address


def _after(dossier: Dossier, number: int) -> str:
    """The next criterion not concluded, after this one and then from the first; else the whole dossier."""
    waiting = dossier.conclusions.filter(verdict=Judgement.UNASSESSED).order_by("criterion__number")
    numbers = list(waiting.values_list("criterion__number", flat=True))
    following = next((item for item in numbers if item > number), next(iter(numbers), None))
    if following is None:
        return reverse("inspections:review-dossier", args=[dossier.pk])
    return _page(dossier, following)
