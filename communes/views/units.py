"""Communes and villages: list, page, and for their keepers the forms."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from .. import clock, text, units
from ..forms import CommuneForm, RecognitionEndForm, RecognitionForm, VillageForm
from ..models import Commune, Recognition, Village
from ..permissions import Permission, require
from ..requests import SignedInRequest

PAGE = 50
form_methods = require_http_methods(["GET", "HEAD", "POST"])


def kept_commune(request: SignedInRequest, pk: int) -> Commune:
    """A commune whose data the signed-in person keeps: 404 where he may not see it, 403 where only see."""
    commune = get_object_or_404(Commune.objects.for_user(request.user).select_related("authority__parent"), pk=pk)
    if not units.can_edit_unit(request.user, commune):
        raise PermissionDenied
    return commune


@require_safe
@require(Permission.UNIT_READ)
def commune_list(request: SignedInRequest) -> HttpResponse:
    today = clock.today()
    communes = Commune.objects.for_user(request.user)
    words = text.clean(request.GET.get("q", ""))
    with_past = request.GET.get("ca-don-vi-cu") == "1"
    if words:
        communes = communes.search(words)
    if not with_past:
        communes = communes.valid_on(today)
    in_force = Q(villages__valid_from__lte=today) & (
        Q(villages__valid_to__isnull=True) | Q(villages__valid_to__gte=today)
    )
    titles = Recognition.objects.valid_on(today).filter(village=None)
    communes = (
        communes.select_related("authority", "successor")
        .annotate(village_count=Count("villages", filter=in_force))
        .prefetch_related(Prefetch("recognitions", queryset=titles, to_attr="titles_held"))
        .order_by("name", "valid_from")
    )
    page = Paginator(communes, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "q": words,
        "with_past": with_past,
        "can_add": request.user.has(Permission.UNIT_MANAGE),
    }
    return render(request, "communes/commune_list.html", context)


@require_safe
@require(Permission.UNIT_READ)
def commune_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    commune = get_object_or_404(
        Commune.objects.for_user(request.user).select_related("authority__parent", "successor"), pk=pk
    )
    rows = [
        ("Loại", commune.get_kind_display().capitalize()),
        ("Mã đơn vị hành chính", commune.code),
        ("Cơ quan quản lý", commune.authority.name),
        ("Vùng", commune.get_region_display()),
        ("Nhóm xã", f"Nhóm {commune.group}" if commune.group else ""),
        ("Thời gian tồn tại", lifetime(commune)),
    ]
    if commune.successor:
        rows.append(("Đơn vị kế tục", f"{commune.successor.title} (từ {commune.successor.valid_from:%d/%m/%Y})"))
    context = {
        "commune": commune,
        "rows": rows,
        "predecessors": commune.predecessors.order_by("name"),
        "villages": commune.villages.order_by("name"),
        "recognitions": commune.recognitions.select_related("village").order_by("-valid_from", "pk"),
        "can_edit": units.can_edit_unit(request.user, commune),
        "reads_results": request.user.has(Permission.ROUND_READ)
        or commune.pk in request.user.scope("commune", needs=Permission.DOSSIER_READ),
        "today": clock.today(),
    }
    return render(request, "communes/commune_detail.html", context)


def lifetime(unit: Commune | Village) -> str:
    """từ 01/01/2009 đến hết 30/06/2025."""
    end = f" đến hết {unit.valid_to:%d/%m/%Y}" if unit.valid_to else ""
    return f"từ {unit.valid_from:%d/%m/%Y}{end}"


@form_methods
@require(Permission.UNIT_MANAGE)
def commune_create(request: SignedInRequest) -> HttpResponse:
    form = CommuneForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        units.save_unit(form.instance, by=request.user)
        messages.success(request, f"Đã thêm {form.instance.phrase}.")
        return redirect(form.instance)
    crumbs = [("Đơn vị", reverse("communes:commune-list")), ("Thêm xã", "")]
    return unit_form(request, form, title="Thêm xã", crumbs=crumbs)


@form_methods
@require(Permission.UNIT_MANAGE)
def commune_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    commune = kept_commune(request, pk)
    name, address = commune.title, commune.get_absolute_url()
    form = CommuneForm(request.user, request.POST or None, instance=commune)
    if request.method == "POST" and form.is_valid():
        units.save_unit(form.instance, by=request.user)
        messages.success(request, f"Đã lưu thông tin {form.instance.phrase}.")
        return redirect(address)
    return unit_form(request, form, title=f"Sửa thông tin: {name}", crumbs=[(name, address), ("Sửa thông tin", "")])


@form_methods
@require(Permission.UNIT_MANAGE)
def village_create(request: SignedInRequest, pk: int) -> HttpResponse:
    commune = kept_commune(request, pk)
    form = VillageForm(request.POST or None, instance=Village(commune=commune))
    if request.method == "POST" and form.is_valid():
        units.save_unit(form.instance, by=request.user)
        messages.success(request, f"Đã thêm {form.instance.phrase}.")
        return redirect(commune)
    crumbs = [(commune.title, commune.get_absolute_url()), ("Thêm thôn, bản", "")]
    return unit_form(request, form, title=f"Thêm thôn, bản của {commune.phrase}", crumbs=crumbs)


@form_methods
@require(Permission.UNIT_MANAGE)
def village_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    village = get_object_or_404(Village.objects.for_user(request.user).select_related("commune"), pk=pk)
    commune, name = kept_commune(request, village.commune_id), village.title
    form = VillageForm(request.POST or None, instance=village)
    if request.method == "POST" and form.is_valid():
        units.save_unit(form.instance, by=request.user)
        messages.success(request, f"Đã lưu thông tin {form.instance.phrase}.")
        return redirect(commune)
    crumbs = [(commune.title, commune.get_absolute_url()), (name, "")]
    return unit_form(request, form, title=f"Sửa thông tin: {name}", crumbs=crumbs)


@form_methods
@require(Permission.UNIT_MANAGE)
def recognition_add(request: SignedInRequest, pk: int) -> HttpResponse:
    commune = kept_commune(request, pk)
    form = RecognitionForm(commune, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        units.add_recognition(
            commune,
            title=given["title"],
            village=given["village"],
            decision=given["decision"],
            since=given["valid_from"],
            by=request.user,
        )
        messages.success(request, "Đã ghi danh hiệu được công nhận.")
        return redirect(commune)
    crumbs = [(commune.title, commune.get_absolute_url()), ("Ghi danh hiệu", "")]
    return unit_form(request, form, title=f"Ghi danh hiệu của {commune.phrase}", crumbs=crumbs)


@form_methods
@require(Permission.UNIT_MANAGE)
def recognition_end(request: SignedInRequest, pk: int) -> HttpResponse:
    recognition = get_object_or_404(
        Recognition.objects.filter(commune__in=Commune.objects.for_user(request.user), valid_to=None), pk=pk
    )
    commune = kept_commune(request, recognition.commune_id)
    form = RecognitionEndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        last_day = form.cleaned_data["on"]
        if last_day < recognition.valid_from:
            form.add_error("on", f"Danh hiệu được công nhận từ {recognition.valid_from:%d/%m/%Y}; chọn ngày sau đó.")
        else:
            units.end_recognition(recognition, on=last_day, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, "Đã ghi ngày danh hiệu hết hiệu lực.")
            return redirect(commune)
    crumbs = [(commune.title, commune.get_absolute_url()), ("Kết thúc danh hiệu", "")]
    return unit_form(request, form, title=f"Kết thúc danh hiệu: {recognition}", crumbs=crumbs)


def unit_form(request: SignedInRequest, form: object, *, title: str, crumbs: list[tuple[str, str]]) -> HttpResponse:
    """One page for every form about a unit; the first crumb leads back."""
    return render(request, "communes/unit_form.html", {"form": form, "page_title": title, "crumbs": crumbs})
