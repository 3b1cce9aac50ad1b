"""Changes to what a draft holds: criteria, indicators with parts and thresholds, evidence asked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Max

from communes import journal
from communes.models import User

from .models import (
    CriteriaSet,
    Criterion,
    EvidenceRequirement,
    Indicator,
    IndicatorPart,
    Threshold,
    ThresholdConfirmation,
)
from .services import SetIsFixed


@dataclass(frozen=True)
class Changes:
    """Rows of one kind that a form set adds or changes, and those it removes."""

    saved: Iterable[models.Model] = ()
    removed: Iterable[models.Model] = ()


@transaction.atomic
def save_criterion(criterion: Criterion, *, evidence: Changes = Changes(), by: User) -> Criterion:
    """Add or change a criterion of a draft together with the evidence asked for."""
    _require_draft(criterion.criteria_set)
    is_new = criterion.pk is None
    criterion.save()
    for row in evidence.removed:
        row.delete()
    for requirement in evidence.saved:
        _save_requirement(requirement, criterion)
    action = "criterion.added" if is_new else "criterion.changed"
    journal.record(
        action, subject=criterion, by=by, chain=journal.REFERENCE, label=_label(criterion.criteria_set, criterion)
    )
    return criterion


@transaction.atomic
def save_indicator(
    indicator: Indicator, *, parts: Changes = Changes(), thresholds: Changes = Changes(), by: User
) -> Indicator:
    """Add or change an indicator of a draft with its parts and thresholds.

    Whatever changes what a threshold means (its value or case, the kind, the unit or the operator it is
    held by) takes its confirmation away: it was given for something else.
    """
    criteria_set = indicator.criterion.criteria_set
    _require_draft(criteria_set)
    is_new = indicator.pk is None
    indicator.criteria_set = criteria_set
    stands = Indicator.objects.filter(pk=indicator.pk).values("kind", "unit", "operator").first()
    if is_new:
        last = criteria_set.indicators.aggregate(last=Max("position"))["last"]
        indicator.position = (last or 0) + 1
    indicator.save()
    if stands and stands != {name: getattr(indicator, name) for name in stands}:
        _unconfirm(indicator.thresholds.all())
    _save_parts(indicator, parts)
    for row in thresholds.removed:
        _unconfirm(Threshold.objects.filter(pk=row.pk))
        row.delete()
    for threshold in thresholds.saved:
        _save_threshold(threshold, indicator)
    action = "indicator.added" if is_new else "indicator.changed"
    new = {"text": indicator.text, "thresholds": [str(threshold) for threshold in indicator.thresholds.all()]}
    label = _label(criteria_set, indicator)
    journal.record(action, subject=indicator, by=by, chain=journal.REFERENCE, label=label, data=new)
    return indicator


@transaction.atomic
def remove(row: Criterion | Indicator, *, by: User) -> None:
    """Take a criterion or an indicator out of a draft, with everything under it."""
    criteria_set = row.get_set()
    _require_draft(criteria_set)
    kind = row._meta.model_name
    journal.record(f"{kind}.removed", subject=row, by=by, chain=journal.REFERENCE, label=_label(criteria_set, row))
    path = "indicator" if isinstance(row, Indicator) else "indicator__criterion"
    _unconfirm(Threshold.objects.filter(**{path: row}))
    row.delete()


def _require_draft(criteria_set: CriteriaSet) -> None:
    """The set stays a draft until the change is written: whoever publishes waits for it."""
    if not CriteriaSet.objects.select_for_update().get(pk=criteria_set.pk).is_editable:
        raise SetIsFixed(CriteriaSet.IMMUTABLE)


def _unconfirm(thresholds: models.QuerySet[Threshold]) -> None:
    ThresholdConfirmation.objects.filter(threshold__in=thresholds).delete()
    thresholds.update(is_confirmed_in_source=False)


def _save_requirement(requirement: models.Model, criterion: Criterion) -> None:
    if isinstance(requirement, EvidenceRequirement):
        requirement.criterion = criterion
        # Somebody of the office has now read and written it.
        requirement.is_unverified = False
        requirement.save()


def _save_parts(indicator: Indicator, parts: Changes) -> None:
    for row in parts.removed:
        _unconfirm(Threshold.objects.filter(part_id=row.pk))
        row.delete()
    last = indicator.parts.aggregate(last=Max("position"))["last"] or 0
    for number, part in enumerate(parts.saved, start=1):
        if not isinstance(part, IndicatorPart):
            continue
        part.indicator = indicator
        if part.pk is None:
            part.position = last + number
        else:
            _unconfirm(part.thresholds.all())
        part.save()


def _save_threshold(threshold: models.Model, indicator: Indicator) -> None:
    if isinstance(threshold, Threshold):
        threshold.indicator = indicator
        if threshold.pk:
            ThresholdConfirmation.objects.filter(threshold=threshold).delete()
        threshold.is_confirmed_in_source = False
        threshold.save()


def _label(criteria_set: CriteriaSet, row: models.Model) -> str:
    return f"{criteria_set}: {row}"
