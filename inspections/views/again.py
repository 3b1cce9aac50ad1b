"""Taking over from an earlier round: numbers of one indicator, documents of one or of a whole criterion."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from communes.permissions import Permission, require

from .. import services
from ..models import Assessment, Dossier, Evidence
from ..presenters.again import Paper
from ..presenters.criterion import Block, CriterionPage, criterion_page
from ..presenters.sight import sight_of
from ..workflow import Refused, StaleState
from .common import dossier_for, own_dossier, tell
from .entry import saved_assessment


@require_POST
@require(Permission.DOSSIER_EDIT)
def numbers_reuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the earlier round's numbers into an indicator, on the version that was on the page; the judgement stays."""
    row = saved_assessment(request, pk)
    number, version = row.criterion.number, request.POST.get("version", "")
    block = _block(_page(request, dossier_for(request, row.dossier_id), number), pk)
    last = block.last_year
    if last is None or not last.numbers or not version.isdigit():
        messages.error(request, f"Chỉ tiêu {row.indicator.code} không có số liệu đợt trước để dùng lại.")
    else:
        changes = dict(last.numbers)
        if "parts" in changes:
            changes["parts"] = _merged(row.parts, changes["parts"])
        try:
            services.save_assessment(row, by=_user(request), version=int(version), changes=changes)
        except Refused as refused:
            tell(request, refused)
        else:
            words = f"Đã điền số liệu {last.when} vào chỉ tiêu {row.indicator.code}."
            messages.success(request, f"{words} Xem lại, sửa nếu khác và tự đánh giá.")
    return redirect(_at(row.dossier_id, number, row))


@require_POST
@require(Permission.DOSSIER_EDIT)
def papers_reuse(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Let documents of the earlier round prove again what they proved then: those on the button, all or none."""
    dossier = own_dossier(request, pk)
    offered = {paper.pair: paper for paper in _page(request, dossier, number).papers}
    sent = dict.fromkeys(request.POST.getlist("pairs"))
    chosen = [offered[pair] for pair in sent if pair in offered]
    try:
        if not chosen or len(chosen) < len(sent):
            raise StaleState("Danh sách minh chứng dùng lại vừa thay đổi. Xem lại rồi chọn lần nữa.")
        fresh = services.link_pieces(_by_piece(chosen), by=_user(request))
    except Refused as refused:
        tell(request, refused)
        return redirect("inspections:criterion-edit", pk, number)
    codes = dict.fromkeys(row.indicator.code for rows in fresh.values() for row in rows)
    messages.success(request, f"Đã dùng lại {len(fresh)} minh chứng cho chỉ tiêu {', '.join(codes)}.")
    return redirect(_at(pk, number, chosen[0].assessment))


def _by_piece(papers: list[Paper]) -> dict[Evidence, list[Assessment]]:
    found: dict[Evidence, list[Assessment]] = {}
    for paper in papers:
        found.setdefault(paper.evidence, []).append(paper.assessment)
    return found


def _merged(present: dict[str, Any], numbers: dict[str, Any]) -> dict[str, Any]:
    """Parts with numbers of the earlier round put in; answers and other parts as they are."""
    return {**present, **{code: {**present.get(code, {}), **part} for code, part in numbers.items()}}


def _page(request: HttpRequest, dossier: Dossier, number: int) -> CriterionPage:
    page = criterion_page(dossier, number, sight_of(dossier, _user(request)), _user(request))
    if page is None:
        raise Http404
    return page


def _block(page: CriterionPage, pk: int) -> Block:
    return next(block for block in page.blocks if block.assessment.pk == pk)


def _at(pk: int, number: int, row: Assessment) -> str:
    return f"{reverse('inspections:criterion-edit', args=[pk, number])}#ct-{row.pk}"


def _user(request: HttpRequest) -> Any:
    return request.user
