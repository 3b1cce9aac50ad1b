"""Writing a notice: the list, the composer with its palette and preview, letterhead and recipients."""

from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communes import clock
from communes.permissions import Permission, require

from .. import checks, facts, services, wording
from ..compose import Composition
from ..forms import (
    AddresseeFormSet,
    DetailsForm,
    NewNoticeForm,
    NewSectionForm,
    NoticeFilter,
    SectionForm,
    recommendation_rows,
)
from ..models import Notice, NoticeSection
from ..presenters.changes import changes_of
from ..presenters.composer import Reading, outline_of, reading_of
from ..presenters.library import offers_for
from ..services import Conflict
from ..workflow import Refused, StaleState
from .common import crumbs, notice_for, own_draft, tell, user_of, wants_json
from .decisions import steps

PER_PAGE = 20
form_methods = require_http_methods(["GET", "HEAD", "POST"])
# Whose kind of document it is, `own_draft` asks: the office writes notices, the team its minutes.
compose = require(Permission.NOTICE_COMPOSE, Permission.DOSSIER_REVIEW)


@require_safe
@require(Permission.ROUND_READ)
def notice_list(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    readable = Notice.objects.for_user(user)
    chosen = NoticeFilter(request.GET, readable)
    notices = readable.filter(**chosen.conditions).with_context().order_by("-pk")
    context = {
        "page": Paginator(notices, PER_PAGE).get_page(request.GET.get("page")),
        "filter": chosen,
        "is_filtered": bool(chosen.conditions),
        "form": NewNoticeForm(user) if user.has(Permission.NOTICE_COMPOSE) else None,
    }
    return render(request, "reports/notice_list.html", context)


@require_POST
@require(Permission.NOTICE_COMPOSE)
def notice_create(request: HttpRequest) -> HttpResponse:
    form = NewNoticeForm(user_of(request), request.POST)
    if not form.is_valid():
        messages.error(request, "Chọn loại văn bản và một đợt kiểm tra chưa có văn bản đó.")
        return redirect("reports:notice-list")
    try:
        notice = services.create_notice(form.cleaned_data["round"], kind=form.cleaned_data["kind"], by=user_of(request))
    except Refused as refused:
        tell(request, refused)
        return redirect("reports:notice-list")
    messages.success(request, "Đã lập dự thảo từ số liệu của đợt. Đọc lại, bổ sung nhận xét của Đoàn.")
    return redirect("reports:notice-edit", notice.public_id)


# ---------------------------------------------------------------- the composer


@require_safe
@compose
def notice_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    notice = own_draft(request, public_id)
    if not notice.is_editable:
        return redirect("reports:notice-preview", public_id)
    composition = Composition(notice)
    wanted = request.GET.get("phan", "")
    section = next((row for row in composition.sections if str(row.pk) == wanted), None)
    section = section or next(iter(composition.sections), None)
    return composer(request, composition, section)


def composer(
    request: HttpRequest,
    composition: Composition,
    section: NoticeSection | None,
    *,
    bound: SectionForm | None = None,
    conflict: Conflict | None = None,
    addressees: Any = None,
    status: int = 200,
) -> HttpResponse:
    """The composer at one section, with whatever was typed and not saved."""
    notice, content = composition.notice, composition.content()
    form = bound or (SectionForm(instance=section) if section else None)
    is_last = section is not None and section.kind == NoticeSection.Kind.RECOMMENDATIONS
    context = {
        "notice": notice,
        "section": section,
        "steps": steps(notice),
        "outline": outline_of(composition, content),
        "form": form,
        "conflict": conflict,
        "addressees": addressees or (addressee_forms(composition) if is_last else None),
        "addressee_names": facts.addressees(notice.round) if is_last else [],
        "addressees_seen": seen_in(composition),
        "new_section": NewSectionForm(notice, initial={"after": section}),
        "palette": grouped(composition.palette),
        "reading": reading(composition, section),
        "offers": [row for row in offers_for(composition, section, user_of(request)) if row.is_here] if section else [],
        "may_keep": user_of(request).has(Permission.NOTICE_COMPOSE),
        "changes": changes_of(composition),
        "counted": len(composition.facts.rows),
        "waiting": len(composition.facts.open_dossiers),
        "content": content,
        "findings": checks.findings(composition),
        "crumbs": crumbs(notice, (f"Soạn {notice.prescribed.name.lower()}", "")),
    }
    return render(request, "reports/notice_edit.html", context, status=status)


def seen_in(composition: Composition) -> str:
    return services.recommendations_seen((row.addressee, row.text) for row in composition.recommendations)


def reading(composition: Composition, section: NoticeSection | None) -> Reading:
    """One part's text with its present figures; that of the recommendations holds all of them."""
    texts = [section.heading, section.body] if section else []
    if section and section.kind == NoticeSection.Kind.RECOMMENDATIONS:
        texts += [row.text for row in composition.recommendations]
    return reading_of(texts, composition.palette)


def grouped(palette: wording.Palette) -> list[tuple[str, list[wording.Figure]]]:
    """The palette under its headings: [(name of the group, figures)]."""
    return [(name, list(rows)) for name, rows in groupby(palette.values(), key=lambda figure: figure.group)]


def addressee_forms(composition: Composition) -> Any:
    rows = groupby(composition.recommendations, key=lambda row: row.addressee)
    initial = [{"addressee": name, "text": "\n".join(f"- {row.text}" for row in group)} for name, group in rows]
    return AddresseeFormSet(initial=initial, prefix="kien-nghi")


def section_of(request: HttpRequest, public_id: UUID, pk: int) -> NoticeSection:
    """A section of a notice this person writes."""
    notice = own_draft(request, public_id)
    section = get_object_or_404(notice.sections.select_related("changed_by"), pk=pk)
    section.notice = notice
    return section


def at_section(section: NoticeSection) -> str:
    return f"{reverse('reports:notice-edit', args=[section.notice.public_id])}?phan={section.pk}"


@require_POST
@compose
def section_save(request: HttpRequest, public_id: UUID, pk: int) -> HttpResponse:
    """Save one section: JSON for the script that saves by itself, a page for the button."""
    section = section_of(request, public_id, pk)
    form = SectionForm(request.POST, instance=NoticeSection.objects.get(pk=pk))
    if not form.is_valid():
        return _invalid(request, section, form)
    try:
        services.save_section(section, **form.typed, version=form.cleaned_data["version"], by=user_of(request))
    except Conflict as conflict:
        return _conflicting(request, section, form, conflict)
    except Refused as refused:
        if wants_json(request):
            return JsonResponse({"message": str(refused)}, status=409)
        tell(request, refused)
        return redirect("reports:notice-preview", public_id)
    if wants_json(request):
        return JsonResponse(_saved(section))
    messages.success(request, f"Đã lưu phần “{section}”.")
    return redirect(at_section(section))


def _saved(section: NoticeSection) -> dict[str, Any]:
    composition = Composition(section.notice)
    page = render_to_string("reports/_paper.html", {"content": composition.content()})
    found = render_to_string("reports/_findings.html", {"findings": checks.findings(composition)})
    read = {"reading": reading(composition, section), "notice": section.notice}
    figures = render_to_string("reports/_figures.html", read)
    return {
        "version": section.version,
        "saved_at": f"{timezone.localtime(clock.now()):%H:%M}",
        "fragments": {"#ban-xem": page, "#can-xem-lai": found, "#so-lieu-cua-phan": figures},
    }


def _invalid(request: HttpRequest, section: NoticeSection, form: SectionForm) -> HttpResponse:
    if wants_json(request):
        errors = {name: [str(sentence) for sentence in found] for name, found in form.errors.items()}
        return JsonResponse({"errors": errors}, status=400)
    return composer(request, Composition(section.notice), section, bound=form, status=400)


def _conflicting(request: HttpRequest, section: NoticeSection, form: SectionForm, conflict: Conflict) -> HttpResponse:
    if wants_json(request):
        html = render_to_string("reports/_conflict.html", {"conflict": conflict})
        answer = {"message": str(conflict), "html": html, "version": conflict.stored.version}
        return JsonResponse(answer, status=409)
    # Sending the form again keeps what is typed here, knowingly.
    typed = request.POST.copy()
    typed["version"] = str(conflict.stored.version)
    form.data = typed
    return composer(request, Composition(section.notice), section, bound=form, conflict=conflict, status=409)


@require_POST
@compose
def section_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    notice = own_draft(request, public_id)
    form = NewSectionForm(notice, request.POST)
    if not form.is_valid():
        messages.error(request, "Ghi tên mục mới trước khi thêm.")
        return redirect("reports:notice-edit", public_id)
    try:
        section = services.add_section(notice, **form.cleaned_data, by=user_of(request))
    except Refused as refused:
        tell(request, refused)
        return redirect("reports:notice-preview", public_id)
    return redirect(at_section(section))


@require_POST
@compose
def section_move(request: HttpRequest, public_id: UUID, pk: int, direction: str) -> HttpResponse:
    section = section_of(request, public_id, pk)
    try:
        services.move_section(section, up=direction == "len", by=user_of(request))
    except Refused as refused:
        tell(request, refused)
    return redirect(at_section(section))


@require_POST
@compose
def section_remove(request: HttpRequest, public_id: UUID, pk: int) -> HttpResponse:
    section = section_of(request, public_id, pk)
    try:
        services.remove_section(section, by=user_of(request))
        messages.success(request, f"Đã xóa mục “{section}”; nội dung còn trong nhật ký.")
    except Refused as refused:
        tell(request, refused)
    return redirect("reports:notice-edit", public_id)


@require_POST
@compose
def recommendations_save(request: HttpRequest, public_id: UUID) -> HttpResponse:
    notice = own_draft(request, public_id)
    formset = AddresseeFormSet(request.POST, prefix="kien-nghi")
    composition = Composition(notice)
    section = next((row for row in composition.sections if row.kind == NoticeSection.Kind.RECOMMENDATIONS), None)
    if not formset.is_valid():
        return composer(request, composition, section, addressees=formset, status=400)
    rows, shown = recommendation_rows(formset), request.POST.get("shown")
    try:
        services.save_recommendations(notice, rows, by=user_of(request), shown=shown)
        messages.success(request, "Đã lưu các kiến nghị.")
    except StaleState as stale:
        if not Notice.objects.get(pk=notice.pk).is_editable:
            tell(request, stale)
            return redirect("reports:notice-preview", public_id)
        tell(request, stale)
        messages.warning(
            request, "Kiến nghị vừa nhập còn ở dưới, chưa lưu; bản đã lưu ở trang bên. Lưu lại sẽ thay bản đó."
        )
        return composer(request, Composition(notice), section, addressees=formset, status=409)
    except Refused as refused:
        tell(request, refused)
    return redirect(at_section(section) if section else reverse("reports:notice-edit", args=[public_id]))


@form_methods
@compose
def notice_details(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Letterhead, number's symbol, subject, signer and recipients."""
    notice = own_draft(request, public_id)
    if not notice.is_editable:
        return redirect("reports:notice-preview", public_id)
    form = DetailsForm(request.POST or None, instance=notice_for(request, public_id))
    refusals: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            version, recipients = form.cleaned_data["version"], form.cleaned_data["recipients"].splitlines()
            services.save_details(notice, **form.details, recipients=recipients, version=version, by=user_of(request))
        except Refused as refused:
            refusals = refused.messages
        else:
            messages.success(request, "Đã lưu phần đầu, người ký và nơi nhận.")
            return redirect("reports:notice-edit", public_id)
    context = {
        "notice": notice,
        "form": form,
        "errors": refusals,
        "crumbs": crumbs(notice, ("Phần đầu, người ký, nơi nhận", "")),
    }
    return render(request, "reports/notice_details.html", context, status=409 if refusals else 200)
