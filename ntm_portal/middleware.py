"""What happens around each request: the client's true address, idle sign-out, the first password change."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from .api import problems

Next = Callable[[HttpRequest], HttpResponse]

LAST_SEEN = "last_seen"
# The time of the last request is written at most this often: one UPDATE a minute, not one a request.
SEEN_EVERY_SECONDS = 60
OPEN_WHILE_CHANGING_PASSWORD = ("communes:password-change", "logout")


class ClientAddressMiddleware:
    """Put the client's own address into REMOTE_ADDR, and believe a header only from our own proxy.

    With PROXY_COUNT=1 nginx must overwrite X-Forwarded-For with its $remote_addr.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        if settings.PROXY_COUNT and forwarded:
            request.META["REMOTE_ADDR"] = forwarded.split(",")[-1].strip()
        return self.get_response(request)


class IdleSignOutMiddleware:
    """Sign out whoever was away longer than IDLE_SIGN_OUT_MINUTES: commune offices share computers."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            present = int(time.time())  # the real time, in the demonstration too
            last_seen = request.session.get(LAST_SEEN, present)
            if present - last_seen > settings.IDLE_SIGN_OUT_MINUTES * 60:
                logout(request)
                messages.info(request, "Đã tự đăng xuất vì lâu không thao tác. Xin đăng nhập lại.")
            elif present - last_seen >= SEEN_EVERY_SECONDS or LAST_SEEN not in request.session:
                request.session[LAST_SEEN] = present
        response = self.get_response(request)
        if request.user.is_authenticated:
            # Nothing of a signed-in page may be read with the back button after signing out.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class PasswordChangeMiddleware:
    """Lead people with an initial password to the page where they choose their own."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> HttpResponse | None:
        if not getattr(request.user, "must_change_password", False):
            return None
        match = request.resolver_match
        if match is None or match.view_name in OPEN_WHILE_CHANGING_PASSWORD:
            return None
        if problems.concerns(request):
            return problems.problem("password-change-required")
        return redirect("communes:password-change")
