"""Many criteria on one page: what would be concluded of each and on what ground, and what came of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from criteria.judgement import Judgement
from criteria.measures import Kind

from ..models import CriterionConclusion, Dossier
from ..services.bulk import Standing, standings_of
from .exhibits import measures_of


@dataclass(frozen=True)
class Ground:
    """One indicator of a criterion: what was reported, and why it counts as met."""

    code: str
    reported: str
    why: str


@dataclass(frozen=True)
class Row:
    """One criterion; key: what the form sends back. lacks: why it has to be looked at by itself."""

    conclusion: CriterionConclusion
    key: str
    grounds: tuple[Ground, ...]
    proofs: int
    lacks: str

    @property
    def dossier(self) -> Dossier:
        return self.conclusion.dossier

    @property
    def url(self) -> str:
        return reverse("inspections:review-criterion", args=[self.dossier.pk, self.conclusion.criterion.number])


@dataclass(frozen=True)
class Sheet:
    """What is complete, and what is not."""

    complete: tuple[Row, ...]
    others: tuple[Row, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of one criterion; reason: empty where it went through."""

    row: Row
    reason: str


@dataclass(frozen=True)
class Outcomes:
    done: tuple[Outcome, ...]
    left: tuple[Outcome, ...]


def sheet_of(conclusions: Iterable[CriterionConclusion]) -> Sheet:
    """The criteria sorted by whether they are complete, in the order given."""
    rows = [_row(standing) for standing in standings_of(conclusions)]
    return Sheet(tuple(row for row in rows if not row.lacks), tuple(row for row in rows if row.lacks))


def outcomes_of(conclusions: Iterable[CriterionConclusion], told: Mapping[int, str]) -> Outcomes:
    """What went through and what did not; told: {id: why not, empty where it did}."""
    found = [Outcome(Row(row, "", (), 0, ""), told[row.pk]) for row in conclusions]
    return Outcomes(tuple(item for item in found if not item.reason), tuple(item for item in found if item.reason))


def _row(standing: Standing) -> Row:
    grounds = []
    for item, said in standing.indicators:
        measures = measures_of(item, said)
        reported = "; ".join(f"{each.name}: {each.value}" if each.name else each.value for each in measures)
        if item.conclusion == Judgement.MET:
            why = "đã kết luận đạt"
        elif item.opinion == Judgement.MET:
            why = "xã tự đánh giá và cơ quan phụ trách: đạt"
        elif item.indicator.kind == Kind.PASS_FAIL:
            why = "xã tự đánh giá đạt, có minh chứng"
        else:
            why = f"ngưỡng {'; '.join(each.threshold for each in measures)}, có minh chứng"
        grounds.append(Ground(item.indicator.code, reported, why))
    return Row(standing.conclusion, standing.key, tuple(grounds), standing.proofs, standing.lacks)
