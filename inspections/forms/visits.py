"""What the team types about a visit: the record, findings, agreed deadlines, photos, the code of a sheet."""

from typing import Any

from django import forms

from communes.models import User
from communes.text import clean

from ..models import Assessment, Inspection, ReturnItem
from ..services.visits import ATTENDED, RECORDED, team_of
from .entry import LongTextField
from .evidence import DAY, day_field
from .review import VersionedForm

TIMES = ("%H:%M", "%Hh%M", "%H.%M", "%H giờ %M")
PEOPLE_HINT = "Mỗi dòng một người: họ và tên, chức vụ. Ví dụ: Lò Văn Mẫu, Chủ tịch UBND xã"


def final(value: Any) -> Any:
    """A value as it is stored: text composed, with plain ends of lines."""
    return clean(value.replace("\r\n", "\n")) if isinstance(value, str) else value


def time_field(label: str) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        input_formats=TIMES,
        widget=forms.TimeInput(format="%H:%M", attrs={"placeholder": "giờ:phút", "inputmode": "numeric"}),
        error_messages={"invalid": "Ghi giờ dạng 08:30."},
    )


def prose(label: str, *, rows: int, hint: str = "") -> LongTextField:
    return LongTextField(label=label, rows=rows, required=False, help_text=hint, max_length=10_000)


class VisitForm(VersionedForm):
    """The record of a visit; every field may be empty, for it is filled little by little."""

    mode = forms.ChoiceField(
        label="Hình thức kiểm tra",
        choices=Inspection.Mode,
        widget=forms.RadioSelect,
        error_messages={"required": "Chưa chọn hình thức kiểm tra."},
    )
    visited_on = day_field("Ngày kiểm tra")
    visited_to = day_field("Đến ngày")
    begins_at = time_field("Bắt đầu lúc")
    ends_at = time_field("Kết thúc lúc")
    place = forms.CharField(label="Địa điểm", required=False, max_length=300)
    attended_by = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label="Thành viên Đoàn có mặt",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Không chọn ai: biên bản ghi mọi thành viên Đoàn phụ trách xã.",
    )
    guests = prose("Người khác cùng tham gia với Đoàn", rows=2, hint=PEOPLE_HINT)
    hosts = prose(
        "Đại diện xã",
        rows=4,
        hint=f"{PEOPLE_HINT}. Người ký thay mặt xã ghi ở dòng đầu. Để trống: biên bản ghi theo tài khoản của xã.",
    )
    findings = prose("Ghi nhận chung", rows=6, hint="Ghi nhận theo từng tiêu chí ở trang kiểm tra tại chỗ.")
    hosts_opinion = prose("Ý kiến của đại diện xã", rows=4)

    def __init__(self, inspection: Inspection, data: Any = None) -> None:
        present = list(inspection.attended_by.all())
        initial = {name: getattr(inspection, name) for name in (*RECORDED, "version")}
        super().__init__(data, initial={**initial, ATTENDED: [user.pk for user in present]}, auto_id="ghi-%s")
        self.inspection = inspection
        members = list(team_of(inspection).select_related("user"))
        self.places = {member.user_id: str(member.get_position_display()) for member in members}
        people: Any = self.fields[ATTENDED]
        people.queryset = User.objects.filter(pk__in={*self.places, *(user.pk for user in present)})
        people.label_from_instance = self._person
        if not inspection.place:
            self.fields["place"].widget.attrs["placeholder"] = f"Ví dụ: trụ sở UBND {inspection.commune.phrase}"

    def _person(self, user: User) -> str:
        facts = (user.full_name, user.position, self.places.get(user.pk, ""))
        return ", ".join(filter(None, facts))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("visited_on"), cleaned.get("visited_to")
        if last and "visited_on" in cleaned and (not first or last < first):
            self.add_error("visited_to", "Phải từ ngày kiểm tra trở đi.")
        begins, ends = cleaned.get("begins_at"), cleaned.get("ends_at")
        is_one_day = not last or last == first
        if is_one_day and begins and ends and ends <= begins:
            self.add_error("ends_at", "Phải sau giờ bắt đầu.")
        return cleaned

    def changes(self) -> dict[str, Any]:
        """What the service takes; text composed and without control characters."""
        return {name: final(self.cleaned_data.get(name)) for name in RECORDED}


class FindingForm(VersionedForm):
    """What was found of one criterion."""

    text = prose("Ghi nhận tại chỗ", rows=5)

    def typed(self) -> str:
        return str(final(self.cleaned_data["text"]))


class DeadlineForm(forms.Form):
    """What, who, by when."""

    what = forms.CharField(
        label="Việc phải làm",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Chưa ghi việc phải làm."},
    )
    who = forms.CharField(
        label="Ai làm", max_length=200, error_messages={"required": "Chưa ghi người, cơ quan thực hiện."}
    )
    due_on = forms.DateField(
        label="Hạn hoàn thành",
        input_formats=DAY,
        widget=forms.DateInput(format="%d/%m/%Y", attrs={"placeholder": "ngày/tháng/năm", "inputmode": "numeric"}),
        error_messages={"required": "Chưa ghi hạn hoàn thành.", "invalid": "Ghi ngày dạng 05/12/2024."},
    )

    def typed(self) -> dict[str, Any]:
        return {name: final(value) for name, value in self.cleaned_data.items() if name != "version"}


class DeadlineEditForm(VersionedForm, DeadlineForm):
    """An agreed deadline that is being corrected."""


class QuestionForm(forms.Form):
    """An agreed deadline as a question to the commune about one indicator."""

    assessment = forms.ModelChoiceField(
        Assessment.objects.none(),
        label="Chỉ tiêu",
        empty_label="Chọn chỉ tiêu",
        error_messages={"required": "Chưa chọn chỉ tiêu.", "invalid_choice": "Chỉ tiêu này không chọn được."},
    )
    reason_code = forms.ChoiceField(
        label="Minh chứng hoặc số liệu", choices=ReturnItem.Reason, widget=forms.RadioSelect,
        error_messages={"required": "Chưa chọn lý do: thiếu, sai hay hết hiệu lực."},
    )  # fmt: skip
    question = forms.CharField(
        label="Nội dung yêu cầu",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Chưa nhập nội dung yêu cầu."},
    )

    def __init__(self, assessments: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["assessment"]
        field.queryset = assessments
        field.label_from_instance = self._indicator

    @staticmethod
    def _indicator(row: Assessment) -> str:
        words = row.indicator.text if len(row.indicator.text) <= 70 else f"{row.indicator.text[:70]}…"
        return f"{row.indicator.code} {words} ({row.dossier})"


class CodeForm(forms.Form):
    """The code of a sheet, filled in by the script from the address that was scanned."""

    code = forms.CharField(
        label="Mã hoặc địa chỉ trên phiếu",
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Quét mã QR trên phiếu, hoặc dán địa chỉ đã quét vào đây."},
    )
