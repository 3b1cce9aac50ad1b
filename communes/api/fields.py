"""Fields of what a program sends: of one JSON type each, text as it is stored, and the schema that says so."""

import re
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from .. import text

# What every JSON reader holds exactly, and every database.
LARGEST_ID = 2**53 - 1
NUMBER = r"^[0-9]{1,14}(\.[0-9]{1,4})?$"
# A reason has at least one letter or digit.
WORDED = r"[0-9A-Za-zÀ-ỹ]"


class Input(serializers.Serializer[Any]):
    """What is sent to an address; a name that is not known is an error, not overlooked."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            known = ", ".join(self.fields)
            raise serializers.ValidationError({name: [f"Không có trường này; có: {known}."] for name in unknown})
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A JSON string, stored composed and without control characters; may be empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_blank": True, "max_length": 5_000, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(text.clean(data.replace("\r\n", "\n")) if isinstance(data, str) else data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": 2_000, "pattern": WORDED})
class Reason(Text):
    """Words that say why."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 2_000, "allow_blank": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        found = super().to_internal_value(data)
        if not re.search(WORDED, found):
            self.fail("blank")
        return found


class Whole(serializers.IntegerField):
    """A JSON integer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": LARGEST_ID, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        # 1.0 is an integer in JSON Schema.
        if isinstance(data, bool) or not isinstance(data, int | float) or data != data // 1:
            self.fail("invalid")
        return super().to_internal_value(int(data))


class Day(serializers.DateField):
    """A date as YYYY-MM-DD. In a form, sent and left empty is no date: who has none leaves the field out."""

    def get_value(self, dictionary: Any) -> Any:
        return dictionary.get(self.field_name, serializers.empty)

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class Flag(serializers.BooleanField):
    """true or false of JSON, nothing that looks like them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "string", "format": "decimal", "pattern": NUMBER, "nullable": True, "example": "85.5"})
class Number(serializers.Field[Decimal | None, Any, Any, Any]):
    """A number that is not negative, as a string with a decimal point, so that none is rounded; null for none."""

    default_error_messages = {"invalid": "Ghi số trong chuỗi, dấu chấm thập phân, ví dụ “1250.5”; không âm."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_null": True, **kwargs})

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(NUMBER, data.strip(), re.ASCII):
            self.fail("invalid")
        return Decimal(data.strip())

    def to_representation(self, value: Any) -> Any:
        return value
