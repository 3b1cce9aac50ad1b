"""A workbook that came back and waits for its confirmation."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from communes import clock
from communes.fields import LineField
from communes.models import User

from .dossiers import Dossier

# How long a preview may be confirmed.
KEPT = timedelta(hours=2)


class WorkbookUploadQuerySet(models.QuerySet["WorkbookUpload"]):
    def for_user(self, user: User) -> "WorkbookUploadQuerySet":
        """One's own, while they last, of dossiers one may read."""
        fresh = self.filter(by=user, uploaded_at__gt=clock.now() - KEPT)
        return fresh.filter(dossier__in=Dossier.objects.for_user(user).order_by())


class WorkbookUpload(models.Model):
    """What was read from an uploaded workbook; nothing of it is in the dossier until its sender confirms it."""

    public_id = models.UUIDField("mã", primary_key=True, default=uuid.uuid4, editable=False)
    dossier = models.ForeignKey(Dossier, models.CASCADE, verbose_name="hồ sơ", related_name="workbook_uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người tải lên", related_name="+")
    uploaded_at = models.DateTimeField("tải lên lúc")
    name = LineField("tên tệp", max_length=200)
    sha256 = models.CharField("mã băm SHA-256", max_length=64)
    # Cells by assessment and field, and what is wrong with the workbook itself: see presenters/workbook/comparing.py.
    content = models.JSONField("nội dung")
    taken_at = models.DateTimeField("lưu vào hồ sơ lúc", null=True, blank=True)

    objects = WorkbookUploadQuerySet.as_manager()

    class Meta:
        verbose_name = "bảng tính chờ xác nhận"
        verbose_name_plural = "bảng tính chờ xác nhận"
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return f"{self.name} · {self.dossier}"

    @property
    def kept_until(self) -> datetime:
        return self.uploaded_at + KEPT
