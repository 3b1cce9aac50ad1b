"""Home page, search, help, health and what people see when something cannot be done."""

from typing import Any

from django.conf import settings
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

from .api import problems
from .finding import SHORTEST, find
from .forms import TaskFilter
from .guide import HELP
from .tasks import home_of, tasks_of

# On the home page; the rest stands on the page of tasks.
SHOWN_AT_HOME = 12
ERROR_PAGES = {400: "400.html", 403: "403.html", 404: "404.html", 413: "413.html"}


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for the person, in all roles together."""
    found = home_of(request.user)
    context = {
        "tasks": found.tasks[:SHOWN_AT_HOME],
        "dossiers": found.dossiers,
        "rounds": found.rounds,
        "due_count": len(found.tasks),
    }
    return render(request, "home.html", context)


@require_safe
def task_list(request: SignedInRequest) -> HttpResponse:
    """All of it on one page, filtered by how urgent it is and by words of it."""
    tasks = tasks_of(request.user)
    form = TaskFilter(request.GET)
    context = {
        "form": form,
        "tasks": form.filtered(tasks),
        "due_count": len(tasks),
        "is_filtered": form.is_narrowed,
    }
    return render(request, "task_list.html", context)


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


@require_safe
@login_not_required
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that keeps dossier pages: its address decides which pages it rules, so it lies at the top."""
    script = settings.BASE_DIR / "ntm_portal" / "static" / "ntm_portal" / "js" / "service-worker.js"
    headers = {"Cache-Control": "no-cache"}
    return HttpResponse(script.read_bytes(), content_type="text/javascript; charset=utf-8", headers=headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400; a body larger than allowed is told apart as 413."""
    status = 413 if isinstance(exception, RequestDataTooBig | TooManyFilesSent) else 400
    return refusal(request, status)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request, 404)


def refusal(request: HttpRequest, status: int) -> HttpResponse:
    """The page of an error; a program gets it as problem details."""
    if problems.concerns(request):
        return problems.of_status(status)
    return render(request, ERROR_PAGES[status], status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: without context processors and database, for either may be what failed."""
    if problems.concerns(request):
        return problems.of_status(500)
    return HttpResponse(loader.get_template("500.html").render(), status=500)


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """After too many wrong passwords of one person from one address, on the page and in the API alike."""
    if problems.concerns(request):
        minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
        detail = f"Mật khẩu đã nhập sai quá nhiều lần từ địa chỉ này: tạm dừng {minutes} phút."
        return problems.problem("locked", detail, headers={"Retry-After": str(minutes * 60)})
    return render(request, "registration/locked.html", status=429)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "csrf_failure.html", status=403)
