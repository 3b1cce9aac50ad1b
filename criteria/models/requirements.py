"""What evidence is usually asked for, and which agency is in charge of an indicator."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from communes.fields import ProseField
from communes.models import Agency

from .indicators import Indicator
from .sets import CriteriaSet, Criterion, PartOfSet


class EvidenceRequirement(PartOfSet, models.Model):
    """A document or photo that proves a criterion or one of its indicators."""

    criterion = models.ForeignKey(
        Criterion,
        models.CASCADE,
        verbose_name="tiêu chí",
        null=True,
        blank=True,
        related_name="evidence_requirements",
    )
    indicator = models.ForeignKey(
        Indicator,
        models.CASCADE,
        verbose_name="chỉ tiêu",
        null=True,
        blank=True,
        related_name="evidence_requirements",
    )
    position = models.PositiveSmallIntegerField("thứ tự", default=1)
    text = ProseField("minh chứng")
    is_required = models.BooleanField("bắt buộc", default=True)
    is_unverified = models.BooleanField("gợi ý, chưa đối chiếu văn bản", default=False)

    class Meta:
        verbose_name = "yêu cầu minh chứng"
        verbose_name_plural = "yêu cầu minh chứng"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(criterion__isnull=True, indicator__isnull=False)
                | Q(criterion__isnull=False, indicator__isnull=True),
                name="evidence_requirement_of_one_thing",
                violation_error_message="Chọn một tiêu chí hoặc một chỉ tiêu, không chọn cả hai.",
            )
        ]

    def __str__(self) -> str:
        return self.text

    def get_set(self) -> CriteriaSet:
        if self.indicator:
            return self.indicator.get_set()
        if self.criterion:
            return self.criterion.get_set()
        raise ValidationError("Chọn một tiêu chí hoặc một chỉ tiêu.")


class AgencyAssignment(models.Model):
    """An agency in charge of an indicator; agencies change with the state, so this may change after publishing."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, verbose_name="chỉ tiêu", related_name="agency_assignments")
    agency = models.ForeignKey(Agency, models.CASCADE, verbose_name="phòng, ban", related_name="indicator_assignments")

    class Meta:
        verbose_name = "phân công phụ trách"
        verbose_name_plural = "phân công phụ trách"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "agency"],
                name="assignment_once",
                violation_error_message="Phòng, ban này đã được phân công chỉ tiêu.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.indicator.code}: {self.agency}"
