"""Official tables of a round: what there is, each as a page, as PDF and as a workbook."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_safe

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


def _tables(request: HttpRequest, code: str, set_code: str) -> RoundTables:
    """Tables of a round whose matrix the person may see; 404 for all others, and for a round still being set up."""
    found = tables_of(_round(request, code), set_code)
    if found is None:
        raise Http404
    return found


def _round(request: HttpRequest, code: str) -> InspectionRound:
    rows = InspectionRound.objects.for_reading(user_of(request)).filter(status__in=["open", "closed"])
    return get_object_or_404(rows.select_related("authority"), code=code)


def _table(tables: RoundTables, key: str) -> OfficialTable:
    table = tables.table(key)
    if table is None:
        raise Http404
    return table


@require_safe
@require(Permission.ROUND_READ)
def table_list(request: HttpRequest, code: str) -> HttpResponse:
    """Every table of a round, set by set."""
    round_ = _round(request, code)
    tabs = set_tabs(round_)
    wanted = request.GET.get("bo", "")
    chosen = next((tab for tab in tabs if tab.code == wanted), tabs[0] if tabs else None)
    context = {
        "round": round_,
        "tabs": tabs,
        "chosen": chosen,
        "choices": RoundTables(round_, chosen).choices if chosen else [],
        "crumbs": _crumbs(round_, ("Biểu tổng hợp", "")),
    }
    return render(request, "reports/table_list.html", context)


@require_safe
@require(Permission.ROUND_READ)
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
            ("Biểu tổng hợp", f"{reverse('reports:table-list', args=[code])}?bo={set_code}"),
            (table.number, ""),
        ),
    }
    return render(request, "reports/table_detail.html", context)


@require_safe
@require(Permission.ROUND_READ)
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


def _crumbs(round_: InspectionRound, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("Đợt kiểm tra", reverse("inspections:round-list")), (round_.name, round_.get_absolute_url()), *more]
