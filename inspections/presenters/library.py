"""The commune's library of evidence: what may be linked, how it is searched, which version took which one's place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from communes import clock
from communes.models import User
from criteria.models import Indicator

from .. import workflow
from ..evidence import SHORT_NAMES
from ..models import Assessment, Dossier, Evidence, EvidenceLink

CODES_SHOWN = 4
ROUNDS_SHOWN = 2


@dataclass(frozen=True)
class Use:
    """A round that used a piece: {short name of the set: codes of the indicators it proves there}."""

    round: str
    codes: Mapping[str, list[str]]

    @property
    def indicators(self) -> str:
        """ "Xã NTM: 2.1, 2.2; Xã NTM nâng cao: 3.1"; of many the first, and how many more."""
        return "; ".join(f"{set_}: {_some(codes)}" for set_, codes in self.codes.items())


def _some(codes: list[str]) -> str:
    more = len(codes) - CODES_SHOWN
    return ", ".join(codes[:CODES_SHOWN]) + (f" và {more} chỉ tiêu khác" if more > 0 else "")


@dataclass(frozen=True)
class Piece:
    """A line of the library: the piece, its type of file in a word, the rounds that used it, newest first."""

    evidence: Evidence
    file_type: str
    uses: list[Use]

    @property
    def latest(self) -> list[Use]:
        return self.uses[:ROUNDS_SHOWN]

    @property
    def earlier(self) -> int:
        """How many rounds used it before those."""
        return len(self.uses) - len(self.latest)


def pieces(rows: Iterable[Evidence], user: User) -> list[Piece]:
    """Lines of a page of the library: one query for any number of them."""
    shown = list(rows)
    uses = uses_of(shown, user)
    return [Piece(item, SHORT_NAMES.get(item.content_type, ""), uses.get(item.pk, [])) for item in shown]


def uses_of(shown: Iterable[Evidence], user: User) -> dict[int, list[Use]]:
    """{id of a piece: the rounds that used it, newest first}, as far as the person may read the dossiers."""
    links = EvidenceLink.objects.filter(
        evidence__in=list(shown), assessment__in=Assessment.objects.for_user(user).order_by()
    ).order_by(
        "-assessment__dossier__round__period_from",
        "-assessment__dossier__round",
        "assessment__criterion__number",
        "assessment__indicator__position",
    )
    dossier = "assessment__dossier"
    columns = ("evidence_id", f"{dossier}__round__name", f"{dossier}__criteria_set__short_name")
    found: dict[int, dict[str, dict[str, list[str]]]] = {}
    for pk, round_, set_, code in links.values_list(*columns, "assessment__indicator__code"):
        codes = found.setdefault(pk, {}).setdefault(round_, {}).setdefault(set_, [])
        if code not in codes:  # several villages of the commune
            codes.append(code)
    return {pk: [Use(*item) for item in rounds.items()] for pk, rounds in found.items()}


def narrowed(rows: QuerySet[Evidence], given: Mapping[str, Any], user: User) -> QuerySet[Evidence]:
    """The library by what stands in its filters (`LibraryFilter.given`)."""
    today = clock.today()
    if words := given.get("q"):
        rows = search_library(rows, words)
    if kind := given.get("kind"):
        rows = rows.filter(kind=kind)
    if year := given.get("year"):
        rows = rows.filter(issued_on__year=year)
    if code := given.get("indicator"):
        rows = rows.filter(pk__in=_proving(code.strip(), user).values("evidence"))
    by_standing = {
        "current": rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=today), replaced_by__isnull=True),
        "lapsing": rows.filter(pk__in=Evidence.objects.current().lapsing(today).order_by().values("pk")),
        "lapsed": rows.filter(pk__in=Evidence.objects.current().lapsed(today).order_by().values("pk")),
        "replaced": rows.filter(replaced_by__isnull=False),
    }
    return by_standing.get(given.get("standing", ""), rows)


def _proving(code: str, user: User) -> QuerySet[EvidenceLink]:
    """Links to an indicator, also under the code it has in another version of its set; "17" is the whole criterion."""
    indicator = "assessment__indicator__"
    wanted = Q(**{f"{indicator}code": code})
    if code.isdigit():
        wanted |= Q(assessment__criterion__number=int(code))
    same = Indicator.objects.filter(code=code).exclude(lineage="").order_by()
    for set_code, lineage in same.values_list("criteria_set__code", "lineage").distinct():
        wanted |= Q(**{f"{indicator}criteria_set__code": set_code, f"{indicator}lineage": lineage})
    return EvidenceLink.objects.filter(wanted, assessment__in=Assessment.objects.for_user(user).order_by()).order_by()


def own_library(dossier: Dossier, user: User) -> QuerySet[Evidence]:
    """What may be linked in a dossier: the evidence of its commune, each in its present version."""
    if not workflow.edits(dossier, user):
        return Evidence.objects.none()
    rows = Evidence.objects.current().filter(commune=dossier.inspection.commune_id)
    return rows.exclude(scan=Evidence.Scan.INFECTED)


def search_library(rows: QuerySet[Evidence], words: str) -> QuerySet[Evidence]:
    """Pieces in which every word stands somewhere, whatever its case and diacritics: "bien ban" finds "Biên bản"."""
    for word in words.split():
        rows = rows.filter(
            Q(number__unaccent__icontains=word)
            | Q(title__unaccent__icontains=word)
            | Q(issuer__unaccent__icontains=word)
            | Q(original_name__unaccent__icontains=word)
        )
    return rows


def newest_of(pieces: Iterable[Evidence]) -> dict[int, Evidence]:
    """{id: the present version of a piece}; two queries however long the chains, none where nothing was replaced."""
    rows = {piece.pk: piece for piece in pieces}
    replaced = [piece for piece in rows.values() if piece.is_replaced]
    if not replaced:
        return rows
    next_of = successors({piece.commune_id for piece in replaced})
    last = {piece.pk: _last(piece.pk, next_of) for piece in replaced}
    found = Evidence.objects.in_bulk(set(last.values()))
    return {**rows, **{pk: found[end] for pk, end in last.items()}}


def successors(communes: Iterable[int]) -> dict[int, int]:
    """{id of a replaced piece: id of what took its place} of some communes: one query."""
    replaced = Evidence.objects.filter(commune__in=communes, replaced_by__isnull=False)
    return dict(replaced.order_by().values_list("pk", "replaced_by_id"))


def versions_of(evidence: Evidence, user: User) -> list[Evidence]:
    """All versions of a piece that the person may see, oldest first; [] where there is only the one. Two queries."""
    next_of = successors([evidence.commune_id])
    end = _last(evidence.pk, next_of)
    chain = {pk for pk in next_of if _last(pk, next_of) == end} | {end}
    if len(chain) == 1:
        return []
    rows = Evidence.objects.for_user(user).filter(pk__in=chain).select_related("replacer", "replaced_by")
    return sorted(rows, key=lambda row: (row.replaced_at is None, row.replaced_at or row.uploaded_at, row.pk))


def _last(pk: int, next_of: dict[int, int]) -> int:
    while pk in next_of:
        pk = next_of[pk]
    return pk
