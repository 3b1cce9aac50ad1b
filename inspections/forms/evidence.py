"""What a commune says of its evidence, which indicators it is for, and how the library is searched."""

from typing import Any

from django import forms

from communes.models import User
from communes.text import clean

from .. import photos
from ..models import Assessment, Evidence

DAY = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d")


def day_field(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=DAY,
        widget=forms.DateInput(format="%d/%m/%Y", attrs={"placeholder": "ngày/tháng/năm", "inputmode": "numeric"}),
        error_messages={"invalid": "Ghi ngày dạng 05/12/2024."},
    )


class DescriptionForm(forms.Form):
    """Number, date, issuer and title of a document; all may stay empty and be added later."""

    number = forms.CharField(label="Số, ký hiệu", required=False, max_length=60)
    issued_on = day_field("Ngày ban hành")
    issuer = forms.CharField(label="Cơ quan ban hành", required=False, max_length=200)
    title = forms.CharField(label="Trích yếu, nội dung", required=False, max_length=300)

    def described(self) -> dict[str, Any]:
        """What the services take; text composed and without control characters."""
        found = {name: self.cleaned_data.get(name) for name in self.fields}
        return {name: clean(value) if isinstance(value, str) else value for name, value in found.items()}

    def given(self) -> dict[str, Any]:
        """Only what was filled in."""
        return {name: value for name, value in self.described().items() if value}


class EvidenceForm(DescriptionForm):
    """Everything that is said of a piece in the library."""

    kind = forms.ChoiceField(label="Loại minh chứng", choices=Evidence.Kind)
    valid_until = day_field("Có hiệu lực đến")

    field_order: tuple[str, ...] = ("title", "number", "issued_on", "issuer", "kind", "valid_until")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        issued, until = cleaned.get("issued_on"), cleaned.get("valid_until")
        if issued and until and until < issued:
            self.add_error("valid_until", "Phải sau ngày ban hành.")
        return cleaned


class ReceivedForm(forms.Form):
    """What the script sends instead of a file: the key of an upload, or the hash of bytes the library has.

    taken_at and taken_offset as EXIF writes them ("2025:06:12 10:15:00", "+07:00"), degrees in WGS 84: what a photo
    said before the browser made it smaller. What is wrong there is left out; the photo counts without it.
    """

    upload = forms.UUIDField(required=False)
    sha256 = forms.RegexField(r"^[0-9a-f]{64}$", required=False)
    taken_at = forms.CharField(required=False, max_length=40)
    taken_offset = forms.CharField(required=False, max_length=10)
    latitude = forms.DecimalField(required=False, min_value=-90, max_value=90)
    longitude = forms.DecimalField(required=False, min_value=-180, max_value=180)

    @property
    def is_given(self) -> bool:
        return any(self.data.get(name) for name in ("upload", "sha256"))

    def is_valid(self) -> bool:
        """Whether the file is named rightly."""
        return not {"upload", "sha256"} & set(self.errors)

    def shot(self) -> photos.Shot:
        taken = photos.moment(self.cleaned_data.get("taken_at", ""), self.cleaned_data.get("taken_offset", ""))
        latitude, longitude = (self.cleaned_data.get(name) for name in ("latitude", "longitude"))
        if latitude is None or longitude is None or not photos.is_place(latitude, longitude):
            return photos.Shot(taken)
        return photos.Shot(taken, latitude.quantize(photos.PLACE), longitude.quantize(photos.PLACE))


class LinkForm(forms.Form):
    """A piece of the library for one or several indicators of a criterion."""

    evidence = forms.ModelChoiceField(
        Evidence.objects.none(), label="Minh chứng", error_messages={"required": "Chưa chọn minh chứng."}
    )
    assessments = forms.ModelMultipleChoiceField(
        Assessment.objects.none(), label="Chỉ tiêu", error_messages={"required": "Chưa chọn chỉ tiêu nào."}
    )

    def __init__(self, data: Any, *, user: User, assessments: Any) -> None:
        super().__init__(data)
        self.fields["evidence"].queryset = Evidence.objects.for_user(user)  # type: ignore[attr-defined]
        self.fields["assessments"].queryset = assessments  # type: ignore[attr-defined]


class LibraryFilter(forms.Form):
    """Search in the library; every field may be empty, and one that is not understood narrows nothing."""

    STANDINGS = (
        ("", "Tất cả"),
        ("current", "Đang dùng được"),
        ("lapsing", "Sắp hết hiệu lực"),
        ("lapsed", "Đã hết hiệu lực"),
        ("replaced", "Đã có bản mới"),
    )

    q = forms.CharField(label="Tìm", required=False, max_length=100)
    indicator = forms.RegexField(
        r"^\s*[0-9]{1,2}(\.[0-9]{1,3})*\s*$",
        label="Tiêu chí, chỉ tiêu",
        required=False,
        error_messages={"invalid": "Ghi số tiêu chí (17) hoặc mã chỉ tiêu (17.10)."},
    )
    kind = forms.ChoiceField(label="Loại", required=False, choices=[("", "Tất cả"), *Evidence.Kind.choices])
    year = forms.IntegerField(label="Năm ban hành", required=False, min_value=1950, max_value=2100)
    standing = forms.ChoiceField(label="Hiệu lực", required=False, choices=STANDINGS)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="loc-%s")
        self.fields["q"].widget.attrs["placeholder"] = "Số, trích yếu, cơ quan, tên tệp"
        self.fields["indicator"].widget.attrs |= {"inputmode": "decimal", "maxlength": 12, "placeholder": "17.10"}
        self.fields["year"].widget = forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 4})

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter is set, so that an empty list may only be too narrow."""
        return any(self.data.get(name) for name in self.fields)

    def given(self) -> dict[str, Any]:
        """What was understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class NewVersionForm(EvidenceForm):
    """The file that takes the place of a document, and what is said of it."""

    file = forms.FileField(label="Tệp của bản mới", error_messages={"required": "Chưa chọn tệp."})

    field_order: tuple[str, ...] = ("file", *EvidenceForm.field_order)

    def described(self) -> dict[str, Any]:
        """What the services take beside the file itself."""
        return {name: value for name, value in super().described().items() if name != "file"}
