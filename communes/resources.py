"""The columns of tables, as resources of django-import-export: heading, attribute, how a value is read and written.

A widget's `clean` gets the text of a cell and raises ValueError with a Vietnamese reason. Importing with these
resources is done by communes/exchange, whose docstring says why.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import Widget

from . import text
from .models import Agency, Commune, Membership, Village
from .permissions import Role

SPACES = re.compile(r"\s+")
DAY = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$")
ISO = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def line(value: str) -> str:
    """One line of text as it is compared and stored: NFC, no spaces at the ends, single ones within."""
    return SPACES.sub(" ", text.clean(value))


class LineWidget(Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return line(value or "")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class ProseWidget(LineWidget):
    """Text with its own line breaks and spaces."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return text.clean(value or "")


class DayWidget(Widget):
    """dd/mm/yyyy; a date cell of a spreadsheet arrives as ISO."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:
        words = line(value or "")
        if not words:
            return None
        try:
            if ISO.match(words):
                return date.fromisoformat(words)
            if found := DAY.match(words):
                return date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError:
            pass
        raise ValueError(f"“{words}” không phải ngày. Ghi ngày/tháng/năm, ví dụ 01/7/2025.")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return f"{value:%d/%m/%Y}" if value else ""


class ChoiceWidget(Widget):
    """One of a list: written by its words, read by its words (case and diacritics apart) or its stored value."""

    def __init__(self, choices: Mapping[str, str], *, default: str | None = None) -> None:
        super().__init__()
        self.words = dict(choices)
        self.default = default
        self.values = {text.fold(word): value for value, word in self.words.items()} | {
            text.fold(value): value for value in self.words if value
        }

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        words = line(value or "")
        if not words and self.default is not None:
            return self.default
        if (found := self.values.get(text.fold(words))) is not None:
            return found
        allowed = ", ".join(word for word in self.words.values() if word)
        raise ValueError(f"“{words}” không có trong danh sách. Chọn một trong: {allowed}.")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.words.get(value, "") if value else ""


class YesNoWidget(Widget):
    def __init__(self, *, default: bool = False) -> None:
        super().__init__()
        self.default = default

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        words = text.fold(value or "")
        if not words:
            return self.default
        if words in ("co", "x", "true", "1", "dung"):
            return True
        if words in ("khong", "false", "0"):
            return False
        raise ValueError(f"“{value}”: ghi có hoặc không.")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "có" if value else "không"


class WholeWidget(Widget):
    """A whole number, or nothing."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        words = line(value or "")
        if not words:
            return None
        if not re.fullmatch(r"\d{1,9}", words):
            raise ValueError(f"“{words}” không phải số nguyên.")
        return int(words)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


def choices_of(choices: Any) -> dict[str, str]:
    return {value: str(label) for value, label in choices.choices}


class CommuneResource(ModelResource):
    code = Field("code", "Mã đơn vị hành chính", LineWidget())
    name = Field("name", "Tên", LineWidget())
    kind = Field("kind", "Loại", ChoiceWidget(choices_of(Commune.Kind)))
    authority = Field("authority__code", "Mã cơ quan quản lý", LineWidget())
    valid_from = Field("valid_from", "Có từ ngày", DayWidget())
    valid_to = Field("valid_to", "Đến hết ngày", DayWidget())
    successor = Field("successor__code", "Mã đơn vị kế tục", LineWidget())
    region = Field("region", "Vùng", ChoiceWidget(choices_of(Commune.Region), default="tdmnpb"))
    group = Field("group", "Nhóm xã", WholeWidget())

    class Meta:
        model = Commune
        fields = ("code", "name", "kind", "authority", "valid_from", "valid_to", "successor", "region", "group")


class VillageResource(ModelResource):
    code = Field("code", "Mã thôn, bản", LineWidget())
    name = Field("name", "Tên thôn, bản", LineWidget())
    kind = Field("kind", "Loại", ChoiceWidget(choices_of(Village.Kind)))
    commune = Field("commune__code", "Mã xã", LineWidget())
    commune_name = Field("commune__name", "Tên xã", LineWidget())
    valid_from = Field("valid_from", "Có từ ngày", DayWidget())
    valid_to = Field("valid_to", "Đến hết ngày", DayWidget())

    class Meta:
        model = Village
        fields = ("code", "name", "kind", "commune", "commune_name", "valid_from", "valid_to")


class AgencyResource(ModelResource):
    authority = Field("authority__code", "Mã cơ quan", LineWidget())
    code = Field("code", "Mã phòng, ban", LineWidget())
    name = Field("name", "Tên phòng, ban", LineWidget())
    is_active = Field("is_active", "Đang hoạt động", YesNoWidget(default=True))

    class Meta:
        model = Agency
        fields = ("authority", "code", "name", "is_active")


class MembershipResource(ModelResource):
    """People by their roles; whatever opens an account (password, its hash, token) has no column."""

    username = Field("user__username", "Tên đăng nhập", LineWidget())
    full_name = Field("user__full_name", "Họ và tên", LineWidget())
    position = Field("user__position", "Chức vụ", LineWidget())
    phone = Field("user__phone", "Điện thoại", LineWidget())
    email = Field("user__email", "Thư điện tử", LineWidget())
    role = Field("role", "Vai trò", ChoiceWidget(dict(Role.choices())))
    place_code = Field(None, "Mã nơi làm việc", LineWidget())
    place = Field("scope_name", "Nơi làm việc", LineWidget())
    valid_from = Field("valid_from", "Từ ngày", DayWidget())
    valid_to = Field("valid_to", "Đến hết ngày", DayWidget())
    is_active = Field("user__is_active", "Tài khoản đang dùng", YesNoWidget(default=True))

    class Meta:
        model = Membership
        fields = (
            "username", "full_name", "position", "phone", "email", "role", "place_code", "place", "valid_from",
            "valid_to", "is_active",
        )  # fmt: skip
