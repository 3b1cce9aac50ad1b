"""Monthly reports of agencies: the rule, drafts, submitting with the figures of that moment, corrections."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from communes import clock, journal
from communes.models import Agency, Authority, Event, User
from communes.notation import local_day
from communes.permissions import Permission
from inspections.workflow import written_time

from .. import monthly, news
from ..models import MonthlyLine, MonthlyReport, MonthlyRule
from ..models.monthly import LAST_DAY
from ..offices import keeps
from ..workflow import Incomplete, NotAllowed, StaleState

LONGEST = 10_000
Status = MonthlyReport.Status


def writes(agency: Agency, user: User) -> bool:
    return agency.pk in user.scope("agency", needs=Permission.OPINION_GIVE)


# ---------------------------------------------------------------- the rule


@transaction.atomic
def set_rule(
    authority: Authority, *, day: int, first_month: date, last_month: date | None, version: int, by: User
) -> MonthlyRule:
    """Say that agencies report each month, by which day. version: of the rule that was shown, 0 where there was none.

    Raises NotAllowed, Incomplete, StaleState. What was submitted keeps the due day that it had.
    """
    if not keeps(authority, by):
        raise NotAllowed("Chỉ Văn phòng Điều phối của cơ quan này được quy định hạn báo cáo tháng.")
    if not 1 <= day <= LAST_DAY:
        raise Incomplete(f"Ngày nộp phải từ 1 đến {LAST_DAY}, để tháng nào cũng có ngày đó.")
    first, last = monthly.month_of(first_month), monthly.month_of(last_month) if last_month else None
    if last and last < first:
        raise Incomplete("Tháng cuối cùng phải từ tháng đầu tiên trở đi.")
    fields = {"day": day, "first_month": first, "last_month": last, "changed_by": by, "changed_at": clock.now()}
    old = MonthlyRule.objects.filter(authority=authority).first()
    if version == 0 and old is None:
        try:
            with transaction.atomic():
                rule = MonthlyRule.objects.create(authority=authority, **fields)
        except IntegrityError as error:
            raise StaleState("Quy định vừa được người khác đặt. Xem lại rồi thực hiện lại.") from error
    else:
        rows = MonthlyRule.objects.filter(authority=authority, version=version)
        if not rows.update(version=F("version") + 1, **fields):
            raise StaleState("Quy định vừa được người khác sửa. Xem lại rồi thực hiện lại.")
        rule = MonthlyRule.objects.get(authority=authority)
    told = {"day": day, "first_month": first, "last_month": last}
    before = {name: getattr(old, name) for name in told} if old else None
    journal.record("monthly.rule_set", subject=authority, by=by, data={"old": before, "new": told})
    return rule


# ---------------------------------------------------------------- writing and submitting


@transaction.atomic
def save_draft(
    agency: Agency, month: date, *, general: str, remarks: Mapping[int, str], version: int, by: User
) -> MonthlyReport:
    """Save what was typed for a month, {indicator id: remark}. version: of the draft shown, 0 where there was none.

    Raises NotAllowed, Incomplete, StaleState; nothing of it is seen by others before it is submitted.
    """
    report = _write(agency, month, general, remarks, version, by)
    _record("monthly.saved", report, by)
    return report


@transaction.atomic
def submit(
    agency: Agency, month: date, *, general: str, remarks: Mapping[int, str], version: int, by: User
) -> MonthlyReport:
    """Save what was typed and hand it in, with the figures as they are now: from here on it stays as it is."""
    report = _write(agency, month, general, remarks, version, by)
    round_ = monthly.round_of(agency.authority, month)
    now = clock.now()
    figures = monthly.stated(agency, month, round_)
    columns = {
        "status": Status.SUBMITTED,
        "round": round_,
        "figures": figures,
        "due_on": monthly.due_on(agency, month),
        "submitted_by": by,
        "submitted_at": now,
    }
    rows = MonthlyReport.objects.filter(pk=report.pk, status=Status.DRAFT, version=report.version)
    if not rows.update(version=F("version") + 1, **columns):
        raise _stale(agency, month)
    report.refresh_from_db()
    told = {"number": report.number, "late": monthly.days_late_of(report), "indicators": len(figures["indicators"])}
    event = _record("monthly.submitted", report, by, **told)
    news.monthly_submitted(event, report)
    return report


def _write(
    agency: Agency, month: date, general: str, remarks: Mapping[int, str], version: int, by: User
) -> MonthlyReport:
    _require_writer(agency, by)
    if month.day != 1:
        raise ValueError(f"{month} is no month")
    if month > monthly.month_of(clock.today()):
        raise Incomplete(f"Chưa đến tháng {monthly.label(month)}.")
    texts = {pk: text.replace("\r\n", "\n").strip() for pk, text in remarks.items()}
    general = general.replace("\r\n", "\n").strip()
    for text in (general, *texts.values()):
        if len(text) > LONGEST:
            raise Incomplete(f"Nội dung dài {len(text)} ký tự, tối đa {LONGEST} cho mỗi ô.")
    report = _draft(agency, month, general, version, by)
    kept = [MonthlyLine(report=report, indicator_id=pk, remark=text) for pk, text in texts.items() if text]
    report.lines.filter(indicator__in=texts).delete()
    MonthlyLine.objects.bulk_create(kept)
    return report


def _draft(agency: Agency, month: date, general: str, version: int, by: User) -> MonthlyReport:
    """The draft of a month with its new general part: the one shown, or the first."""
    now = clock.now()
    if version:
        rows = MonthlyReport.objects.filter(agency=agency, month=month, status=Status.DRAFT, version=version)
        if not rows.update(version=F("version") + 1, general=general, changed_by=by, changed_at=now):
            raise _stale(agency, month)
        return MonthlyReport.objects.select_related("agency__authority", "round").get(
            agency=agency, month=month, status=Status.DRAFT
        )
    if MonthlyReport.objects.filter(agency=agency, month=month).exists():
        raise _stale(agency, month)
    made = MonthlyReport(
        agency=agency,
        month=month,
        round=monthly.round_of(agency.authority, month),
        general=general,
        changed_by=by,
        changed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise _stale(agency, month) from error
    return made


@transaction.atomic
def correct(report: MonthlyReport, *, reason: str, by: User) -> MonthlyReport:
    """Begin a correction of what was submitted, with its texts; the one submitted stays as it is.

    Raises NotAllowed, Incomplete without a reason, StaleState where one is being written or a later one was submitted.
    """
    _require_writer(report.agency, by)
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do sửa báo cáo.")
    last = MonthlyReport.objects.filter(agency=report.agency, month=report.month).order_by("-number").first()
    if last != report or not report.is_submitted:
        raise _stale(report.agency, report.month)
    now = clock.now()
    made = MonthlyReport(
        agency=report.agency,
        month=report.month,
        number=report.number + 1,
        round=report.round,
        general=report.general,
        correction_reason=reason.strip(),
        changed_by=by,
        changed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise _stale(report.agency, report.month) from error
    MonthlyLine.objects.bulk_create(
        MonthlyLine(report=made, indicator_id=line.indicator_id, remark=line.remark) for line in report.lines.all()
    )
    _record("monthly.correction_started", made, by, reason=made.correction_reason)
    return made


# ---------------------------------------------------------------- reminding


@transaction.atomic
def remind(agency: Agency, month: date, *, by: User) -> None:
    """Tell the agency's people that the report of a month is due, once a day. Raises NotAllowed, StaleState."""
    if not keeps(agency.authority, by):
        raise NotAllowed("Chỉ Văn phòng Điều phối của cơ quan này được nhắc báo cáo tháng.")
    # Whoever comes second waits here, and then finds the first one's event.
    Agency.objects.select_for_update().get(pk=agency.pk)
    if MonthlyReport.objects.submitted().filter(agency=agency, month=month).exists():
        raise StaleState(f"{agency} đã nộp báo cáo tháng {monthly.label(month)}.")
    said = Event.objects.filter(
        subject_type=agency._meta.label_lower, subject_id=str(agency.pk), action="monthly.reminded"
    )
    for event in said.order_by("-at")[:5]:
        if event.data.get("month") == str(month) and local_day(event.at) == clock.today():
            raise StaleState(f"Hôm nay đã nhắc {agency} lúc {written_time(event.at)}.")
    event = journal.record("monthly.reminded", subject=agency, by=by, data={"month": month})
    news.monthly_reminded(event, agency, month, monthly.due_on(agency, month))


# ---------------------------------------------------------------- shared


def _require_writer(agency: Agency, by: User) -> None:
    if not writes(agency, by):
        raise NotAllowed(f"Chỉ cán bộ của {agency} được lập báo cáo tháng của cơ quan này.")


def _stale(agency: Agency, month: date) -> StaleState:
    present = (
        MonthlyReport.objects.filter(agency=agency, month=month)
        .select_related("changed_by", "submitted_by")
        .order_by("-number")
        .first()
    )
    if present is None:
        return StaleState("Báo cáo này không còn như lúc mở trang. Xem lại rồi thực hiện lại.")
    if present.is_submitted:
        when = written_time(present.submitted_at)
        return StaleState(f"Báo cáo tháng {monthly.label(month)} đã được {present.submitted_by} nộp lúc {when}.")
    when = written_time(present.changed_at)
    return StaleState(f"Báo cáo này đã được {present.changed_by} lưu lúc {when}. So lại với nội dung đang gõ rồi lưu.")


def _record(action: str, report: MonthlyReport, by: User, **data: Any) -> Event:
    chain = journal.round_chain(report.round.code) if report.round else journal.REFERENCE
    return journal.record(action, subject=report, by=by, chain=chain, data=data)
