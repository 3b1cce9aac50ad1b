"""Photos that the team takes at a visit, signed in or by a printed sheet: evidence of the commune, not its report."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest

from django.core.files.base import File
from django.db import IntegrityError, transaction

from communes import clock, journal, notation
from communes.models import User

from .. import evidence as rules
from .. import sheets, workflow
from ..models import Assessment, CriterionConclusion, Evidence, EvidenceLink, Inspection, VisitSheet
from ..sheets import Code
from ..workflow import Incomplete, NotAllowed, Refused, StaleState
from .evidence import Added
from .review import conclusion_refusal, require_conclusion
from .visits import close_record, hold_visit, require_visit

TITLE = "Ảnh Đoàn kiểm tra chụp tại chỗ"


class SheetRefused(Refused):
    """A code opens nothing; the message says why, and how to go on, and nothing of what the code was for."""


UNKNOWN = "Mã không đúng. Quét lại mã QR trên phiếu, hoặc in phiếu mới."
REVOKED = "Phiếu này đã thu hồi hoặc đã in lại. Dùng phiếu in sau cùng, hoặc in phiếu mới."
NOT_OPEN = (
    "Tiêu chí này hiện không nhận ảnh kiểm tra, hoặc người in phiếu không còn phụ trách. Đăng nhập để xem vì sao."
)
OTHER_PERSON = "Phiếu này do người khác in. Đăng xuất tài khoản đang dùng trên máy này, hoặc in phiếu của mình."


# ---------------------------------------------------------------- a photo


def photo_refusal(inspection: Inspection, conclusion: CriterionConclusion, by: User) -> str:
    """Why this person can take no photo for this criterion now; empty when they can."""
    if reason := conclusion_refusal(conclusion.dossier, conclusion.criterion, by):
        return reason
    return _ended(inspection)


def _ended(inspection: Inspection) -> str:
    if inspection.visit_ended_at is None:
        return ""
    when = workflow.written_time(inspection.visit_ended_at)
    return f"Buổi kiểm tra đã kết thúc lúc {when}; mở lại ở trang ghi chép để chụp thêm."


def add_photo(assessment: Assessment, upload: File, *, by: User, sheet: VisitSheet | None = None) -> Added:
    """A photo of the team for one indicator, marked as taken at the visit; what the commune reported stays untouched.

    Evidence belongs to the commune: the same bytes are stored once, and linked where they were there. sheet: the
    printed sheet by which it came. Raises UploadRefused, NotAllowed, StaleState or SheetRefused.
    """
    dossier = assessment.dossier
    require_conclusion(dossier, assessment.criterion, by)
    found = rules.check(upload)
    if found.kind != Evidence.Kind.PHOTO:
        raise rules.UploadRefused(found.name, "tại chỗ chỉ nhận ảnh JPEG, PNG, HEIC")
    same = Evidence.objects.filter(commune=dossier.inspection.commune_id, sha256=found.sha256)
    if same.exists():
        return _link_known(same.get(), assessment, by, sheet)
    storage = Evidence._meta.get_field("file").storage
    path = storage.save(found.path, upload)
    try:
        return _keep(assessment, found, path, by, sheet)
    except IntegrityError:
        storage.delete(path)
        return _link_known(same.get(), assessment, by, sheet)  # the same bytes came in at the same moment
    except BaseException:
        storage.delete(path)
        raise


@transaction.atomic
def _keep(assessment: Assessment, found: rules.Checked, path: str, by: User, sheet: VisitSheet | None) -> Added:
    inspection = _hold(assessment, by, sheet)
    row = Evidence(
        commune=inspection.commune,
        file=path,
        original_name=found.name,
        content_type=found.content_type,
        size=found.size,
        sha256=found.sha256,
        page_count=found.page_count,
        kind=found.kind,
        title=f"{TITLE} {notation.minute(clock.now())}",
        uploaded_by=by,
        uploaded_at=clock.now(),
        is_kept=True,
        visit=inspection,
    )
    row.save(force_insert=True)
    _link(row, assessment, inspection, by, sheet)
    return Added(row, is_new=True)


@transaction.atomic
def _link_known(row: Evidence, assessment: Assessment, by: User, sheet: VisitSheet | None) -> Added:
    inspection = _hold(assessment, by, sheet)
    if row.scan == Evidence.Scan.INFECTED:
        raise Incomplete(f"Tệp {row.original_name} có vi-rút, không dùng làm minh chứng được.")
    if not Evidence.objects.select_for_update().filter(pk=row.pk).values_list("pk", flat=True):
        raise StaleState("Ảnh này vừa bị xóa khỏi kho minh chứng; gửi lại.")
    if not EvidenceLink.objects.filter(evidence=row, assessment=assessment).exists():
        Evidence.objects.filter(pk=row.pk).update(is_kept=True)
        _link(row, assessment, inspection, by, sheet)
    return Added(row, is_new=False)


def _hold(assessment: Assessment, by: User, sheet: VisitSheet | None) -> Inspection:
    """Hold dossier, inspection and sheet, in this order, and look once more whether all of them are still open."""
    dossier = assessment.dossier
    workflow.lock(dossier)
    inspection = hold_visit(dossier.inspection)
    if ended := _ended(inspection):
        raise StaleState(ended)
    require_conclusion(dossier, assessment.criterion, by)
    if sheet is not None:
        held = VisitSheet.objects.select_for_update().get(pk=sheet.pk)
        _require_valid(held)
        _require_room(held)
    return inspection


def _require_room(sheet: VisitSheet) -> None:
    if sheet.links.filter(linked_at__gt=clock.now() - timedelta(hours=1)).count() >= sheets.PHOTOS_AN_HOUR:
        raise SheetRefused(f"Phiếu đã nhận {sheets.PHOTOS_AN_HOUR} ảnh trong một giờ. Chờ một lúc rồi gửi tiếp.")
    if sheet.links.count() >= sheets.PHOTOS_A_SHEET:
        raise SheetRefused(f"Phiếu đã nhận đủ {sheets.PHOTOS_A_SHEET} ảnh. In phiếu mới để gửi tiếp.")


def _link(row: Evidence, assessment: Assessment, inspection: Inspection, by: User, sheet: VisitSheet | None) -> None:
    EvidenceLink.objects.create(
        evidence=row, assessment=assessment, linked_by=by, linked_at=clock.now(), visit=inspection, sheet=sheet
    )
    journal.record(
        "evidence.taken",
        subject=row,
        by=by,
        chain=journal.round_chain(assessment.dossier.round.code),
        data={
            "indicators": [assessment.indicator.code],
            "name": row.original_name,
            "size": row.size,
            "sha256": row.sha256,
            "sheet": sheet.pk if sheet else None,
        },
    )


# ---------------------------------------------------------------- sheets


@dataclass(frozen=True)
class Printed:
    """A sheet just printed, with its secret: known now and never again."""

    sheet: VisitSheet
    secret: bytes

    def code_of(self, conclusion: CriterionConclusion) -> str:
        return sheets.written(Code(self.sheet.pk, conclusion.pk, self.secret))


@transaction.atomic
def print_sheet(inspection: Inspection, *, by: User) -> Printed:
    """Make a sheet for this person; the one they printed before is worth nothing from now on."""
    require_visit(inspection, by)
    held, at = hold_visit(inspection), clock.now()
    if ended := _ended(held):
        raise StaleState(ended)
    day = held.visited_to or held.visited_on
    if held.visited_on and (held.visited_on - clock.today()).days > sheets.MOST_DAYS_AHEAD:
        raise Incomplete(
            f"Ngày kiểm tra là {notation.day(held.visited_on)}; in phiếu trong {sheets.MOST_DAYS_AHEAD} ngày trước đó."
        )
    own = held.visit_sheets.filter(printed_by=by, revoked_at__isnull=True)
    revoked = own.update(revoked_by=by, revoked_at=at)
    secret = secrets.token_bytes(sheets.SECRET_BYTES)
    sheet = VisitSheet.objects.create(
        inspection=held,
        printed_by=by,
        printed_at=at,
        expires_at=sheets.expiry(day, at),
        secret_sha256=sheets.hash_of(secret),
    )
    chain = journal.round_chain(held.round.code)
    data = {"sheet": sheet.pk, "expires_at": sheet.expires_at, "revoked_sheets": revoked}
    journal.record("sheet.printed", subject=held, by=by, chain=chain, data=data)
    close_record(held)
    return Printed(sheet, secret)


@transaction.atomic
def revoke_sheet(inspection: Inspection, *, by: User) -> int:
    """Make the person's own sheet worth nothing; returns how many there were."""
    require_visit(inspection, by)
    held = hold_visit(inspection)
    own = held.visit_sheets.filter(printed_by=by, revoked_at__isnull=True)
    gone = own.update(revoked_by=by, revoked_at=clock.now())
    if gone:
        chain = journal.round_chain(held.round.code)
        journal.record("sheet.revoked", subject=held, by=by, chain=chain, data={"revoked_sheets": gone})
    return gone


@dataclass(frozen=True)
class Scanned:
    """What a valid code opens: photos for one criterion, in the name of who printed the sheet."""

    sheet: VisitSheet
    conclusion: CriterionConclusion

    @property
    def person(self) -> User:
        return self.sheet.printed_by


def scan(text: str, *, viewer: User | None) -> Scanned:
    """What a code opens; viewer: who is signed in on the device, None for nobody.

    Raises SheetRefused. Of a code that is not genuine nothing is said, and nothing asked of the database.
    """
    code = sheets.read(text)
    if code is None:
        raise SheetRefused(UNKNOWN)
    sheet = VisitSheet.objects.select_related("printed_by", "inspection__round").filter(pk=code.sheet_pk).first()
    if sheet is None or not compare_digest(sheet.secret_sha256, sheets.hash_of(code.secret)):
        raise SheetRefused(UNKNOWN)
    if viewer is not None and viewer.pk != sheet.printed_by_id:
        raise SheetRefused(OTHER_PERSON)
    _require_valid(sheet)
    rows = CriterionConclusion.objects.select_related(
        "criterion",
        "dossier__round__authority",
        "dossier__inspection__commune",
        "dossier__inspection__round",
        "dossier__village",
        "dossier__criteria_set",
        "dossier__round_unit",
    )
    conclusion = rows.filter(pk=code.conclusion_pk, dossier__inspection=sheet.inspection_id).first()
    if conclusion is None:
        raise SheetRefused(UNKNOWN)
    if not sheet.printed_by.is_active:
        raise SheetRefused(REVOKED)
    if photo_refusal(conclusion.dossier.inspection, conclusion, sheet.printed_by):
        raise SheetRefused(NOT_OPEN)
    return Scanned(sheet, conclusion)


def _require_valid(sheet: VisitSheet) -> None:
    if sheet.revoked_at is not None:
        raise SheetRefused(REVOKED)
    if not sheet.is_valid:
        when = workflow.written_time(sheet.expires_at)
        raise SheetRefused(f"Phiếu đã hết hạn lúc {when}. In phiếu mới để gửi tiếp.")


def photo_by_sheet(scanned: Scanned, assessment: Assessment, upload: File) -> Added:
    """A photo by a code, for an indicator of its criterion alone. Raises SheetRefused and what `add_photo` raises."""
    conclusion = scanned.conclusion
    if (assessment.dossier_id, assessment.criterion_id) != (conclusion.dossier_id, conclusion.criterion_id):
        raise NotAllowed("Mã này chỉ dùng cho tiêu chí in trên phiếu.")
    return add_photo(assessment, upload, by=scanned.person, sheet=scanned.sheet)
