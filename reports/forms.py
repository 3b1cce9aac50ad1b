"""What people type into a notice, turned into final types."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from communes import clock
from communes.models import User, within
from communes.permissions import Permission
from inspections.models import InspectionRound

from .models import Notice, NoticeSection, Recipient
from .services.drafting import DETAILS

MOST_ADDRESSEES = 40
# Several times the longest part of a real notice; more is a pasted mistake that would hold up every reader's page.
LONGEST_PART = 30_000


def not_longer(text: str) -> str:
    """The text as it is; ValidationError beyond LONGEST_PART. A browser told of it would cut a pasted text silently."""
    if len(text) > LONGEST_PART:
        written, most = f"{len(text):,}".replace(",", "."), f"{LONGEST_PART:,}".replace(",", ".")
        raise ValidationError(
            f"Nội dung dài {written} ký tự, tối đa {most}. Chia thành nhiều mục, hoặc bỏ phần dán nhầm."
        )
    return text


class NewNoticeForm(forms.Form):
    """Which round to write a notice for: those without one."""

    round = forms.ModelChoiceField(InspectionRound.objects.none(), label="Đợt kiểm tra", empty_label="Chọn đợt")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        authorities = user.scope("authority", needs=Permission.NOTICE_COMPOSE)
        told = Notice.objects.exclude(status=Notice.Status.SUPERSEDED).values("round")
        field: Any = self.fields["round"]
        field.queryset = (
            InspectionRound.objects.filter(within("authority", authorities), status__in=["open", "closed"])
            .exclude(pk__in=told)
            .order_by("-period_from")
        )


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

    def clean_issued_on(self) -> Any:
        on = self.cleaned_data["issued_on"]
        if on > clock.today():
            raise ValidationError("Ngày ban hành không được sau hôm nay.")
        return on
