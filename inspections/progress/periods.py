"""Of which rounds an overview of an authority can speak: its own, and year by year those of bodies under it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from communes.models import Authority, User, within
from communes.permissions import Permission
from criteria.models import AgencyAssignment

from ..models import InspectionRound

Status = InspectionRound.Status


# ---------------------------------------------------------------- whose results one reads


def read_by(user: User) -> QuerySet[Authority]:
    """The authorities of whose units one reads the results together: a commune's people never do.

    Who reads rounds reads those of the own authority and of all under it; an agency those of its own authority.
    """
    ids = user.scope("authority", needs=Permission.ROUND_READ)
    own = user.agency_authority_ids if own_criteria(user) else set()
    return Authority.objects.filter(pk__in=ids | own) | Authority.objects.filter(within("parent", ids))


def reads_all(user: User, authority: Authority) -> bool:
    """Whether a person reads every criterion there; the other readers have those with indicators of theirs."""
    return authority.is_within(user.scope("authority", needs=Permission.ROUND_READ))


def own_criteria(user: User) -> frozenset[int]:
    """Ids of the criteria with an indicator that the person's agencies are in charge of."""
    agencies = user.scope("agency", needs=Permission.OPINION_GIVE)
    if not agencies:
        return frozenset()
    rows = AgencyAssignment.objects.filter(agency__in=agencies)
    return frozenset(rows.values_list("indicator__criterion", flat=True))


# ---------------------------------------------------------------- the bodies under an authority


@dataclass(frozen=True)
class Places:
    """An authority, and every body under it with the branch it is counted in: the child through which it hangs."""

    authority: Authority
    names: Mapping[int, str]
    kinds: Mapping[int, str]
    parents: Mapping[int, int | None]
    branches: Mapping[int, int]

    @property
    def level(self) -> str:
        """district, province or country: what is listed, and in which words."""
        if Authority.Kind.PROVINCE in self.kinds.values():
            return "country"
        return "province" if self.authority.kind == Authority.Kind.PROVINCE else "district"

    def above(self, pk: int) -> Iterator[int]:
        """The bodies between one and the authority itself, from below."""
        parent = self.parents.get(pk)
        while parent is not None and parent != self.authority.pk:
            yield parent
            parent = self.parents.get(parent)


def places_under(authority: Authority) -> Places:
    """One query."""
    rows = list(
        Authority.objects.filter(within("parent", [authority.pk]))
        .order_by()
        .values_list("pk", "parent", "name", "kind")
    )
    parents: dict[int, int | None] = {pk: parent for pk, parent, _, _ in rows}
    branches = {authority.pk: authority.pk}
    for pk in parents:
        branch, parent = pk, parents[pk]
        while parent is not None and parent != authority.pk:
            branch, parent = parent, parents.get(parent)
        branches[pk] = branch
    return Places(
        authority=authority,
        names={authority.pk: authority.name, **{pk: name for pk, _, name, _ in rows}},
        kinds={pk: kind for pk, _, _, kind in rows},
        parents=parents,
        branches=branches,
    )


# ---------------------------------------------------------------- periods


@dataclass(frozen=True)
class Period:
    """What is looked at as one: a round, or the last rounds of a year of the bodies under an authority.

    key: its word in addresses. round_name: of the one round, "" where there are several.
    """

    key: str
    year: int
    begins: date
    ends: date
    rounds: tuple[int, ...]
    is_open: bool
    is_compiled: bool
    round_name: str = ""

    @property
    def label(self) -> str:
        return self.round_name or f"Năm {self.year}: tổng hợp {len(self.rounds)} đợt của cấp dưới"

    @property
    def short(self) -> str:
        """For the heading of a column."""
        return f"Năm {self.year}" if self.is_compiled else self.key


@dataclass(frozen=True)
class RoundRow:
    """What is asked of a round."""

    pk: int
    code: str
    name: str
    authority: int
    year: int
    begins: date
    ends: date
    status: str

    @property
    def is_open(self) -> bool:
        return self.status == Status.OPEN


def rounds_of(authority: Authority, user: User) -> QuerySet[InspectionRound]:
    """The rounds, opened once and not cancelled, of an authority and of those under it that a person may read."""
    if reads_all(user, authority):
        rows = InspectionRound.objects.for_reading(user).filter(within("authority", [authority.pk]))
    else:
        rows = InspectionRound.objects.for_user(user).filter(authority=authority)
    return rows.filter(status__in=[Status.OPEN, Status.CLOSED]).order_by()


def periods_of(places: Places, rounds: QuerySet[InspectionRound]) -> list[Period]:
    """Newest first: one query. No unit is in one of them twice."""
    columns = ("pk", "code", "name", "authority", "year", "period_from", "period_to", "status")
    rows = [RoundRow(*values) for values in rounds.values_list(*columns)]
    own = [_single(row) for row in rows if row.authority == places.authority.pk]
    compiled = _compiled(places, (row for row in rows if row.authority != places.authority.pk))
    return sorted((*own, *compiled), key=lambda period: (period.ends, period.begins, period.key), reverse=True)


def earlier(period: Period, periods: Iterable[Period]) -> list[Period]:
    """Those that ended before it began, newest first; of two kinds in one time the kind of the period itself."""
    rows = sorted(
        (row for row in periods if row.ends < period.begins), key=lambda row: row.is_compiled != period.is_compiled
    )
    kept: list[Period] = []
    for row in rows:
        alike = row.is_compiled == period.is_compiled
        if alike or all(row.ends < other.begins or other.ends < row.begins for other in kept):
            kept.append(row)
    return sorted(kept, key=lambda row: (row.ends, row.begins), reverse=True)


def _single(row: RoundRow) -> Period:
    return Period(row.code, row.year, row.begins, row.ends, (row.pk,), row.is_open, False, row.name)


def _compiled(places: Places, rows: Iterable[RoundRow]) -> Iterator[Period]:
    """Of each year the last round of each body, unless a body above it has one that year."""
    last: dict[int, dict[int, RoundRow]] = {}
    for row in sorted(rows, key=lambda row: (row.ends, row.pk)):
        last.setdefault(row.year, {})[row.authority] = row
    for year, of_year in last.items():
        chosen = [row for pk, row in of_year.items() if not any(above in of_year for above in places.above(pk))]
        yield Period(
            key=f"nam-{year}",
            year=year,
            begins=min(row.begins for row in chosen),
            ends=max(row.ends for row in chosen),
            rounds=tuple(sorted(row.pk for row in chosen)),
            is_open=any(row.is_open for row in chosen),
            is_compiled=True,
        )
