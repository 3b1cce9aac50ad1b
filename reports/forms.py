"""What people type into a notice, turned into final types."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count

from communes import clock, notation
from communes.models import User, within
from communes.permissions import Permission
from inspections.models import InspectionRound

from . import kinds
from .models import Notice, NoticeQuerySet, NoticeSection, Recipient
from .services.drafting import DETAILS, too_long
from .signing import Step

MOST_ADDRESSEES = 40


def not_longer(text: str) -> str:
    """The text as it is; ValidationError where it is too long: a browser told of a limit cuts what is pasted."""
    if lack := too_long(text):
        raise ValidationError(lack)
    return text


class NewNoticeForm(forms.Form):
    """What to write about which round: those that have no notice yet, or no other kind of document."""

    kind = forms.ChoiceField(label="Loại văn bản", required=False)
    round = forms.ModelChoiceField(InspectionRound.objects.none(), label="Đợt kiểm tra", empty_label="Chọn đợt")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = [kind for kind in kinds.of_scope(kinds.ROUND) if kind.needs is Permission.NOTICE_COMPOSE]
        choice: Any = self.fields["kind"]
        choice.choices = [(kind.code, kind.choice) for kind in chosen]
        authorities = user.scope("authority", needs=Permission.NOTICE_COMPOSE)
        running = Notice.objects.exclude(status=Notice.Status.SUPERSEDED).order_by()
        told = running.filter(kind_code__in=[kind.code for kind in chosen], inspection=None).values("round")
        complete = told.annotate(made=Count("kind_code", distinct=True)).filter(made=len(chosen))
        field: Any = self.fields["round"]
        field.queryset = (
            InspectionRound.objects.filter(within("authority", authorities), status__in=["open", "closed"])
            .exclude(pk__in=complete.values("round"))
            .order_by("-period_from")
        )

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or kinds.NOTICE


class SectionForm(forms.ModelForm):
    """Heading and text of one section, with the version they were typed on."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = NoticeSection
        fields = ["heading", "body"]
        widgets = {"body": forms.Textarea(attrs={"rows": 14, "data-ntm-write": ""})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version
        if not self.instance.has_heading:
            del self.fields["heading"]
        if self.instance.kind == NoticeSection.Kind.RECOMMENDATIONS:
            self.fields["body"].label = "Lời dẫn"
            self.fields["body"].widget.attrs["rows"] = 3

    def clean_body(self) -> str:
        return not_longer(self.cleaned_data["body"])

    @property
    def typed(self) -> dict[str, str]:
        """What `save_section` stores; the instance itself is left to the service."""
        return {"heading": self.cleaned_data.get("heading", ""), "body": self.cleaned_data["body"]}


class NewSectionForm(forms.Form):
    heading = forms.CharField(label="Tên mục mới", max_length=300)
    level = forms.TypedChoiceField(
        label="Cấp", choices=[(1, "Mục lớn: I, II, III"), (2, "Mục nhỏ: 1, 2, 3"), (3, "Ý: a, b, c")], coerce=int
    )
    after = forms.ModelChoiceField(NoticeSection.objects.none(), widget=forms.HiddenInput, required=False)

    def __init__(self, notice: Notice, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["after"]
        field.queryset = notice.sections.all()


class AddresseeForm(forms.Form):
    """One addressee and what it is asked to do, one recommendation a line."""

    addressee = forms.CharField(label="Nơi thực hiện", max_length=300, required=False)
    text = forms.CharField(
        label="Kiến nghị", required=False, widget=forms.Textarea(attrs={"rows": 6}), help_text="Mỗi dòng một kiến nghị."
    )

    def clean_text(self) -> str:
        return not_longer(self.cleaned_data["text"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("text") and not data.get("addressee"):
            self.add_error("addressee", "Ghi nơi thực hiện các kiến nghị này.")
        return data


AddresseeFormSet = forms.formset_factory(AddresseeForm, extra=1, max_num=MOST_ADDRESSEES, absolute_max=MOST_ADDRESSEES)


def recommendation_rows(formset: Any) -> list[tuple[str, str]]:
    """(addressee, text) of every line typed, in order."""
    rows = []
    for form in formset.forms:
        data = form.cleaned_data
        for raw in data.get("text", "").splitlines():
            text = raw.strip().removeprefix("- ").strip()
            if text:
                rows.append((data["addressee"], text))
    return rows


class DetailsForm(forms.ModelForm):
    """Letterhead, symbol, place, subject, signer and recipients."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    recipients = forms.CharField(
        label="Nơi nhận",
        widget=forms.Textarea(attrs={"rows": 9}),
        help_text="Mỗi dòng một nơi; dòng cuối là nơi lưu, ví dụ: Lưu: VT, VPĐP.",
    )

    class Meta:
        model = Notice
        fields = list(DETAILS)
        widgets = {
            "parent_name": forms.Textarea(attrs={"rows": 2}),
            "issuer_name": forms.Textarea(attrs={"rows": 3}),
            "subject": forms.Textarea(attrs={"rows": 2}),
            "signer_authority": forms.Textarea(attrs={"rows": 3}),
            "cosigner_authority": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version
        self.initial.setdefault("recipients", "\n".join(self.instance.recipients.values_list("text", flat=True)))

    def clean_recipients(self) -> str:
        text = not_longer(self.cleaned_data["recipients"])
        longest = Recipient._meta.get_field("text").max_length or 0
        long = next((row for row in text.splitlines() if len(row.strip()) > longest), "")
        if long:
            raise ValidationError(
                f"Dòng “{long.strip()[:40]}…” dài quá {longest} ký tự. Mỗi dòng chỉ ghi một nơi nhận."
            )
        return text

    @property
    def details(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in DETAILS}


class ApproveForm(forms.Form):
    """The version that was shown when the head pressed the button."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class SendBackForm(forms.Form):
    reason = forms.CharField(label="Lý do gửi lại", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class AcceptForm(forms.Form):
    """Why a finding of the checks may stand."""

    reason = forms.CharField(
        label="Lý do chấp nhận",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text="Lưu cùng thông báo. Ví dụ: tên viết theo quyết định thành lập.",
    )


class IssueForm(forms.Form):
    """Date of issue, and the number where the office keeps its own register."""

    issued_on = forms.DateField(label="Ngày ban hành", help_text="Ví dụ: 05/12/2024")
    number = forms.IntegerField(
        label="Số do văn thư cấp",
        required=False,
        min_value=1,
        max_value=99999,
        help_text="Để trống để lấy số kế tiếp.",
        error_messages={
            "invalid": "Số chỉ gồm chữ số, ví dụ: 8",
            "min_value": "Số phải từ 1 trở lên.",
            "max_value": "Số lớn nhất là 99999.",
        },
    )

    def __init__(self, notice: Notice, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"issued_on": notice.issued_on or clock.today(), "number": notice.number, **self.initial}
        if notice.number is not None:
            self.fields["number"].help_text = "Số nhập tay, sửa được cho đến khi ban hành."
            if not notice.number_is_manual:
                # From the series: it stays, so that the series has no gap.
                del self.fields["number"]

    def clean_issued_on(self) -> Any:
        on = self.cleaned_data["issued_on"]
        if on > clock.today():
            raise ValidationError("Ngày ban hành không được sau hôm nay.")
        return on

    @property
    def wish(self) -> dict[str, Any]:
        """Day and number as the services take them; None: the next number, or the one given before."""
        return {"on": self.cleaned_data["issued_on"], "number": self.cleaned_data.get("number")}


class ReplaceForm(forms.Form):
    reason = forms.CharField(
        label="Lý do thay thế",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="Ví dụ: tính sai bình quân của các bản; viết sai tên xã Nậm Cần.",
    )


class AbandonForm(forms.Form):
    reason = forms.CharField(label="Lý do bỏ bản thay thế", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class NoticeFilter(forms.Form):
    """Filters of the list; every field may be empty, and what is no choice counts as empty."""

    status = forms.ChoiceField(
        label="Trạng thái", required=False, choices=[("", "Mọi trạng thái"), *Notice.Status.choices]
    )
    year = forms.TypedChoiceField(label="Năm", required=False, coerce=int, empty_value=None)
    kind = forms.ChoiceField(label="Loại văn bản", required=False)

    def __init__(self, data: Mapping[str, Any], notices: NoticeQuerySet) -> None:
        super().__init__(data, auto_id="loc-%s")
        found = notices.order_by().values_list("round__year", "kind_code", "kind").distinct()
        years, kinds = {year for year, *_ in found}, {code: kind for _, code, kind in found}
        year, kind = cast("forms.ChoiceField", self.fields["year"]), cast("forms.ChoiceField", self.fields["kind"])
        year.choices = [("", "Mọi năm"), *((value, value) for value in sorted(years, reverse=True))]
        kind.choices = [("", "Mọi loại"), *sorted(kinds.items())]
        if len(kinds) < 2:
            del self.fields["kind"]

    @property
    def conditions(self) -> dict[str, Any]:
        """What of the choices is understood, as conditions on notices."""
        columns = {"status": "status", "year": "round__year", "kind": "kind_code"}
        self.is_valid()
        return {column: self.cleaned_data[name] for name, column in columns.items() if self.cleaned_data.get(name)}


# ---------------------------------------------------------------- signing

MAX_SIGNED_BYTES = 30 * 1024 * 1024
MAX_PICTURE_BYTES = 2 * 1024 * 1024
MAX_SIGNATURE_BYTES = 64 * 1024


def not_larger(upload: Any, most: int) -> Any:
    if upload.size > most:
        raise ValidationError(
            f"Tệp {notation.file_size(upload.size)} quá lớn, tối đa {notation.file_size(most)}; kiểm tra lại."
        )
    return upload


class SignedFileForm(forms.Form):
    """The PDF as it came back from the office's signing software."""

    signed = forms.FileField(
        label="Tệp PDF đã ký",
        help_text="Ký nối tiếp trên đúng tệp tải từ trang này; không in, không xuất, không lưu lại thành tệp khác.",
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
        error_messages={"empty": "Tệp rỗng. Chọn lại tệp đã ký."},
    )

    def clean_signed(self) -> bytes:
        data: bytes = not_larger(self.cleaned_data["signed"], MAX_SIGNED_BYTES).read()
        return data


class SignatureRequestForm(forms.Form):
    """Which step to prepare, and the picture that it shows."""

    step = forms.ChoiceField(label="Bước ký")
    image = forms.FileField(
        label="Ảnh chữ ký hoặc con dấu",
        required=False,
        help_text="Chỉ cho bước của người ký (PNG nền trong suốt, màu xanh) và bước đóng dấu (màu đỏ).",
        widget=forms.FileInput(attrs={"accept": "image/png,.png"}),
        error_messages={"empty": "Tệp ảnh rỗng. Chọn lại ảnh."},
    )

    def __init__(self, steps: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["step"]
        field.choices = steps

    def clean_image(self) -> bytes:
        upload = self.cleaned_data["image"]
        return not_larger(upload, MAX_PICTURE_BYTES).read() if upload else b""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        needs = {Step.LEADER.value: "ảnh chữ ký", Step.SEAL.value: "ảnh con dấu"}.get(data.get("step", ""))
        if needs and "image" not in self.errors and not data.get("image"):
            self.add_error("image", f"Chọn {needs}: tệp PNG nền trong suốt.")
        return data


class SignatureForm(forms.Form):
    """The signature made over a request."""

    signature = forms.FileField(
        label="Tệp chữ ký (.p7s)",
        help_text="Chữ ký CMS tách rời (detached, CAdES, SHA-256) trên đúng tệp cần ký, dạng DER hoặc PEM.",
        error_messages={"empty": "Tệp rỗng. Chọn lại tệp chữ ký."},
    )

    def clean_signature(self) -> bytes:
        data: bytes = not_larger(self.cleaned_data["signature"], MAX_SIGNATURE_BYTES).read()
        return data


class VoidForm(forms.Form):
    reason = forms.CharField(label="Lý do hủy lượt ký", widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)
