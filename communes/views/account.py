"""One's own account: profile, roles, password."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from .. import services
from ..forms import ContactForm, OwnPasswordForm
from ..models import User
from ..requests import SignedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: SignedInRequest) -> HttpResponse:
    """What the portal knows of the person; telephone and e-mail are his own to change."""
    user = User.objects.get(pk=request.user.pk)
    form = ContactForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        services.change_user(form.instance, by=user)
        messages.success(request, "Đã lưu điện thoại và thư điện tử.")
        return redirect("communes:account")
    person = request.user
    rows = [
        ("Họ và tên", person.full_name),
        ("Tên đăng nhập", person.username),
        ("Chức vụ", person.position),
    ]
    context = {
        "form": form,
        "rows": rows,
        "roles": person.active_memberships,
        "token_at": services.token_given_at(person),
    }
    return render(request, "communes/account.html", context)


@require_POST
def token_revoke(request: SignedInRequest) -> HttpResponse:
    """Take one's own key to the API back: a program that has it can do nothing with it any more."""
    services.revoke_token(request.user, by=request.user)
    messages.success(request, "Đã thu hồi mã truy cập API. Chương trình dùng mã ấy phải lấy mã mới.")
    return redirect("communes:account")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password_change(request: SignedInRequest) -> HttpResponse:
    """The person's own new password; whoever still has an initial one is led here and can go nowhere else."""
    user = User.objects.get(pk=request.user.pk)
    is_first = user.must_change_password
    form = OwnPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.change_own_password(user, form.cleaned_data["new"])
        # Every session of the person ends with the old password; this one goes on.
        update_session_auth_hash(request, user)
        messages.success(request, "Đã đổi mật khẩu. Các máy khác đang đăng nhập bằng mật khẩu cũ đã bị đăng xuất.")
        return redirect("home" if is_first else "communes:account")
    return render(request, "communes/password_change.html", {"form": form, "is_first": is_first})
