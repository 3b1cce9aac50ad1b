"""What a coordinator types when a round is set up."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db.models import Q, QuerySet

from communes.models import Agency, Authority, Commune, LegalDocument, User, within
from communes.permissions import Permission, roles_with
from communes.text import sort_key
from criteria.models import CriteriaSet, Criterion

from ..models import Inspection, InspectionRound, TeamMember
from ..planning import Candidate

CODE = RegexValidator(r"^[A-Z0-9]+(?:-[A-Z0-9]+)*$", "Chỉ dùng chữ hoa không dấu, chữ số và gạch nối, ví dụ TU-2024.")


def authorities_of(user: User) -> QuerySet[Authority]:
    """For which authorities a person sets up rounds."""
    own = user.scope("authority", needs=Permission.ROUND_MANAGE)
    return Authority.objects.filter(Q(pk__in=own) | within("parent", own))


class RoundForm(forms.ModelForm):
    """Name, dates and documents of a round; its code and authority stay once it is made."""

    class Meta:
        model = InspectionRound
        fields = [
            "name", "code", "authority", "year", "period_from", "period_to", "due_on", "freeze_on", "reply_until",
            "silence", "team_name", "subject", "plan", "report", "note",
        ]  # fmt: skip
        widgets = {"note": forms.Textarea(attrs={"rows": 3}), "silence": forms.RadioSelect}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["authority"].queryset = authorities = authorities_of(user)
        fields["code"].validators.append(CODE)
        documents = LegalDocument.objects.all()
        for name in ("plan", "report"):
            fields[name].queryset = documents
            fields[name].empty_label = "Chưa có"
        fields["code"].help_text = "Chữ hoa không dấu, không đổi được về sau. Ví dụ: TU-2024"
        fields["due_on"].help_text = "Hết ngày này hồ sơ chưa nộp là nộp muộn."
        if self.instance.pk:
            fields["code"].disabled = fields["authority"].disabled = True
        elif authorities.count() == 1:
            self.initial.setdefault("authority", authorities[0])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        due, reply, start = data.get("due_on"), data.get("reply_until"), data.get("period_from")
        if due and reply and reply < due:
            self.add_error("reply_until", "Hạn giải trình không được trước hạn nộp hồ sơ.")
        if due and start and due < start:
            self.add_error("due_on", "Hạn nộp không được trước ngày bắt đầu đợt.")
        return data


class UnitsForm(forms.Form):
    """Which units to add to a round, to be judged by one set."""

    units = forms.MultipleChoiceField(
        label="Đơn vị",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Chưa chọn đơn vị nào."},
    )
    mode = forms.ChoiceField(label="Hình thức kiểm tra", choices=Inspection.Mode, widget=forms.RadioSelect)
    visit_on = forms.DateField(label="Ngày kiểm tra", required=False, help_text="Có thể để trống, ghi sau.")

    def __init__(self, *args: Any, candidates: Sequence[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        self.candidates = {item.key: item for item in candidates}
        fields["units"].choices = [(item.key, item.label) for item in candidates]
        self.initial.setdefault("mode", Inspection.Mode.ON_SITE)
        if "all" in self.data:  # the button that adds every unit not yet in the round
            fields["units"].required = False

    def clean_units(self) -> list[Candidate]:
        keys = self.candidates if "all" in self.data else self.cleaned_data["units"]
        return [self.candidates[key] for key in keys]


class MemberForm(forms.Form):
    """A member of the team, and what the person is in charge of."""

    user = forms.ModelChoiceField(
        label="Người", queryset=User.objects.none(), empty_label="Chọn người",
        help_text="Người có vai trò thành viên hoặc lãnh đạo Đoàn ở cơ quan này.",
    )  # fmt: skip
    position = forms.ChoiceField(label="Nhiệm vụ", choices=TeamMember.Position, initial=TeamMember.Position.MEMBER)
    agency = forms.ModelChoiceField(
        label="Phòng, ban", queryset=Agency.objects.none(), required=False, empty_label="Không ghi"
    )
    communes = forms.ModelMultipleChoiceField(
        label="Xã phụ trách", queryset=Commune.objects.none(), required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Để trống: phụ trách mọi xã của đợt.",
    )  # fmt: skip
    criteria = forms.ModelMultipleChoiceField(
        label="Tiêu chí phụ trách", queryset=Criterion.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text="Để trống: phụ trách mọi tiêu chí.",
    )  # fmt: skip

    def __init__(self, *args: Any, round_: InspectionRound, member: TeamMember | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        authority = round_.authority
        fields["agency"].queryset = Agency.objects.filter(authority=authority)
        fields["communes"].queryset = Commune.objects.filter(pk__in=round_.units.order_by().values("commune"))
        sets = round_.units.order_by().values("criteria_set")
        criteria = Criterion.objects.filter(criteria_set__in=sets).select_related("criteria_set")
        fields["criteria"].queryset = criteria.order_by("criteria_set__level", "criteria_set", "number")
        fields["criteria"].label_from_instance = criterion_label
        if member is None:
            fields["user"].queryset = people_for(authority).exclude(teams__round=round_)
            fields["user"].label_from_instance = with_post
        else:
            del fields["user"]
            self.initial = {
                **self.initial,
                "position": member.position,
                "agency": member.agency_id,
                "communes": [item.pk for item in member.communes.all()],
                "criteria": [item.pk for item in member.criteria.all()],
            }


def people_for(authority: Authority) -> Any:
    """Who can inspect for an authority: people with a reviewing role there or in one of its neighbours above."""
    above = [authority.pk] + ([authority.parent_id] if authority.parent_id else [])
    return User.objects.filter(
        is_active=True,
        memberships__role__in=roles_with(Permission.DOSSIER_REVIEW),
        memberships__authority__in=above,
    ).distinct()


def with_post(user: User) -> str:
    return f"{user.full_name} ({user.position})" if user.position else user.full_name


def criterion_label(criterion: Criterion) -> str:
    return f"{criterion.criteria_set.short_name}: {criterion.number}. {criterion.name}"


class ReasonForm(forms.Form):
    """One reason, for acts that need nothing else."""

    reason = forms.CharField(label="Lý do", widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, label: str = "Lý do", help_text: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["reason"].label, fields["reason"].help_text = label, help_text
        fields["reason"].error_messages["required"] = "Chưa ghi lý do."


class ExtensionForm(forms.Form):
    """A later day for one unit."""

    until = forms.DateField(label="Gia hạn đến hết ngày", error_messages={"required": "Chưa nhập ngày gia hạn."})
    reason = forms.CharField(
        label="Lý do gia hạn",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Chưa ghi lý do gia hạn."},
    )


class ReminderForm(ExtensionForm):
    """A reminder of a commune that said nothing: what it is told, and until when it may still reply."""

    until = forms.DateField(
        label="Giải trình đến hết ngày",
        help_text="Hết ngày này, xã không có ý kiến thì Đoàn tự quyết định.",
        error_messages={"required": "Chưa nhập thời hạn mới."},
    )
    reason = forms.CharField(
        label="Nội dung nhắc",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Chưa ghi nội dung nhắc."},
    )


def set_choices(round_: InspectionRound) -> list[CriteriaSet]:
    """Published sets in force within the round's days, communes' before villages'; no drafts, no retired ones."""
    rows = CriteriaSet.objects.filter(
        Q(effective_to=None) | Q(effective_to__gte=round_.period_from),
        status=CriteriaSet.Status.PUBLISHED,
        effective_from__lte=round_.period_to,
    )
    return sorted(rows, key=lambda item: (item.level, sort_key(item.short_name), -item.version))
