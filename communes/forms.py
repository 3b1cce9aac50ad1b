"""Forms of sign-in, accounts, roles and units; each `clean_*` returns the final type."""

import re
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import RegexValidator
from django.db.models import Q
from django.forms.boundfield import BoundField

from . import clock, inbox
from .models import Agency, Authority, Commune, Recognition, User, Village, within
from .notifications import ALWAYS_IN_PORTAL, Kind, NotificationQuerySet
from .permissions import Permission, Role
from .services import Scope, manageable_authorities, plain_username
from .tables import MAX_BYTES

USERNAME_HINT = "Chữ thường không dấu, chữ số, dấu chấm, gạch nối; ví dụ: lan.phuckhoa"
# Django's own Vietnamese sentences address the reader as "bạn"; ours say the same without.
PASSWORD_ERRORS = {
    "password_too_short": "Mật khẩu cần ít nhất 12 ký tự.",
    "password_too_common": "Mật khẩu này quá phổ biến, dễ bị đoán.",
    "password_entirely_numeric": "Mật khẩu không được chỉ gồm chữ số.",
    "password_too_similar": "Mật khẩu quá giống họ tên hoặc tên đăng nhập.",
}


class SignInForm(AuthenticationForm):
    """Names are compared without case, so that the lock after wrong passwords counts one person once."""

    error_messages = {
        "invalid_login": "Tên đăng nhập hoặc mật khẩu chưa đúng. Nhập sai nhiều lần liên tiếp, "
        "tài khoản tạm khóa 30 phút.",
        "inactive": "Tài khoản này đã khóa.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Tên đăng nhập"
        self.fields["password"].label = "Mật khẩu"

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()


class OwnPasswordForm(forms.Form):
    """A person's own new password; the old one is asked for, for the computer may have been left open."""

    old = forms.CharField(
        label="Mật khẩu hiện tại",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="Mật khẩu mới",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Ít nhất 12 ký tự, không chỉ gồm chữ số, không giống họ tên. Một câu ngắn dễ nhớ là đủ.",
    )
    again = forms.CharField(
        label="Nhập lại mật khẩu mới",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_old(self) -> str:
        old = str(self.cleaned_data["old"])
        if not self.user.check_password(old):
            raise ValidationError("Mật khẩu hiện tại chưa đúng.")
        return old

    def clean_new(self) -> str:
        new = str(self.cleaned_data["new"])
        try:
            validate_password(new, self.user)
        except ValidationError as error:
            raise ValidationError(
                [PASSWORD_ERRORS.get(each.code or "", each.messages[0]) for each in error.error_list]
            ) from error
        return new

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        new = given.get("new")
        if new and given.get("again") and new != given["again"]:
            self.add_error("again", "Hai lần nhập mật khẩu mới chưa giống nhau.")
        if new and new == given.get("old"):
            self.add_error("new", "Mật khẩu mới phải khác mật khẩu hiện tại.")
        return given


class ContactForm(forms.ModelForm):
    """What a person keeps up to date himself."""

    class Meta:
        model = User
        fields = ["phone", "email"]


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["full_name", "username", "position", "phone", "email"]
        help_texts = {"username": USERNAME_HINT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].validators.append(plain_username())
        self.fields["username"].widget.attrs.update(autocapitalize="none", spellcheck="false", autocomplete="off")

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


# ---------------------------------------------------------------- roles and places


def places(actor: User) -> dict[str, Scope]:
    """Every place for which `actor` gives roles, by the value of its option: "commune-7"."""
    authorities = manageable_authorities(actor)
    found: list[Scope] = [
        *Commune.objects.valid_on(clock.today()).filter(authority__in=authorities).select_related("authority"),
        *Agency.objects.filter(authority__in=authorities, is_active=True).select_related("authority"),
        *authorities.select_related("parent"),
    ]
    return {f"{place._meta.model_name}-{place.pk}": place for place in found}


def grouped(options: dict[str, Scope]) -> list[Any]:
    """Choices under the headings Xã, Phòng ban, Cơ quan."""
    groups = [("Xã, thị trấn", "commune"), ("Phòng, ban", "agency"), ("Cơ quan", "authority")]
    listed = [
        (heading, [(key, str(place)) for key, place in options.items() if key.startswith(f"{kind}-")])
        for heading, kind in groups
    ]
    return [("", "Chọn nơi làm việc"), *(group for group in listed if group[1])]


PLACE_WANTED = {
    "commune": "Vai trò này phải gắn với một xã.",
    "agency": "Vai trò này phải gắn với một phòng, ban.",
    "authority": "Vai trò này phải gắn với một cơ quan.",
}


class RoleForm(forms.Form):
    """A role and the place it is for."""

    role = forms.ChoiceField(label="Vai trò", widget=forms.RadioSelect)
    place = forms.ChoiceField(
        label="Nơi làm việc",
        help_text="Công chức, lãnh đạo xã: chọn xã. Cán bộ phòng, ban: chọn phòng, ban. Vai trò khác: chọn cơ quan.",
    )

    def __init__(self, actor: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = places(actor)
        allowed = [it for it in Role if it is not Role.ADMINISTRATOR or actor.has(Permission.ACCOUNT_MANAGE)]
        role: Any = self.fields["role"]
        role.choices = [(it.value, f"{it.label}: {it.meaning[0].lower()}{it.meaning[1:]}") for it in allowed]
        place: Any = self.fields["place"]
        place.choices = grouped(self.options)

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])

    def clean_place(self) -> Scope:
        return self.options[self.cleaned_data["place"]]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        role, place = given.get("role"), given.get("place")
        if role and place and place._meta.model_name != role.scope:
            self.add_error("place", PLACE_WANTED[role.scope])
        return given


class MembershipForm(RoleForm):
    valid_from = forms.DateField(label="Từ ngày")
    valid_to = forms.DateField(label="Đến hết ngày", required=False, help_text="Để trống nếu chưa biết.")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        begin, end = given.get("valid_from"), given.get("valid_to")
        if begin and end and end < begin:
            self.add_error("valid_to", "Ngày kết thúc phải sau ngày bắt đầu.")
        return given


class LastDayForm(forms.Form):
    on = forms.DateField(
        label="Ngày cuối cùng", help_text="Còn quyền đến hết ngày này. Chọn ngày hôm qua để dừng ngay."
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Lý do", max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text="Được ghi vào nhật ký."
    )


class HandOverForm(forms.Form):
    receiver = forms.ModelChoiceField(label="Người nhận bàn giao", queryset=User.objects.none())

    def __init__(self, actor: User, giver: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.for_user(actor).filter(is_active=True).exclude(pk__in=[giver.pk, actor.pk])
        receiver: Any = self.fields["receiver"]
        receiver.queryset = others
        receiver.empty_label = "Chọn người nhận"


# ---------------------------------------------------------------- units


class CommuneForm(forms.ModelForm):
    group = forms.TypedChoiceField(
        label="Nhóm xã",
        choices=[("", "Chưa phân nhóm"), (1, "Nhóm 1"), (2, "Nhóm 2"), (3, "Nhóm 3")],
        coerce=int,
        empty_value=None,
        required=False,
        help_text="Theo bộ tiêu chí 2026-2030.",
    )

    class Meta:
        model = Commune
        fields = [
            "authority", "kind", "name", "code", "region", "group", "valid_from", "valid_to", "successor",
        ]  # fmt: skip
        error_messages = {
            NON_FIELD_ERRORS: {"unique_together": "Mã này đã có đơn vị bắt đầu đúng ngày ấy."},
        }
        help_texts = {"code": "Mã của danh mục hành chính, 5 chữ số.", "valid_to": "Để trống nếu xã còn tồn tại."}

    def __init__(self, actor: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ids = actor.scope("authority", needs=Permission.UNIT_MANAGE)
        authority: Any = self.fields["authority"]
        authority.queryset = Authority.objects.filter(Q(pk__in=ids) | within("parent", ids))
        authority.empty_label = "Chọn cơ quan"
        self.fields["code"].validators.append(RegexValidator(r"^\d{5}$", "Mã gồm đúng 5 chữ số."))
        successor: Any = self.fields["successor"]
        successor.queryset = Commune.objects.exclude(pk=self.instance.pk)
        successor.empty_label = "Không có"
        successor.label_from_instance = lambda it: f"{it.title} (từ {it.valid_from:%d/%m/%Y})"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        successor, last_day = given.get("successor"), given.get("valid_to")
        if successor and not last_day:
            self.add_error("valid_to", "Đơn vị có đơn vị kế tục phải có ngày kết thúc.")
        elif successor and successor.valid_from <= last_day:
            self.add_error("successor", "Đơn vị kế tục phải bắt đầu sau ngày kết thúc của đơn vị này.")
        return given


class VillageForm(forms.ModelForm):
    class Meta:
        model = Village
        fields = ["kind", "name", "code", "valid_from", "valid_to"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        start = self.instance.commune.code
        self.fields["code"].help_text = f"Mã xã, gạch nối, hai chữ số; ví dụ: {start}-01"
        self.fields["code"].validators.append(
            RegexValidator(rf"^{re.escape(start)}-\d\d$", f"Mã phải có dạng {start}-01, {start}-02 …")
        )


class RecognitionForm(forms.ModelForm):
    class Meta:
        model = Recognition
        fields = ["title", "village", "decision", "valid_from"]
        labels = {"valid_from": "Ngày công nhận", "village": "Đơn vị được công nhận"}
        help_texts = {"decision": "Số, ngày và cơ quan ban hành: Quyết định số …/QĐ-UBND ngày … của UBND tỉnh"}

    def __init__(self, commune: Commune, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        village: Any = self.fields["village"]
        village.queryset = commune.villages.valid_on(clock.today())
        village.empty_label = commune.title
        self.instance.commune = commune


class RecognitionEndForm(forms.Form):
    on = forms.DateField(label="Ngày cuối cùng còn danh hiệu")
    reason = forms.CharField(label="Lý do, căn cứ", max_length=300, help_text="Ví dụ: Quyết định thu hồi số …, ngày …")


# ---------------------------------------------------------------- tables


class ImportForm(forms.Form):
    """A table to import; what is in it is looked at by the process that opens it."""

    file = forms.FileField(
        label="Tệp bảng tính",
        help_text=f"Tệp .xlsx, .ods hoặc .csv (UTF-8), nhiều nhất {MAX_BYTES // 1024**2} MB.",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.ods,.csv"}),
        error_messages={"required": "Chưa chọn tệp bảng tính.", "empty": "Tệp rỗng, chọn tệp khác."},
    )
    target = forms.ChoiceField(label="Nhập vào", widget=forms.RadioSelect)

    def __init__(self, targets: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not targets:
            del self.fields["target"]
            return
        target: Any = self.fields["target"]
        target.choices = targets
        target.required = any(value for value, _ in targets) and "" not in dict(targets)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise ValidationError(
                f"Tệp lớn hơn {MAX_BYTES // 1024**2} MB, không nhận. Xóa ảnh và phần thừa, hoặc chia nhỏ tệp."
            )
        return file


# ---------------------------------------------------------------- what one is told


class NotificationFilter(forms.Form):
    """Filters of what one was told; what is not understood filters nothing."""

    loai = forms.ChoiceField(label="Loại tin", required=False, choices=[("", "Mọi loại"), *Kind.choices])
    chua_doc = forms.BooleanField(label="Chỉ tin chưa đọc", required=False)

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def filtered(self, rows: NotificationQuerySet) -> NotificationQuerySet:
        self.is_valid()
        if kind := self.cleaned_data.get("loai"):
            rows = rows.filter(kind=kind)
        return rows.unread() if self.cleaned_data.get("chua_doc") else rows


class ChoicesForm(forms.Form):
    """For each kind: in the portal, by mail; and whether there is a daily mail at all."""

    wants_digest = forms.ChoiceField(
        label="Thư tổng hợp",
        choices=[("daily", "Mỗi ngày nhiều nhất một thư, khi có tin chưa đọc"), ("none", "Không nhận thư")],
        widget=forms.RadioSelect,
        error_messages={"required": "Chưa chọn có nhận thư tổng hợp hay không."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wants_digest"].initial = "daily" if user.wants_digest else "none"
        for kind, (in_portal, by_mail) in inbox.choices_of(user).items():
            fixed = kind in ALWAYS_IN_PORTAL
            self.fields[f"portal_{kind}"] = self._box(f"{kind.label}: hiện trên cổng", in_portal or fixed, fixed)
            self.fields[f"mail_{kind}"] = self._box(f"{kind.label}: đưa vào thư", by_mail, False)

    @staticmethod
    def _box(label: str, initial: bool, disabled: bool) -> forms.BooleanField:
        box = forms.CheckboxInput(attrs={"aria-label": label})
        return forms.BooleanField(label=label, required=False, initial=initial, disabled=disabled, widget=box)

    @property
    def rows(self) -> list[tuple[str, BoundField, BoundField]]:
        """(label of the kind, box for the portal, box for the mail)"""
        return [(str(kind.label), self[f"portal_{kind}"], self[f"mail_{kind}"]) for kind in Kind]

    def choices(self) -> dict[Kind, tuple[bool, bool]]:
        data = self.cleaned_data
        return {kind: (data[f"portal_{kind}"], data[f"mail_{kind}"]) for kind in Kind}
