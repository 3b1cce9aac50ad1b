"""The lists behind the figures of an overview: which units, why, and how they are narrowed down."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.urls import reverse

from communes import clock, notation
from communes.text import fold, sort_key
from criteria.judgement import Judgement
from inspections import figures
from inspections.figures import Standing, TitleRisk
from inspections.progress import overdue, picture
from inspections.progress.picture import Change, Picture, Waiting

from .overview import RULE, verdict_of

PER_PAGE = 50
VERDICTS = (Judgement.MET, Judgement.BASICALLY_MET, Judgement.NOT_MET, Judgement.NOT_ASSESSED)


@dataclass(frozen=True)
class Entry:
    """A unit in a list, with what is told of it."""

    unit: str
    place: int
    dossier_id: int
    about: Any


@dataclass(frozen=True)
class Row:
    """A unit as the template needs it. commune: its id, None for a village. cells: (column, value) …"""

    name: str
    place: str
    url: str
    commune: int | None
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Kind:
    """A list. of_all: only for who reads every criterion; by_criterion: whether one criterion may be chosen."""

    title: str
    columns: tuple[str, ...]
    entries: Callable[["UnitList"], Iterable[Entry]]
    values: Callable[["UnitList", Any], tuple[str, ...]]
    of_all: bool = False
    by_criterion: bool = False
    in_order: bool = False
    empty: str = "Không có đơn vị nào"
    note: str = ""


@dataclass(frozen=True)
class Wanted:
    """How a list is narrowed: branch (id of a body), criterion, verdict, words of a name."""

    branch: int | None = None
    criterion: int | None = None
    verdict: str = ""
    words: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wanted":
        verdict = query.get("kq", "")
        return cls(
            _number(query.get("nhom")),
            _number(query.get("tc")),
            verdict if verdict in VERDICTS else "",
            query.get("q", "")[:100],
        )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


class UnitList:
    """One list of one overview."""

    def __init__(self, seen: Picture, kind: Kind, wanted: Wanted, page: str = "") -> None:
        self.seen, self.kind, self.wanted = seen, kind, wanted
        self._page = page
        self.names_of_criteria = {row.number: row.name for row in seen.criteria} if seen.tab else {}

    @property
    def title(self) -> str:
        criterion = self.criterion
        if criterion is None:
            return self.kind.title
        return f"{self.kind.title}: {criterion}. {self.names_of_criteria[criterion]}"

    @property
    def criterion(self) -> int | None:
        """The criterion asked for; a list by criterion needs one, the others may do without."""
        if not self.kind.by_criterion:
            return None
        known = self.wanted.criterion in self.names_of_criteria
        return self.wanted.criterion if known else (min(self.names_of_criteria) if self._needs_criterion else None)

    @property
    def _needs_criterion(self) -> bool:
        return self.kind is KINDS["tieu-chi"] and bool(self.names_of_criteria)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.wanted.branch or self.wanted.words or self.wanted.verdict)

    @cached_property
    def branches(self) -> list[tuple[int, str]]:
        """The bodies by which the list can be narrowed."""
        if not self.seen.period or not self.seen.is_grouped:
            return []
        names = self.seen.places.names
        return sorted(((pk, names[pk]) for pk in self.seen.made_by_branch), key=lambda row: sort_key(row[1]))

    @property
    def criteria(self) -> list[tuple[int, str]]:
        return list(self.names_of_criteria.items()) if self.kind.by_criterion else []

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        if self.kind is not KINDS["tieu-chi"]:
            return []
        return [(str(item), str(item.label)) for item in VERDICTS]

    @cached_property
    def page(self) -> Page:
        """In Vietnamese order, or, of what is late, the longest first."""
        entries = [row for row in self.kind.entries(self) if self._is_in_branch(row)]
        names = picture.names_of({row.unit for row in entries})
        if words := fold(self.wanted.words):
            entries = [row for row in entries if words in fold(names[row.unit].title)]
        if not self.kind.in_order:
            rank = {unit: place for place, unit in enumerate(picture.by_name(names, names))}
            entries.sort(key=lambda row: rank[row.unit])
        return Paginator(entries, PER_PAGE).get_page(self._page)

    @cached_property
    def rows(self) -> list[Row]:
        """The units of this page."""
        shown = list(self.page.object_list)
        names = picture.names_of(row.unit for row in shown)
        return [self._row(row, names[row.unit]) for row in shown]

    def _is_in_branch(self, row: Entry) -> bool:
        return self.wanted.branch is None or self.seen.branch_of(row.place) == self.wanted.branch

    def _row(self, row: Entry, name: picture.Name) -> Row:
        kind, _, pk = row.unit.partition("-")
        return Row(
            name=name.title,
            place=name.place if kind == "ban" or self.seen.is_grouped else "",
            url=reverse("inspections:review-dossier", args=[row.dossier_id]),
            commune=int(pk) if kind == "xa" else None,
            cells=tuple(zip(self.kind.columns, self.kind.values(self, row.about), strict=True)),
        )

    def named(self, bits: int) -> str:
        """ "5. Trường học; 10. Thu nhập" """
        return "; ".join(f"{number}. {self.names_of_criteria[number]}" for number in figures.numbers(bits))


# ---------------------------------------------------------------- entries and what is told of them


def _standings(shown: UnitList, keeps: Callable[[Standing], bool]) -> list[Entry]:
    return [Entry(row.unit, row.place, row.dossier_id, row) for row in shown.seen.rows if keeps(row)]


def _result(shown: UnitList, row: Standing) -> tuple[str, ...]:
    failed = ", ".join(map(str, figures.numbers(row.failed))) or "không có"
    left = ", ".join(map(str, figures.numbers(row.left)))
    return f"{row.met_count}/{row.criteria}", f"{failed}; không đánh giá: {left}" if left else failed


def _of_criterion(shown: UnitList) -> list[Entry]:
    number, verdict = shown.criterion, shown.wanted.verdict
    if number is None:
        return []
    failed = verdict == Judgement.NOT_MET
    bit = 1 << (number - 1)
    return _standings(
        shown,
        lambda row: not verdict or (bool(row.failed & bit) if failed else verdict_of(row, number) == verdict),
    )


def _verdict(shown: UnitList, row: Standing) -> tuple[str, ...]:
    return (str(Judgement(verdict_of(row, shown.criterion or 0)).label),)


def _changed(shown: UnitList, name: str) -> list[Entry]:
    number = shown.criterion
    wanted = (1 << (number - 1)) if number else shown.seen.mask
    return [
        Entry(row.row.unit, row.row.place, row.row.dossier_id, row)
        for row in shown.seen.changes
        if getattr(row, name) & wanted
    ]


def _before_and_now(shown: UnitList, row: Change) -> str:
    if not shown.seen.reads_all:
        return "–"
    return f"{row.before.met_count}/{row.before.criteria} → {row.row.met_count}/{row.row.criteria}"


def _lost(shown: UnitList, row: Change) -> tuple[str, ...]:
    told = (
        f"{number}. {shown.names_of_criteria[number]} ({shown.seen.cause(number, row.row.region).label})"
        for number in figures.numbers(row.lost)
    )
    return "; ".join(told), _before_and_now(shown, row)


def _gained(shown: UnitList, row: Change) -> tuple[str, ...]:
    return shown.named(row.gained), _before_and_now(shown, row)


def _risks(shown: UnitList) -> list[Entry]:
    return [Entry(row.unit, row.place, row.dossier_id, (row, risk)) for row, risk in shown.seen.at_risk]


def _risk(shown: UnitList, about: tuple[Standing, TitleRisk]) -> tuple[str, ...]:
    row, risk = about
    share = f"{risk.failed}/{risk.criteria} tiêu chí không đạt"
    if risk.is_half:
        reason = f"{share}: từ 50% trở lên"
    else:
        named = shown.named(figures.bits(risk.key))
        reason = f"{share}: từ 30% đến dưới 50%, trong đó có {named}"
    title = shown.seen.holders.get(row.unit)
    return reason, f"Đang giữ: {title}" if title else "Chưa ghi nhận danh hiệu còn hiệu lực"


def _waiting(shown: UnitList) -> list[Entry]:
    return [Entry(row.unit, row.place, row.dossier_id, row) for row in shown.seen.waiting]


def _state(shown: UnitList, row: Waiting) -> tuple[str, ...]:
    return row.status_label, notation.day(row.due_on)


def _left_out(shown: UnitList) -> list[Entry]:
    return [Entry(row.unit, row.place, row.dossier_id, row) for row in shown.seen.left_out]


def _reason(shown: UnitList, row: Waiting) -> tuple[str, ...]:
    return (row.reason,)


_INDICATOR = ("assessment__indicator__code", "assessment__indicator__text")
UNIT = ("village_id", "inspection__commune_id", "inspection__commune__authority_id")


def _unit(village: int | None, commune: int) -> str:
    return f"ban-{village}" if village else f"xa-{commune}"


def _unsubmitted(shown: UnitList) -> list[Entry]:
    rows = overdue.unsubmitted(shown.seen.rounds)
    columns = ("pk", *UNIT, "due", "round__name", "criteria_set__short_name")
    return [
        Entry(_unit(village, commune), place, pk, about)
        for pk, village, commune, place, *about in rows.values_list(*columns)
    ]


def _unanswered(shown: UnitList) -> list[Entry]:
    own = None if shown.seen.reads_all else shown.seen.own_criteria
    rows = overdue.unanswered(shown.seen.rounds, own)
    of_dossier = (f"dossier__{name}" for name in UNIT)
    columns = ("dossier_id", *of_dossier, "due", "dossier__round__name", *_INDICATOR)
    return [
        Entry(_unit(village, commune), place, pk, (due, round_, f"{code} {text}"))
        for pk, village, commune, place, due, round_, code, text in rows.values_list(*columns)
    ]


def _late(shown: UnitList, about: Any) -> tuple[str, ...]:
    due, round_, what = about
    days = figures.days_late(due, clock.today())
    return what, round_, notation.day(due), f"{notation.number(days)} ngày"


RESULT = ("Kết quả", "Tiêu chí không đạt")
KINDS: dict[str, Kind] = {
    "tat-ca": Kind(
        "Kết quả từng đơn vị", RESULT, lambda shown: _standings(shown, lambda row: True), _result, of_all=True
    ),
    "dat-chuan": Kind(
        "Đạt mọi tiêu chí", RESULT, lambda shown: _standings(shown, lambda row: row.passed), _result, of_all=True
    ),
    "duoi-15": Kind(
        "Dưới 15 tiêu chí", RESULT, lambda shown: _standings(shown, lambda row: row.has_few), _result, of_all=True
    ),
    "nguy-co": Kind(
        "Nguy cơ mất danh hiệu",
        ("Lý do", "Danh hiệu"),
        _risks,
        _risk,
        of_all=True,
        note=f"Theo {RULE}: từ 30% đến dưới 50% số tiêu chí không đạt, trong đó có Thu nhập, Môi trường hoặc "
        "Quốc phòng và An ninh; hoặc từ 50% trở lên. Quy tắc này chưa được đối chiếu với văn bản gốc: cổng chỉ cảnh "
        "báo, không quyết định việc thu hồi.",
        empty="Không có đơn vị nào hụt đến mức này",
    ),
    "tieu-chi": Kind("Kết luận một tiêu chí", ("Kết luận",), _of_criterion, _verdict, by_criterion=True),
    "mat": Kind(
        "Mất tiêu chí so với đợt trước",
        ("Tiêu chí mất (điều có thể giải thích)", "Trước → nay"),
        lambda shown: _changed(shown, "lost"),
        _lost,
        by_criterion=True,
        empty="Không có đơn vị nào mất tiêu chí",
        note="Mất: đợt trước đạt, đợt này kết luận chưa đạt. Ngưỡng chưa đối chiếu chỉ được nêu là khả năng.",
    ),
    "them": Kind(
        "Thêm tiêu chí so với đợt trước",
        ("Tiêu chí thêm", "Trước → nay"),
        lambda shown: _changed(shown, "gained"),
        _gained,
        by_criterion=True,
        empty="Không có đơn vị nào thêm tiêu chí",
    ),
    "chua-ket-luan": Kind("Chưa kết luận", ("Trạng thái", "Hạn nộp"), _waiting, _state, empty="Mọi hồ sơ đã kết luận"),
    "khong-dua-vao": Kind(
        "Không đưa vào kết luận", ("Lý do",), _left_out, _reason, empty="Không bỏ đơn vị nào khỏi kết luận"
    ),
    "chua-nop": Kind(
        "Hồ sơ chưa nộp, đã quá hạn",
        ("Bộ tiêu chí", "Đợt kiểm tra", "Hạn", "Quá hạn"),
        _unsubmitted,
        lambda shown, about: _late(shown, (about[0], about[1], about[2])),
        in_order=True,
        empty="Không có hồ sơ nào quá hạn nộp",
    ),
    "bo-sung-qua-han": Kind(
        "Yêu cầu bổ sung chưa trả lời, đã quá hạn",
        ("Chỉ tiêu", "Đợt kiểm tra", "Hạn", "Quá hạn"),
        _unanswered,
        _late,
        in_order=True,
        empty="Không có yêu cầu bổ sung nào quá hạn",
    ),
}
# About the open rounds, whatever period is looked at.
OF_OPEN_ROUNDS = ("chua-nop", "bo-sung-qua-han")
