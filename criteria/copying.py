"""Copies the content of a set into a new draft, row by row."""

from collections.abc import Iterable
from copy import copy as shallow
from typing import TypeVar

from django.db import models

from .models import (
    AgencyAssignment,
    CriteriaSet,
    Criterion,
    EvidenceRequirement,
    Indicator,
    IndicatorPart,
    Threshold,
    ThresholdConfirmation,
)

Row = TypeVar("Row", bound=models.Model)


def copy_whole(source: CriteriaSet, *, version: int) -> CriteriaSet:
    """A draft with everything of the source; who published the source is not copied."""
    target = _twin(
        source,
        version=version,
        status=CriteriaSet.Status.DRAFT,
        is_supplied=False,
        copied_from=source,
        published_by=None,
        published_at=None,
    )
    target.save(force_insert=True)
    criteria = _copy(Criterion, source.criteria.all(), criteria_set=target)
    indicators = _copy(Indicator, source.indicators.all(), {"criterion": criteria}, criteria_set=target)
    of_source = {"indicator__criteria_set": source}
    whose = {"indicator": indicators}
    parts = _copy(IndicatorPart, IndicatorPart.objects.filter(**of_source), whose)
    thresholds = _copy(Threshold, Threshold.objects.filter(**of_source), {**whose, "part": parts})
    confirmations = ThresholdConfirmation.objects.filter(threshold__indicator__criteria_set=source)
    _copy(ThresholdConfirmation, confirmations, {"threshold": thresholds})
    _copy(AgencyAssignment, AgencyAssignment.objects.filter(**of_source), whose)
    duties = EvidenceRequirement.objects.filter(
        models.Q(criterion__criteria_set=source) | models.Q(indicator__criteria_set=source)
    )
    _copy(EvidenceRequirement, duties, {**whose, "criterion": criteria})
    return target


def _copy(
    model: type[Row],
    rows: Iterable[Row],
    parents: dict[str, dict[int, models.Model]] | None = None,
    **changes: object,
) -> dict[int, models.Model]:
    """Twins of rows, saved, by the id of their original.

    parents: {name of a foreign key: twins of what it points to, by the id of the original}.
    """
    originals = list(rows)
    twins = []
    for row in originals:
        pointed = {
            name: known[getattr(row, f"{name}_id")]
            for name, known in (parents or {}).items()
            if getattr(row, f"{name}_id") is not None
        }
        twins.append(_twin(row, **pointed, **changes))
    model._default_manager.bulk_create(twins)
    return {original.pk: twin for original, twin in zip(originals, twins, strict=True)}


def _twin(row: Row, **changes: object) -> Row:
    """The same fields in an unsaved row; nothing fetched along with the original stays attached."""
    twin = shallow(row)
    twin._state = models.base.ModelState()
    twin.pk = None
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin
