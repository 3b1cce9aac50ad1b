"""A workbook of a past round's results that waits for its confirmation."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models

from communes import clock
from communes.fields import LineField
from communes.models import User

from .workbooks import KEPT


class ResultsUploadQuerySet(models.QuerySet["ResultsUpload"]):
    def for_user(self, user: User) -> "ResultsUploadQuerySet":
        """One's own, while they last."""
        return self.filter(by=user, uploaded_at__gt=clock.now() - KEPT)


class ResultsUpload(models.Model):
    """What was read from an uploaded workbook of results; nothing of it counts until its sender confirms it."""

    public_id = models.UUIDField("mã", primary_key=True, default=uuid.uuid4, editable=False)
    code = LineField("mã đợt", max_length=30)
    # Columns of the round that the import makes; None where it goes into one that is there.
    columns = models.JSONField("đợt kiểm tra mới", null=True, blank=True)
    creates_units = models.BooleanField("lập đơn vị chưa có trong danh mục", default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người tải lên", related_name="+")
    uploaded_at = models.DateTimeField("tải lên lúc")
    name = LineField("tên tệp", max_length=200)
    sha256 = models.CharField("mã băm SHA-256", max_length=64)
    # The sheets as `inspections.workbook` tells them.
    content = models.JSONField("nội dung")
    taken_at = models.DateTimeField("nhập lúc", null=True, blank=True)

    objects = ResultsUploadQuerySet.as_manager()

    class Meta:
        verbose_name = "bảng kết quả chờ xác nhận"
        verbose_name_plural = "bảng kết quả chờ xác nhận"
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return f"{self.name} · {self.code}"

    @property
    def kept_until(self) -> datetime:
        return self.uploaded_at + KEPT
