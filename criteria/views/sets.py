"""Reading sets, and the acts on a whole set: draft, copy, publish, retire, confirm a threshold."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communes import clock
from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import completeness, presenters, services
from ..forms import ConfirmThresholdForm, NewSetForm, SetForm
from ..models import CriteriaSet, Threshold


def fetch_set(request: SignedInRequest, code: str, version: int) -> CriteriaSet:
    """The set of an address, or 404 where the person may not see it."""
    return get_object_or_404(CriteriaSet.objects.for_user(request.user), code=code, version=version)


def typed(request: SignedInRequest) -> QueryDict | None:
    """What a form is bound to; an empty POST is still a POST (every box unticked)."""
    return request.POST if request.method == "POST" else None


@require_safe
@require(Permission.CRITERIA_READ)
def set_list(request: SignedInRequest) -> HttpResponse:
    context = {
        "sets": presenters.set_rows(request.user),
        "can_create": request.user.has(Permission.CRITERIA_MANAGE),
    }
    return render(request, "criteria/set_list.html", context)


@require_safe
@require(Permission.CRITERIA_READ)
def set_detail(request: SignedInRequest, code: str, version: int) -> HttpResponse:
    criteria_set = fetch_set(request, code, version)
    context = {
        "set": criteria_set,
        "criteria": presenters.criteria_of(criteria_set),
        "facts": presenters.facts(criteria_set),
        "crumbs": presenters.crumbs(None, str(criteria_set)),
        **presenters.abilities(criteria_set, request.user),
    }
    return render(request, "criteria/set_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.CRITERIA_MANAGE)
def set_create(request: SignedInRequest) -> HttpResponse:
    form = NewSetForm(typed(request))
    if request.method == "POST" and form.is_valid():
        criteria_set = services.create_set(**form.cleaned_data, by=request.user)
        messages.success(request, f"Đã lập {criteria_set}. Tiếp theo: thêm tiêu chí và chỉ tiêu.")
        return redirect(criteria_set)
    context = {"form": form, "crumbs": presenters.crumbs(None, "Lập bộ mới"), "heading": "Lập bộ tiêu chí mới"}
    return render(request, "criteria/set_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.CRITERIA_MANAGE)
def set_edit(request: SignedInRequest, code: str, version: int) -> HttpResponse:
    criteria_set = fetch_set(request, code, version)
    if not criteria_set.is_editable:
        messages.warning(request, CriteriaSet.IMMUTABLE)
        return redirect(criteria_set)
    form = SetForm(typed(request), instance=criteria_set)
    if request.method == "POST" and form.is_valid():
        try:
            services.describe_set(criteria_set, by=request.user, **form.cleaned_data)
        except services.SetIsFixed as fixed:
            messages.warning(request, str(fixed))
        else:
            messages.success(request, "Đã lưu thông tin bộ tiêu chí.")
        return redirect(criteria_set)
    context = {"form": form, "crumbs": presenters.crumbs(criteria_set, "Sửa thông tin"), "heading": "Sửa thông tin bộ"}
    return render(request, "criteria/set_form.html", context)


@require_POST
@require(Permission.CRITERIA_MANAGE)
def set_copy(request: SignedInRequest, code: str, version: int) -> HttpResponse:
    criteria_set = fetch_set(request, code, version)
    copy = services.copy_set(criteria_set, by=request.user)
    messages.success(request, f"Đã tạo {copy} là dự thảo, sao chép từ phiên bản {criteria_set.version}.")
    return redirect(copy)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.CRITERIA_MANAGE)
def set_publish(request: SignedInRequest, code: str, version: int) -> HttpResponse:
    """The check page before publishing, and the act."""
    criteria_set = fetch_set(request, code, version)
    if request.method == "POST":
        return _publish(request, criteria_set)
    context = {
        "set": criteria_set,
        "problems": [(sentence, "") for sentence in completeness.problems(criteria_set)],
        "warnings": completeness.warnings(criteria_set),
        "what_happens": [
            f"Bộ có {criteria_set.criteria.count()} tiêu chí, {criteria_set.indicators.count()} chỉ tiêu được công bố.",
            "Nội dung không sửa được nữa; muốn thay đổi phải tạo phiên bản mới.",
            "Đợt kiểm tra mới chọn được bộ này. Các đợt đã mở giữ nguyên bộ đang dùng.",
        ],
        "crumbs": presenters.crumbs(criteria_set, "Kiểm tra và công bố"),
    }
    return render(request, "criteria/set_publish.html", context)


def _publish(request: SignedInRequest, criteria_set: CriteriaSet) -> HttpResponse:
    try:
        services.publish(criteria_set, by=request.user)
    except services.SetIsIncomplete as incomplete:
        messages.warning(request, f"Chưa công bố được: còn {len(incomplete.problems)} điểm phải sửa.")
        return redirect("criteria:set-publish", criteria_set.code, criteria_set.version)
    except services.SetIsFixed as fixed:
        messages.warning(request, str(fixed))
    else:
        messages.success(request, f"Đã công bố {criteria_set}. Đợt kiểm tra mới dùng được bộ này.")
    return redirect(criteria_set)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.CRITERIA_MANAGE)
def set_retire(request: SignedInRequest, code: str, version: int) -> HttpResponse:
    criteria_set = fetch_set(request, code, version)
    if request.method == "POST":
        try:
            services.retire(criteria_set, by=request.user)
        except services.SetIsFixed as fixed:
            messages.warning(request, str(fixed))
        else:
            messages.success(request, f"Đã ngừng áp dụng {criteria_set}.")
        return redirect(criteria_set)
    context = {
        "set": criteria_set,
        "what_happens": [
            "Đợt kiểm tra mới không chọn được bộ này nữa.",
            "Các đợt và hồ sơ đang dùng bộ này giữ nguyên, kết quả cũ không thay đổi.",
        ],
        "crumbs": presenters.crumbs(criteria_set, "Ngừng áp dụng"),
    }
    return render(request, "criteria/set_retire.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.THRESHOLD_CONFIRM)
def threshold_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Record in which document an unconfirmed threshold was found."""
    seen = CriteriaSet.objects.for_user(request.user)
    rows = Threshold.objects.select_related("indicator__criterion__criteria_set", "part", "confirmation__by")
    threshold = get_object_or_404(rows, pk=pk, indicator__criteria_set__in=seen)
    criteria_set = threshold.get_set()
    form = ConfirmThresholdForm(typed(request), initial={"on": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            services.confirm_threshold(threshold, **form.cleaned_data, by=request.user)
        except (services.AlreadyConfirmed, services.SetIsFixed) as refused:
            messages.warning(request, str(refused))
        else:
            messages.success(request, f"Đã đối chiếu ngưỡng {threshold} của chỉ tiêu {threshold.indicator.code}.")
        return redirect(f"{criteria_set.get_absolute_url()}#chi-tieu-{threshold.indicator.code}")
    context = {
        "form": form,
        "threshold": threshold,
        "indicator": threshold.indicator,
        "crumbs": presenters.crumbs(criteria_set, f"Đối chiếu ngưỡng {threshold.indicator.code}"),
    }
    return render(request, "criteria/threshold_confirm.html", context)
