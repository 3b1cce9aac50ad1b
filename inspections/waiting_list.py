"""The kinds of work in the queue, and one line of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from communes.models import User
from communes.permissions import Permission
from criteria.judgement import Judgement

from .models import Assessment, CriterionConclusion, Dossier, ReturnItem
from .progress import waiting
from .progress.shares import Share, shares_of

DECIDED_AT = {
    "du-thao": "inspections:dossier-provisional",
    "nhac": "inspections:dossier-remind",
    "phe-duyet": "inspections:dossier-approve",
}
ABOUT_ITEMS = ("tra-loi", "cho-xa")
TO_CONCLUDE, ALL, CHANGED, IN_CHARGE = "ket-luan", "tieu-chi", "thay-doi", "chi-tieu"
BEFORE = ("round__authority", "inspection__commune", "village", "criteria_set", "round_unit")


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    rows: what waits, in the order to work through. dossier: path from a row to its dossier, with underscores.
    criterion: path to the criterion, empty where the row is a whole dossier.
    judged: the column whose judgement a row shows and is filtered by; empty where there is none.
    differing: condition of the rows whose judgements contradict each other; None where there are none.
    """

    code: str
    label: str
    action: str
    rows: QuerySet
    dossier: str
    criterion: str
    count: int
    judged: str = ""
    differing: Q | None = None

    @property
    def takes_many(self) -> bool:
        """Whether what is complete of it can be concluded in one go."""
        return self.code in (TO_CONCLUDE, ALL)

    @property
    def empty_text(self) -> str:
        """What to expect here, where nothing stands."""
        if self.code == CHANGED:
            return "Tiêu chí đã xem mà sau đó xã, phòng, ban hoặc thành viên khác có thay đổi sẽ xuất hiện tại đây."
        return "Hồ sơ mới nộp hoặc vừa bổ sung sẽ xuất hiện tại đây."


@dataclass(frozen=True)
class Line:
    """One row of the queue; state: the judgement it has, empty where none is shown."""

    dossier: Dossier
    title: str
    detail: str
    url: str
    action: str
    due_on: date | None = None
    state: str = ""
    differs: bool = False
    is_changed: bool = False

    @property
    def word(self) -> str:
        return str(Judgement(self.state).label) if self.state else ""


def kinds_for(user: User) -> list[Kind]:
    """The kinds a person has to do with, each with its count: one query a kind and three for the shares."""
    found = []
    if user.has(Permission.DOSSIER_REVIEW):
        shares = shares_of(user)
        found += _of_the_team(user, shares)
        if user.has(Permission.DOSSIER_APPROVE):
            order = ("round__due_on", "round", "round_unit__position", "pk")
            ready, provisional = waiting.for_provisional(shares), waiting.for_approval(shares)
            found.append(_kind("du-thao", "Chờ công bố dự thảo", "Xem và công bố", ready.order_by(*order), "", ""))
            silent = waiting.silent(shares).order_by(*order)
            found.append(_kind("nhac", "Chờ nhắc giải trình", "Xem và nhắc", silent, "", ""))
            found.append(_kind("phe-duyet", "Chờ phê duyệt", "Xem và phê duyệt", provisional.order_by(*order), "", ""))
    if user.has(Permission.OPINION_GIVE):
        order = ("dossier__submitted_at", "dossier", "indicator__position", "pk")
        rows, known = waiting.for_opinion(user).order_by(*order), {"judged": "opinion", "differing": waiting.TWO_DIFFER}
        found.append(_kind("y-kien", "Chờ ý kiến", "Cho ý kiến", rows, "dossier__", "criterion"))
        rows = waiting.in_charge(user).order_by(
            "criterion__number", "indicator__position", "indicator", "dossier", "pk"
        )
        found.append(_kind(IN_CHARGE, "Mọi chỉ tiêu phụ trách", "Mở", rows, "dossier__", "criterion", **known))
    return found


def waiting_criteria(user: User) -> Kind:
    """The criteria of one's share that wait for a conclusion, as a kind of its own."""
    return _to_conclude(user, shares_of(user))


def _to_conclude(user: User, shares: list[Share]) -> Kind:
    rows = waiting.with_marks(waiting.to_conclude(shares), user)
    rows = rows.order_by("dossier__submitted_at", "dossier", "criterion__number")
    return _kind(TO_CONCLUDE, "Chờ kết luận", "Kiểm tra", rows, "dossier__", "criterion", differing=Q(differs=True))


def _of_the_team(user: User, shares: list[Share]) -> list[Kind]:
    """What an inspector has to do, and all criteria of their share."""
    by_dossier = ("dossier__submitted_at", "dossier", "criterion__number")
    by_criterion = ("criterion__number", "dossier__criteria_set", "dossier__round_unit__position", "pk")
    known = {"judged": "verdict", "differing": Q(differs=True)}
    answered = waiting.answered(shares).order_by("answered_at", "pk")
    asked = waiting.asked(shares).order_by("due_on", "asked_at", "pk")
    changed = waiting.changed_since_looked(shares, user).order_by(*by_dossier)
    every = waiting.with_marks(waiting.all_criteria(shares), user).order_by(*by_criterion)
    return [
        _to_conclude(user, shares),
        _kind("tra-loi", "Xã đã bổ sung", "Xem trả lời", answered, "dossier__", "assessment__criterion"),
        _kind("cho-xa", "Chờ xã bổ sung", "Xem yêu cầu", asked, "dossier__", "assessment__criterion"),
        _kind(CHANGED, "Có thay đổi từ lần xem trước", "Xem lại", changed, "dossier__", "criterion", **known),
        _kind(ALL, "Mọi tiêu chí", "Mở", every, "dossier__", "criterion", **known),
    ]


def _kind(code: str, label: str, action: str, rows: QuerySet, dossier: str, criterion: str, **known: Any) -> Kind:
    related = [f"{dossier}{name}" for name in BEFORE]
    if criterion:
        related += [criterion, "assessment__indicator"] if code in ABOUT_ITEMS else [criterion]
    if code in ("y-kien", IN_CHARGE):
        related.append("indicator")
    chosen = rows.select_related(*related).defer(f"{dossier}frozen")
    return Kind(code, label, action, chosen, dossier, criterion, rows.count(), **known)


def line_of(kind: Kind, row: Any) -> Line:
    """A row of any kind as the page lists it."""
    if isinstance(row, Dossier):
        return Line(row, row.unit.title, "", reverse(DECIDED_AT[kind.code], args=[row.pk]), kind.action)
    dossier = row.dossier
    more: dict[str, Any] = {"state": getattr(row, kind.judged) if kind.judged else ""}
    if isinstance(row, CriterionConclusion):
        criterion, detail, anchor = row.criterion, "", ""
        more |= {"differs": row.differs, "is_changed": row.looked_at is not None and row.is_changed}  # type: ignore[attr-defined]
    elif isinstance(row, ReturnItem):
        criterion, indicator = row.assessment.criterion, row.assessment.indicator
        said = row.answer or row.question
        detail, anchor = f"Chỉ tiêu {indicator.code}: {said}", f"#chi-tieu-{indicator.code}"
        more["due_on"] = row.due_on
    else:
        assert isinstance(row, Assessment)  # noqa: S101 - for the type checker
        criterion, detail = row.criterion, f"Chỉ tiêu {row.indicator.code}: {row.indicator.text}"
        anchor = f"#chi-tieu-{row.indicator.code}"
        more["differs"] = Judgement.UNASSESSED not in (row.self_judgement, row.opinion) and (
            row.self_judgement != row.opinion
        )
    url = reverse("inspections:review-criterion", args=[dossier.pk, criterion.number]) + anchor
    return Line(dossier, f"Tiêu chí {criterion.number}. {criterion.name}", detail, url, kind.action, **more)
