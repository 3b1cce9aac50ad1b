"""What the pages for leaders share: where one is, and the choice of round, set and communes in the address."""

from django.http.request import QueryDict
from django.urls import reverse

# More than any page ticks; beyond it an address was made up.
MOST_KEYS = 2000


def overview_crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("Tổng quan", reverse("reports:overview")), *more]


def keys_of(given: QueryDict, name: str) -> set[int]:
    """The ids in an address; what is no id is left out, for addresses are kept, shortened and typed."""
    return {int(word) for word in given.getlist(name)[:MOST_KEYS] if word.isdecimal() and len(word) < 15}
