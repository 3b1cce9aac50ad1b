"""Dossiers as the home page lists them: how far, in what state, and how the unit stood last time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from communes.models import User
from communes.permissions import Permission
from criteria.judgement import Judgement

from ..completeness import missing_among, requirements_of
from ..models import Assessment, Dossier, EvidenceLink, InspectionRound

AT_MOST = 100
Status = Dossier.Status
UnitKey = tuple[int, int | None, str]  # commune, village, code of the set


@dataclass(frozen=True)
class Tally:
    """So many of so many."""

    done: int
    total: int

    @property
    def left(self) -> int:
        return self.total - self.done

    def __str__(self) -> str:
        return f"{self.done}/{self.total}"


NOTHING = Tally(0, 0)


@dataclass(frozen=True)
class DossierLine:
    """One dossier of the home table.

    progress_label: what is counted, for screen readers. last: "2024: 18/19", or empty without an earlier result.
    """

    dossier: Dossier
    progress: Tally
    progress_label: str
    last: str

    @property
    def url(self) -> str:
        return self.dossier.get_absolute_url()

    @property
    def unit_name(self) -> str:
        return self.dossier.unit.title

    @property
    def set_name(self) -> str:
        return self.dossier.criteria_set.short_name

    @property
    def round_name(self) -> str:
        return self.dossier.round.name

    @property
    def status(self) -> str:
        return self.dossier.status

    @property
    def status_label(self) -> str:
        return self.dossier.get_status_display()

    @property
    def due_on(self) -> date:
        return self.dossier.due_on

    @property
    def is_waiting(self) -> bool:
        """Whether the due date still matters: nothing handed in yet."""
        return self.dossier.status == Status.DRAFT


def dossiers_for(user: User) -> list[DossierLine]:
    """Dossiers of open rounds that a person works on, at most a hundred; a fixed number of queries.

    A commune counts the criteria entered, an agency its opinions given, the team the criteria concluded.
    """
    rows = Dossier.objects.for_user(user).with_context().defer("frozen")
    rows = rows.filter(round__status=InspectionRound.Status.OPEN, round_unit__left_out_reason="")
    dossiers = list(rows.order_by("round__due_on", "round", "round_unit__position", "pk")[:AT_MOST])
    if user.scope("commune"):
        tallies, label = entered(dossiers), "tiêu chí đã nhập xong"
    elif user.has(Permission.ROUND_READ):
        tallies, label = concluded(dossiers), "tiêu chí đã kết luận"
    else:
        tallies, label = opinions(dossiers, user), "chỉ tiêu đã cho ý kiến"
    last = last_results(dossiers)
    return [DossierLine(item, tallies.get(item.pk, NOTHING), label, _last_of(item, last)) for item in dossiers]


def entered(dossiers: Iterable[Dossier]) -> dict[int, Tally]:
    """{dossier id: criteria in which nothing stops handing in, of those that have indicators}: four queries."""
    dossiers = list(dossiers)
    if not dossiers:
        return {}
    pks = [item.pk for item in dossiers]
    requirements = requirements_of(*{item.criteria_set_id for item in dossiers})
    own = EvidenceLink.objects.filter(assessment__dossier__in=pks, visit__isnull=True)
    links = own.order_by().values("assessment")
    proofs = dict(links.annotate(proofs=Count("pk")).values_list("assessment", "proofs"))
    of_dossier: dict[int, list[Assessment]] = {}
    for assessment in _to_judge(pks):
        of_dossier.setdefault(assessment.dossier_id, []).append(assessment)
    found = {}
    for pk, assessments in of_dossier.items():
        total = {item.criterion.number for item in assessments}
        lacking = missing_among(assessments, proofs, requirements)
        found[pk] = Tally(len(total - {item.criterion_number for item in lacking if item.is_blocking}), len(total))
    return found


def _to_judge(dossier_ids: Iterable[int]) -> Iterable[Assessment]:
    """Assessments with just the columns that completeness looks at."""
    return (
        Assessment.objects.filter(dossier__in=dossier_ids)
        .select_related("indicator", "criterion")
        .prefetch_related("indicator__parts")
        .only(
            "dossier", "remark", "self_judgement", "numerator", "denominator", "value", "parts",
            "indicator__code", "indicator__kind", "criterion__number",
        )
        .order_by()
    )  # fmt: skip


def concluded(dossiers: Iterable[Dossier]) -> dict[int, Tally]:
    """{dossier id: criteria concluded of all}: one query."""
    rows = Dossier.objects.filter(pk__in=[item.pk for item in dossiers]).order_by().values("pk")
    rows = rows.annotate(
        total=Count("conclusions"), open=Count("conclusions", filter=Q(conclusions__verdict=Judgement.UNASSESSED))
    )
    return {row["pk"]: Tally(row["total"] - row["open"], row["total"]) for row in rows}


def opinions(dossiers: Iterable[Dossier], user: User) -> dict[int, Tally]:
    """{dossier id: opinions given of the indicators that the person's agencies are in charge of}: one query."""
    agencies = user.scope("agency", needs=Permission.OPINION_GIVE)
    rows = Assessment.objects.filter(
        dossier__in=[item.pk for item in dossiers], indicator__agency_assignments__agency__in=agencies
    )
    counted = (
        rows.order_by()
        .values("dossier")
        .annotate(
            total=Count("pk", distinct=True), open=Count("pk", distinct=True, filter=Q(opinion=Judgement.UNASSESSED))
        )
    )
    return {row["dossier"]: Tally(row["total"] - row["open"], row["total"]) for row in counted}


def last_results(dossiers: Iterable[Dossier]) -> Mapping[UnitKey, list[tuple[date, int, str]]]:
    """{unit and set: [(end of the round, round id, "2024: 18/19"), …]} of concluded dossiers: one query."""
    dossiers = list(dossiers)
    rows = (
        Dossier.objects.filter(
            status=Status.CONCLUDED,
            round_unit__left_out_reason="",
            inspection__commune__in={item.inspection.commune_id for item in dossiers},
            criteria_set__code__in={item.criteria_set.code for item in dossiers},
        )
        .order_by()
        .values_list("inspection__commune", "village", "criteria_set__code", "round__period_to", "round", "round__year")
        .annotate(total=Count("conclusions"), met=Count("conclusions", filter=_met()))
    )
    found: dict[UnitKey, list[tuple[date, int, str]]] = {}
    for commune, village, code, until, round_id, year, total, met in rows:
        found.setdefault((commune, village, code), []).append((until, round_id, f"{year}: {met}/{total}"))
    return found


def _met() -> Q:
    """The conclusions that count as met, in SQL: as `counts_as_met` says."""
    basically = Q(conclusions__verdict=Judgement.BASICALLY_MET, criteria_set__counts_basically_met=True)
    return Q(conclusions__verdict=Judgement.MET) | basically


def _last_of(dossier: Dossier, results: Mapping[UnitKey, list[tuple[date, int, str]]]) -> str:
    """The newest result from before the dossier's own round."""
    key = (dossier.inspection.commune_id, dossier.village_id, dossier.criteria_set.code)
    earlier = [
        (until, text)
        for until, round_id, text in results.get(key, [])
        if round_id != dossier.round_id and until < dossier.round.period_to
    ]
    return max(earlier)[1] if earlier else ""
