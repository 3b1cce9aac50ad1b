"""Who gets into the API: by token, or with the session of the browser."""

from typing import Any

from django.conf import settings
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle

from communes import services
from communes.models import User

from .problems import NotReady


class ByToken(TokenAuthentication):
    """A token opens nothing that the browser would not: who must first choose a password does that first."""

    def authenticate_credentials(self, key: str) -> tuple[User, Any]:
        user, token = super().authenticate_credentials(key)
        if services.is_outdated(token):
            raise exceptions.AuthenticationFailed
        return ready(user), token


class BySession(SessionAuthentication):
    """For pages of the portal itself; what changes anything needs the form's token (CSRF) as everywhere."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        found: Any = super().authenticate(request)
        return (ready(found[0]), found[1]) if found else None


def ready(user: User) -> User:
    if user.must_change_password:
        raise NotReady
    return user


class SignInThrottle(AnonRateThrottle):
    """Beside the lock of the person: so many tries an address."""

    scope = "sign-in"

    def get_rate(self) -> str | None:
        rate: str | None = settings.API_SIGN_IN_RATE
        return rate
