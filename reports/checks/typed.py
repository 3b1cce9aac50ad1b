"""Numbers, dates and document numbers that were typed although data states them: equal, nearly equal, others."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cached_property

from communes.notation import count, decree_day

from ..wording import Cited, Figure, RoundFacts
from .finding import Finding
from .known import Known
from .language import AIM, CLAUSE_END, NOUN, bare, clause_before, decimal, distance
from .lists import groups
from .passages import Kind, Material, Passage

DOCUMENT = re.compile(r"(?<![\w/])(?P<n>\d{1,6})(?P<rest>(?:/\d{4})?/(?:[A-ZĐ][\wĐđ]*)(?:-[A-ZĐ][\wĐđ]*)*)")
DAY = re.compile(r"(?<![\d/.-])(?P<d>\d{1,2})(?P<s>[/.-])(?P<m>\d{1,2})(?P=s)(?P<y>\d{4})(?![\d/])")
DAY_IN_WORDS = re.compile(r"ngày (?P<d>\d{1,2}) tháng (?P<m>\d{1,2}) năm (?P<y>\d{4})")
DATED = re.compile(rf"{DOCUMENT.pattern},? ngày (?P<day>\d{{1,2}}/\d{{1,2}}/\d{{4}})")
PERIOD = re.compile(r"từ ngày (?P<a>\d{1,2}/\d{1,2}/\d{4}) đến (?:hết )?ngày (?P<b>\d{1,2}/\d{1,2}/\d{4})")
YEAR = re.compile(r"(?<!đến )(?<!trước )(?<!hết )(?<!cuối )năm (?P<y>(?:19|20)\d\d)(?!\s*[-–]\s*\d)(?!\d)", re.I)
DECIMAL = re.compile(r"(?<![\w/.,-])\d{1,3}[.,]\d{1,2}(?![\w/]|[.,]\d)")
RESULT = re.compile(r"(?<![\w/.,-])(?P<n>\d{1,6})/(?P<of>\d{1,6})(?=\s+(?P<noun>tiêu chí|xã|bản|thôn|ấp)(?!\w))")
COUNT = re.compile(rf"(?<![\w/.,-])(?P<n>\d{{1,6}})(?=\s+(?:lượt\s+)?(?P<noun>tiêu chí|{NOUN})(?!\w|/))")
SHORT_COUNT = re.compile(
    rf"(?<![\w/.,-])(?<!nhóm )(?<!loại )(?<!khoản )(?<!mục )(?<!điều )(?<!mỗi )(?P<n>[1-9])\s+{NOUN}(?!\w)", re.I
)
CODED = re.compile(r"(?:chỉ tiêu|tiêu chí|mục|điểm|khoản|điều|phiên bản|số)(?: số)?\s*$", re.I)
# A number with one of these units measures something else.
MEASURED = re.compile(
    r"\s*(?:%|‰|km|ha|m2|m²|m³|m(?!\w)|kg|tấn|tạ|lít|triệu|tỷ|tỉ|nghìn|đồng|người|hộ|lao động|ngày|điểm|lần)"
)
BLANK_DAY = re.compile(r"ngày\s*(?:…|\.{2,}|_{2,}|\s{2,})\s*tháng|ngày\s+tháng\s+\d{1,2}\s+năm|ngày\s*(?:…|\.{2,})/")
ISSUED = re.compile(r"(?:^|\s)Số:\s*\d{0,6}\s*/?\s*(?:[A-ZĐ]+-[A-ZĐ]+|…|\.{2,})")
# How many signs before and after a number say what it is.
NEARBY = 40
OPENING = (Kind.PREAMBLE, Kind.CLOSING)


@dataclass(frozen=True)
class Bound:
    """The figures of the palette by the form in which texts would state them by hand."""

    material: Material
    known: Known

    @property
    def facts(self) -> RoundFacts:
        return self.material.facts

    @cached_property
    def means(self) -> list[tuple[Decimal, Figure]]:
        rows = self.material.palette.values()
        numbers = ((decimal(row.value), row) for row in rows if re.fullmatch(r"\d+,\d+", row.value))
        return [(value, row) for value, row in numbers if value is not None]

    @cached_property
    def ratios(self) -> dict[tuple[int, int], Figure]:
        found: dict[tuple[int, int], Figure] = {}
        for row in self.material.palette.values():
            match = re.fullmatch(r"(\d+)/(\d+)", row.value)
            if match:
                found.setdefault((int(match[1]), int(match[2])), row)
        return found

    @cached_property
    def counts(self) -> list[tuple[int, str, Figure]]:
        """(number, what it counts, figure); how many criteria a set has is no result."""
        found = []
        for row in self.material.palette.values():
            noun = re.search(rf"(?<!\w)(?:tiêu chí|{NOUN})(?!\w)", row.label.casefold())
            if re.fullmatch(r"\d{1,4}", row.value) and noun and not row.token.startswith(("số tiêu chí", "năm")):
                found.append((int(row.value), noun[0], row))
        return found

    @cached_property
    def results(self) -> set[tuple[int, int]]:
        return {(row.met, row.criteria) for row in self.facts.rows}

    @cached_property
    def documents(self) -> list[tuple[Cited, str]]:
        """(document, token that cites it)."""
        named = ((self.facts.plan, "{kế hoạch}"), (self.facts.report, "{báo cáo}"))
        own = [(row, token) for row, token in named if row is not None]
        return [*own, *((row, f"{{số văn bản {key}}}") for key, row in self.facts.documents.items())]


def found(material: Material, known: Known) -> Iterator[Finding]:
    bound = Bound(material, known)
    for passage in material.of_kind("subject", "paragraph", "dash"):
        yield from _issue(passage, material)
        if any(sign.isdigit() for sign in passage.text):
            is_opening = passage.part in OPENING
            yield from _documents(passage, bound)
            yield from _days(passage, bound, is_opening=is_opening)
            yield from _years(passage, bound, is_opening=is_opening)
            yield from _means(passage, bound)
            yield from _results(passage, bound)
            yield from _counts(passage, bound)


# ---------------------------------------------------------------- number and date of issue


def _issue(passage: Passage, material: Material) -> Iterator[Finding]:
    """They are given at issue, and stand in the letterhead alone."""
    message = "số và ngày của văn bản chỉ ghi khi ban hành, ở phần đầu; xóa khỏi nội dung."
    for pattern in (BLANK_DAY, ISSUED):
        match = pattern.search(passage.text)
        if match:
            yield passage.found(
                "issue-number", f"“{match[0].strip()}”: {message}", match.start(), match.end(), is_blocking=True
            )
            return
    for match in DOCUMENT.finditer(passage.text) if material.symbol else ():
        is_own = match["rest"] == f"/{material.symbol}" and match[0] != material.replaced
        # A bound number is that of another notice, the one before.
        if is_own and passage.is_typed(*match.span()):
            yield passage.found(
                "issue-number", f"“{match[0]}”: {message}", match.start(), match.end(), is_blocking=True
            )


# ---------------------------------------------------------------- documents and days


def _documents(passage: Passage, bound: Bound) -> Iterator[Finding]:
    for match in DOCUMENT.finditer(passage.text):
        if not passage.is_typed(*match.span()) or match["rest"] == f"/{bound.material.symbol}":
            continue
        number = match[0]
        same = next(((row, token) for row, token in bound.documents if row.number == number), None)
        near = next(((row, token) for row, token in bound.documents if _is_near(row.number, number)), None)
        if same:
            message = f"số văn bản “{number}” gõ tay; chèn {same[1]} từ bảng số liệu."
        elif near:
            message = (
                f"số văn bản “{number}” gần giống {near[0].short} trong dữ liệu; nếu là văn bản đó, chèn {near[1]}."
            )
        else:
            message = f"số văn bản “{number}” gõ tay; khai ở mục Văn bản viện dẫn rồi chèn từ bảng số liệu."
        code = "document" if near and not same else "typed-document"
        yield passage.found(code, message, *match.span(), is_blocking=code == "document")
    for match in DATED.finditer(passage.text):
        cited = next((row for row, _ in bound.documents if row.number == match["n"] + match["rest"]), None)
        day = _day(match["day"])
        if cited and day != cited.issued_on and passage.is_typed(*match.span()):
            message = f"“{match[0]}”: {cited.short} ban hành ngày {decree_day(cited.issued_on)}."
            yield passage.found("document-day", message, *match.span(), is_blocking=True)


def _is_near(known: str, typed: str) -> bool:
    first, second = known.partition("/"), typed.partition("/")
    return first[2] == second[2] and first[0] != second[0] and distance(first[0], second[0]) <= 1


def _day(written: str) -> date | None:
    match = DAY.fullmatch(written) or DAY_IN_WORDS.fullmatch(written)
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"])) if match else None
    except ValueError:
        return None


def _days(passage: Passage, bound: Bound, *, is_opening: bool) -> Iterator[Finding]:
    facts, text = bound.facts, passage.text
    for match in PERIOD.finditer(text):
        if (_day(match["a"]), _day(match["b"])) != (facts.period_from, facts.period_to) and (
            is_opening or passage.is_typed(*match.span())
        ):
            right = f"từ ngày {decree_day(facts.period_from)} đến ngày {decree_day(facts.period_to)}"
            is_near = is_opening or _is_near_period(match, facts)
            if is_near:
                yield passage.found("day", f"“{match[0]}”: đợt kiểm tra {right}.", *match.span(), is_blocking=True)
    for pattern in (DAY, DAY_IN_WORDS):
        for match in pattern.finditer(text):
            if passage.is_typed(*match.span()):
                yield from _typed_day(passage, match, bound, is_opening=is_opening)


def _is_near_period(match: re.Match[str], facts: RoundFacts) -> bool:
    return any(_day(match[name]) == day for name, day in (("a", facts.period_from), ("b", facts.period_to)))


def _typed_day(passage: Passage, match: re.Match[str], bound: Bound, *, is_opening: bool) -> Iterator[Finding]:
    day = _day(match[0])
    if day is None:
        yield passage.found("day", f"“{match[0]}” không phải là một ngày có thật.", *match.span(), is_blocking=True)
        return
    facts = bound.facts
    own = {facts.period_from: "{từ ngày}", facts.period_to: "{đến ngày}"}
    cited = {row.issued_on: f"{{ngày văn bản {key}}}" for key, row in facts.documents.items()}
    token = own.get(day) or cited.get(day)
    if token:
        yield passage.found("typed-day", f"ngày “{match[0]}” gõ tay; chèn {token} từ bảng số liệu.", *match.span())
    elif is_opening:
        yield passage.found(
            "typed-day",
            f"ngày “{match[0]}” gõ tay, không có trong số liệu của đợt; chèn ngày từ bảng số liệu.",
            *match.span(),
        )
    elif match.re is DAY and match[0] != decree_day(day):
        yield passage.found("day-style", f"“{match[0]}” viết là {decree_day(day)}.", *match.span())


def _years(passage: Passage, bound: Bound, *, is_opening: bool) -> Iterator[Finding]:
    year = bound.facts.year
    tokens = {year: "{năm}", year + 1: "{năm sau}"}
    for match in YEAR.finditer(passage.text):
        told, span = int(match["y"]), (match.start("y"), match.end("y"))
        if not passage.is_typed(*span):
            continue
        if passage.kind == "subject" or (is_opening and told not in tokens):
            if told != year:
                yield passage.found(
                    "year", f"“năm {told}”: đợt kiểm tra này là của năm {year}.", *span, is_blocking=False
                )
        elif is_opening and not _is_in_day(passage.text, match.start("y")):
            yield passage.found("typed-year", f"“năm {told}” gõ tay; chèn {tokens[told]} từ bảng số liệu.", *span)


def _is_in_day(text: str, place: int) -> bool:
    return re.search(r"tháng \d{1,2} năm $", text[max(0, place - NEARBY) : place]) is not None


# ---------------------------------------------------------------- means, results, counts


def _means(passage: Passage, bound: Bound) -> Iterator[Finding]:
    for match in DECIMAL.finditer(passage.text):
        rest = passage.text[match.end() : match.end() + NEARBY]
        before = passage.text[max(0, match.start() - NEARBY) : match.start()]
        if not passage.is_typed(*match.span()) or CODED.search(before):
            continue
        value = decimal(match[0])
        if value is None:
            continue
        if not MEASURED.match(rest):
            equal = next((row for mean, row in bound.means if mean == value), None)
            near = next((row for mean, row in bound.means if is_near_mean(mean, value)), None)
            if equal:
                yield passage.found(
                    "typed", f"“{match[0]}” gõ tay; chèn {equal.insert} từ bảng số liệu.", *match.span()
                )
                continue
            if near and not _is_change(before):
                message = (
                    f"“{match[0]}” gõ tay và khác số liệu: {near.label.lower()} là {near.value}; chèn {near.insert}."
                )
                yield passage.found("figure", message, *match.span(), is_blocking=True)
                continue
        if "." in match[0]:
            yield passage.found(
                "decimal-point", f"“{match[0]}” viết bằng dấu phẩy: {match[0].replace('.', ',')}.", *match.span()
            )


def _is_change(before: str) -> bool:
    return re.search(r"(?:tăng|giảm|thêm)(?: \w+)?\s*$", before, re.I) is not None


def is_near_mean(mean: Decimal, typed: Decimal) -> bool:
    """Off by a unit or two in the last place, rounded, cut, or with one figure wrong or two exchanged."""
    if abs(mean - typed) <= Decimal("0.02"):
        return True
    exponent = typed.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if places < 2:
        step = Decimal(1).scaleb(-places)
        return typed in (mean.quantize(step, ROUND_HALF_UP), mean.quantize(step, ROUND_DOWN))
    first, second = str(mean), str(typed)
    return len(first) == len(second) and distance(first, second) == 1


def _results(passage: Passage, bound: Bound) -> Iterator[Finding]:
    """ "18/19 tiêu chí", "01/9 bản": a list of results is named once."""
    listed = [(group[0].start, group[-1].end, group) for group in groups(passage.text, bound.known)]
    for start, end, group in listed:
        is_aim = AIM.search(clause_before(passage.text, start))
        if (
            not is_aim
            and passage.is_typed(start, end)
            and any(
                passage.is_typed(match.start(), match.end("of"))
                for match in RESULT.finditer(passage.text, start, end + 12)
            )
        ):
            named = "danh sách kết quả" if len(group) > 1 else f"kết quả của {group[0].phrase}"
            message = f"{named} gõ tay; chèn danh sách từ bảng số liệu để khớp với kết luận."
            yield passage.found("typed", message, start, end)
    for match in RESULT.finditer(passage.text):
        if not passage.is_typed(*match.span()) or any(start <= match.start() < end for start, end, _ in listed):
            continue
        pair, clause = (int(match["n"]), int(match["of"])), clause_before(passage.text, match.start())
        if AIM.search(clause):
            continue
        if match["noun"] == "tiêu chí" and pair in bound.results:
            yield passage.found("typed", f"kết quả “{match[0]} tiêu chí” gõ tay; chèn số liệu từ bảng.", *match.span())
        elif match["noun"] != "tiêu chí" and pair in bound.ratios:
            figure = bound.ratios[pair]
            yield passage.found("typed", f"“{match[0]} {match['noun']}” gõ tay; chèn {figure.insert}.", *match.span())


def _counts(passage: Passage, bound: Bound) -> Iterator[Finding]:
    told = set()
    for match in COUNT.finditer(passage.text):
        value, noun, span = int(match["n"]), match["noun"], match.span()
        clause = clause_before(passage.text, match.start(), CLAUSE_END)
        if (
            not passage.is_typed(*span)
            or CODED.search(passage.text, max(0, match.start() - NEARBY), match.start())
            or AIM.search(clause)
        ):
            continue
        equal = [row for number, counted, row in bound.counts if number == value and counted == noun]
        near = [row for number, counted, row in bound.counts if counted == noun and _is_near_count(number, value)]
        if equal:
            figure = max(equal, key=lambda row: _fits(row, clause))
            told.add(match.start())
            yield passage.found("typed", f"“{match[0]} {noun}” gõ tay; chèn {figure.insert} từ bảng số liệu.", *span)
        elif near:
            figure = near[0]
            message = (
                f"“{match[0]} {noun}” gõ tay, gần bằng {figure.label.lower()} ({figure.value}); chèn {figure.insert}."
            )
            yield passage.found("figure", message, *span, is_blocking=noun == "tiêu chí")
    for match in SHORT_COUNT.finditer(passage.text):
        if match.start() not in told and passage.is_typed(*match.span()):
            message = f"“{match[0]}”: số đếm dưới mười viết có số 0 ở trước, {count(int(match['n']))}."
            yield passage.found("count-style", message, *match.span())


def _is_near_count(number: int, typed: int) -> bool:
    """From twenty on: a smaller count is near to too many others to say anything."""
    return number >= 20 and (
        abs(number - typed) == 1 or (number != typed and sorted(str(number)) == sorted(str(typed)))
    )


def _fits(figure: Figure, text: str) -> int:
    """How many words of the figure's name the passage has: "số xã trực tiếp" beside "kiểm tra trực tiếp"."""
    words = bare(text)
    return sum(bare(word) in words for word in f"{figure.token} {figure.label}".split())


def without_covered(findings: list[Finding]) -> list[Finding]:
    """A number that is wrong is not also told to be typed: of two findings on the same signs the blocking one stays."""
    serious = [one for one in findings if one.is_blocking and one.code not in CODES]
    return [one for one in findings if one.code not in CODES or not any(_covers(other, one) for other in serious)]


CODES = frozenset(("typed", "figure", "typed-day", "typed-document", "typed-year"))


def _covers(outer: Finding, inner: Finding) -> bool:
    first, second = outer.spot, inner.spot
    if (first.section_pk, first.target, outer.anchor) != (second.section_pk, second.target, inner.anchor):
        return False
    return first.offset < second.end and second.offset < first.end
