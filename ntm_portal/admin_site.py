"""The administration site, in Vietnamese, for reference data and accounts; people sign in at the portal's own door."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django_tasks_db.models import DBTaskResult
from rest_framework.authtoken.models import TokenProxy

from communes.permissions import Permission

View = Callable[..., HttpResponseBase]
METHODS = ("GET", "HEAD", "POST")  # Django's own views take any other method for a GET


class PortalAdminSite(AdminSite):
    site_header = "Quản trị cổng nông thôn mới"
    site_title = "Quản trị"
    index_title = "Danh mục và tài khoản"
    enable_nav_sidebar = False
    # An address that is not there is simply not found, as everywhere in the portal.
    final_catch_all_view = False

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        """Groups stay out, for rights are in our own table; tokens, which would show their keys here; and tasks."""
        models = model_or_iterable if isinstance(model_or_iterable, tuple | list) else [model_or_iterable]
        if not {Group, TokenProxy, DBTaskResult} & set(models):
            super().register(model_or_iterable, *args, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return user.is_authenticated and user.has(Permission.ACCOUNT_MANAGE)

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """As Django's, but a signed-in person without the right gets 403 rather than a login page."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def closed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        return closed

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """No second form: the portal's login page counts wrong passwords, this one would have to as well."""
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        if request.user.is_authenticated:
            return redirect("admin:index")
        return redirect_to_login(request.GET.get("next") or request.path, settings.LOGIN_URL)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return LogoutView.as_view()(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("communes:password-change")
