"""Figures in words: readable tokens in a text, each bound to a figure of the round. Pure; nothing here queries.

A token is written in braces: "Bình quân các xã đạt {bình quân xa-ntm} tiêu chí/xã". It is a name, and for a
figure of one criteria set the set's code after it. Case and repeated spaces do not matter. What is not in the
palette is no token: it is reported, never printed. Counts and means come from `inspections.figures`; here they
are only worded, with what they were made of beside them.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from communes.notation import count, decree_day, number
from inspections import figures
from inspections.figures import Mean, SetFigures, UnitRow

TOKEN = re.compile(r"\{([^{}\n]{1,120})\}")
HARDEST_NAMED = 3
BY_REPORT, ON_SITE = "by_report", "on_site"
MISSING = "(chưa có số liệu)"
# Stands for the notice that is replaced, in the one that replaces it.
REPLACED = "thông báo được thay thế"


@dataclass(frozen=True, slots=True)
class Cited:
    """A document as texts cite it."""

    kind: str
    number: str
    issued_on: date
    issuer: str
    subject: str = ""

    @property
    def full(self) -> str:
        """ "Kế hoạch số 1964/KH-UBND ngày 06/9/2024 của UBND huyện Tân Uyên"."""
        return f"{self.short} ngày {decree_day(self.issued_on)} của {self.issuer}"

    @property
    def short(self) -> str:
        """ "Kế hoạch số 1964/KH-UBND", for the second time on."""
        return f"{self.kind} số {self.number}"


@dataclass(frozen=True, slots=True)
class SetInfo:
    """A criteria set of the round. criteria: {number: name}; communes: how many communes its concluded units lie in."""

    code: str
    version: int
    short_name: str
    is_village: bool
    is_advanced: bool
    criteria: Mapping[int, str]
    communes: int

    @property
    def unit(self) -> str:
        return "bản" if self.is_village else "xã"


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """Everything a notice of a round can say, read once: rows are the concluded dossiers, in the round's order.

    open_dossiers: names of those not yet concluded and not left out; left_out: {unit: reason}; replaced: the
    issued notice that this one is written to replace.
    """

    year: int
    period_from: date
    period_to: date
    team_name: str
    head_name: str
    head_post: str
    plan: Cited | None
    report: Cited | None
    documents: Mapping[str, Cited]
    sets: tuple[SetInfo, ...]
    rows: tuple[UnitRow, ...]
    open_dossiers: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    replaced: Cited | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One entry of the palette: what a token stands for now, how it came about, and which units are in it.

    units: (name, its own result) of each; is_missing: nothing to state yet, which forbids issuing.
    """

    token: str
    group: str
    label: str
    value: str
    formula: str = ""
    units: tuple[tuple[str, str], ...] = ()
    is_missing: bool = False

    @property
    def insert(self) -> str:
        """The token as it is typed."""
        return f"{{{self.token}}}"

    def as_facts(self) -> dict[str, Any]:
        return {"value": self.value, "formula": self.formula, "units": [list(unit) for unit in self.units]}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `figure` where it stands for one, `problem` where a token is not known or empty."""

    text: str
    figure: Figure | None = None
    problem: str = ""


Palette = dict[str, Figure]


# ---------------------------------------------------------------- tokens in a text


def key_of(token: str) -> str:
    return " ".join(unicodedata.normalize("NFC", token).casefold().split())


def resolve(text: str, palette: Palette) -> list[Piece]:
    """The text in pieces, each token replaced by its present value."""
    pieces, place = [], 0
    for match in TOKEN.finditer(text):
        if match.start() > place:
            pieces.append(_plain(text[place : match.start()]))
        pieces.append(_bound(match, palette))
        place = match.end()
    if place < len(text):
        pieces.append(_plain(text[place:]))
    return pieces


def fill(text: str, palette: Palette) -> str:
    """The text with every known token replaced; an unknown one stays as it was typed."""
    return "".join(piece.text for piece in resolve(text, palette))


def problems(text: str, palette: Palette) -> list[str]:
    """What is wrong with the tokens of a text, in Vietnamese."""
    return [piece.problem for piece in resolve(text, palette) if piece.problem]


def used(texts: Iterable[str], palette: Palette) -> dict[str, Figure]:
    """{token: figure} of all figures that the texts state."""
    return {
        piece.figure.token: piece.figure
        for text in texts
        for piece in resolve(text, palette)
        if piece.figure is not None
    }


def _plain(text: str) -> Piece:
    stray = next((sign for sign in "{}" if sign in text), "")
    return Piece(text, problem=f"Dấu “{stray}” không thành cặp ngoặc nhọn." if stray else "")


def _bound(match: re.Match[str], palette: Palette) -> Piece:
    figure = palette.get(key_of(match[1]))
    if figure is None:
        near = difflib.get_close_matches(key_of(match[1]), palette, 1)
        hint = f" Có thể là {{{near[0]}}}." if near else " Chọn trong bảng số liệu."
        return Piece(match[0], problem=f"Không có số liệu tên {match[0]}.{hint}")
    if figure.is_missing:
        return Piece(figure.value, figure, problem=f"Chưa có số liệu cho {figure.insert}: {figure.formula}")
    return Piece(figure.value, figure)


# ---------------------------------------------------------------- the palette


def palette_of(facts: RoundFacts) -> Palette:
    """{key of the token: figure}, in the order in which the palette is shown."""
    found = [*_of_round(facts), *_of_modes(facts)]
    for info in facts.sets:
        found += _of_set(info, figures.of_set(info.code, facts.rows))
    found += [*_of_replaced(facts), *_of_documents(facts)]
    return {key_of(figure.token): figure for figure in found}


def result(row: UnitRow) -> str:
    """ "09/19": counts below ten with a zero, the denominator without."""
    return f"{count(row.met)}/{row.criteria}"


def results(rows: Iterable[UnitRow]) -> str:
    """ "xã Phúc Khoa đạt 18/19 tiêu chí; …": the best first, equal ones in the round's order."""
    return "; ".join(f"{row.unit_phrase} đạt {result(row)} tiêu chí" for row in figures.by_result(rows))


def progress(rows: Iterable[UnitRow]) -> str:
    """ "xã Nậm Cần thực hiện đạt 09/19 tiêu chí, …": of units on the way to a title, in the round's order."""
    ordered = sorted(rows, key=lambda row: row.position)
    return ", ".join(f"{row.unit_phrase} thực hiện đạt {result(row)} tiêu chí" for row in ordered)


def names(phrases: Sequence[str]) -> str:
    """ "xã Hố Mít và xã Mường Khoa"; more than two with commas before the last "và"."""
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} và {phrases[-1]}"


def hardest(info: SetInfo, made: SetFigures) -> str:
    """ "Trường học, giáo dục và đào tạo, y tế": criteria that most units failed, small letters after the first."""
    chosen = [info.criteria[number] for number in made.hardest[:HARDEST_NAMED] if number in info.criteria]
    listed = ", ".join(name.lower() for name in chosen)
    return f"{chosen[0][:1]}{listed[1:]}" if chosen else ""


def _of_round(facts: RoundFacts) -> Iterator[Figure]:
    group = "Đợt kiểm tra"
    yield Figure("năm", group, "Năm đánh giá", str(facts.year))
    yield Figure("năm sau", group, "Năm kế tiếp", str(facts.year + 1))
    yield Figure("từ ngày", group, "Ngày bắt đầu kiểm tra", decree_day(facts.period_from))
    yield Figure("đến ngày", group, "Ngày kết thúc kiểm tra", decree_day(facts.period_to))
    yield Figure("đoàn kiểm tra", group, "Tên Đoàn kiểm tra", facts.team_name)
    yield _worded("trưởng đoàn", group, "Họ tên Trưởng đoàn", facts.head_name, "đợt chưa có Trưởng đoàn")
    yield _worded("chức vụ trưởng đoàn", group, "Chức vụ Trưởng đoàn", facts.head_post, "Trưởng đoàn chưa ghi chức vụ")
    yield _cited("kế hoạch", group, "Kế hoạch kiểm tra", facts.plan, "đợt chưa ghi kế hoạch kiểm tra")
    subject = facts.plan.subject if facts.plan else ""
    yield _worded("trích yếu kế hoạch", group, "Trích yếu kế hoạch", subject, "kế hoạch chưa ghi trích yếu")
    yield _cited("báo cáo", group, "Báo cáo của Đoàn", facts.report, "đợt chưa ghi báo cáo của Đoàn")


def _of_modes(facts: RoundFacts) -> Iterator[Figure]:
    """Communes inspected on site and by report; a commune judged by two sets counts once."""
    group = "Hình thức kiểm tra"
    villages = {info.code for info in facts.sets if info.is_village}
    communes: dict[str, UnitRow] = {}
    for row in sorted(facts.rows, key=lambda row: row.position):
        if row.set_code not in villages:
            communes.setdefault(row.unit_phrase, row)
    words = {ON_SITE: "trực tiếp", BY_REPORT: "qua báo cáo"}
    yield _counted("số xã", group, "Số xã được kiểm tra", list(communes))
    for mode, word in words.items():
        chosen = [phrase for phrase, row in communes.items() if row.mode == mode]
        yield _counted(f"số xã {word}", group, f"Số xã kiểm tra {word}", chosen)
        yield _worded(f"tên xã {word}", group, f"Tên các xã kiểm tra {word}", names(chosen), f"không có xã nào {word}")


def _of_set(info: SetInfo, made: SetFigures) -> Iterator[Figure]:
    yield from _counts_of_set(info, made)
    yield from _lists_of_set(info, made)


def _counts_of_set(info: SetInfo, made: SetFigures) -> Iterator[Figure]:
    code, group, unit = info.code, info.short_name, info.unit
    units, others, passed = (_units(rows) for rows in (made.rows, made.not_passed, made.passed))
    ratio = f"{count(len(made.passed))}/{len(made.rows)}"
    total = str(made.mean.numerator)
    yield _mean(f"bình quân {code}", group, f"Bình quân số tiêu chí đạt mỗi {unit}", made.mean, units)
    yield Figure(f"tổng tiêu chí đạt {code}", group, "Tổng số tiêu chí đạt (tử số)", total, units=units)
    yield Figure(f"số đơn vị {code}", group, f"Số {unit} (mẫu số)", count(len(made.rows)), units=units)
    yield Figure(f"số xã có đơn vị {code}", group, "Số xã có đơn vị theo bộ này", count(info.communes))
    yield Figure(f"số tiêu chí {code}", group, "Số tiêu chí của bộ", str(len(info.criteria)))
    yield Figure(f"số đạt {code}", group, f"Số {unit} đạt tất cả tiêu chí", ratio, units=passed)
    left = f"Bình quân các {unit} chưa đạt tất cả tiêu chí"
    yield _mean(f"bình quân còn lại {code}", group, left, made.mean_of_others, others)


def _lists_of_set(info: SetInfo, made: SetFigures) -> Iterator[Figure]:
    code, group, units, lack = info.code, info.short_name, _units(made.rows), "chưa có kết quả"
    listed = names([row.unit_phrase for row in sorted(made.rows, key=lambda row: row.position)])
    yield _worded(f"danh sách {code}", group, "Kết quả từng đơn vị", results(made.rows), lack, units)
    yield _worded(f"danh sách thực hiện {code}", group, "Tiến độ từng đơn vị", progress(made.rows), lack, units)
    yield _worded(f"tên đơn vị {code}", group, f"Tên các {info.unit}", listed, lack)
    failed = tuple(
        (info.criteria.get(number, str(number)), f"{made.failed_by_criterion[number]} {info.unit} chưa đạt")
        for number in made.hardest[:HARDEST_NAMED]
    )
    label, nothing = "Các tiêu chí khó đạt nhất", "không có tiêu chí nào chưa đạt"
    yield _worded(f"tiêu chí khó {code}", group, label, hardest(info, made), nothing, failed)


def _units(rows: Iterable[UnitRow]) -> tuple[tuple[str, str], ...]:
    return tuple((row.unit_phrase, result(row)) for row in figures.by_result(rows))


def _of_replaced(facts: RoundFacts) -> Iterator[Figure]:
    if facts.replaced is None:
        return
    group, old = "Văn bản được thay thế", facts.replaced
    subject = f"{old.subject[:1].lower()}{old.subject[1:]}"
    yield Figure(REPLACED, group, "Viện dẫn đầy đủ", f"{old.full} {subject}")
    yield Figure(f"số {REPLACED}", group, "Viện dẫn từ lần thứ hai", old.short)


def _of_documents(facts: RoundFacts) -> Iterator[Figure]:
    group = "Văn bản viện dẫn"
    for key, document in facts.documents.items():
        yield Figure(f"văn bản {key}", group, document.subject or document.short, document.full)
        yield Figure(f"số văn bản {key}", group, "Viện dẫn từ lần thứ hai", document.short)
        yield Figure(f"ngày văn bản {key}", group, f"Ngày của {document.short}", decree_day(document.issued_on))


def _mean(token: str, group: str, label: str, mean: Mean, units: tuple[tuple[str, str], ...]) -> Figure:
    if mean.value is None:
        return Figure(token, group, label, MISSING, "không có đơn vị nào", is_missing=True)
    value = number(mean.value, 2)
    return Figure(token, group, label, value, f"{mean.numerator} : {mean.denominator} = {value}", units)


def _counted(token: str, group: str, label: str, phrases: list[str]) -> Figure:
    return Figure(token, group, label, count(len(phrases)), units=tuple((phrase, "") for phrase in phrases))


def _worded(
    token: str, group: str, label: str, value: str, lack: str, units: tuple[tuple[str, str], ...] = ()
) -> Figure:
    if not value:
        return Figure(token, group, label, MISSING, lack, is_missing=True)
    return Figure(token, group, label, value, units=units)


def _cited(token: str, group: str, label: str, document: Cited | None, lack: str) -> Figure:
    return _worded(token, group, label, document.full if document else "", lack)
