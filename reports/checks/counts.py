"""Stated counts of units and criteria: as many as the round has. Typed or bound makes no difference here."""

import re
from collections.abc import Callable, Iterator

from communes.notation import count

from ..wording import BY_REPORT, ON_SITE
from .finding import Finding
from .known import Known, KnownSet
from .language import AIM, NOUN, SENTENCE_PART_END, clause_before
from .passages import Kind, Material, Passage

NUMBER = r"(?<![\d/.,])(?P<n>\d{1,6})"
ON_SITE_TOLD = re.compile(
    rf"trực tiếp (?:tại |đối với |ở )?{NUMBER} xã(?!\w)|{NUMBER.replace('<n>', '<m>')} xã (?:được )?kiểm tra trực tiếp"
)
BY_REPORT_TOLD = re.compile(
    rf"qua báo cáo (?:tại |đối với |của |ở )?{NUMBER} xã(?!\w)"
    rf"|{NUMBER.replace('<n>', '<m>')} xã (?:được )?kiểm tra qua báo cáo"
)
INSPECTED = re.compile(rf"kiểm tra (?:tại |đối với |ở )?{NUMBER} xã(?!\w)")
TOWARD = re.compile(rf"{NUMBER} xã (?:thực hiện |đăng ký |đang )*phấn đấu")
BUILDING = re.compile(rf"xây dựng {NUMBER} (?P<noun>bản|thôn|ấp)(?!\w)(?:[^.;()\d]*? tại (?P<communes>\d{{1,6}}) xã)?")
RATIO = re.compile(
    rf"(?<![\d/.,])(?P<n>\d{{1,6}})/(?P<of>\d{{1,6}}) (?P<noun>{NOUN}) (?P<words>(?:được công nhận )?đạt [^.;:()]*)"
)
WITH_RESULT = re.compile(
    rf"{NUMBER} (?P<noun>{NOUN}) (?:còn lại |cùng |đều |khác )*đạt (?P<met>\d{{1,6}})/(?P<of>\d{{1,6}}) tiêu chí"
)
TOTAL = re.compile(
    r"[Tt]ổng (?:số|cộng)(?: [^\W\d]+){0,6}? (?P<n>\d{1,6})(?:/\d{1,6})? (?:lượt )?tiêu chí(?! ?/)"
    r"|[Tt]ổng số (?:lượt )?tiêu chí(?: [^\W\d]+){0,6}?:? (?P<m>\d{1,6})(?![\d/,.]*\d)"
)
PASSED = re.compile(r"^(?:được công nhận )?đạt (?:chuẩn|bản|thôn|xã|nông thôn mới|NTM|tất cả|toàn bộ|đủ)")
ABOVE = re.compile(r"(?P<n>\d{1,6})/(?P<of>\d{1,6}) tiêu chí")


def found(material: Material, known: Known) -> Iterator[Finding]:
    for passage in material.prose:
        if not any(sign.isdigit() for sign in passage.text):
            continue
        yield from _ways(passage, known)
        yield from _sets(passage, known, is_asked=passage.part == Kind.RECOMMENDATIONS)
        yield from _ratios(passage, known)
        yield from _results(passage, known)
        yield from _totals(passage, known)


def _ways(passage: Passage, known: Known) -> Iterator[Finding]:
    """How many communes were inspected, on site and by report."""
    told: tuple[tuple[re.Pattern[str], str, str], ...] = (
        (ON_SITE_TOLD, ON_SITE, "kiểm tra trực tiếp"),
        (BY_REPORT_TOLD, BY_REPORT, "kiểm tra qua báo cáo"),
        (INSPECTED, "", "được kiểm tra"),
    )
    for pattern, mode, words in told:
        for match in pattern.finditer(passage.text):
            right = len(known.inspected(mode))
            stated = next(value for value in match.groups() if value)
            if known.communes and int(stated) != right:
                yield _wrong(passage, match, f"“{match[0]}”: theo đợt kiểm tra, {count(right)} xã {words}.")


def _sets(passage: Passage, known: Known, *, is_asked: bool) -> Iterator[Finding]:
    """How many units work toward a title; what is asked of somebody speaks of the time to come."""
    if is_asked:
        return
    higher = [one for one in known.sets if one.info.is_advanced and not one.info.is_village]
    villages = [one for one in known.sets if one.info.is_village]
    for match in TOWARD.finditer(passage.text):
        yield from _sizes(passage, match, "n", higher, lambda one: one.size)
    for match in BUILDING.finditer(passage.text):
        yield from _sizes(passage, match, "n", villages, lambda one: one.size)
        if match["communes"]:
            yield from _sizes(passage, match, "communes", villages, lambda one: one.info.communes, "xã")


def _sizes(
    passage: Passage,
    match: re.Match[str],
    name: str,
    sets: list[KnownSet],
    size: Callable[[KnownSet], int],
    noun: str = "",
) -> Iterator[Finding]:
    if sets and int(match[name]) not in {size(one) for one in sets}:
        one = sets[0]
        words = f"{match[name]} {noun or one.info.unit}"
        yield passage.found(
            "count",
            f"“{words}”: theo bộ {one.info.short_name} có {count(size(one))} {noun or one.info.unit}.",
            match.start(name),
            match.start(name) + len(words),
            is_blocking=True,
        )


def _ratios(passage: Passage, known: Known) -> Iterator[Finding]:
    """ "01/9 bản đạt bản NTM nâng cao", "04/9 xã đạt tiêu chí Thu nhập"."""
    for match in RATIO.finditer(passage.text):
        words = match["words"]
        if re.match(r"(?:được công nhận )?đạt \d", words) or AIM.search(clause_before(passage.text, match.start())):
            continue
        pairs = _possible(known, match["noun"], words)
        if pairs and (int(match["n"]), int(match["of"])) not in [pair for pair, _ in pairs]:
            (met, size), one = pairs[0]
            right = f"{count(met)}/{size} {one.info.unit}"
            told = f"{match['n']}/{match['of']} {match['noun']}"
            yield passage.found(
                "count",
                f"“{told} đạt …”: theo bộ {one.info.short_name} là {right}.",
                match.start(),
                match.start() + len(told),
                is_blocking=True,
            )


def _possible(known: Known, noun: str, words: str) -> list[tuple[tuple[int, int], KnownSet]]:
    """What "n/N units" may say: of a criterion that is named, or of the whole set."""
    criterion = re.match(r"(?:được công nhận )?đạt (?:chuẩn )?(?:các )?tiêu chí(?: về)? (?P<name>.+)", words)
    if criterion:
        named = known.criteria_named(criterion["name"], noun)
        return [((one.made.met_by_criterion.get(number, 0), one.size), one) for one, number in named]
    if PASSED.match(words):
        return [((len(one.made.passed), one.size), one) for one in known.of_noun(noun, words)]
    return []


def _results(passage: Passage, known: Known) -> Iterator[Finding]:
    """ "06 xã đạt 14/19 tiêu chí": as many as have that result."""
    for match in WITH_RESULT.finditer(passage.text):
        if AIM.search(clause_before(passage.text, match.start(), SENTENCE_PART_END)):
            continue
        met, of = int(match["met"]), int(match["of"])
        sets = [one for one in known.of_noun(match["noun"]) if one.made.criteria == of]
        having = [sum(row.met == met for row in one.made.rows) for one in sets]
        if sets and int(match["n"]) not in having:
            right = count(max(having))
            message = f"“{match[0]}”: theo kết luận có {right} {match['noun']} đạt {count(met)}/{of} tiêu chí."
            yield _wrong(passage, match, message)


def _totals(passage: Passage, known: Known) -> Iterator[Finding]:
    for match in TOTAL.finditer(passage.text):
        if AIM.search(match[0]):
            continue
        right = {one.made.mean.numerator: one for one in known.sets}
        sizes = {one.made.criteria for one in known.sets}
        group = "n" if match["n"] else "m"
        if right and int(match[group]) not in {*right, *sizes}:
            listed = "; ".join(f"{one.info.short_name}: {total}" for total, one in right.items())
            message = f"“{match[group]}” không phải tổng số tiêu chí đạt ({listed})."
            yield passage.found("count", message, match.start(group), match.end(group), is_blocking=True)
    for match in ABOVE.finditer(passage.text):
        if int(match["n"]) > int(match["of"]):
            yield _wrong(passage, match, f"“{match[0]}”: số đạt lớn hơn số tiêu chí.")


def _wrong(passage: Passage, match: re.Match[str], message: str) -> Finding:
    return passage.found("count", message, match.start(), match.end(), is_blocking=True)
