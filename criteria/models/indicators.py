"""An indicator of a criterion, and the parts of a compound one."""

from django.db import models
from django.db.models import Prefetch, Q

from communes.fields import LineField, ProseField

from ..measures import CountOperator, Kind, Operator, answers
from .sets import CriteriaSet, Criterion, PartOfSet, Provenance
from .thresholds import Threshold


def operator_matches_kind(prefix: str) -> models.CheckConstraint:
    """An operator stands exactly where numbers are compared."""
    compared = Q(kind__in=["rate", "number"], operator__in=[">=", "<=", "="])
    return models.CheckConstraint(
        condition=compared | Q(kind__in=["pass_fail", "compound"], operator=""),
        name=f"{prefix}_operator_matches_kind",
        violation_error_message="Tỷ lệ và số đo phải có dấu so sánh; các kiểu khác để trống.",
    )


class Measured(models.Model):
    """What an indicator and a part have in common: text, kind, unit, operator."""

    text = ProseField("nội dung")
    kind = models.CharField("kiểu", max_length=20, choices=Kind.choices)
    unit = LineField(
        "đơn vị", max_length=40, blank=True, help_text="%, triệu đồng/người/năm… hoặc hai câu trả lời: Không/Còn."
    )
    operator = models.CharField("dấu so sánh", max_length=2, choices=Operator.choices, blank=True)
    numerator_label = LineField("tên tử số", max_length=200, blank=True)
    denominator_label = LineField("tên mẫu số", max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def answers(self) -> tuple[str, str]:
        """Good and bad answer of a pass/fail measure."""
        return answers(self.unit)

    @property
    def sign(self) -> str:
        """≥, ≤ or =; empty where nothing is compared."""
        return Operator(self.operator).sign if self.operator else ""


class IndicatorQuerySet(models.QuerySet["Indicator"]):
    def with_measures(self) -> "IndicatorQuerySet":
        """Criterion, parts and thresholds with their confirmations: three queries for any number of rows."""
        thresholds = Prefetch("thresholds", Threshold.objects.select_related("part", "confirmation__by"))
        return self.select_related("criterion").prefetch_related("parts", thresholds)


class Indicator(PartOfSet, Measured):
    """One indicator (chỉ tiêu): what is reported, judged and concluded."""

    Kind = Kind

    # Repeats criterion.criteria_set so that the database itself can keep codes unique within a set.
    criteria_set = models.ForeignKey(
        CriteriaSet, models.CASCADE, verbose_name="bộ tiêu chí", related_name="indicators", editable=False
    )
    criterion = models.ForeignKey(Criterion, models.CASCADE, verbose_name="tiêu chí", related_name="indicators")
    code = LineField("mã chỉ tiêu", max_length=20, help_text="Ghi đúng như văn bản: 17.10 khác 17.1.")
    position = models.PositiveSmallIntegerField("thứ tự")
    code_is_temporary = models.BooleanField("mã tạm", default=False, help_text="Mã trong văn bản chưa rõ.")
    may_be_not_applicable = models.BooleanField("“nếu có”: có thể không đánh giá", default=False)
    how_measured = ProseField("cách tính", blank=True)
    lineage = models.SlugField("khóa nối giữa các bộ", max_length=60, blank=True)
    provenance = models.CharField(
        "mức tin cậy", max_length=20, choices=Provenance.choices, default=Provenance.UNVERIFIED
    )
    source = ProseField("nguồn", blank=True)
    note = ProseField("ghi chú", blank=True)

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        verbose_name = "chỉ tiêu"
        verbose_name_plural = "chỉ tiêu"
        ordering = ["criterion__number", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["criteria_set", "code"],
                name="indicator_one_per_code",
                violation_error_message="Mã chỉ tiêu này đã có trong bộ.",
            ),
            models.UniqueConstraint(
                fields=["criterion", "position"],
                name="indicator_one_per_position",
                violation_error_message="Thứ tự này đã có trong tiêu chí.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["pass_fail", "rate", "number", "compound"]), name="indicator_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(provenance__in=["verified", "partial", "unverified"]), name="indicator_provenance_known"
            ),
            operator_matches_kind("indicator"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    def get_set(self) -> CriteriaSet:
        return self.criterion.criteria_set


class IndicatorPart(PartOfSet, Measured):
    """One condition of a compound indicator; all that apply must hold.

    A part may depend on a count: `count_of` names the part of the same indicator whose denominator (of a rate)
    or value (of a number) is counted, for example "more than 3 schools".
    """

    indicator = models.ForeignKey(Indicator, models.CASCADE, verbose_name="chỉ tiêu", related_name="parts")
    code = models.SlugField("mã thành phần", max_length=20)
    position = models.PositiveSmallIntegerField("thứ tự")
    count_of = models.SlugField("đếm theo thành phần", max_length=20, blank=True)
    count_operator = models.CharField("điều kiện số lượng", max_length=2, choices=CountOperator.choices, blank=True)
    count_bound = models.PositiveIntegerField("mốc số lượng", null=True, blank=True)

    class Meta:
        verbose_name = "thành phần chỉ tiêu"
        verbose_name_plural = "thành phần chỉ tiêu"
        ordering = ["indicator_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "code"],
                name="part_one_per_code",
                violation_error_message="Mã thành phần này đã có.",
            ),
            models.CheckConstraint(condition=Q(kind__in=["pass_fail", "rate", "number"]), name="part_kind_known"),
            operator_matches_kind("part"),
            models.CheckConstraint(
                condition=Q(count_of="", count_operator="", count_bound__isnull=True)
                | Q(count_operator__in=[">", ">=", "<=", "<", "="], count_bound__isnull=False) & ~Q(count_of=""),
                name="part_condition_whole_or_absent",
                violation_error_message="Điều kiện số lượng phải đủ: thành phần được đếm, dấu và mốc.",
            ),
        ]

    def __str__(self) -> str:
        return f"({self.code}) {self.text}"

    @property
    def condition_text(self) -> str:
        """When the part applies, for people; empty where it always does."""
        if not self.count_operator:
            return ""
        words = CountOperator(self.count_operator).label
        bound = str(self.count_bound)
        words = words.replace("…", bound) if "…" in words else f"{words} {bound}"
        return f"áp dụng khi số lượng ở ({self.count_of}) {words}"

    def get_set(self) -> CriteriaSet:
        return self.indicator.criterion.criteria_set
