"""Names of units, places, agencies and people, as the reference data writes them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .finding import Finding
from .language import NOUN, WORD, bare, is_near
from .passages import Material, Names, Passage

# A capital may begin a name of one to four syllables; "xã Nông thôn mới" and "bản NTM" are no names.
NAMED_UNIT = re.compile(
    rf"(?<!\w)(?P<noun>thị xã|thành phố|quận|huyện|tỉnh|{NOUN}) (?=(?P<words>[^\W\d_]+(?:[ -][^\W\d_]+){{0,4}}))", re.I
)
NO_NAME = frozenset(("ntm", "nông", "và", "có", "an", "đạt", "chuẩn", "thuộc", "theo", "trong", "của"))
COMPOUND = re.compile(r"(?:văn|biên|cơ|căn|phiên|dự|nhất|cấp|kịch|bài|làng|lý|một|các|những) $", re.I)
PLACE_NOUNS = frozenset(("huyện", "tỉnh", "thị xã", "thành phố", "quận"))
LONGEST = 4
UNIT, AGENCY, PERSON = "tên đơn vị", "tên cơ quan", "họ tên"


def found(material: Material) -> Iterator[Finding]:
    catalogue = _Catalogue(material.names)
    for passage in material.of_kind("subject", "heading", "paragraph", "dash", "addressee", "recipient"):
        told: set[int] = set()
        for finding, start in (*_after_noun(passage, catalogue), *_anywhere(passage, catalogue)):
            if start not in told:
                told.add(start)
                yield finding
    yield from _signer(material)


def _signer(material: Material) -> Iterator[Finding]:
    name = str(material.required.get("Họ tên người ký", ""))
    people = material.names.people
    near = next((one for one in people if is_near(one, name)), "")
    if near and name not in people:
        yield Finding("Họ tên người ký", f"“{name}” gần giống “{near}”; kiểm tra lại họ tên.", "name", name, False)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A name with its syllables; `what` says what it names."""

    name: str
    what: str
    syllables: tuple[str, ...]


class _Catalogue:
    def __init__(self, names: Names) -> None:
        self.units, self.places = names.units, names.places
        self.exact = {*names.units, *names.places, *names.agencies, *names.people}
        self.by_bare: dict[str, str] = {bare(name): name for name in (*names.places, *names.units)}
        groups: tuple[tuple[str, Iterable[str]], ...] = (
            (UNIT, (*names.units, *names.places)),
            (AGENCY, names.agencies),
            (PERSON, names.people),
        )
        self.entries: dict[str, list[_Entry]] = defaultdict(list)
        for what, listed in groups:
            for name in listed:
                syllables = tuple(bare(word) for word in WORD.findall(name))
                if len(syllables) > 1:
                    # Looked up by first and by last syllable: one of the two may itself be misspelt.
                    entry = _Entry(name, what, syllables)
                    self.entries[syllables[0]].append(entry)
                    if len(syllables) > 2 and syllables[-1] != syllables[0]:
                        self.entries[f"…{syllables[-1]}"].append(entry)


def _after_noun(passage: Passage, catalogue: _Catalogue) -> Iterator[tuple[Finding, int]]:
    """ "xã Nậm Cắn", "xã nậm cần", "huyện Tân Uyển"; and a unit that nobody has heard of."""
    text = passage.text
    for match in NAMED_UNIT.finditer(text):
        noun, start = match["noun"].casefold(), match.start("words")
        if not passage.is_typed(start, match.end("words")) or COMPOUND.search(
            text, max(0, match.start() - 8), match.start()
        ):
            continue
        known = catalogue.places if noun in PLACE_NOUNS else catalogue.units
        words = match["words"].split(" ")[:LONGEST]
        if not known or words[0].casefold() in NO_NAME or _is_known(words, known):
            continue
        right, length = _nearest(words, known)
        written = " ".join(words[:length]) if right else " ".join(_capitals(words))
        end = start + len(written)
        if right:
            message = f"“{match['noun']} {written}” viết sai tên; đúng là “{noun} {right}”."
            yield passage.found("name", message, start, end), start
        elif written.count(" ") and noun not in PLACE_NOUNS and not written.isupper():
            message = f"không có {noun} nào tên “{written}” trong danh mục; kiểm tra lại tên."
            yield passage.found("name-unknown", message, start, end), start


def _is_known(words: list[str], known: frozenset[str]) -> bool:
    joined = [" ".join(words[:length]) for length in range(1, len(words) + 1)]
    if any(name in known for name in joined):
        return True
    capitals = {name.upper() for name in known}
    return any(name in capitals for name in joined)


def _nearest(words: list[str], known: frozenset[str]) -> tuple[str, int]:
    """(right name, how many of the words it replaces); ("", 0) when nothing is near."""
    for length in range(min(len(words), LONGEST), 0, -1):
        written = " ".join(words[:length])
        same = next((name for name in sorted(known) if bare(name) == bare(written)), "")
        if same:
            return same, length
    for length in range(min(len(words), LONGEST), 0, -1):
        written = " ".join(words[:length])
        if not all(word[:1].isupper() for word in words[:length]):
            continue
        near = next((name for name in sorted(known) if is_near(name, written)), "")
        if near and near.count(" ") == length - 1:
            return near, length
    return "", 0


def _capitals(words: list[str]) -> list[str]:
    """The words up to the first that begins with a small letter."""
    end = next((place for place, word in enumerate(words) if not word[:1].isupper()), len(words))
    return words[:end]


def _anywhere(passage: Passage, catalogue: _Catalogue) -> Iterator[tuple[Finding, int]]:
    """Names without a noun before them ("Phúc Khoa, Hồ Mít"), agencies and people: syllable by syllable."""
    matches, syllables = passage.words, passage.syllables
    for place, syllable in enumerate(syllables):
        for entry in catalogue.entries.get(syllable, ()):
            yield from _compared(passage, catalogue, entry, matches, syllables, place)
        for entry in catalogue.entries.get(f"…{syllable}", ()):
            begin = place - len(entry.syllables) + 1
            if begin >= 0 and syllables[begin] != entry.syllables[0]:
                yield from _compared(passage, catalogue, entry, matches, syllables, begin)


def _compared(
    passage: Passage,
    catalogue: _Catalogue,
    entry: _Entry,
    matches: list[re.Match[str]],
    syllables: list[str],
    place: int,
) -> Iterator[tuple[Finding, int]]:
    size = len(entry.syllables)
    window = tuple(syllables[place : place + size])
    if len(window) < size or not _alike(window, entry):
        return
    start, end = matches[place].start(), matches[place + size - 1].end()
    written = " ".join(passage.text[start:end].split())
    if written in (entry.name, entry.name.upper()) or not passage.is_typed(start, end) or _is_other(written, catalogue):
        return
    if entry.what == AGENCY:
        if (written[1:] == entry.name[1:] and _begins(passage.text, start)) or written.isupper():
            return
    elif not all(match[0][:1].isupper() for match in matches[place : place + size]):
        return
    message = f"“{written}” viết sai {entry.what}; đúng là “{entry.name}”."
    yield passage.found("name", message, start, end), start


def _alike(window: tuple[str, ...], entry: _Entry) -> bool:
    """All syllables but at most one the same; that one a letter off, in names long enough to be sure."""
    other = [(written, right) for written, right in zip(window, entry.syllables, strict=True) if written != right]
    if not other:
        return True
    if len(other) > 1 or len(window) < 3:
        return False
    written, right = other[0]
    return entry.what != UNIT and len(right) >= 3 and is_near(f"{right}xx", f"{written}xx")


def _is_other(written: str, catalogue: _Catalogue) -> bool:
    """Whether it is itself a known name, or the beginning of a longer one."""
    return written in catalogue.exact


def _begins(text: str, start: int) -> bool:
    """Whether a sentence begins here, where a capital says nothing."""
    return not text[:start].rstrip() or text[:start].rstrip()[-1] in ".:;–-"
