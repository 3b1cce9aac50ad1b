"""Notices: what they say, to whom, their number, and the documents that were issued."""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from communes import notation
from communes.fields import LineField, ProseField
from communes.models import Agency, Authority, User, within
from communes.permissions import Permission
from communes.text import fold
from inspections.models import Dossier, Inspection, InspectionRound
from inspections.models.common import both_or_neither, person

from .. import kinds


def published() -> Q:
    """Issued, or replaced since, and of a kind that is public."""
    return Q(status__in=Notice.Status.public(), kind_code__in=kinds.public_codes())


class NoticeQuerySet(models.QuerySet["Notice"]):
    def for_user(self, user: User) -> "NoticeQuerySet":
        """Notices one may read: all of the own authority for those who read its rounds, published ones for the others.

        A commune also reads what was issued about itself, once the conclusions on all its dossiers are disclosed.
        """
        rows = within("authority", user.scope("authority", needs=Permission.ROUND_READ))
        rows |= within("authority", user.authority_ids) & published()
        if user.has(Permission.ROUND_READ):
            rows |= Q(round__team__user=user)
        if communes := user.scope("commune", needs=Permission.NOTICE_READ):
            under_review = Dossier.objects.exclude(status__in=Dossier.Status.disclosed()).order_by()
            rows |= Q(inspection__commune__in=communes, status__in=Notice.Status.public()) & ~Q(
                inspection__in=under_review.values("inspection")
            )
        return self.filter(rows).distinct()

    def public(self) -> "NoticeQuerySet":
        """What anyone may read: what was issued, and replaced since, of the kinds that are public."""
        return self.filter(published())

    def with_successor(self) -> "NoticeQuerySet":
        """With what public pages say of a notice: who issued it or brought it in, which round, what replaces it."""
        return self.select_related("authority", "round__brought__brought_by", "superseded_by")

    def latest_change_first(self) -> "NoticeQuerySet":
        """By the time of issue, or for a replaced notice of the issue of the other one."""
        replaced = Case(When(status=Notice.Status.SUPERSEDED, then=F("superseded_by__issued_at")))
        return self.annotate(changed=Coalesce(replaced, F("issued_at"))).order_by("-changed", "-pk")

    def holding(self, *phrases: str) -> "NoticeQuerySet":
        """Those whose printed words hold each of the phrases, whatever case and diacritics; whole words only."""
        found = self
        for phrase in phrases:
            found = found.filter(search_text__words__contains=f" {fold(phrase)} ")
        return found

    def with_context(self) -> "NoticeQuerySet":
        """Everything a heading says of a notice, in one query."""
        people = ("composed_by", "approved_by", "issued_by")
        return self.select_related("round__brought__brought_by", "authority", *people, "supersedes")


class Notice(models.Model):
    """A document with a number of its own that tells of a round: thông báo kết luận, báo cáo, biên bản.

    What its kind prescribes (symbol, signers, outline) is data, see kinds.py; its moves are in workflow.py.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Dự thảo"
        APPROVED = "approved", "Đã phê duyệt"
        ISSUED = "issued", "Đã ban hành"
        SUPERSEDED = "superseded", "Đã được thay thế"

        @classmethod
        def public(cls) -> "tuple[Notice.Status, ...]":
            """From here on its text never changes and, if its kind is public, everyone may read it."""
            return (cls.ISSUED, cls.SUPERSEDED)

    public_id = models.UUIDField("mã công khai", default=uuid4, unique=True, editable=False)
    round = models.ForeignKey(InspectionRound, models.PROTECT, verbose_name="đợt kiểm tra", related_name="notices")
    authority = models.ForeignKey(Authority, models.PROTECT, verbose_name="cơ quan", related_name="notices")
    kind_code = models.SlugField("mẫu văn bản", max_length=40, default="thong-bao", db_index=False)
    kind = LineField("loại văn bản", max_length=40, default="Thông báo")
    # Only for a document about one commune: the minutes of its inspection.
    inspection = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="cuộc kiểm tra", null=True, blank=True, related_name="documents"
    )
    parent_name = ProseField("cơ quan chủ quản", blank=True, help_text="Mỗi dòng in một dòng.")
    issuer_name = ProseField("cơ quan ban hành", help_text="Mỗi dòng in một dòng; một Đoàn có dãy số riêng.")
    symbol = LineField("ký hiệu", max_length=30, help_text="Ví dụ: TB-ĐKT")
    place = LineField("địa danh", max_length=100, help_text="Ghi trước ngày tháng: Tân Uyên")
    subject = LineField("trích yếu", max_length=500)
    signer_authority = ProseField("quyền hạn, chức vụ trên chữ ký", help_text="Ví dụ: TRƯỞNG ĐOÀN KIỂM TRA")
    signer_post = LineField(
        "chức vụ trên họ tên", max_length=150, blank=True, help_text="Ví dụ: PHÓ CHỦ TỊCH UBND HUYỆN"
    )
    signer_name = LineField("họ tên người ký", max_length=150)
    cosigner_authority = ProseField("quyền hạn, chức vụ trên chữ ký bên trái", blank=True)
    cosigner_post = LineField("chức vụ trên họ tên bên trái", max_length=150, blank=True)
    cosigner_name = LineField("họ tên người ký bên trái", max_length=150, blank=True)
    prints_code = models.BooleanField(
        "in mã xác minh",
        default=False,
        help_text="In ở cuối văn bản một mã QR để kiểm tra bản in; Nghị định 30/2020/NĐ-CP không quy định mã này.",
    )
    status = models.CharField("trạng thái", max_length=12, choices=Status, default=Status.DRAFT)
    number = models.PositiveIntegerField("số", null=True, blank=True)
    number_is_manual = models.BooleanField("số nhập tay", default=False)
    year = models.PositiveSmallIntegerField("năm của dãy số", null=True, blank=True)
    issued_on = models.DateField("ngày ban hành", null=True, blank=True)
    composed_by = person("người soạn")
    composed_at = models.DateTimeField("soạn lúc", null=True, blank=True)
    changed_by = person("người sửa sau cùng")
    changed_at = models.DateTimeField("sửa lúc", null=True, blank=True)
    approved_by = person("người phê duyệt")
    approved_at = models.DateTimeField("phê duyệt lúc", null=True, blank=True)
    # Of the text that was approved, without number and date: figures that change afterwards show.
    approved_sha256 = models.CharField("mã băm nội dung đã phê duyệt", max_length=64, blank=True)
    sent_back_reason = ProseField("lý do gửi lại", blank=True)
    issued_by = person("người ban hành")
    issued_at = models.DateTimeField("ban hành lúc", null=True, blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, verbose_name="thay thế thông báo", null=True, blank=True, related_name="superseded_by"
    )
    replace_reason = ProseField("lý do thay thế", blank=True)
    # Counts every change of the notice or of anything in it.
    version = models.PositiveIntegerField("phiên bản", default=1)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = "thông báo"
        verbose_name_plural = "thông báo"
        ordering = ["-issued_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="notice_status_known", condition=Q(status__in=["draft", "approved", "issued", "superseded"])
            ),
            both_or_neither("notice_composed_by_and_at", "composed_by", "composed_at"),
            both_or_neither("notice_changed_by_and_at", "changed_by", "changed_at"),
            both_or_neither("notice_approved_by_and_at", "approved_by", "approved_at"),
            both_or_neither("notice_issued_by_and_at", "issued_by", "issued_at"),
            both_or_neither("notice_number_year_and_day", "number", "year", "issued_on"),
            models.CheckConstraint(
                name="notice_approved_by_someone",
                condition=Q(status="draft") | (Q(approved_at__isnull=False) & ~Q(approved_sha256="")),
            ),
            models.CheckConstraint(
                # A number may be given before the signature; once given it stays with this document.
                name="notice_issued_has_number",
                condition=Q(status__in=["issued", "superseded"], number__isnull=False, issued_at__isnull=False)
                | Q(status__in=["draft", "approved"], issued_at__isnull=True),
            ),
            models.CheckConstraint(
                name="notice_replaces_with_reason", condition=Q(supersedes__isnull=True) | ~Q(replace_reason="")
            ),
            models.CheckConstraint(name="notice_number_from_one", condition=Q(number__isnull=True) | Q(number__gte=1)),
            models.UniqueConstraint(
                fields=["authority", "symbol", "year", "number"],
                condition=Q(number__isnull=False),
                name="notice_number_once_a_year",
                violation_error_message="Số này đã được dùng trong năm.",
            ),
            models.UniqueConstraint(
                fields=["round", "kind_code"],
                condition=Q(status__in=["draft", "approved"], inspection__isnull=True),
                name="notice_one_running_per_round",
                violation_error_message="Đợt này đang có một văn bản loại này chưa ban hành.",
            ),
            models.UniqueConstraint(
                fields=["inspection", "kind_code"],
                condition=Q(status__in=["draft", "approved"], inspection__isnull=False),
                name="notice_one_running_per_inspection",
                violation_error_message="Cuộc kiểm tra này đang có một văn bản loại này chưa ban hành.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} số {self.code}" if self.number else f"{self.kind} {self.symbol} (chưa có số)"

    def get_absolute_url(self) -> str:
        return reverse("reports:notice-preview", args=[self.public_id])

    @property
    def code(self) -> str:
        """ "08/TB-ĐKT"; the symbol alone while there is no number."""
        return f"{self.number:02d}/{self.symbol}" if self.number else self.symbol

    @property
    def is_editable(self) -> bool:
        return self.status == self.Status.DRAFT

    @property
    def is_public(self) -> bool:
        """Whether it was issued, so that its text never changes again."""
        return self.status in self.Status.public()

    @property
    def is_published(self) -> bool:
        """Whether everyone may read it: issued, and of a kind that is public."""
        return self.is_public and self.is_to_be_published

    @property
    def is_to_be_published(self) -> bool:
        """Whether it stands on the public pages once it is issued."""
        return self.prescribed.is_public

    @property
    def brought_in(self) -> str:
        """That this portal did not issue it, and from where, by whom and when it came; empty for its own.

        A bundle says of a notice that it was issued; whether a head approved it there is not known here.
        """
        if not self.round.brought_from:
            return ""
        brought = getattr(self.round, "brought", None)
        who = f", do {brought.brought_by} nhập" if brought and brought.brought_by else ""
        on = f" ngày {notation.day(brought.brought_at)}" if brought else ""
        return f"Nhập từ gói dữ liệu của {self.round.brought_from}{who}{on}; cổng này không phát hành."

    @property
    def replaced_by(self) -> "Notice | None":
        """The issued notice that stands in place of this one; one that is only being written does not yet."""
        following: Notice | None = getattr(self, "superseded_by", None)
        return following if following and following.is_public else None

    @property
    def prescribed(self) -> kinds.Kind:
        """What its kind prescribes."""
        return kinds.of(self.kind_code)


class NoticeSection(models.Model):
    """A part of the text, in the order it is printed; numbers of headings are counted when printing.

    Its text may hold tokens in braces that stand for figures, see wording.py.
    """

    class Kind(models.TextChoices):
        PREAMBLE = "preamble", "Phần mở đầu"
        SECTION = "section", "Mục"
        RECOMMENDATIONS = "recommendations", "Kiến nghị"
        CLOSING = "closing", "Phần kết thúc"

    notice = models.ForeignKey(Notice, models.CASCADE, verbose_name="thông báo", related_name="sections")
    position = models.PositiveSmallIntegerField("thứ tự")
    kind = models.CharField("loại", max_length=16, choices=Kind, default=Kind.SECTION)
    level = models.PositiveSmallIntegerField("cấp", default=1, help_text="1: I, II; 2: 1, 2; 3: a, b.")
    heading = LineField("tên mục", max_length=300, blank=True)
    body = ProseField(
        "nội dung", blank=True, help_text="Mỗi dòng là một đoạn; dòng bắt đầu bằng “- ” là gạch đầu dòng."
    )
    changed_by = person("người sửa")
    changed_at = models.DateTimeField("sửa lúc", null=True, blank=True)
    version = models.PositiveIntegerField("phiên bản", default=1)

    class Meta:
        verbose_name = "phần của thông báo"
        verbose_name_plural = "phần của thông báo"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="section_kind_known",
                condition=Q(kind__in=["preamble", "section", "recommendations", "closing"]),
            ),
            models.CheckConstraint(name="section_level_known", condition=Q(level__in=[1, 2, 3])),
            models.UniqueConstraint(
                fields=["notice", "kind"],
                condition=Q(kind__in=["preamble", "recommendations", "closing"]),
                name="section_special_kinds_once",
            ),
            both_or_neither("section_changed_by_and_at", "changed_by", "changed_at"),
        ]

    def __str__(self) -> str:
        return self.heading or self.get_kind_display()

    @property
    def has_heading(self) -> bool:
        return self.kind in (self.Kind.SECTION, self.Kind.RECOMMENDATIONS)


class RecommendationQuerySet(models.QuerySet["Recommendation"]):
    def for_user(self, user: User) -> "RecommendationQuerySet":
        return self.filter(notice__in=Notice.objects.for_user(user))


class Recommendation(models.Model):
    """What an addressee is asked to do; followed up in the next round: kiến nghị."""

    class Status(models.TextChoices):
        OPEN = "open", "Chưa thực hiện"
        DOING = "doing", "Đang thực hiện"
        DONE = "done", "Đã thực hiện"
        CARRIED_OVER = "carried_over", "Chuyển đợt sau"

    notice = models.ForeignKey(Notice, models.CASCADE, verbose_name="thông báo", related_name="recommendations")
    position = models.PositiveSmallIntegerField("thứ tự")
    addressee = LineField("nơi thực hiện", max_length=300)
    agency = models.ForeignKey(
        Agency, models.PROTECT, verbose_name="phòng, ban", null=True, blank=True, related_name="recommendations"
    )
    text = ProseField("nội dung")
    status = models.CharField("trạng thái", max_length=12, choices=Status, default=Status.OPEN)

    objects = RecommendationQuerySet.as_manager()

    class Meta:
        verbose_name = "kiến nghị"
        verbose_name_plural = "kiến nghị"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="recommendation_status_known", condition=Q(status__in=["open", "doing", "done", "carried_over"])
            ),
            models.CheckConstraint(
                name="recommendation_has_addressee_and_text", condition=~Q(addressee="") & ~Q(text="")
            ),
            models.UniqueConstraint(fields=["notice", "position"], name="recommendation_one_per_place"),
        ]

    def __str__(self) -> str:
        return f"{self.addressee}: {self.text[:80]}"


class Recipient(models.Model):
    """A line of "Nơi nhận"; the last one says where the paper is kept ("Lưu: VT, …")."""

    notice = models.ForeignKey(Notice, models.CASCADE, verbose_name="thông báo", related_name="recipients")
    position = models.PositiveSmallIntegerField("thứ tự")
    text = LineField("nơi nhận", max_length=300)

    class Meta:
        verbose_name = "nơi nhận"
        verbose_name_plural = "nơi nhận"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(name="recipient_has_text", condition=~Q(text="")),
            models.UniqueConstraint(fields=["notice", "position"], name="recipient_one_per_place"),
        ]

    def __str__(self) -> str:
        return self.text


class SearchText(models.Model):
    """The folded words of an issued notice, for the public's search; made from its frozen facts, so never typed."""

    notice = models.OneToOneField(
        Notice, models.CASCADE, verbose_name="thông báo", related_name="search_text", primary_key=True
    )
    words = models.TextField("các từ để tìm")

    class Meta:
        verbose_name = "nội dung để tìm"
        verbose_name_plural = "nội dung để tìm"

    def __str__(self) -> str:
        return f"{self.notice}: {self.words[:80]}"


class AcceptedFinding(models.Model):
    """A finding of the checks that stays as it is, with the reason: part of the notice, and kept like it."""

    notice = models.ForeignKey(Notice, models.CASCADE, verbose_name="thông báo", related_name="accepted_findings")
    key = models.CharField("mã của lưu ý", max_length=24)
    place = LineField("vị trí", max_length=400)
    message = ProseField("nội dung lưu ý")
    reason = ProseField("lý do chấp nhận")
    accepted_by = models.ForeignKey(User, models.PROTECT, verbose_name="người chấp nhận", related_name="+")
    accepted_at = models.DateTimeField("chấp nhận lúc")

    class Meta:
        verbose_name = "lưu ý được chấp nhận"
        verbose_name_plural = "lưu ý được chấp nhận"
        ordering = ["accepted_at", "pk"]
        constraints = [
            models.CheckConstraint(name="accepted_finding_has_reason", condition=~Q(reason="") & ~Q(message="")),
            models.UniqueConstraint(fields=["notice", "key"], name="accepted_finding_once_per_notice"),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def document_path(document: "IssuedDocument", name: str) -> str:
    """A random stored name: the public address of a notice says nothing of where its file lies."""
    return f"notices/{document.made_at:%Y}/{uuid4().hex}{PurePosixPath(name).suffix}"


class IssuedDocument(models.Model):
    """A file made once when a notice was issued, with the facts it was made from; never changed, never made again."""

    class Rendition(models.TextChoices):
        FINAL = "final", "Bản ban hành (PDF)"
        ACCESSIBLE = "accessible", "Bản chưa ký, dùng cho trình đọc màn hình (PDF)"
        SIGNED_BLANK = "signed_blank", "Bản đã ký, chưa ghi số (PDF)"
        SIGNED = "signed", "Bản ký số sau khi ban hành (PDF)"
        DOCX = "docx", "Bản Word (DOCX)"

    notice = models.ForeignKey(Notice, models.PROTECT, verbose_name="thông báo", related_name="documents")
    rendition = models.CharField("loại bản", max_length=20, choices=Rendition, default=Rendition.FINAL)
    file = models.FileField("tệp", upload_to=document_path, max_length=200)
    sha256 = models.CharField("SHA-256 của tệp", max_length=64)
    size = models.PositiveIntegerField("dung lượng")
    template_version = models.CharField("mẫu trình bày", max_length=40)
    # Kept once, with the final rendition; its hash stands on every one.
    facts = models.JSONField("nội dung đã chốt", encoder=DjangoJSONEncoder, null=True, blank=True)
    facts_sha256 = models.CharField("SHA-256 của nội dung đã chốt", max_length=64)
    # Hash of the round's last event at that time: a journal cut or rewritten later shows against it.
    journal_head = models.CharField("mã băm nhật ký khi ban hành", max_length=64)
    made_at = models.DateTimeField("tạo lúc")

    class Meta:
        verbose_name = "văn bản đã ban hành"
        verbose_name_plural = "văn bản đã ban hành"
        ordering = ["made_at"]
        constraints = [
            models.CheckConstraint(
                name="document_rendition_known",
                condition=Q(rendition__in=["final", "accessible", "signed_blank", "signed", "docx"]),
            ),
            models.CheckConstraint(
                name="document_final_has_facts", condition=~Q(rendition="final") | Q(facts__isnull=False)
            ),
            models.UniqueConstraint(fields=["notice", "rendition"], name="document_one_per_rendition"),
        ]
        indexes = [
            models.Index(fields=["sha256"], name="document_by_hash"),
            models.Index(fields=["facts_sha256"], name="document_by_facts"),
        ]

    def __str__(self) -> str:
        return f"{self.notice} · {self.get_rendition_display()}"

    @property
    def is_open(self) -> bool:
        """Whether everyone may have it: all but the copy that was signed before it had its number."""
        return self.rendition != self.Rendition.SIGNED_BLANK

    @property
    def printed_facts(self) -> dict[str, Any]:
        """What is printed, as `NoticeContent.as_facts` gave it; of the final rendition, which alone keeps it."""
        if self.facts is None:
            raise ValueError(f"{self.rendition} keeps no facts of its own")
        facts: dict[str, Any] = self.facts["content"]
        return facts


# ---------------------------------------------------------------- signing


def signing_path(row: "models.Model", name: str) -> str:
    """A random stored name for the files of signing."""
    return f"signing/{uuid4().hex}{PurePosixPath(name).suffix}"


class SigningQuerySet(models.QuerySet["Signing"]):
    def for_user(self, user: User) -> "SigningQuerySet":
        return self.filter(notice__in=Notice.objects.for_user(user))

    def in_force(self) -> "SigningQuerySet":
        return self.filter(voided_at__isnull=True)

    def void(self, *, reason: str, by: User, at: datetime) -> int:
        """Mark those in force as void, and say how many; the caller's event tells of it."""
        return self.in_force().update(voided_by=by, voided_at=at, void_reason=reason.strip())


class Signing(models.Model):
    """One go at signing an approved notice: the printed file with empty fields, then a version for each act of signing.

    Void once the notice is sent back, or when it is begun anew; kept all the same.
    """

    notice = models.ForeignKey(Notice, models.PROTECT, verbose_name="thông báo", related_name="signings")
    file = models.FileField("tệp", upload_to=signing_path, max_length=200)
    sha256 = models.CharField("SHA-256 của tệp", max_length=64)
    size = models.PositiveIntegerField("dung lượng")
    # {step: [page, left, bottom, right, top]} of the fields, in millimetres.
    fields = models.JSONField("các chỗ ký")
    # What it was printed from: exactly this approval, with number and day where they were given before.
    approved_at = models.DateTimeField("phê duyệt lúc")
    content_sha256 = models.CharField("mã băm nội dung đã phê duyệt", max_length=64)
    number = models.PositiveIntegerField("số đã in", null=True, blank=True)
    issued_on = models.DateField("ngày đã in", null=True, blank=True)
    started_by = person("người chuẩn bị")
    started_at = models.DateTimeField("chuẩn bị lúc", null=True)
    voided_by = person("người hủy")
    voided_at = models.DateTimeField("hủy lúc", null=True, blank=True)
    void_reason = ProseField("lý do hủy", blank=True)

    objects = SigningQuerySet.as_manager()

    class Meta:
        verbose_name = "lượt ký số"
        verbose_name_plural = "lượt ký số"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["notice"],
                condition=Q(voided_at__isnull=True),
                name="signing_one_in_force",
                violation_error_message="Thông báo này đang được ký số.",
            ),
            both_or_neither("signing_started_by_and_at", "started_by", "started_at"),
            both_or_neither("signing_voided_by_and_at", "voided_by", "voided_at"),
            both_or_neither("signing_number_and_day", "number", "issued_on"),
            models.CheckConstraint(
                name="signing_void_has_reason", condition=Q(voided_at__isnull=True) | ~Q(void_reason="")
            ),
        ]

    def __str__(self) -> str:
        return f"Lượt ký số của {self.notice}"


class SignedVersion(models.Model):
    """The file after one act of signing: all earlier bytes, and more; never changed."""

    signing = models.ForeignKey(Signing, models.PROTECT, verbose_name="lượt ký số", related_name="versions")
    position = models.PositiveSmallIntegerField("thứ tự")
    file = models.FileField("tệp", upload_to=signing_path, max_length=200)
    sha256 = models.CharField("SHA-256 của tệp", max_length=64)
    size = models.PositiveIntegerField("dung lượng")
    # Steps that are signed in this file, and what its signatures say (signing.SignatureReport).
    steps = models.JSONField("các bước đã ký")
    report = models.JSONField("kết quả kiểm tra chữ ký")
    # Of the notice at that time: what the clerk signed in the blanks.
    number = models.PositiveIntegerField("số", null=True, blank=True)
    issued_on = models.DateField("ngày", null=True, blank=True)
    made_by = person("người tải lên")
    made_at = models.DateTimeField("tải lên lúc", null=True)

    class Meta:
        verbose_name = "bản đã ký số"
        verbose_name_plural = "bản đã ký số"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["signing", "position"], name="signed_version_one_per_place"),
            both_or_neither("signed_version_made_by_and_at", "made_by", "made_at"),
        ]

    def __str__(self) -> str:
        return f"{self.signing} · {self.position}"


class SignatureRequest(models.Model):
    """A file that lacks only one signature, given out to be signed elsewhere; the next request takes its place."""

    signing = models.OneToOneField(Signing, models.PROTECT, verbose_name="lượt ký số", related_name="request")
    # The version it continues; 0 for the file without any signature.
    after = models.PositiveSmallIntegerField("sau bản")
    step = models.CharField("bước", max_length=12)
    file = models.FileField("tệp", upload_to=signing_path, max_length=200)
    # Between these two places the signature is put in.
    start = models.PositiveIntegerField("từ")
    end = models.PositiveIntegerField("đến")
    digest = models.CharField("mã băm cần ký", max_length=64)
    number = models.PositiveIntegerField("số", null=True, blank=True)
    issued_on = models.DateField("ngày", null=True, blank=True)
    made_by = person("người tạo")
    made_at = models.DateTimeField("tạo lúc", null=True)

    class Meta:
        verbose_name = "yêu cầu ký số"
        verbose_name_plural = "yêu cầu ký số"
        constraints = [
            models.CheckConstraint(
                name="signature_request_step_known", condition=Q(step__in=["ChuKy", "So", "NgayThang", "Dau"])
            ),
            both_or_neither("signature_request_made_by_and_at", "made_by", "made_at"),
        ]

    def __str__(self) -> str:
        return f"{self.signing} · {self.step}"


class ApprovedText(models.Model):
    """What a head approved, word for word, with its figures: kept for every approval, also one that no longer holds."""

    notice = models.ForeignKey(Notice, models.PROTECT, verbose_name="thông báo", related_name="approved_texts")
    # {"content": what is printed but number and day, "figures": {token: value, label …}}
    facts = models.JSONField("nội dung đã phê duyệt", encoder=DjangoJSONEncoder)
    sha256 = models.CharField("mã băm nội dung đã phê duyệt", max_length=64)
    approved_by = models.ForeignKey(User, models.PROTECT, verbose_name="người phê duyệt", related_name="+")
    approved_at = models.DateTimeField("phê duyệt lúc")

    class Meta:
        verbose_name = "nội dung đã phê duyệt"
        verbose_name_plural = "nội dung đã phê duyệt"
        ordering = ["-approved_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.notice}, {self.approved_by}"


class TextSnippetQuerySet(models.QuerySet["TextSnippet"]):
    def for_user(self, user: User) -> "TextSnippetQuerySet":
        """Texts of the authorities for which one writes notices."""
        return self.filter(within("authority", user.scope("authority", needs=Permission.NOTICE_COMPOSE)))

    def offered(self) -> "TextSnippetQuerySet":
        return self.filter(withdrawn_at__isnull=True)


class TextSnippet(models.Model):
    """A text that an office keeps to use again; figures stand in it as tokens, so that they bind anew."""

    authority = models.ForeignKey(Authority, models.PROTECT, verbose_name="cơ quan", related_name="text_snippets")
    kind = models.CharField("loại phần", max_length=16, choices=NoticeSection.Kind, default=NoticeSection.Kind.SECTION)
    heading = LineField("tên mục", max_length=300, blank=True)
    title = LineField("tên đoạn", max_length=150)
    body = ProseField("nội dung")
    kept_by = person("người giữ lại")
    kept_at = models.DateTimeField("giữ lúc", null=True, blank=True)
    withdrawn_by = person("người rút")
    withdrawn_at = models.DateTimeField("rút lúc", null=True, blank=True)

    objects = TextSnippetQuerySet.as_manager()

    class Meta:
        verbose_name = "đoạn văn trong thư viện"
        verbose_name_plural = "đoạn văn trong thư viện"
        ordering = ["title", "pk"]
        constraints = [
            models.CheckConstraint(
                name="snippet_kind_known",
                condition=Q(kind__in=["preamble", "section", "recommendations", "closing"]),
            ),
            models.CheckConstraint(name="snippet_has_title_and_body", condition=~Q(title="") & ~Q(body="")),
            models.CheckConstraint(
                name="snippet_kept_by_someone", condition=Q(kept_by__isnull=False, kept_at__isnull=False)
            ),
            both_or_neither("snippet_withdrawn_by_and_at", "withdrawn_by", "withdrawn_at"),
        ]
        indexes = [models.Index(fields=["authority", "kind"], name="snippet_by_authority")]

    def __str__(self) -> str:
        return self.title
