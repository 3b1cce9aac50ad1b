"""Rounds of inspection, their teams, units and inspections."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from communes import clock
from communes.fields import LineField, NameField, ProseField
from communes.models import Agency, Authority, Commune, LegalDocument, User, Village, within
from communes.permissions import Permission
from criteria.models import CriteriaSet, Criterion

from .common import both_or_neither, person


class RoundQuerySet(models.QuerySet["InspectionRound"]):
    def for_user(self, user: User) -> "RoundQuerySet":
        """Rounds of the own authorities; drafts only for those who set them up."""
        mine = self.filter(
            within("authority", user.authority_ids) | Q(pk__in=TeamMember.objects.filter(user=user).values("round"))
        )
        if user.has(Permission.ROUND_MANAGE):
            return mine
        return mine.exclude(status=InspectionRound.Status.DRAFT)

    def for_reading(self, user: User) -> "RoundQuerySet":
        """Rounds whose matrix one may see: of the authorities one reads for, and those one inspects in.

        Drafts only for those who set them up.
        """
        mine = self.filter(
            within("authority", user.scope("authority", needs=Permission.ROUND_READ))
            | Q(pk__in=TeamMember.objects.filter(user=user).values("round"))
        )
        if user.has(Permission.ROUND_MANAGE):
            return mine
        return mine.exclude(status=InspectionRound.Status.DRAFT)


class InspectionRound(models.Model):
    """One inspection of many units: đợt kiểm tra."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Đang lập"
        OPEN = "open", "Đang mở"
        CLOSED = "closed", "Đã đóng"
        CANCELLED = "cancelled", "Đã hủy"

    class Silence(models.TextChoices):
        ACCEPTED = "accepted", "Không có ý kiến là đồng ý với dự thảo kết luận"
        REMINDED = (
            "reminded",
            "Không có ý kiến chưa phải là đồng ý: lãnh đạo Đoàn nhắc, cho thêm thời hạn; hết hạn đó Đoàn tự quyết định",
        )

    code = LineField("mã đợt", max_length=30, unique=True, help_text="Ví dụ: TU-2024")
    name = NameField("tên đợt kiểm tra", max_length=200)
    authority = models.ForeignKey(Authority, models.PROTECT, verbose_name="cơ quan", related_name="rounds")
    year = models.PositiveSmallIntegerField("năm đánh giá")
    period_from = models.DateField("từ ngày")
    period_to = models.DateField("đến ngày")
    plan = models.ForeignKey(
        LegalDocument, models.PROTECT, verbose_name="kế hoạch kiểm tra", null=True, blank=True, related_name="+"
    )
    report = models.ForeignKey(
        LegalDocument, models.PROTECT, verbose_name="báo cáo của đoàn", null=True, blank=True, related_name="+"
    )
    team_name = LineField("tên đoàn kiểm tra", max_length=200)
    subject = LineField("nội dung kiểm tra", max_length=300, help_text="Dùng trong trích yếu: kết quả thực hiện …")
    due_on = models.DateField("hạn nộp hồ sơ")
    freeze_on = models.DateField(
        "ngày khóa hồ sơ", null=True, blank=True, help_text="Sau ngày này chỉ nhận hồ sơ khi có gia hạn."
    )
    reply_until = models.DateField(
        "hạn giải trình", null=True, blank=True, help_text="Để trống nếu đợt này không có bước giải trình."
    )
    silence = models.CharField("khi xã không giải trình", max_length=20, choices=Silence, default=Silence.ACCEPTED)
    is_demo = models.BooleanField("dữ liệu trình diễn", default=False)
    note = ProseField("ghi chú", blank=True)
    status = models.CharField("trạng thái", max_length=10, choices=Status, default=Status.DRAFT)
    created_by = person("người lập")
    opened_by = person("người mở")
    opened_at = models.DateTimeField("mở lúc", null=True, blank=True)
    closed_by = person("người đóng")
    closed_at = models.DateTimeField("đóng lúc", null=True, blank=True)
    cancel_reason = ProseField("lý do hủy", blank=True)
    # Whose workbook the results of a past round came from, last of all; such a round was never open here.
    imported_by = person("người nhập bảng kết quả")
    imported_at = models.DateTimeField("nhập bảng kết quả lúc", null=True, blank=True)
    # Name of the issued notice that is being replaced: as long as it stands here the head may reopen its dossiers.
    replacing = LineField("thông báo đang được thay thế", max_length=100, blank=True)
    # Where the whole round was held, if it was brought in as a bundle: then nothing of it is changed here.
    brought_from = LineField("nhập từ cơ quan khác", max_length=200, blank=True, editable=False)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = "đợt kiểm tra"
        verbose_name_plural = "đợt kiểm tra"
        ordering = ["-period_from", "code"]
        constraints = [
            models.CheckConstraint(
                name="round_status_known", condition=Q(status__in=["draft", "open", "closed", "cancelled"])
            ),
            models.CheckConstraint(
                name="round_period_in_order",
                condition=Q(period_to__gte=F("period_from")),
                violation_error_message="Ngày kết thúc phải sau ngày bắt đầu.",
            ),
            both_or_neither("round_opened_by_and_at", "opened_by", "opened_at"),
            both_or_neither("round_closed_by_and_at", "closed_by", "closed_at"),
            both_or_neither("round_imported_by_and_at", "imported_by", "imported_at"),
            models.CheckConstraint(
                name="round_cancelled_with_reason", condition=~Q(status="cancelled") | ~Q(cancel_reason="")
            ),
            models.CheckConstraint(
                name="round_freeze_not_before_due",
                condition=Q(freeze_on__isnull=True) | Q(freeze_on__gte=F("due_on")),
                violation_error_message="Ngày khóa hồ sơ không được trước hạn nộp.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("inspections:round-detail", args=[self.code])

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def is_imported(self) -> bool:
        """Whether its results came from a workbook, not from dossiers that were filled in here."""
        return self.imported_at is not None

    @property
    def is_overdue(self) -> bool:
        return clock.today() > self.due_on

    @property
    def is_frozen(self) -> bool:
        return self.freeze_on is not None and clock.today() > self.freeze_on


class TeamMember(models.Model):
    """A member of the team of one round. Empty lists of units and criteria mean all of them."""

    class Position(models.TextChoices):
        HEAD = "head", "Trưởng đoàn"
        DEPUTY = "deputy", "Phó trưởng đoàn"
        SECRETARY = "secretary", "Thư ký"
        MEMBER = "member", "Thành viên"

    round = models.ForeignKey(InspectionRound, models.CASCADE, verbose_name="đợt kiểm tra", related_name="team")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người", related_name="teams")
    position = models.CharField("nhiệm vụ", max_length=10, choices=Position, default=Position.MEMBER)
    agency = models.ForeignKey(
        Agency, models.PROTECT, verbose_name="phòng, ban", null=True, blank=True, related_name="+"
    )
    communes = models.ManyToManyField(Commune, verbose_name="xã phụ trách", blank=True, related_name="+")
    criteria = models.ManyToManyField(Criterion, verbose_name="tiêu chí phụ trách", blank=True, related_name="+")

    class Meta:
        verbose_name = "thành viên đoàn"
        verbose_name_plural = "đoàn kiểm tra"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "user"], name="team_member_once_per_round"),
            models.CheckConstraint(
                name="team_position_known", condition=Q(position__in=["head", "deputy", "secretary", "member"])
            ),
            models.UniqueConstraint(fields=["round"], condition=Q(position="head"), name="team_has_one_head"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_position_display()})"

    @property
    def rank(self) -> int:
        """Place in a list of the team: its head first."""
        return self.Position.values.index(self.position)

    @property
    def leads(self) -> bool:
        return self.position in (self.Position.HEAD, self.Position.DEPUTY)


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def for_user(self, user: User) -> "InspectionQuerySet":
        return self.filter(round__in=InspectionRound.objects.for_user(user), commune__in=Commune.objects.for_user(user))

    def for_reading(self, user: User) -> "InspectionQuerySet":
        """Inspections whose record one may read: those of the rounds one reads; never by way of the commune."""
        if not user.has(Permission.ROUND_READ):
            return self.none()
        rounds = InspectionRound.objects.for_reading(user).order_by()
        return self.filter(round__in=rounds.values("pk"), round__status__in=["open", "closed"])


class Inspection(models.Model):
    """The inspection of one commune in a round, on site or by its report: kiểm tra trực tiếp, qua báo cáo."""

    class Mode(models.TextChoices):
        ON_SITE = "on_site", "Trực tiếp"
        BY_REPORT = "by_report", "Qua báo cáo"

    round = models.ForeignKey(InspectionRound, models.PROTECT, verbose_name="đợt kiểm tra", related_name="inspections")
    commune = models.ForeignKey(Commune, models.PROTECT, verbose_name="xã", related_name="inspections")
    mode = models.CharField("hình thức", max_length=10, choices=Mode, default=Mode.ON_SITE)
    visited_on = models.DateField("ngày kiểm tra", null=True, blank=True)
    visited_to = models.DateField("đến ngày", null=True, blank=True)
    begins_at = models.TimeField("bắt đầu lúc", null=True, blank=True)
    ends_at = models.TimeField("kết thúc lúc", null=True, blank=True)
    place = LineField("địa điểm", max_length=300, blank=True)
    attended_by = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name="thành viên Đoàn có mặt", blank=True, related_name="+"
    )
    # One person a line: "Họ và tên, chức vụ".
    guests = ProseField("người khác cùng tham gia", blank=True)
    hosts = ProseField("đại diện xã", blank=True)
    findings = ProseField("ghi nhận chung", blank=True)
    hosts_opinion = ProseField("ý kiến của đại diện xã", blank=True)
    recorded_by = person("người ghi sau cùng")
    recorded_at = models.DateTimeField("ghi lúc", null=True, blank=True)
    version = models.PositiveIntegerField("phiên bản", default=1)
    # From then on nobody takes photos at the visit, and printed sheets are worth nothing.
    visit_ended_by = person("người kết thúc buổi kiểm tra")
    visit_ended_at = models.DateTimeField("kết thúc buổi kiểm tra lúc", null=True, blank=True)
    position = models.PositiveSmallIntegerField("thứ tự", default=0)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = "cuộc kiểm tra"
        verbose_name_plural = "cuộc kiểm tra"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "commune"], name="inspection_once_per_commune"),
            models.CheckConstraint(name="inspection_mode_known", condition=Q(mode__in=["on_site", "by_report"])),
            models.CheckConstraint(
                name="inspection_days_in_order",
                condition=Q(visited_to__isnull=True) | Q(visited_on__isnull=False, visited_to__gte=F("visited_on")),
            ),
            both_or_neither("inspection_recorded_by_and_at", "recorded_by", "recorded_at"),
            both_or_neither("inspection_visit_ended_by_and_at", "visit_ended_by", "visit_ended_at"),
        ]

    def __str__(self) -> str:
        return f"{self.commune} · {self.round}"


class RoundUnit(models.Model):
    """A unit to be judged in a round by one version of a criteria set: the plan from which dossiers are made."""

    round = models.ForeignKey(InspectionRound, models.CASCADE, verbose_name="đợt kiểm tra", related_name="units")
    commune = models.ForeignKey(Commune, models.PROTECT, verbose_name="xã", related_name="+")
    village = models.ForeignKey(
        Village, models.PROTECT, verbose_name="thôn, bản", null=True, blank=True, related_name="+"
    )
    criteria_set = models.ForeignKey(CriteriaSet, models.PROTECT, verbose_name="bộ tiêu chí", related_name="+")
    mode = models.CharField("hình thức", max_length=10, choices=Inspection.Mode, default=Inspection.Mode.ON_SITE)
    visit_on = models.DateField("ngày kiểm tra", null=True, blank=True)
    position = models.PositiveSmallIntegerField("thứ tự", default=0)
    left_out_reason = ProseField("lý do không đưa vào kết luận", blank=True)
    extended_until = models.DateField("gia hạn đến", null=True, blank=True)
    extension_reason = ProseField("lý do gia hạn", blank=True)
    extended_by = person("người gia hạn")
    reply_extended_until = models.DateField("gia hạn giải trình đến", null=True, blank=True)
    reply_extension_reason = ProseField("lý do gia hạn giải trình", blank=True)
    reply_extended_by = person("người gia hạn giải trình")
    # The head's reminder of a unit that was silent, where silence is not agreement.
    reminded_by = person("người nhắc")
    reminded_at = models.DateTimeField("nhắc lúc", null=True, blank=True)
    # True while the round is open: with the two constraints below one unit is judged by one set in one open round.
    # A round that opens again for a replacing notice takes no unit back: another round may judge it by then.
    is_active = models.BooleanField("đang trong đợt mở", default=False)
    set_code = models.CharField("mã bộ tiêu chí", max_length=30)

    class Meta:
        verbose_name = "đơn vị của đợt"
        verbose_name_plural = "đơn vị của đợt"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "commune", "criteria_set"],
                condition=Q(village__isnull=True),
                name="round_commune_once_per_set",
            ),
            models.UniqueConstraint(
                fields=["round", "village", "criteria_set"],
                condition=Q(village__isnull=False),
                name="round_village_once_per_set",
            ),
            models.UniqueConstraint(
                fields=["commune", "set_code"],
                condition=Q(village__isnull=True, is_active=True),
                name="commune_in_one_open_round_per_set",
            ),
            models.UniqueConstraint(
                fields=["village", "set_code"],
                condition=Q(village__isnull=False, is_active=True),
                name="village_in_one_open_round_per_set",
            ),
            models.CheckConstraint(
                name="round_unit_extension_complete",
                condition=Q(extended_until__isnull=True) | (~Q(extension_reason="") & Q(extended_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="round_unit_reply_extension_complete",
                condition=Q(reply_extended_until__isnull=True)
                | (~Q(reply_extension_reason="") & Q(reply_extended_by__isnull=False)),
            ),
            both_or_neither("round_unit_reminded_by_and_at", "reminded_by", "reminded_at"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.criteria_set}"

    @property
    def unit(self) -> Commune | Village:
        return self.village or self.commune
