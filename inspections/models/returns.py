"""Questions of the team about single indicators, with their answers: short threads."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from communes import clock
from communes.fields import ProseField

from .assessments import Assessment
from .common import both_or_neither, person
from .dossiers import Dossier


class ReturnItem(models.Model):
    """A question of the team about one indicator, with its answer: yêu cầu bổ sung.

    It holds the running question and its answer; what was asked and answered before in the same thread are its
    `turns`. It ends settled or withdrawn; its text stays.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Chờ xã bổ sung"
        ANSWERED = "answered", "Xã đã trả lời"
        SETTLED = "settled", "Đã giải quyết"
        WITHDRAWN = "withdrawn", "Đã rút"

    class Reason(models.TextChoices):
        MISSING = "thieu", "Thiếu"
        WRONG = "sai", "Sai"
        OUT_OF_DATE = "het_hieu_luc", "Hết hiệu lực"

    dossier = models.ForeignKey(Dossier, models.PROTECT, verbose_name="hồ sơ", related_name="return_items")
    assessment = models.ForeignKey(Assessment, models.PROTECT, verbose_name="chỉ tiêu", related_name="return_items")
    reason_code = models.CharField("lý do", max_length=14, choices=Reason)
    question = ProseField("nội dung yêu cầu")
    due_on = models.DateField("hạn bổ sung")
    status = models.CharField("trạng thái", max_length=10, choices=Status, default=Status.OPEN)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người yêu cầu", related_name="+"
    )
    asked_at = models.DateTimeField("yêu cầu lúc")
    answer = ProseField("trả lời", blank=True)
    answered_by = person("người trả lời")
    answered_at = models.DateTimeField("trả lời lúc", null=True, blank=True)
    closed_by = person("người kết thúc")
    closed_at = models.DateTimeField("kết thúc lúc", null=True, blank=True)

    class Meta:
        verbose_name = "yêu cầu bổ sung"
        verbose_name_plural = "yêu cầu bổ sung"
        ordering = ["asked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="return_status_known", condition=Q(status__in=["open", "answered", "settled", "withdrawn"])
            ),
            models.CheckConstraint(
                name="return_reason_known", condition=Q(reason_code__in=["thieu", "sai", "het_hieu_luc"])
            ),
            models.CheckConstraint(name="return_has_question", condition=~Q(question="")),
            both_or_neither("return_answered_by_and_at", "answered_by", "answered_at"),
            both_or_neither("return_closed_by_and_at", "closed_by", "closed_at"),
            models.UniqueConstraint(
                fields=["assessment"],
                condition=Q(status__in=["open", "answered"]),
                name="return_one_running_per_indicator",
                violation_error_message="Chỉ tiêu này đang có một yêu cầu bổ sung chưa kết thúc.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_code_display()}: {self.question}"

    @property
    def is_overdue(self) -> bool:
        return self.status == self.Status.OPEN and clock.today() > self.due_on


class ReturnTurn(models.Model):
    """An earlier question of a thread with its answer, set aside when the team asked again: lượt hỏi đáp."""

    item = models.ForeignKey(ReturnItem, models.PROTECT, verbose_name="yêu cầu bổ sung", related_name="turns")
    reason_code = models.CharField("lý do", max_length=14, choices=ReturnItem.Reason)
    question = ProseField("nội dung yêu cầu")
    due_on = models.DateField("hạn bổ sung")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người yêu cầu", related_name="+"
    )
    asked_at = models.DateTimeField("yêu cầu lúc")
    answer = ProseField("trả lời")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người trả lời", related_name="+"
    )
    answered_at = models.DateTimeField("trả lời lúc")

    class Meta:
        verbose_name = "lượt hỏi đáp"
        verbose_name_plural = "lượt hỏi đáp"
        ordering = ["answered_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="turn_reason_known", condition=Q(reason_code__in=["thieu", "sai", "het_hieu_luc"])
            ),
            models.CheckConstraint(name="turn_has_both_texts", condition=~Q(question="") & ~Q(answer="")),
            # Two people cannot set the same answer aside: the one who comes second finds it gone.
            models.UniqueConstraint(fields=["item", "answered_at"], name="turn_set_aside_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_code_display()}: {self.question}"
