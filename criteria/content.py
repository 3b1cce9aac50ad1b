"""Everything that a draft holds, as plain tables: taken down, compared, and put in place of what stood.

A threshold stays confirmed only where one with the very same meaning is confirmed already: a file confirms nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from communes.journal import plain

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

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Meaning = tuple[Any, ...]
Confirmed = Mapping[Meaning, Mapping[str, Any]]

OF_SET = (
    "code", "name", "short_name", "level", "tier", "legal_basis", "effective_from", "effective_to",
    "counts_basically_met", "is_incomplete", "note",
)  # fmt: skip
MEASURED = ("code", "text", "kind", "unit", "operator", "numerator_label", "denominator_label")
OF_CRITERION = ("number", "name", "group", "lineage", "provenance", "source", "note")
OF_INDICATOR = (
    *MEASURED, "may_be_not_applicable", "code_is_temporary", "how_measured", "lineage", "provenance", "source", "note",
)  # fmt: skip
OF_PART = (*MEASURED, "count_of", "count_operator", "count_bound")
OF_THRESHOLD = ("value", "text", "year", "region", "commune_group", "commune_class")
OF_EVIDENCE = ("text", "is_required", "is_unverified")


def _taken(row: Any, names: Iterable[str]) -> Row:
    return {name: getattr(row, name) for name in names}


def tables_of(criteria_set: CriteriaSet) -> Tables:
    """{table: its rows}, in the order in which people see them; agencies are told apart by their authority."""
    indicators = list(criteria_set.indicators.select_related("criterion").order_by("criterion__number", "position"))
    places = {indicator.pk: place for place, indicator in enumerate(indicators)}
    parts = sorted(
        IndicatorPart.objects.filter(indicator__in=indicators).select_related("indicator"),
        key=lambda part: (places[part.indicator_id], part.position),
    )
    thresholds = sorted(
        Threshold.objects.filter(indicator__in=indicators).select_related("indicator", "part", "confirmation"),
        key=lambda row: (
            places[row.indicator_id], row.part.position if row.part else 0, row.year or 0, row.region,
            row.commune_group, row.commune_class,
        ),
    )  # fmt: skip
    duties = EvidenceRequirement.objects.filter(
        Q(criterion__criteria_set=criteria_set) | Q(indicator__criteria_set=criteria_set)
    ).select_related("criterion", "indicator__criterion")
    evidence = sorted(
        duties,
        key=lambda row: (
            row.criterion.number if row.criterion else row.indicator.criterion.number,  # type: ignore[union-attr]
            places[row.indicator_id] + 1 if row.indicator_id else 0, row.position, row.pk,
        ),
    )  # fmt: skip
    assignments = AgencyAssignment.objects.filter(indicator__in=indicators).select_related("agency__authority")
    return {
        "set": [_taken(criteria_set, OF_SET)],
        "criteria": [_taken(row, OF_CRITERION) for row in criteria_set.criteria.order_by("number")],
        "indicators": [{"criterion": row.criterion.number, **_taken(row, OF_INDICATOR)} for row in indicators],
        "parts": [{"indicator": row.indicator.code, **_taken(row, OF_PART)} for row in parts],
        "thresholds": [
            {
                "indicator": row.indicator.code,
                "part": row.part.code if row.part else "",
                **_taken(row, OF_THRESHOLD),
                "confirmed": row.is_confirmed,
            }
            for row in thresholds
        ],
        "evidence": [
            {
                "criterion": row.criterion.number if row.criterion else None,
                "indicator": row.indicator.code if row.indicator else "",
                **_taken(row, OF_EVIDENCE),
            }
            for row in evidence
        ],
        "agencies": sorted(
            (
                {
                    "authority": row.agency.authority.code,
                    "agency": row.agency.code,
                    "indicator": indicators[places[row.indicator_id]].code,
                    "agency_id": row.agency_id,
                }
                for row in assignments
            ),
            key=lambda row: (places_by_code(indicators)[row["indicator"]], row["authority"], row["agency"]),
        ),
    }


def places_by_code(indicators: Sequence[Indicator]) -> dict[str, int]:
    return {indicator.code: place for place, indicator in enumerate(indicators)}


def meaning(row: Mapping[str, Any], measured: Mapping[str, Any]) -> Meaning:
    """What a threshold says: of what, for which case, held against a value of which kind."""
    value = None if row["value"] is None else Decimal(str(row["value"])).normalize()
    case = (row["text"], row["year"], row["region"], row["commune_group"], row["commune_class"])
    how = (measured["kind"], measured["unit"], measured["operator"])
    return (row["indicator"], row["part"], value, *case, *how)


def measured_in(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """{(indicator, part or ""): what says how it is measured}"""
    found = {(row["code"], ""): row for row in tables["indicators"]}
    return found | {(row["indicator"], row["code"]): row for row in tables["parts"]}


def confirmed_in(sets: Iterable[CriteriaSet]) -> dict[Meaning, dict[str, Any]]:
    """Meanings that are confirmed in these sets, each with what is on record of it; empty: when it was entered."""
    found: dict[Meaning, dict[str, Any]] = {}
    rows = Threshold.objects.confirmed().filter(indicator__criteria_set__in=list(sets))
    for row in rows.select_related("indicator", "part", "confirmation"):
        said = {"indicator": row.indicator.code, "part": row.part.code if row.part else "", **_taken(row, OF_THRESHOLD)}
        measured = row.measured
        how = {"kind": measured.kind, "unit": measured.unit, "operator": measured.operator}
        record = getattr(row, "confirmation", None)
        kept = ("decision", "article", "confirmed_on", "by_id", "recorded_at")
        found[meaning(said, how)] = {} if row.is_confirmed_in_source or record is None else _taken(record, kept)
    return found


def snapshot(criteria_set: CriteriaSet) -> dict[str, Any]:
    """All that `restore` needs to bring a draft back, as JSON."""
    confirmed = [[list(said), record] for said, record in confirmed_in([criteria_set]).items()]
    found: dict[str, Any] = plain({"tables": tables_of(criteria_set), "confirmed": confirmed})
    return found


def restore(criteria_set: CriteriaSet, kept: Mapping[str, Any]) -> None:
    """Bring a draft back to a snapshot."""
    tables = kept["tables"]
    confirmed = {}
    for said, record in kept["confirmed"]:
        value = None if said[2] is None else Decimal(said[2]).normalize()
        dates = {"confirmed_on": date.fromisoformat, "recorded_at": datetime.fromisoformat}
        confirmed[said[0], said[1], value, *said[3:]] = {
            name: dates[name](kept_as) if name in dates else kept_as for name, kept_as in record.items()
        }
    described = dict(tables["set"][0])
    for name in ("effective_from", "effective_to"):
        described[name] = date.fromisoformat(described[name]) if described[name] else None
    replace(criteria_set, {**tables, "set": [described]}, confirmed)


def replace(criteria_set: CriteriaSet, tables: Mapping[str, Sequence[Mapping[str, Any]]], confirmed: Confirmed) -> None:
    """Put these tables in the place of all that a draft holds. agencies: rows with `agency_id`."""
    for name, value in tables["set"][0].items():
        if name in OF_SET:
            setattr(criteria_set, name, value)
    criteria_set.full_clean()
    criteria_set.save()
    ThresholdConfirmation.objects.filter(threshold__indicator__criteria_set=criteria_set).delete()
    criteria_set.criteria.all().delete()
    criteria = Criterion.objects.bulk_create(
        Criterion(criteria_set=criteria_set, **{name: row[name] for name in OF_CRITERION}) for row in tables["criteria"]
    )
    by_number = {row.number: row for row in criteria}
    indicators = Indicator.objects.bulk_create(
        Indicator(
            criteria_set=criteria_set,
            criterion=by_number[row["criterion"]],
            position=position,
            **{name: row[name] for name in OF_INDICATOR},
        )
        for position, row in enumerate(tables["indicators"], start=1)
    )
    by_code = {row.code: row for row in indicators}
    made = IndicatorPart.objects.bulk_create(
        IndicatorPart(indicator=by_code[row["indicator"]], position=position, **{name: row[name] for name in OF_PART})
        for position, row in enumerate(tables["parts"], start=1)
    )
    parts = {(part.indicator.code, part.code): part for part in made}
    _thresholds(tables, by_code, parts, confirmed)
    EvidenceRequirement.objects.bulk_create(
        EvidenceRequirement(
            criterion=by_number[row["criterion"]] if row["criterion"] else None,
            indicator=by_code[row["indicator"]] if row["indicator"] else None,
            position=position,
            **{name: row[name] for name in OF_EVIDENCE},
        )
        for position, row in enumerate(tables["evidence"], start=1)
    )
    AgencyAssignment.objects.bulk_create(
        (
            AgencyAssignment(indicator=by_code[row["indicator"]], agency_id=row["agency_id"])
            for row in tables["agencies"]
            if row["indicator"] in by_code
        ),
        ignore_conflicts=True,
    )


def _thresholds(
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    indicators: Mapping[str, Indicator],
    parts: Mapping[tuple[str, str], IndicatorPart],
    confirmed: Confirmed,
) -> None:
    measured = measured_in(tables)
    made, records = [], []
    for row in tables["thresholds"]:
        record = confirmed.get(meaning(row, measured[row["indicator"], row["part"]]))
        values = {name: row[name] for name in OF_THRESHOLD}
        values["value"] = None if row["value"] is None else Decimal(str(row["value"]))
        threshold = Threshold(
            indicator=indicators[row["indicator"]],
            part=parts[row["indicator"], row["part"]] if row["part"] else None,
            is_confirmed_in_source=record is not None and not record,
            **values,
        )
        made.append(threshold)
        if record:
            records.append((threshold, record))
    Threshold.objects.bulk_create(made)
    ThresholdConfirmation.objects.bulk_create(
        ThresholdConfirmation(threshold=threshold, **record) for threshold, record in records
    )
