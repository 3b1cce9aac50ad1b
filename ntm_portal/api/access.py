"""Signing in to the API by token."""

from typing import Any

from rest_framework import exceptions
from rest_framework.authentication import TokenAuthentication
from rest_framework.throttling import AnonRateThrottle

from communes.models import User


class PortalTokenAuthentication(TokenAuthentication):
    """A token opens nothing that the browser would not: who must first choose a password does that first."""

    def authenticate_credentials(self, key: str) -> tuple[User, Any]:
        try:
            user, token = super().authenticate_credentials(key)
        except exceptions.AuthenticationFailed as error:
            raise exceptions.AuthenticationFailed("Mã truy cập không còn hiệu lực; lấy mã mới.") from error
        if user.must_change_password:
            raise exceptions.AuthenticationFailed("Tài khoản phải đổi mật khẩu ban đầu trên trang web trước.")
        return user, token


class SignInThrottle(AnonRateThrottle):
    """Beside the lock of the person: so many tries an address."""

    scope = "sign-in"
