"""Thresholds of indicators, and the dated records that confirm them."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import BigIntegerField, Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from communes.fields import LineField
from communes.models import Commune
from communes.notation import number

from ..measures import Kind
from .sets import CriteriaSet, PartOfSet

if TYPE_CHECKING:
    from .indicators import Indicator, IndicatorPart


class ThresholdQuerySet(models.QuerySet["Threshold"]):
    def confirmed(self) -> "ThresholdQuerySet":
        """Thresholds that may decide."""
        return self.filter(Q(is_confirmed_in_source=True) | Q(Exists(self._confirmations())))

    def unconfirmed(self) -> "ThresholdQuerySet":
        """Thresholds that are only shown, marked "chưa đối chiếu"."""
        return self.exclude(Q(is_confirmed_in_source=True) | Q(Exists(self._confirmations())))

    def _confirmations(self) -> "models.QuerySet[ThresholdConfirmation]":
        return ThresholdConfirmation.objects.filter(threshold=OuterRef("pk"))


class Threshold(PartOfSet, models.Model):
    """What a value must reach: in general, or for a year, a region, a group or a class of communes.

    value: per cent 0–100 for rates, else in the indicator's unit. A threshold without a value is in words:
    the required answer of a pass/fail indicator, or something that people judge.
    """

    indicator = models.ForeignKey(
        "criteria.Indicator", models.CASCADE, verbose_name="chỉ tiêu", related_name="thresholds"
    )
    part = models.ForeignKey(
        "criteria.IndicatorPart",
        models.CASCADE,
        verbose_name="thành phần",
        null=True,
        blank=True,
        related_name="thresholds",
    )
    value = models.DecimalField("giá trị", max_digits=12, decimal_places=4, null=True, blank=True)
    text = LineField("bằng chữ", max_length=500, blank=True)
    year = models.PositiveSmallIntegerField("năm", null=True, blank=True)
    region = models.CharField("vùng", max_length=10, choices=Commune.Region, blank=True)
    commune_group = LineField("nhóm xã", max_length=20, blank=True)
    commune_class = LineField("loại xã", max_length=20, blank=True)
    is_confirmed_in_source = models.BooleanField("đã đối chiếu nguồn khi nhập", default=False)

    objects = ThresholdQuerySet.as_manager()

    class Meta:
        verbose_name = "ngưỡng"
        verbose_name_plural = "ngưỡng"
        ordering = ["indicator_id", "part_id", "year", "region", "commune_group", "commune_class", "pk"]
        constraints = [
            # Coalesce: in a plain unique constraint two NULLs would pass as different.
            models.UniqueConstraint(
                "indicator",
                Coalesce("part", 0, output_field=BigIntegerField()),
                Coalesce("year", 0, output_field=BigIntegerField()),
                "region",
                "commune_group",
                "commune_class",
                name="threshold_one_per_case",
                violation_error_message="Đã có ngưỡng cho đúng năm, vùng, nhóm và loại xã này.",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(text=""),
                name="threshold_has_value_or_text",
                violation_error_message="Ngưỡng phải có giá trị hoặc nội dung bằng chữ.",
            ),
        ]

    def __str__(self) -> str:
        return self.display

    def get_set(self) -> CriteriaSet:
        return self.indicator.criterion.criteria_set

    @property
    def measured(self) -> "Indicator | IndicatorPart":
        """What it is a threshold of: the part, or else the whole indicator."""
        return self.part or self.indicator

    @property
    def is_confirmed(self) -> bool:
        """Whether it may decide. With `Indicator.objects.with_measures()` this needs no query."""
        return self.is_confirmed_in_source or hasattr(self, "confirmation")

    @property
    def requirement(self) -> str:
        """What must be reached: "≥ 80 %", "Đạt"."""
        if self.value is None:
            return self.text
        return f"{self.measured.sign} {number(self.value)}{self._unit}".strip()

    @property
    def case(self) -> str:
        """For what it holds: "năm 2024, Trung du miền núi phía Bắc"; empty for any."""
        cases = [f"năm {self.year}"] if self.year else []
        cases += [self.get_region_display()] if self.region else []
        cases += [f"nhóm {self.commune_group}"] if self.commune_group else []
        cases += [f"loại {self.commune_class}"] if self.commune_class else []
        return ", ".join(cases)

    @property
    def display(self) -> str:
        """Requirement and case in one: "≥ 45 triệu đồng/người/năm (năm 2024)"."""
        return f"{self.requirement} ({self.case})" if self.case else self.requirement

    @property
    def _unit(self) -> str:
        unit = "%" if self.measured.kind == Kind.RATE else self.measured.unit
        return f" {unit}" if unit else ""


class ThresholdConfirmation(models.Model):
    """Who found a threshold's value in which decision; a dated record beside the set, which stays as it is."""

    threshold = models.OneToOneField(Threshold, models.PROTECT, verbose_name="ngưỡng", related_name="confirmation")
    decision = LineField("văn bản", max_length=200, help_text="Ví dụ: Quyết định số 318/QĐ-TTg ngày 08/3/2022")
    article = LineField("điều, khoản, phụ lục", max_length=200)
    confirmed_on = models.DateField("ngày đối chiếu")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người đối chiếu", related_name="+")
    recorded_at = models.DateTimeField("ghi nhận lúc")

    class Meta:
        verbose_name = "đối chiếu ngưỡng"
        verbose_name_plural = "đối chiếu ngưỡng"
        ordering = ["-recorded_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(decision="") & ~Q(article=""),
                name="confirmation_names_its_source",
                violation_error_message="Phải ghi văn bản và điều, khoản đã đối chiếu.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.threshold}: {self.decision}, {self.article}"
