"""Imports: a file that came in, what it would change row by row, and what became of it."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from . import clock
from .fields import LineField

if TYPE_CHECKING:
    from .models import User

# How long a preview may be confirmed, and how long the file and its rows are kept after that.
CONFIRMABLE = timedelta(days=2)
KEPT = timedelta(days=14)


def private_path(run: "ImportRun", name: str) -> str:
    return f"imports/{run.public_id.hex}"


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def for_user(self, user: "User") -> "ImportRunQuerySet":
        """One's own: a preview shows what its person may see, and nobody else confirms it."""
        return self.filter(by=user)


class ImportRun(models.Model):
    """One file of one kind of data; its row stays as the log entry when file and rows are gone."""

    class Status(models.TextChoices):
        CHECKING = "checking", "Đang kiểm tra"
        READY = "ready", "Chờ xác nhận"
        SAVING = "saving", "Đang lưu"
        DONE = "done", "Đã nhập"
        UNDONE = "undone", "Đã hoàn tác"
        DROPPED = "dropped", "Đã bỏ"

    public_id = models.UUIDField("mã", primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("loại dữ liệu", max_length=30)
    # What the file goes into, where a kind asks for it: the code and version of a draft.
    target = models.CharField("nhập vào", max_length=80, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người nhập", related_name="+")
    uploaded_at = models.DateTimeField("tải lên lúc")
    name = LineField("tên tệp", max_length=200)
    sha256 = models.CharField("mã băm SHA-256", max_length=64)
    file = models.FileField("tệp", upload_to=private_path, blank=True)
    status = models.CharField("trạng thái", max_length=10, choices=Status.choices, default=Status.CHECKING)
    # {"sheet:row": whether the offered correction is taken}
    choices = models.JSONField("lựa chọn", default=dict, blank=True)
    notes = models.JSONField("ghi chú", default=list, blank=True)
    counts = models.JSONField("số dòng theo trạng thái", default=dict, blank=True)
    digest = models.CharField("dấu của bản xem trước", max_length=64, blank=True)
    message = models.TextField("điều cần biết", blank=True)
    total = models.PositiveIntegerField("số dòng", default=0)
    done = models.PositiveIntegerField("số dòng đã kiểm tra", default=0)
    # By the machine's clock: whether somebody is still at work on it.
    touched_at = models.DateTimeField("lần tiến triển cuối", null=True, blank=True)
    confirmed_at = models.DateTimeField("xác nhận lúc", null=True, blank=True)
    undone_at = models.DateTimeField("hoàn tác lúc", null=True, blank=True)
    event = models.ForeignKey(
        "communes.Event", models.PROTECT, verbose_name="sự kiện", null=True, blank=True, related_name="+"
    )

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = "lần nhập dữ liệu"
        verbose_name_plural = "các lần nhập dữ liệu"
        ordering = ["-uploaded_at"]
        indexes = [models.Index(fields=["by", "-uploaded_at"], name="import_by_person")]
        constraints = [
            models.CheckConstraint(
                name="import_status_known",
                condition=models.Q(status__in=["checking", "ready", "saving", "done", "undone", "dropped"]),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("communes:import-detail", args=[self.pk])

    @property
    def is_running(self) -> bool:
        return self.status in (self.Status.CHECKING, self.Status.SAVING)

    @property
    def is_stuck(self) -> bool:
        """Whether whoever worked on it has given no sign for so long that it may be asked for again."""
        patience = timedelta(seconds=settings.LEASE_SECONDS)
        return self.is_running and (self.touched_at is None or clock.machine_now() - self.touched_at > patience)

    def count(self, state: str) -> int:
        found: Any = self.counts.get(state, 0)
        return int(found)


class ImportRow(models.Model):
    """One row of a preview."""

    class State(models.TextChoices):
        NEW = "new", "Mới"
        CHANGED = "changed", "Thay đổi"
        GONE = "gone", "Bỏ đi"
        SAME = "same", "Không đổi"
        ASK = "ask", "Cần chọn"
        ERROR = "error", "Lỗi"

    run = models.ForeignKey(ImportRun, models.CASCADE, verbose_name="lần nhập", related_name="rows")
    place = models.PositiveIntegerField("thứ tự")
    sheet = models.CharField("trang", max_length=120, blank=True)
    number = models.PositiveIntegerField("dòng")
    state = models.CharField("trạng thái", max_length=8, choices=State.choices)
    label = models.CharField("tên", max_length=300)
    changes = models.JSONField("thay đổi", default=list)  # [[heading, old, new]]
    problems = models.JSONField("lỗi", default=list)  # [[cell, heading, reason]]
    offer = models.JSONField("đề nghị sửa", null=True)  # [heading, typed, offered]

    class Meta:
        verbose_name = "dòng xem trước"
        verbose_name_plural = "các dòng xem trước"
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["run", "place"], name="import_row_once_per_place")]
        indexes = [models.Index(fields=["run", "state", "place"], name="import_row_by_state")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}: {self.label}"
