"""What agencies state each month about their indicators, and until when an authority wants it."""

from datetime import date
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from communes.fields import ProseField
from communes.models import Agency, Authority, User, within
from communes.permissions import Permission
from criteria.models import Indicator
from inspections.models import InspectionRound
from inspections.models.common import both_or_neither, person

# The usual day of the month; no month is shorter than the last one that may be chosen.
USUAL_DAY = 20
LAST_DAY = 28


class MonthlyRule(models.Model):
    """That the agencies of an authority report each month, from when on, and by which day: quy định báo cáo tháng.

    first_month, last_month: first days of months; last_month None: until further notice.
    """

    authority = models.OneToOneField(
        Authority, models.PROTECT, verbose_name="cơ quan", related_name="monthly_rule", primary_key=True
    )
    day = models.PositiveSmallIntegerField(
        "ngày phải nộp",
        default=USUAL_DAY,
        validators=[MinValueValidator(1), MaxValueValidator(LAST_DAY)],
    )
    first_month = models.DateField("tháng đầu tiên")
    last_month = models.DateField("tháng cuối cùng", null=True, blank=True)
    changed_by = person("người sửa")
    changed_at = models.DateTimeField("sửa lúc", null=True, blank=True)
    version = models.PositiveIntegerField("phiên bản", default=1)

    class Meta:
        verbose_name = "quy định báo cáo tháng"
        verbose_name_plural = "quy định báo cáo tháng"
        constraints = [
            models.CheckConstraint(name="monthly_rule_day_in_every_month", condition=Q(day__gte=1, day__lte=28)),
            models.CheckConstraint(
                name="monthly_rule_months_in_order",
                condition=Q(last_month__isnull=True) | Q(last_month__gte=models.F("first_month")),
                violation_error_message="Tháng cuối cùng phải sau tháng đầu tiên.",
            ),
            both_or_neither("monthly_rule_changed_by_and_at", "changed_by", "changed_at"),
        ]

    def __str__(self) -> str:
        return f"Báo cáo tháng của {self.authority}: ngày {self.day}"

    def asks_for(self, month: date) -> bool:
        return self.first_month <= month and (self.last_month is None or month <= self.last_month)

    def due_on(self, month: date) -> date:
        """The last day; late after 23:59 of it."""
        return month.replace(day=self.day)


class MonthlyReportQuerySet(models.QuerySet["MonthlyReport"]):
    def for_user(self, user: User) -> "MonthlyReportQuerySet":
        """The own agency's, drafts too; for who reads the authority's rounds what was submitted."""
        own = Q(agency__in=user.scope("agency", needs=Permission.OPINION_GIVE))
        read = within("agency__authority", user.scope("authority", needs=Permission.ROUND_READ))
        return self.filter(own | read & Q(status=MonthlyReport.Status.SUBMITTED))

    def submitted(self) -> "MonthlyReportQuerySet":
        return self.filter(status=MonthlyReport.Status.SUBMITTED)


class MonthlyReport(models.Model):
    """What an agency states for a month: báo cáo tháng. A correction is a further one of the same month.

    month: first day of the month. number: 1, from 2 on a correction with its reason. round: of which the figures
    tell. figures, due_on: as they were when it was submitted (presenters/monthly.py reads them).
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Đang soạn"
        SUBMITTED = "submitted", "Đã nộp"

    agency = models.ForeignKey(Agency, models.PROTECT, verbose_name="phòng, ban", related_name="monthly_reports")
    month = models.DateField("tháng")
    number = models.PositiveSmallIntegerField("bản", default=1)
    round = models.ForeignKey(
        InspectionRound, models.PROTECT, verbose_name="đợt kiểm tra", null=True, blank=True, related_name="+"
    )
    status = models.CharField("trạng thái", max_length=10, choices=Status, default=Status.DRAFT)
    general = ProseField("đánh giá chung", blank=True)
    figures: Any = models.JSONField("số liệu khi nộp", null=True, blank=True, encoder=DjangoJSONEncoder)
    due_on = models.DateField("hạn nộp khi nộp", null=True, blank=True)
    correction_reason = ProseField("lý do sửa", blank=True)
    changed_by = person("người sửa sau cùng")
    changed_at = models.DateTimeField("sửa lúc", null=True, blank=True)
    submitted_by = person("người nộp")
    submitted_at = models.DateTimeField("nộp lúc", null=True, blank=True)
    version = models.PositiveIntegerField("phiên bản", default=1)

    objects = MonthlyReportQuerySet.as_manager()

    class Meta:
        verbose_name = "báo cáo tháng"
        verbose_name_plural = "báo cáo tháng"
        ordering = ["-month", "agency", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "month", "number"], name="monthly_report_once"),
            models.UniqueConstraint(
                fields=["agency", "month"],
                condition=Q(status="draft"),
                name="monthly_report_one_draft",
                violation_error_message="Báo cáo của tháng này đang được soạn.",
            ),
            models.CheckConstraint(name="monthly_report_status_known", condition=Q(status__in=["draft", "submitted"])),
            models.CheckConstraint(
                name="monthly_report_submitted_with_figures",
                condition=Q(status="draft", submitted_at__isnull=True, figures__isnull=True)
                | Q(status="submitted", submitted_at__isnull=False, figures__isnull=False),
            ),
            models.CheckConstraint(
                name="monthly_report_corrected_with_reason",
                condition=Q(number=1, correction_reason="") | Q(number__gt=1) & ~Q(correction_reason=""),
            ),
            both_or_neither("monthly_report_submitted_by_and_at", "submitted_by", "submitted_at"),
            both_or_neither("monthly_report_changed_by_and_at", "changed_by", "changed_at"),
        ]

    def __str__(self) -> str:
        again = f", bản sửa {self.number - 1}" if self.number > 1 else ""
        return f"Báo cáo tháng {self.month:%m/%Y} của {self.agency}{again}"

    def get_absolute_url(self) -> str:
        return reverse("reports:monthly-report", args=[self.agency_id, self.month])

    @property
    def is_submitted(self) -> bool:
        return self.status == self.Status.SUBMITTED


class MonthlyLine(models.Model):
    """What the agency itself says of one of its indicators in a month."""

    report = models.ForeignKey(MonthlyReport, models.CASCADE, verbose_name="báo cáo", related_name="lines")
    indicator = models.ForeignKey(Indicator, models.PROTECT, verbose_name="chỉ tiêu", related_name="+")
    remark = ProseField("nhận xét")

    class Meta:
        verbose_name = "nhận xét về chỉ tiêu"
        verbose_name_plural = "nhận xét về chỉ tiêu"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "indicator"], name="monthly_line_once_per_indicator"),
            models.CheckConstraint(name="monthly_line_has_remark", condition=~Q(remark="")),
        ]

    def __str__(self) -> str:
        return f"{self.indicator.code}: {self.remark[:80]}"
