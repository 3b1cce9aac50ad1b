"""A versioned set of criteria, and its criteria."""

from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from communes.fields import LineField, ProseField
from communes.models import User
from communes.permissions import Permission

from ..judgement import MOST_CRITERIA, TOO_MANY_CRITERIA


class Provenance(models.TextChoices):
    """How surely a row of a set is known."""

    VERIFIED = "verified", "Đã đối chiếu nguồn"
    PARTIAL = "partial", "Có nguồn, chưa đủ"
    UNVERIFIED = "unverified", "Chưa đối chiếu"


class PartOfSet:
    """Refuses changes, in forms and in the admin, to whatever belongs to a set that is no longer a draft."""

    def get_set(self) -> "CriteriaSet":
        raise NotImplementedError

    def clean(self) -> None:
        super().clean()  # type: ignore[misc]
        if not self.get_set().is_editable:
            raise ValidationError(CriteriaSet.IMMUTABLE)


class CriteriaSetQuerySet(models.QuerySet["CriteriaSet"]):
    def for_user(self, user: User) -> "CriteriaSetQuerySet":
        """Drafts are for those who write or check them; published and retired sets for everyone signed in."""
        if user.has(Permission.CRITERIA_MANAGE) or user.has(Permission.THRESHOLD_CONFIRM):
            return self
        return self.exclude(status=CriteriaSet.Status.DRAFT)

    def in_force(self, code: str, on: date) -> "CriteriaSet | None":
        """The published version of a set that holds on a day; the newest where two do."""
        return (
            self.filter(Q(effective_to__isnull=True) | Q(effective_to__gte=on), code=code, effective_from__lte=on)
            .filter(status=CriteriaSet.Status.PUBLISHED)
            .order_by("-version")
            .first()
        )


class CriteriaSet(models.Model):
    """One version of a set of criteria; published it never changes again, a change is a new version."""

    class Level(models.TextChoices):
        COMMUNE = "commune", "Xã"
        VILLAGE = "village", "Thôn, bản"

    class Tier(models.TextChoices):
        STANDARD = "ntm", "Nông thôn mới"
        ADVANCED = "nang_cao", "Nông thôn mới nâng cao"
        MODEL = "kieu_mau", "Nông thôn mới kiểu mẫu"

    class Status(models.TextChoices):
        DRAFT = "draft", "Dự thảo"
        PUBLISHED = "published", "Đã công bố"
        RETIRED = "retired", "Ngừng áp dụng"

    IMMUTABLE = "Bộ tiêu chí đã công bố không sửa được; hãy tạo phiên bản mới từ bộ này."

    code = models.SlugField("mã bộ", max_length=40)
    version = models.PositiveSmallIntegerField("phiên bản", default=1)
    name = LineField("tên bộ tiêu chí", max_length=300)
    short_name = LineField("tên ngắn", max_length=80)
    level = models.CharField("cấp", max_length=20, choices=Level.choices)
    tier = models.CharField("mức", max_length=20, choices=Tier.choices)
    legal_basis = ProseField("căn cứ pháp lý", blank=True)
    effective_from = models.DateField("áp dụng từ ngày")
    effective_to = models.DateField("áp dụng đến hết ngày", null=True, blank=True)
    status = models.CharField("trạng thái", max_length=20, choices=Status.choices, default=Status.DRAFT)
    counts_basically_met = models.BooleanField(
        "tính “cơ bản đạt” là đạt", default=False, help_text="Áp dụng khi đếm số tiêu chí đạt."
    )
    is_incomplete = models.BooleanField("chưa đủ chỉ tiêu", default=False)
    note = ProseField("ghi chú", blank=True)
    is_supplied = models.BooleanField(
        "đi kèm phần mềm", default=False, help_text="Nạp từ tệp dữ liệu của phần mềm, không do người dùng lập."
    )
    copied_from = models.ForeignKey(
        "self", models.SET_NULL, verbose_name="sao chép từ", null=True, blank=True, related_name="copies"
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="người công bố",
        null=True,
        blank=True,
        related_name="+",
    )
    published_at = models.DateTimeField("công bố lúc", null=True, blank=True)

    objects = CriteriaSetQuerySet.as_manager()

    class Meta:
        verbose_name = "bộ tiêu chí"
        verbose_name_plural = "bộ tiêu chí"
        ordering = ["level", "code", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version"],
                name="criteria_set_one_per_version",
                violation_error_message="Mã bộ và phiên bản này đã có.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "published", "retired"]), name="criteria_set_status_known"
            ),
            models.CheckConstraint(condition=Q(level__in=["commune", "village"]), name="criteria_set_level_known"),
            models.CheckConstraint(
                condition=Q(tier__in=["ntm", "nang_cao", "kieu_mau"]), name="criteria_set_tier_known"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", published_at__isnull=True, published_by__isnull=True)
                | Q(status__in=["published", "retired"], published_at__isnull=False)
                & (Q(published_by__isnull=False) | Q(is_supplied=True)),
                name="criteria_set_published_has_time_and_person",
                violation_error_message="Bộ đã công bố phải có người và thời điểm công bố.",
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="criteria_set_dates_in_order",
                violation_error_message="Ngày hết áp dụng phải sau ngày bắt đầu.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.short_name} (phiên bản {self.version})"

    def get_absolute_url(self) -> str:
        return reverse("criteria:set-detail", args=[self.code, self.version])

    @property
    def is_editable(self) -> bool:
        """Whether its content may still change."""
        return self.status == self.Status.DRAFT

    @property
    def criteria_count(self) -> int:
        """How many criteria it has: the denominator of "n/19". Counts in memory when prefetched."""
        return len(self.criteria.all()) if "criteria" in self._prefetched() else self.criteria.count()

    @property
    def is_village_level(self) -> bool:
        """Whether villages, not communes, are judged by it."""
        return self.level == self.Level.VILLAGE

    def _prefetched(self) -> dict[str, object]:
        return getattr(self, "_prefetched_objects_cache", {})

    def clean(self) -> None:
        """Refuse a change of a row that stands in the database as no longer a draft."""
        super().clean()
        stands = type(self).objects.filter(pk=self.pk).exclude(status=self.Status.DRAFT)
        if self.pk and stands.exists():
            raise ValidationError(self.IMMUTABLE)


class Criterion(PartOfSet, models.Model):
    """One criterion of a set; the same number means other things in other sets, `lineage` links ideas."""

    criteria_set = models.ForeignKey(CriteriaSet, models.CASCADE, verbose_name="bộ tiêu chí", related_name="criteria")
    number = models.PositiveSmallIntegerField("số", validators=[MaxValueValidator(MOST_CRITERIA, TOO_MANY_CRITERIA)])
    name = LineField("tên tiêu chí", max_length=200)
    group = LineField("nhóm", max_length=120, blank=True)
    lineage = models.SlugField("khóa nối giữa các bộ", max_length=60, blank=True)
    provenance = models.CharField(
        "mức tin cậy", max_length=20, choices=Provenance.choices, default=Provenance.UNVERIFIED
    )
    source = ProseField("nguồn", blank=True)
    note = ProseField("ghi chú", blank=True)

    class Meta:
        verbose_name = "tiêu chí"
        verbose_name_plural = "tiêu chí"
        ordering = ["criteria_set_id", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["criteria_set", "number"],
                name="criterion_one_per_number",
                violation_error_message="Số tiêu chí này đã có trong bộ.",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="criterion_number_from_one"),
            models.CheckConstraint(
                condition=Q(provenance__in=["verified", "partial", "unverified"]), name="criterion_provenance_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"

    def get_set(self) -> CriteriaSet:
        return self.criteria_set
