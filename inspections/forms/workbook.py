"""The file that comes back from a spreadsheet program."""

from django import forms

from ..workbook import MAX_BYTES

ACCEPT = ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class WorkbookForm(forms.Form):
    """One workbook; what is in it is looked at by the process that opens it."""

    workbook = forms.FileField(
        label="Bảng tính đã nhập",
        help_text=f"Tệp .xlsx tải từ hồ sơ này, nhiều nhất {MAX_BYTES // 1024**2} MB.",
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        error_messages={"required": "Chưa chọn tệp bảng tính.", "empty": "Tệp rỗng, chọn tệp khác."},
    )

    def clean_workbook(self) -> object:
        file = self.cleaned_data["workbook"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(f"Tệp lớn hơn {MAX_BYTES // 1024**2} MB. Xóa ảnh và phần thừa rồi gửi lại.")
        return file
