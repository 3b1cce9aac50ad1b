"""What the team records of its visit to a commune: people, findings, agreed deadlines, the signed minutes."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from communes import clock, journal, notation
from communes.models import User
from communes.permissions import Permission

from .. import evidence as rules
from .. import workflow
from ..models import (
    AgreedDeadline,
    Assessment,
    CriterionConclusion,
    Inspection,
    InspectionRound,
    ReturnItem,
    SignedMinutes,
    TeamMember,
    VisitChange,
    VisitFinding,
)
from ..workflow import Incomplete, NotAllowed, StaleState
from .review import NewItem, require_conclusion, return_items

RECORDED = (
    "mode", "visited_on", "visited_to", "begins_at", "ends_at", "place", "guests", "hosts", "findings", "hosts_opinion",
)  # fmt: skip
ATTENDED = "attended_by"
ONE_EVENT_WITHIN = timedelta(minutes=10)
# Signed paper comes back as a scan or as a photo of it.
SIGNED_TYPES = (rules.PDF, rules.JPEG)


class VisitConflict(StaleState):
    """Somebody saved the record meanwhile. stored: as it is now; typed: {field: what this person wanted}."""

    def __init__(self, stored: Inspection, typed: Mapping[str, Any]) -> None:
        when = workflow.written_time(stored.recorded_at)
        super().__init__(f"Ghi chép này đã được {stored.recorded_by} lưu lúc {when}. Xin chọn nội dung giữ lại.")
        self.stored = stored
        self.typed = dict(typed)


class FindingConflict(StaleState):
    """Somebody saved the finding meanwhile. stored: as it is now; typed: the text of this person."""

    def __init__(self, stored: VisitFinding, typed: str) -> None:
        when = workflow.written_time(stored.noted_at)
        super().__init__(f"Ghi nhận này đã được {stored.noted_by} lưu lúc {when}. Xin chọn nội dung giữ lại.")
        self.stored = stored
        self.typed = typed


# ---------------------------------------------------------------- who may


def team_of(inspection: Inspection) -> Any:
    """The members of the round's team whose share holds the commune; an empty share holds all."""
    return TeamMember.objects.filter(
        Q(communes__isnull=True) | Q(communes=inspection.commune_id), round=inspection.round_id
    ).distinct()


def member_refusal(inspection: Inspection, by: User) -> str:
    """Why this person has no part in the visit; empty where they have."""
    if not by.has(Permission.DOSSIER_REVIEW) or not team_of(inspection).filter(user=by).exists():
        return "Chỉ thành viên Đoàn kiểm tra phụ trách xã này được thực hiện."
    if inspection.commune_id in by.scope("commune", needs=Permission.DOSSIER_EDIT):
        return "Người nhập hồ sơ của xã không ghi chép thay Đoàn kiểm tra."
    return ""


def visit_refusal(inspection: Inspection, by: User) -> str:
    """Why this person cannot change the record now; empty when they can."""
    if reason := member_refusal(inspection, by):
        return reason
    return "" if inspection.round.is_open else f"Đợt “{inspection.round}” không mở."


def require_visit(inspection: Inspection, by: User) -> None:
    """Raise NotAllowed or StaleState where `visit_refusal` says so."""
    if reason := visit_refusal(inspection, by):
        raise NotAllowed(reason) if member_refusal(inspection, by) else StaleState(reason)


def hold_visit(inspection: Inspection) -> Inspection:
    """Hold the inspection until the transaction ends, and read it anew; StaleState where its round closed meanwhile."""
    held = Inspection.objects.select_for_update(of=("self",)).select_related("round", "commune").get(pk=inspection.pk)
    if not held.round.is_open:
        raise StaleState(f"Đợt “{held.round}” không mở.")
    return held


# ---------------------------------------------------------------- the record


@transaction.atomic
def save_visit(
    inspection: Inspection,
    *,
    by: User,
    version: int,
    changes: Mapping[str, Any],
    attended_by: Iterable[User] | None = None,
) -> Inspection:
    """Save what was typed in the record, with the version it was typed on.

    changes: {field: final value} with fields from RECORDED; attended_by: the members who were there, None to leave
    them. Raises VisitConflict when somebody saved another content meanwhile, NotAllowed or StaleState when the
    record is not open to this person.
    """
    if unknown := set(changes) - set(RECORDED):
        raise ValueError(f"not part of the record: {unknown}")
    require_visit(inspection, by)
    wanted = _attending(inspection, attended_by)
    new: dict[str, Any] = {name: value for name, value in changes.items() if getattr(inspection, name) != value}
    present = {user.pk: user for user in inspection.attended_by.all()}
    old = {name: getattr(inspection, name) for name in new}
    if wanted is not None and set(wanted) != set(present):
        new[ATTENDED], old[ATTENDED] = _named(wanted.values()), _named(present.values())
    if not new:
        return inspection
    _require_days(inspection, new)
    at = clock.now()
    columns = {name: value for name, value in new.items() if name != ATTENDED}
    hold_visit(inspection)
    same = Inspection.objects.filter(pk=inspection.pk, version=version)
    if not same.update(**columns, recorded_by=by, recorded_at=at, version=F("version") + 1):
        stored = Inspection.objects.select_related("round", "commune", "recorded_by").get(pk=inspection.pk)
        raise VisitConflict(stored, new)
    if wanted is not None and ATTENDED in new:
        inspection.attended_by.set(wanted)
    for name, value in {**columns, "recorded_by": by, "recorded_at": at, "version": version + 1}.items():
        setattr(inspection, name, value)
    _gather(inspection, by, {name: (old[name], value) for name, value in new.items()})
    return inspection


def _attending(inspection: Inspection, people: Iterable[User] | None) -> dict[int, User] | None:
    """{id: person}; only who is of the team now, or was noted before, can have been there."""
    if people is None:
        return None
    wanted = {user.pk: user for user in people}
    known = {*team_of(inspection).values_list("user", flat=True), *inspection.attended_by.values_list("pk", flat=True)}
    if strangers := [str(user) for pk, user in wanted.items() if pk not in known]:
        raise NotAllowed(f"Không thuộc Đoàn kiểm tra: {', '.join(strangers)}.")
    return wanted


def _named(people: Iterable[User]) -> str:
    return "; ".join(sorted(user.full_name for user in people))


def _require_days(inspection: Inspection, new: Mapping[str, Any]) -> None:
    first = new.get("visited_on", inspection.visited_on)
    last = new.get("visited_to", inspection.visited_to)
    if last and (not first or last < first):
        raise Incomplete("Ngày kết thúc phải từ ngày bắt đầu trở đi.")


# ---------------------------------------------------------------- findings


def finding_of(conclusion: CriterionConclusion) -> VisitFinding:
    """What is noted of a criterion; a new one, not yet stored, where nothing is."""
    found = VisitFinding.objects.select_related("noted_by").filter(
        dossier=conclusion.dossier, criterion=conclusion.criterion
    )
    return found.first() or VisitFinding(
        inspection=conclusion.dossier.inspection,
        dossier=conclusion.dossier,
        criterion=conclusion.criterion,
        version=0,
    )


@transaction.atomic
def save_finding(conclusion: CriterionConclusion, *, text: str, by: User, version: int) -> VisitFinding:
    """Note what was found of a criterion; version 0 where nothing was noted when the page was drawn.

    For whoever may conclude the criterion. Raises FindingConflict, NotAllowed or StaleState.
    """
    dossier = conclusion.dossier
    require_conclusion(dossier, conclusion.criterion, by)
    workflow.lock(dossier)
    row = finding_of(conclusion)
    old, new = row.text, text.strip()
    if old == new:
        return row
    at = clock.now()
    if row.pk is None:
        row = _first_finding(row, new, by)
    else:
        same = VisitFinding.objects.filter(pk=row.pk, version=version)
        if not same.update(text=new, noted_by=by, noted_at=at, version=F("version") + 1):
            raise FindingConflict(finding_of(conclusion), new)
        row.text, row.noted_by, row.noted_at, row.version = new, by, at, version + 1
    _gather(dossier.inspection, by, {f"finding-{row.pk}": (old, new)})
    return row


def _first_finding(row: VisitFinding, text: str, by: User) -> VisitFinding:
    """Two people may note the first words at once: the second one is told."""
    row.text, row.noted_by, row.noted_at, row.version = text, by, clock.now(), 1
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        stored = VisitFinding.objects.select_related("noted_by").get(dossier=row.dossier, criterion=row.criterion)
        raise FindingConflict(stored, text) from None
    return row


# ---------------------------------------------------------------- the journal of what was typed


def _gather(inspection: Inspection, by: User, changes: Mapping[str, tuple[Any, Any]]) -> None:
    """Add a save to the person's running change of each field; one older than ten minutes is journalled first."""
    at = clock.now()
    running = {row.field: row for row in VisitChange.objects.filter(inspection=inspection, by=by)}
    if any(at - row.started_at > ONE_EVENT_WITHIN for row in running.values()):
        _journal(inspection, running.values())
        running = {}
    VisitChange.objects.bulk_create(
        [
            VisitChange(
                inspection=inspection,
                field=name,
                by=by,
                started_at=running[name].started_at if name in running else at,
                old=running[name].old if name in running else _plain(old),
                new=_plain(new),
            )
            for name, (old, new) in changes.items()
        ],
        update_conflicts=True,
        unique_fields=["inspection", "field", "by"],
        update_fields=["new"],
    )


def _plain(value: Any) -> Any:
    """As the journal writes it; a time of day as "08:30"."""
    return f"{value:%H:%M}" if hasattr(value, "hour") and not isinstance(value, date) else journal.plain(value)


@transaction.atomic
def close_record(inspection: Inspection) -> None:
    """Turn everything gathered of a visit into events: before its record is printed, signed, ended or closed."""
    rows = VisitChange.objects.filter(inspection=inspection).select_related("by").order_by("pk")
    _journal(inspection, list(rows))


def _journal(inspection: Inspection, rows: Iterable[VisitChange]) -> None:
    """One event for each person, with every field that is now otherwise than before; empties the gathering place."""
    held = list(rows)
    by_person: dict[int, list[VisitChange]] = {}
    for row in held:
        by_person.setdefault(row.by_id, []).append(row)
    labels = _labels(held)
    for mine in by_person.values():
        content = {
            labels.get(row.field, row.field): {"old": row.old, "new": row.new} for row in mine if row.old != row.new
        }
        if content:
            _record("inspection.recorded", inspection, mine[0].by, changes=content)
    VisitChange.objects.filter(pk__in=[row.pk for row in held]).delete()


def _labels(rows: Iterable[VisitChange]) -> dict[str, str]:
    """{field of a finding: "finding 5 · Xã Phúc Khoa · Xã NTM"}, for the journal tells of things, not of keys."""
    keys = [row.field.partition("-")[2] for row in rows if row.field.startswith("finding-")]
    found = VisitFinding.objects.filter(pk__in=keys).select_related(
        "criterion", "dossier__village", "dossier__inspection__commune", "dossier__criteria_set"
    )
    return {f"finding-{row.pk}": f"finding {row.criterion.number} · {row.dossier}" for row in found}


def _record(action: str, inspection: Inspection, by: User, **data: Any) -> None:
    chain = journal.round_chain(inspection.round.code)
    journal.record(action, subject=inspection, by=by, chain=chain, data=data)


# ---------------------------------------------------------------- agreed deadlines


@transaction.atomic
def add_deadline(inspection: Inspection, *, what: str, who: str, due_on: date, by: User) -> AgreedDeadline:
    """Note what both sides agreed: what, who, by when."""
    require_visit(inspection, by)
    hold_visit(inspection)
    _require_deadline(inspection, what, who, due_on)
    row = AgreedDeadline.objects.create(
        inspection=inspection, what=what, who=who, due_on=due_on, agreed_by=by, agreed_at=clock.now()
    )
    _record("deadline.agreed", inspection, by, what=what, who=who, due_on=due_on)
    return row


@transaction.atomic
def change_deadline(
    deadline: AgreedDeadline, *, what: str, who: str, due_on: date, by: User, version: int
) -> AgreedDeadline:
    """Correct what was noted; what became a question to the commune is corrected there."""
    require_visit(deadline.inspection, by)
    hold_visit(deadline.inspection)
    _require_deadline(deadline.inspection, what, who, due_on)
    old = {"what": deadline.what, "who": deadline.who, "due_on": deadline.due_on}
    new = {"what": what, "who": who, "due_on": due_on}
    rows = AgreedDeadline.objects.filter(pk=deadline.pk, version=version, return_item__isnull=True)
    if not rows.update(**new, version=F("version") + 1):
        raise _stale_deadline(deadline)
    for name, value in {**new, "version": version + 1}.items():
        setattr(deadline, name, value)
    changes = {name: {"old": old[name], "new": new[name]} for name in new if old[name] != new[name]}
    if changes:
        _record("deadline.changed", deadline.inspection, by, changes=changes)
    return deadline


@transaction.atomic
def remove_deadline(deadline: AgreedDeadline, *, by: User, version: int) -> None:
    """Take an agreed deadline out of the record; its text stays in the journal."""
    require_visit(deadline.inspection, by)
    hold_visit(deadline.inspection)
    gone, _ = AgreedDeadline.objects.filter(pk=deadline.pk, version=version, return_item__isnull=True).delete()
    if not gone:
        raise _stale_deadline(deadline)
    _record("deadline.removed", deadline.inspection, by, what=deadline.what, who=deadline.who, due_on=deadline.due_on)


@transaction.atomic
def ask_by_deadline(
    deadline: AgreedDeadline, assessment: Assessment, *, reason_code: str, question: str, by: User
) -> ReturnItem:
    """Send an agreed deadline to the commune as a question about one indicator, due on the agreed day."""
    inspection = deadline.inspection
    require_visit(inspection, by)
    if assessment.dossier.inspection_id != inspection.pk:
        raise NotAllowed("Chỉ tiêu này không thuộc hồ sơ của xã.")
    # All that is held, in the order in which everybody holds it, before the journal.
    workflow.lock(assessment.dossier)
    hold_visit(inspection)
    rows = AgreedDeadline.objects.filter(pk=deadline.pk, version=deadline.version, return_item__isnull=True)
    if not rows.select_for_update().values_list("pk", flat=True):
        raise _stale_deadline(deadline)
    new = NewItem(assessment, reason_code, question, deadline.due_on)
    (item,) = return_items(assessment.dossier, [new], by=by)
    rows.update(return_item=item, version=F("version") + 1)
    deadline.return_item, deadline.version = item, deadline.version + 1
    return item


def _require_deadline(inspection: Inspection, what: str, who: str, due_on: date) -> None:
    if not what.strip() or not who.strip():
        raise Incomplete("Ghi đủ việc phải làm và người, cơ quan thực hiện.")
    if inspection.visited_on and due_on < inspection.visited_on:
        raise Incomplete(f"Hạn hoàn thành không được trước ngày kiểm tra {notation.day(inspection.visited_on)}.")


def _stale_deadline(deadline: AgreedDeadline) -> StaleState:
    present = AgreedDeadline.objects.filter(pk=deadline.pk).first()
    if present is None:
        return StaleState("Thời hạn này đã được bỏ khỏi ghi chép.")
    if present.return_item_id:
        return StaleState("Thời hạn này đã gửi xã thành yêu cầu bổ sung; theo dõi ở yêu cầu đó.")
    return StaleState(f"Thời hạn này vừa có người sửa, hiện là: {present}, hạn {notation.day(present.due_on)}.")


# ---------------------------------------------------------------- end of the visit


@transaction.atomic
def end_visit(inspection: Inspection, *, by: User) -> Inspection:
    """No more photos at the visit, and every printed sheet is worth nothing; the record may still be written."""
    require_visit(inspection, by)
    held, at = hold_visit(inspection), clock.now()
    if held.visit_ended_at is not None:
        raise StaleState(f"Buổi kiểm tra đã kết thúc lúc {workflow.written_time(held.visit_ended_at)}.")
    Inspection.objects.filter(pk=held.pk).update(visit_ended_by=by, visit_ended_at=at)
    revoked = held.visit_sheets.filter(revoked_at__isnull=True).update(revoked_by=by, revoked_at=at)
    close_record(held)
    _record("inspection.visit_ended", held, by, revoked_sheets=revoked)
    inspection.visit_ended_by, inspection.visit_ended_at = by, at
    return inspection


@transaction.atomic
def resume_visit(inspection: Inspection, *, by: User) -> Inspection:
    """Go on with a visit that was ended too early; sheets are printed anew."""
    require_visit(inspection, by)
    held = hold_visit(inspection)
    if held.visit_ended_at is None:
        raise StaleState("Buổi kiểm tra chưa kết thúc.")
    Inspection.objects.filter(pk=held.pk).update(visit_ended_by=None, visit_ended_at=None)
    _record("inspection.visit_resumed", held, by)
    inspection.visit_ended_by = inspection.visit_ended_at = None
    return inspection


# ---------------------------------------------------------------- the signed minutes


def signing_refusal(inspection: Inspection, by: User) -> str:
    """Why this person cannot attach signed minutes; empty when they can. Paper also comes back after the round."""
    if reason := member_refusal(inspection, by):
        return reason
    status, known = inspection.round.status, InspectionRound.Status
    return "" if status in (known.OPEN, known.CLOSED) else f"Đợt “{inspection.round}” không nhận biên bản."


def attach_signed(inspection: Inspection, upload: File, *, by: User) -> SignedMinutes:
    """Keep a scan of the signed minutes; one that was there is replaced, and stays readable.

    Raises UploadRefused for anything but a PDF or JPEG that opens; NotAllowed, Incomplete for bytes already there.
    """
    if reason := signing_refusal(inspection, by):
        raise NotAllowed(reason)
    found = rules.check(upload)
    if found.content_type not in {kind.content_type for kind in SIGNED_TYPES}:
        raise rules.UploadRefused(found.name, "biên bản đã ký nhận tệp PDF hoặc ảnh JPEG")
    storage = SignedMinutes._meta.get_field("file").storage
    path = storage.save(found.path, upload)
    try:
        with transaction.atomic():
            return _store_signed(inspection, found, path, by)
    except BaseException:
        storage.delete(path)
        raise


def _store_signed(inspection: Inspection, found: rules.Checked, path: str, by: User) -> SignedMinutes:
    Inspection.objects.select_for_update().get(pk=inspection.pk)
    rows, at = SignedMinutes.objects.filter(inspection=inspection), clock.now()
    if rows.filter(sha256=found.sha256).exists():
        raise Incomplete(f"Tệp {found.name} đã được đính kèm trước đây.")
    before = rows.current().first()
    rows.current().update(replaced_by=by, replaced_at=at)
    row = SignedMinutes.objects.create(
        inspection=inspection,
        file=path,
        original_name=found.name,
        content_type=found.content_type,
        size=found.size,
        sha256=found.sha256,
        page_count=found.page_count,
        attached_by=by,
        attached_at=at,
    )
    close_record(inspection)
    facts = {"name": row.original_name, "size": row.size, "sha256": row.sha256}
    _record("signed_minutes.attached", inspection, by, **facts, replaces=before.sha256 if before else "")
    return row


@transaction.atomic
def record_minutes_download(row: SignedMinutes, *, by: User) -> None:
    """Write down that somebody fetched signed minutes: the one write that a GET makes."""
    data = {"name": row.original_name, "sha256": row.sha256}
    journal.record("signed_minutes.downloaded", subject=row.inspection, by=by, data=data)
