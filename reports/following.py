"""How recommendations and their items belong together: printed words, addressees, the same matter in two notices.

Pure: words in, places out; services and the migration use it alike.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from communes.text import fold

from .wording import TOKEN, key_of

# Two wordings of one matter: a mended figure or a word, not another sentence.
ALIKE = 0.8
CARRIED = re.compile(r"^kiến nghị chưa xong (\d+)$")
COMMITTEES = ("uy ban nhan dan ", "ubnd ")
ALL_COMMUNES = ("cac xa", "cac xa thi tran", "xa", "cac xa phuong thi tran")
ALL_AGENCIES = ("cac co quan", "cac phong", "cac thanh vien ban chi dao", "thanh vien ban chi dao", "cac nganh")
Asked = tuple[str, str]


@dataclass(frozen=True)
class Addressed:
    """To whom a recommendation is put, by ids; both empty where nobody of the portal is meant."""

    agencies: frozenset[int] = frozenset()
    communes: frozenset[int] = frozenset()


def addressed(words: str, agencies: Mapping[int, str], communes: Mapping[int, str], active: Iterable[int]) -> Addressed:
    """Whom the words of an addressee mean. agencies: {id: name}; communes: {id: "xã Nậm Cần"}, those of the round;
    active: agencies that are in charge of something, meant by "các cơ quan"."""
    told = fold(words)
    for pk, name in agencies.items():
        if fold(name) == told:
            return Addressed(agencies=frozenset({pk}))
    unit = next((told.removeprefix(start) for start in COMMITTEES if told.startswith(start)), told)
    for pk, phrase in communes.items():
        if fold(phrase) == unit:
            return Addressed(communes=frozenset({pk}))
    if unit in ALL_COMMUNES:
        return Addressed(communes=frozenset(communes))
    if told.startswith(ALL_AGENCIES):
        return Addressed(agencies=frozenset(active))
    return Addressed()


def printed(rows: Sequence[Asked], sections: Sequence[Mapping[str, Any]]) -> list[str]:
    """The printed text of each recommendation (addressee, text): they stand last, one section an addressee, one dash
    each. sections: of the frozen facts; where they do not fit, the text as it was written."""
    groups: list[list[Asked]] = []
    for row in rows:
        if not groups or groups[-1][0][0] != row[0]:
            groups.append([])
        groups[-1].append(row)
    wanted = [(" ".join(group[0][0].split()), len(group)) for group in groups]
    there = [(section["heading"], len(section["blocks"])) for section in sections]
    for start in range(len(there) - len(wanted), -1, -1):
        if wanted and there[start : start + len(wanted)] == wanted:
            chosen = sections[start : start + len(wanted)]
            return [block["text"] for section in chosen for block in section["blocks"]]
    return [text for _, text in rows]


def same_matter(new: Sequence[Asked], old: Sequence[Asked]) -> dict[int, int]:
    """{place of a new recommendation: place of the old one that it restates}, each old one once.

    Of the same addressee; first where the words are the same, then where they are nearly so.
    """
    found: dict[int, int] = {}
    ours, theirs = ([(fold(whom), fold(text)) for whom, text in rows] for rows in (new, old))
    for alike in (1.0, ALIKE):
        for place, (addressee, text) in enumerate(ours):
            free = [
                (likeness, -at)
                for at, (other, words) in enumerate(theirs)
                if place not in found and at not in found.values() and other == addressee
                if (likeness := _likeness(text, words)) >= alike
            ]
            if free:
                found[place] = -max(free)[1]
    return found


def _likeness(one: str, two: str) -> float:
    return 1.0 if one == two else SequenceMatcher(None, one.split(), two.split(), autojunk=False).ratio()


def carried(texts: Sequence[str]) -> dict[int, int]:
    """{place: place of the recommendation of the notice before that its text takes up}, by its bound figure."""
    found: dict[int, int] = {}
    for place, text in enumerate(texts):
        for token in TOKEN.findall(text):
            if match := CARRIED.match(key_of(token)):
                found.setdefault(place, int(match[1]) - 1)
    return found
