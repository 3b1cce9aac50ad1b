"""What is typed into a monthly report, and the rule by which an authority asks for them."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from communes import clock
from inspections.forms.entry import LongTextField
from inspections.forms.review import VersionedForm

from . import monthly
from .models import MonthlyReport, MonthlyRule
from .models.monthly import LAST_DAY, USUAL_DAY

LONGEST_REMARK = 3_000


class ReportForm(VersionedForm):
    """The general part, and a remark for each indicator: `remark-<id>`."""

    general = LongTextField(
        label="Đánh giá chung, khó khăn, kiến nghị",
        rows=6,
        max_length=10_000,
        required=False,
        help_text="Kết quả chỉ đạo, hướng dẫn các xã trong tháng; việc tháng sau.",
    )

    def __init__(
        self,
        rows: Iterable[Mapping[str, Any]],
        draft: MonthlyReport | None,
        remarks: Mapping[int, str],
        data: Any = None,
    ) -> None:
        super().__init__(
            data,
            initial={"version": draft.version if draft else 0, "general": draft.general if draft else ""},
            auto_id="bc-%s",
        )
        self.indicators = {row["indicator"]: row for row in rows}
        for pk, row in self.indicators.items():
            self.fields[f"remark-{pk}"] = LongTextField(
                label=f"Nhận xét chỉ tiêu {row['code']}",
                rows=2,
                max_length=LONGEST_REMARK,
                required=False,
                initial=remarks.get(pk, ""),
            )

    def field_of(self, pk: int) -> forms.BoundField:
        return self[f"remark-{pk}"]

    def remarks(self) -> dict[int, str]:
        return {pk: self.cleaned_data.get(f"remark-{pk}", "") for pk in self.indicators}


class CorrectForm(forms.Form):
    reason = LongTextField(
        label="Lý do sửa", rows=2, max_length=2_000, error_messages={"required": "Chưa ghi lý do sửa báo cáo."}
    )


class MonthField(forms.CharField):
    """A month as people write it: 06/2025."""

    def __init__(self, **kwargs: Any) -> None:
        hint = {"placeholder": "tháng/năm", "inputmode": "numeric"}
        super().__init__(max_length=7, widget=forms.TextInput(attrs=hint), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return monthly.label(value) if isinstance(value, date) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        month, _, year = text.partition("/")
        try:
            if not (month.isdecimal() and year.isdecimal() and len(year) == 4):
                raise ValueError
            return date(int(year), int(month), 1)
        except ValueError as error:
            raise ValidationError("Ghi tháng dạng 06/2025.") from error


class RuleForm(VersionedForm):
    day = forms.IntegerField(
        label="Nộp chậm nhất vào ngày",
        min_value=1,
        max_value=LAST_DAY,
        help_text="Của mỗi tháng; quá 23:59 ngày này là muộn.",
        error_messages={
            "required": "Chưa ghi ngày.",
            "invalid": "Ghi một số từ 1 đến 28.",
            "min_value": "Ghi một số từ 1 đến 28.",
            "max_value": "Ghi một số từ 1 đến 28, để tháng nào cũng có ngày đó.",
        },
    )
    first_month = MonthField(label="Từ tháng", error_messages={"required": "Chưa ghi tháng đầu tiên."})
    last_month = MonthField(label="Đến hết tháng", required=False, help_text="Để trống: đến khi có quy định khác.")

    def __init__(self, rule: MonthlyRule | None, data: Any = None) -> None:
        initial = {
            "version": rule.version if rule else 0,
            "day": rule.day if rule else USUAL_DAY,
            "first_month": rule.first_month if rule else monthly.month_of(clock.today()),
            "last_month": rule.last_month if rule else None,
        }
        super().__init__(data, initial=initial, auto_id="quy-dinh-%s")
