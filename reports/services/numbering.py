"""Numbers of documents: one series for each authority, symbol and year, without gaps or doubles.

The last number and one more, or any unused one from the office's own register. A number may be given before the
signature; from then on it stays with its document, also when that is sent back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db import transaction

from communes import clock
from communes.models import Authority, User
from communes.notation import day

from .. import workflow
from ..models import Notice
from ..workflow import Incomplete


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one authority, symbol and year. used: {number: whether it was typed by hand}."""

    symbol: str
    year: int
    used: dict[int, bool]

    @property
    def last(self) -> int:
        return max(self.used, default=0)

    @property
    def next(self) -> int:
        return self.last + 1

    @property
    def by_hand(self) -> str:
        """ "08, 12": numbers from the office's own register."""
        return _written(number for number, is_by_hand in sorted(self.used.items()) if is_by_hand)

    @property
    def taken(self) -> str:
        """ "01-07, 09": every number in use."""
        return _written(sorted(self.used))

    @property
    def missing(self) -> str:
        """ "01-07": numbers below the last one that no document has; given out elsewhere, or still to be used."""
        gaps, before = [], 0
        for number in sorted(self.used):
            if number - before > 1:
                gaps.append(_range(before + 1, number - 1))
            before = number
        return ", ".join(gaps)


def _written(numbers: Iterator[int] | list[int]) -> str:
    """Numbers in rising order, those in a row as a range."""
    rows = groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    runs = [[number for _, number in run] for _, run in rows]
    return ", ".join(_range(run[0], run[-1]) for run in runs)


def _range(first: int, last: int) -> str:
    return f"{first:02d}" if first == last else f"{first:02d}-{last:02d}"


def series_of(authority: Authority, symbol: str, year: int) -> Series:
    """The series as it stands, numbers included that were given ahead of the issue."""
    rows = Notice.objects.filter(authority=authority, symbol=symbol, year=year).order_by()
    numbers = rows.values_list("number", "number_is_manual")
    return Series(symbol, year, {number: is_by_hand for number, is_by_hand in numbers if number is not None})


def next_number(authority: Authority, symbol: str, year: int) -> int:
    """The last number of the series and one more."""
    return series_of(authority, symbol, year).next


# ---------------------------------------------------------------- giving a number


@transaction.atomic
def assign_number(notice: Notice, *, on: date, by: User, number: int | None = None) -> Notice:
    """Give an approved notice its number and date ahead of the signature; both are printed from then on.

    Called again it corrects the date, or a number that was typed by hand; one taken from the series stays.
    Raises Incomplete, NotAllowed or StaleState.
    """
    workflow.check(notice, "issue", by)
    hold_series(notice)
    workflow.hold(notice)
    if lacks := impossible(notice, on):
        raise Incomplete(*lacks)
    if notice.number is None:
        given, is_by_hand = choose(notice, on.year, number)
        action, data = "notice.numbered", {}
    else:
        given, is_by_hand = _corrected(notice, on, number)
        action, data = "notice.number_corrected", {"old": {"number": notice.number, "on": notice.issued_on}}
    if (given, on) == (notice.number, notice.issued_on):
        return notice
    workflow.change(
        notice,
        action,
        by=by,
        data={"number": given, "on": on, "by_hand": is_by_hand, **data},
        number=given,
        number_is_manual=is_by_hand,
        year=on.year,
        issued_on=on,
    )
    return notice


def _corrected(notice: Notice, on: date, wanted: int | None) -> tuple[int, bool]:
    """(number, whether by hand) of a notice that has one, with another date or another number from the register."""
    present = notice.number or 0
    if on.year != notice.year:
        raise Incomplete(f"Số {notice.code} thuộc dãy số năm {notice.year}; ngày ban hành phải trong năm đó.")
    if wanted is None or wanted == present:
        return present, notice.number_is_manual
    if not notice.number_is_manual:
        raise Incomplete(f"Thông báo đã được cấp số {notice.code} theo dãy số; giữ số này để dãy số không bị trống.")
    return choose(notice, on.year, wanted)


def hold_series(notice: Notice) -> None:
    """One at a time for each authority: whoever waits here gets the number after."""
    Authority.objects.select_for_update(of=("self",), no_key=True).get(pk=notice.authority_id)


def settle(notice: Notice, on: date, wanted: int | None) -> tuple[int, bool]:
    """(number, whether by hand) under which a notice is issued: the one it was given before, else a fresh one.

    Raises Incomplete where another number or date is wished than those given.
    """
    if notice.number is None:
        return choose(notice, on.year, wanted)
    if (wanted or notice.number, on) != (notice.number, notice.issued_on):
        raise Incomplete(
            f"Thông báo đã được cấp số {notice.code} ngày {day(notice.issued_on)}; "
            "ban hành với số, ngày đó, hoặc sửa ở trang cấp số trước khi ban hành."
        )
    return notice.number, notice.number_is_manual


def choose(notice: Notice, year: int, wanted: int | None) -> tuple[int, bool]:
    """(number, whether by hand): the next of the series, or the wanted one where nobody has it."""
    if wanted is None:
        return next_number(notice.authority, notice.symbol, year), False
    if wanted < 1:
        raise Incomplete("Số của thông báo phải từ 1 trở lên.")
    other = Notice.objects.filter(authority=notice.authority, symbol=notice.symbol, year=year, number=wanted).first()
    if other:
        raise Incomplete(f"Số {other.code} năm {year} đã dùng cho “{other.subject}”. Chọn số khác.")
    return wanted, True


def impossible(notice: Notice, on: date) -> list[str]:
    """What forbids a date of issue, in sentences."""
    visit = (notice.inspection.visited_to or notice.inspection.visited_on) if notice.inspection else None
    earliest = (visit or notice.round.period_from) if notice.inspection else notice.round.period_to
    lacks = []
    if on > clock.today():
        lacks.append("Ngày ban hành không được sau hôm nay.")
    if on < earliest:
        lacks.append("Ngày ban hành không được trước ngày kết thúc kiểm tra.")
    return lacks
