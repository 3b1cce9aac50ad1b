"""The results of a round as a workbook that the import reads again, and what is shown before one is taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from communes.cells import put_text
from communes.text import sort_key
from criteria.judgement import Judgement
from criteria.models import Criterion

from .. import figures
from ..models import Dossier, InspectionRound
from ..progress.rows import counted, verdicts_of
from ..services.results import FIRST_CRITERION, HEADINGS, MARK_OF, Fault, Plan
from ..services.results.plan import PlannedUnit, SetPlan

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTHS = (12, 34)
# More errors help nobody: the first ones are mended, and the file is sent again.
FAULTS_SHOWN = 200


def workbook(round_: InspectionRound) -> bytes:
    """One sheet for each set of a round, as the conclusions stand now; units left out by name are not in it.

    Four queries, whatever its size. Only for people with ROUND_READ.
    """
    dossiers = list(counted(round_))
    dossiers.sort(key=lambda item: (sort_key(item.commune.name), sort_key(item.unit.name), item.pk))
    verdicts = verdicts_of(dossiers)
    of_set: dict[str, list[Dossier]] = {}
    for dossier in sorted(dossiers, key=lambda item: (item.criteria_set.is_village_level, item.criteria_set.code)):
        of_set.setdefault(dossier.criteria_set.code, []).append(dossier)
    numbers: dict[int, list[int]] = {}
    sets = {dossier.criteria_set_id for dossier in dossiers}
    for pk, number in (
        Criterion.objects.filter(criteria_set__in=sets).order_by("number").values_list("criteria_set", "number")
    ):
        numbers.setdefault(pk, []).append(number)
    book = Workbook()
    book.remove(book.active)
    for code, rows in of_set.items():
        _write(book, code, rows, max((numbers[row.criteria_set_id] for row in rows), key=len), verdicts)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _write(
    book: Workbook, code: str, rows: Iterable[Dossier], numbers: list[int], verdicts: dict[int, dict[int, str]]
) -> None:
    sheet = book.create_sheet(code)
    for column, words in enumerate([*HEADINGS, *map(str, numbers)], start=1):
        cell = sheet.cell(1, column)
        put_text(cell, words)
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = WIDTHS[column - 1] if column <= len(WIDTHS) else 5
    for place, row in enumerate(rows, start=2):
        put_text(sheet.cell(place, 1), row.unit.code)
        put_text(sheet.cell(place, 2), row.unit.title)
        for column, number in enumerate(numbers, start=FIRST_CRITERION):
            mark = MARK_OF[verdicts.get(row.pk, {}).get(number, Judgement.UNASSESSED)]
            cell = sheet.cell(place, column)
            # As text, so that a mark typed later is kept as it is typed.
            cell.number_format = "@"
            put_text(cell, mark)
            cell.alignment = Alignment(horizontal="center")
    sheet.freeze_panes = sheet.cell(2, FIRST_CRITERION)
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = sheet.ORIENTATION_LANDSCAPE
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


# ---------------------------------------------------------------- the preview


@dataclass(frozen=True)
class UnitPreview:
    """A unit as it will come in: its figure, and the criteria by what the workbook says of them."""

    code: str
    name: str
    total: str
    basically_met: str
    not_met: str
    not_assessed: str
    silent: str


@dataclass(frozen=True)
class ChangePreview:
    """One cell that is another than on the portal; signs empty: "trống"."""

    code: str
    name: str
    number: int
    old: str
    new: str


@dataclass(frozen=True)
class SetPreview:
    """One sheet: what is new in it, and what changes. mean: over all of its units."""

    name: str
    version: int
    code: str
    criteria: int
    units: int
    mean: figures.Mean
    fresh: list[UnitPreview]
    changes: list[ChangePreview]


@dataclass(frozen=True)
class Preview:
    """Everything the page shows of a plan."""

    plan: Plan
    sets: list[SetPreview]
    faults: list[Fault]
    more_faults: int


def preview(plan: Plan) -> Preview:
    shown = list(plan.faults[:FAULTS_SHOWN])
    return Preview(plan, [_set(item) for item in plan.sets], shown, len(plan.faults) - len(shown))


def _set(item: SetPlan) -> SetPreview:
    rows = [_row(item, unit) for unit in item.units]
    changes = [
        ChangePreview(unit.line.code, unit.unit.title, change.number, change.old or "trống", change.new or "trống")
        for unit in item.changed
        for change in unit.changes
    ]
    fresh = [_unit(unit, row) for unit, row in zip(item.units, rows, strict=True) if unit.is_new]
    return SetPreview(
        name=item.set.short_name,
        version=item.set.version,
        code=item.set.code,
        criteria=len(item.criteria),
        units=len(item.units),
        mean=figures.mean(rows),
        fresh=fresh,
        changes=changes,
    )


def _row(item: SetPlan, unit: PlannedUnit) -> figures.UnitRow:
    return figures.UnitRow(
        dossier_id=0,
        unit_name=unit.unit.title,
        unit_phrase=unit.unit.title,
        set_code=item.set.code,
        mode="",
        criteria=len(item.criteria),
        verdicts=unit.line.marks,
        counts_basically_met=item.set.counts_basically_met,
    )


def _unit(unit: PlannedUnit, row: figures.UnitRow) -> UnitPreview:
    def those(judgement: Judgement) -> str:
        return ", ".join(str(number) for number, mark in unit.line.marks.items() if mark == judgement)

    return UnitPreview(
        code=unit.line.code,
        name=unit.unit.title,
        total=f"{row.met}/{row.criteria}",
        basically_met=those(Judgement.BASICALLY_MET),
        not_met=those(Judgement.NOT_MET),
        not_assessed=those(Judgement.NOT_ASSESSED),
        silent=those(Judgement.UNASSESSED),
    )
