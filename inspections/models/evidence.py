"""Evidence: files that prove something, kept once per commune, linked to indicators."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from communes import clock, notation
from communes.fields import LineField
from communes.models import Commune, User, within
from communes.permissions import Permission

from .assessments import Assessment
from .common import both_or_neither, person
from .rounds import Inspection, TeamMember

# How long before its last day a document is marked: a new one often takes a month to be issued.
LAPSES_SOON = timedelta(days=60)


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def for_user(self, user: User) -> "EvidenceQuerySet":
        """Evidence one may see: the own commune's; the authority's; for agencies, what proves their indicators."""
        rows = Q(commune__in=user.scope("commune", needs=Permission.DOSSIER_READ))
        if user.has(Permission.ROUND_READ):
            used = EvidenceLink.objects.filter(
                within("assessment__dossier__round__authority", user.scope("authority", needs=Permission.ROUND_READ))
                | Q(assessment__dossier__round__in=TeamMember.objects.filter(user=user).values("round"))
            )
            rows |= Q(pk__in=used.values("evidence"))
        if agencies := user.scope("agency", needs=Permission.OPINION_GIVE):
            used = EvidenceLink.objects.filter(
                assessment__dossier__round__authority__in=user.agency_authority_ids,
                assessment__indicator__agency_assignments__agency__in=agencies,
            )
            rows |= Q(pk__in=used.values("evidence"))
        return self.filter(rows)

    def current(self) -> "EvidenceQuerySet":
        """Without what a newer version has taken the place of."""
        return self.filter(replaced_by__isnull=True)

    def lapsed(self, on: date) -> "EvidenceQuerySet":
        """What was no longer valid on a day."""
        return self.filter(valid_until__lt=on)

    def lapsing(self, on: date) -> "EvidenceQuerySet":
        """What is still valid on a day and soon will not be."""
        return self.filter(valid_until__range=(on, on + LAPSES_SOON))


class Evidence(models.Model):
    """A file that proves something: an official document, a data sheet, a photo. It belongs to the commune."""

    class Kind(models.TextChoices):
        DOCUMENT = "document", "Văn bản"
        SHEET = "sheet", "Bảng số liệu"
        PHOTO = "photo", "Ảnh"

    class Scan(models.TextChoices):
        PENDING = "pending_scan", "Đang chờ quét vi-rút"
        CLEAN = "clean", "Đã quét, an toàn"
        INFECTED = "infected", "Có vi-rút"
        NOT_SCANNED = "not_scanned", "Chưa quét vi-rút"

    commune = models.ForeignKey(Commune, models.PROTECT, verbose_name="xã", related_name="evidence")
    file = models.FileField("tệp", max_length=200)
    original_name = LineField("tên tệp gốc", max_length=200)
    content_type = models.CharField("loại tệp", max_length=100)
    size = models.PositiveBigIntegerField("dung lượng")
    sha256 = models.CharField("SHA-256", max_length=64)
    page_count = models.PositiveIntegerField("số trang", default=1)
    scan = models.CharField("quét vi-rút", max_length=14, choices=Scan, default=Scan.NOT_SCANNED)
    kind = models.CharField("loại minh chứng", max_length=10, choices=Kind, default=Kind.DOCUMENT)
    number = LineField("số, ký hiệu", max_length=60, blank=True)
    issued_on = models.DateField("ngày ban hành", null=True, blank=True)
    issuer = LineField("cơ quan ban hành", max_length=200, blank=True)
    title = LineField("trích yếu", max_length=300, blank=True)
    valid_until = models.DateField("có hiệu lực đến", null=True, blank=True)
    # Of photos, as the camera wrote it; degrees in WGS 84, both or none.
    taken_at = models.DateTimeField("chụp lúc", null=True, blank=True)
    latitude = models.DecimalField("vĩ độ", max_digits=8, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField("kinh độ", max_digits=9, decimal_places=6, null=True, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người tải lên", related_name="+"
    )
    uploaded_at = models.DateTimeField("tải lên lúc")
    # Set at the first submission of a dossier that uses it: from then on it is only replaced, never removed.
    is_kept = models.BooleanField("đã dùng trong hồ sơ đã nộp", default=False)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, verbose_name="được thay bằng", null=True, blank=True, related_name="replaces"
    )
    replacer = person("người thay")
    replaced_at = models.DateTimeField("thay lúc", null=True, blank=True)

    # Taken by the team at this visit, not sent by the commune: the commune has it, but does not change it.
    visit = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="Đoàn chụp tại cuộc kiểm tra", null=True, blank=True, related_name="+"
    )

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = "minh chứng"
        verbose_name_plural = "minh chứng"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["commune", "sha256"],
                name="evidence_bytes_once_per_commune",
                violation_error_message="Tệp này đã có trong kho minh chứng của xã.",
            ),
            models.CheckConstraint(
                name="evidence_has_file_of_hash", condition=~Q(file="") & Q(Exact(Length("sha256"), 64))
            ),
            both_or_neither("evidence_replaced_by_whom_and_when", "replaced_by", "replacer", "replaced_at"),
            models.CheckConstraint(
                name="evidence_not_replaced_by_itself", condition=Q(replaced_by__isnull=True) | ~Q(replaced_by=F("pk"))
            ),
            models.CheckConstraint(name="evidence_kind_known", condition=Q(kind__in=["document", "sheet", "photo"])),
            models.CheckConstraint(
                name="evidence_scan_known", condition=Q(scan__in=["pending_scan", "clean", "infected", "not_scanned"])
            ),
            models.CheckConstraint(
                name="evidence_place_on_earth",
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How lists name it: number and title where known, else the file's own name."""
        return " – ".join(part for part in (self.number, self.title) if part) or self.original_name

    @property
    def is_previewable(self) -> bool:
        """Whether page images can be shown: PDF and pictures."""
        return self.content_type == "application/pdf" or self.content_type.startswith("image/")

    @property
    def is_replaced(self) -> bool:
        """Whether a newer version has taken its place; it stays where it was handed in."""
        return self.replaced_by_id is not None

    def is_lapsed(self, on: date) -> bool:
        """Whether it is no longer valid on a day; without a last day it never is."""
        return self.valid_until is not None and self.valid_until < on

    def lapses_soon(self, on: date) -> bool:
        """Whether it is still valid on a day and soon will not be."""
        return self.valid_until is not None and on <= self.valid_until <= on + LAPSES_SOON

    @property
    def standing(self) -> tuple[str, str] | None:
        """What must be known before it is used today, as stored state and words; None where nothing must."""
        today = clock.today()
        if self.is_replaced:
            return "superseded", "Đã có bản mới"
        if self.is_lapsed(today):
            return "overdue", f"Hết hiệu lực {notation.day(self.valid_until)}"
        if self.lapses_soon(today):
            return "missing", f"Sắp hết hiệu lực: {notation.days_left(self.valid_until, today)}"
        return None


class EvidenceLink(models.Model):
    """A piece of evidence proves an indicator of a dossier."""

    evidence = models.ForeignKey(Evidence, models.PROTECT, verbose_name="minh chứng", related_name="links")
    assessment = models.ForeignKey(Assessment, models.PROTECT, verbose_name="chỉ tiêu", related_name="evidence_links")
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người gắn", related_name="+")
    linked_at = models.DateTimeField("gắn lúc")
    # Linked by the team at this visit: no part of what the commune reported.
    visit = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="Đoàn gắn tại cuộc kiểm tra", null=True, blank=True, related_name="+"
    )
    sheet = models.ForeignKey(
        "VisitSheet", models.PROTECT, verbose_name="qua phiếu mã QR", null=True, blank=True, related_name="links"
    )

    class Meta:
        verbose_name = "minh chứng của chỉ tiêu"
        verbose_name_plural = "minh chứng của chỉ tiêu"
        ordering = ["linked_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["evidence", "assessment"], name="evidence_linked_once")]

    def __str__(self) -> str:
        return f"{self.evidence} → {self.assessment}"


class EvidenceCheck(models.Model):
    """What was found when a file was looked into: advice for the commune, worked out once and kept.

    rules: version of the checks; found: {"pages", "blank", "sideways", "poor": page numbers, "signatures": […],
    "years": {year: times}, "others": {name of another commune: times}, "own": times}, or {"problem": why not}.
    """

    evidence = models.OneToOneField(Evidence, models.CASCADE, verbose_name="minh chứng", related_name="check_row")
    rules = models.PositiveSmallIntegerField("phiên bản kiểm tra")
    checked_at = models.DateTimeField("kiểm tra lúc")
    found = models.JSONField("kết quả", default=dict)

    class Meta:
        verbose_name = "kết quả kiểm tra tệp"
        verbose_name_plural = "kết quả kiểm tra tệp"

    def __str__(self) -> str:
        return str(self.evidence)
