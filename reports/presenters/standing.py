"""The criteria of many dossiers that are not met, with each indicator beside its threshold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from criteria.distance import Standing, Turn, turn_of
from criteria.evaluation import evaluate
from criteria.judgement import Judgement, counts_as_met
from criteria.models import Criterion, Indicator
from criteria.specs import context_for, indicator_spec
from inspections.figures import UnitRow
from inspections.models import Assessment, CriterionConclusion, Dossier
from inspections.progress.rows import row_of, verdicts_of
from inspections.values import value_of


@dataclass(frozen=True)
class Unmet:
    """A criterion of a dossier that does not count as met, and what it needs; assessments: {key of a standing: row}."""

    criterion: Criterion
    verdict: str
    turn: Turn
    assessments: dict[int, Assessment]


@dataclass(frozen=True)
class Stand:
    """One dossier with its row of figures, and its criteria that do not count as met."""

    dossier: Dossier
    row: UnitRow
    unmet: tuple[Unmet, ...]


def stands_of(dossiers: Sequence[Dossier]) -> list[Stand]:
    """Of dossiers made by `dossiers_of`, in their order: seven queries."""
    verdicts = verdicts_of(dossiers)
    assessments = _assessments(dossiers)
    criteria: dict[int, list[Criterion]] = {}
    for criterion in Criterion.objects.filter(criteria_set__in={item.criteria_set_id for item in dossiers}):
        criteria.setdefault(criterion.criteria_set_id, []).append(criterion)
    return [
        _stand(dossier, verdicts.get(dossier.pk, {}), criteria.get(dossier.criteria_set_id, ()), assessments)
        for dossier in dossiers
    ]


Rows = dict[tuple[int, int], list[tuple[Assessment, Standing]]]


def _stand(dossier: Dossier, verdicts: dict[int, str], criteria: Iterable[Criterion], assessments: Rows) -> Stand:
    counts, unmet = dossier.criteria_set.counts_basically_met, []
    for criterion in sorted(criteria, key=lambda item: item.number):
        verdict = verdicts.get(criterion.number, str(Judgement.UNASSESSED))
        if verdict == Judgement.NOT_ASSESSED or counts_as_met(verdict, counts):
            continue
        rows = assessments.get((dossier.pk, criterion.pk), [])
        turn = turn_of((standing for _, standing in rows), counts_basically_met=counts)
        # What nobody has concluded is told only where a confirmed threshold says that something falls short.
        if verdict != Judgement.UNASSESSED or turn.changes:
            unmet.append(Unmet(criterion, verdict, turn, {item.pk: item for item, _ in rows}))
    return Stand(dossier, row_of(dossier, verdicts), tuple(unmet))


def _assessments(dossiers: Sequence[Dossier]) -> Rows:
    """{(dossier id, criterion id): its indicators} of the criteria that are not met: four queries."""
    known = {item.pk: item for item in dossiers}
    counting = Q(dossier__criteria_set__counts_basically_met=True, verdict=Judgement.BASICALLY_MET)
    met = CriterionConclusion.objects.filter(
        Q(verdict__in=[Judgement.MET, Judgement.NOT_ASSESSED]) | counting,
        dossier=OuterRef("dossier"),
        criterion=OuterRef("criterion"),
    )
    rows = Assessment.objects.filter(~Exists(met.order_by()), dossier__in=list(known))
    items = list(rows.order_by("dossier", "criterion", "indicator__position"))
    indicators = Indicator.objects.with_measures().in_bulk({item.indicator_id for item in items})
    specs = {pk: indicator_spec(indicator) for pk, indicator in indicators.items()}
    found: Rows = {}
    for item in items:
        item.dossier, item.indicator = known[item.dossier_id], indicators[item.indicator_id]
        context = context_for(item.dossier.commune, item.dossier.round.year)
        verdict = evaluate(specs[item.indicator_id], value_of(item), context)
        standing = Standing(item.pk, item.conclusion, verdict)
        found.setdefault((item.dossier_id, item.criterion_id), []).append((item, standing))
    return found
