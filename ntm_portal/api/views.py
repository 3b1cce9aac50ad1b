"""Giving out and taking back tokens."""

from collections.abc import Sequence
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from communes import services
from communes.models import User

from .access import PortalTokenAuthentication, SignInThrottle
from .problems import problem


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class TokenView(APIView):
    """POST name and password for a token; DELETE with the token takes it back."""

    throttle_classes = (SignInThrottle,)

    def get_permissions(self) -> Sequence[Any]:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    def get_authenticators(self) -> list[Any]:
        # Whoever signs in is nobody yet; a stale token sent along must not stop that.
        method = getattr(self.request, "method", None)
        return [] if method == "POST" else [PortalTokenAuthentication()]

    def post(self, request: Request) -> Response:
        form = CredentialsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        plain: HttpRequest = request._request
        user = authenticate(plain, **form.validated_data)
        if user is None and AxesProxyHandler.is_locked(plain, {"username": form.validated_data["username"]}):
            minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
            return problem(429, f"Nhập sai nhiều lần: tài khoản tạm khóa {minutes} phút từ địa chỉ này.")
        if not isinstance(user, User):
            return problem(401, "Tên đăng nhập hoặc mật khẩu không đúng.")
        if user.must_change_password:
            return problem(403, "Tài khoản phải đổi mật khẩu ban đầu trên trang web trước.")
        return Response({"token": services.give_token(user)}, headers={"Cache-Control": "no-store"})

    def delete(self, request: Request) -> Response:
        user: Any = request.user
        services.revoke_token(user, by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
