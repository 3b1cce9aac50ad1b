"""What a bundle holds: the tables in the order in which they are written and brought in, and what stays out and why."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import models
from django.db.models import Q, QuerySet

from communes.models import Agency, Authority, Commune, LegalDocument, Village
from criteria.models import (
    AgencyAssignment,
    CriteriaSet,
    Criterion,
    EvidenceRequirement,
    Indicator,
    IndicatorPart,
    Threshold,
    ThresholdConfirmation,
)
from inspections.models import (
    AgreedDeadline,
    Assessment,
    CriterionConclusion,
    Dossier,
    Evidence,
    EvidenceLink,
    Inspection,
    InspectionRound,
    Reply,
    ReturnItem,
    ReturnTurn,
    RoundUnit,
    SignedMinutes,
    TeamMember,
    VisitFinding,
    VisitSheet,
)

from ..models import (
    AcceptedFinding,
    ApprovedText,
    FollowUp,
    FollowUpNote,
    FollowUpProof,
    IssuedDocument,
    Notice,
    NoticeSection,
    Recipient,
    Recommendation,
    SignedVersion,
    Signing,
)

Rows = Callable[[InspectionRound], QuerySet]
PEOPLE = "people"


@dataclass(frozen=True)
class Table:
    """One table of a bundle.

    rows: the round's own rows of it; None where the rows are those that others refer to. key: fields by which its
    rows are put in order, where the order in which they were made means nothing or is another elsewhere.
    """

    name: str
    model: type[models.Model]
    rows: Rows | None = None
    key: tuple[str, ...] = ()

    @property
    def fields(self) -> list[models.Field]:
        """The columns that are handed over."""
        label = self.model._meta.label
        own = [field for field in self.model._meta.local_fields if not field.primary_key]
        return [field for field in own if f"{label}.{field.name}" not in WITHHELD]

    @property
    def lists(self) -> list[models.ManyToManyField]:
        return list(self.model._meta.local_many_to_many)


def owned(name: str, model: type[models.Model], path: str) -> Table:
    """Rows of the round, in the order in which they were made."""
    manager = model._default_manager
    return Table(name, model, lambda round_: manager.filter(**{path: round_.pk}).order_by("pk"))


def evidence_of(round_: InspectionRound) -> QuerySet:
    """Every file that proves something in the round, came with a reply, was taken at one of its visits, or proves
    what became of a recommendation."""
    linked = EvidenceLink.objects.filter(assessment__dossier__round=round_).order_by()
    replied = Reply.evidence.through.objects.filter(reply__conclusion__dossier__round=round_)
    followed = FollowUpProof.objects.filter(note__follow_up__recommendation__notice__round=round_).order_by()
    found = Q(visit__round=round_)
    for rows in (linked, replied, followed):
        found |= Q(pk__in=rows.values("evidence"))
    return Evidence.objects.filter(found).order_by("pk")


# Rows that other rounds use as well: found again in the other installation by these keys.
SHARED = (
    Table("authorities", Authority, key=("code", "valid_from")),
    Table("agencies", Agency, key=("authority", "code")),
    Table("communes", Commune, key=("code", "valid_from")),
    Table("villages", Village, key=("code", "valid_from")),
    Table("documents", LegalDocument, key=("key",)),
)
SETS = (
    Table("sets", CriteriaSet, key=("code", "version")),
    Table("criteria", Criterion, key=("criteria_set", "number")),
    Table("indicators", Indicator, key=("criteria_set", "criterion", "position")),
    Table("parts", IndicatorPart, key=("indicator", "position", "code")),
    Table(
        "thresholds",
        Threshold,
        key=("indicator", "part", "year", "region", "commune_group", "commune_class", "value", "text"),
    ),
    Table("requirements", EvidenceRequirement, key=("criterion", "indicator", "position", "text")),
    Table("confirmations", ThresholdConfirmation, key=("threshold",)),
    Table("assignments", AgencyAssignment, key=("indicator", "agency")),
)
ROUND = (
    owned("rounds", InspectionRound, "pk"),
    owned("team", TeamMember, "round"),
    owned("units", RoundUnit, "round"),
    owned("inspections", Inspection, "round"),
    owned("dossiers", Dossier, "round"),
    owned("assessments", Assessment, "dossier__round"),
    owned("conclusions", CriterionConclusion, "dossier__round"),
    Table("evidence", Evidence, evidence_of, key=("commune", "sha256")),
    owned("sheets", VisitSheet, "inspection__round"),
    owned("links", EvidenceLink, "assessment__dossier__round"),
    owned("returns", ReturnItem, "dossier__round"),
    owned("turns", ReturnTurn, "item__dossier__round"),
    owned("replies", Reply, "conclusion__dossier__round"),
    owned("findings", VisitFinding, "inspection__round"),
    owned("deadlines", AgreedDeadline, "inspection__round"),
    owned("minutes", SignedMinutes, "inspection__round"),
    owned("notices", Notice, "round"),
    owned("sections", NoticeSection, "notice__round"),
    owned("recommendations", Recommendation, "notice__round"),
    owned("follow_ups", FollowUp, "recommendation__notice__round"),
    owned("follow_up_notes", FollowUpNote, "follow_up__recommendation__notice__round"),
    owned("follow_up_proofs", FollowUpProof, "note__follow_up__recommendation__notice__round"),
    owned("recipients", Recipient, "notice__round"),
    owned("accepted_findings", AcceptedFinding, "notice__round"),
    owned("approved_texts", ApprovedText, "notice__round"),
    owned("issued_documents", IssuedDocument, "notice__round"),
    owned("signings", Signing, "notice__round"),
    owned("signed_versions", SignedVersion, "signing__notice__round"),
)
TABLES = (*SHARED, *SETS, *ROUND)
BY_NAME = {table.name: table for table in TABLES}
BY_MODEL = {table.model: table for table in TABLES}

# Columns that are not handed over, and why.
WITHHELD = {
    "inspections.InspectionRound.brought_from": "nơi nhận tự ghi khi nhập",
    "inspections.Dossier.frozen_verdicts": "có trong số liệu chốt, nơi nhận tự ghi từ đó",
    "inspections.RoundUnit.is_active": "chỉ cho biết đơn vị đang ở đợt mở nào của chính nơi đó",
    "inspections.VisitSheet.secret_sha256": "khóa của phiếu in chỉ có giá trị ở nơi in",
    "reports.FollowUp.continues": "mục được tiếp tục thuộc thông báo của đợt trước",
    "criteria.CriteriaSet.copied_from": "bộ được sao chép không thuộc đợt này",
}
# Tables with a way to the round that are not handed over, and why.
LEFT_OUT = {
    "inspections.DraftChange": "phần đang gõ, chờ ghi nhật ký; giá trị đã ở trong chỉ tiêu",
    "inspections.VisitChange": "phần đang gõ, chờ ghi nhật ký; nội dung đã ở trong cuộc kiểm tra",
    "inspections.Look": "lần xem gần nhất của từng người, không thuộc kết quả của đợt",
    "inspections.EvidenceCheck": "kết quả đọc thử tệp, nơi nhận tự làm lại từ tệp",
    "inspections.Delivery": "dấu chống gửi trùng của máy ngoại tuyến",
    "inspections.Upload": "tệp đang gửi dở",
    "inspections.WorkbookUpload": "bảng tính chờ người gửi xác nhận",
    "reports.SearchText": "nơi nhận tự lập lại từ nội dung đã chốt",
    "reports.SignatureRequest": "yêu cầu ký đang chờ chỉ có giá trị ở nơi phát ra",
    "reports.MonthlyReport": "báo cáo của phòng, ban theo tháng, không thuộc riêng một đợt",
    "reports.MonthlyLine": "báo cáo của phòng, ban theo tháng, không thuộc riêng một đợt",
    "reports.RoundBundle": "việc xuất, nhập của từng nơi",
    "reports.BroughtRound": "dấu nhập của nơi nhận; được dùng để xuất lại như bản gốc",
    "reports.BroughtPerson": "dấu nhập của nơi nhận; được dùng để xuất lại như bản gốc",
}
