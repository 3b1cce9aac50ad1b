"""How all units of an authority stand in one period, by one set, beside the period before: what an overview tells.

Each part is read when it is asked for, by a fixed number of queries. Only concluded dossiers are in any figure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from django.db.models import Count, QuerySet

from communes import clock
from communes.models import Authority, Commune, Recognition, User, Village
from communes.text import sort_key
from criteria.lineage import Cause, Version, causes, criteria_of, same_criteria, versions
from criteria.measures import Context
from criteria.models import CriteriaSet, Criterion

from .. import figures
from ..figures import Standing, Summary, TitleRisk
from ..models import Dossier
from . import periods as periods_
from . import standings as standings_
from .periods import Period, Places
from .standings import Count3, Made

# Lineage of the criteria that Quyết định 18/2022/QĐ-TTg names.
KEY_LINEAGES = ("thu-nhap", "moi-truong", "quoc-phong-an-ninh")
STRONGEST = (Cause.NEW, Cause.SET, Cause.THRESHOLD, Cause.UNSURE, Cause.REAL)


@dataclass(frozen=True)
class Tab:
    """A criteria set of the period: how many units are judged by it, and of how many that is concluded."""

    code: str
    name: str
    made: int
    concluded: int
    left_out: int
    is_village_level: bool


class Change(NamedTuple):
    """A unit in this period and the one before, and what it lost and gained, in bits."""

    row: Standing
    before: Standing
    lost: int
    gained: int


@dataclass(frozen=True)
class Step:
    """A period in the course of the years, oldest first; counts: {number of a criterion now: counts}.

    mean: over its own criteria, of its own set, whose newest version is `version`.
    """

    period: Period
    set_name: str
    criteria: int
    mean: figures.Mean
    counts: Mapping[int, Count3]
    version: int
    set_code: str


@dataclass(frozen=True)
class Waiting:
    """A dossier that is not concluded, or is left out by name."""

    dossier_id: int
    unit: str
    place: int
    status: str
    due_on: date
    reason: str = ""

    @property
    def status_label(self) -> str:
        return str(Dossier.Status(self.status).label)


@dataclass(frozen=True)
class Name:
    """What a unit is called, and what it lies in."""

    title: str
    place: str


class Picture:
    """authority and user: whose units, who asks; wanted, code: the period and set asked for, "" for the usual ones."""

    def __init__(self, authority: Authority, user: User, *, wanted: str = "", code: str = "") -> None:
        self.authority, self.user = authority, user
        self._wanted, self._code = wanted, code
        self.reads_all = periods_.reads_all(user, authority)
        self.rounds = periods_.rounds_of(authority, user)

    # ------------------------------------------------------------ what is looked at

    @cached_property
    def places(self) -> Places:
        return periods_.places_under(self.authority)

    @cached_property
    def periods(self) -> list[Period]:
        """Newest first; without those in which nothing that one reads is judged."""
        rounds = {round_ for round_, set_ in self._made}
        return [
            period
            for period in periods_.periods_of(self.places, self.rounds)
            if any(pk in rounds for pk in period.rounds)
        ]

    @cached_property
    def period(self) -> Period | None:
        """The one asked for, else the newest that is concluded as a whole, in part, or at all."""
        asked = next((period for period in self.periods if period.key == self._wanted), None)
        if asked or not self.periods:
            return asked
        told = [(period, self._total(period)) for period in self.periods]
        whole = (period for period, total in told if total.made and total.made == total.concluded)
        begun = (period for period, total in told if total.concluded)
        return next(whole, None) or next(begun, None) or self.periods[0]

    @cached_property
    def newer_open(self) -> Period | None:
        """A later period that is still running, when another one is looked at."""
        if self.period is None:
            return None
        later = (row for row in self.periods if row.is_open and row.ends > self.period.ends)
        return next(later, None)

    @cached_property
    def tabs(self) -> list[Tab]:
        found: dict[str, Tab] = {}
        for set_, total in self._by_set(self.period).items() if self.period else ():
            row = self._sets[set_]
            known = found.get(row.code)
            found[row.code] = Tab(
                code=row.code,
                name=row.short_name,
                made=total.made + (known.made if known else 0),
                concluded=total.concluded + (known.concluded if known else 0),
                left_out=total.left_out + (known.left_out if known else 0),
                is_village_level=row.is_village_level,
            )
        tiers = {row.code: (row.level, CriteriaSet.Tier.values.index(row.tier)) for row in self._sets.values()}
        return sorted(found.values(), key=lambda tab: (*tiers[tab.code], tab.code))

    @cached_property
    def tab(self) -> Tab | None:
        asked = next((tab for tab in self.tabs if tab.code == self._code), None)
        return asked or (self.tabs[0] if self.tabs else None)

    @cached_property
    def criteria_set(self) -> CriteriaSet:
        """The newest version in use: its numbers and names are those of the page."""
        return self._sets[max(self._versions(self.period), key=lambda pk: self._sets[pk].version)]

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """Those that one reads, in their order."""
        if self.tab is None:
            return ()
        rows = self._contents[self.criteria_set.pk]
        return rows if self.reads_all else tuple(row for row in rows if row.pk in self.own_criteria)

    @cached_property
    def is_grouped(self) -> bool:
        """Whether its units hang under other bodies, so that these are listed in the place of the units."""
        return any(branch != self.authority.pk for branch in self.made_by_branch)

    @cached_property
    def made_by_branch(self) -> dict[int, int]:
        """{branch: dossiers that count}"""
        rows = self._counted().values_list("inspection__commune__authority_id").annotate(made=Count("*"))
        found: dict[int, int] = defaultdict(int)
        for place, made in rows:
            found[self.branch_of(place)] += made
        return dict(found)

    def branch_of(self, place: int) -> int:
        return self.places.branches.get(place, self.authority.pk)

    # ------------------------------------------------------------ concluded

    @cached_property
    def rows(self) -> list[Standing]:
        """The concluded dossiers, numbered as the newest version is."""
        return self._both[0]

    @cached_property
    def summary(self) -> Summary:
        return figures.summary(self.rows, len(self._contents[self.criteria_set.pk]))

    @cached_property
    def by_branch(self) -> dict[int, Summary]:
        branches = {place: self.branch_of(place) for place in {row.place for row in self.rows}}
        return figures.summaries(self.rows, len(self._contents[self.criteria_set.pk]), branches)

    @cached_property
    def mask(self) -> int:
        """The criteria that one reads, in bits."""
        return figures.bits(row.number for row in self.criteria)

    @cached_property
    def is_of_one_numbering(self) -> bool:
        """Whether every dossier of the period numbers its criteria as the page does."""
        return all(self._is_numbered_so(pk) for pk in self._versions(self.period))

    # ------------------------------------------------------------ the period before

    @cached_property
    def before(self) -> Period | None:
        """The last period before in which units were concluded by this set, or by one of its level and tier."""
        return next((row for row in self._earlier if self._family(row)), None)

    @cached_property
    def changes(self) -> list[Change]:
        """Each unit that was concluded in both."""
        earlier = {row.unit: row for row in self._both[1]}
        found = []
        for row in self.rows:
            old = earlier.get(row.unit)
            if old is not None:
                lost, gained = figures.moved(row, old)
                found.append(Change(row, old, lost & self.mask, gained & self.mask))
        return found

    def cause(self, number: int, region: str) -> Cause:
        """What may stand behind a criterion that some unit lost since the period before, in a region."""
        if region not in self._causes:
            old, new = self._lost[self._old_set], self._lost[self.criteria_set.pk]
            self._causes[region] = _compared(old, new, self.before, self.period, region)
        return self._causes[region].get(number, Cause.REAL)

    @cached_property
    def _causes(self) -> dict[str, dict[int, Cause]]:
        return {}

    # ------------------------------------------------------------ the course of the years

    @cached_property
    def course(self) -> list[Step]:
        """Oldest first, this period last: one query for the counts of all of them."""
        shown = [row for row in self._earlier if self._family(row)][::-1]
        shown += [self.period] if self.period and self.tab and self.tab.concluded else []
        wanted = {row.key: row.rounds for row in shown}
        sets = {pk: self._sets[pk] for row in shown for pk in self._versions_of(row)}
        counts = standings_.course(wanted, sets)
        return [self._step(row, counts[row.key]) for row in shown]

    def causes_between(self, before: Step, after: Step) -> dict[int, Cause]:
        """{number now: what may stand behind a loss between two steps}; of the regions the one that changed most."""
        regions = sorted({row.region for row in self.rows} or {""})
        told = [
            _compared(self._whole[before.version], self._whole[after.version], before.period, after.period, region)
            for region in regions
        ]
        numbers = self._numbers(after.version).items()
        return {now: min((row.get(number, Cause.REAL) for row in told), key=STRONGEST.index) for number, now in numbers}

    def _step(self, period: Period, counts: Mapping[int, Mapping[int, Count3]]) -> Step:
        used = self._versions_of(period)
        newest = max(used, key=lambda pk: self._sets[pk].version)
        by_number: dict[int, Count3] = defaultdict(Count3)
        for pk in used:
            numbers = self._numbers(pk)
            for number, count in counts.get(pk, {}).items():
                if number in numbers:
                    by_number[numbers[number]] += count
        units = sum(total.concluded for pk, total in self._by_set(period).items() if pk in used)
        return Step(
            period=period,
            set_name=self._sets[newest].short_name,
            criteria=len(self._contents[newest]),
            mean=figures.Mean(sum(row.met for pk in used for row in counts.get(pk, {}).values()), units, ()),
            counts=by_number,
            version=newest,
            set_code=self._sets[newest].code,
        )

    # ------------------------------------------------------------ losing a title

    @property
    def warns_of_titles(self) -> bool:
        """The rule is known for communes by the standard set alone."""
        if self.tab is None:
            return False
        return (
            self.criteria_set.tier == CriteriaSet.Tier.STANDARD
            and not self.criteria_set.is_village_level
            and self.reads_all
        )

    @cached_property
    def titles_on(self) -> date:
        """The day on which a title must be held to be lost."""
        return min(self.period.ends, clock.today()) if self.period else clock.today()

    @cached_property
    def at_risk(self) -> list[tuple[Standing, TitleRisk]]:
        """Who fails so much that Quyết định 18/2022 may be applied, holders of the title and others alike."""
        if not self.warns_of_titles:
            return []
        key = figures.bits(row.number for row in self.criteria if row.lineage in KEY_LINEAGES)
        found = ((row, figures.title_risk(row, key)) for row in self.rows)
        return [(row, risk) for row, risk in found if risk]

    @cached_property
    def holders(self) -> dict[str, str]:
        """{unit: decision} of those at risk whose title is on record."""
        communes = [int(row.unit.removeprefix("xa-")) for row, _ in self.at_risk]
        if not communes:
            return {}
        rows = Recognition.objects.valid_on(self.titles_on).filter(
            commune__in=communes, village=None, title=Recognition.Title.NTM
        )
        return {f"xa-{pk}": decision for pk, decision in rows.values_list("commune_id", "decision")}

    @property
    def losing(self) -> list[tuple[Standing, TitleRisk]]:
        return [(row, risk) for row, risk in self.at_risk if row.unit in self.holders]

    # ------------------------------------------------------------ not concluded

    @cached_property
    def waiting(self) -> list[Waiting]:
        """Dossiers of the period that count and are not concluded yet."""
        return self._listed(self._counted().exclude(status=Dossier.Status.CONCLUDED))

    @cached_property
    def left_out(self) -> list[Waiting]:
        """Units left out by name, with the reason."""
        rows = Dossier.objects.filter(round__in=self._rounds, criteria_set__in=self._versions(self.period)).order_by()
        return self._listed(rows.exclude(round_unit__left_out_reason=""))

    def _listed(self, rows: QuerySet[Dossier]) -> list[Waiting]:
        columns = (
            "pk", "village_id", "inspection__commune_id", "inspection__commune__authority_id", "status",
            "round_unit__extended_until", "round__due_on", "round_unit__left_out_reason",
        )  # fmt: skip
        return [
            Waiting(pk, f"ban-{village}" if village else f"xa-{commune}", place, status, extended or due, reason)
            for pk, village, commune, place, status, extended, due, reason in rows.values_list(*columns)
        ]

    # ------------------------------------------------------------ behind it

    @cached_property
    def own_criteria(self) -> frozenset[int]:
        return periods_.own_criteria(self.user)

    @cached_property
    def _made(self) -> dict[tuple[int, int], Made]:
        found = standings_.made(self.rounds)
        if self.reads_all:
            return found
        own = set(Criterion.objects.filter(pk__in=self.own_criteria).values_list("criteria_set", flat=True))
        return {key: total for key, total in found.items() if key[1] in own}

    @cached_property
    def _sets(self) -> dict[int, CriteriaSet]:
        return CriteriaSet.objects.in_bulk({set_ for _, set_ in self._made})

    def _by_set(self, period: Period | None) -> dict[int, Made]:
        return self._totals[period.key] if period else {}

    @cached_property
    def _totals(self) -> dict[str, dict[int, Made]]:
        return {period.key: self._counted_by_set(set(period.rounds)) for period in self.periods}

    def _counted_by_set(self, rounds: set[int]) -> dict[int, Made]:
        found: dict[int, Made] = {}
        for (round_, set_), total in self._made.items():
            if round_ in rounds:
                old = found.get(set_, Made(0, 0, 0))
                found[set_] = Made(
                    old.made + total.made, old.concluded + total.concluded, old.left_out + total.left_out
                )
        return found

    def _total(self, period: Period) -> Made:
        rows = [row for pk, row in self._by_set(period).items() if not self._code or self._sets[pk].code == self._code]
        return Made(sum(row.made for row in rows), sum(row.concluded for row in rows), 0)

    def _versions(self, period: Period | None) -> list[int]:
        """The versions of the chosen set that a period uses."""
        code = self.tab.code if self.tab else ""
        return [pk for pk in self._by_set(period) if self._sets[pk].code == code]

    def _family(self, period: Period) -> list[int]:
        """The versions by which units were concluded in an earlier period: of this set, else of its level and tier."""
        done = [pk for pk, total in self._by_set(period).items() if total.concluded]
        same = [pk for pk in done if self._sets[pk].code == self.criteria_set.code]
        kin = [
            pk
            for pk in done
            if (self._sets[pk].level, self._sets[pk].tier) == (self.criteria_set.level, self.criteria_set.tier)
        ]
        # Numbers of two sets never go into one figure.
        newest = max(kin, key=lambda pk: self._sets[pk].effective_from, default=None)
        return same or [pk for pk in kin if newest and self._sets[pk].code == self._sets[newest].code]

    def _versions_of(self, period: Period) -> list[int]:
        return self._versions(period) if period == self.period else self._family(period)

    @cached_property
    def _earlier(self) -> list[Period]:
        return periods_.earlier(self.period, self.periods) if self.period and self.tab else []

    @cached_property
    def _rounds(self) -> tuple[int, ...]:
        return self.period.rounds if self.period else ()

    def _counted(self) -> QuerySet[Dossier]:
        return standings_.counted(self._rounds, self._versions(self.period))

    @cached_property
    def _contents(self) -> dict[int, tuple[Criterion, ...]]:
        """The criteria of the versions in play: one query."""
        wanted = set(self._versions(self.period))
        for period in self._earlier:
            wanted.update(self._family(period))
        return criteria_of(wanted)

    @cached_property
    def _whole(self) -> dict[int, Version]:
        """All that the versions in play consist of: three queries."""
        return versions(self._contents)

    @cached_property
    def _lost(self) -> dict[int, Version]:
        """What the criteria consist of, here and in the period before, that any unit lost: three queries."""
        lost = 0
        for change in self.changes:
            lost |= change.lost
        chosen = {}
        for pk in {self._old_set, self.criteria_set.pk}:
            numbers = self._numbers(pk)
            rows = (row for row in self._contents[pk] if row.number in numbers)
            chosen[pk] = [row for row in rows if lost >> (numbers[row.number] - 1) & 1]
        return versions(chosen)

    def _numbers(self, pk: int) -> dict[int, int]:
        """{number of a version: number now}"""
        if pk == self.criteria_set.pk:
            return {row.number: row.number for row in self._contents[pk]}
        return same_criteria(self._contents[pk], self._contents[self.criteria_set.pk])

    @cached_property
    def _both(self) -> tuple[list[Standing], list[Standing]]:
        """Dossiers of this period and of the one before: one query for both."""
        now = set(self._versions(self.period))
        old = set(self._family(self.before)) if self.before else set()
        rounds = (*self._rounds, *(self.before.rounds if self.before else ()))
        found = standings_.standings(rounds, {pk: self._sets[pk] for pk in now | old}, self._contents)
        numbers = {pk: self._numbers(pk) for pk in now | old}
        stays = {pk for pk in now | old if self._is_numbered_so(pk)}

        def told(rounds: Iterable[int], chosen: set[int]) -> list[Standing]:
            rows = ((pk, row) for round_ in rounds for pk, row in found.get(round_, ()) if pk in chosen)
            return [row if pk in stays else row.renumbered(numbers[pk]) for pk, row in rows]

        return told(self._rounds, now), told(self.before.rounds, old) if self.before else []

    def _is_numbered_so(self, pk: int) -> bool:
        """Whether a version numbers its criteria as the newest does."""
        numbers = self._numbers(pk)
        whole = len(numbers) == len(self._contents[pk])
        return whole and all(old == new for old, new in numbers.items())

    @property
    def _old_set(self) -> int:
        return (
            max(self._family(self.before), key=lambda pk: self._sets[pk].version)
            if self.before
            else self.criteria_set.pk
        )


def _compared(old: Version, new: Version, before: Period | None, after: Period | None, region: str) -> dict[int, Cause]:
    """{number in the newer version: cause}"""
    then, now = Context(before.year if before else None, region), Context(after.year if after else None, region)
    return causes(old, new, then, now)


def names_of(units: Iterable[str]) -> dict[str, Name]:
    """{unit: its name}: a query for communes, another one where there are villages."""
    communes: set[int] = set()
    villages: set[int] = set()
    for unit in units:
        kind, _, pk = unit.partition("-")
        (villages if kind == "ban" else communes).add(int(pk))
    found = {}
    if communes:
        columns = ("pk", "kind", "name", "authority__name")
        for pk, kind, name, place in Commune.objects.filter(pk__in=communes).order_by().values_list(*columns):
            found[f"xa-{pk}"] = Name(f"{Commune.Kind(kind).label.capitalize()} {name}", place)
    for item in Village.objects.filter(pk__in=villages).select_related("commune").order_by() if villages else ():
        found[f"ban-{item.pk}"] = Name(item.title, item.commune.title)
    return found


def by_name(units: Iterable[str], names: Mapping[str, Name]) -> list[str]:
    """In the order of the Vietnamese alphabet."""
    return sorted(units, key=lambda unit: (sort_key(names[unit].title), sort_key(names[unit].place), unit))
