"""Rounds that are handed over: bundles asked for or sent in, and where a round came from that was brought in."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from communes.fields import LineField, ProseField
from communes.models import User
from communes.permissions import Permission
from inspections.models import InspectionRound
from inspections.models.common import person


class BroughtRound(models.Model):
    """Where a round came from that was brought in as a bundle, and what of it stands otherwise here than there."""

    round = models.OneToOneField(InspectionRound, models.PROTECT, verbose_name="đợt kiểm tra", related_name="brought")
    # Name of the folder in which its files lie.
    key = models.UUIDField("mã lần nhập", unique=True, default=uuid4, editable=False)
    origin = LineField("nơi lập", max_length=200)
    origin_key = models.CharField("khóa nhật ký của nơi lập", max_length=16)
    exported_at = models.DateTimeField("xuất lúc")
    sha256 = models.CharField("SHA-256 của gói", max_length=64)
    # Of the manifest without its time: the same bundle again is known by it.
    content_sha256 = models.CharField("SHA-256 của nội dung", max_length=64)
    # Columns of the round as they were there: here it is closed.
    there = models.JSONField("trạng thái ở nơi lập", default=dict)
    brought_by = person("người nhập")
    brought_at = models.DateTimeField("nhập lúc")

    class Meta:
        verbose_name = "đợt nhập từ cơ quan khác"
        verbose_name_plural = "đợt nhập từ cơ quan khác"

    def __str__(self) -> str:
        return f"{self.round} ({self.origin})"


class BroughtPerson(models.Model):
    """A person as a bundle names them, and the account that stands for them here."""

    brought = models.ForeignKey(BroughtRound, models.CASCADE, verbose_name="lần nhập", related_name="people")
    username = models.CharField("tên đăng nhập ở nơi lập", max_length=150)
    full_name = LineField("họ và tên", max_length=150, blank=True)
    position = LineField("chức vụ", max_length=150, blank=True)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="tài khoản ở đây", related_name="+")

    class Meta:
        verbose_name = "người trong gói"
        verbose_name_plural = "người trong gói"
        ordering = ["username"]
        constraints = [models.UniqueConstraint(fields=["brought", "username"], name="brought_person_once")]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.username})"


class RoundBundleQuerySet(models.QuerySet["RoundBundle"]):
    def for_user(self, user: User) -> "RoundBundleQuerySet":
        """One's own, as long as one keeps rounds: what is in a bundle is for those who may read all of it."""
        return self.filter(by=user) if user.has(Permission.ROUND_MANAGE) else self.none()


class RoundBundle(models.Model):
    """A bundle that was asked for, or sent in and waiting to be confirmed; its file is kept for some days."""

    class Kind(models.TextChoices):
        EXPORT = "export", "Xuất"
        IMPORT = "import", "Nhập"

    class Status(models.TextChoices):
        ASKED = "asked", "Đang chờ"
        AT_WORK = "at_work", "Đang làm"
        DONE = "done", "Đã xong"
        FAILED = "failed", "Không làm được"

    public_id = models.UUIDField("mã", primary_key=True, default=uuid4, editable=False)
    kind = models.CharField("việc", max_length=6, choices=Kind)
    round = models.ForeignKey(
        InspectionRound, models.PROTECT, verbose_name="đợt kiểm tra", related_name="bundles", null=True, blank=True
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="người yêu cầu", related_name="+")
    asked_at = models.DateTimeField("yêu cầu lúc")
    name = LineField("tên tệp", max_length=200)
    size = models.PositiveBigIntegerField("dung lượng", default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    # What was chosen when it was confirmed: {"people": {name there: user name here}, "successors": {code: code}}.
    choices = models.JSONField("lựa chọn", default=dict)
    status = models.CharField("trạng thái", max_length=8, choices=Status, default=Status.ASKED)
    message = ProseField("thông báo", blank=True)
    begun_at = models.DateTimeField("bắt đầu lúc", null=True, blank=True)
    ended_at = models.DateTimeField("kết thúc lúc", null=True, blank=True)

    objects = RoundBundleQuerySet.as_manager()

    class Meta:
        verbose_name = "gói đợt kiểm tra"
        verbose_name_plural = "gói đợt kiểm tra"
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(name="bundle_kind_known", condition=Q(kind__in=["export", "import"])),
            models.CheckConstraint(
                name="bundle_status_known", condition=Q(status__in=["asked", "at_work", "done", "failed"])
            ),
            models.CheckConstraint(
                name="bundle_export_is_of_a_round", condition=Q(kind="import") | Q(round__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return self.status in (self.Status.ASKED, self.Status.AT_WORK)
