"""Vietnamese words, clauses and numbers, as far as the checks must tell them apart. Pure."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from communes.text import unaccent

COMMUNE_NOUNS = frozenset(("xã", "thị trấn", "phường"))
VILLAGE_NOUNS = frozenset(("bản", "thôn", "ấp", "tổ dân phố"))
NOUN = r"(?:xã|bản|thôn|ấp|thị trấn|phường|tổ dân phố)"
# A comma or a point inside a number ends no clause.
CLAUSE_END = re.compile(r"[;:()]|[,.…](?=\s|$)")
SENTENCE_PART_END = re.compile(r"[;()]|[.…](?=\s|$)")
LONGEST_CLAUSE = 800
SENTENCE = re.compile(r"(?:[^.!?…]|[.](?=[^\s]))+[.!?…]*")
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
# What is said of years before or after, of aims and of changes is no figure of the round.
AIM = re.compile(
    r"phấn đấu|mục tiêu|kế hoạch|dự kiến|chỉ tiêu|yêu cầu|hoàn thành|đến năm|năm trước|so với|năm \d{4}", re.I
)


@lru_cache(maxsize=8192)
def bare(text: str) -> str:
    """Without diacritics and case: what two spellings of one name share."""
    return (unaccent(text) or "").casefold()


def clause_before(text: str, place: int, end: re.Pattern[str] = CLAUSE_END) -> str:
    """The words of the same clause before a place; of a longer one the last `LONGEST_CLAUSE` signs."""
    begin = max(0, place - LONGEST_CLAUSE)
    for match in end.finditer(text, begin, place):
        begin = match.end()
    return text[begin:place]


def decimal(written: str) -> Decimal | None:
    """14,89, 14.89 and 1.250 as numbers; None for what is none."""
    text = written.strip()
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", text):
        text = text.replace(".", "")
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


def is_village(noun: str) -> bool:
    return noun.casefold() in VILLAGE_NOUNS


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """(where it begins, sentence) of each sentence; figures with points in them stay whole."""
    for match in SENTENCE.finditer(text):
        sentence = match[0].strip()
        if sentence:
            yield match.start() + len(match[0]) - len(match[0].lstrip()), sentence


def normal(text: str) -> str:
    """A sentence without case, signs and spaces that may differ: equal ones say the same."""
    return " ".join(WORD.findall(text.casefold()))


@lru_cache(maxsize=8192)
def distance(first: str, second: str, most: int = 2) -> int:
    """Letters to change, add, drop or exchange, without diacritics and case; `most` + 1 when there are more."""
    left, right = bare(first), bare(second)
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for at, sign in enumerate(left, 1):
        older, before, row = before, row, [at, *[0] * len(right)]
        for place, other in enumerate(right, 1):
            row[place] = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (sign != other))
            if at > 1 and place > 1 and sign == right[place - 2] and left[at - 2] == other:
                row[place] = min(row[place], older[place - 2] + 1)
    return min(row[-1], most + 1)


def is_near(first: str, second: str) -> bool:
    """Whether one is likely a misspelling of the other: other diacritics or case, or one letter in a longer name."""
    if first == second:
        return False
    if bare(first) == bare(second):
        return True
    return min(len(first), len(second)) >= 5 and distance(first, second) <= 1
