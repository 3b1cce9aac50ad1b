"""The kinds of work in the queue, and one line of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from communes.models import User
from communes.permissions import Permission

from .models import Assessment, CriterionConclusion, Dossier, ReturnItem
from .progress import waiting
from .progress.shares import shares_of

DECIDED_AT = {
    "du-thao": "inspections:dossier-provisional",
    "nhac": "inspections:dossier-remind",
    "phe-duyet": "inspections:dossier-approve",
}
ABOUT_ITEMS = ("tra-loi", "cho-xa")
BEFORE = ("round__authority", "inspection__commune", "village", "criteria_set", "round_unit")


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    rows: what waits, in the order to work through. dossier: path from a row to its dossier, with underscores.
    criterion: path to the criterion, empty where the row is a whole dossier.
    """

    code: str
    label: str
    action: str
    rows: QuerySet
    dossier: str
    criterion: str
    count: int


@dataclass(frozen=True)
class Line:
    """One row of the queue."""

    dossier: Dossier
    title: str
    detail: str
    url: str
    action: str
    due_on: date | None = None


def kinds_for(user: User) -> list[Kind]:
    """The kinds a person has to do with, each with its count: one query a kind and three for the shares."""
    found = []
    if user.has(Permission.DOSSIER_REVIEW):
        shares = shares_of(user)
        answered = waiting.answered(shares).order_by("answered_at", "pk")
        to_conclude = waiting.to_conclude(shares).order_by("dossier__submitted_at", "dossier", "criterion__number")
        found.append(_kind("ket-luan", "Chờ kết luận", "Kiểm tra", to_conclude, "dossier__", "criterion"))
        found.append(_kind("tra-loi", "Xã đã bổ sung", "Xem trả lời", answered, "dossier__", "assessment__criterion"))
        asked = waiting.asked(shares).order_by("due_on", "asked_at", "pk")
        found.append(_kind("cho-xa", "Chờ xã bổ sung", "Xem yêu cầu", asked, "dossier__", "assessment__criterion"))
        if user.has(Permission.DOSSIER_APPROVE):
            order = ("round__due_on", "round", "round_unit__position", "pk")
            ready, provisional = waiting.for_provisional(shares), waiting.for_approval(shares)
            found.append(_kind("du-thao", "Chờ công bố dự thảo", "Xem và công bố", ready.order_by(*order), "", ""))
            silent = waiting.silent(shares).order_by(*order)
            found.append(_kind("nhac", "Chờ nhắc giải trình", "Xem và nhắc", silent, "", ""))
            found.append(_kind("phe-duyet", "Chờ phê duyệt", "Xem và phê duyệt", provisional.order_by(*order), "", ""))
    if user.has(Permission.OPINION_GIVE):
        rows = waiting.for_opinion(user).order_by("dossier__submitted_at", "dossier", "indicator__position", "pk")
        found.append(_kind("y-kien", "Chờ ý kiến", "Cho ý kiến", rows, "dossier__", "criterion"))
    return found


def _kind(code: str, label: str, action: str, rows: QuerySet, dossier: str, criterion: str) -> Kind:
    related = [f"{dossier}{name}" for name in BEFORE]
    if criterion:
        related += [criterion, "assessment__indicator"] if code in ABOUT_ITEMS else [criterion]
    if code == "y-kien":
        related.append("indicator")
    return Kind(
        code, label, action, rows.select_related(*related).defer(f"{dossier}frozen"), dossier, criterion, rows.count()
    )


def line_of(kind: Kind, row: Any) -> Line:
    """A row of any kind as the page lists it."""
    if isinstance(row, Dossier):
        return Line(row, row.unit.title, "", reverse(DECIDED_AT[kind.code], args=[row.pk]), kind.action)
    dossier = row.dossier
    if isinstance(row, CriterionConclusion):
        criterion, detail, due_on, anchor = row.criterion, "", None, ""
    elif isinstance(row, ReturnItem):
        criterion, indicator = row.assessment.criterion, row.assessment.indicator
        said = row.answer or row.question
        detail, due_on, anchor = f"Chỉ tiêu {indicator.code}: {said}", row.due_on, f"#chi-tieu-{indicator.code}"
    else:
        assert isinstance(row, Assessment)  # noqa: S101 - for the type checker
        criterion, detail, due_on = row.criterion, f"Chỉ tiêu {row.indicator.code}: {row.indicator.text}", None
        anchor = f"#chi-tieu-{row.indicator.code}"
    url = reverse("inspections:review-criterion", args=[dossier.pk, criterion.number]) + anchor
    return Line(dossier, f"Tiêu chí {criterion.number}. {criterion.name}", detail, url, kind.action, due_on)
