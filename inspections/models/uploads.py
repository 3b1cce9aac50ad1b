"""Files on their way into a commune's library: begun, broken off, gone on with, done."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from communes.fields import LineField
from communes.models import Commune, User
from communes.permissions import Permission

from .evidence import Evidence


class UploadQuerySet(models.QuerySet["Upload"]):
    def for_user(self, user: User) -> "UploadQuerySet":
        """What this person began to send, as long as they work for that commune; nobody else sees it."""
        return self.filter(user=user, commune__in=user.scope("commune", needs=Permission.DOSSIER_EDIT))

    def unfinished(self) -> "UploadQuerySet":
        return self.filter(evidence=None)


class Upload(models.Model):
    """A file on its way. How much of it has arrived is the size of its part file, see `inspections.incoming`."""

    key = models.UUIDField("mã", unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người gửi", related_name="+")
    commune = models.ForeignKey(Commune, models.PROTECT, verbose_name="xã", related_name="+")
    name = LineField("tên tệp", max_length=200)
    length = models.PositiveBigIntegerField("dung lượng")
    # What the sender says the whole file has; empty where it did not say.
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    # The sender's own header, given back to it word for word as tus asks.
    metadata = models.TextField("thông tin kèm theo", blank=True)
    created_at = models.DateTimeField("bắt đầu lúc")
    expires_at = models.DateTimeField("giữ đến", db_index=True)
    # Set when the file has become a piece of the library: who lost that answer may ask again.
    evidence = models.ForeignKey(
        Evidence, models.CASCADE, verbose_name="minh chứng", related_name="+", null=True, blank=True
    )

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = "tệp đang gửi"
        verbose_name_plural = "tệp đang gửi"
        ordering = ["created_at", "pk"]
        constraints = [models.CheckConstraint(name="upload_has_length", condition=Q(length__gt=0))]

    def __str__(self) -> str:
        return self.name
