"""Accounts of other people: found, made, changed, locked, handed over."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import clock, services, text
from ..actions import action_label
from ..forms import HandOverForm, LastDayForm, MembershipForm, ProfileForm, ReasonForm, RoleForm
from ..models import Event, Membership, User
from ..permissions import Permission, Role, require
from ..requests import SignedInRequest

PAGE = 30
STATES = {
    "active": "Đang dùng",
    "initial": "Chưa đổi mật khẩu ban đầu",
    "locked": "Tạm khóa đăng nhập",
    "inactive": "Đã khóa",
}
managers = require(Permission.PEOPLE_MANAGE, Permission.ACCOUNT_MANAGE)
form_methods = require_http_methods(["GET", "HEAD", "POST"])


def managed_user(request: SignedInRequest, pk: int) -> User:
    """Someone whose account the signed-in person may change: 404 where he may not see it, 403 where only see."""
    person = get_object_or_404(User.objects.for_user(request.user), pk=pk)
    if not services.can_manage(request.user, person):
        raise PermissionDenied
    return person


def refuse(form: Any, error: ValidationError) -> None:
    """Show a service's refusal in the form: at its field where the form has it, at the top otherwise."""
    if hasattr(error, "error_dict"):
        for field, errors in error.error_dict.items():
            form.add_error(field if field in form.fields else None, errors)
    else:
        form.add_error(None, error)


def with_roles(people: QuerySet[User]) -> QuerySet[User]:
    """People with their roles of today in `current`: two queries for any number of them."""
    current = Membership.objects.valid_on(clock.today()).select_related("authority", "agency", "commune")
    return people.prefetch_related(Prefetch("memberships", queryset=current, to_attr="current"))


def state_condition(state: str) -> dict[str, Any]:
    """Condition on accounts for a value of the filter "Tài khoản"."""
    if state == "inactive":
        return {"is_active": False}
    if state == "initial":
        return {"is_active": True, "must_change_password": True}
    if state == "locked":
        return {"is_active": True, "username__in": services.locked_usernames()}
    return {"is_active": True}


@require_safe
@managers
def user_list(request: SignedInRequest) -> HttpResponse:
    people = User.objects.for_user(request.user)
    words, role = text.clean(request.GET.get("q", "")), request.GET.get("vai-tro", "")
    state = request.GET.get("trang-thai", "")
    if words:
        people = people.filter(
            Q(full_name__unaccent__icontains=words)
            | Q(username__icontains=words)
            | Q(memberships__commune__name__unaccent__icontains=words)
        ).distinct()
    if role in Role.__members__.values():
        people = people.filter(memberships__in=Membership.objects.valid_on(clock.today()).filter(role=role))
    if state in STATES:
        people = people.filter(**state_condition(state))
    page = Paginator(with_roles(people.order_by("full_name", "pk")), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "q": words,
        "role": role,
        "roles": Role.choices(),
        "state": state,
        "states": STATES.items(),
        "filtered": bool(words or role or state),
    }
    return render(request, "communes/user_list.html", context)


@require_safe
@managers
def user_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User.objects.for_user(request.user).select_related("handed_over_to"), pk=pk)
    memberships = person.memberships.select_related("authority__parent", "agency__authority", "commune__authority")
    today = clock.today()
    context = {
        "person": person,
        "memberships_now": [it for it in memberships if it.valid_to is None or it.valid_to >= today],
        "memberships_before": [it for it in memberships if it.valid_to and it.valid_to < today],
        "can_manage": services.can_manage(request.user, person),
        "is_self": person.pk == request.user.pk,
        "is_locked": services.is_locked(person),
        "token_at": services.token_given_at(person),
        "events": [
            (event.at, action_label(event.action), event.actor_name)
            for event in Event.objects.about(person).reverse()[:20]
        ],
    }
    return render(request, "communes/user_detail.html", context)


@form_methods
@managers
@never_cache
def user_create(request: SignedInRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None)
    role_form = RoleForm(request.user, request.POST or None)
    # Both are asked, so that all messages come at once.
    if request.method == "POST" and all([form.is_valid(), role_form.is_valid()]):
        role = role_form.cleaned_data
        try:
            person, password = services.create_user(
                **form.cleaned_data, role=role["role"], scope=role["place"], by=request.user
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            return show_password(request, person, password, "Đã lập tài khoản")
    return render(request, "communes/user_create.html", {"form": form, "role_form": role_form})


def show_password(request: SignedInRequest, person: User, password: str, title: str) -> HttpResponse:
    """The one page that shows an initial password.

    It answers the POST itself: after a redirect the password would have to be kept somewhere meanwhile.
    """
    context = {"person": person, "password": password, "page_title": title}
    return render(request, "communes/user_password.html", context)


@form_methods
@managers
def user_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    person = managed_user(request, pk)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        services.change_user(form.instance, by=request.user)
        messages.success(request, f"Đã lưu thông tin của {form.instance.full_name}.")
        return redirect(person)
    name = User.objects.values_list("full_name", flat=True).get(pk=pk)
    return render(request, "communes/user_edit.html", {"form": form, "person": person, "name": name})


@form_methods
@managers
@never_cache
def user_reset_password(request: SignedInRequest, pk: int) -> HttpResponse:
    person = managed_user(request, pk)
    if not person.is_active or person.pk == request.user.pk:
        messages.error(request, "Chỉ cấp lại mật khẩu cho tài khoản đang dùng của người khác.")
        return redirect(person)
    if request.method == "POST":
        password = services.reset_password(person, by=request.user)
        return show_password(request, person, password, "Đã cấp lại mật khẩu")
    items = [
        f"Mật khẩu hiện tại của {person.full_name} không dùng được nữa; máy nào đang đăng nhập sẽ bị đăng xuất.",
        "Mật khẩu mới hiện ra một lần duy nhất để báo cho người dùng.",
        "Người dùng phải tự đổi mật khẩu khi đăng nhập.",
    ]
    context = {"person": person, "items": items, "title": "Cấp lại mật khẩu", "action": "Cấp lại mật khẩu"}
    return render(request, "communes/user_confirm.html", context)


@require_POST
@managers
def user_unlock(request: SignedInRequest, pk: int) -> HttpResponse:
    person = managed_user(request, pk)
    services.unlock(person, by=request.user)
    messages.success(request, f"Đã mở khóa đăng nhập cho {person.full_name}.")
    return redirect(person)


@require_POST
@managers
def user_revoke_token(request: SignedInRequest, pk: int) -> HttpResponse:
    person = managed_user(request, pk)
    services.revoke_token(person, by=request.user)
    messages.success(request, f"Đã thu hồi mã truy cập API của {person.full_name}.")
    return redirect(person)


@form_methods
@managers
def user_deactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    person = managed_user(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.deactivate(person, reason=form.cleaned_data["reason"], by=request.user)
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, f"Đã khóa tài khoản của {person.full_name}.")
            return redirect(person)
    items = [
        f"{person.full_name} bị đăng xuất ngay và không đăng nhập được nữa.",
        "Những việc đã làm vẫn đứng tên người này; không có gì bị xóa.",
        "Muốn chuyển việc cho người khác thì bàn giao trước khi khóa.",
    ]
    context = {"person": person, "items": items, "title": "Khóa tài khoản", "action": "Khóa tài khoản", "form": form}
    return render(request, "communes/user_confirm.html", context)


@form_methods
@managers
@never_cache
def user_reactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    person = managed_user(request, pk)
    if person.is_active:
        messages.info(request, f"Tài khoản của {person.full_name} đang dùng được.")
        return redirect(person)
    if request.method == "POST":
        password = services.reactivate(person, by=request.user)
        return show_password(request, person, password, "Đã mở lại tài khoản")
    items = [
        f"{person.full_name} đăng nhập lại được với các vai trò còn hiệu lực.",
        "Mật khẩu mới hiện ra một lần duy nhất để báo cho người dùng.",
    ]
    context = {"person": person, "items": items, "title": "Mở lại tài khoản", "action": "Mở lại tài khoản"}
    return render(request, "communes/user_confirm.html", context)


@form_methods
@managers
def user_hand_over(request: SignedInRequest, pk: int) -> HttpResponse:
    person = managed_user(request, pk)
    form = HandOverForm(request.user, person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        receiver = form.cleaned_data["receiver"]
        try:
            services.hand_over(person, receiver, by=request.user)
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, f"Đã bàn giao từ {person.full_name} cho {receiver.full_name}.")
            return redirect(receiver)
    items = [
        *(f"{item}: {person.full_name} còn quyền đến hết hôm nay." for item in person.active_memberships),
        "Người nhận có các vai trò ấy từ hôm nay; hồ sơ đang làm dở của đơn vị chuyển theo.",
        "Thành viên Đoàn kiểm tra của đợt đang mở: bổ sung người nhận ở trang đợt kiểm tra.",
    ]
    context = {"person": person, "items": items, "title": "Bàn giao", "action": "Bàn giao", "form": form}
    return render(request, "communes/user_confirm.html", context)


# ---------------------------------------------------------------- memberships


@form_methods
@managers
def membership_add(request: SignedInRequest, pk: int) -> HttpResponse:
    person = managed_user(request, pk)
    form = MembershipForm(request.user, request.POST or None, initial={"valid_from": clock.today()})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            membership = services.grant_membership(
                person,
                role=given["role"],
                scope=given["place"],
                by=request.user,
                valid_from=given["valid_from"],
                valid_to=given["valid_to"],
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, f"Đã cấp vai trò {membership} cho {person.full_name}.")
            return redirect(person)
    return render(request, "communes/membership_add.html", {"form": form, "person": person})


@form_methods
@managers
def membership_end(request: SignedInRequest, pk: int) -> HttpResponse:
    membership = get_object_or_404(
        Membership.objects.filter(user__in=User.objects.for_user(request.user)).select_related(
            "user", "authority__parent", "agency__authority", "commune__authority"
        ),
        pk=pk,
    )
    if not services.can_grant(request.user, Role(membership.role), services.scope_of(membership)):
        raise PermissionDenied
    form = LastDayForm(request.POST or None, initial={"on": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            services.end_membership(membership, by=request.user, on=form.cleaned_data["on"])
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
        else:
            messages.success(request, f"Đã ghi ngày kết thúc vai trò {membership}.")
            return redirect(membership.user)
    context = {
        "person": membership.user,
        "items": [f"{membership.user.full_name} thôi vai trò {membership} sau ngày ghi ở trên."],
        "title": "Kết thúc vai trò",
        "action": "Kết thúc vai trò",
        "form": form,
    }
    return render(request, "communes/user_confirm.html", context)
