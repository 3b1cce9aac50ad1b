"""How far units are from meeting their criteria, and what would follow if some indicators were met."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse

from criteria.distance import Gap, Standing, missing_count
from criteria.evaluation import written
from criteria.judgement import Judgement
from criteria.measures import Kind
from criteria.models import Indicator, IndicatorPart
from inspections import figures
from inspections.models import Assessment, Dossier
from inspections.presenters.exhibits import measures_of, written_value
from inspections.presenters.trial import distance_in_words
from inspections.values import part_value, value_of

from .choosing import Choice, by_name
from .standing import Stand, Unmet, stands_of

NEAREST = 10


@dataclass(frozen=True)
class Lack:
    """A measure that falls short; name: of the part, "" where there is none. short: "Còn thiếu 3,5 điểm %"."""

    name: str
    value: str
    threshold: str
    short: str
    count: str


@dataclass(frozen=True)
class Change:
    """An indicator that would be met; with: codes of the others that its criterion needs at the same time.

    alone: whether it turns its criterion by itself. held_by: codes of what keeps the criterion open all the same.
    """

    key: int
    code: str
    text: str
    lacks: tuple[Lack, ...]
    url: str
    criterion: int
    criterion_name: str
    unit: str
    anchor: str
    alone: bool
    others: tuple[str, ...]
    held_by: tuple[str, ...]
    is_chosen: bool
    rank: tuple[bool, Fraction]


@dataclass(frozen=True)
class Held:
    """What no confirmed threshold can say, and why: it never decides here. code is "" for a whole criterion."""

    criterion: int
    criterion_name: str
    code: str
    text: str
    reason: str
    url: str


@dataclass(frozen=True)
class UnitNeeds:
    """One unit: its changes, what is held, its count now and as supposed; turned: numbers of criteria gained."""

    dossier: Dossier
    name: str
    changes: tuple[Change, ...]
    held: tuple[Held, ...]
    before: figures.UnitRow
    after: figures.UnitRow
    turned: tuple[int, ...]

    @property
    def anchor(self) -> str:
        return f"dv-{self.dossier.pk}"

    @property
    def url(self) -> str:
        return reverse("inspections:review-dossier", args=[self.dossier.pk])


@dataclass(frozen=True)
class WhatIf:
    """The whole page. units: all of the place, by name; chosen: keys of the indicators supposed to be met."""

    choice: Choice
    units: tuple[UnitNeeds, ...]
    chosen: tuple[int, ...]

    @cached_property
    def before(self) -> figures.Mean:
        return figures.mean(unit.before for unit in self.units)

    @cached_property
    def after(self) -> figures.Mean:
        return figures.mean(unit.after for unit in self.units)

    @property
    def is_final(self) -> bool:
        """Whether every dossier that counts is concluded."""
        return all(unit.dossier.status == Dossier.Status.CONCLUDED for unit in self.units)

    @property
    def gained(self) -> str:
        """ "0,11": by how much the mean grows as supposed."""
        found = figures.gain(self.before, self.after)
        return written(found, Fraction(0)) if found is not None else ""

    @property
    def of_each(self) -> str:
        """ "0,11": what one more criterion of one unit adds to the mean."""
        count = self.before.denominator
        return written(Fraction(1, count), Fraction(0)) if count else ""

    @property
    def nearest(self) -> list[Change]:
        """The indicators nearest to passing, of all units: by their gap as a share of the threshold."""
        found = [change for unit in self.units for change in unit.changes]
        return sorted(found, key=lambda change: (bool(change.held_by), change.rank))[:NEAREST]

    @property
    def changed(self) -> list[UnitNeeds]:
        return [unit for unit in self.units if unit.turned]

    @property
    def short_of(self) -> list[Change]:
        """What was ticked but turns nothing yet."""
        turned = {(unit.name, number) for unit in self.units for number in unit.turned}
        ticked = [change for unit in self.units for change in unit.changes if change.is_chosen]
        return [change for change in ticked if (change.unit, change.criterion) not in turned]

    def address(self, **more: str) -> str:
        return f"{reverse('reports:what-if')}?{urlencode({**self.choice.query, **more})}"


def what_if(choice: Choice, chosen: Collection[int]) -> WhatIf:
    """A fixed number of queries for any number of units."""
    stands = stands_of(by_name(choice.dossiers))
    known = {key for stand in stands for unmet in stand.unmet for key in unmet.assessments}
    ticked = frozenset(chosen) & known
    verdicts: dict[int, dict[int, str]] = {}
    for stand in stands:
        turned = [(unmet.criterion.number, unmet.turn.verdict_after(ticked)) for unmet in stand.unmet]
        verdicts[stand.dossier.pk] = {number: str(verdict) for number, verdict in turned if verdict is not None}
    after = figures.supposing([stand.row for stand in stands], verdicts)
    units = [
        _unit(stand, row, tuple(sorted(verdicts[stand.dossier.pk])), ticked)
        for stand, row in zip(stands, after, strict=True)
    ]
    return WhatIf(choice, tuple(units), tuple(sorted(ticked)))


def _unit(stand: Stand, after: figures.UnitRow, turned: tuple[int, ...], ticked: Collection[int]) -> UnitNeeds:
    dossier = stand.dossier
    name = f"{dossier.unit.title}, {dossier.commune.phrase}" if dossier.village else dossier.unit.title
    changes = [change for unmet in stand.unmet for change in _changes(unmet, dossier, name, ticked)]
    held = tuple(row for unmet in stand.unmet for row in _held(unmet, dossier))
    changes.sort(key=lambda change: (bool(change.held_by), change.rank))
    return UnitNeeds(dossier, name, tuple(changes), held, stand.row, after, turned)


def _changes(unmet: Unmet, dossier: Dossier, unit: str, ticked: Collection[int]) -> Iterable[Change]:
    codes = {item.key: unmet.assessments[item.key].indicator.code for item in unmet.turn.standings}
    for standing in unmet.turn.changes:
        item = unmet.assessments[standing.key]
        others = tuple(codes[other.key] for other in unmet.turn.changes if other.key != standing.key)
        held_by = tuple(codes[other.key] for other in unmet.turn.open)
        yield Change(
            key=standing.key,
            code=item.indicator.code,
            text=item.indicator.text,
            lacks=tuple(_lack(item, gap) for gap in standing.gaps),
            url=criterion_url(dossier, unmet.criterion.number),
            criterion=unmet.criterion.number,
            criterion_name=unmet.criterion.name,
            unit=unit,
            anchor=f"ct-{standing.key}",
            alone=not others and not held_by,
            others=others,
            held_by=held_by,
            is_chosen=standing.key in ticked,
            rank=standing.rank,
        )


def criterion_url(dossier: Dossier, number: int) -> str:
    return reverse("inspections:review-criterion", args=[dossier.pk, number])


def _lack(item: Assessment, gap: Gap) -> Lack:
    indicator = item.indicator
    measure: Indicator | IndicatorPart = indicator
    value, name = value_of(item), ""
    if gap.part:
        measure = next(part for part in indicator.parts.all() if part.code == gap.part)
        stored = item.parts.get(gap.part)
        value, name = part_value(stored) if stored else None, measure.text
    threshold = gap.verdict.threshold
    shown = {row.pk: row.display for row in indicator.thresholds.all()}
    count = ""
    if value and measure.kind == Kind.RATE and threshold and threshold.value is not None:
        missing = missing_count(measure.operator, value, Fraction(threshold.value))
        count = _count(missing, measure.numerator_label) if missing else ""
    return Lack(
        name=name,
        value=written_value(measure, value),
        threshold=shown.get(threshold.pk, "") if threshold and threshold.pk else "",
        short=distance_in_words(measure, gap.verdict),
        count=count,
    )


def _count(missing: Fraction, label: str) -> str:
    """ "thêm 3 (số hộ dùng nước sạch)"."""
    words = f"{'thêm' if missing > 0 else 'bớt'} {written(abs(missing), Fraction(0))}"
    return f"{words} ({label[:1].lower()}{label[1:]})" if label else words


def _held(unmet: Unmet, dossier: Dossier) -> Iterable[Held]:
    criterion, url = unmet.criterion, criterion_url(dossier, unmet.criterion.number)
    for standing in unmet.turn.open:
        item = unmet.assessments[standing.key]
        yield Held(
            criterion.number, criterion.name, item.indicator.code, item.indicator.text, _why(item, standing), url
        )
    if not unmet.turn.open and not unmet.turn.changes:
        reason = "Đoàn kết luận chưa đạt, tuy không chỉ tiêu nào chưa đạt."
        if not unmet.turn.standings:
            reason = "Bộ tiêu chí không có chỉ tiêu; Đoàn kết luận trực tiếp."
        yield Held(criterion.number, criterion.name, "", "", reason, url)


def _why(item: Assessment, standing: Standing) -> str:
    verdict = standing.verdict
    if verdict.judgement == Judgement.MET:
        return "Đoàn kết luận khác với kết quả đối chiếu ngưỡng."
    measures = measures_of(item, verdict)
    if any(not measure.is_confirmed for measure in measures):
        told = "; ".join(
            f"{measure.value or 'chưa nhập'} so với {measure.threshold}"
            for measure in measures
            if not measure.is_confirmed
        )
        return f"Ngưỡng chưa xác nhận: {told}."
    return verdict.reason
