"""Evidence: files that prove something, kept once per commune, linked to indicators."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from communes.fields import LineField
from communes.models import Commune, User, within
from communes.permissions import Permission

from .assessments import Assessment
from .rounds import Inspection, TeamMember


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
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người tải lên", related_name="+"
    )
    uploaded_at = models.DateTimeField("tải lên lúc")
    # Set at the first submission of a dossier that uses it: from then on it is only replaced, never removed.
    is_kept = models.BooleanField("đã dùng trong hồ sơ đã nộp", default=False)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, verbose_name="được thay bằng", null=True, blank=True, related_name="replaces"
    )

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
            models.CheckConstraint(name="evidence_kind_known", condition=Q(kind__in=["document", "sheet", "photo"])),
            models.CheckConstraint(
                name="evidence_scan_known", condition=Q(scan__in=["pending_scan", "clean", "infected", "not_scanned"])
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
