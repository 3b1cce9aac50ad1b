"""Authorities, agencies, communes, villages, people and what they may do; titles held; documents cited."""

import re
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse

from . import clock
from .fields import LineField, NameField
from .imports import ImportRow, ImportRun
from .journal import ChainHead, Event
from .notifications import Digest, Notification, NotificationChoice, Routine
from .permissions import ROLE_PERMISSIONS, Permission, Role, roles_with

__all__ = [
    "Agency",
    "Authority",
    "ChainHead",
    "Commune",
    "Digest",
    "Event",
    "ImportRow",
    "ImportRun",
    "LegalDocument",
    "Membership",
    "Notification",
    "NotificationChoice",
    "Recognition",
    "Routine",
    "User",
    "Village",
]

Row = TypeVar("Row", bound=models.Model)

# People type "xã Nậm Cần" too; the name is stored without its kind.
KIND_BEFORE_NAME = re.compile(r"^(xã|xa|thị trấn|thi tran|phường|phuong)\s+", re.IGNORECASE)


def within(path: str, authority_ids: Iterable[int]) -> Q:
    """Condition "one of these authorities or one under it"; `path` leads to an Authority."""
    ids = list(authority_ids)
    return Q(**{f"{path}__in": ids}) | Q(**{f"{path}__parent__in": ids}) | Q(**{f"{path}__parent__parent__in": ids})


class DatedQuerySet(models.QuerySet[Row]):
    """Rows with `valid_from` and `valid_to`, the last day (empty: still valid)."""

    def valid_on(self, day: date) -> Self:
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day)


class Dated(models.Model):
    valid_from = models.DateField("có từ ngày")
    valid_to = models.DateField("đến hết ngày", null=True, blank=True, help_text="Để trống nếu còn tồn tại.")

    class Meta:
        abstract = True

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or self.valid_to >= day)


def dates_in_order(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name,
        condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
        violation_error_message="Ngày kết thúc phải sau ngày bắt đầu.",
    )


class AuthorityQuerySet(DatedQuerySet["Authority"]):
    def for_user(self, user: "User") -> "AuthorityQuerySet":
        """The authorities a person belongs to, in any role, and those under them."""
        return self.filter(pk__in=user.scope("authority")) | self.filter(within("parent", user.scope("authority")))


class Authority(Dated):
    """A body of the state that orders inspections and issues notices: cơ quan.

    Source of the levels: districts ended on 30/6/2025 (Law 72/2025/QH15); authorities are data for that reason.
    """

    class Kind(models.TextChoices):
        PROVINCE = "province", "Cấp tỉnh"
        DISTRICT = "district", "Cấp huyện"
        COMMUNE = "commune", "Cấp xã"

    code = LineField("mã", max_length=30, help_text="Ví dụ: huyen-tan-uyen")
    name = NameField("tên cơ quan", help_text="Ví dụ: UBND huyện Tân Uyên")
    kind = models.CharField("cấp", max_length=10, choices=Kind)
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name="cơ quan cấp trên", null=True, blank=True, related_name="children"
    )
    locality = LineField("địa danh", max_length=100, help_text="Ghi trước ngày tháng của văn bản, ví dụ: Tân Uyên")
    letterhead = LineField("tên in trên văn bản", max_length=200, help_text="Ví dụ: UBND HUYỆN TÂN UYÊN")
    team_name = LineField("tên đoàn kiểm tra", max_length=200, blank=True)
    head_title = LineField(
        "chức danh người ký của Đoàn", max_length=100, blank=True, help_text="Ví dụ: TRƯỞNG ĐOÀN KIỂM TRA"
    )
    notice_symbol = LineField("ký hiệu thông báo", max_length=30, blank=True, help_text="Ví dụ: TB-ĐKT")
    contact_name = LineField("đầu mối hỗ trợ", max_length=200, blank=True)
    contact_phone = LineField("điện thoại hỗ trợ", max_length=30, blank=True)
    successor = models.ForeignKey(
        "self", models.PROTECT, verbose_name="cơ quan kế tục", null=True, blank=True, related_name="predecessors"
    )

    objects = AuthorityQuerySet.as_manager()

    class Meta:
        verbose_name = "cơ quan"
        verbose_name_plural = "cơ quan"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="authority_code_once_per_date"),
            models.CheckConstraint(
                name="authority_kind_known", condition=Q(kind__in=["province", "district", "commune"])
            ),
            dates_in_order("authority_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_within(self, authority_ids: Iterable[int]) -> bool:
        """Whether it is one of these authorities or under one of them."""
        level: Authority | None = self
        while level is not None:
            if level.pk in authority_ids:
                return True
            level = level.parent
        return False


class AgencyQuerySet(models.QuerySet["Agency"]):
    def for_user(self, user: "User") -> "AgencyQuerySet":
        """Agencies of the authorities a person works for, directly or through a commune or an agency."""
        return self.filter(within("authority", user.authority_ids))


class Agency(models.Model):
    """A department in charge of indicators: phòng, ban."""

    authority = models.ForeignKey(Authority, models.PROTECT, verbose_name="cơ quan", related_name="agencies")
    code = LineField("mã", max_length=50)
    name = NameField("tên phòng, ban")
    is_active = models.BooleanField("đang hoạt động", default=True)

    objects = AgencyQuerySet.as_manager()

    class Meta:
        verbose_name = "phòng, ban"
        verbose_name_plural = "phòng, ban"
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["authority", "code"], name="agency_code_once_per_authority")]

    def __str__(self) -> str:
        return self.name


class CommuneQuerySet(DatedQuerySet["Commune"]):
    def for_user(self, user: "User") -> "CommuneQuerySet":
        """Communes whose data a person may see at all: the own one, or all of the own authority."""
        return self.filter(
            Q(pk__in=user.scope("commune"))
            | within("authority", user.scope("authority"))
            | within("authority", user.agency_authority_ids)
        )

    def search(self, words: str) -> "CommuneQuerySet":
        """Names that hold the words, whatever their case and diacritics: "nam can" finds "Nậm Cần"."""
        name = KIND_BEFORE_NAME.sub("", words) or words
        return self.filter(Q(name__unaccent__icontains=name) | Q(code__startswith=words))


class Commune(Dated):
    """A commune or township: xã, thị trấn, phường.

    Official codes are used again over time: the key is (code, valid_from).
    """

    class Kind(models.TextChoices):
        COMMUNE = "xa", "xã"
        TOWNSHIP = "thi_tran", "thị trấn"
        WARD = "phuong", "phường"

    class Region(models.TextChoices):
        NORTHERN_MOUNTAINS = "tdmnpb", "Trung du miền núi phía Bắc"
        RED_RIVER_DELTA = "dbsh", "Đồng bằng sông Hồng"
        NORTH_CENTRAL = "btb", "Bắc Trung Bộ"
        SOUTH_CENTRAL_COAST = "dhntb", "Duyên hải Nam Trung Bộ"
        CENTRAL_HIGHLANDS = "tn", "Tây Nguyên"
        SOUTH_EAST = "dnb", "Đông Nam Bộ"
        MEKONG_DELTA = "dbscl", "Đồng bằng sông Cửu Long"

    authority = models.ForeignKey(Authority, models.PROTECT, verbose_name="cơ quan quản lý", related_name="communes")
    code = LineField("mã đơn vị hành chính", max_length=10)
    name = NameField("tên", help_text="Tên riêng, không kèm loại: Nậm Cần")
    kind = models.CharField("loại", max_length=10, choices=Kind, default=Kind.COMMUNE)
    region = models.CharField("vùng", max_length=10, choices=Region, default=Region.NORTHERN_MOUNTAINS)
    group = models.PositiveSmallIntegerField(
        "nhóm xã", null=True, blank=True, help_text="Nhóm 1, 2 hoặc 3 theo bộ tiêu chí 2026-2030."
    )
    successor = models.ForeignKey(
        "self", models.PROTECT, verbose_name="đơn vị kế tục", null=True, blank=True, related_name="predecessors"
    )

    objects = CommuneQuerySet.as_manager()

    class Meta:
        verbose_name = "xã"
        verbose_name_plural = "xã, thị trấn"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="commune_code_once_per_date"),
            models.CheckConstraint(name="commune_kind_known", condition=Q(kind__in=["xa", "thi_tran", "phuong"])),
            models.CheckConstraint(
                name="commune_group_known", condition=Q(group__isnull=True) | Q(group__in=[1, 2, 3])
            ),
            dates_in_order("commune_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("communes:commune-detail", args=[self.pk])

    @property
    def title(self) -> str:
        """With its kind, for lists and headings: Xã Nậm Cần."""
        return f"{self.get_kind_display().capitalize()} {self.name}"

    @property
    def phrase(self) -> str:
        """With its kind, within a sentence: xã Nậm Cần."""
        return f"{self.get_kind_display()} {self.name}"


class VillageQuerySet(DatedQuerySet["Village"]):
    def for_user(self, user: "User") -> "VillageQuerySet":
        return self.filter(commune__in=Commune.objects.for_user(user))


class Village(Dated):
    """A village of a commune: thôn, bản. Code: the commune's code, a hyphen, two digits."""

    class Kind(models.TextChoices):
        BAN = "ban", "bản"
        THON = "thon", "thôn"
        AP = "ap", "ấp"
        TO_DAN_PHO = "to_dan_pho", "tổ dân phố"

    commune = models.ForeignKey(Commune, models.PROTECT, verbose_name="xã", related_name="villages")
    code = LineField("mã", max_length=14)
    name = NameField("tên")
    kind = models.CharField("loại", max_length=12, choices=Kind, default=Kind.BAN)
    is_sample = models.BooleanField("dữ liệu mẫu", default=False, help_text="Tên tự đặt để trình diễn, không có thật.")
    successor = models.ForeignKey(
        "self", models.PROTECT, verbose_name="đơn vị kế tục", null=True, blank=True, related_name="predecessors"
    )

    objects = VillageQuerySet.as_manager()

    class Meta:
        verbose_name = "thôn, bản"
        verbose_name_plural = "thôn, bản"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="village_code_once_per_date"),
            models.CheckConstraint(
                name="village_kind_known", condition=Q(kind__in=["ban", "thon", "ap", "to_dan_pho"])
            ),
            dates_in_order("village_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return f"{self.get_kind_display().capitalize()} {self.name}"

    @property
    def phrase(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


class Recognition(Dated):
    """A title that a commune or village holds by a decision: công nhận đạt chuẩn. `valid_to`: the day it ended."""

    class Title(models.TextChoices):
        NTM = "ntm", "nông thôn mới"
        NTM_ADVANCED = "ntm_nang_cao", "nông thôn mới nâng cao"
        NTM_MODEL = "ntm_kieu_mau", "nông thôn mới kiểu mẫu"

    commune = models.ForeignKey(Commune, models.PROTECT, verbose_name="xã", related_name="recognitions")
    village = models.ForeignKey(
        Village, models.PROTECT, verbose_name="thôn, bản", null=True, blank=True, related_name="recognitions"
    )
    title = models.CharField("danh hiệu", max_length=20, choices=Title)
    decision = LineField("quyết định công nhận", max_length=200)

    objects = DatedQuerySet["Recognition"].as_manager()

    class Meta:
        verbose_name = "công nhận danh hiệu"
        verbose_name_plural = "công nhận danh hiệu"
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                name="recognition_title_known", condition=Q(title__in=["ntm", "ntm_nang_cao", "ntm_kieu_mau"])
            ),
            dates_in_order("recognition_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.village or self.commune}: {self.get_title_display()}"


class LegalDocument(models.Model):
    """A document that texts of the portal cite: its number is data and is typed once."""

    key = LineField(
        "từ khóa",
        max_length=60,
        unique=True,
        help_text="Chữ thường, gạch nối; dùng khi trích dẫn: ke-hoach-kiem-tra-2024",
    )
    kind = LineField("loại văn bản", max_length=60, help_text="Ví dụ: Kế hoạch")
    number = LineField("số, ký hiệu", max_length=60, help_text="Ví dụ: 1964/KH-UBND")
    issued_on = models.DateField("ngày ban hành")
    issuer = LineField("cơ quan ban hành", max_length=200)
    subject = LineField("trích yếu", max_length=500, blank=True)

    class Meta:
        verbose_name = "văn bản viện dẫn"
        verbose_name_plural = "văn bản viện dẫn"
        ordering = ["-issued_on", "number"]

    def __str__(self) -> str:
        return f"{self.kind} số {self.number}"


class UserQuerySet(models.QuerySet["User"]):
    def for_user(self, user: "User") -> "UserQuerySet":
        """Whose accounts one may see: the administrator all, a coordinator those of the own authority."""
        if user.has(Permission.ACCOUNT_MANAGE):
            return self.all()
        ids = user.scope("authority", needs=Permission.PEOPLE_MANAGE)
        return self.filter(
            within("memberships__authority", ids)
            | within("memberships__agency__authority", ids)
            | within("memberships__commune__authority", ids)
        ).distinct()


class PortalUserManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Finds people by user name as typed, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username or "")


class User(AbstractUser):
    """A person with an account. Accounts are given out by the authority; they are deactivated, never deleted."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    # Django's own fields, in words that do not address the reader.
    username = models.CharField(
        "tên đăng nhập",
        max_length=150,
        unique=True,
        validators=[AbstractUser.username_validator],
        error_messages={"unique": "Tên đăng nhập này đã có người dùng."},
    )
    email = models.EmailField("thư điện tử", blank=True)
    is_active = models.BooleanField("tài khoản đang dùng", default=True)
    full_name = NameField("họ và tên", max_length=150)
    position = LineField("chức vụ", max_length=150, blank=True)
    phone = LineField("điện thoại", max_length=30, blank=True)
    wants_digest = models.BooleanField("nhận thư tổng hợp hằng ngày", default=True)
    must_change_password = models.BooleanField("phải đổi mật khẩu khi đăng nhập", default=False)
    handed_over_to = models.ForeignKey(
        "self", models.PROTECT, verbose_name="đã bàn giao cho", null=True, blank=True, related_name="took_over_from"
    )

    REQUIRED_FIELDS = ["full_name"]

    objects: ClassVar[PortalUserManager] = PortalUserManager()

    class Meta:
        verbose_name = "người dùng"
        verbose_name_plural = "người dùng"
        ordering = ["full_name"]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_name_once_whatever_case",
                violation_error_message="Tên đăng nhập này đã có người dùng.",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        """The given name, by which people are called in Vietnam: the last word."""
        return self.full_name.rsplit(" ", 1)[-1]

    def get_absolute_url(self) -> str:
        return reverse("communes:user-detail", args=[self.pk])

    @cached_property
    def active_memberships(self) -> list["Membership"]:
        """Memberships in force today with their scope: one query a request."""
        return list(
            self.memberships.valid_on(clock.today())
            .select_related("authority", "agency__authority", "commune__authority")
            .order_by("pk")
        )

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """The union of what all memberships in force allow."""
        return frozenset().union(*(ROLE_PERMISSIONS[Role(item.role)] for item in self.active_memberships))

    def has(self, permission: Permission) -> bool:
        return self.is_active and permission in self.permissions

    def plays(self, role: Role) -> bool:
        """For wording and navigation only; what one may do is asked with `has`."""
        return any(item.role == role for item in self.active_memberships)

    def scope(self, kind: str, *, needs: Permission | None = None) -> set[int]:
        """Ids of the authorities, agencies or communes ("authority", "agency", "commune") of one's memberships.

        needs: only from memberships whose role holds this permission.
        """
        roles = roles_with(needs) if needs else None
        return {
            scope_id
            for item in self.active_memberships
            if (roles is None or item.role in roles) and (scope_id := getattr(item, f"{kind}_id")) is not None
        }

    @property
    def agency_authority_ids(self) -> set[int]:
        return {item.agency.authority_id for item in self.active_memberships if item.agency}

    @property
    def authority_ids(self) -> set[int]:
        """Authorities one works for in any way: directly, in an agency of it, or in a commune under it."""
        communes = {item.commune.authority_id for item in self.active_memberships if item.commune}
        return self.scope("authority") | self.agency_authority_ids | communes


class Membership(Dated):
    """A person in a role for a scope: an authority, an agency or a commune, as the role says."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name="người dùng", related_name="memberships")
    role = models.CharField("vai trò", max_length=20, choices=Role.choices())
    authority = models.ForeignKey(
        Authority, models.PROTECT, verbose_name="cơ quan", null=True, blank=True, related_name="memberships"
    )
    agency = models.ForeignKey(
        Agency, models.PROTECT, verbose_name="phòng, ban", null=True, blank=True, related_name="memberships"
    )
    commune = models.ForeignKey(
        Commune, models.PROTECT, verbose_name="xã", null=True, blank=True, related_name="memberships"
    )

    objects = DatedQuerySet["Membership"].as_manager()

    class Meta:
        verbose_name = "vai trò của người dùng"
        verbose_name_plural = "vai trò của người dùng"
        ordering = ["role"]
        constraints = [
            models.CheckConstraint(
                name="membership_role_with_its_scope",
                condition=Q(
                    role__in=["commune_officer", "commune_leader"],
                    commune__isnull=False,
                    authority__isnull=True,
                    agency__isnull=True,
                )
                | Q(role="agency_reviewer", agency__isnull=False, authority__isnull=True, commune__isnull=True)
                | Q(
                    role__in=["inspector", "team_head", "coordinator", "viewer", "administrator"],
                    authority__isnull=False,
                    agency__isnull=True,
                    commune__isnull=True,
                ),
                violation_error_message="Vai trò phải kèm đúng một phạm vi: xã, phòng/ban hoặc cơ quan.",
            ),
            dates_in_order("membership_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.role_label} · {self.scope_name}"

    @property
    def role_label(self) -> str:
        return Role(self.role).label

    @property
    def scope_name(self) -> str:
        scope: Any = self.commune or self.agency or self.authority
        return str(scope)
