"""The overview of an authority in words: tiles, heat map, hardest criteria, course of the years, who is late.

Every figure carries the address of the list behind it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.urls import reverse

from communes import notation
from communes.text import sort_key
from criteria.judgement import Judgement
from criteria.models import Criterion
from inspections import figures
from inspections.figures import Standing
from inspections.progress import overdue, picture
from inspections.progress.picture import Picture

UNITS_A_PAGE = 120
# From so many units on a cell of the heat map says per cent, below it "7/9".
PER_CENT_FROM = 100
SHOWN_HARDEST = 5
RULE = "Quyết định số 18/2022/QĐ-TTg"


@dataclass(frozen=True)
class Tile:
    """A figure with what it is made of; tone: "" or "warning"."""

    label: str
    value: str
    unit: str
    detail: str
    url: str
    tone: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of the heat map. state: its look; sign: a stored verdict, or ""; said: for who does not see it."""

    state: str
    text: str
    sign: str
    said: str
    url: str


@dataclass(frozen=True)
class HeatRow:
    """A unit, or a body with its units; note: instead of cells where nothing is concluded."""

    name: str
    url: str
    detail: str
    cells: tuple[Cell, ...]
    total: str
    total_url: str = ""
    note: str = ""
    units: str = ""


@dataclass(frozen=True)
class Hard:
    """A criterion that units failed."""

    number: int
    name: str
    failed: int
    units: int
    url: str
    width: str


@dataclass(frozen=True)
class Moved:
    """A criterion with the units that lost or gained it since the period before."""

    number: int
    name: str
    lost: int
    lost_url: str
    gained: int
    gained_url: str
    causes: str


@dataclass(frozen=True)
class CourseRow:
    """A period with its mean; width: of the bar, of 100, from nought to all criteria."""

    label: str
    name: str
    set_name: str
    value: str
    criteria: int
    detail: str
    width: str
    url: str
    is_now: bool


@dataclass(frozen=True)
class LateLine:
    """Something that is late in open rounds."""

    label: str
    count: int
    detail: str
    url: str


class Addresses:
    """Addresses within the overview of one authority, with the period and set that are looked at."""

    def __init__(self, seen: Picture) -> None:
        self._pk = seen.authority.pk
        self._chosen = {"dot": seen.period.key if seen.period else "", "bo": seen.tab.code if seen.tab else ""}
        # A heat map has some thousand links to few lists.
        self._lists: dict[str, str] = {}

    def overview(self, **more: object) -> str:
        return self._with(reverse("reports:overview-of", args=[self._pk]), more)

    def course(self) -> str:
        return self._with(reverse("reports:overview-course", args=[self._pk]), {})

    def list(self, kind: str, **more: object) -> str:
        if kind not in self._lists:
            self._lists[kind] = reverse("reports:overview-list", args=[self._pk, kind])
        return self._with(self._lists[kind], more)

    def _with(self, path: str, more: dict[str, object]) -> str:
        query = {key: value for key, value in {**self._chosen, **more}.items() if value not in ("", None)}
        return f"{path}?{urlencode(query)}" if query else path


class Overview:
    """Everything on the page; parts are read when the template asks for them."""

    def __init__(self, seen: Picture, page: str = "") -> None:
        self.seen = seen
        self.to = Addresses(seen)
        self._page = page

    # ------------------------------------------------------------ what is looked at

    @property
    def is_empty(self) -> bool:
        return self.seen.tab is None

    @property
    def noun(self) -> str:
        """What is judged: xã, bản."""
        return "bản" if self.seen.criteria_set.is_village_level else "xã"

    @cached_property
    def criteria_count(self) -> int:
        return self.seen.summary.criteria

    @property
    def standing_line(self) -> str:
        """How much of the period is concluded."""
        tab = self.seen.tab
        if tab is None:
            return ""
        line = f"Đã kết luận {notation.number(tab.concluded)}/{notation.number(tab.made)} hồ sơ"
        return f"{line}; {notation.number(tab.left_out)} đơn vị không đưa vào kết luận" if tab.left_out else line

    @property
    def has_concluded(self) -> bool:
        return bool(self.seen.tab and self.seen.tab.concluded)

    @property
    def waiting_count(self) -> int:
        tab = self.seen.tab
        return tab.made - tab.concluded if tab else 0

    @property
    def waiting_url(self) -> str:
        return self.to.list("chua-ket-luan")

    @property
    def left_out_url(self) -> str:
        return self.to.list("khong-dua-vao")

    @property
    def newer_url(self) -> str:
        newer = self.seen.newer_open
        return self.to.overview(dot=newer.key) if newer else ""

    # ------------------------------------------------------------ tiles

    @cached_property
    def tiles(self) -> list[Tile]:
        if not self.has_concluded or not self.seen.reads_all:
            return []
        return [*self._result_tiles(), *self._change_tiles(), self._late_tile()]

    def _late_tile(self) -> Tile:
        dossiers, questions = self.late
        detail = f"Của các đợt đang mở; thêm {notation.number(questions.count)} yêu cầu bổ sung quá hạn"
        tone = "warning" if dossiers.count else ""
        return Tile("Quá hạn chưa nộp", notation.number(dossiers.count), "hồ sơ", detail, dossiers.url, tone)

    def _result_tiles(self) -> Iterable[Tile]:
        total = self.seen.summary
        units = f"{notation.number(total.units)} {self.noun} đã kết luận"
        yield Tile(
            "Bình quân",
            notation.number(total.mean.value, 2),
            f"tiêu chí/{self.noun}",
            f"= {notation.number(total.met)} : {units}, bộ {total.criteria} tiêu chí",
            self.to.list("tat-ca"),
        )
        yield Tile(
            f"Đạt cả {total.criteria} tiêu chí",
            f"{notation.number(total.passed)}/{notation.number(total.units)}",
            self.noun,
            "Mọi tiêu chí đạt hoặc không đánh giá",
            self.to.list("dat-chuan"),
        )
        if total.criteria > figures.FEW:
            yield Tile(
                f"Dưới {figures.FEW} tiêu chí",
                f"{notation.number(total.few)}/{notation.number(total.units)}",
                self.noun,
                f"Đạt nhiều nhất {figures.FEW - 1}/{total.criteria}",
                self.to.list("duoi-15"),
            )
        if self.seen.warns_of_titles:
            yield self._risk_tile()

    def _risk_tile(self) -> Tile:
        losing, others = len(self.seen.losing), len(self.seen.at_risk) - len(self.seen.losing)
        detail = f"Đang giữ danh hiệu mà hụt đến mức của {RULE}; chỉ cảnh báo"
        if others:
            detail += f". {notation.number(others)} {self.noun} khác cùng mức, chưa ghi nhận danh hiệu"
        value, url = notation.number(losing), self.to.list("nguy-co")
        return Tile("Nguy cơ mất danh hiệu", value, self.noun, detail, url, "warning" if losing else "")

    def _change_tiles(self) -> Iterable[Tile]:
        before = self.seen.before
        if before is None:
            return
        lost = [row for row in self.seen.changes if row.lost]
        gained = [row for row in self.seen.changes if row.gained]
        compared = f"trong {notation.number(len(self.seen.changes))} {self.noun} có ở cả hai đợt ({before.short})"
        yield Tile(
            "Mất tiêu chí",
            notation.number(len(lost)),
            self.noun,
            f"{notation.number(sum(row.lost.bit_count() for row in lost))} lượt mất {compared}",
            self.to.list("mat"),
            "warning" if lost else "",
        )
        yield Tile(
            "Thêm tiêu chí",
            notation.number(len(gained)),
            self.noun,
            f"{notation.number(sum(row.gained.bit_count() for row in gained))} lượt thêm {compared}",
            self.to.list("them"),
        )

    # ------------------------------------------------------------ heat map

    @cached_property
    def heat(self) -> list[HeatRow]:
        return self._branch_rows() if self.seen.is_grouped else self._unit_rows()

    @cached_property
    def heat_page(self) -> Page:
        return Paginator(self.heat, UNITS_A_PAGE).get_page(self._page)

    @cached_property
    def shows_per_cent(self) -> bool:
        return any(total.units >= PER_CENT_FROM for total in self.seen.by_branch.values())

    @cached_property
    def totals(self) -> list[Cell]:
        """The last row: of all units."""
        total = self.seen.summary
        return [self._share_cell(row, total, 0) for row in self.seen.criteria]

    @property
    def total_text(self) -> str:
        total = self.seen.summary
        return notation.number(total.mean.value, 2) if self.seen.reads_all else ""

    def _branch_rows(self) -> list[HeatRow]:
        seen = self.seen
        pks = sorted(seen.made_by_branch, key=lambda pk: sort_key(seen.places.names[pk]))
        return [self._branch_row(pk) for pk in pks]

    def _branch_row(self, pk: int) -> HeatRow:
        seen = self.seen
        own = pk == seen.authority.pk
        name = f"Trực thuộc {seen.places.names[pk]}" if own else seen.places.names[pk]
        total = seen.by_branch.get(pk)
        made = seen.made_by_branch[pk]
        url = self.to.list("tat-ca" if seen.reads_all else "tieu-chi", nhom=pk)
        if total is None:
            return HeatRow(name, url, "", (), "", note=f"Chưa kết luận hồ sơ nào trong {notation.number(made)} hồ sơ")
        units = notation.number(total.units)
        units = units if total.units == made else f"{units}/{notation.number(made)}"
        cells = tuple(self._share_cell(row, total, pk) for row in seen.criteria)
        mean = notation.number(total.mean.value, 2) if seen.reads_all else ""
        return HeatRow(name, url, f"{units} {self.noun} đã kết luận", cells, mean, url, units=units)

    def _share_cell(self, criterion: Criterion, total: figures.Summary, branch: int) -> Cell:
        met = total.met_by_criterion.get(criterion.number, 0)
        text = f"{met}/{total.units}"
        if self.shows_per_cent:
            text = f"{met * 100 // total.units if total.units else 0}%"
        said = f"tiêu chí {criterion.number}: {met}/{total.units} {self.noun} đạt"
        url = self.to.list("tieu-chi", tc=criterion.number, nhom=branch or "")
        return Cell(f"heat-{heat(met, total.units)}", text, "", said, url)

    def _unit_rows(self) -> list[HeatRow]:
        seen = self.seen
        rows = {row.unit: row for row in seen.rows}
        waiting = {row.unit: row for row in seen.waiting}
        names = picture.names_of({*rows, *waiting})
        found = []
        for unit in picture.by_name({*rows, *waiting}, names):
            name = names[unit]
            place = name.place if unit.startswith("ban-") else ""
            if unit in rows:
                found.append(self._unit_row(rows[unit], name.title, place))
            else:
                url = reverse("inspections:review-dossier", args=[waiting[unit].dossier_id])
                note = f"Chưa kết luận: {waiting[unit].status_label.lower()}"
                found.append(HeatRow(name.title, url, place, (), "", note=note))
        return found

    def _unit_row(self, row: Standing, name: str, place: str) -> HeatRow:
        url = reverse("inspections:review-dossier", args=[row.dossier_id])
        before, after = url, ""
        if self.seen.is_of_one_numbering:
            address = reverse("inspections:review-criterion", args=[row.dossier_id, 0])
            before, _, after = address.rpartition("0")
        cells = []
        for criterion in self.seen.criteria:
            state = verdict_of(row, criterion.number)
            address = f"{before}{criterion.number}{after}" if after else url
            cells.append(Cell(f"cell-{state}", "", state, str(Judgement(state).label), address))
        total = f"{row.met_count}/{row.criteria}" if self.seen.reads_all else ""
        return HeatRow(name, url, place, tuple(cells), total)

    # ------------------------------------------------------------ criteria

    @cached_property
    def hardest(self) -> list[Hard]:
        """The criteria most units failed, of those that one reads."""
        total = self.seen.summary
        names = {row.number: row.name for row in self.seen.criteria}
        numbers = [number for number in total.hardest if number in names]
        return [
            Hard(
                number,
                names[number],
                total.failed_by_criterion[number],
                total.units,
                self.to.list("tieu-chi", tc=number, kq="chua_dat"),
                width(total.failed_by_criterion[number], total.units),
            )
            for number in numbers[:SHOWN_HARDEST]
        ]

    @cached_property
    def moved(self) -> list[Moved]:
        """The criteria that units lost or gained since the period before, most lost first."""
        lost: dict[int, list[str]] = {}
        gained: dict[int, int] = {}
        for change in self.seen.changes:
            for number in figures.numbers(change.lost):
                lost.setdefault(number, []).append(change.row.region)
            for number in figures.numbers(change.gained):
                gained[number] = gained.get(number, 0) + 1
        names = {row.number: row.name for row in self.seen.criteria}
        rows = [
            Moved(
                number,
                names[number],
                len(lost.get(number, ())),
                self.to.list("mat", tc=number),
                gained.get(number, 0),
                self.to.list("them", tc=number),
                self._causes(number, lost.get(number, ())),
            )
            for number in sorted({*lost, *gained})
        ]
        return sorted(rows, key=lambda row: (-row.lost, -row.gained, row.number))

    def _causes(self, number: int, regions: Iterable[str]) -> str:
        """ "2 giảm thật, 1 ngưỡng cao hơn": what may stand behind each loss of a criterion."""
        counts: dict[str, int] = {}
        for region in regions:
            label = str(self.seen.cause(number, region).label)
            counts[label] = counts.get(label, 0) + 1
        return ", ".join(f"{notation.number(count)} {label}" for label, count in counts.items())

    # ------------------------------------------------------------ the course of the years

    @cached_property
    def course(self) -> list[CourseRow]:
        return [
            CourseRow(
                label=step.period.short,
                name=step.period.label,
                set_name=step.set_name,
                value=notation.number(step.mean.value, 2),
                criteria=step.criteria,
                detail=f"{notation.number(step.mean.numerator)} : {notation.number(step.mean.denominator)} {self.noun}",
                width=width(step.mean.value, step.criteria),
                url=self.to.overview(dot=step.period.key, bo=step.set_code),
                is_now=step.period == self.seen.period,
            )
            for step in (self.seen.course if self.seen.reads_all and self.has_concluded else [])
        ]

    @property
    def course_url(self) -> str:
        return self.to.course()

    # ------------------------------------------------------------ who is late

    @cached_property
    def late(self) -> list[LateLine]:
        seen = self.seen
        own = None if seen.reads_all else seen.own_criteria
        dossiers = overdue.tally(overdue.unsubmitted(seen.rounds))
        questions = overdue.tally(overdue.unanswered(seen.rounds, own))
        return [
            self._late("Hồ sơ chưa nộp, đã quá hạn", dossiers, "hồ sơ", "chua-nop"),
            self._late("Yêu cầu bổ sung chưa trả lời, đã quá hạn", questions, "yêu cầu", "bo-sung-qua-han"),
        ]

    def _late(self, label: str, late: overdue.Late, noun: str, kind: str) -> LateLine:
        detail = f"{noun}, lâu nhất quá hạn {notation.number(late.days)} ngày" if late.count else f"{noun}"
        return LateLine(label, late.count, detail, self.to.list(kind))


def verdict_of(row: Standing, number: int) -> str:
    """The verdict that stands in the bits of a standing."""
    bit = 1 << (number - 1)
    if row.basic & bit:
        return str(Judgement.BASICALLY_MET)
    if row.met & bit:
        return str(Judgement.MET)
    if row.failed & bit:
        return str(Judgement.NOT_MET)
    return str(Judgement.NOT_ASSESSED if row.left & bit else Judgement.UNASSESSED)


def heat(part: int, whole: int) -> int:
    """0 to 4: none to under a half, under three quarters, under nine tenths, under all, all."""
    if not whole or 2 * part < whole:
        return 0
    if 4 * part < 3 * whole:
        return 1
    if 10 * part < 9 * whole:
        return 2
    return 4 if part == whole else 3


def width(part: Decimal | int | None, whole: int) -> str:
    """Length of a bar, of 100, from nought, as SVG writes it; one place is enough for the eye."""
    return f"{min(Decimal(100), Decimal(part) * 100 / whole):.1f}" if part is not None and whole else "0"
