"""What the commune's views share: fetching through `for_user`, telling refusals, answering scripts."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from .. import workflow
from ..models import Dossier
from ..presenters.sight import Sight
from ..presenters.words import Crumbs, dossier_crumbs
from ..workflow import Refused

MOST_DIGITS = 18  # what an integer of the database surely holds


def dossier_for(request: HttpRequest, pk: int) -> Dossier:
    """A dossier this person may read, with everything headings say of it; else 404."""
    return get_object_or_404(Dossier.objects.for_user(_user(request)).with_context(), pk=pk)


def own_dossier(request: HttpRequest, pk: int) -> Dossier:
    """A dossier of the person's own commune; 404 where it is not theirs to read, 403 where only to read."""
    dossier = dossier_for(request, pk)
    if not workflow.edits(dossier, _user(request)):
        raise PermissionDenied
    return dossier


def crumbs_for(request: HttpRequest, dossier: Dossier, *rest: tuple[str, str]) -> Crumbs:
    """Where this person is in a dossier."""
    return dossier_crumbs(dossier, _user(request), *rest)


def row_key(text: str) -> int:
    """The id of a row as an address or a form names it; 0, which no row has, for what cannot be one."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0


def tell(request: HttpRequest, refused: Refused) -> None:
    """Say on the next page why something was not done."""
    for sentence in refused.messages:
        messages.error(request, sentence)


def keepable(request: HttpRequest, response: HttpResponse, sight: Sight) -> HttpResponse:
    """Let the officer's own machine keep this page for when the line is gone; nobody else's does."""
    if sight.may_edit and response.status_code == 200:
        response.headers["X-Kept-For"] = str(_user(request).pk)
    return response


def wants_json(request: HttpRequest) -> bool:
    """Whether our own script asks; without it the same address answers with pages."""
    return "application/json" in request.headers.get("Accept", "")


def sent(request: HttpRequest) -> Any:
    """What a form is bound to: nothing on GET, and on POST even an empty sending."""
    return request.POST if request.method == "POST" else None


def _user(request: HttpRequest) -> Any:
    return request.user
