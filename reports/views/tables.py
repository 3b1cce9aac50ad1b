"""Official tables of a round: what there is, each as a page, as PDF and as a workbook."""

from collections.abc import Collection

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from communes.models import Agency
from communes.permissions import Permission, require
from communes.text import unaccent
from inspections.models import InspectionRound
from inspections.progress import set_tabs

from .. import renderer
from ..presenters.tables import sheet
from ..presenters.tables.reading import RoundTables, tables_of
from ..presenters.tables.shape import OfficialTable
from .common import user_of

LAYOUT = "table_v1"
ROWS_A_PAGE = 200


# Who follows a round reads every table, an agency its own.
READERS = (Permission.ROUND_READ, Permission.OPINION_GIVE)


def _tables(request: HttpRequest, code: str, set_code: str) -> RoundTables:
    round_, own_agencies = _round(request, code)
    found = tables_of(round_, set_code, own_agencies)
    if found is None:
        raise Http404
    return found


def _round(request: HttpRequest, code: str) -> tuple[InspectionRound, frozenset[int] | None]:
    """A round, and the agencies whose tables alone the person reads, None for all; 404 for all other people.

    All tables are read by whoever may see the matrix; a round still being set up has none.
    """
    user = user_of(request)
    rounds = InspectionRound.objects.filter(status__in=["open", "closed"]).select_related("authority")
    # Whoever once was in the team, and has no such role now, is in the lists of its rounds still.
    found = rounds.for_reading(user).filter(code=code).first() if user.has(Permission.ROUND_READ) else None
    if found:
        return found, None
    own = Agency.objects.filter(pk__in=user.scope("agency", needs=Permission.OPINION_GIVE))
    found = get_object_or_404(rounds, code=code, authority__in=own.order_by().values("authority"))
    return found, frozenset(row.pk for row in own)


def _table(tables: RoundTables, key: str) -> OfficialTable:
    table = tables.table(key)
    if table is None:
        raise Http404
    return table


@require_safe
@require(*READERS)
def table_list(request: HttpRequest, code: str) -> HttpResponse:
    """Every table of a round, set by set; for an agency its own, which not every set has."""
    round_, own_agencies = _round(request, code)
    tabs = set_tabs(round_)
    wanted = request.GET.get("bo", "")
    tables = {tab.code: RoundTables(round_, tab, own_agencies) for tab in tabs}
    if own_agencies is not None:
        tabs = [tab for tab in tabs if tables[tab.code].agencies] or tabs[:1]
    chosen = next((tab for tab in tabs if tab.code == wanted), tabs[0] if tabs else None)
    context = {
        "round": round_,
        "tabs": tabs,
        "chosen": chosen,
        "choices": tables[chosen.code].choices if chosen else [],
        "crumbs": _crumbs(round_, own_agencies, ("Biểu tổng hợp", "")),
    }
    return render(request, "reports/table_list.html", context)


@require_safe
@require(*READERS)
def table_detail(request: HttpRequest, code: str, set_code: str, key: str) -> HttpResponse:
    tables = _tables(request, code, set_code)
    table = _table(tables, key)
    page = Paginator(table.lines, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "round": tables.round,
        "tab": tables.tab,
        "table": table,
        "page": page,
        "rows": list(table.shown(list(page))),
        "crumbs": _crumbs(
            tables.round,
            tables.own_agencies,
            ("Biểu tổng hợp", f"{reverse('reports:table-list', args=[code])}?bo={set_code}"),
            (table.number, ""),
        ),
    }
    return render(request, "reports/table_detail.html", context)


@require_safe
@require(*READERS)
def table_file(request: HttpRequest, code: str, set_code: str, key: str, kind: str) -> HttpResponse:
    """The whole table as a file; a table too long to be printed leads back to its page, which says so."""
    tables = _tables(request, code, set_code)
    table = _table(tables, key)
    if kind == "xlsx":
        return _file(table, tables, sheet.workbook(table), kind, sheet.CONTENT_TYPE)
    try:
        printed = renderer.render(render_to_string("reports/pdf/table_v1.html", {"table": table}), LAYOUT)
    except renderer.RenderError as error:
        messages.error(request, f"Chưa in được biểu này: {error} Bản xlsx vẫn tải được.")
        return redirect("reports:table-detail", code, set_code, key)
    return _file(table, tables, printed, kind, "application/pdf")


def _file(table: OfficialTable, tables: RoundTables, content: bytes, kind: str, content_type: str) -> HttpResponse:
    words = slugify(unaccent(f"{table.number} {tables.round.code} {tables.tab.code}") or "")
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, f"{words}.{kind}") or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _crumbs(
    round_: InspectionRound, own_agencies: Collection[int] | None, *more: tuple[str, str]
) -> list[tuple[str, str]]:
    if own_agencies is not None:
        return [("Tổng quan", reverse("reports:overview")), *more]
    return [("Đợt kiểm tra", reverse("inspections:round-list")), (round_.name, round_.get_absolute_url()), *more]
