"""A phrase that is offered as a reason."""

from typing import Any

from django import forms

from communes.models import Authority, User
from communes.permissions import Permission

from ..services.phrases import MOST, keeps_shared


class PhraseForm(forms.Form):
    """Its words."""

    text = forms.CharField(
        label="Câu mẫu",
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Viết thành câu dùng được ngay trong kết luận, ví dụ: Chưa có biên bản nghiệm thu.",
        error_messages={"required": "Chưa nhập câu mẫu."},
    )


class NewPhraseForm(PhraseForm):
    """A phrase with its place: the authority, and whether all inspectors are offered it."""

    authority = forms.ModelChoiceField(
        label="Cơ quan",
        queryset=Authority.objects.none(),
        empty_label=None,
        error_messages={"required": "Chưa chọn cơ quan.", "invalid_choice": "Hãy chọn một cơ quan trong danh sách."},
    )
    is_shared = forms.BooleanField(label="Dùng chung cho mọi thành viên Đoàn kiểm tra", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        places = Authority.objects.filter(pk__in=user.scope("authority", needs=Permission.ROUND_READ))
        fields["authority"].queryset = places
        self.only = places[0] if len(places) == 1 else None
        if self.only:
            del fields["authority"]
        # Only who concludes has phrases of their own, only who keeps the shared ones has a choice.
        self.shared = not user.has(Permission.DOSSIER_REVIEW)
        if self.shared or not any(keeps_shared(place.pk, user) for place in places):
            del fields["is_shared"]

    def clean(self) -> dict[str, Any]:
        return {"authority": self.only, "is_shared": self.shared, **self.cleaned_data}
