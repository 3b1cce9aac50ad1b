"""Filters of lists: every one is checked, and what is not understood is an error that names it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django_filters import rest_framework as filters
from drf_spectacular.drainage import set_override
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from .. import text
from .fields import LARGEST_ID

Rows = QuerySet[Any]
PAGING = ("page", "page_size")
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)


class Strict(filters.DjangoFilterBackend):
    """Refuses names that are no filter of the list, and filters without a value."""

    def filter_queryset(self, request: Request, queryset: Rows, view: APIView) -> Rows:
        chosen = self.get_filterset_class(view, queryset)
        known = [*(chosen.base_filters if chosen else ()), *PAGING]
        wrong = {
            name: [f"Không có bộ lọc này; có: {', '.join(known)}."] for name in request.query_params.keys() - known
        }
        wrong |= {name: ["Để trống."] for name, value in request.query_params.items() if name in known and not value}
        if wrong:
            raise ValidationError(wrong)
        found: Rows = super().filter_queryset(request, queryset, view)
        return found


class CleanField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return text.clean(super().to_python(value) or "")


class WholeField(forms.IntegerField):
    def to_python(self, value: Any) -> int | None:
        if value not in self.empty_values and not re.fullmatch("[0-9]{1,16}", str(value), re.ASCII):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class MomentField(forms.Field):
    """RFC 3339 with its offset: 2025-06-17T08:00:00+07:00."""

    default_error_messages = {"invalid": "Ghi thời điểm kèm múi giờ, ví dụ 2025-06-17T08:00:00+07:00."}

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        try:
            found = parse_datetime(str(value).upper())
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        try:
            return max(found.astimezone(UTC), EARLIEST)
        except OverflowError:
            return EARLIEST if found.year == 1 else datetime.max.replace(tzinfo=UTC)


def describe(filter_: filters.Filter, schema: dict[str, Any]) -> None:
    """What the description of the API says of a filter: its schema, and its label as words."""
    set_override(filter_, "field", {**schema, "description": str(filter_.label or "")})


class TextFilter(filters.CharFilter):
    field_class = CleanField

    def __init__(self, *args: Any, max_length: int = 100, **kwargs: Any) -> None:
        super().__init__(*args, max_length=max_length, **kwargs)
        describe(self, {"type": "string", "minLength": 1, "maxLength": max_length})


class IdFilter(filters.NumberFilter):
    """Id of an object, or another whole number."""

    field_class = WholeField

    def __init__(self, *args: Any, largest: int = LARGEST_ID, **kwargs: Any) -> None:
        super().__init__(*args, min_value=1, max_value=largest, **kwargs)
        describe(self, {"type": "integer", "minimum": 1, "maximum": largest})

    def get_max_validator(self) -> None:
        return None


class UuidFilter(filters.UUIDFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        describe(self, {"type": "string", "format": "uuid"})


class FlagFilter(filters.TypedChoiceFilter):
    """true or false."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(*args, choices=choices, coerce=lambda value: value == "true", **kwargs)
        describe(self, {"type": "string", "enum": ["true", "false"]})


class OneOf(filters.ChoiceFilter):
    """One of the values that a column knows."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices=choices.choices, empty_label=None, null_label=None, **kwargs)
        describe(self, {"type": "string", "enum": [str(value) for value in choices.values]})


class Search(TextFilter):
    """Words that must all stand in one of the columns, whatever case and diacritics: "nam can" finds "Nậm Cần"."""

    def __init__(self, *columns: str) -> None:
        super().__init__(label="Các từ phải có, không phân biệt hoa thường và dấu: “nam can” tìm được “Nậm Cần”")
        self.columns = columns

    def filter(self, qs: Rows, value: str) -> Rows:
        for word in value.split() if value else ():
            found = Q()
            for column in self.columns:
                found |= Q(**{f"{column}__unaccent__icontains": word})
            qs = qs.filter(found)
        return qs


class Order(filters.ChoiceFilter):
    """One of the orders offered; a minus turns it round."""

    def __init__(self, **orders: Sequence[str]) -> None:
        self.orders = orders
        values = [value for name in orders for value in (name, f"-{name}")]
        super().__init__(
            choices=[(value, value) for value in values],
            empty_label=None,
            label="Thứ tự; dấu trừ phía trước để đảo ngược",
        )
        describe(self, {"type": "string", "enum": values})

    def filter(self, qs: Rows, value: str) -> Rows:
        if not value:
            return qs
        columns = self.orders[value.removeprefix("-")]
        if value.startswith("-"):
            columns = [column[1:] if column.startswith("-") else f"-{column}" for column in columns]
        return qs.order_by(*columns)


class Since(filters.Filter):
    """What has changed at or after a moment, by any of the columns: for keeping a copy up to date."""

    field_class = MomentField

    def __init__(self, *columns: str) -> None:
        super().__init__(label="Chỉ những gì thay đổi từ thời điểm này (RFC 3339, có múi giờ), để đồng bộ")
        self.columns = columns
        describe(self, {"type": "string", "format": "date-time"})

    def filter(self, qs: Rows, value: datetime | None) -> Rows:
        if value is None:
            return qs
        found = Q()
        for column in self.columns:
            found |= Q(**{f"{column}__gte": value})
        return qs.filter(found)


class DayFilter(filters.DateFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)
        describe(self, {"type": "string", "format": "date"})


class ValidOn(DayFilter):
    """Units that existed on a day."""

    def __init__(self) -> None:
        super().__init__(label="Còn tồn tại vào ngày này")

    def filter(self, qs: Any, value: Any) -> Any:
        return qs.valid_on(value) if value else qs


class Filtering(filters.FilterSet):
    """Base of the filters of a list."""
