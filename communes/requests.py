"""The type of a request behind the login page, for annotations."""

from django.http import HttpRequest

from .models import User


class SignedInRequest(HttpRequest):
    """A request whose user is known: LoginRequiredMiddleware let it through. Never made, only annotated."""

    user: User
