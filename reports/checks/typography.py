"""Signs of the text: composed letters, spaces, stops, quotation marks, brackets, "./." at the end, one word twice."""

import re
import unicodedata
from collections.abc import Iterator

from .finding import Finding
from .passages import Kind, Material, Passage

DOUBLE_SPACE = re.compile(r"(?<=\S)[ \u00a0\t]{2,}(?=\S)")
SPACE_BEFORE = re.compile(r"(?<=[^\W_]|[)”]) +(?=[,;:!?](?:\s|$)|\.(?:\s|$))")
NO_SPACE_AFTER = re.compile(r"(?<=[^\W\d_])[,;](?=[^\W\d_])")
NO_SPACE_AFTER_STOP = re.compile(r"(?<=[a-zà-ỹđ])\.(?=[A-ZĐÀ-Ỹ][a-zà-ỹđ])")
STOPS = re.compile(r"(?<!\.),,|;;|(?<!\.)\.\.(?!\.)|,\.(?!\.)|,;|;,|;\.(?!\.)|(?<!\.)\.;|:\s*[;.,](?!\.)")
INSIDE_BRACKET = re.compile(r"\( +(?=\S)|(?<=\S) +\)")
STRAIGHT_QUOTE = re.compile(r"\"")
END_SIGN = re.compile(r"\./+\.?|/\.")
END = "./."
LETTERED = re.compile(r"(?:^|(?<=[\s;,]))(?:[a-zđ]|\d{1,2})\)")
# Words that never stand twice in a row; doubled ones such as "dần dần" are good Vietnamese.
TWICE = re.compile(
    r"(?<!\w)(các|và|của|là|đã|được|trong|tại|cho|với|theo|về|việc|những|một|có|này|đó|khi|do|từ|đến|trên|để|không|"
    r"thực hiện|xây dựng|tiêu chí|kết quả|công tác|kiểm tra|nông thôn mới|huyện|xã) \1(?!\w)",
    re.I,
)
NEARBY = 40
WORDS_BEFORE = re.compile(r"(?:\S+ )?\S*$")
WORDS_AFTER = re.compile(r"\S*(?: [^\s,;:.]+)?")
FRAGMENT = re.compile(r"^Căn cứ [^,;:.]*(?:\.(?=\s)|\.$)")


def found(material: Material) -> Iterator[Finding]:
    last = next((one for one in reversed(material.passages) if one.part == Kind.CLOSING), None)
    for passage in material.passages:
        yield from _letters(passage)
        yield from _spaces(passage)
        yield from _pairs(passage)
        yield from _words(passage)
        yield from _end(passage, is_last=passage is last)


def _letters(passage: Passage) -> Iterator[Finding]:
    if not unicodedata.is_normalized("NFC", passage.text):
        message = "có chữ viết bằng dấu rời (không phải Unicode dựng sẵn); gõ lại bằng bộ gõ Unicode."
        yield passage.found("nfc", message)


def _spaces(passage: Passage) -> Iterator[Finding]:
    told = (
        (DOUBLE_SPACE, "double-space", "có nhiều dấu cách liền nhau"),
        (SPACE_BEFORE, "space-before", "thừa dấu cách trước dấu câu"),
        (NO_SPACE_AFTER, "space-after", "thiếu dấu cách sau dấu câu"),
        (NO_SPACE_AFTER_STOP, "space-after", "thiếu dấu cách sau dấu câu"),
        (INSIDE_BRACKET, "bracket-space", "thừa dấu cách ở trong ngoặc"),
        (STOPS, "stops", "hai dấu câu liền nhau"),
    )
    for pattern, code, message in told:
        for match in pattern.finditer(passage.text):
            if passage.is_typed(max(match.start() - 1, 0), match.end() + 1):
                start, end = _around(passage.text, match.start(), match.end())
                yield passage.found(code, f"“{passage.text[start:end]}”: {message}.", start, end)


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """Two words before and two after, by which a place is found again."""
    before = WORDS_BEFORE.search(text, max(0, start - NEARBY), start)
    after = WORDS_AFTER.match(text, end, end + NEARBY)
    return (before.start() if before else start), (after.end() if after else end)


def _pairs(passage: Passage) -> Iterator[Finding]:
    """Quotation marks and brackets come in pairs; "a)" opens a point and has no partner."""
    text = passage.text
    straight = STRAIGHT_QUOTE.search(text)
    if straight:
        yield passage.found("quote", 'dùng dấu ngoặc kép “ ” thay cho " ".', straight.start(), straight.end())
    if text.count("“") != text.count("”"):
        place = max(text.rfind("“"), text.rfind("”"))
        yield passage.found("quote", "dấu ngoặc kép không thành cặp.", place, place + 1)
    alone = LETTERED.sub("", text)
    if text.count("(") != text.count(")") and alone.count("(") != alone.count(")"):
        place = max(text.rfind("("), text.rfind(")"))
        yield passage.found("bracket", "dấu ngoặc đơn không thành cặp.", place, place + 1)


def _words(passage: Passage) -> Iterator[Finding]:
    for match in TWICE.finditer(passage.text):
        if not match[0].endswith(match[1].lower()) or not passage.is_typed(*match.span()):
            continue  # "xã Xã Hồ": a name
        yield passage.found("word-twice", f"“{match[0]}” lặp từ.", match.start(), match.end())
    if passage.kind in ("paragraph", "dash"):
        for match in FRAGMENT.finditer(passage.text):
            message = f"“{match[0][:60]}…” là một câu chưa có vế chính; nối với câu sau bằng dấu phẩy."
            yield passage.found("fragment", message, match.start(), match.end())


def _end(passage: Passage, *, is_last: bool) -> Iterator[Finding]:
    """ "./." ends the text, once and nowhere else; where it is not typed the printing adds it."""
    if is_last and passage.text.rstrip().endswith(END):
        text = passage.text.rstrip()
        body = text[: -len(END)]
        if body.rstrip() != body or body.endswith((".", ";", ",", "/")):
            yield passage.found(
                "end",
                f"cuối văn bản ghi “{END}” một lần, liền sau chữ cuối.",
                len(body) - 1,
                len(text),
                is_blocking=True,
            )
            return
        inside = body
    else:
        inside = passage.text
    for match in END_SIGN.finditer(inside):
        if match[0] == END or is_last:
            yield passage.found(
                "end",
                f"“{match[0]}”: dấu “{END}” chỉ ghi một lần, ở cuối văn bản.",
                match.start(),
                match.end(),
                is_blocking=True,
            )
            return
