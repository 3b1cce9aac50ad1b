"""Home page, search, help, health and what people see when something cannot be done."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from communes import text
from communes.models import User
from communes.permissions import Role
from communes.requests import SignedInRequest

from .finding import SHORTEST, find
from .guide import HELP
from .tasks import home_of


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for the person, in all roles together."""
    found = home_of(request.user)
    context = {
        "tasks": found.tasks,
        "dossiers": found.dossiers,
        "rounds": found.rounds,
        "due_count": len(found.tasks),
    }
    return render(request, "home.html", context)


@require_safe
def search(request: SignedInRequest) -> HttpResponse:
    words = text.clean(request.GET.get("q", ""))[:100]
    context = {"q": words, "groups": find(request.user, words), "too_short": len(words) < SHORTEST}
    return render(request, "search.html", context)


@require_safe
@login_not_required
def help_page(request: HttpRequest) -> HttpResponse:
    """How the work is done, one part per role; signed-in people see their own parts first."""
    user = request.user
    mine = {Role(item.role) for item in user.active_memberships} if isinstance(user, User) else set()
    context = {
        "mine": [HELP[role] for role in Role if role in mine],
        "others": [HELP[role] for role in Role if role not in mine],
    }
    return render(request, "help.html", context)


@require_safe
@never_cache
@login_not_required
def health(request: HttpRequest) -> JsonResponse:
    """For the proxy and the watchman: 200 while the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return JsonResponse({"status": "ok"})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400; a body larger than allowed is told apart as 413."""
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
        return render(request, "413.html", status=413)
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: without context processors and database, for either may be what failed."""
    return HttpResponse(loader.get_template("500.html").render(), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "csrf_failure.html", status=403)
