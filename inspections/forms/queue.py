"""Filters of the queue: round, unit, criterion, state of the dossier, judgement, contradictions."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet

from communes.models import User
from criteria.judgement import Judgement

from ..models import Dossier, InspectionRound
from ..waiting_list import Kind


class QueueFilter(forms.Form):
    """Every field may stay empty; what is not understood filters nothing."""

    viec = forms.CharField(required=False, widget=forms.HiddenInput)
    dot = forms.ModelChoiceField(
        label="Đợt kiểm tra", queryset=InspectionRound.objects.none(), required=False, empty_label="Mọi đợt"
    )
    don_vi = forms.CharField(
        label="Đơn vị", required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    tieu_chi = forms.IntegerField(
        label="Tiêu chí số", required=False, min_value=1, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    trang_thai = forms.ChoiceField(
        label="Trạng thái hồ sơ",
        required=False,
        choices=[
            ("", "Mọi trạng thái"),
            (Dossier.Status.SUBMITTED, Dossier.Status.SUBMITTED.label),
            (Dossier.Status.RETURNED, Dossier.Status.RETURNED.label),
        ],
    )

    chi_tieu = forms.CharField(label="Chỉ tiêu số", required=False, max_length=20)
    ket_luan = forms.ChoiceField(label="Kết luận", required=False, choices=[("", "Mọi kết luận"), *Judgement.choices])
    khac_nhau = forms.BooleanField(label="Chỉ nơi các đánh giá khác nhau", required=False)

    def __init__(self, *args: Any, user: User, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        rounds = InspectionRound.objects.for_user(user).filter(status=InspectionRound.Status.OPEN)
        field: Any = self.fields["dot"]
        field.queryset = rounds
        if not kind.criterion:
            del self.fields["tieu_chi"], self.fields["trang_thai"]
        state: Any = self.fields.get("trang_thai")
        if state and kind.judged:  # these lists go on when the team is through
            state.choices = [("", "Mọi trạng thái"), *Dossier.Status.choices[1:]]
        if kind.judged != "opinion":
            del self.fields["chi_tieu"]
        if not kind.judged:
            del self.fields["ket_luan"]
        elif kind.judged == "opinion":
            judged: Any = self.fields["ket_luan"]
            judged.label, judged.choices = "Ý kiến", [("", "Mọi ý kiến"), *Judgement.choices]
        if kind.differing is None:
            del self.fields["khac_nhau"]

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter is set, so that an empty list may only be too narrow."""
        return any(self.data.get(name) for name in self.fields if name != "viec")

    @property
    def carried(self) -> str:
        """The filters that the page for concluding many takes over, as a query string."""
        return urlencode({name: self.data[name] for name in ("dot", "don_vi", "tieu_chi") if self.data.get(name)})

    def filtered(self) -> QuerySet:
        """The rows of the kind that fit; a field with an error is left aside and says so itself."""
        self.is_valid()
        data, path, rows = self.cleaned_data, self.kind.dossier, self.kind.rows
        if data.get("dot"):
            rows = rows.filter(**{f"{path}round": data["dot"]})
        if words := data.get("don_vi"):
            in_commune = Q(**{f"{path}inspection__commune__name__unaccent__icontains": words})
            rows = rows.filter(in_commune | Q(**{f"{path}village__name__unaccent__icontains": words}))
        if data.get("tieu_chi"):
            rows = rows.filter(**{f"{self.kind.criterion}__number": data["tieu_chi"]})
        if data.get("trang_thai"):
            rows = rows.filter(**{f"{path}status": data["trang_thai"]})
        if data.get("chi_tieu"):
            rows = rows.filter(indicator__code=data["chi_tieu"].strip())
        if data.get("ket_luan"):
            rows = rows.filter(**{self.kind.judged: data["ket_luan"]})
        if data.get("khac_nhau"):
            rows = rows.filter(self.kind.differing)
        return rows
