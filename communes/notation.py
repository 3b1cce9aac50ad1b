"""How dates, numbers, terms and file sizes are written in Vietnamese; pure functions, no query."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone

Number = int | float | Decimal | str


def local_day(moment: date | datetime) -> date:
    """The calendar day of a date or, in Vietnam's time, of an aware moment."""
    if not isinstance(moment, datetime):
        return moment
    return timezone.localdate(moment) if timezone.is_aware(moment) else moment.date()


def day(moment: date | datetime | None) -> str:
    """05/12/2024; "" for None."""
    return f"{local_day(moment):%d/%m/%Y}" if moment else ""


def minute(moment: datetime | None) -> str:
    """14:05 05/12/2024 in Vietnam's time; "" for None."""
    if not moment:
        return ""
    return f"{timezone.localtime(moment) if timezone.is_aware(moment) else moment:%H:%M %d/%m/%Y}"


def decree_day(moment: date | datetime | None) -> str:
    """06/9/2024: the day with two digits, of the months only January and February; "" for None.

    Source: Nghị định 30/2020/NĐ-CP, Phụ lục I, phần II, mục 4 (days below 10 and months 1, 2 take a 0 in front).
    """
    if not moment:
        return ""
    on = local_day(moment)
    return f"{on.day:02d}/{on.month:02d}/{on.year}" if on.month <= 2 else f"{on.day:02d}/{on.month}/{on.year}"


def number(value: Number | None, places: int | None = None) -> str:
    """14,89 and 1.250; halves are rounded away from zero; "" for None.

    places: exactly so many decimals; None means at most two, without zeros at the end.
    """
    if value is None or value == "":
        return ""
    exact = Decimal(str(value))
    rounded = exact.quantize(Decimal(1).scaleb(-(2 if places is None else places)), ROUND_HALF_UP)
    text = f"{rounded:,f}"
    if places is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text == "-0" else text
    return text.translate(str.maketrans(",.", ".,"))


def count(value: int | None) -> str:
    """07 xã: counts below ten take a zero in front, as in notices; "" for None."""
    return "" if value is None else f"{value:02d}"


def days_left(due: date | datetime | None, today: date) -> str:
    """còn 3 ngày · hôm nay · quá hạn 2 ngày: calendar days up to the due day; "" for None."""
    if not due:
        return ""
    days = (local_day(due) - today).days
    if days == 0:
        return "hôm nay"
    return f"còn {days} ngày" if days > 0 else f"quá hạn {-days} ngày"


def file_size(size: int | None) -> str:
    """850 byte, 12 KB, 1,2 MB (1 KB = 1.024 byte, as Windows shows it); "" for None."""
    if size is None:
        return ""
    if size < 1024:
        return f"{size} byte"
    if size < 1024 * 1024:
        return f"{number(Decimal(size) / 1024, 0)} KB"
    return f"{number((Decimal(size) / (1024 * 1024)).quantize(Decimal('0.1'), ROUND_HALF_UP))} MB"
