"""Evidence: upload and links on a criterion's page, the commune's library, previews and the original."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.core.files.base import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communes import notation
from communes.models import Commune, User
from communes.permissions import Permission, require

from .. import previews, services
from ..completeness import missing_of
from ..evidence import ACCEPT, SHORT_NAMES
from ..forms.evidence import DescriptionForm, EvidenceForm, LinkForm, ReceivedForm
from ..models import Assessment, Dossier, Evidence, EvidenceLink, Upload
from ..workflow import Refused
from .common import own_dossier, sent, tell, wants_json
from .entry import criterion_response, is_own_entry, state_badge

SANDBOX = "default-src 'none'; sandbox"
NOT_SERVED = (Evidence.Scan.PENDING, Evidence.Scan.INFECTED)


# ---------------------------------------------------------------- on a criterion's page


def _chosen(request: HttpRequest, pk: int, number: int) -> list[Assessment]:
    """The indicators named in the request, of a dossier this person may read: one query; 404 without any."""
    dossiers = Dossier.objects.for_user(request.user).filter(pk=pk).order_by()  # type: ignore[arg-type]
    keys = [key for key in request.POST.getlist("assessments") if key.isdigit()]
    rows = Assessment.objects.filter(dossier__in=dossiers, criterion__number=number, pk__in=keys).select_related(
        "indicator",
        "criterion",
        "dossier__round__authority",
        "dossier__round_unit",
        "dossier__inspection__commune",
        "dossier__village",
        "dossier__criteria_set",
    )
    found = list(rows)
    if not found:
        raise Http404
    # One object for one dossier: a lock and a status read by all of them.
    for row in found:
        row.dossier = found[0].dossier
    return found


@require_POST
@require(Permission.DOSSIER_EDIT)
def evidence_upload(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Files for one or several indicators; the script sends one file a request and gets its row."""
    chosen = _chosen(request, pk, number)
    form = DescriptionForm(request.POST, auto_id=f"tl-{chosen[0].pk}-%s")
    received = ReceivedForm(request.POST)
    if received.is_given:
        return _received(request, chosen, form, received)
    files = request.FILES.getlist("files")
    problems = _upload_problems(form, files)
    added: list[services.Added] = []
    for file in files if not problems else []:
        try:
            added.append(_add(request, chosen[0].dossier.inspection.commune, file, form, chosen))
        except Refused as refused:
            problems += refused.messages
    if wants_json(request):
        if problems or not added:
            return JsonResponse({"error": " ".join(problems)}, status=400)
        return JsonResponse(_uploaded(request, added[-1].evidence, chosen))
    if added:
        messages.success(request, f"Đã nhận {len(added)} tệp cho chỉ tiêu {', '.join(_codes(chosen))}.")
    if problems:
        dossier = own_dossier(request, pk)
        return criterion_response(request, dossier, number, upload=(chosen[0].pk, form), errors=problems, status=400)
    return redirect(_at_indicator(pk, number, chosen[0]))


def _received(
    request: HttpRequest, chosen: list[Assessment], form: DescriptionForm, received: ReceivedForm
) -> JsonResponse:
    """For the script: a file that came in pieces, or one whose bytes the library has already, for these indicators."""
    if not is_own_entry(request):
        return JsonResponse({"error": "Máy này đang đăng nhập một tài khoản khác."}, status=401)
    commune = chosen[0].dossier.inspection.commune
    problems = [] if received.is_valid() else ["Không nhận ra tệp đã gửi; hãy tải lại trang và gửi lại."]
    if not form.is_valid():
        problems += _wrong_fields(form)
    if problems:
        return JsonResponse({"error": " ".join(problems)}, status=400)
    try:
        evidence = _taken(commune, chosen, form, received, by=_user(request))
    except services.Gone as gone:
        return JsonResponse({"error": str(gone)}, status=410)
    except Refused as refused:
        return JsonResponse({"error": str(refused)}, status=400)
    if evidence is None:
        return JsonResponse({"error": "Tệp này không còn trên máy chủ; hãy gửi lại."}, status=410)
    return JsonResponse(_uploaded(request, evidence, chosen))


def _taken(
    commune: Commune, chosen: list[Assessment], form: DescriptionForm, received: ReceivedForm, *, by: User
) -> Evidence | None:
    """The piece it became; None where nothing of it is there (any more), or it is another commune's."""
    if key := received.cleaned_data["upload"]:
        mine = Upload.objects.for_user(by).filter(commune=commune).select_related("commune", "evidence")
        upload = mine.filter(key=key).first()
        if upload is None:
            return None
        shot = received.shot()
        return services.finish_upload(upload, meta=form.given(), by=by, assessments=chosen, shot=shot).evidence
    known = services.known_piece(commune, received.cleaned_data["sha256"], by=by)
    if known is not None:
        services.link_evidence(known, chosen, by=by)
    return known


def _upload_problems(form: DescriptionForm, files: list[Any]) -> list[str]:
    problems = [] if files else ["Chưa chọn tệp nào."]
    if not form.is_valid():
        problems += _wrong_fields(form)
    return problems


def _wrong_fields(form: DescriptionForm) -> list[str]:
    return [f"{form[name].label}: {sentences[0]}" for name, sentences in form.errors.items()]


def _add(
    request: HttpRequest, commune: Commune, file: File, form: DescriptionForm, chosen: list[Assessment]
) -> services.Added:
    return services.add_evidence(commune, file, meta=form.given(), by=_user(request), assessments=chosen)


def _uploaded(request: HttpRequest, evidence: Evidence, chosen: list[Assessment]) -> dict[str, Any]:
    """The new row for the list of the first indicator; lists of the others and all badges drawn anew."""
    first, *others = chosen
    fragments = {f"#tt-{row.pk}": _badge(row) for row in chosen}
    links = EvidenceLink.objects.filter(assessment__in=others).select_related("evidence") if others else []
    for row in others:
        mine = [link.evidence for link in links if link.assessment_id == row.pk]
        rows = "".join(_row(request, item, row) for item in mine)
        fragments[f"#tep-{row.pk}"] = f'<ul class="file-list" id="tep-{row.pk}">{rows}</ul>'
    return {"html": _row(request, evidence, first), "fragments": fragments}


def _badge(assessment: Assessment) -> str:
    """With a proof just linked, nothing can be missing but value and judgement."""
    is_returned = assessment.dossier.status == Dossier.Status.RETURNED
    return state_badge(assessment, missing_of(assessment, 1, None), is_returned=is_returned)


def _row(request: HttpRequest, evidence: Evidence, assessment: Assessment) -> str:
    may_unlink = assessment.dossier.status in (Dossier.Status.DRAFT, Dossier.Status.RETURNED)
    context = {
        "evidence": evidence,
        "link": None,
        "assessment": assessment,
        "dossier": assessment.dossier,
        "number": assessment.criterion.number,
        "may_unlink": may_unlink,
    }
    return render_to_string("inspections/_evidence_row.html", context, request=request)


@require_POST
@require(Permission.DOSSIER_EDIT)
def evidence_link(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Link a piece of the library to several indicators of a criterion at once."""
    dossier = own_dossier(request, pk)
    rows = dossier.assessments.filter(criterion__number=number).select_related("indicator", "criterion")
    form = LinkForm(request.POST, user=_user(request), assessments=rows)
    if not form.is_valid():
        problems = [str(sentences[0]) for sentences in form.errors.values()]
        return criterion_response(request, dossier, number, errors=problems, status=400)
    chosen = list(form.cleaned_data["assessments"])
    for row in chosen:
        row.dossier = dossier
    try:
        fresh = services.link_evidence(form.cleaned_data["evidence"], chosen, by=_user(request))
    except Refused as refused:
        return criterion_response(request, dossier, number, errors=refused.messages, status=409)
    codes = ", ".join(_codes(fresh))
    messages.success(
        request, f"Đã dùng minh chứng cho chỉ tiêu {codes}." if codes else "Minh chứng đã được gắn từ trước."
    )
    return redirect(_at_indicator(pk, number, chosen[0]))


@require_POST
@require(Permission.DOSSIER_EDIT)
def evidence_unlink(request: HttpRequest, pk: int, number: int, evidence: int) -> HttpResponse:
    assessment = _chosen(request, pk, number)[0]
    row = get_object_or_404(Evidence.objects.for_user(_user(request)), pk=evidence)
    try:
        services.unlink_evidence(row, assessment, by=_user(request))
    except Refused as refused:
        tell(request, refused)
    else:
        code = assessment.indicator.code
        messages.success(request, f"Đã gỡ {row.label} khỏi chỉ tiêu {code}; tệp vẫn còn trong kho minh chứng của xã.")
    return redirect(_at_indicator(pk, number, assessment))


def _codes(rows: list[Assessment]) -> list[str]:
    return [row.indicator.code for row in rows]


def _at_indicator(pk: int, number: int, row: Assessment) -> str:
    return f"{reverse('inspections:criterion-edit', args=[pk, number])}#ct-{row.pk}"


# ---------------------------------------------------------------- the library


def own_communes(user: User) -> list[Commune]:
    """Communes whose library this person fills, from memberships already read."""
    keys = user.scope("commune", needs=Permission.DOSSIER_EDIT)
    return [item.commune for item in user.active_memberships if item.commune and item.commune.pk in keys]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DOSSIER_EDIT)
def evidence_add(request: HttpRequest) -> HttpResponse:
    """Files for the library, to be used for indicators later."""
    communes = own_communes(_user(request))
    form = EvidenceForm(sent(request), initial={"kind": Evidence.Kind.DOCUMENT})
    form.fields["kind"].required = False
    problems: list[str] = []
    if request.method == "POST":
        commune = next((item for item in communes if str(item.pk) == request.POST.get("commune")), communes[0])
        files = request.FILES.getlist("files")
        problems = [] if files else ["Chưa chọn tệp nào."]
        added = []
        for file in files if form.is_valid() else []:
            try:
                added.append(services.add_evidence(commune, file, meta=form.given(), by=_user(request)))
            except Refused as refused:
                problems += refused.messages
        for item in added:
            known = "" if item.is_new else " (đã có sẵn trong kho)"
            messages.success(request, f"Đã nhận {item.evidence.label}{known}.")
        if added and not problems:
            return redirect("inspections:evidence-list")
    context = {
        "form": form,
        "errors": problems,
        "communes": communes,
        "accept": ACCEPT,
        "crumbs": [("Minh chứng", reverse("inspections:evidence-list")), ("Tải lên", "")],
    }
    status = 400 if problems or (request.method == "POST" and form.errors) else 200
    return render(request, "inspections/evidence_add.html", context, status=status)


def description_rows(evidence: Evidence) -> list[tuple[str, str]]:
    """What is known of a piece, as label and value."""
    shot = shot_in_words(evidence)
    return [
        ("Trích yếu, nội dung", evidence.title),
        ("Số, ký hiệu", evidence.number),
        ("Ngày ban hành", notation.day(evidence.issued_on)),
        ("Cơ quan ban hành", evidence.issuer),
        ("Loại minh chứng", evidence.get_kind_display()),
        ("Có hiệu lực đến", notation.day(evidence.valid_until)),
        ("Tệp", f"{evidence.original_name} · {SHORT_NAMES.get(evidence.content_type, '')}"),
        ("Dung lượng", f"{notation.file_size(evidence.size)}, {evidence.page_count} trang"),
        *([("Ảnh", shot)] if shot else []),
        ("Tải lên", f"{evidence.uploaded_by}, {notation.minute(evidence.uploaded_at)}"),
        *([("Nguồn", "Đoàn kiểm tra chụp khi kiểm tra tại chỗ")] if evidence.visit_id else []),
        ("Quét vi-rút", evidence.get_scan_display()),
        ("SHA-256", evidence.sha256),
    ]


def shot_in_words(evidence: Evidence) -> str:
    """ "Chụp lúc 10:15 12/06/2025, vị trí 22,123456; 103,654321", or what of it is known."""
    parts = [f"chụp lúc {notation.minute(evidence.taken_at)}"] if evidence.taken_at else []
    if evidence.latitude is not None:
        place = (notation.number(degrees, 6) for degrees in (evidence.latitude, evidence.longitude))
        parts.append(f"vị trí {'; '.join(place)}")
    words = ", ".join(parts)
    return words[:1].upper() + words[1:]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DOSSIER_EDIT)
def evidence_edit(request: HttpRequest, pk: int) -> HttpResponse:
    evidence = piece_for(request, pk)
    initial = {name: getattr(evidence, name) for name in EvidenceForm.field_order}
    form = EvidenceForm(sent(request), initial=initial)
    back = _back(request, evidence)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.update_evidence_meta(evidence, by=_user(request), **form.described())
            except Refused as refused:
                tell(request, refused)
                status = 403
            else:
                messages.success(request, f"Đã lưu thông tin của {evidence.label}.")
                return redirect(back)
    link = reverse("inspections:evidence-detail", args=[pk])
    crumbs = [("Minh chứng", reverse("inspections:evidence-list")), (evidence.label, link), ("Sửa thông tin", "")]
    context = {"form": form, "evidence": evidence, "crumbs": crumbs, "back": back}
    return render(request, "inspections/evidence_edit.html", context, status=status)


def _back(request: HttpRequest, evidence: Evidence) -> str:
    """To the criterion one came from ("ho-so" and "tieu-chi" in the address), else to the piece itself."""
    dossier, number = request.GET.get("ho-so", ""), request.GET.get("tieu-chi", "")
    if dossier.isdigit() and number.isdigit():
        return reverse("inspections:criterion-edit", args=[int(dossier), int(number)])
    return reverse("inspections:evidence-detail", args=[evidence.pk])


@require_POST
@require(Permission.DOSSIER_EDIT)
def evidence_remove(request: HttpRequest, pk: int) -> HttpResponse:
    evidence = piece_for(request, pk)
    try:
        services.remove_evidence(evidence, by=_user(request))
    except Refused as refused:
        tell(request, refused)
        return redirect("inspections:evidence-detail", pk)
    messages.success(request, f"Đã xóa {evidence.label} khỏi kho minh chứng.")
    return redirect("inspections:evidence-list")


# ---------------------------------------------------------------- the file itself


@require_safe
@require(Permission.DOSSIER_READ)
def evidence_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The original, always as an attachment; that it was fetched is journalled: the one write allowed on GET."""
    evidence = piece_for(request, pk)
    if evidence.scan in NOT_SERVED:
        messages.error(request, f"Không tải được {evidence.original_name}: {evidence.get_scan_display().lower()}.")
        return redirect("inspections:evidence-detail", pk)
    return original(request, evidence)


def original(request: HttpRequest, evidence: Evidence) -> HttpResponseBase:
    """The stored file, for pages and the API alike; a piece in NOT_SERVED never comes here."""
    response: HttpResponseBase
    if request.method == "HEAD" or settings.ACCEL_PREFIX:
        response = HttpResponse(content_type=evidence.content_type)
        response["Content-Disposition"] = content_disposition_header(True, evidence.original_name) or "attachment"
        if request.method == "HEAD":
            return closed(response)
        response["X-Accel-Redirect"] = handed_over(str(evidence.file.name))
    else:
        response = FileResponse(
            evidence.file.open("rb"),
            as_attachment=True,
            filename=evidence.original_name,
            content_type=evidence.content_type,
        )
    services.record_download(evidence, by=_user(request))
    return closed(response)


@require_safe
@require(Permission.DOSSIER_READ)
def evidence_page(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Image of one page, drawn anew by the server."""
    evidence = piece_for(request, pk)
    if evidence.scan in NOT_SERVED:
        raise Http404
    try:
        content = previews.page_image(evidence, number)
    except (previews.Unreadable, FileNotFoundError) as error:
        raise Http404 from error
    response = HttpResponse(content, content_type=previews.CONTENT_TYPE)
    response["Content-Disposition"] = "inline"
    closed(response)
    return response


def handed_over(path: str) -> str:
    """Where nginx finds a stored file that it sends in our place."""
    return f"{settings.ACCEL_PREFIX.rstrip('/')}/{quote(path)}"


def closed(response: HttpResponseBase) -> HttpResponseBase:
    """Whatever is in a file, a browser neither guesses its type nor runs it."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    return response


def piece_for(request: HttpRequest, pk: int) -> Evidence:
    rows = Evidence.objects.for_user(_user(request)).select_related("commune", "uploaded_by")
    return get_object_or_404(rows, pk=pk)


def _user(request: HttpRequest) -> Any:
    return request.user
