"""What becomes of the recommendations of an issued notice: due date, progress, proof, and how each ended."""

from datetime import date
from pathlib import PurePosixPath
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.urls import reverse

from communes import clock
from communes.fields import LineField, ProseField
from communes.models import Agency, Commune, User, within
from communes.permissions import Permission
from inspections.models import Evidence, TeamMember
from inspections.models.common import both_or_neither, person

from .notices import Recommendation

Status = Recommendation.Status
RUNNING = (Status.OPEN, Status.DOING)


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def for_user(self, user: User) -> "FollowUpQuerySet":
        """Items one may read: all of the authority for who reads its rounds, else what is put to the own
        commune or agency."""
        rows = Q(communes__in=user.scope("commune", needs=Permission.DOSSIER_READ))
        rows |= Q(agencies__in=user.scope("agency", needs=Permission.OPINION_GIVE))
        if user.has(Permission.ROUND_READ):
            authorities = user.scope("authority", needs=Permission.ROUND_READ)
            rows |= within("recommendation__notice__authority", authorities)
            teams = TeamMember.objects.filter(user=user).order_by()
            rows |= Q(recommendation__notice__round__in=teams.values("round"))
        return self.filter(pk__in=FollowUp.objects.filter(rows).order_by().values("pk"))

    def put_to(self, user: User) -> "FollowUpQuerySet":
        """Items on which the person reports progress: for the own commune or agency."""
        rows = Q(communes__in=user.scope("commune", needs=Permission.DOSSIER_EDIT))
        rows |= Q(agencies__in=user.scope("agency", needs=Permission.OPINION_GIVE))
        return self.filter(pk__in=FollowUp.objects.filter(rows).order_by().values("pk"))

    def current(self) -> "FollowUpQuerySet":
        """Without those of notices that were replaced."""
        return self.filter(replaced_at__isnull=True)

    def running(self) -> "FollowUpQuerySet":
        """Not done, and not carried over."""
        return self.current().filter(recommendation__status__in=RUNNING)

    def overdue(self, today: date) -> "FollowUpQuerySet":
        return self.running().filter(due_on__lt=today)

    def with_context(self) -> "FollowUpQuerySet":
        """Everything a heading says of an item, in one query."""
        return self.select_related(
            "recommendation__notice__round",
            "recommendation__notice__authority",
            "closed_by",
            "continues__recommendation__notice",
        )


class FollowUp(models.Model):
    """One recommendation of an issued notice, followed until it is done or carried over: mục theo dõi kiến nghị.

    Its status is that of the recommendation. text: the words as they were printed. agencies, communes: to whom it
    is put; empty where the office follows it itself. continues: the item of an earlier notice that it goes on from.
    """

    recommendation = models.OneToOneField(
        Recommendation, models.PROTECT, verbose_name="kiến nghị", related_name="follow_up"
    )
    text = ProseField("nội dung đã in")
    agencies = models.ManyToManyField(Agency, verbose_name="phòng, ban", blank=True, related_name="follow_ups")
    communes = models.ManyToManyField(Commune, verbose_name="xã", blank=True, related_name="follow_ups")
    due_on = models.DateField("thời hạn", null=True, blank=True)
    continues = models.OneToOneField(
        "self", models.PROTECT, verbose_name="tiếp tục kiến nghị", null=True, blank=True, related_name="continued_by"
    )
    closed_by = person("người kết thúc")
    closed_at = models.DateTimeField("kết thúc lúc", null=True, blank=True)
    replaced_at = models.DateTimeField("được thay thế lúc", null=True, blank=True)
    changed_by = person("người sửa sau cùng")
    changed_at = models.DateTimeField("sửa lúc", null=True, blank=True)
    version = models.PositiveIntegerField("phiên bản", default=1)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = "mục theo dõi kiến nghị"
        verbose_name_plural = "theo dõi kiến nghị"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="follow_up_has_text", condition=~Q(text="")),
            both_or_neither("follow_up_closed_by_and_at", "closed_by", "closed_at"),
            both_or_neither("follow_up_changed_by_and_at", "changed_by", "changed_at"),
        ]

    def __str__(self) -> str:
        return f"Kiến nghị {self.number} của {self.recommendation.notice}"

    def get_absolute_url(self) -> str:
        return reverse("reports:follow-up", args=[self.pk])

    @property
    def number(self) -> int:
        """Its place among the recommendations of its notice, from 1."""
        return self.recommendation.position + 1

    @property
    def status(self) -> str:
        return self.recommendation.status

    @property
    def status_label(self) -> str:
        return str(Status(self.recommendation.status).label)

    @property
    def is_replaced(self) -> bool:
        """Whether its notice was replaced, so that it is followed no more."""
        return self.replaced_at is not None

    @property
    def is_running(self) -> bool:
        return not self.is_replaced and self.recommendation.status in RUNNING

    def lack_in_due(self, due_on: date | None) -> str:
        """What is wrong with a due date for it; "" for nothing."""
        issued_on = self.recommendation.notice.issued_on
        is_before = due_on is not None and issued_on is not None and due_on < issued_on
        return "Thời hạn phải từ ngày ban hành thông báo trở đi." if is_before else ""

    @property
    def is_overdue(self) -> bool:
        return self.is_running and self.due_on is not None and self.due_on < clock.today()


class FollowUpNote(models.Model):
    """Something said or decided about an item, with its day and person; never changed.

    agency, commune: for whom progress was reported; none for what the office writes.
    """

    class Kind(models.TextChoices):
        PROGRESS = "progress", "Báo tiến độ"
        CLOSED = "closed", "Kết thúc: đã thực hiện"
        CARRIED_OVER = "carried_over", "Chuyển đợt sau"
        REOPENED = "reopened", "Mở lại"
        REPLACED = "replaced", "Thông báo được thay thế"

    follow_up = models.ForeignKey(FollowUp, models.PROTECT, verbose_name="mục theo dõi", related_name="notes")
    kind = models.CharField("loại", max_length=12, choices=Kind, default=Kind.PROGRESS)
    text = ProseField("nội dung")
    agency = models.ForeignKey(
        Agency, models.PROTECT, verbose_name="phòng, ban", null=True, blank=True, related_name="+"
    )
    commune = models.ForeignKey(Commune, models.PROTECT, verbose_name="xã", null=True, blank=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="người ghi", related_name="+")
    at = models.DateTimeField("ghi lúc")

    class Meta:
        verbose_name = "ghi chép theo dõi kiến nghị"
        verbose_name_plural = "ghi chép theo dõi kiến nghị"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="follow_up_note_kind_known",
                condition=Q(kind__in=["progress", "closed", "carried_over", "reopened", "replaced"]),
            ),
            models.CheckConstraint(name="follow_up_note_has_text", condition=~Q(text="")),
            models.CheckConstraint(
                name="follow_up_note_for_one", condition=Q(agency__isnull=True) | Q(commune__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:80]}"


def proof_path(proof: "FollowUpProof", name: str) -> str:
    """A random stored name outside of what anybody could guess."""
    return f"follow-up/{uuid4().hex}{PurePosixPath(name).suffix}"


class FollowUpProof(models.Model):
    """What proves a note: a piece of the commune's evidence, or a file of an agency or the office; never changed."""

    note = models.ForeignKey(FollowUpNote, models.PROTECT, verbose_name="ghi chép", related_name="proofs")
    evidence = models.ForeignKey(
        Evidence, models.PROTECT, verbose_name="minh chứng", null=True, blank=True, related_name="follow_up_proofs"
    )
    file = models.FileField("tệp", upload_to=proof_path, max_length=200, blank=True)
    name = LineField("tên tệp", max_length=300)
    content_type = models.CharField("loại tệp", max_length=100)
    size = models.PositiveBigIntegerField("dung lượng")
    sha256 = models.CharField("SHA-256", max_length=64)

    class Meta:
        verbose_name = "minh chứng theo dõi kiến nghị"
        verbose_name_plural = "minh chứng theo dõi kiến nghị"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="follow_up_proof_evidence_or_file",
                condition=Q(evidence__isnull=True) & ~Q(file="") | Q(evidence__isnull=False, file=""),
            ),
            models.UniqueConstraint(fields=["note", "sha256"], name="follow_up_proof_once_a_note"),
        ]

    def __str__(self) -> str:
        return self.name
