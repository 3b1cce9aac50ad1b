"""How the text is built: numbers of sections, headings, repeated sentences, recommendations with an addressee."""

import re
from collections.abc import Iterator

from ..models import NoticeSection
from .finding import Finding, Spot
from .language import bare, is_near, normal, sentences
from .passages import BODY, HEADING, Heading, Kind, Material, Passage

TYPED_NUMBER = re.compile(r"(?P<n>[IVX]{1,5}|\d{1,2}|[a-zđ])(?P<sign>[.)])\s+(?=\S)")
# A line of the text that looks like a heading: a Roman number, or capitals all along, or a few words under a number.
HEADING_LINE = re.compile(r"(?:(?P<n>[IVX]{1,5})|(?P<m>\d{1,2}))(?P<sign>[.)]) ?(?P<words>\S.*)")
LONGEST_HEADING = 70
SHORTEST_SENTENCE = 6
LONG_SENTENCE = 12
ALIKE = 0.9
# More long sentences than any notice has; beyond them only the last ones are compared.
MOST_COMPARED = 300
ADDRESSEE = re.compile(
    r"(?:đề nghị |giao |yêu cầu )?(?:các |những )?"
    r"(?:cơ quan|đơn vị|phòng|ban|sở|ngành|tổ chức|đoàn thể|thành viên|địa phương|xã|hội|ủy ban nhân dân|ubnd|hđnd|"
    r"hội đồng nhân dân|ủy ban mặt trận|ubmttq|mặt trận|đảng ủy|đảng bộ|huyện ủy|tỉnh ủy|ban chỉ đạo|bcđ|ban quản lý|"
    r"ban phát triển|văn phòng|đoàn kiểm tra|chủ tịch|thủ trưởng|trưởng|liên đoàn|đoàn thanh niên)(?!\w)"
)
# Departments by name are those of the reference data; the words above speak of bodies in general.
NAMED_AGENCY = re.compile(r"(?:Phòng|Chi cục|Trung tâm|Hạt|Sở|Công an|Ban Chỉ huy|Chi nhánh|Kho bạc|Bảo hiểm)(?!\w)")
ASKING = re.compile(r"kiến nghị|đề nghị|đề xuất", re.I)


def found(material: Material) -> Iterator[Finding]:
    yield from _numbers(material)
    yield from _levels(material)
    yield from _same_headings(material)
    yield from _repeated(material)
    yield from _addressees(material)


# ---------------------------------------------------------------- numbers


def _numbers(material: Material) -> Iterator[Finding]:
    """Numbers of headings are counted when printing: a typed one stands beside it, or goes against it."""
    typed: dict[str, Passage] = {}
    for passage in material.of_kind("heading", "addressee", "paragraph"):
        if passage.kind == "paragraph":
            match = HEADING_LINE.match(passage.text)
            if not match or not _is_heading(match):
                continue
            number = f"{match['n'] or match['m']}{match['sign']}"
        else:
            match = TYPED_NUMBER.match(passage.text)
            if not match:
                continue
            number = match["n"] + match["sign"]
        earlier = typed.get(number) if match.re is TYPED_NUMBER or match["n"] else None
        typed.setdefault(number, passage)
        yield _numbered_by_hand(passage, number, earlier, match.end() if match.re is TYPED_NUMBER else len(match[0]))


def _numbered_by_hand(passage: Passage, number: str, earlier: Passage | None, end: int) -> Finding:
    twice = f", trùng với số của {earlier.place}" if earlier else ""
    if passage.kind == "paragraph":
        message = (
            f"tên mục “{passage.text[:50]}” gõ trong nội dung với số “{number}”{twice}; "
            "tách thành một mục, số được đánh khi in."
        )
    else:
        message = f"số “{number}” gõ trong tên mục{twice}; xóa đi, số của mục được đánh khi in."
    return passage.found("number-typed", message, 0, end, is_blocking=True)


def _is_heading(match: re.Match[str]) -> bool:
    words = match["words"]
    letters = [sign for sign in words if sign.isalpha()]
    if letters and all(sign.isupper() for sign in letters) and len(letters) > 3:
        return True
    return len(words) <= LONGEST_HEADING and words[:1].isupper() and not words.endswith((".", ";", ","))


def _levels(material: Material) -> Iterator[Finding]:
    """A section of the second level stands under one of the first, of the third under one of the second."""
    before = 0
    for heading in material.headings:
        if not heading.number:
            continue
        level = heading.written.level if heading.written.kind == Kind.SECTION else 1
        if level > before + 1:
            name = f"“{heading.written.heading}”"
            yield _at_heading(
                heading, "level", f"mục {name} ở cấp {level} nhưng không nằm trong mục cấp {level - 1} nào."
            )
        before = level


def _same_headings(material: Material) -> Iterator[Finding]:
    """Two sections of one parent do not bear one name."""
    seen: dict[tuple[str, str], Heading] = {}
    for heading in material.headings:
        parent = heading.path.rpartition(".")[0]
        name = normal(heading.written.heading)
        if not heading.number or not name:
            continue
        earlier = seen.setdefault((parent, name), heading)
        if earlier is not heading:
            yield _at_heading(
                heading,
                "heading-twice",
                f"tên mục “{heading.written.heading}” trùng với {earlier.place}; đổi tên hoặc gộp.",
            )


def _at_heading(heading: Heading, code: str, message: str) -> Finding:
    name = heading.written.heading
    return Finding(heading.place, message, code, name, True, name, Spot(heading.pk, HEADING, 0, name))


# ---------------------------------------------------------------- sentences said twice


def _repeated(material: Material) -> Iterator[Finding]:
    seen: dict[str, Passage] = {}
    long: list[tuple[frozenset[str], Passage]] = []
    for passage in material.prose:
        for start, sentence in sentences(passage.text):
            words = normal(sentence)
            if words.count(" ") + 1 < SHORTEST_SENTENCE:
                continue
            quoted = f"“{sentence[:70].rstrip()}{'…' if len(sentence) > 70 else ''}”"
            earlier = seen.setdefault(words, passage)
            if earlier is not passage or _is_again(passage, words, start):
                message = f"câu {quoted} đã có ở {earlier.place}; giữ một nơi."
                yield passage.found("sentence-twice", message, start, start + len(sentence))
                continue
            parts = frozenset(words.split())
            # A result told shortly at first and in full later is no repetition.
            if len(parts) >= LONG_SENTENCE and not passage.figures(start, start + len(sentence)):
                alike = next((other for known, other in long[-MOST_COMPARED:] if _alike(parts, known)), None)
                if alike is not None:
                    message = f"câu {quoted} gần như trùng với một câu ở {alike.place}."
                    yield passage.found("sentence-alike", message, start, start + len(sentence))
                long.append((parts, passage))


def _is_again(passage: Passage, words: str, start: int) -> bool:
    """Whether the same sentence stands earlier in the same passage."""
    return any(begin < start and normal(sentence) == words for begin, sentence in sentences(passage.text))


def _alike(first: frozenset[str], second: frozenset[str]) -> bool:
    shared = len(first & second)
    return shared >= ALIKE * (len(first) + len(second) - shared)


# ---------------------------------------------------------------- recommendations


def _addressees(material: Material) -> Iterator[Finding]:
    yield from _without(material)
    told: set[str] = set()
    before = None
    for passage in material.of_kind("addressee"):
        name = " ".join(passage.text.split())
        if name != before and bare(name) in told:
            yield passage.found("addressee-twice", f"“{name}” đã có kiến nghị ở trên; gộp vào một chỗ.")
        told.add(bare(name))
        before = name
        if not _is_known(name, material):
            yield passage.found(
                "addressee-unknown", f"“{name}” không có trong danh mục phòng, ban; kiểm tra lại nơi thực hiện."
            )


def _without(material: Material) -> Iterator[Finding]:
    """What is asked of nobody."""
    for place, (addressee, text) in enumerate(material.recommendations, 1):
        if not addressee.strip():
            message = f"kiến nghị thứ {place} (“{text[:60].rstrip()}…”) chưa có nơi thực hiện."
            yield Finding("Kiến nghị", message, "no-addressee", text, True, "Kiến nghị", _spot_of(material))
    for passage in material.prose:
        is_lead = passage.part == Kind.RECOMMENDATIONS and passage.target == BODY
        if is_lead and (passage.kind == "dash" or not material.recommendations):
            message = (
                f"“{passage.text[:60].rstrip()}…” chưa có nơi thực hiện; chuyển vào kiến nghị của một cơ quan, đơn vị."
            )
            yield passage.found("no-addressee", message, is_blocking=True)
    for heading in material.headings:
        section = heading.written
        if section.kind == NoticeSection.Kind.SECTION and section.level == 1 and ASKING.search(section.heading):
            dashes = [one for one in material.prose if one.kind == "dash" and one.anchor == section.heading]
            for passage in dashes:
                yield passage.found(
                    "no-addressee",
                    "kiến nghị viết ngay dưới tên mục, chưa có nơi thực hiện; chuyển vào phần kiến nghị.",
                )


def _spot_of(material: Material) -> Spot:
    pk = next((heading.pk for heading in material.headings if heading.written.kind == Kind.RECOMMENDATIONS), None)
    return Spot(pk)


def _is_known(name: str, material: Material) -> bool:
    if not name or name in material.names.agencies:
        return True
    if NAMED_AGENCY.match(name):
        # "Phòng Y tế huyện" of a known "Phòng Y tế"; a misspelt one is told by its right name.
        known = material.names.agencies
        is_other = any(name.startswith(f"{agency} ") or is_near(agency, name) for agency in known)
        return not known or is_other
    return ADDRESSEE.match(name.casefold()) is not None
