"""What an inspector or an agency types on the review desk."""

from collections.abc import Iterable
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


class KeyedRadios(forms.RadioSelect):
    """Radios of verdicts with the keys of the results workbook: D, B (cơ bản), K, X."""

    keys = {"dat": "d", "co_ban_dat": "b", "chua_dat": "k", "khong_danh_gia": "x"}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if key := self.keys.get(str(value)):
            option["attrs"]["data-ntm-key"] = key
        return option


class VerdictForm(VersionedForm):
    """A conclusion with its reason; whether a reason is needed is the service's question.

    phrases: words to choose a reason from; what is chosen stands before what is typed.
    """

    judgement = forms.ChoiceField(
        label="Kết luận", widget=forms.RadioSelect, error_messages={"required": "Chưa chọn kết luận."}
    )
    phrase = forms.CharField(label="Câu mẫu", required=False, widget=forms.Select(attrs={"data-ntm-phrase": ""}))
    reason = forms.CharField(
        label="Lý do",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Bắt buộc khi khác “Đạt” hoặc khác với đề xuất.",
    )

    def __init__(
        self,
        *args: Any,
        choices: list[tuple[str, str]],
        label: str = "Kết luận",
        keyed: bool = False,
        phrases: Iterable[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        if keyed:  # only one form of a page can have the keys
            fields["judgement"].widget = KeyedRadios()
            fields["phrase"].widget.attrs |= {"data-ntm-key": "l", "data-ntm-key-label": "Chọn câu mẫu"}
        self.offer(phrases)
        fields["judgement"].choices = choices
        fields["judgement"].label = label

    def offer(self, phrases: Iterable[str]) -> None:
        """The words to choose a reason from."""
        offered = list(phrases)
        widget: Any = self.fields["phrase"].widget
        widget.choices = [("", "Chọn câu mẫu…"), *((text, text) for text in offered)]
        self.offers_phrases = bool(offered)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        phrase, typed = data.get("phrase", "").strip(), data.get("reason", "").strip()
        if phrase and phrase not in typed:  # the page's script has put it there already
            data["reason"] = f"{phrase} {typed}".strip()
        return data


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


class ResponseForm(forms.Form):
    """The team's final word on an explanation of the commune."""

    response = forms.CharField(
        label="Ý kiến cuối của Đoàn",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Xã đọc được sau khi hồ sơ được phê duyệt. Muốn đổi kết luận, lãnh đạo Đoàn đưa hồ sơ về xem lại.",
        error_messages={"required": "Chưa ghi ý kiến của Đoàn."},
    )


def verdict_choices(*, with_basically_met: bool) -> list[tuple[str, str]]:
    """Đạt · Cơ bản đạt · Chưa đạt · Không đánh giá; the second only where something between yes and no can be."""
    left_out = () if with_basically_met else (Judgement.BASICALLY_MET,)
    return [(str(item), str(item.label)) for item in Judgement.decided() if item not in left_out]
