"""Who gets into the API: by token, or with the session of the browser."""

import math
import time
from typing import Any

from django.conf import settings
from django.core.cache import BaseCache, caches
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

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


class Shared(SimpleRateThrottle):
    """So many requests in each minute (hour, day) on the clock, counted in the database for all workers together.

    Counting takes no lock: of requests at the very same instant a few may go through uncounted.
    """

    num_requests: int | None
    duration: int | None

    @property
    def counts(self) -> BaseCache:
        return caches["throttle"]

    def allow_request(self, request: Request, view: Any) -> bool:
        key = self.get_cache_key(request, view) if self.rate else None
        if key is None:
            return True
        most, seconds = self.num_requests or 0, self.duration or 60
        now = time.time()
        self.left = seconds - now % seconds
        place = f"{key}:{int(now // seconds)}"
        count = self.counts.get(place, 0)
        if count >= most:
            return False
        self.counts.set(place, count + 1, timeout=seconds)
        return True

    def wait(self) -> float:
        return math.ceil(self.left)


class PersonThrottle(Shared):
    """Of one person, by whatever token or session; of one address where nobody is signed in."""

    scope = "person"

    def get_rate(self) -> str | None:
        rate: str | None = settings.API_RATE or None
        return rate

    def get_cache_key(self, request: Request, view: Any) -> str:
        who = request.user.pk if request.user.is_authenticated else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": who}


class SignInThrottle(Shared):
    """Beside the lock of the person: so many tries an address."""

    scope = "sign-in"

    def get_rate(self) -> str | None:
        rate: str | None = settings.API_SIGN_IN_RATE
        return rate

    def get_cache_key(self, request: Request, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
