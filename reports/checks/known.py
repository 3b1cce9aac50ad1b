"""The figures of a round, arranged for comparing them with what a text states. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from inspections import figures
from inspections.figures import SetFigures, UnitRow

from ..wording import BY_REPORT, ON_SITE, RoundFacts, SetInfo
from .language import bare, is_village


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A criteria set of the round with its figures."""

    info: SetInfo
    made: SetFigures

    @property
    def size(self) -> int:
        return len(self.made.rows)

    def has(self, noun: str) -> bool:
        """Whether its units are called so."""
        return noun == "đơn vị" or self.info.is_village == is_village(noun)


@dataclass(frozen=True)
class Known:
    """Figures of all sets with results, and units by the name that texts give them."""

    facts: RoundFacts

    @cached_property
    def sets(self) -> tuple[KnownSet, ...]:
        made = (KnownSet(info, figures.of_set(info.code, self.facts.rows)) for info in self.facts.sets)
        return tuple(one for one in made if one.size)

    def of_noun(self, noun: str, words: str = "") -> list[KnownSet]:
        """Sets whose units are called so, those first that the words around speak of."""
        is_title = speaks_of_title(words)
        chosen = [one for one in self.sets if one.has(noun)]
        return sorted(chosen, key=lambda one: one.info.is_advanced != is_title)

    @cached_property
    def rows(self) -> dict[tuple[str, str], list[UnitRow]]:
        """{(set, "xã Nậm Cần" without diacritics): rows}; villages of two communes may share a name."""
        found: dict[tuple[str, str], list[UnitRow]] = {}
        for row in self.facts.rows:
            found.setdefault((row.set_code, bare(row.unit_phrase)), []).append(row)
        return found

    @cached_property
    def communes(self) -> dict[str, str]:
        """{"xã Nậm Cần": mode} of the communes, each once, in the round's order."""
        villages = {one.info.code for one in self.sets if one.info.is_village}
        found: dict[str, str] = {}
        for row in sorted(self.facts.rows, key=lambda row: row.position):
            if row.set_code not in villages:
                found.setdefault(row.unit_phrase, row.mode)
        return found

    def inspected(self, mode: str) -> list[str]:
        """Communes inspected on site, by report, or ("") at all."""
        return [phrase for phrase, how in self.communes.items() if mode in ("", how)]

    def criteria_named(self, words: str, noun: str) -> Iterator[tuple[KnownSet, int]]:
        """(set, number) of the criterion that the words begin with: "tiêu chí Thu nhập", "tiêu chí số 10"."""
        told = words.casefold().lstrip()
        for one in self.of_noun(noun):
            names = sorted(one.info.criteria.items(), key=lambda item: -len(item[1]))
            for number, name in names:
                if told.startswith(
                    (name.casefold(), f"số {number} ", f"số {number},", f"số {number}.", f"số {number};")
                ):
                    yield one, number
                    break


# "nâng cao chất lượng các tiêu chí" speaks of no title.
TITLE = re.compile(r"(?:mới|NTM|xã|bản|thôn) (?:nâng cao|kiểu mẫu)(?! chất lượng)")
MODES = ((ON_SITE, "trực tiếp"), (BY_REPORT, "qua báo cáo"))


def speaks_of_title(words: str) -> bool:
    """Whether the words are about units on the way to a higher title."""
    return TITLE.search(words) is not None
