"""What is typed about criteria sets."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from communes import clock
from communes.models import Agency, User

from .measures import Kind
from .models import CriteriaSet, Criterion, EvidenceRequirement, Indicator, IndicatorPart, Threshold

DAY = forms.DateInput(attrs={"placeholder": "dd/mm/yyyy", "autocomplete": "off"})


class SetForm(forms.ModelForm):
    """What a draft says of itself."""

    class Meta:
        model = CriteriaSet
        fields = (
            "name",
            "short_name",
            "level",
            "tier",
            "legal_basis",
            "effective_from",
            "effective_to",
            "counts_basically_met",
            "is_incomplete",
            "note",
        )
        widgets = {
            "effective_from": DAY,
            "effective_to": DAY,
            "legal_basis": forms.Textarea(attrs={"rows": 2}),
            "note": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {"effective_to": "Để trống nếu chưa có ngày hết áp dụng."}


class NewSetForm(SetForm):
    """A new set: its code decides whether it is a first or a further version."""

    class Meta(SetForm.Meta):
        fields = ("code", *SetForm.Meta.fields)  # type: ignore[assignment]
        help_texts = {
            **SetForm.Meta.help_texts,
            "code": "Chữ thường không dấu và gạch nối, ví dụ xa-ntm-lai-chau. Mã đã có: thành phiên bản tiếp theo.",
        }


class ConfirmThresholdForm(forms.Form):
    """In which document a threshold was found."""

    decision = forms.CharField(
        label="Văn bản", max_length=200, help_text="Ví dụ: Quyết định số 318/QĐ-TTg ngày 08/3/2022"
    )
    article = forms.CharField(label="Điều, khoản, phụ lục", max_length=200, help_text="Ví dụ: Phụ lục I, chỉ tiêu 15.1")
    on = forms.DateField(label="Ngày đối chiếu", widget=DAY)

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on > clock.today():
            raise ValidationError("Ngày đối chiếu không được ở tương lai.")
        return on


class CriterionForm(forms.ModelForm):
    class Meta:
        model = Criterion
        fields = ("number", "name", "group", "lineage", "source", "note")
        help_texts = {"lineage": "Cùng khóa thì so sánh được giữa các bộ và các năm, ví dụ thu-nhap."}
        widgets = {"source": forms.Textarea(attrs={"rows": 2}), "note": forms.Textarea(attrs={"rows": 2})}

    def clean_number(self) -> int:
        number: int = self.cleaned_data["number"]
        others = self.instance.criteria_set.criteria.exclude(pk=self.instance.pk)
        if others.filter(number=number).exists():
            raise ValidationError(f"Tiêu chí {number} đã có trong bộ.")
        return number


class MeasuredForm(forms.ModelForm):
    """Shared by indicators and parts: an operator exactly where numbers are compared."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        compares = cleaned.get("kind") in (Kind.RATE, Kind.NUMBER)
        if compares and not cleaned.get("operator"):
            self.add_error("operator", "Tỷ lệ và số đo phải có dấu so sánh.")
        if not compares:
            cleaned["operator"] = ""
        if cleaned.get("kind") == Kind.RATE:
            cleaned["unit"] = "%"
        return cleaned


class IndicatorForm(MeasuredForm):
    class Meta:
        model = Indicator
        fields = (
            "code",
            "code_is_temporary",
            "text",
            "kind",
            "unit",
            "operator",
            "numerator_label",
            "denominator_label",
            "may_be_not_applicable",
            "how_measured",
            "lineage",
            "provenance",
            "source",
            "note",
        )
        widgets = {
            "text": forms.Textarea(attrs={"rows": 3}),
            "how_measured": forms.Textarea(attrs={"rows": 2}),
            "source": forms.Textarea(attrs={"rows": 2}),
            "note": forms.Textarea(attrs={"rows": 2}),
        }

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        others = self.instance.criterion.criteria_set.indicators.exclude(pk=self.instance.pk)
        if others.filter(code=code).exists():
            raise ValidationError(f"Chỉ tiêu {code} đã có trong bộ.")
        return code


class PartForm(MeasuredForm):
    kind = forms.ChoiceField(label="Kiểu", choices=Kind.of_parts)

    class Meta:
        model = IndicatorPart
        fields = (
            "code",
            "text",
            "kind",
            "unit",
            "operator",
            "numerator_label",
            "denominator_label",
            "count_of",
            "count_operator",
            "count_bound",
        )
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}


class ThresholdForm(forms.ModelForm):
    class Meta:
        model = Threshold
        fields = ("part", "value", "text", "year", "region", "commune_group", "commune_class")
        localized_fields = ("value",)
        widgets = {"value": forms.TextInput(attrs={"inputmode": "decimal"})}
        help_texts = {"text": "Câu trả lời phải có (“Đạt”), hoặc yêu cầu bằng chữ."}

    def __init__(self, *args: Any, parts: QuerySet[IndicatorPart] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        part: Any = self.fields["part"]
        part.queryset = IndicatorPart.objects.none() if parts is None else parts
        if self.instance.value is not None:
            # 50 as it was typed, not 50,0000 as it is stored.
            self.initial["value"] = self.instance.value.normalize()


class BaseThresholdFormSet(forms.BaseInlineFormSet):
    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """A threshold belongs to the whole indicator or to one of its own parts."""
        parts = self.instance.parts.all() if self.instance.pk else None
        return {**super().get_form_kwargs(index), "parts": parts}

    def clean(self) -> None:
        """Two thresholds for one case would leave open which one holds."""
        super().clean()
        seen = set()
        for form in self.forms:
            if not form.cleaned_data or form.cleaned_data.get("DELETE"):
                continue
            case = tuple(
                form.cleaned_data.get(name) for name in ("part", "year", "region", "commune_group", "commune_class")
            )
            if case in seen:
                raise ValidationError("Có hai ngưỡng cho cùng thành phần, năm, vùng, nhóm và loại xã.")
            seen.add(case)


class EvidenceForm(forms.ModelForm):
    class Meta:
        model = EvidenceRequirement
        fields = ("text", "is_required")
        widgets = {"text": forms.TextInput()}

    def _get_validation_exclusions(self) -> set[str]:
        # Of a criterion that is only being added there is no id yet to hold the constraint against.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded | {"criterion", "indicator"}


PartFormSet = forms.inlineformset_factory(Indicator, IndicatorPart, form=PartForm, extra=1)
ThresholdFormSet = forms.inlineformset_factory(
    Indicator, Threshold, form=ThresholdForm, formset=BaseThresholdFormSet, extra=2
)
EvidenceFormSet = forms.inlineformset_factory(Criterion, EvidenceRequirement, form=EvidenceForm, extra=2)


class AgenciesForm(forms.Form):
    """Which agencies are in charge of an indicator."""

    agencies = forms.ModelMultipleChoiceField(
        label="Phòng, ban phụ trách",
        queryset=Agency.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["agencies"]
        field.queryset = Agency.objects.for_user(user).filter(is_active=True)
