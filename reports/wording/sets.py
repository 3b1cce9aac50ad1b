"""The figures of one criteria set: counts, means, lists, what is failed and why, what was lost and gained, tables."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby

from communes.notation import count
from inspections import figures
from inspections.figures import SetFigures, UnitChange

from .facts import Earlier, Reason, RoundFacts, SetInfo
from .tokens import MISSING, Figure, Grid
from .words import (
    HARDEST_NAMED,
    ON_SITE,
    criteria_names,
    hardest,
    names,
    of_mean,
    plain,
    progress,
    result,
    results,
    small,
    units_of,
    worded,
)

# As many failed criteria and reasons as a sentence carries.
FAILED_NAMED, REASONS_NAMED = 7, 3


def of_set(info: SetInfo, facts: RoundFacts) -> Iterator[Figure]:
    """Every figure of a set; its tokens end with the set's code."""
    made = figures.of_set(info.code, facts.rows)
    yield from _counts(info, made)
    yield from _lists(info, made)
    yield from _failed(info, made, [row for row in facts.reasons if row.set_code == info.code])
    yield from _compared(info, facts.earlier.get(info.code))
    yield from _tables(info, made)


def _counts(info: SetInfo, made: SetFigures) -> Iterator[Figure]:
    code, group, unit = info.code, info.short_name, info.unit
    units, others, passed = (units_of(rows) for rows in (made.rows, made.not_passed, made.passed))
    ratio = f"{count(len(made.passed))}/{len(made.rows)}"
    total = str(made.mean.numerator)
    yield of_mean(f"bình quân {code}", group, f"Bình quân số tiêu chí đạt mỗi {unit}", made.mean, units)
    yield Figure(f"tổng tiêu chí đạt {code}", group, "Tổng số tiêu chí đạt (tử số)", total, units=units)
    yield Figure(f"số đơn vị {code}", group, f"Số {unit} (mẫu số)", count(len(made.rows)), units=units)
    yield Figure(f"số xã có đơn vị {code}", group, "Số xã có đơn vị theo bộ này", count(info.communes))
    yield Figure(f"số tiêu chí {code}", group, "Số tiêu chí của bộ", str(len(info.criteria)))
    yield Figure(f"số đạt {code}", group, f"Số {unit} đạt tất cả tiêu chí", ratio, units=passed)
    left = f"Bình quân các {unit} chưa đạt tất cả tiêu chí"
    yield of_mean(f"bình quân còn lại {code}", group, left, made.mean_of_others, others)


def _lists(info: SetInfo, made: SetFigures) -> Iterator[Figure]:
    code, group, units, lack = info.code, info.short_name, units_of(made.rows), "chưa có kết quả"
    ordered = sorted(made.rows, key=lambda row: row.position)
    listed = names([row.unit_phrase for row in ordered])
    whole = names([row.unit_phrase for row in ordered if row.passed])
    yield worded(f"danh sách {code}", group, "Kết quả từng đơn vị", results(made.rows), lack, units)
    yield worded(f"danh sách thực hiện {code}", group, "Tiến độ từng đơn vị", progress(made.rows), lack, units)
    yield worded(f"tên đơn vị {code}", group, f"Tên các {info.unit}", listed, lack)
    label, nobody = f"Tên các {info.unit} đạt tất cả tiêu chí", f"chưa có {info.unit} nào đạt tất cả tiêu chí"
    yield worded(f"tên đạt {code}", group, label, whole, nobody, units_of(made.passed))
    everywhere = [number for number, met in made.met_by_criterion.items() if made.rows and met == len(made.rows)]
    label, nothing = f"Các tiêu chí mà mọi {info.unit} đều đạt", f"không có tiêu chí nào mọi {info.unit} đều đạt"
    yield worded(f"tiêu chí cả đạt {code}", group, label, criteria_names(info, everywhere), nothing)
    yield Figure(f"số tiêu chí cả đạt {code}", group, f"Số tiêu chí mọi {info.unit} đều đạt", count(len(everywhere)))


def _failed(info: SetInfo, made: SetFigures, reasons: list[Reason]) -> Iterator[Figure]:
    code, group = info.code, info.short_name
    failed = tuple(
        (info.criteria.get(number, str(number)), f"{made.failed_by_criterion[number]} {info.unit} chưa đạt")
        for number in made.hardest
    )
    label, nothing = "Các tiêu chí khó đạt nhất", "không có tiêu chí nào chưa đạt"
    yield worded(f"tiêu chí khó {code}", group, label, hardest(info, made), nothing, failed[:HARDEST_NAMED])
    chosen = _most(made)
    label = f"Các tiêu chí có nhiều {info.unit} chưa đạt nhất, kèm số {info.unit}"
    yield worded(f"tiêu chí chưa đạt {code}", group, label, failures(info, made, chosen), nothing, failed)
    label, lack = "Lý do Đoàn ghi khi kết luận chưa đạt, nhiều nhất trước", "chưa có lý do nào"
    yield worded(f"lý do chưa đạt {code}", group, label, _reasons(info, reasons), lack, _reason_units(info, reasons))


def _most(made: SetFigures) -> list[int]:
    """The criteria that most units failed: never one without all others that as many units failed."""
    chosen: list[int] = []
    for _, equal in groupby(made.hardest, key=lambda number: made.failed_by_criterion[number]):
        group = list(equal)
        if chosen and len(chosen) + len(group) > FAILED_NAMED:
            break
        chosen += group
    return chosen


def failures(info: SetInfo, made: SetFigures, numbers: Iterable[int]) -> str:
    """ "Trường học (08/9 xã), Y tế (07/9 xã)": how many units failed each; of one unit the names alone."""
    chosen = list(numbers)
    if len(made.rows) == 1:
        return criteria_names(info, chosen)
    size = len(made.rows)
    return ", ".join(
        f"{info.criteria.get(number, f'số {number}')} ({count(made.failed_by_criterion[number])}/{size} {info.unit})"
        for number in chosen
    )


def _reasons(info: SetInfo, reasons: list[Reason]) -> str:
    """ "số trường đạt chuẩn chưa đủ (tiêu chí Trường học: 08 xã); …": each reason once, the most frequent first."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    written: dict[str, str] = {}
    for row in reasons:
        text = small(plain(row.text)).replace(";", ",")
        if text:
            key = text.casefold()
            written.setdefault(key, text)
            found[key][row.number] += 1
    # The sort keeps the order of the round among equals.
    ordered = sorted(found.items(), key=lambda item: -item[1].total())[:REASONS_NAMED]
    return "; ".join(f"{written[key]} ({_told(info, numbers)})" for key, numbers in ordered)


def _told(info: SetInfo, numbers: Counter[int]) -> str:
    told = [
        f"{info.criteria.get(number, f'số {number}')}: {count(times)} {info.unit}"
        for number, times in sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    ]
    return f"tiêu chí {', '.join(told)}"


def _reason_units(info: SetInfo, reasons: list[Reason]) -> tuple[tuple[str, str], ...]:
    return tuple((row.unit, f"{info.criteria.get(row.number, row.number)}: {plain(row.text)}") for row in reasons)


# ---------------------------------------------------------------- since the round before


def _compared(info: SetInfo, earlier: Earlier | None) -> Iterator[Figure]:
    code, group = info.code, info.short_name
    changes = earlier.changes if earlier else ()
    lack = "đợt trước không có đơn vị nào cùng bộ tiêu chí này"
    named = f"đợt “{earlier.round_name}”" if earlier and changes else ""
    yield worded(f"đợt trước {code}", group, "Đợt được so sánh", named, lack)
    for token, label, numbers in (
        ("mất", "không duy trì được so với đợt trước", [(change, change.lost) for change in changes]),
        ("thêm", "đạt thêm so với đợt trước", [(change, change.gained) for change in changes]),
    ):
        having = [(change, found) for change, found in numbers if found]
        total = sum(len(found) for _, found in having)
        units = tuple((change.row.unit_phrase, criteria_names(info, found)) for change, found in having)
        if changes:
            value, formula = count(total), " + ".join(str(len(found)) for _, found in having)
            yield Figure(f"số tiêu chí {token} {code}", group, f"Số lượt tiêu chí {label}", value, formula, units)
        else:
            yield Figure(
                f"số tiêu chí {token} {code}", group, f"Số lượt tiêu chí {label}", MISSING, lack, is_missing=True
            )
        nothing = "không có tiêu chí nào" if changes else lack
        yield worded(f"tiêu chí {token} {code}", group, f"Các tiêu chí {label}", _changed(info, having), nothing, units)


def _changed(info: SetInfo, having: list[tuple[UnitChange, tuple[int, ...]]]) -> str:
    """ "xã Phúc Khoa: Thu nhập, Y tế; xã Nậm Cần: Môi trường"."""
    return "; ".join(f"{change.row.unit_phrase}: {criteria_names(info, found)}" for change, found in having)


# ---------------------------------------------------------------- tables


def _tables(info: SetInfo, made: SetFigures) -> Iterator[Figure]:
    code, group, unit = info.code, info.short_name, info.unit
    for token, label, table in (
        (f"bảng {code}", f"Bảng kết quả từng {unit}", _unit_table(info, made)),
        (f"bảng tiêu chí {code}", f"Bảng số {unit} đạt từng tiêu chí", _criteria_table(info, made)),
    ):
        if made.rows:
            yield Figure(token, group, label, table.caption, units=units_of(made.rows), table=table)
        else:
            yield Figure(token, group, label, MISSING, "chưa có kết quả", is_missing=True)


def _unit_table(info: SetInfo, made: SetFigures) -> Grid:
    rows = []
    for place, row in enumerate(figures.by_result(made.rows), 1):
        failed = [number for number in sorted(row.verdicts) if row.failed(number)]
        mode = "Trực tiếp" if row.mode == ON_SITE else "Qua báo cáo"
        rows.append((str(place), row.unit_name, mode, result(row), criteria_names(info, failed)))
    header = ("TT", "Đơn vị", "Hình thức kiểm tra", "Số tiêu chí đạt", "Tiêu chí chưa đạt")
    return Grid(f"Kết quả theo bộ tiêu chí {info.goal}", header, tuple(rows), "cllcl")


def _share(units: int, size: int) -> str:
    return f"{count(units) if units else 0}/{size}"


def _criteria_table(info: SetInfo, made: SetFigures) -> Grid:
    size, unit = len(made.rows), info.unit
    rows = tuple(
        (
            str(number),
            name,
            _share(made.met_by_criterion.get(number, 0), size),
            _share(made.failed_by_criterion.get(number, 0), size),
        )
        for number, name in info.criteria.items()
    )
    header = ("TT", "Tiêu chí", f"Số {unit} đạt", f"Số {unit} chưa đạt")
    return Grid(f"Số {unit} đạt từng tiêu chí của bộ tiêu chí {info.goal}", header, rows, "clcc")
