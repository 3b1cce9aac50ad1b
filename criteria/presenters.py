"""What the pages of a set show, fetched in a fixed number of queries."""

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from communes.models import User
from communes.permissions import Permission

from .models import AgencyAssignment, CriteriaSet, Criterion, Indicator

Crumbs = list[tuple[str, str]]


def set_rows(user: User) -> QuerySet[CriteriaSet]:
    """Sets a person may see, each with its counts of criteria and indicators: one query."""
    return CriteriaSet.objects.for_user(user).annotate(
        how_many_criteria=_count(Criterion), how_many_indicators=_count(Indicator)
    )


def criteria_of(criteria_set: CriteriaSet) -> QuerySet[Criterion]:
    """All criteria with indicators, thresholds, evidence and agencies: the same number of queries for any set."""
    return with_all(criteria_set.criteria.all())


def with_all(criteria: QuerySet[Criterion]) -> QuerySet[Criterion]:
    """Criteria by number, with everything that a page of a set shows of them."""
    agencies = Prefetch("agency_assignments", AgencyAssignment.objects.select_related("agency"))
    indicators = Indicator.objects.with_measures().prefetch_related("evidence_requirements", agencies)
    return criteria.order_by("number").prefetch_related("evidence_requirements", Prefetch("indicators", indicators))


def facts(criteria_set: CriteriaSet) -> list[tuple[str, object]]:
    """What a set says of itself, as label and value."""
    until = f" đến hết {criteria_set.effective_to:%d/%m/%Y}" if criteria_set.effective_to else ""
    rows: list[tuple[str, object]] = [
        ("Mã bộ, phiên bản", f"{criteria_set.code}, phiên bản {criteria_set.version}"),
        ("Cấp, mức", f"{criteria_set.get_level_display()}, {criteria_set.get_tier_display().lower()}"),
        ("Căn cứ pháp lý", criteria_set.legal_basis),
        ("Thời gian áp dụng", f"Từ {criteria_set.effective_from:%d/%m/%Y}{until}"),
        ("Cơ bản đạt", "Tính là đạt" if criteria_set.counts_basically_met else "Không tính là đạt"),
    ]
    if criteria_set.copied_from:
        rows.append(("Sao chép từ", str(criteria_set.copied_from)))
    if criteria_set.note:
        rows.append(("Ghi chú", criteria_set.note))
    return rows


def abilities(criteria_set: CriteriaSet, user: User) -> dict[str, bool]:
    """What the person may do with the set in its present state, for the buttons."""
    manages = user.has(Permission.CRITERIA_MANAGE)
    is_retired = criteria_set.status == CriteriaSet.Status.RETIRED
    return {
        "can_edit": manages and criteria_set.is_editable,
        "can_copy": manages,
        "can_retire": manages and criteria_set.status == CriteriaSet.Status.PUBLISHED,
        "can_assign": manages,
        "can_confirm": user.has(Permission.THRESHOLD_CONFIRM) and not is_retired,
    }


def crumbs(criteria_set: CriteriaSet | None = None, *last: str) -> Crumbs:
    """Bộ tiêu chí › the set › this page."""
    path = [("Bộ tiêu chí", reverse("criteria:set-list"))]
    if criteria_set:
        path.append((str(criteria_set), criteria_set.get_absolute_url()))
    return path + [(label, "") for label in last]


def _count(model: type[Criterion] | type[Indicator]) -> Coalesce:
    per_set = model._default_manager.filter(criteria_set=OuterRef("pk")).order_by().values("criteria_set")
    return Coalesce(Subquery(per_set.annotate(count=Count("pk")).values("count")), 0)
