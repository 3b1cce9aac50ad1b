"""What is recorded of the visit to a commune: findings, agreed deadlines, the signed minutes, printed sheets."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from communes import clock
from communes.fields import LineField, ProseField
from communes.models import User
from communes.permissions import Permission
from criteria.models import Criterion

from .common import both_or_neither, known, person
from .dossiers import Dossier
from .evidence import Evidence
from .returns import ReturnItem
from .rounds import Inspection, InspectionRound


class VisitFinding(models.Model):
    """What the team found of one criterion at the visit, in prose; for the team until the minutes say it."""

    inspection = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="cuộc kiểm tra", related_name="visit_findings"
    )
    dossier = models.ForeignKey(Dossier, models.PROTECT, verbose_name="hồ sơ", related_name="visit_findings")
    criterion = models.ForeignKey(Criterion, models.PROTECT, verbose_name="tiêu chí", related_name="+")
    text = ProseField("ghi nhận tại chỗ", blank=True)
    noted_by = person("người ghi")
    noted_at = models.DateTimeField("ghi lúc", null=True, blank=True)
    version = models.PositiveIntegerField("phiên bản", default=1)

    class Meta:
        verbose_name = "ghi nhận tại chỗ"
        verbose_name_plural = "ghi nhận tại chỗ"
        ordering = ["dossier", "criterion__number"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "criterion"], name="finding_once_per_criterion"),
            both_or_neither("finding_noted_by_and_at", "noted_by", "noted_at"),
        ]

    def __str__(self) -> str:
        return f"Ghi nhận tiêu chí {self.criterion.number} · {self.dossier}"


class AgreedDeadline(models.Model):
    """What both sides agreed at the visit: what is to be done, by whom, by when."""

    inspection = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="cuộc kiểm tra", related_name="agreed_deadlines"
    )
    what = ProseField("việc phải làm")
    who = LineField("người, cơ quan làm", max_length=200)
    due_on = models.DateField("hạn hoàn thành")
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người ghi", related_name="+")
    agreed_at = models.DateTimeField("ghi lúc")
    return_item = models.OneToOneField(
        ReturnItem, models.PROTECT, verbose_name="yêu cầu bổ sung", null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField("phiên bản", default=1)

    class Meta:
        verbose_name = "thời hạn đã thống nhất"
        verbose_name_plural = "thời hạn đã thống nhất"
        ordering = ["due_on", "pk"]
        constraints = [models.CheckConstraint(name="agreed_deadline_says_what", condition=~Q(what="") & ~Q(who=""))]

    def __str__(self) -> str:
        return f"{self.what} ({self.who})"


class VisitChange(models.Model):
    """Typing of one person in one field of a visit's record, gathered until it becomes one event of the journal.

    field: a column of the inspection, or "finding-" with the key of a finding.
    """

    inspection = models.ForeignKey(Inspection, models.CASCADE, related_name="visit_changes")
    field = models.CharField(max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    old = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    new = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "thay đổi chưa ghi nhật ký của cuộc kiểm tra"
        verbose_name_plural = "thay đổi chưa ghi nhật ký của cuộc kiểm tra"
        constraints = [
            models.UniqueConstraint(fields=["inspection", "field", "by"], name="visit_change_once_per_field")
        ]

    def __str__(self) -> str:
        return f"{self.inspection_id}.{self.field}"


class SignedMinutesQuerySet(models.QuerySet["SignedMinutes"]):
    def for_user(self, user: User) -> "SignedMinutesQuerySet":
        """Readers of the round and its team; the commune once the conclusions on all its dossiers are disclosed."""
        rows = Q(pk__in=[])
        if user.has(Permission.ROUND_READ):
            rows |= Q(inspection__round__in=InspectionRound.objects.for_reading(user).order_by().values("pk"))
        if communes := user.scope("commune", needs=Permission.DOSSIER_READ):
            under_review = Dossier.objects.exclude(status__in=Dossier.Status.disclosed()).order_by()
            rows |= Q(inspection__commune__in=communes) & ~Q(inspection__in=under_review.values("inspection"))
        return self.filter(rows, inspection__round__status__in=["open", "closed"])

    def current(self) -> "SignedMinutesQuerySet":
        """Those that no other has replaced."""
        return self.filter(replaced_at__isnull=True)


class SignedMinutes(models.Model):
    """A scan of the minutes that both sides signed; replaced by a better one, never deleted."""

    inspection = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="cuộc kiểm tra", related_name="signed_minutes"
    )
    file = models.FileField("tệp", max_length=200)
    original_name = LineField("tên tệp gốc", max_length=200)
    content_type = models.CharField("loại tệp", max_length=100)
    size = models.PositiveBigIntegerField("dung lượng")
    sha256 = models.CharField("SHA-256", max_length=64)
    page_count = models.PositiveIntegerField("số trang", default=1)
    scan = models.CharField("quét vi-rút", max_length=14, choices=Evidence.Scan, default=Evidence.Scan.NOT_SCANNED)
    attached_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người đính kèm", related_name="+"
    )
    attached_at = models.DateTimeField("đính kèm lúc")
    replaced_by = person("người thay thế")
    replaced_at = models.DateTimeField("thay thế lúc", null=True, blank=True)

    objects = SignedMinutesQuerySet.as_manager()

    class Meta:
        verbose_name = "biên bản đã ký"
        verbose_name_plural = "biên bản đã ký"
        ordering = ["-attached_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["inspection"], condition=Q(replaced_at__isnull=True), name="signed_minutes_one_current"
            ),
            models.UniqueConstraint(fields=["inspection", "sha256"], name="signed_minutes_bytes_once"),
            models.CheckConstraint(
                name="signed_minutes_has_file_of_hash", condition=~Q(file="") & Q(Exact(Length("sha256"), 64))
            ),
            known("scan", Evidence.Scan, "signed_minutes_scan_known"),
            both_or_neither("signed_minutes_replaced_by_and_at", "replaced_by", "replaced_at"),
        ]

    def __str__(self) -> str:
        return f"Biên bản đã ký · {self.inspection}"


class VisitSheet(models.Model):
    """A printed sheet with a code for each criterion: who scans one uploads photos in the printer's name.

    The secret in its codes is on the paper alone; here is its SHA-256.
    """

    inspection = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="cuộc kiểm tra", related_name="visit_sheets"
    )
    printed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người in", related_name="+")
    printed_at = models.DateTimeField("in lúc")
    expires_at = models.DateTimeField("hết hạn lúc")
    secret_sha256 = models.CharField("SHA-256 của khóa", max_length=64)
    revoked_by = person("người thu hồi")
    revoked_at = models.DateTimeField("thu hồi lúc", null=True, blank=True)

    class Meta:
        verbose_name = "phiếu mã QR"
        verbose_name_plural = "phiếu mã QR"
        ordering = ["-printed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["inspection", "printed_by"],
                condition=Q(revoked_at__isnull=True),
                name="visit_sheet_one_valid_per_person",
            ),
            both_or_neither("visit_sheet_revoked_by_and_at", "revoked_by", "revoked_at"),
            models.CheckConstraint(
                name="visit_sheet_has_hash_of_secret", condition=Q(Exact(Length("secret_sha256"), 64))
            ),
        ]

    def __str__(self) -> str:
        return f"Phiếu mã QR của {self.printed_by} · {self.inspection}"

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and clock.now() < self.expires_at
