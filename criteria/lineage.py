"""Which indicator of an older version of a set is the same idea as one of today's."""

from collections.abc import Callable, Iterable

from .models import Indicator


def counterparts(then: Iterable[Indicator], now: Iterable[Indicator]) -> dict[int, Indicator]:
    """{id of an indicator of now: the same one of then}, each of then taken once; new ones are not in it.

    By lineage; without one by the same text; at last by code, where neither side has a lineage: a text that was
    reworded keeps its code, but a code alone never joins two ideas that are told apart by their lineage.
    """
    rows, left, found = list(now), list(then), dict[int, Indicator]()
    for key in (_by_lineage, _by_text, _by_code):
        known: dict[str, Indicator] = {}
        for item in left:
            if name := key(item):
                known.setdefault(name, item)
        for row in rows:
            if row.pk not in found and (same := known.pop(key(row), None)) is not None:
                found[row.pk] = same
                left.remove(same)
    return found


Key = Callable[[Indicator], str]


def _by_lineage(indicator: Indicator) -> str:
    return indicator.lineage


def _by_text(indicator: Indicator) -> str:
    return " ".join(indicator.text.casefold().split())


def _by_code(indicator: Indicator) -> str:
    return "" if indicator.lineage else indicator.code
