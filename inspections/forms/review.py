"""What an inspector or an agency types on the review desk."""

from datetime import timedelta
from typing import Any

from django import forms

from communes import clock
from criteria.judgement import Judgement

from ..models import ReturnItem

DAYS_TO_ANSWER = 5  # offered, not ruled: the inspector sets each date


class VersionedForm(forms.Form):
    """Carries the version it was drawn from, so that a colleague's act in between is noticed."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class VerdictForm(VersionedForm):
    """A conclusion with its reason; whether a reason is needed is the service's question."""

    judgement = forms.ChoiceField(
        label="Kết luận", widget=forms.RadioSelect, error_messages={"required": "Chưa chọn kết luận."}
    )
    reason = forms.CharField(
        label="Lý do",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Bắt buộc khi kết luận khác “Đạt” hoặc khác với đề xuất.",
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], label: str = "Kết luận", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["judgement"].choices = choices
        self.fields["judgement"].label = label


class OpinionForm(VerdictForm):
    """The opinion of the agency in charge."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label": "Ý kiến của phòng, ban", **kwargs})
        self.fields["reason"].help_text = "Bắt buộc khi ý kiến khác “Đạt”."
        self.fields["judgement"].error_messages["required"] = "Chưa chọn ý kiến."


class ReturnForm(forms.Form):
    """A question about one indicator, sent back to the commune."""

    reason_code = forms.ChoiceField(
        label="Minh chứng hoặc số liệu", choices=ReturnItem.Reason, widget=forms.RadioSelect,
        error_messages={"required": "Chưa chọn lý do: thiếu, sai hay hết hiệu lực."},
    )  # fmt: skip
    question = forms.CharField(
        label="Nội dung yêu cầu",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Nêu rõ cần bổ sung gì, ví dụ: biên bản nghiệm thu đường Nà Lại năm 2024.",
        error_messages={"required": "Chưa nhập nội dung yêu cầu."},
    )
    due_on = forms.DateField(label="Hạn bổ sung", error_messages={"required": "Chưa nhập hạn bổ sung."})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("due_on", clock.today() + timedelta(days=DAYS_TO_ANSWER))

    def clean_due_on(self) -> Any:
        due = self.cleaned_data["due_on"]
        if due < clock.today():
            raise forms.ValidationError("Hạn bổ sung không được trước hôm nay.")
        return due


def verdict_choices(*, with_basically_met: bool, counts_basically_met: bool) -> list[tuple[str, str]]:
    """Đạt · Cơ bản đạt · Chưa đạt · Không đánh giá; the second only where something between yes and no can be."""
    words = {item: str(item.label) for item in Judgement.decided()}
    if not counts_basically_met:
        words[Judgement.BASICALLY_MET] = "Cơ bản đạt (không tính là đạt)"
    if not with_basically_met:
        del words[Judgement.BASICALLY_MET]
    return [(str(value), label) for value, label in words.items()]
