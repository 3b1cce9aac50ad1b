"""A workbook of a past round's results, and the round it makes."""

from typing import Any

from django import forms

from communes import clock
from communes.models import User

from ..models import InspectionRound
from ..workbook import MAX_BYTES
from .rounds import CODE, authorities_of
from .workbook import ACCEPT

UNITS_HELP = "Chỉ đánh dấu khi bảng có xã, thôn, bản chưa có trong danh mục; bước sau liệt kê tên để kiểm tra."


def file_field() -> forms.FileField:
    return forms.FileField(
        label="Bảng kết quả",
        help_text=f"Tệp .xlsx, nhiều nhất {MAX_BYTES // 1024**2} MB.",
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        error_messages={"required": "Chưa chọn tệp bảng kết quả.", "empty": "Tệp rỗng, chọn tệp khác."},
    )


class ResultsForm(forms.Form):
    """One workbook of results; what is in it is looked at by the process that opens it."""

    workbook = file_field()
    creates_units = forms.BooleanField(label="Lập đơn vị chưa có trong danh mục", required=False, help_text=UNITS_HELP)

    def clean_workbook(self) -> Any:
        file = self.cleaned_data["workbook"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(f"Tệp lớn hơn {MAX_BYTES // 1024**2} MB. Xóa ảnh và phần thừa rồi gửi lại.")
        return file


class PastRoundForm(ResultsForm, forms.ModelForm):
    """The round that the workbook makes, and the workbook."""

    field_order = ("name", "code", "year", "authority", "period_from", "period_to", "workbook", "creates_units")

    class Meta:
        model = InspectionRound
        fields = ("name", "code", "year", "authority", "period_from", "period_to")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["authority"].queryset = authorities = authorities_of(user)
        fields["code"].validators.append(CODE)
        fields["code"].help_text = "Chữ hoa không dấu, không đổi được về sau. Ví dụ: TU-2022"
        fields["code"].error_messages["unique"] = "Mã đợt này đã có. Mở đợt đó để nhập bảng kết quả vào."
        fields["name"].help_text = "Ví dụ: Kết quả xây dựng nông thôn mới năm 2022"
        fields["period_from"].help_text = "Mã đơn vị và phiên bản bộ tiêu chí được lấy theo ngày này."
        if authorities.count() == 1:
            self.initial.setdefault("authority", authorities[0])

    def clean_period_to(self) -> Any:
        day = self.cleaned_data["period_to"]
        if day > clock.today():
            raise forms.ValidationError("Chỉ nhập kết quả của đợt đã kết thúc; đợt đang diễn ra thì lập đợt kiểm tra.")
        return day

    def columns(self) -> dict[str, Any]:
        """The round as the service wants it, in types that JSON has."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "year": data["year"],
            "authority": data["authority"].pk,
            "period_from": data["period_from"].isoformat(),
            "period_to": data["period_to"].isoformat(),
        }
