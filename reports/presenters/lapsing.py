"""What will fail before the next round if nobody acts: proof about to lapse, values on their way to the threshold."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from django.db.models import Q, QuerySet
from django.http import Http404

from communes import clock
from communes.models import Authority, Commune, User, within
from communes.permissions import Permission
from communes.text import sort_key
from criteria.drift import Drift, Point, drift_of
from criteria.evaluation import Verdict, evaluate, written
from criteria.lineage import counterparts
from criteria.measures import IndicatorSpec, Kind
from criteria.models import Indicator, IndicatorPart
from criteria.specs import context_for, indicator_spec
from inspections.models import (
    Assessment,
    Dossier,
    Evidence,
    EvidenceLink,
    Inspection,
    InspectionRound,
    TeamMember,
)
from inspections.values import value_of

from .choosing import readable_rounds
from .comparing import unit_key, unit_name
from .what_if import criterion_url

HORIZONS = (3, 6, 12)  # months
USUAL_HORIZON = 6
# A trend needs two rounds; the one before shows whether it is one.
ROUNDS_LOOKED_AT = 3
MEASURED = (Kind.RATE, Kind.NUMBER, Kind.COMPOUND)


@dataclass(frozen=True)
class Watch:
    """For whom the page watches: one authority's communes, or one of them; until the last day looked at."""

    places: tuple[Authority, ...]
    place: Authority
    communes: tuple[Commune, ...]
    commune: Commune | None
    months: int
    today: date
    until: date
    rounds: tuple[InspectionRound, ...]

    @property
    def watched(self) -> tuple[Commune, ...]:
        return (self.commune,) if self.commune else self.communes


def watch_of(user: User, given: Mapping[str, str]) -> Watch | None:
    """None where no commune is theirs to watch. Raises Http404 for a commune of others."""
    mine = Commune.objects.filter(within("authority", user.scope("authority", needs=Permission.ROUND_READ)))
    # Who inspects in another authority's round watches the communes of it.
    inspected = Inspection.objects.filter(round__in=TeamMember.objects.filter(user=user).values("round"))
    mine = mine | Commune.objects.filter(pk__in=inspected.order_by().values("commune"))
    places = sorted(
        Authority.objects.filter(pk__in=mine.order_by().values("authority")), key=lambda item: sort_key(item.name)
    )
    if not places:
        return None
    wanted = given.get("xa", "")
    commune = mine.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 15 else None
    if wanted and commune is None:
        raise Http404
    place = next((item for item in places if str(item.pk) == given.get("co-quan")), places[0])
    if commune:
        place = next(item for item in places if item.pk == commune.authority_id)
    today = clock.today()
    communes = sorted(mine.filter(authority=place).valid_on(today), key=lambda item: sort_key(item.name))
    held = Inspection.objects.filter(commune__authority=place).order_by().values("round")
    rounds = tuple(readable_rounds(user).filter(pk__in=held)[:ROUNDS_LOOKED_AT])
    months = next((item for item in HORIZONS if str(item) == given.get("thang")), USUAL_HORIZON)
    return Watch(tuple(places), place, tuple(communes), commune, months, today, months_after(today, months), rounds)


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    month = day.month - 1 + months
    first = date(day.year + month // 12, month % 12 + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))


# ---------------------------------------------------------------- proof


@dataclass(frozen=True)
class Paper:
    """A document with the indicators it proves, in the newest round that uses it. codes: (code, address)."""

    evidence: Evidence
    unit: str
    codes: tuple[tuple[str, str], ...]
    round: str


def papers(watch: Watch) -> QuerySet[Evidence]:
    """Documents in use that lapse until the last day looked at; of those lapsed, what an open round still uses."""
    communes = [item.pk for item in watch.watched]
    used = EvidenceLink.objects.filter(
        assessment__dossier__inspection__commune__in=communes,
        assessment__dossier__round__in=[item.pk for item in watch.rounds],
    ).exclude(assessment__dossier__status=Dossier.Status.DRAFT)
    in_use = used.filter(assessment__dossier__round__status=InspectionRound.Status.OPEN)
    rows = Evidence.objects.filter(commune__in=communes).current()
    soon = Q(valid_until__range=(watch.today, watch.until), pk__in=used.order_by().values("evidence"))
    gone = Q(valid_until__lt=watch.today, pk__in=in_use.order_by().values("evidence"))
    return rows.filter(soon | gone).select_related("commune").order_by("valid_until", "pk")


def with_uses(page: Iterable[Evidence], watch: Watch) -> list[Paper]:
    """One query for the indicators of a whole page."""
    pieces = list(page)
    links = EvidenceLink.objects.filter(
        evidence__in=pieces, assessment__dossier__round__in=[item.pk for item in watch.rounds]
    ).exclude(assessment__dossier__status=Dossier.Status.DRAFT)
    links = links.select_related(
        "assessment__indicator", "assessment__criterion", "assessment__dossier__round", "assessment__dossier__village"
    ).order_by("-assessment__dossier__round__period_to", "assessment__criterion__number", "pk")
    uses: dict[int, list[EvidenceLink]] = {}
    for link in links:
        uses.setdefault(link.evidence_id, []).append(link)
    found = []
    for piece in pieces:
        rows = uses.get(piece.pk, [])
        newest = rows[0].assessment.dossier.round if rows else None
        codes = {
            row.assessment.indicator.code: criterion_url(row.assessment.dossier, row.assessment.criterion.number)
            for row in rows
            if newest and row.assessment.dossier.round_id == newest.pk
        }
        found.append(Paper(piece, piece.commune.title, tuple(codes.items()), newest.name if newest else ""))
    return found


# ---------------------------------------------------------------- values


@dataclass(frozen=True)
class Value:
    """A value in a round, in words; url: the criterion in that round's dossier."""

    on: date
    words: str
    url: str


@dataclass(frozen=True)
class Drifting:
    """A measure of a unit on its way to its threshold; part: its name in a compound indicator."""

    unit: str
    code: str
    text: str
    part: str
    threshold: str
    is_confirmed: bool
    values: tuple[Value, ...]
    left: str
    drift: Drift

    @property
    def url(self) -> str:
        return self.values[-1].url


@dataclass(frozen=True)
class Drifts:
    """By confirmed thresholds, and apart those by thresholds nobody confirmed: they warn, but decide nothing."""

    confirmed: tuple[Drifting, ...]
    unconfirmed: tuple[Drifting, ...]


Series = dict[tuple[int, str], list[tuple[Dossier, Assessment, Verdict, Fraction]]]


def drifts(watch: Watch) -> Drifts:
    """A fixed number of queries: dossiers of the last rounds, their measured values, the sets' indicators."""
    dossiers = list(
        Dossier.objects.filter(
            round__in=[item.pk for item in watch.rounds],
            inspection__commune__in=[item.pk for item in watch.watched],
        )
        .exclude(status=Dossier.Status.DRAFT)
        .with_context()
        .defer("frozen")
        .order_by("round__period_to", "round", "pk")
    )
    assessments: dict[int, list[Assessment]] = {}
    rows = Assessment.objects.filter(dossier__in=[item.pk for item in dossiers], indicator__kind__in=MEASURED)
    for row in rows.order_by("dossier", "pk"):
        assessments.setdefault(row.dossier_id, []).append(row)
    sets = {item.criteria_set_id for item in dossiers}
    indicators = Indicator.objects.with_measures().filter(criteria_set__in=sets)
    measures = _Measures({item.pk: item for item in indicators})
    units: dict[tuple[str, str], list[Dossier]] = {}
    for item in dossiers:
        units.setdefault((unit_key(item), item.criteria_set.code), []).append(item)
    found = [row for items in units.values() if len(items) > 1 for row in _of_unit(items, assessments, measures)]
    found = [row for row in found if row.drift.reached_on < watch.until]
    found.sort(key=lambda row: (row.drift.reached_on, sort_key(row.unit), row.code))
    return Drifts(tuple(row for row in found if row.is_confirmed), tuple(row for row in found if not row.is_confirmed))


class _Measures:
    """The indicators of some sets, with the shapes that evaluation works on, and who is whose counterpart."""

    def __init__(self, indicators: dict[int, Indicator]) -> None:
        self.indicators = indicators
        self.specs = {pk: indicator_spec(item) for pk, item in indicators.items()}
        self._now: dict[tuple[int, int], dict[int, int]] = {}

    def now(self, then: int, now: int) -> dict[int, int]:
        """{id of an indicator of the older set: id of the same one in the newer}."""
        if (then, now) not in self._now:
            rows = self.indicators.values()
            old = [item for item in rows if item.criteria_set_id == then]
            new = [item for item in rows if item.criteria_set_id == now]
            pairs = counterparts(old, new) if then != now else {item.pk: item for item in new}
            self._now[then, now] = {same.pk: pk for pk, same in pairs.items()}
        return self._now[then, now]


def _of_unit(
    dossiers: Sequence[Dossier], assessments: Mapping[int, list[Assessment]], measures: _Measures
) -> Iterable[Drifting]:
    newest = dossiers[-1]
    series: Series = {}
    for item in dossiers:
        pairs = measures.now(item.criteria_set_id, newest.criteria_set_id)
        context = context_for(item.commune, item.round.year)
        for row in assessments.get(item.pk, []):
            if row.indicator_id not in pairs:
                continue
            row.dossier, row.indicator = item, measures.indicators[row.indicator_id]
            verdict = evaluate(measures.specs[row.indicator_id], value_of(row), context)
            for code, of_part in verdict.parts or (("", verdict),):
                if of_part.measured is not None:
                    key = (pairs[row.indicator_id], code)
                    series.setdefault(key, []).append((item, row, of_part, of_part.measured))
    for (pk, code), found in series.items():
        if len(found) > 1 and found[-1][0].pk == newest.pk:
            drifting = _drifting(measures.indicators[pk], measures.specs[pk], code, found)
            if drifting:
                yield drifting


def _drifting(
    indicator: Indicator,
    spec: IndicatorSpec,
    code: str,
    found: Sequence[tuple[Dossier, Assessment, Verdict, Fraction]],
) -> Drifting | None:
    measure: Indicator | IndicatorPart = indicator
    if code:
        measure = next(part for part in indicator.parts.all() if part.code == code)
    same = [row for row in found if _is_same(row[1].indicator, code, measure)]
    dossier, _, verdict, _ = found[-1]
    threshold = verdict.threshold
    if threshold is None or threshold.value is None or not measure.operator:
        return None
    drift = drift_of(
        [Point(item.round.period_to, value) for item, _, _, value in same], measure.operator, Fraction(threshold.value)
    )
    if drift is None:
        return None
    unit = "%" if measure.kind == Kind.RATE else measure.unit
    shown = next((row.display for row in indicator.thresholds.all() if row.pk == threshold.pk), "")
    return Drifting(
        unit=unit_name(dossier),
        code=spec.code,
        text=indicator.text,
        part=measure.text if code else "",
        threshold=shown,
        is_confirmed=threshold.is_confirmed,
        values=tuple(
            Value(
                item.round.period_to,
                f"{written(value)}\u00a0{unit}".strip(),
                criterion_url(item, row.indicator.criterion.number),
            )
            for item, row, _, value in same
        ),
        left=f"{written(drift.left, Fraction(0))} {'điểm %' if measure.kind == Kind.RATE else measure.unit}".strip(),
        drift=drift,
    )


def _is_same(then: Indicator, code: str, measure: Indicator | IndicatorPart) -> bool:
    """Whether it was measured alike: another kind or unit is another value."""
    old: Indicator | IndicatorPart | None = then
    if code:
        old = next((part for part in then.parts.all() if part.code == code), None)
    return old is not None and (old.kind, old.unit) == (measure.kind, measure.unit)
