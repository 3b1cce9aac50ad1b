"""Formats and signs for templates; nothing here queries."""

from collections.abc import Iterator
from datetime import date, datetime

from django import template
from django.core.paginator import Paginator
from django.utils.html import format_html
from django.utils.safestring import SafeString

from communes import clock, notation
from communes.notation import Number
from criteria.judgement import Judgement

register = template.Library()

register.filter("date_vn", notation.day)
register.filter("time_vn", notation.minute)
register.filter("date_decree", notation.decree_day)
register.filter("count_vn", notation.count)
register.filter("filesize_vn", notation.file_size)

# A shape for each state, so that colour never tells alone. Keys are the values stored in the database;
# the shapes are drawn by `.sign-…` in components.css, for fonts draw ◐ and ↩ too differently.
SHAPES: dict[str, str] = {
    Judgement.UNASSESSED: "ring",
    Judgement.MET: "full",
    Judgement.BASICALLY_MET: "half",
    Judgement.NOT_MET: "cross",
    Judgement.NOT_ASSESSED: "dash",
    "differs": "unequal",
    # dossier
    "draft": "ring",
    "submitted": "half",
    "returned": "back",
    "provisional": "half",
    "concluded": "full",
    # item sent back
    "open": "back",
    "answered": "half",
    "settled": "full",
    "withdrawn": "dash",
    # round; the same word "open" means something else for an item sent back
    "round-open": "half",
    "closed": "full",
    "cancelled": "dash",
    # evidence file
    "pending_scan": "ring",
    "clean": "full",
    "infected": "cross",
    "not_scanned": "dash",
    # notice, criteria set
    "approved": "half",
    "issued": "full",
    "published": "full",
    "superseded": "dash",
    "retired": "dash",
    # how surely a row of a criteria set is known
    "verified": "full",
    "partial": "half",
    "unverified": "ring",
    # recommendation; the same word "open" means something else for an item sent back
    "follow-open": "ring",
    "doing": "half",
    "done": "full",
    "carried_over": "back",
    # what a person still has to do
    "todo": "ring",
    "missing": "half",
    "complete": "full",
    "error": "cross",
    "overdue": "cross",
    # account
    "active": "full",
    "locked": "cross",
    "inactive": "dash",
}


@register.filter
def number_vn(value: Number | None, places: int | None = None) -> str:
    """{{ mean|number_vn }} → 14,89; {{ mean|number_vn:0 }} → 15."""
    return notation.number(value, places)


@register.filter
def days_left(due: date | datetime | None) -> str:
    """còn 3 ngày · hôm nay · quá hạn 2 ngày, counted from the portal's own clock."""
    return notation.days_left(due, clock.today())


@register.filter
def is_late(due: date | datetime | None) -> bool:
    """Whether a due day has gone by; a day is late after 23:59 of it."""
    return bool(due) and notation.local_day(due) < clock.today()  # type: ignore[arg-type]


@register.filter
def sign(status: object) -> SafeString:
    """The shape of a stored state, silent for screen readers: "dat" → a full circle; an unknown state has none."""
    shape = SHAPES.get(str(status))
    return format_html('<i class="sign sign-{}"></i>', shape) if shape else SafeString("")


@register.filter
def share(part: Number | None, whole: Number | None) -> int:
    """Whole per cent of a part, for the length of a bar; 0 where there is nothing to divide by."""
    if not part or not whole:
        return 0
    return max(0, min(100, round(float(part) * 100 / float(whole))))


@register.filter
def elided_pages(paginator: Paginator, number: int) -> Iterator[int | str]:
    """Page numbers around the present one, with … where pages are left out."""
    return paginator.get_elided_page_range(number, on_each_side=1, on_ends=1)
