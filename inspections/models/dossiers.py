"""What one unit reports under one criteria set in a round."""

from datetime import date

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse

from communes import clock
from communes.fields import LineField, ProseField
from communes.models import Commune, User, Village, within
from communes.permissions import Permission
from criteria.judgement import MOST_CRITERIA
from criteria.models import CriteriaSet

from .common import both_or_neither, person
from .rounds import Inspection, InspectionRound, RoundUnit, TeamMember


class DossierQuerySet(models.QuerySet["Dossier"]):
    def for_user(self, user: User) -> "DossierQuerySet":
        """Dossiers one may read: the own commune's, the own authority's, the own teams', those with own indicators."""
        rows = self._inspected_by(user)
        if communes := user.scope("commune", needs=Permission.DOSSIER_READ):
            rows |= Q(inspection__commune__in=communes)
        return self._seen(rows)

    def for_review(self, user: User) -> "DossierQuerySet":
        """Dossiers whose review one may follow while it goes on: never by way of the commune that is judged."""
        return self._seen(self._inspected_by(user))

    def _inspected_by(self, user: User) -> Q:
        rows = Q(pk__in=[])
        if user.has(Permission.ROUND_READ):
            rows |= within("round__authority", user.scope("authority", needs=Permission.ROUND_READ))
            rows |= Q(round__in=TeamMember.objects.filter(user=user).values("round"))
        if agencies := user.scope("agency", needs=Permission.OPINION_GIVE):
            # A subquery, not a join: rows stay single without DISTINCT, which would compare the frozen facts.
            own = CriteriaSet.objects.filter(criteria__indicators__agency_assignments__agency__in=agencies).order_by()
            rows |= Q(round__authority__in=user.agency_authority_ids, criteria_set__in=own.values("pk"))
        return rows

    def _seen(self, rows: Q) -> "DossierQuerySet":
        return self.filter(rows, round__status__in=["open", "closed"])

    def with_context(self) -> "DossierQuerySet":
        """Everything a heading says of a dossier, in one query."""
        return self.select_related("round__authority", "inspection__commune", "village", "criteria_set", "round_unit")


class Dossier(models.Model):
    """What one unit reports under one criteria set in a round: hồ sơ. Its moves are in workflow.py."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Đang nhập"
        SUBMITTED = "submitted", "Đã nộp"
        RETURNED = "returned", "Cần bổ sung"
        PROVISIONAL = "provisional", "Dự thảo kết luận"
        CONCLUDED = "concluded", "Đã kết luận"

        @classmethod
        def under_review(cls) -> "tuple[Dossier.Status, ...]":
            """While the team decides, and the commune does not see what."""
            return (cls.SUBMITTED, cls.RETURNED)

        @classmethod
        def disclosed(cls) -> "tuple[Dossier.Status, ...]":
            """From here on the commune sees opinions and conclusions."""
            return (cls.PROVISIONAL, cls.CONCLUDED)

    round = models.ForeignKey(InspectionRound, models.PROTECT, verbose_name="đợt kiểm tra", related_name="dossiers")
    inspection = models.ForeignKey(Inspection, models.PROTECT, verbose_name="cuộc kiểm tra", related_name="dossiers")
    round_unit = models.OneToOneField(RoundUnit, models.PROTECT, verbose_name="đơn vị của đợt", related_name="dossier")
    village = models.ForeignKey(
        Village, models.PROTECT, verbose_name="thôn, bản", null=True, blank=True, related_name="dossiers"
    )
    criteria_set = models.ForeignKey(CriteriaSet, models.PROTECT, verbose_name="bộ tiêu chí", related_name="dossiers")
    status = models.CharField("trạng thái", max_length=12, choices=Status, default=Status.DRAFT)
    status_changed_by = person("người chuyển trạng thái")
    status_changed_at = models.DateTimeField("chuyển trạng thái lúc", null=True, blank=True)
    first_submitted_at = models.DateTimeField("nộp lần đầu lúc", null=True, blank=True)
    submitted_by = person("người nộp")
    submitted_at = models.DateTimeField("nộp lúc", null=True, blank=True)
    is_late = models.BooleanField("nộp muộn", default=False)
    provisional_by = person("người công bố dự thảo")
    provisional_at = models.DateTimeField("công bố dự thảo lúc", null=True, blank=True)
    replied_by = person("người giải trình")
    replied_at = models.DateTimeField("giải trình lúc", null=True, blank=True)
    reply_waived = models.BooleanField("đồng ý, không giải trình", default=False)
    reply = ProseField("giải trình chung", blank=True)
    concluded_by = person("người phê duyệt")
    concluded_at = models.DateTimeField("phê duyệt lúc", null=True, blank=True)
    # Results of a past round that came from a workbook: nobody reported, nobody inspected here.
    imported_by = person("người nhập bảng kết quả")
    imported_at = models.DateTimeField("nhập bảng kết quả lúc", null=True, blank=True)
    reopen_reason = ProseField("lý do mở lại", blank=True)
    frozen = models.JSONField("số liệu chốt", null=True, blank=True, encoder=DjangoJSONEncoder)
    frozen_hash = models.CharField("mã băm số liệu chốt", max_length=64, blank=True)
    # The verdicts among them, a letter for each criterion (figures.letters): a country is counted without the rest.
    frozen_verdicts = models.CharField("kết luận chốt", max_length=MOST_CRITERIA, blank=True)
    # Set when a notice with this dossier is issued: from then on it is not reopened.
    locked_by_notice = LineField("đã công bố trong", max_length=100, blank=True)

    objects = DossierQuerySet.as_manager()

    class Meta:
        verbose_name = "hồ sơ"
        verbose_name_plural = "hồ sơ"
        ordering = ["round_unit__position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="dossier_status_known",
                condition=Q(status__in=["draft", "submitted", "returned", "provisional", "concluded"]),
            ),
            models.UniqueConstraint(
                fields=["inspection", "criteria_set"],
                condition=Q(village__isnull=True),
                name="dossier_once_per_commune_and_set",
            ),
            models.UniqueConstraint(
                fields=["inspection", "village", "criteria_set"],
                condition=Q(village__isnull=False),
                name="dossier_once_per_village_and_set",
            ),
            both_or_neither("dossier_submitted_by_and_at", "submitted_by", "submitted_at"),
            both_or_neither("dossier_provisional_by_and_at", "provisional_by", "provisional_at"),
            both_or_neither("dossier_replied_by_and_at", "replied_by", "replied_at"),
            both_or_neither("dossier_concluded_by_and_at", "concluded_by", "concluded_at"),
            both_or_neither("dossier_imported_by_and_at", "imported_by", "imported_at"),
            models.CheckConstraint(
                name="dossier_concluded_is_frozen",
                condition=~Q(status="concluded")
                | (
                    Q(concluded_at__isnull=False)
                    & Q(frozen__isnull=False)
                    & ~Q(frozen_hash="")
                    & ~Q(frozen_verdicts="")
                ),
            ),
            models.CheckConstraint(
                name="dossier_beyond_draft_was_submitted",
                condition=Q(status="draft") | Q(submitted_at__isnull=False) | Q(imported_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["round", "status"], name="dossier_by_round_and_status")]

    def __str__(self) -> str:
        return f"{self.unit} · {self.criteria_set.short_name}"

    def get_absolute_url(self) -> str:
        return reverse("inspections:dossier-detail", args=[self.pk])

    @property
    def commune(self) -> Commune:
        return self.inspection.commune

    @property
    def unit(self) -> Commune | Village:
        """The commune or village that is judged."""
        return self.village or self.inspection.commune

    @property
    def is_imported(self) -> bool:
        """Whether its conclusions came from a workbook of results; it has no indicators and no evidence."""
        return self.imported_at is not None

    @property
    def is_disclosed(self) -> bool:
        """Whether the commune may see opinions and conclusions."""
        return self.status in self.Status.disclosed()

    @property
    def due_on(self) -> date:
        """The day by which it is due, with this unit's own extension."""
        return self.round_unit.extended_until or self.round.due_on

    @property
    def reply_until(self) -> date | None:
        """The last day to reply to provisional conclusions, with this unit's own; None where the round has none."""
        until = self.round.reply_until
        return until and (self.round_unit.reply_extended_until or until)

    @property
    def reply_is_open(self) -> bool:
        """Whether the commune may reply, and add proof, today."""
        until = self.reply_until
        is_shown = self.status == self.Status.PROVISIONAL and self.round.is_open
        return is_shown and until is not None and clock.today() <= until
