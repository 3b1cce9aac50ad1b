"""What the commune replies to a provisional conclusion, and the team's final word on it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from communes.fields import ProseField
from criteria.judgement import Judgement

from .assessments import CriterionConclusion
from .common import both_or_neither, known, person
from .evidence import Evidence


class Reply(models.Model):
    """An explanation of one criterion with its new proof, kept beside what it replies to: giải trình.

    verdict, reason: the provisional conclusion as the commune read it; the one that came of it stands in
    `conclusion`. A reply without words is new proof alone.
    """

    conclusion = models.ForeignKey(
        CriterionConclusion, models.PROTECT, verbose_name="kết luận tiêu chí", related_name="replies"
    )
    verdict = models.CharField("dự thảo kết luận", max_length=14, choices=Judgement)
    reason = ProseField("lý do trong dự thảo", blank=True)
    text = ProseField("giải trình", blank=True)
    evidence = models.ManyToManyField(Evidence, verbose_name="minh chứng mới", blank=True, related_name="+")
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người giải trình", related_name="+"
    )
    replied_at = models.DateTimeField("giải trình lúc")
    response = ProseField("ý kiến của Đoàn", blank=True)
    responded_by = person("người cho ý kiến")
    responded_at = models.DateTimeField("cho ý kiến lúc", null=True, blank=True)

    class Meta:
        verbose_name = "giải trình"
        verbose_name_plural = "giải trình"
        ordering = ["replied_at", "pk"]
        constraints = [
            known("verdict", Judgement, "reply_verdict_known"),
            both_or_neither("reply_responded_by_and_at", "responded_by", "responded_at"),
            models.CheckConstraint(
                name="reply_response_has_author", condition=Q(response="") | Q(responded_by__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conclusion}: {self.text}"

    @property
    def is_answered(self) -> bool:
        """Whether the team has spoken: in words, or by concluding the criterion anew after the reply."""
        concluded_at = self.conclusion.concluded_at
        return bool(self.response) or (concluded_at is not None and concluded_at > self.replied_at)
