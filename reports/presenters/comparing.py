"""Units of one round side by side, and the same units before and after: their reply, or another round."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q

from communes.models import User
from criteria.distance import Cause, cause_of_loss
from criteria.evaluation import evaluate
from criteria.judgement import Judgement, counts_as_met
from criteria.lineage import counterparts
from criteria.models import Criterion, Indicator
from criteria.specs import context_for, indicator_spec
from inspections import figures
from inspections.figures import Mean, UnitRow
from inspections.models import Assessment, Dossier, InspectionRound, Reply
from inspections.presenters.exhibits import measures_of
from inspections.progress.earlier import numbered_as
from inspections.progress.rows import counted, row_of, verdicts_of
from inspections.values import value_of

from .choosing import MOST_ROUNDS, Choice, readable_rounds
from .what_if import criterion_url


def unit_key(dossier: Dossier) -> str:
    return f"ban-{dossier.village_id}" if dossier.village_id else f"xa-{dossier.inspection.commune_id}"


def unit_name(dossier: Dossier) -> str:
    return f"{dossier.unit.title}, {dossier.commune.phrase}" if dossier.village else dossier.unit.title


def other_rounds(choice: Choice, user: User) -> list[InspectionRound]:
    """Other rounds in which units were judged by the same set, whatever its version."""
    found = readable_rounds(user).filter(units__set_code=choice.set.code).exclude(pk=choice.round.pk)
    return list(found[:MOST_ROUNDS])


def names_of(choice: Choice) -> dict[int, str]:
    """{number: name} of the criteria; where a round holds two versions of a set, the newer one's."""
    rows = Criterion.objects.filter(criteria_set__in=choice.dossiers.order_by().values("criteria_set"))
    return dict(rows.order_by("criteria_set__version").values_list("number", "name"))


# ---------------------------------------------------------------- units side by side


@dataclass(frozen=True)
class Cell:
    state: str
    label: str
    url: str


@dataclass(frozen=True)
class Line:
    """One criterion in all units; met: in how many it counts as met."""

    number: int
    name: str
    cells: tuple[Cell, ...]
    met: int
    differs: bool


@dataclass(frozen=True)
class Beside:
    """Units side by side; mean: over these alone, as they stand."""

    columns: tuple[tuple[str, Dossier, UnitRow], ...]
    lines: tuple[Line, ...]
    mean: Mean

    @property
    def is_final(self) -> bool:
        return all(dossier.status == Dossier.Status.CONCLUDED for _, dossier, _ in self.columns)

    @property
    def differing(self) -> list[int]:
        return [line.number for line in self.lines if line.differs]


def beside(dossiers: Sequence[Dossier], names: Mapping[int, str]) -> Beside:
    """One query for the verdicts."""
    verdicts = verdicts_of(dossiers)
    rows = [row_of(dossier, verdicts.get(dossier.pk, {})) for dossier in dossiers]
    lines = [
        Line(
            found.number,
            names.get(found.number, ""),
            tuple(
                Cell(state, str(Judgement(state).label), criterion_url(dossier, found.number))
                for state, dossier in zip(found.verdicts, dossiers, strict=True)
            ),
            found.met,
            found.differs,
        )
        for found in figures.across(rows)
    ]
    columns = tuple((unit_name(item), item, row) for item, row in zip(dossiers, rows, strict=True))
    return Beside(columns, tuple(lines), figures.mean(rows))


# ---------------------------------------------------------------- before and after the reply


@dataclass(frozen=True)
class Contested:
    """A criterion that the commune explained: the first provisional verdict, and the one that stands now."""

    number: int
    name: str
    before: str
    before_label: str
    after: str
    after_label: str
    reply: Reply
    url: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Replied:
    """One unit before and after its reply."""

    name: str
    dossier: Dossier
    before: UnitRow
    after: UnitRow
    criteria: tuple[Contested, ...]


@dataclass(frozen=True)
class Replies:
    """Units that explained something; before, after: means over the units chosen whose conclusions were disclosed.

    silent: how many of these explained nothing, and have one result in both.
    """

    units: tuple[Replied, ...]
    before: Mean
    after: Mean
    silent: int


def replies(dossiers: Sequence[Dossier]) -> Replies:
    """Two queries. Of criteria that nobody explained both verdicts are the present one."""
    verdicts = verdicts_of(dossiers)
    rows = [row_of(dossier, verdicts.get(dossier.pk, {})) for dossier in dossiers]
    first: dict[int, dict[int, Reply]] = {}
    found = Reply.objects.filter(conclusion__dossier__in=[item.pk for item in dossiers])
    for reply in found.select_related("conclusion__criterion").order_by("replied_at", "pk"):
        of_unit = first.setdefault(reply.conclusion.dossier_id, {})
        of_unit.setdefault(reply.conclusion.criterion.number, reply)
    then = figures.supposing(
        rows, {pk: {number: reply.verdict for number, reply in told.items()} for pk, told in first.items()}
    )
    units = [
        Replied(unit_name(item), item, old, new, tuple(_contested(item, first[item.pk])))
        for item, old, new in zip(dossiers, then, rows, strict=True)
        if item.pk in first
    ]
    disclosed = {item.pk for item in dossiers if item.is_disclosed}
    before = figures.mean(row for row in then if row.dossier_id in disclosed)
    after = figures.mean(row for row in rows if row.dossier_id in disclosed)
    return Replies(tuple(units), before, after, len(disclosed - set(first)))


def _contested(dossier: Dossier, told: Mapping[int, Reply]) -> Iterable[Contested]:
    for number, reply in sorted(told.items()):
        conclusion = reply.conclusion
        yield Contested(
            number,
            conclusion.criterion.name,
            reply.verdict,
            reply.get_verdict_display(),
            conclusion.verdict,
            conclusion.get_verdict_display(),
            reply,
            criterion_url(dossier, number),
        )


# ---------------------------------------------------------------- another round


@dataclass(frozen=True)
class Reason:
    """Why a criterion was lost, as far as one of its indicators tells."""

    code: str
    cause: str
    label: str
    facts: str


@dataclass(frozen=True)
class Lost:
    number: int
    name: str
    url: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Moved:
    """One unit in both rounds; earlier: its dossier then. lost with reasons, gained: numbers."""

    name: str
    dossier: Dossier
    earlier: Dossier
    before: UnitRow
    after: UnitRow
    then: UnitRow
    lost: tuple[Lost, ...]
    gained: tuple[int, ...]


@dataclass(frozen=True)
class Rounds:
    """The same units in two rounds. other_version: the set has changed between them; new: numbers without counterpart.

    before, after: means over the units concluded in both, each by the criteria of its own round.
    """

    other: InspectionRound
    units: tuple[Moved, ...]
    missing: tuple[str, ...]
    new: tuple[int, ...]
    other_version: bool

    @property
    def concluded(self) -> list[Moved]:
        return [unit for unit in self.units if unit.dossier.status == Dossier.Status.CONCLUDED]

    @cached_property
    def before(self) -> Mean:
        return figures.mean(unit.then for unit in self.concluded)

    @cached_property
    def after(self) -> Mean:
        return figures.mean(unit.after for unit in self.concluded)

    @property
    def lost(self) -> int:
        return sum(len(unit.lost) for unit in self.units)

    @property
    def gained(self) -> int:
        return sum(len(unit.gained) for unit in self.units)


def with_round(dossiers: Sequence[Dossier], other: InspectionRound, names: Mapping[int, str]) -> Rounds:
    """A fixed number of queries. Criteria are those of today; what has no counterpart then is not compared."""
    code = dossiers[0].criteria_set.code
    rows = {item.pk: row for item, row in zip(dossiers, _rows(dossiers), strict=True)}
    communes = {item.inspection.commune_id for item in dossiers}
    found = list(
        counted(other).filter(
            criteria_set__code=code, inspection__commune__in=communes, status=Dossier.Status.CONCLUDED
        )
    )
    earlier = {unit_key(item): item for item in found}
    then = {row.unit: row for row in _rows(found)}
    used = {item.criteria_set.code: item.criteria_set_id for item in found}
    versions = {item.criteria_set.code: item.criteria_set_id for item in dossiers}
    compared = {row.unit: row for row in numbered_as(then.values(), used, versions)}
    changes = {change.row.unit: change for change in figures.changes(rows.values(), compared.values())}
    both = [item for item in dossiers if unit_key(item) in changes]
    lost = {item.pk: changes[unit_key(item)].lost for item in both}
    why = _reasons(both, lost, earlier)
    units = [
        Moved(
            name=unit_name(item),
            dossier=item,
            earlier=earlier[unit_key(item)],
            before=changes[unit_key(item)].before,
            after=rows[item.pk],
            then=then[unit_key(item)],
            lost=tuple(
                Lost(number, names.get(number, ""), criterion_url(item, number), why.get((item.pk, number), ()))
                for number in lost[item.pk]
            ),
            gained=changes[unit_key(item)].gained,
        )
        for item in both
    ]
    known = {number for row in compared.values() for number in row.verdicts}
    return Rounds(
        other=other,
        units=tuple(units),
        missing=tuple(unit_name(item) for item in dossiers if unit_key(item) not in changes),
        new=tuple(number for number in sorted(names) if number not in known) if units else (),
        other_version=used != versions and bool(used),
    )


def _rows(dossiers: Sequence[Dossier]) -> list[UnitRow]:
    verdicts = verdicts_of(dossiers)
    return [row_of(dossier, verdicts.get(dossier.pk, {})) for dossier in dossiers]


def _reasons(
    dossiers: Sequence[Dossier], lost: Mapping[int, Sequence[int]], earlier: Mapping[str, Dossier]
) -> dict[tuple[int, int], tuple[Reason, ...]]:
    """{(dossier id, criterion number): why} of what was lost."""
    known = {item.pk: item for item in dossiers}
    pairs = Q(pk__in=[])
    for pk, numbers in lost.items():
        if numbers:
            pairs |= Q(dossier=pk, criterion__number__in=numbers)
    rows = list(Assessment.objects.filter(pairs).select_related("criterion").order_by("indicator__position"))
    if not rows:
        return {}
    sets = {earlier[unit_key(item)].criteria_set_id for item in dossiers} | {item.criteria_set_id for item in dossiers}
    indicators = {item.pk: item for item in Indicator.objects.with_measures().filter(criteria_set__in=sets)}
    specs = {pk: indicator_spec(item) for pk, item in indicators.items()}
    pairs_of: dict[tuple[int, int], dict[int, Indicator]] = {}
    found: dict[tuple[int, int], list[Reason]] = {}
    for row in rows:
        item = known[row.dossier_id]
        before = earlier[unit_key(item)]
        row.dossier, row.indicator = item, indicators[row.indicator_id]
        versions = (before.criteria_set_id, item.criteria_set_id)
        if versions not in pairs_of:
            pairs_of[versions] = _counterparts(indicators.values(), *versions)
        here = context_for(item.commune, item.round.year)
        verdict = evaluate(specs[row.indicator_id], value_of(row), here)
        judgement = row.conclusion if row.conclusion != Judgement.UNASSESSED else verdict.judgement
        counts = item.criteria_set.counts_basically_met
        if judgement in (None, Judgement.NOT_ASSESSED) or counts_as_met(judgement, counts):
            continue
        same = pairs_of[versions].get(row.indicator_id)
        cause = cause_of_loss(
            specs[row.indicator_id],
            value_of(row),
            here,
            specs[same.pk] if same else None,
            context_for(before.commune, before.round.year),
        )
        found.setdefault((row.dossier_id, row.criterion.number), []).append(
            Reason(row.indicator.code, str(cause), _label(cause, same), _facts(row))
        )
    return {key: tuple(reasons) for key, reasons in found.items()}


def _counterparts(indicators: Iterable[Indicator], then: int, now: int) -> dict[int, Indicator]:
    rows = list(indicators)
    if then == now:
        return {item.pk: item for item in rows if item.criteria_set_id == now}
    return counterparts(
        [item for item in rows if item.criteria_set_id == then], [item for item in rows if item.criteria_set_id == now]
    )


def _label(cause: Cause, same: Indicator | None) -> str:
    if cause == Cause.SET_CHANGED:
        return "chỉ tiêu mới trong bộ tiêu chí" if same is None else "cách đo đã khác"
    return str(cause.label).lower()


def _facts(row: Assessment) -> str:
    """ "86 % so với ≥ 90 %" of a plain indicator; of a compound the parts stand on the criterion's page."""
    verdict = evaluate(
        indicator_spec(row.indicator), value_of(row), context_for(row.dossier.commune, row.dossier.round.year)
    )
    told = [
        f"{measure.value} so với {measure.threshold}{'' if measure.is_confirmed else ', ngưỡng chưa xác nhận'}"
        for measure in measures_of(row, verdict)
        if measure.value and not measure.name
    ]
    return "; ".join(told)
