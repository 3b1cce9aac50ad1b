"""Stated means: each is the mean of the units it names, and "còn lại" are those that have not passed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from communes.notation import count, number
from inspections import figures
from inspections.figures import Mean

from .finding import Finding
from .known import Known, KnownSet, speaks_of_title
from .language import AIM, NOUN, SENTENCE_PART_END, bare, clause_before, decimal
from .passages import Material, Passage

NUMBER = r"(?<![\d.,/])(?P<value>\d{1,6}(?:[.,]\d{1,6})?)"
PER_UNIT = re.compile(rf"{NUMBER} tiêu chí ?/ ?(?:mỗi |01 |1 )?(?P<noun>{NOUN}|đơn vị)(?!\w)")
EACH_UNIT = re.compile(
    rf"(?:[Bb]ình quân|[Tt]rung bình)(?P<words>[^.;:()]{{0,60}}?(?<!\w)(?P<noun>{NOUN})(?!\w)[^.;:()]{{0,30}}?)"
    rf"{NUMBER} tiêu chí(?! ?/)"
)
MEAN = re.compile(r"bình quân|trung bình", re.I)
OTHERS = re.compile(rf"còn lại|(?:{NOUN}) khác(?!\w)|(?:{NOUN}) chưa đạt")
ALL = re.compile(rf"(?:các|tất cả|cả|mỗi|toàn|những|một) (?:{NOUN}|huyện|tỉnh|địa bàn|đơn vị|\d)", re.I)
CHANGE = re.compile(r"(?:tăng|giảm|thêm|cao hơn|thấp hơn)(?: được| bình quân| khoảng)?\s*$", re.I)
# Further off than this it is another year's figure or an aim, which may be told if the words say so.
NEAR = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Stated:
    """A mean as the text gives it. named: how many units it says; others: it speaks of "the others"."""

    passage: Passage
    start: int
    end: int
    noun: str
    value: Decimal
    written: str
    clause: str
    wider: str
    count: int | None
    others: bool

    @property
    def words(self) -> str:
        return self.passage.text[self.start : self.end]

    @property
    def is_named(self) -> bool:
        """Whether the words say of which units it is the mean."""
        return self.count is not None or self.others or bool(ALL.search(self.clause))

    def found(self, code: str, message: str, *, is_blocking: bool = True) -> Finding:
        return self.passage.found(code, message, self.start, self.end, is_blocking=is_blocking)


def found(material: Material, known: Known) -> Iterator[Finding]:
    for passage in material.prose:
        for stated in _stated(passage):
            sets = known.of_noun(stated.noun, stated.wider)
            if sets and not CHANGE.search(stated.clause):
                yield from _others(stated, sets, known) if stated.others else _all(stated, sets)


def _stated(passage: Passage) -> Iterator[Stated]:
    text = passage.text
    if "tiêu chí" not in text:
        return
    taken = set()
    for pattern in (PER_UNIT, EACH_UNIT):
        for match in pattern.finditer(text):
            start, value = match.start("value"), decimal(match["value"])
            if start in taken or value is None:
                continue
            taken.add(start)
            wider = clause_before(text, start, SENTENCE_PART_END)
            clause = clause_before(text, start)
            clause = clause if MEAN.search(clause) or not MEAN.search(wider) else wider
            named = list(re.finditer(rf"(?<![\d/.,])(\d{{1,6}}) (?:{NOUN})(?!\w)", clause))
            yield Stated(
                passage,
                start,
                match.end(),
                match["noun"],
                value,
                match["value"],
                clause,
                wider,
                int(named[-1][1]) if named else None,
                bool(OTHERS.search(clause)),
            )


def _all(stated: Stated, sets: list[KnownSet]) -> Iterator[Finding]:
    """A mean of all units, or of as many as are named."""
    equal = [one for one in sets if one.made.mean.value == stated.value and _speaks_of(stated, one, sets)]
    if any(stated.count in (None, one.size) for one in equal):
        if not stated.is_named:
            one = equal[0]
            yield stated.found(
                "mean-units",
                f"“{stated.words}” chưa nói là bình quân của những đơn vị nào; "
                f"ghi rõ, ví dụ “bình quân {{số đơn vị {one.info.code}}} {one.info.unit} đạt …”.",
                is_blocking=False,
            )
        return
    of_others = [one for one in sets if one.made.passed and one.made.mean_of_others.value == stated.value]
    if any(stated.count == one.made.mean_of_others.denominator for one in of_others):
        return
    if equal:
        one = equal[0]
        yield stated.found(
            "mean-count",
            f"“{stated.words}” là bình quân của {count(one.size)} {one.info.unit}, "
            f"văn bản ghi {count(stated.count)} {stated.noun}.",
        )
    elif of_others:
        one = of_others[0]
        yield stated.found(
            "mean-others",
            f"“{stated.words}” là bình quân của {count(one.made.mean_of_others.denominator)} {one.info.unit} "
            "chưa đạt tất cả tiêu chí, "
            f"không phải của cả {count(one.size)} {one.info.unit} ({_value(one.made.mean)}).",
        )
    else:
        yield from _unlike(stated, sets)


def _speaks_of(stated: Stated, one: KnownSet, sets: list[KnownSet]) -> bool:
    """Whether a set is the one that the words mean, where units are judged by several."""
    is_only = len(sets) == 1 or stated.count == one.size
    return is_only or one.info.is_advanced == speaks_of_title(stated.wider)


def _unlike(stated: Stated, sets: list[KnownSet]) -> Iterator[Finding]:
    """A value that no set has: an aim, another year's, or wrong."""
    fitting = [one for one in sets if _speaks_of(stated, one, sets)] or sets
    one = min(fitting, key=lambda one: abs((one.made.mean.value or 0) - stated.value))
    means = [other.made.mean.value for other in sets if other.made.mean.value is not None]
    is_near = any(abs(mean - stated.value) <= NEAR or round(mean, 0) == stated.value for mean in means)
    if not is_near and AIM.search(stated.wider):
        return
    yield stated.found(
        "mean",
        f"“{stated.words}” không đúng số liệu: bình quân {count(one.size)} {one.info.unit} "
        f"theo bộ {one.info.short_name} là {_formula(one.made.mean)}.",
    )


def _others(stated: Stated, sets: list[KnownSet], known: Known) -> Iterator[Finding]:
    """A mean of "the others": of those that have not passed, or of those that the sentence has not named."""
    if any(_may_be_others(stated, one) for one in sets):
        return
    one = next((one for one in sets if one.made.mean.value == stated.value), sets[0])
    others = one.made.mean_of_others
    whole = f"“{stated.words}” là bình quân của cả {count(one.size)} {one.info.unit}"
    if one.made.mean.value == stated.value and one.made.passed:
        words = f"“các {one.info.unit} còn lại” ({_value(others)})" if others.denominator else "“còn lại”"
        message = f"{whole}, không phải của {words}."
    elif one.made.mean.value == stated.value:
        message = f"{whole}; chưa {one.info.unit} nào đạt tất cả tiêu chí để nói đến “các {one.info.unit} còn lại”."
    else:
        message = (
            f"“{stated.words}” không phải bình quân của các {one.info.unit} còn lại: "
            f"{count(others.denominator)} {one.info.unit} chưa đạt tất cả tiêu chí bình quân {_formula(others)}; "
            f"cả {count(one.size)} {one.info.unit} bình quân {_formula(one.made.mean)}."
        )
    yield stated.found("mean-others", message)


def _may_be_others(stated: Stated, one: KnownSet) -> bool:
    others = one.made.mean_of_others
    fits = stated.count in (None, others.denominator)
    if one.made.passed and others.value == stated.value and fits:
        return True
    # Without a unit that has passed, or with another count, "the others" are those not named before.
    before = bare(stated.passage.text[: stated.start])
    unnamed = [row for row in one.made.rows if bare(row.unit_phrase) not in before]
    candidates = [unnamed]
    if stated.count is not None and stated.count < one.size:
        ordered = figures.by_result(one.made.rows)
        candidates += [ordered[-stated.count :], ordered[: stated.count]]
    return any(
        0 < len(rows) < one.size and stated.count in (None, len(rows)) and figures.mean(rows).value == stated.value
        for rows in candidates
    )


def _value(mean: Mean) -> str:
    return number(mean.value, 2) if mean.value is not None else "không có"


def _formula(mean: Mean) -> str:
    return f"{_value(mean)} ({mean.numerator} : {mean.denominator})" if mean.denominator else "không có"
