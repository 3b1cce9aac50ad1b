"""The matrix of a round: units in rows, criteria in columns, totals of both and the mean with its denominator."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count
from django.urls import reverse

from communes import clock
from communes.text import sort_key
from criteria.judgement import Judgement
from criteria.models import CriteriaSet, Criterion

from .. import figures
from ..models import CriterionConclusion, Dossier, InspectionRound, ReturnItem
from .rows import dossiers_of, row_of

RETURNED = "returned"
LABELS: dict[str, str] = {**{str(item): str(item.label) for item in Judgement}, RETURNED: "Cần bổ sung"}


@dataclass(frozen=True)
class SetTab:
    """One criteria set of a round and how many units are judged by it."""

    code: str
    name: str
    units: int
    is_village_level: bool


@dataclass(frozen=True)
class Cell:
    """One criterion of one unit; state: the verdict, or "returned" while a question is out and nothing decided."""

    number: int
    state: str
    label: str
    url: str
    is_contrary: bool


@dataclass(frozen=True)
class MatrixRow:
    """One unit of the matrix with all that its heading says; overdue: questions not answered in time."""

    dossier: Dossier
    name: str
    place: str
    cells: tuple[Cell, ...]
    figures: figures.UnitRow
    decided: int
    overdue: int = 0

    @property
    def total(self) -> str:
        """18/19: met over the set's number of criteria."""
        return f"{self.figures.met}/{self.figures.criteria}"

    @property
    def due_on(self) -> date:
        return self.dossier.due_on

    @property
    def is_waiting(self) -> bool:
        """Whether the commune still has to hand in, so that the due date matters."""
        return self.dossier.status == Dossier.Status.DRAFT

    @property
    def is_late(self) -> bool:
        return self.is_waiting and self.due_on < clock.today() and not self.left_out_reason

    @property
    def left_out_reason(self) -> str:
        return self.dossier.round_unit.left_out_reason


@dataclass(frozen=True)
class Matrix:
    """What the overview of a round shows of one set.

    rows: all units, in Vietnamese order. columns: (criterion number, name). totals: ("7/9", …) a column, over
    every unit not left out. mean: over the concluded dossiers. live_mean: over all of them as they stand now.
    """

    columns: tuple[tuple[int, str], ...]
    rows: tuple[MatrixRow, ...]
    totals: tuple[str, ...]
    mean: figures.Mean
    live_mean: figures.Mean
    passed: int
    counted: int

    @property
    def is_final(self) -> bool:
        """Whether every counted dossier is concluded, so that both means are one."""
        return self.mean.denominator == self.live_mean.denominator


def set_tabs(round_: InspectionRound) -> list[SetTab]:
    """The sets of a round in the order in which its units were put in: one query."""
    rows = (
        round_.units.values("set_code", "criteria_set__short_name", "criteria_set__level")
        .annotate(units=Count("pk"))
        .order_by("criteria_set__level", "-criteria_set__tier", "set_code")
    )
    tabs: dict[str, SetTab] = {}
    for row in rows:
        known = tabs.get(row["set_code"])
        units = row["units"] + (known.units if known else 0)
        is_village_level = row["criteria_set__level"] == CriteriaSet.Level.VILLAGE
        tabs[row["set_code"]] = SetTab(row["set_code"], row["criteria_set__short_name"], units, is_village_level)
    return list(tabs.values())


def matrix(round_: InspectionRound, set_code: str) -> Matrix:
    """The matrix of one set of a round as it stands now: four queries. Only for people with ROUND_READ."""
    dossiers = list(dossiers_of(round_).filter(criteria_set__code=set_code))
    dossiers.sort(key=lambda item: (sort_key(item.commune.name), sort_key(item.unit.name), item.pk))
    columns = _columns(dossiers)
    verdicts, contrary = _verdicts(dossiers)
    out, overdue = _questions_out(dossiers)
    rows = tuple(
        _row(dossier, columns, verdicts.get(dossier.pk, {}), contrary, out, overdue[dossier.pk]) for dossier in dossiers
    )
    counted = [row for row in rows if not row.left_out_reason]
    live = figures.of_set(set_code, [row.figures for row in counted])
    concluded = figures.of_set(
        set_code, [row.figures for row in counted if row.dossier.status == Dossier.Status.CONCLUDED]
    )
    return Matrix(
        columns=columns,
        rows=rows,
        totals=tuple(f"{live.met_by_criterion.get(number, 0)}/{len(counted)}" for number, _ in columns),
        mean=concluded.mean,
        live_mean=live.mean,
        passed=len(concluded.passed),
        counted=len(counted),
    )


def _columns(dossiers: Iterable[Dossier]) -> tuple[tuple[int, str], ...]:
    """Numbers and names of the criteria; where a round holds two versions of a set, the newer one's names."""
    newest = max((dossier.criteria_set for dossier in dossiers), key=lambda item: item.version, default=None)
    rows = Criterion.objects.filter(criteria_set=newest).order_by("number").values_list("number", "name")
    return tuple(rows) if newest else ()


def _verdicts(dossiers: Iterable[Dossier]) -> tuple[dict[int, dict[int, str]], set[tuple[int, int]]]:
    """{dossier id: {number: verdict}} and the {(dossier id, number)} whose verdict is contrary to the rules."""
    verdicts: dict[int, dict[int, str]] = {}
    contrary = set()
    rows = CriterionConclusion.objects.filter(dossier__in=[item.pk for item in dossiers]).order_by()
    for pk, number, verdict, is_contrary in rows.values_list("dossier", "criterion__number", "verdict", "is_contrary"):
        verdicts.setdefault(pk, {})[number] = verdict
        if is_contrary:
            contrary.add((pk, number))
    return verdicts, contrary


def _questions_out(dossiers: Iterable[Dossier]) -> tuple[set[tuple[int, int]], Counter[int]]:
    """The {(dossier id, criterion number)} about which communes are asked; how many of each dossier are overdue."""
    rows = ReturnItem.objects.filter(dossier__in=[item.pk for item in dossiers], status=ReturnItem.Status.OPEN)
    found = list(rows.order_by().values_list("dossier", "assessment__criterion__number", "due_on"))
    today = clock.today()
    return {(pk, number) for pk, number, _ in found}, Counter(pk for pk, _, due_on in found if due_on < today)


def _row(
    dossier: Dossier,
    columns: tuple[tuple[int, str], ...],
    verdicts: dict[int, str],
    contrary: set[tuple[int, int]],
    out: set[tuple[int, int]],
    overdue: int,
) -> MatrixRow:
    # One reverse a row, not one a cell: a province's matrix has thousands of cells.
    address = reverse("inspections:review-criterion", args=[dossier.pk, 0])
    before, _, after = address.rpartition("0")
    cells = []
    for number, _name in columns:
        state = verdicts.get(number, str(Judgement.UNASSESSED))
        if state == Judgement.UNASSESSED and (dossier.pk, number) in out:
            state = RETURNED
        is_contrary = (dossier.pk, number) in contrary
        cells.append(Cell(number, state, LABELS[state], f"{before}{number}{after}", is_contrary))
    return MatrixRow(
        dossier=dossier,
        name=dossier.unit.title,
        place=dossier.commune.title if dossier.village else "",
        cells=tuple(cells),
        figures=row_of(dossier, verdicts),
        decided=sum(verdict != Judgement.UNASSESSED for verdict in verdicts.values()),
        overdue=overdue,
    )
