"""From rows to the plain shapes that evaluation works on."""

from communes.models import Commune

from .measures import Condition, Context, IndicatorSpec, PartSpec, ThresholdSpec
from .models import Indicator, IndicatorPart, Threshold


def indicator_spec(indicator: Indicator) -> IndicatorSpec:
    """An indicator as evaluation sees it; fetch it by `Indicator.objects.with_measures()`, else this queries."""
    of_whole: list[ThresholdSpec] = []
    of_parts: dict[int, list[ThresholdSpec]] = {}
    for threshold in indicator.thresholds.all():
        group = of_whole if threshold.part_id is None else of_parts.setdefault(threshold.part_id, [])
        group.append(threshold_spec(threshold))
    return IndicatorSpec(
        code=indicator.code,
        kind=indicator.kind,
        text=indicator.text,
        unit=indicator.unit,
        operator=indicator.operator,
        thresholds=tuple(of_whole),
        parts=tuple(_part_spec(part, of_parts.get(part.pk, [])) for part in indicator.parts.all()),
        may_be_not_applicable=indicator.may_be_not_applicable,
    )


def threshold_spec(threshold: Threshold) -> ThresholdSpec:
    """One threshold as evaluation sees it."""
    return ThresholdSpec(
        value=threshold.value,
        text=threshold.text,
        is_confirmed=threshold.is_confirmed,
        year=threshold.year,
        region=threshold.region,
        commune_group=threshold.commune_group,
        commune_class=threshold.commune_class,
        pk=threshold.pk,
    )


def context_for(commune: Commune, year: int) -> Context:
    """Where and when thresholds are looked up for a commune or one of its villages.

    year: the year that is judged, not the one in which somebody looks.
    """
    return Context(year=year, region=commune.region, commune_group=str(commune.group or ""))


def _part_spec(part: IndicatorPart, thresholds: list[ThresholdSpec]) -> PartSpec:
    condition = None
    if part.count_of and part.count_bound is not None:
        condition = Condition(part.count_of, part.count_operator, part.count_bound)
    return PartSpec(
        code=part.code,
        kind=part.kind,
        text=part.text,
        unit=part.unit,
        operator=part.operator,
        thresholds=tuple(thresholds),
        applies_when=condition,
    )
