"""Data in and out as tables: export, template, upload, preview of every row, confirmation, result, undoing."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.crypto import salted_hmac
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import clock, presenters, services, tables
from ..exchange import runs, writing
from ..exchange.kinds import KINDS, CannotUndo, Kind, kinds_for
from ..exchange.people import People, unused_accounts
from ..forms import ImportForm
from ..models import ImportRun, User
from ..permissions import Permission, require
from ..requests import SignedInRequest

RUNS = 20
SLIPS = 30
traders = require(Permission.UNIT_MANAGE, Permission.PEOPLE_MANAGE, Permission.CRITERIA_MANAGE)
form_methods = require_http_methods(["GET", "HEAD", "POST"])


def kind_named(request: SignedInRequest, code: str) -> Kind:
    kind = KINDS.get(code)
    if kind is None:
        raise Http404
    kind.require(request.user)
    return kind


def own_run(request: SignedInRequest, pk: UUID) -> ImportRun:
    run = get_object_or_404(ImportRun.objects.for_user(request.user).select_related("by", "event"), pk=pk)
    if run.kind not in KINDS:
        raise Http404
    return run


@require_safe
@traders
def exchange(request: SignedInRequest) -> HttpResponse:
    mine = ImportRun.objects.for_user(request.user).order_by("-uploaded_at")
    page = Paginator(mine, RUNS).get_page(request.GET.get("page"))
    context = {
        "kinds": presenters.kind_lines(request.user, kinds_for(request.user)),
        "page": page,
        "runs": [presenters.run_line(run) for run in page.object_list],
    }
    return render(request, "communes/exchange/home.html", context)


# ---------------------------------------------------------------- out


def _attached(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@traders
def exchange_template(request: SignedInRequest, kind: str) -> HttpResponseBase:
    """An empty table with its headings and how to fill them in."""
    wanted = kind_named(request, kind)
    if not wanted.can_import:
        raise Http404
    pages = wanted.pages()
    made = writing.file_of("xlsx", [(page, []) for page in pages], guide=pages)
    return _attached(FileResponse(made, content_type=writing.TYPES["xlsx"]), f"mau-{kind}.xlsx")


@require_safe
@traders
def exchange_export(request: SignedInRequest, kind: str, form: str) -> HttpResponseBase:
    wanted, target = kind_named(request, kind), request.GET.get("muc", "")
    if form not in wanted.formats or not wanted.has_target(request.user, target):
        raise Http404
    name = "-".join(part for part in (kind, target.replace("/", "-").lower(), f"{clock.today():%Y-%m-%d}") if part)
    pages = wanted.export(request.user, target)
    if form == "csv":
        page, rows = next(iter(pages))
        lines = writing.csv_lines(rows, [column.heading for column in page.columns])
        return _attached(StreamingHttpResponse(lines, content_type=writing.TYPES[form]), f"{name}.csv")
    made = writing.file_of(form, pages)
    return _attached(FileResponse(made, content_type=writing.TYPES[form]), f"{name}.{form}")


# ---------------------------------------------------------------- in


@form_methods
@traders
def exchange_import(request: SignedInRequest, kind: str) -> HttpResponse:
    wanted = kind_named(request, kind)
    if not wanted.can_import:
        raise Http404
    is_sent = request.method == "POST"
    form = ImportForm(
        wanted.import_targets(request.user),
        request.POST if is_sent else None,
        request.FILES or None,
        initial={"target": request.GET.get("muc", "")},
    )
    status = 400 if is_sent else 200
    if is_sent and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            run = runs.start(
                wanted,
                by=request.user,
                name=file.name or "",
                content=file.read(),
                target=form.cleaned_data.get("target", ""),
            )
        except tables.Refused as refused:
            form.add_error("file", str(refused))
        else:
            return redirect(run)
    context = {
        "kind": wanted,
        "form": form,
        "is_one_thing": not wanted.targets(request.user),
        "crumbs": presenters.crumbs((f"Nhập {wanted.title.lower()}", "")),
    }
    return render(request, "communes/exchange/upload.html", context, status=status)


@require_safe
@traders
def import_detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Progress while it runs, then the preview, then the result."""
    return show(request, own_run(request, pk))


def show(
    request: SignedInRequest, run: ImportRun, *, errors: list[str] | None = None, status: int = 200
) -> HttpResponse:
    kind = KINDS[run.kind]
    context: dict[str, Any] = {
        "run": run,
        "line": presenters.run_line(run),
        "kind": kind,
        "errors": errors or [],
        "crumbs": presenters.crumbs((run.name, "")),
    }
    if run.is_running:
        return render(request, "communes/exchange/progress.html", context, status=status)
    context |= presenters.preview(run, request.GET) | {"told": presenters.told(run)}
    if run.status == ImportRun.Status.DONE and run.event:
        context["result_url"] = kind.result_url(run.event.data)
        context["without_password"] = unused(request, run, has_password=False).count()
        context["unused"] = unused(request, run, has_password=True).count()
    is_open = run.status == ImportRun.Status.READY
    template = "communes/exchange/preview.html" if is_open else "communes/exchange/result.html"
    return render(request, template, context, status=status)


@require_POST
@traders
def import_choose(request: SignedInRequest, pk: UUID) -> HttpResponse:
    run = own_run(request, pk)
    choices = presenters.choices_in(request)
    if not choices:
        return show(request, run, errors=["Chưa chọn dòng nào: chọn “Sửa” hoặc “Giữ” rồi bấm lại."], status=400)
    return _acted(request, run, lambda: runs.choose(run, choices, by=request.user))


@require_POST
@traders
def import_confirm(request: SignedInRequest, pk: UUID) -> HttpResponse:
    run = own_run(request, pk)
    return _acted(request, run, lambda: runs.confirm(run, by=request.user, seen=request.POST.get("seen", "")))


@require_POST
@traders
def import_resume(request: SignedInRequest, pk: UUID) -> HttpResponse:
    run = own_run(request, pk)
    return _acted(request, run, lambda: runs.resume(run))


@require_POST
@traders
def import_drop(request: SignedInRequest, pk: UUID) -> HttpResponse:
    run = own_run(request, pk)
    try:
        runs.drop(run, by=request.user)
    except runs.NotNow as reason:
        messages.error(request, str(reason))
        return redirect(run)
    messages.info(request, f"Đã bỏ tệp {run.name}; chưa nhập gì.")
    return redirect("communes:exchange")


def _acted(request: SignedInRequest, run: ImportRun, act: Any) -> HttpResponse:
    """Back to the page of the run; where it is too late, its page as it is now, with the reason."""
    try:
        act()
    except runs.NotNow as reason:
        return show(request, own_run(request, run.pk), errors=[str(reason)], status=409)
    return redirect(run)


def unused(request: SignedInRequest, run: ImportRun, *, has_password: bool) -> QuerySet[User]:
    """The accounts of this import that nobody has signed in to; of another kind of import none."""
    if run.kind != People.code or run.status != ImportRun.Status.DONE or run.event is None:
        return User.objects.none()
    return unused_accounts(run.event.data, by=request.user, has_password=has_password)


@form_methods
@require(Permission.PEOPLE_MANAGE)
@never_cache
def import_passwords(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """First passwords for the accounts of an import, shown once, as slips to be cut apart and handed over.

    ?lai=1: once more for those who have not signed in with theirs. Some at a time: each takes the server's time on
    purpose. Only who stood on the page that was sent gets one, so that sending it twice gives nobody another.
    """
    run, again = own_run(request, pk), request.GET.get("lai") == "1"
    waiting = unused(request, run, has_password=again)
    context: dict[str, Any] = {
        "run": run,
        "again": again,
        "crumbs": presenters.crumbs((run.name, run.get_absolute_url()), ("Cấp mật khẩu", "")),
    }
    status = 200
    if request.method == "POST":
        sent = set(request.POST.getlist("person"))
        chosen = [person for person in waiting if str(person.pk) in sent][:SLIPS]
        if again and request.POST.get("seen", "") != _seen(chosen):
            chosen = []
        keys = [person.pk for person in chosen]
        context["slips"] = services.give_first_passwords(waiting.filter(pk__in=keys), by=request.user)
        status = 200 if context["slips"] else 409
    people = list(waiting[:SLIPS])
    context |= {"people": people, "left": waiting.count(), "seen": _seen(people), "is_late": status == 409}
    context["repeatable"] = 0 if again else unused(request, run, has_password=True).count()
    return render(request, "communes/exchange/passwords.html", context, status=status)


def _seen(people: Iterable[User]) -> str:
    """Tells which passwords these people had when the page was made."""
    told = "".join(sorted(f"{person.pk}:{person.password}" for person in people))
    return salted_hmac("first passwords", told).hexdigest()


@form_methods
@traders
def import_undo(request: SignedInRequest, pk: UUID) -> HttpResponse:
    run = own_run(request, pk)
    if run.status != ImportRun.Status.DONE:
        messages.info(request, f"Tệp {run.name} không ở trạng thái hoàn tác được.")
        return redirect(run)
    errors: list[str] = []
    if request.method == "POST":
        try:
            runs.undo(run, by=request.user)
        except CannotUndo as refusal:
            errors = refusal.reasons
        except runs.NotNow as reason:
            messages.error(request, str(reason))
            return redirect(run)
        else:
            messages.success(request, f"Đã hoàn tác lần nhập {run.name}.")
            return redirect(run)
    context = {
        "run": run,
        "kind": KINDS[run.kind],
        "told": presenters.told(run),
        "errors": errors,
        "crumbs": presenters.crumbs((run.name, run.get_absolute_url()), ("Hoàn tác", "")),
    }
    return render(request, "communes/exchange/undo.html", context, status=409 if errors else 200)
