"""The visit to a commune: its record for the team, and its criteria as they are walked through at the place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.urls import reverse

from communes import notation
from communes.models import User
from criteria.judgement import Judgement
from criteria.models import Criterion, Indicator

from ..forms.visits import VisitForm
from ..models import (
    AgreedDeadline,
    Assessment,
    CriterionConclusion,
    Dossier,
    EvidenceLink,
    Inspection,
    SignedMinutes,
    TeamMember,
    VisitFinding,
)
from ..services.visits import RECORDED, VisitConflict, signing_refusal, team_of, visit_refusal
from ..values import evaluation_of
from .exhibits import Measure, measures_of
from .words import Crumbs

UNASSESSED = str(Judgement.UNASSESSED)
EMPTY = "trống"


def visit_crumbs(inspection: Inspection, *rest: tuple[str, str]) -> Crumbs:
    """Đợt › Kiểm tra xã Phúc Khoa › …"""
    here = reverse("inspections:visit-detail", args=[inspection.pk]) if rest else ""
    return [
        (inspection.round.name, inspection.round.get_absolute_url()),
        (f"Kiểm tra {inspection.commune.phrase}", here),
        *rest,
    ]


# ---------------------------------------------------------------- the record


@dataclass(frozen=True)
class VisitPage:
    """Everything on the page of a visit. documents: what was made of it, as (document, label of its state)."""

    inspection: Inspection
    refusal: str
    may_sign: bool
    deadlines: list[AgreedDeadline]
    findings: list[VisitFinding]
    signed: list[SignedMinutes]
    documents: list[Any]
    dossiers: list[Dossier]

    @property
    def may_edit(self) -> bool:
        return not self.refusal

    @property
    def current(self) -> SignedMinutes | None:
        return next((row for row in self.signed if row.replaced_at is None), None)

    @property
    def earlier(self) -> list[SignedMinutes]:
        return [row for row in self.signed if row.replaced_at is not None]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The record as label and value, for who only reads it."""
        return record_rows(self.inspection)


def visit_page(inspection: Inspection, user: User) -> VisitPage:
    """A fixed number of queries, whatever was noted."""
    deadlines = inspection.agreed_deadlines.select_related("agreed_by", "return_item__assessment__criterion")
    findings = inspection.visit_findings.exclude(text="").select_related(
        "criterion", "noted_by", "dossier__criteria_set", "dossier__village", "dossier__inspection__commune"
    )
    signed = SignedMinutes.objects.for_user(user).filter(inspection=inspection)
    documents: Any = inspection.documents  # the documents of the app above, by their reverse relation
    return VisitPage(
        inspection=inspection,
        refusal=visit_refusal(inspection, user),
        may_sign=not signing_refusal(inspection, user),
        deadlines=list(deadlines),
        findings=list(findings.order_by("dossier__round_unit__position", "dossier", "criterion__number")),
        signed=list(signed.select_related("attached_by", "replaced_by")),
        documents=list(documents.for_user(user).order_by("-pk")),
        dossiers=dossiers_of(inspection),
    )


def dossiers_of(inspection: Inspection) -> list[Dossier]:
    """In the round's order, with their headings."""
    rows = list(inspection.dossiers.with_context().defer("frozen").order_by("round_unit__position", "pk"))
    for row in rows:
        row.inspection = inspection
    return rows


LABELS = {name: str(VisitForm.base_fields[name].label) for name in VisitForm.base_fields if name != "version"}


def record_rows(inspection: Inspection) -> list[tuple[str, str]]:
    people = "; ".join(sorted(user.full_name for user in inspection.attended_by.all()))
    values = {**{name: shown(getattr(inspection, name), name) for name in RECORDED}, "attended_by": people}
    return [(label, values[name]) for name, label in LABELS.items()]


def shown(value: Any, name: str = "") -> str:
    """A value of the record in words."""
    if not value:
        return ""
    if name == "mode":
        return str(Inspection.Mode(value).label)
    if hasattr(value, "hour"):
        return f"{value:%H:%M}"
    return notation.day(value) if hasattr(value, "year") else str(value)


def differences(conflict: VisitConflict) -> list[tuple[str, str, str]]:
    """(label, stored, typed) of every field that differs."""
    people = "; ".join(sorted(user.full_name for user in conflict.stored.attended_by.all()))
    stored = {**{name: getattr(conflict.stored, name) for name in RECORDED}, "attended_by": people}
    return [
        (LABELS[name], shown(stored[name], name) or EMPTY, shown(value, name) or EMPTY)
        for name, value in conflict.typed.items()
        if stored[name] != value
    ]


# ---------------------------------------------------------------- at the place


@dataclass(frozen=True)
class FieldIndicator:
    """One indicator at the place: what was reported beside its threshold."""

    assessment: Assessment
    measures: tuple[Measure, ...]
    photos: tuple[EvidenceLink, ...] = ()

    @property
    def indicator(self) -> Indicator:
        return self.assessment.indicator


@dataclass(frozen=True)
class FieldCriterion:
    """One criterion of the list. is_mine: whether it is of the person's share."""

    conclusion: CriterionConclusion
    indicators: tuple[FieldIndicator, ...]
    has_note: bool
    photos: int
    is_mine: bool

    @property
    def criterion(self) -> Criterion:
        return self.conclusion.criterion

    @property
    def facts(self) -> str:
        found = ["đã ghi nhận"] if self.has_note else []
        if self.photos:
            found.append(f"{self.photos} ảnh tại chỗ")
        return " · ".join(found)


def field_lists(inspection: Inspection, user: User) -> list[tuple[Dossier, list[FieldCriterion]]]:
    """Every dossier of the commune with its criteria: a fixed number of queries for any number of them."""
    dossiers = {row.pk: row for row in dossiers_of(inspection)}
    conclusions = CriterionConclusion.objects.filter(dossier__in=dossiers).select_related("criterion")
    of_criterion = _measured(dossiers)
    notes = set(
        VisitFinding.objects.filter(inspection=inspection)
        .exclude(text="")
        .order_by()
        .values_list("dossier", "criterion")
    )
    links = EvidenceLink.objects.filter(visit=inspection).order_by()
    counted = links.values_list("assessment__dossier", "assessment__criterion").annotate(photos=Count("pk"))
    photos = {(dossier, criterion): count for dossier, criterion, count in counted}
    mine = _share(inspection, user)
    found: dict[int, list[FieldCriterion]] = {pk: [] for pk in dossiers}
    for row in conclusions.order_by("criterion__number"):
        row.dossier = dossiers[row.dossier_id]
        key = (row.dossier_id, row.criterion_id)
        indicators = tuple(of_criterion.get(key, ()))
        is_mine = mine is None or row.criterion_id in mine
        found[row.dossier_id].append(FieldCriterion(row, indicators, key in notes, photos.get(key, 0), is_mine))
    return [(dossiers[pk], rows) for pk, rows in found.items()]


def _share(inspection: Inspection, user: User) -> set[int] | None:
    """The criteria the person is in charge of here; None for all, and nothing for who is not of the team."""
    members: list[TeamMember] = list(team_of(inspection).filter(user=user).prefetch_related("criteria"))
    if any(not member.criteria.all() for member in members):
        return None
    return {row.pk for member in members for row in member.criteria.all()}


def _measured(dossiers: Mapping[int, Dossier]) -> dict[tuple[int, int], list[FieldIndicator]]:
    rows = list(Assessment.objects.filter(dossier__in=dossiers).order_by("criterion__number", "indicator__position"))
    found: dict[tuple[int, int], list[FieldIndicator]] = {}
    for item in with_measures(rows, dossiers):
        found.setdefault((item.dossier_id, item.criterion_id), []).append(
            FieldIndicator(item, measures_of(item, evaluation_of(item)))
        )
    return found


def with_measures(rows: Iterable[Assessment], dossiers: Mapping[int, Dossier]) -> list[Assessment]:
    """Assessments with all that evaluation needs, three queries for any number."""
    found = list(rows)
    indicators = Indicator.objects.with_measures().in_bulk([item.indicator_id for item in found])
    for item in found:
        item.dossier, item.indicator = dossiers[item.dossier_id], indicators[item.indicator_id]
    return found


def field_indicators(conclusion: CriterionConclusion) -> list[FieldIndicator]:
    """The indicators of one criterion with the photos of this visit."""
    dossier = conclusion.dossier
    rows = dossier.assessments.filter(criterion=conclusion.criterion).order_by("indicator__position")
    measured = with_measures(rows, {dossier.pk: dossier})
    photos: dict[int, list[EvidenceLink]] = {}
    links = EvidenceLink.objects.filter(assessment__in=measured, visit__isnull=False)
    for link in links.select_related("evidence", "linked_by").order_by("linked_at", "pk"):
        photos.setdefault(link.assessment_id, []).append(link)
    return [
        FieldIndicator(item, measures_of(item, evaluation_of(item)), tuple(photos.get(item.pk, ())))
        for item in measured
    ]
