"""One indicator in a dossier with its three judgements; what the team concludes of a criterion."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from communes.fields import ProseField
from communes.models import User
from criteria.judgement import Judgement
from criteria.models import Criterion, Indicator

from .common import both_or_neither, known, person
from .dossiers import Dossier


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def for_user(self, user: User) -> "AssessmentQuerySet":
        return self.filter(dossier__in=Dossier.objects.for_user(user).order_by())


class Assessment(models.Model):
    """One indicator in a dossier: its value, and the three judgements kept apart."""

    dossier = models.ForeignKey(Dossier, models.PROTECT, verbose_name="hồ sơ", related_name="assessments")
    indicator = models.ForeignKey(Indicator, models.PROTECT, verbose_name="chỉ tiêu", related_name="assessments")
    criterion = models.ForeignKey(Criterion, models.PROTECT, verbose_name="tiêu chí", related_name="assessments")
    # A rate is stored as what was counted; the percentage is computed and never rounded before comparing.
    numerator = models.DecimalField("tử số", max_digits=18, decimal_places=4, null=True, blank=True)
    denominator = models.DecimalField("mẫu số", max_digits=18, decimal_places=4, null=True, blank=True)
    value = models.DecimalField("giá trị", max_digits=18, decimal_places=4, null=True, blank=True)
    # {part code: {"value" | "numerator", "denominator" | "judgement": text}} of a compound indicator
    parts = models.JSONField("các phần", default=dict, blank=True)
    remark = ProseField("thuyết minh", blank=True)
    self_judgement = models.CharField("tự đánh giá", max_length=14, choices=Judgement, default=Judgement.UNASSESSED)
    self_by = person("người tự đánh giá")
    self_at = models.DateTimeField("tự đánh giá lúc", null=True, blank=True)
    opinion = models.CharField(
        "ý kiến cơ quan phụ trách", max_length=14, choices=Judgement, default=Judgement.UNASSESSED
    )
    opinion_reason = ProseField("lý do của ý kiến", blank=True)
    opinion_by = person("người cho ý kiến")
    opinion_at = models.DateTimeField("cho ý kiến lúc", null=True, blank=True)
    conclusion = models.CharField("kết luận", max_length=14, choices=Judgement, default=Judgement.UNASSESSED)
    conclusion_reason = ProseField("lý do kết luận", blank=True)
    concluded_by = person("người kết luận")
    concluded_at = models.DateTimeField("kết luận lúc", null=True, blank=True)
    # What the rules say contrary to the conclusion, when they could say anything: marked beside it.
    is_contrary = models.BooleanField("khác với kết quả đối chiếu ngưỡng", default=False)
    # Two counters, so that an opinion or conclusion is no conflict with what the commune enters, nor the other way.
    entry_version = models.PositiveIntegerField("phiên bản phần xã nhập", default=1)
    version = models.PositiveIntegerField("phiên bản phần thẩm tra", default=1)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = "chỉ tiêu trong hồ sơ"
        verbose_name_plural = "chỉ tiêu trong hồ sơ"
        ordering = ["criterion__number", "indicator__position"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "indicator"], name="assessment_once_per_indicator"),
            known("self_judgement", Judgement, "assessment_self_judgement_known"),
            known("opinion", Judgement, "assessment_opinion_known"),
            known("conclusion", Judgement, "assessment_conclusion_known"),
            both_or_neither("assessment_self_by_and_at", "self_by", "self_at"),
            both_or_neither("assessment_opinion_by_and_at", "opinion_by", "opinion_at"),
            models.CheckConstraint(
                name="assessment_opinion_has_author", condition=Q(opinion="chua_danh_gia") | Q(opinion_by__isnull=False)
            ),
            models.CheckConstraint(
                name="assessment_conclusion_has_author",
                condition=Q(conclusion="chua_danh_gia", concluded_by__isnull=True, concluded_at__isnull=True)
                | (~Q(conclusion="chua_danh_gia") & Q(concluded_by__isnull=False, concluded_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="assessment_rate_not_negative",
                condition=(Q(numerator__isnull=True) | Q(numerator__gte=0))
                & (Q(denominator__isnull=True) | Q(denominator__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator.code} · {self.dossier}"


class CriterionConclusion(models.Model):
    """What the team concludes of one criterion, and what the commune replies to it."""

    dossier = models.ForeignKey(Dossier, models.PROTECT, verbose_name="hồ sơ", related_name="conclusions")
    criterion = models.ForeignKey(Criterion, models.PROTECT, verbose_name="tiêu chí", related_name="conclusions")
    verdict = models.CharField("kết luận", max_length=14, choices=Judgement, default=Judgement.UNASSESSED)
    reason = ProseField("lý do", blank=True)
    concluded_by = person("người kết luận")
    concluded_at = models.DateTimeField("kết luận lúc", null=True, blank=True)
    is_contrary = models.BooleanField("khác với đề xuất từ các chỉ tiêu", default=False)
    reply = ProseField("giải trình của xã", blank=True)
    replied_by = person("người giải trình")
    replied_at = models.DateTimeField("giải trình lúc", null=True, blank=True)
    version = models.PositiveIntegerField("phiên bản", default=1)

    class Meta:
        verbose_name = "kết luận tiêu chí"
        verbose_name_plural = "kết luận tiêu chí"
        ordering = ["criterion__number"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "criterion"], name="conclusion_once_per_criterion"),
            known("verdict", Judgement, "conclusion_verdict_known"),
            models.CheckConstraint(
                name="conclusion_has_author_and_time",
                condition=Q(verdict="chua_danh_gia", concluded_by__isnull=True, concluded_at__isnull=True)
                | (~Q(verdict="chua_danh_gia") & Q(concluded_by__isnull=False, concluded_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="conclusion_not_met_has_reason",
                condition=Q(verdict__in=["chua_danh_gia", "dat"]) | ~Q(reason=""),
                violation_error_message="Kết luận không đạt cần có lý do.",
            ),
            both_or_neither("conclusion_replied_by_and_at", "replied_by", "replied_at"),
        ]

    def __str__(self) -> str:
        return f"Tiêu chí {self.criterion.number} · {self.dossier}"


class DraftChange(models.Model):
    """Typing of one person in one field, gathered until it becomes one event of the journal.

    Autosaves of a field within ten minutes are one event; submitting closes it. The journal is
    append-only, so what is still growing waits here.
    """

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="draft_changes")
    field = models.CharField(max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    old = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    new = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "thay đổi chưa ghi nhật ký"
        verbose_name_plural = "thay đổi chưa ghi nhật ký"
        constraints = [
            models.UniqueConstraint(fields=["assessment", "field", "by"], name="draft_change_once_per_field")
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id}.{self.field}"
