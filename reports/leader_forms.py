"""The forms of the pages for leaders: they choose, and change nothing."""

from collections.abc import Iterable

from django import forms

FEWEST, MOST = 2, 6
REPLIES = "giai-trinh"


class CompareForm(forms.Form):
    """Which units to set side by side, and with what: each other, before their reply, or another round."""

    voi = forms.ChoiceField(label="So sánh", required=False)
    xa = forms.MultipleChoiceField(
        label="Đơn vị",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Không có đơn vị này trong đợt và bộ tiêu chí đã chọn."},
    )

    def __init__(self, *args: object, units: Iterable[tuple[str, str]], rounds: Iterable[tuple[str, str]]) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.fields["xa"].choices = list(units)  # type: ignore[attr-defined]
        self.fields["voi"].choices = [  # type: ignore[attr-defined]
            ("", "Các đơn vị với nhau"),
            (REPLIES, "Trước và sau giải trình"),
            *((code, f"Với đợt: {name}") for code, name in rounds),
        ]

    def clean(self) -> None:
        """Between rounds any number will do, none meaning all; side by side only a few fit."""
        super().clean()
        chosen = self.cleaned_data.get("xa", [])
        if "voi" in self.cleaned_data and not self.cleaned_data["voi"] and not FEWEST <= len(chosen) <= MOST:
            self.add_error("xa", f"Chọn từ {FEWEST} đến {MOST} đơn vị để đặt cạnh nhau; đang chọn {len(chosen)}.")
