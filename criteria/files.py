"""Reads one version of a set from its folder of CSV files into rows of the database."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from communes.models import Agency

from .models import (
    AgencyAssignment,
    CriteriaSet,
    Criterion,
    EvidenceRequirement,
    Indicator,
    IndicatorPart,
    Threshold,
)

DATA = Path(__file__).resolve().parent / "data"
Row = Mapping[str, str]

CRITERION_FIELDS = ("name", "group", "lineage", "provenance", "source", "note")
MEASURED_FIELDS = ("code", "text", "kind", "unit", "operator", "numerator_label", "denominator_label")
INDICATOR_FIELDS = (*MEASURED_FIELDS, "how_measured", "lineage", "provenance", "source", "note")
CASE_FIELDS = ("text", "region", "commune_group", "commune_class")


def folders() -> list[Path]:
    """The folders of the sets that come with the portal."""
    return sorted(path.parent for path in DATA.glob("*/set.csv"))


def set_row(folder: Path) -> Row:
    """The one row that describes the set itself."""
    (row,) = read(folder / "set.csv")
    return row


def read(path: Path) -> Iterator[Row]:
    """Rows of a CSV file; none where the set has no such file."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def yes(text: str) -> bool:
    return text == "có"


def fill(criteria_set: CriteriaSet, folder: Path) -> None:
    """Make everything in a new, empty set from the files; agencies apart, they come and go."""
    criteria = _fill_criteria(criteria_set, folder)
    indicators = _fill_indicators(criteria_set, criteria, folder)
    parts = _fill_parts(indicators, folder)
    Threshold.objects.bulk_create(_threshold(row, indicators, parts) for row in read(folder / "thresholds.csv"))
    EvidenceRequirement.objects.bulk_create(
        EvidenceRequirement(
            criterion=criteria[int(row["criterion"])] if row["criterion"] else None,
            indicator=indicators[row["indicator"]] if row["indicator"] else None,
            position=position,
            text=row["text"],
            is_required=yes(row["is_required"]),
            is_unverified=yes(row["is_unverified"]),
        )
        for position, row in enumerate(read(folder / "evidence.csv"), start=1)
    )


def fill_agencies(criteria_set: CriteriaSet, folder: Path) -> int:
    """Put every agency of a known code in charge of its indicators; agencies of unknown code wait. How many are new."""
    standing = AgencyAssignment.objects.filter(indicator__criteria_set=criteria_set)
    before = standing.count()
    agencies: dict[str, list[Agency]] = {}
    for agency in Agency.objects.filter(is_active=True):
        agencies.setdefault(agency.code, []).append(agency)
    indicators = {indicator.code: indicator for indicator in criteria_set.indicators.all()}
    AgencyAssignment.objects.bulk_create(
        (
            AgencyAssignment(indicator=indicators[row["indicator"]], agency=agency)
            for row in read(folder / "agencies.csv")
            for agency in agencies.get(row["agency"], [])
        ),
        ignore_conflicts=True,
    )
    return standing.count() - before


def _fill_criteria(criteria_set: CriteriaSet, folder: Path) -> dict[int, Criterion]:
    rows = Criterion.objects.bulk_create(
        Criterion(
            criteria_set=criteria_set, number=int(row["number"]), **{name: row[name] for name in CRITERION_FIELDS}
        )
        for row in read(folder / "criteria.csv")
    )
    return {criterion.number: criterion for criterion in rows}


def _fill_indicators(
    criteria_set: CriteriaSet, criteria: Mapping[int, Criterion], folder: Path
) -> dict[str, Indicator]:
    rows = Indicator.objects.bulk_create(
        Indicator(
            criteria_set=criteria_set,
            criterion=criteria[int(row["criterion"])],
            position=position,
            may_be_not_applicable=yes(row["may_be_not_applicable"]),
            code_is_temporary=yes(row["code_is_temporary"]),
            **{name: row[name] for name in INDICATOR_FIELDS},
        )
        for position, row in enumerate(read(folder / "indicators.csv"), start=1)
    )
    return {indicator.code: indicator for indicator in rows}


def _fill_parts(indicators: Mapping[str, Indicator], folder: Path) -> dict[tuple[str, str], IndicatorPart]:
    rows = IndicatorPart.objects.bulk_create(
        IndicatorPart(
            indicator=indicators[row["indicator"]],
            position=position,
            count_of=row["count_of"],
            count_operator=row["count_operator"],
            count_bound=int(row["count_bound"]) if row["count_bound"] else None,
            **{name: row[name] for name in MEASURED_FIELDS},
        )
        for position, row in enumerate(read(folder / "parts.csv"), start=1)
    )
    return {(part.indicator.code, part.code): part for part in rows}


def _threshold(
    row: Row, indicators: Mapping[str, Indicator], parts: Mapping[tuple[str, str], IndicatorPart]
) -> Threshold:
    return Threshold(
        indicator=indicators[row["indicator"]],
        part=parts[row["indicator"], row["part"]] if row["part"] else None,
        value=Decimal(row["value"]) if row["value"] else None,
        year=int(row["year"]) if row["year"] else None,
        is_confirmed_in_source=yes(row["confirmed"]),
        **{name: row[name] for name in CASE_FIELDS},
    )


def described(row: Row) -> dict[str, object]:
    """Fields of a set from its row."""
    texts = ("code", "name", "short_name", "level", "tier", "legal_basis", "note")
    return {
        **{name: row[name] for name in texts},
        "version": int(row["version"]),
        "effective_from": date.fromisoformat(row["effective_from"]),
        "effective_to": date.fromisoformat(row["effective_to"]) if row["effective_to"] else None,
        "counts_basically_met": yes(row["counts_basically_met"]),
        "is_incomplete": yes(row["is_incomplete"]),
    }
