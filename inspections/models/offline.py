"""What lets a commune's machine keep entries while the line is gone: a key for each account, and what has arrived."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from .assessments import Assessment


class DeviceKey(models.Model):
    """The key with which machines encrypt what one account has not sent yet; 32 random bytes, Base64."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="tài khoản", related_name="+")
    key = models.CharField("khóa", max_length=44)

    class Meta:
        verbose_name = "khóa của mục chưa gửi"
        verbose_name_plural = "khóa của mục chưa gửi"

    def __str__(self) -> str:
        return str(self.user)


class Delivery(models.Model):
    """An entry that was saved, by the id its machine gave it: sent once more, it gets the first answer again."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người gửi", related_name="+")
    entry = models.UUIDField("mã mục")
    assessment = models.ForeignKey(Assessment, models.CASCADE, verbose_name="chỉ tiêu trong hồ sơ", related_name="+")
    at = models.DateTimeField("nhận lúc", db_index=True)
    # {"version": …, "saved_at": "HH:MM"}
    answer = models.JSONField("trả lời", encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "mục đã nhận"
        verbose_name_plural = "mục đã nhận"
        constraints = [models.UniqueConstraint(fields=["by", "entry"], name="delivery_once_per_account_and_entry")]

    def __str__(self) -> str:
        return f"{self.entry}"
