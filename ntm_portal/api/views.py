"""Giving out and taking back tokens."""

from typing import Any, ClassVar

from django.contrib.auth import authenticate, user_logged_in
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from communes import services
from communes.models import User

from .access import SignInThrottle
from .problems import problem


class CredentialsSerializer(serializers.Serializer[Any]):
    WORDS: Any = {
        "required": "Chưa có trường này.",
        "blank": "Không được để trống.",
        "null": "Không được để trống.",
        "invalid": "Phải là một chuỗi.",
        "max_length": "Dài quá.",
    }
    username = serializers.CharField(max_length=150, label="Tên đăng nhập", error_messages=WORDS)
    password = serializers.CharField(max_length=128, trim_whitespace=False, label="Mật khẩu", error_messages=WORDS)

    def validate_username(self, value: str) -> str:
        """As on the page of sign-in: another spelling of a name gives no further tries."""
        return value.lower()


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(label="Mã truy cập, gửi trong tiêu đề “Authorization: Token …”")


class TokenView(APIView):
    """POST name and password for a token; DELETE takes one's own back."""

    http_method_names = ("post", "delete")
    tag = "Mã truy cập"
    words: ClassVar[dict[str, str]] = {
        "post": "Lấy mã truy cập bằng tên đăng nhập và mật khẩu",
        "delete": "Trả lại mã truy cập của mình: từ đó không dùng được nữa",
    }
    permission_classes = (AllowAny,)
    parser_classes = (JSONParser, FormParser, MultiPartParser)

    def get_authenticators(self) -> list[Any]:
        # Whoever signs in is nobody yet; a stale token sent along must not stop that.
        return [] if self.request and self.request.method == "POST" else super().get_authenticators()

    def get_throttles(self) -> list[Any]:
        return [SignInThrottle()] if self.request.method == "POST" else super().get_throttles()

    @extend_schema(request=CredentialsSerializer, responses=TokenSerializer)
    @method_decorator(sensitive_variables("form"))
    def post(self, request: Request) -> HttpResponseBase:
        form = CredentialsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        plain: HttpRequest = request._request
        # The lock after wrong passwords is that of the page: once locked, its answer takes the place of this one.
        user = authenticate(plain, **form.validated_data)
        if not isinstance(user, User):
            return problem("wrong-credentials", headers={"WWW-Authenticate": "Token"})
        user_logged_in.send(sender=User, request=plain, user=user)
        if user.must_change_password:
            return problem("password-change-required")
        return Response({"token": services.give_token(user)}, headers={"Cache-Control": "no-store"})

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> HttpResponseBase:
        user: Any = request.user
        if not user.is_authenticated:
            raise exceptions.NotAuthenticated
        services.revoke_token(user, by=user)
        return HttpResponse(status=status.HTTP_204_NO_CONTENT)
