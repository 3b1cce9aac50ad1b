"""Lists of units with their results: no unit twice, missing or unknown, results as concluded, sums as stated."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from communes.notation import count, number
from inspections.figures import TWO_PLACES, UnitRow

from ..wording import result
from .finding import Finding
from .known import MODES, Known, KnownSet, speaks_of_title
from .language import AIM, NOUN, bare, clause_before, decimal
from .passages import Material, Passage

ITEM = re.compile(
    rf"(?<!\w)(?P<noun>{NOUN}) (?P<name>(?:[^\s\d(){{}},;:.]+ ){{1,5}}?)"
    r"(?P<verb>[:(]? ?(?:thực hiện )?(?:đạt )?(?:được )?)"
    r"(?P<met>\d{1,6})/(?P<of>\d{1,6})(?P<end> tiêu chí)?"
)
BETWEEN = re.compile(r"[\s;,)]*(?:(?:và|còn)\s+)?")
MEAN_BEFORE = re.compile(r"(\d{1,6}(?:[.,]\d{1,6})?) tiêu chí/(?:xã|bản|thôn|ấp)[\s(:]*$")
COUNT_BEFORE = re.compile(
    rf"(?<![\d/,.])(\d{{1,6}}) (?:trong số )?(?P<noun>{NOUN})(?![^\s(:])(?P<rest>[^();]*)[\s(:]*$"
)
NAMED = re.compile(rf"(?<![\d/,.])(?P<count>\d{{1,6}}) (?P<noun>{NOUN}) \((?P<names>[^()\d]+)\)")
PARTED = re.compile(r",\s+|;\s+|\s+và\s+")


@dataclass(frozen=True, slots=True)
class Item:
    """A unit with its result as the text states it."""

    noun: str
    name: str
    verb: str
    met: int
    of: int
    start: int
    end: int

    @property
    def phrase(self) -> str:
        return f"{self.noun} {self.name}"

    @property
    def result(self) -> str:
        return f"{count(self.met)}/{self.of}"


def found(material: Material, known: Known) -> Iterator[Finding]:
    for passage in material.prose:
        if any(sign.isdigit() for sign in passage.text):
            for group in groups(passage.text, known):
                yield from _group(passage, group, known)
            yield from _named(passage, known)


def groups(text: str, known: Known) -> Iterator[list[Item]]:
    """Units with results that stand side by side."""
    sizes = {one.made.criteria for one in known.sets}
    group: list[Item] = []
    for match in ITEM.finditer(text):
        name = match["name"].strip()
        if not name[:1].isupper() or not (match["end"] or int(match["of"]) in sizes):
            continue
        item = Item(
            match["noun"],
            name,
            match["verb"].strip(": ("),
            int(match["met"]),
            int(match["of"]),
            match.start(),
            match.end(),
        )
        if group and not BETWEEN.fullmatch(text, group[-1].end, item.start):
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _group(passage: Passage, group: list[Item], known: Known) -> Iterator[Finding]:
    before = clause_before(passage.text, group[0].start, re.compile(r";|[.…](?=\s)|(?<=\))"))
    chosen = _set_of(group, before, known)
    if chosen is None or AIM.search(clause_before(passage.text, group[0].start)):
        return
    wrong = [*_items(passage, group, chosen, known), *_whole(passage, group, chosen, before, known)]
    yield from wrong
    yield from _verbs(passage, group)
    yield from _sum(passage, group, before, chosen, is_told=bool(wrong))


def _set_of(group: list[Item], before: str, known: Known) -> KnownSet | None:
    """The set that the list speaks of: by its results, then by the words before it."""
    is_title = speaks_of_title(before) or any("thực hiện" in item.verb for item in group)

    def score(one: KnownSet) -> tuple[int, int, bool]:
        rows = [_rows(item, one, known) for item in group]
        right = sum(
            any((row.met, row.criteria) == (item.met, item.of) for row in found)
            for item, found in zip(group, rows, strict=True)
        )
        return right, sum(map(bool, rows)), one.info.is_advanced == is_title

    sets = [one for one in known.sets if one.has(group[0].noun)]
    return max(sets, key=score) if sets else None


def _rows(item: Item, one: KnownSet, known: Known) -> list[UnitRow]:
    return known.rows.get((one.info.code, bare(item.phrase)), [])


def _items(passage: Passage, group: list[Item], one: KnownSet, known: Known) -> Iterator[Finding]:
    seen = Counter(bare(item.phrase) for item in group)
    told: set[str] = set()
    for item in group:
        rows, key = _rows(item, one, known), bare(item.phrase)
        if not rows:
            yield passage.found(
                "list-unknown",
                f"“{item.phrase}” không có hồ sơ đã kết luận theo bộ {one.info.short_name} trong đợt này.",
                item.start,
                item.end,
                is_blocking=True,
            )
        elif seen[key] > len(rows) and key in told:
            yield passage.found(
                "list-twice",
                f"“{item.phrase}” được liệt kê {count(seen[key])} lần; mỗi đơn vị chỉ nêu một lần.",
                item.start,
                item.end,
                is_blocking=True,
            )
        if rows and all((row.met, row.criteria) != (item.met, item.of) for row in rows):
            right = " hoặc ".join(dict.fromkeys(result(row) for row in rows))
            yield passage.found(
                "list-result",
                f"“{item.phrase}” ghi {item.result} tiêu chí, Đoàn kết luận {right}.",
                item.start,
                item.end,
                is_blocking=True,
            )
        told.add(key)


def _whole(passage: Passage, group: list[Item], one: KnownSet, before: str, known: Known) -> Iterator[Finding]:
    """A list that is meant to be of all units has all; a count before it is that of the list."""
    named = {bare(item.phrase) for item in group}
    missing = [row.unit_phrase for row in one.made.rows if bare(row.unit_phrase) not in named]
    is_all = MEAN_BEFORE.search(before) is not None or 2 * len(group) > one.size
    if missing and is_all and len(missing) < one.size:
        yield passage.found(
            "list-missing",
            f"danh sách thiếu {', '.join(missing)} (bộ {one.info.short_name} có {count(one.size)} {one.info.unit}).",
            group[0].start,
            group[-1].end,
            is_blocking=True,
        )
        return
    stated = COUNT_BEFORE.search(before)
    if stated and int(stated[1]) != len(group) and not is_of_examples(stated["rest"]):
        yield passage.found(
            "list-count",
            f"nêu “{stated[1]} {stated['noun']}” nhưng liệt kê {count(len(group))}.",
            group[0].start,
            group[-1].end,
            is_blocking=True,
        )


def is_of_examples(words: str) -> bool:
    """Whether the list is announced as examples only."""
    return any(word in words for word in ("như", "trong đó", "điển hình", "tiêu biểu", "nhất là"))


def _verbs(passage: Passage, group: list[Item]) -> Iterator[Finding]:
    lacking = [item for item in group if "đạt" not in item.verb]
    if len(lacking) < len(group):
        for item in lacking:
            yield passage.found("list-verb", f"“{item.phrase} {item.result}” thiếu chữ “đạt”.", item.start, item.end)


def _sum(passage: Passage, group: list[Item], before: str, one: KnownSet, *, is_told: bool) -> Iterator[Finding]:
    """The mean stated right before a list is the mean of its results."""
    stated = MEAN_BEFORE.search(before)
    value = decimal(stated[1]) if stated else None
    total = sum(item.met for item in group)
    computed = (Decimal(total) / len(group)).quantize(TWO_PLACES, ROUND_HALF_UP)
    if stated is None or value is None or computed == value or (is_told and value == one.made.mean.value):
        return
    end = group[0].start
    yield passage.found(
        "list-mean",
        f"các kết quả liệt kê cộng lại được {total} : {len(group)} = {number(computed, 2)}, văn bản ghi “{stated[1]}”.",
        passage.text.rindex(stated[1], 0, end),
        end,
        is_blocking=True,
    )


# ---------------------------------------------------------------- names without results


def _named(passage: Passage, known: Known) -> Iterator[Finding]:
    """A count with the names it counts: "02 xã (xã Hố Mít và xã Mường Khoa)"; by report, those inspected by report."""
    for match in NAMED.finditer(passage.text):
        noun = match["noun"]
        names = [name.strip() for name in PARTED.split(match["names"]) if name.strip()]
        phrases = [name if name.startswith(noun) else f"{noun} {name}" for name in names]
        units = {bare(row.unit_phrase): row.unit_phrase for row in known.facts.rows}
        if not all(bare(phrase) in units for phrase in phrases):
            continue
        if int(match["count"]) != len(phrases):
            yield passage.found(
                "list-count",
                f"nêu “{match['count']} {noun}” nhưng kể tên {count(len(phrases))}.",
                match.start(),
                match.end(),
                is_blocking=True,
            )
        before = clause_before(passage.text, match.start())
        mode = next((mode for mode, words in MODES if re.search(rf"{words}[^,;]{{0,20}}$", before)), None)
        if mode:
            right = known.inspected(mode)
            if {bare(phrase) for phrase in phrases} != {bare(phrase) for phrase in right}:
                yield passage.found(
                    "list-names",
                    f"kể tên {', '.join(phrases)}; theo đợt kiểm tra là {', '.join(right) or 'không có xã nào'}.",
                    match.start(),
                    match.end(),
                    is_blocking=True,
                )
