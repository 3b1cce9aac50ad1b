"""Results and names in words, and figures made of them; the pieces of which the palette is put together."""

import re
from collections.abc import Iterable, Sequence

from communes.notation import count, number
from inspections import figures
from inspections.figures import Mean, SetFigures, UnitRow

from .facts import Cited, SetInfo
from .tokens import MISSING, Figure

HARDEST_NAMED = 3
BY_REPORT, ON_SITE = "by_report", "on_site"
# What somebody typed: a reason within a list, and a text that stands for itself.
LONGEST_REASON, LONGEST_TEXT = 160, 3000
# Source: Nghị định 30/2020/NĐ-CP, Phụ lục II: written with a capital wherever they stand.
CAPITALS = ("Nhân dân", "Nhà nước", "Đảng", "Trung ương", "Chính phủ", "Quốc hội", "Đoàn kiểm tra")
MARKS = re.compile(r"[*{}\s]+")


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


def criteria_names(info: SetInfo, numbers: Iterable[int]) -> str:
    """ "Trường học; Thủy lợi và phòng, chống thiên tai": with semicolons where a name itself has a comma."""
    chosen = [info.criteria.get(number, f"số {number}") for number in numbers]
    return ("; " if any("," in name for name in chosen) else ", ").join(chosen)


def plain(text: str, most: int = LONGEST_REASON) -> str:
    """What somebody typed as part of a sentence: one line, no signs of ours, no stop at the end, not endless."""
    words = MARKS.sub(" ", text).strip(" .;,…")
    if len(words) <= most:
        return words
    return f"{words[:most].rpartition(' ')[0] or words[:most]}…"


def small(text: str) -> str:
    """A sentence as part of another: with a small first letter, unless that belongs to a name or an abbreviation."""
    first, _, rest = text.partition(" ")
    if first[1:] != first[1:].lower() or rest[:1].isupper() or text.startswith(CAPITALS):
        return text
    return f"{text[:1].lower()}{text[1:]}"


# ---------------------------------------------------------------- figures of usual shapes

Units = tuple[tuple[str, str], ...]


def of_mean(token: str, group: str, label: str, mean: Mean, units: Units) -> Figure:
    if mean.value is None:
        return Figure(token, group, label, MISSING, "không có đơn vị nào", is_missing=True)
    value = number(mean.value, 2)
    return Figure(token, group, label, value, f"{mean.numerator} : {mean.denominator} = {value}", units)


def counted(token: str, group: str, label: str, phrases: Sequence[str]) -> Figure:
    return Figure(token, group, label, count(len(phrases)), units=tuple((phrase, "") for phrase in phrases))


def worded(token: str, group: str, label: str, value: str, lack: str, units: Units = (), formula: str = "") -> Figure:
    if not value:
        return Figure(token, group, label, MISSING, lack, is_missing=True)
    return Figure(token, group, label, value, formula, units)


def cited(token: str, group: str, label: str, document: Cited | None, lack: str) -> Figure:
    return worded(token, group, label, document.full if document else "", lack)


def units_of(rows: Iterable[UnitRow]) -> Units:
    return tuple((row.unit_phrase, result(row)) for row in figures.by_result(rows))
