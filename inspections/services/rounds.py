"""Setting up a round: its units, its team, opening and closing."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from communes import clock, journal
from communes.models import Commune, Event, User, Village
from communes.permissions import Permission
from criteria.judgement import Judgement
from criteria.models import CriteriaSet, Criterion, Indicator

from .. import news
from ..models import Assessment, CriterionConclusion, Dossier, Inspection, InspectionRound, RoundUnit, TeamMember
from ..workflow import Incomplete, NotAllowed, StaleState
from .visits import close_record

Status = InspectionRound.Status
NO_TEAM_CHANGE = "không thay đổi Đoàn được"


def may_manage(round_: InspectionRound, user: User) -> bool:
    """Whether a person is a coordinator of the round's authority, or of one above it."""
    return round_.authority.is_within(user.scope("authority", needs=Permission.ROUND_MANAGE))


def manage(round_: InspectionRound, by: User) -> None:
    """Only a coordinator of the round's authority, or of one above it, sets it up."""
    if not may_manage(round_, by):
        raise NotAllowed("Chỉ Văn phòng Điều phối của cơ quan này được lập và sửa đợt kiểm tra.")


def hold(round_: InspectionRound) -> None:
    """Hold a round until the transaction ends; StaleState when its status is no longer the one it was read with.

    Before any dossier of it, and those before the journal, so that no two people wait for each other.
    """
    rows = InspectionRound.objects.select_for_update(no_key=True).order_by()
    if rows.values_list("status", flat=True).get(pk=round_.pk) != round_.status:
        raise _moved(round_)


@transaction.atomic
def create_round(*, by: User, **fields: Any) -> InspectionRound:
    """A round as a draft; fields are the columns of InspectionRound."""
    round_ = InspectionRound(created_by=by, **fields)
    manage(round_, by)
    round_.save(force_insert=True)
    _record("round.created", round_, by, name=round_.name, year=round_.year)
    return round_


@transaction.atomic
def update_round(round_: InspectionRound, *, by: User, **fields: Any) -> InspectionRound:
    """Change names, dates or documents of a round that is not closed or cancelled."""
    manage(round_, by)
    _require_running(round_, "không sửa được")
    changed = {name: (getattr(round_, name), value) for name, value in fields.items() if getattr(round_, name) != value}
    for name, (_, value) in changed.items():
        setattr(round_, name, value)
    if changed:
        round_.save(update_fields=list(changed))
        _record("round.changed", round_, by, changes=changed)
    return round_


@transaction.atomic
def add_unit(
    round_: InspectionRound,
    *,
    by: User,
    criteria_set: CriteriaSet,
    commune: Commune,
    village: Village | None = None,
    mode: str = Inspection.Mode.ON_SITE,
    visit_on: date | None = None,
    position: int | None = None,
) -> RoundUnit:
    """Add a commune, or a village of it, to be judged by a set; in an open round its dossier is made at once."""
    manage(round_, by)
    _require_running(round_, "không thêm đơn vị được")
    _check_unit(round_, criteria_set, commune, village)
    unit = RoundUnit(
        round=round_,
        commune=commune,
        village=village,
        criteria_set=criteria_set,
        set_code=criteria_set.code,
        mode=mode,
        visit_on=visit_on,
        position=round_.units.count() if position is None else position,
        is_active=round_.is_open,
    )
    _save_unit(unit)
    _record("round.unit_added", round_, by, unit=str(unit.unit), set=str(criteria_set), mode=mode)
    if round_.is_open:
        _make_dossiers([unit])
    return unit


def _save_unit(unit: RoundUnit) -> None:
    try:
        with transaction.atomic():
            unit.save(force_insert=True)
    except IntegrityError as error:
        raise Incomplete(
            f"{unit.unit} đã có trong đợt này, hoặc đang ở một đợt mở khác với cùng bộ tiêu chí."
        ) from error


def _check_unit(round_: InspectionRound, criteria_set: CriteriaSet, commune: Commune, village: Village | None) -> None:
    problems = []
    if criteria_set.status == CriteriaSet.Status.DRAFT:
        problems.append(f"Bộ tiêu chí “{criteria_set}” còn là dự thảo.")
    is_retired = criteria_set.status == CriteriaSet.Status.RETIRED
    if is_retired and not round_.units.filter(criteria_set=criteria_set).exists():
        problems.append(f"Bộ tiêu chí “{criteria_set}” đã ngừng áp dụng.")
    if criteria_set.is_village_level != (village is not None):
        problems.append("Bộ tiêu chí cấp xã dùng cho xã, bộ cấp thôn bản dùng cho thôn, bản.")
    if village is not None and village.commune_id != commune.pk:
        problems.append(f"{village} không thuộc {commune}.")
    if not commune.authority.is_within({round_.authority_id}):
        problems.append(f"{commune} không thuộc {round_.authority}.")
    unit = village or commune
    if not unit.is_valid_on(round_.period_from) or not commune.is_valid_on(round_.period_from):
        problems.append(f"{unit} không tồn tại vào ngày {round_.period_from:%d/%m/%Y}.")
    if problems:
        raise Incomplete(*problems)


@transaction.atomic
def add_member(
    round_: InspectionRound,
    user: User,
    *,
    by: User,
    position: str = TeamMember.Position.MEMBER,
    communes: Iterable[Commune] = (),
    criteria: Iterable[Criterion] = (),
    agency: Any = None,
) -> TeamMember:
    """Put a person on the round's team; no communes or criteria named means all of them."""
    manage(round_, by)
    _require_running(round_, NO_TEAM_CHANGE)
    _require_role(user, position)
    try:
        with transaction.atomic():
            member = TeamMember.objects.create(round=round_, user=user, position=position, agency=agency)
    except IntegrityError as error:
        raise Incomplete(f"{user} đã ở trong Đoàn, hoặc Đoàn đã có Trưởng đoàn.") from error
    member.communes.set(communes)
    member.criteria.set(criteria)
    _record("round.member_added", round_, by, member=str(user), **_share_of(member))
    return member


def _require_running(round_: InspectionRound, what: str) -> None:
    """Hold a round that is being set up or open; what: the rest of the sentence when it is neither."""
    if round_.status not in (Status.DRAFT, Status.OPEN):
        raise StaleState(f"Đợt kiểm tra {round_.get_status_display().lower()}, {what}.")
    hold(round_)


def _share_of(member: TeamMember) -> dict[str, Any]:
    """What a member does and is in charge of, for the journal; empty lists mean everything."""
    return {
        "position": member.position,
        "agency": member.agency,
        "communes": [str(item) for item in member.communes.all()],
        "criteria": [str(item) for item in member.criteria.all()],
    }


def _require_role(user: User, position: str) -> None:
    needed = Permission.DOSSIER_APPROVE if position in ("head", "deputy") else Permission.DOSSIER_REVIEW
    if not user.has(needed):
        raise Incomplete(f"{user} chưa có vai trò phù hợp để làm {TeamMember.Position(position).label.lower()}.")


@transaction.atomic
def change_member(
    member: TeamMember,
    *,
    by: User,
    position: str,
    communes: Iterable[Commune] = (),
    criteria: Iterable[Criterion] = (),
    agency: Any = None,
) -> TeamMember:
    """Change what a member of the team does and is in charge of."""
    manage(member.round, by)
    _require_running(member.round, NO_TEAM_CHANGE)
    _require_role(member.user, position)
    old = _share_of(member)
    member.position, member.agency = position, agency
    try:
        with transaction.atomic():
            member.save(update_fields=["position", "agency"])
    except IntegrityError as error:
        raise Incomplete("Đoàn đã có Trưởng đoàn.") from error
    member.communes.set(communes)
    member.criteria.set(criteria)
    _record("round.member_changed", member.round, by, member=str(member.user), old=old, new=_share_of(member))
    return member


@transaction.atomic
def remove_member(member: TeamMember, *, by: User) -> None:
    """Take a person off the team; what they have concluded stays. An open round keeps its head."""
    round_ = member.round
    manage(round_, by)
    _require_running(round_, NO_TEAM_CHANGE)
    if round_.is_open and member.position == TeamMember.Position.HEAD:
        raise Incomplete("Đợt đang mở phải có Trưởng đoàn; cử người khác làm Trưởng đoàn trước.")
    _record("round.member_removed", round_, by, member=str(member.user), position=member.position)
    member.delete()


@transaction.atomic
def remove_unit(unit: RoundUnit, *, by: User) -> None:
    """Take a unit out of the plan of a round that is not open yet; later it is only left out by name."""
    manage(unit.round, by)
    if unit.round.status != Status.DRAFT:
        raise StaleState("Đợt đã mở: không bỏ đơn vị được, chỉ có thể không đưa vào kết luận, kèm lý do.")
    hold(unit.round)
    _record("round.unit_removed", unit.round, by, unit=str(unit.unit), set=str(unit.criteria_set))
    unit.delete()


@transaction.atomic
def open_round(round_: InspectionRound, *, by: User) -> InspectionRound:
    """Open a draft: an inspection per commune and a dossier per unit, with every indicator and criterion in it."""
    manage(round_, by)
    hold(round_)
    units = list(round_.units.select_related("criteria_set", "commune", "village"))
    lacks = []
    if not units:
        lacks.append("Đợt kiểm tra chưa có đơn vị nào.")
    if not round_.team.filter(position=TeamMember.Position.HEAD).exists():
        lacks.append("Đoàn kiểm tra chưa có Trưởng đoàn.")
    if lacks:
        raise Incomplete(*lacks)
    _shift(round_, Status.DRAFT, Status.OPEN, opened_by=by, opened_at=clock.now())
    try:
        with transaction.atomic():
            round_.units.update(is_active=True)
    except IntegrityError as error:
        raise Incomplete("Có đơn vị đang ở một đợt mở khác với cùng bộ tiêu chí.") from error
    _make_dossiers(units)
    news.opened(_record("round.opened", round_, by, units=len(units)), round_)
    return round_


@transaction.atomic
def close_round(round_: InspectionRound, *, by: User) -> InspectionRound:
    """Close a round in which every dossier is concluded or its unit left out by name."""
    manage(round_, by)
    hold(round_)
    _hold_dossiers(round_)
    left = [
        str(dossier)
        for dossier in round_.dossiers.with_context()
        .exclude(status=Dossier.Status.CONCLUDED)
        .filter(round_unit__left_out_reason="")
    ]
    if left:
        raise Incomplete(f"Còn {len(left)} hồ sơ chưa kết luận: {'; '.join(left)}.")
    _close_records(round_)
    _shift(round_, Status.OPEN, Status.CLOSED, closed_by=by, closed_at=clock.now())
    round_.units.update(is_active=False)
    _record("round.closed", round_, by)
    return round_


def _close_records(round_: InspectionRound) -> None:
    """What was typed at visits and is not in the journal yet goes there before nobody can type any more."""
    for inspection in round_.inspections.filter(visit_changes__isnull=False).distinct():
        close_record(inspection)


@transaction.atomic
def cancel_round(round_: InspectionRound, *, reason: str, by: User) -> InspectionRound:
    """Cancel a draft or open round, with a reason."""
    manage(round_, by)
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do hủy đợt kiểm tra.")
    hold(round_)
    _hold_dossiers(round_)
    if round_.dossiers.exclude(locked_by_notice="").exists():
        raise Incomplete("Đợt này đã có thông báo được ban hành, không hủy được.")
    _close_records(round_)
    was_open = round_.is_open
    _shift(round_, round_.status, Status.CANCELLED, allowed=(Status.DRAFT, Status.OPEN), cancel_reason=reason)
    round_.units.update(is_active=False)
    event = _record("round.cancelled", round_, by, reason=reason)
    if was_open:
        news.cancelled(event, round_)
    return round_


@transaction.atomic
def extend_unit(unit: RoundUnit, *, until: date, reason: str, by: User) -> RoundUnit:
    """A dated exception to the due and freeze dates for one unit, with who and why."""
    _may_extend(unit, by)
    event = _extend(unit, "", until, after=unit.round.due_on, window="hạn nộp", reason=reason, by=by)
    if unit.round.is_open:
        news.extended(event, unit)
    return unit


@transaction.atomic
def extend_reply(unit: RoundUnit, *, until: date, reason: str, by: User) -> RoundUnit:
    """A dated exception to the reply date for one unit, with who and why."""
    _may_extend(unit, by)
    if unit.round.reply_until is None:
        raise Incomplete("Đợt này không có bước giải trình.")
    after = unit.round.reply_until
    event = _extend(unit, "reply_", until, after=after, window="hạn giải trình", reason=reason, by=by)
    if unit.round.is_open:
        news.reply_extended(event, unit)
    return unit


def _may_extend(unit: RoundUnit, by: User) -> None:
    manage(unit.round, by)
    _require_running(unit.round, "không gia hạn được")


def _extend(unit: RoundUnit, which: str, until: date, *, after: date, window: str, reason: str, by: User) -> Event:
    """Write one of two exceptions; which: what its columns and its event begin with, window: the date's name."""
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do gia hạn.")
    if until <= after:
        raise Incomplete(f"Ngày gia hạn phải sau {window} {after:%d/%m/%Y}.")
    old = getattr(unit, f"{which}extended_until")
    columns = {f"{which}extended_until": until, f"{which}extension_reason": reason, f"{which}extended_by": by}
    for name, value in columns.items():
        setattr(unit, name, value)
    unit.save(update_fields=list(columns))
    return _record(
        f"round.unit_{which}extended", unit.round, by, unit=str(unit.unit), old=old, new=until, reason=reason
    )


@transaction.atomic
def end_extension(unit: RoundUnit, *, reason: str, by: User) -> RoundUnit:
    """End every dated exception of a unit: the round's own dates count again from now on."""
    manage(unit.round, by)
    _require_running(unit.round, "không thay đổi gia hạn được")
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do kết thúc gia hạn.")
    ended = {"submission": unit.extended_until, "reply": unit.reply_extended_until}
    if not any(ended.values()):
        raise StaleState(f"{unit.unit} hiện không có gia hạn nào.")
    unit.extended_until = unit.reply_extended_until = None
    unit.extension_reason = unit.reply_extension_reason = ""
    unit.extended_by = unit.reply_extended_by = None
    unit.save(
        update_fields=[
            *("extended_until", "extension_reason", "extended_by"),
            *("reply_extended_until", "reply_extension_reason", "reply_extended_by"),
        ]
    )
    event = _record("round.unit_extension_ended", unit.round, by, unit=str(unit.unit), old=ended, reason=reason)
    if unit.round.is_open:
        news.extension_ended(event, unit)
    return unit


@transaction.atomic
def leave_out(unit: RoundUnit, *, reason: str, by: User) -> RoundUnit:
    """Leave a unit out of the conclusions by name, with a reason; an empty reason takes it in again."""
    manage(unit.round, by)
    _require_running(unit.round, "không thay đổi đơn vị đưa vào kết luận được")
    published = Dossier.objects.select_for_update().filter(round_unit=unit).values_list("locked_by_notice", flat=True)
    if any(notice and notice != unit.round.replacing for notice in published):
        raise Incomplete("Kết quả của đơn vị này đã được công bố.")
    old, new = unit.left_out_reason, reason.strip()
    unit.left_out_reason = new
    unit.save(update_fields=["left_out_reason"])
    action = "round.unit_left_out" if new else "round.unit_taken_in"
    _record(action, unit.round, by, unit=str(unit.unit), old=old, new=new)
    return unit


def hold_for_notice(round_: InspectionRound) -> None:
    """Hold a round's dossiers while a notice of them is approved or issued: none is reopened or left out meanwhile.

    Raises StaleState for a round that was cancelled, or that is not open yet.
    """
    # The round itself too: a notice that replaces another one ends with the closing of its round.
    present = InspectionRound.objects.select_for_update(no_key=True).order_by().get(pk=round_.pk)
    _hold_dossiers(round_)
    if present.status not in (Status.OPEN, Status.CLOSED):
        raise _moved(present)


def _hold_dossiers(round_: InspectionRound) -> None:
    """Lock a round's dossiers in one order, so that two people never wait for each other."""
    list(round_.dossiers.select_for_update().order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def lock_dossiers(round_: InspectionRound, *, notice: str, by: User) -> int:
    """Mark the concluded dossiers of a round as published in an issued notice; they are no longer reopened.

    What is not in it, though it was in the one before, is no longer published.
    """
    rows = round_.dossiers.filter(status=Dossier.Status.CONCLUDED, round_unit__left_out_reason="")
    round_.dossiers.exclude(pk__in=list(rows.values_list("pk", flat=True))).update(locked_by_notice="")
    locked = rows.update(locked_by_notice=notice)
    _record("round.dossiers_locked", round_, by, notice=notice, dossiers=locked)
    return locked


@transaction.atomic
def release_for_replacement(round_: InspectionRound, *, notice: str, by: User) -> int:
    """Let the head reopen the dossiers published in `notice` while another one is written to replace it.

    How many those are; 0 for a document that locked none. `end_replacement` locks them again.
    """
    hold(round_)
    _hold_dossiers(round_)
    published = round_.dossiers.filter(locked_by_notice=notice).count()
    if not published:
        return 0
    InspectionRound.objects.filter(pk=round_.pk).update(replacing=notice)
    round_.replacing = notice
    _record("round.dossiers_released", round_, by, notice=notice, dossiers=published)
    return published


@transaction.atomic
def end_replacement(round_: InspectionRound, *, notice: str, by: User) -> None:
    """The replacing notice is issued or given up: nothing is reopened any more, a closed round closes again."""
    present = InspectionRound.objects.select_for_update(no_key=True).order_by().get(pk=round_.pk)
    if not notice or present.replacing != notice:
        return
    columns: dict[str, Any] = {"replacing": ""}
    is_to_close = present.is_open and present.closed_at is not None
    if is_to_close:
        columns |= {"status": Status.CLOSED, "closed_by": by, "closed_at": clock.now()}
    InspectionRound.objects.filter(pk=round_.pk).update(**columns)
    for name, value in columns.items():
        setattr(round_, name, value)
    _record("round.replacement_ended", round_, by, notice=notice)
    if is_to_close:
        round_.units.update(is_active=False)
        _record("round.closed", round_, by)


def open_again(round_: InspectionRound, *, by: User) -> None:
    """Open a closed round whose notice is being replaced, within the transaction that reopens a dossier of it.

    Its units do not count as being in an open round again: another one may judge them by now. Nothing for a
    round that is open.
    """
    if round_.is_open:
        return
    hold(round_)
    rows = InspectionRound.objects.filter(pk=round_.pk, status=Status.CLOSED).exclude(replacing="")
    if not rows.update(status=Status.OPEN):
        raise _moved(round_)
    round_.status = Status.OPEN
    _record("round.opened_again", round_, by, notice=round_.replacing)


def _make_dossiers(units: list[RoundUnit]) -> None:
    """Inspections, dossiers, assessments and empty conclusions of the units; a few statements, not one a row."""
    inspections = {item.commune_id: item for item in units[0].round.inspections.all()}
    fresh: dict[int, Inspection] = {}
    for unit in units:
        if unit.commune_id in inspections or unit.commune_id in fresh:
            continue
        fresh[unit.commune_id] = Inspection(
            round=unit.round, commune=unit.commune, mode=unit.mode, visited_on=unit.visit_on, position=unit.position
        )
    Inspection.objects.bulk_create(fresh.values())
    inspections |= fresh
    dossiers = Dossier.objects.bulk_create(
        Dossier(
            round=unit.round,
            inspection=inspections[unit.commune_id],
            round_unit=unit,
            village=unit.village,
            criteria_set=unit.criteria_set,
        )
        for unit in units
    )
    sets = {unit.criteria_set_id for unit in units}
    indicators = _by_set(Indicator.objects.filter(criteria_set__in=sets).values_list("criteria_set", "pk", "criterion"))
    criteria = _by_set(Criterion.objects.filter(criteria_set__in=sets).values_list("criteria_set", "pk"))
    Assessment.objects.bulk_create(
        (
            Assessment(dossier=dossier, indicator_id=indicator, criterion_id=criterion)
            for dossier in dossiers
            for indicator, criterion in indicators.get(dossier.criteria_set_id, [])
        ),
        batch_size=2000,
    )
    CriterionConclusion.objects.bulk_create(
        (
            CriterionConclusion(dossier=dossier, criterion_id=criterion, verdict=Judgement.UNASSESSED)
            for dossier in dossiers
            for (criterion,) in criteria.get(dossier.criteria_set_id, [])
        ),
        batch_size=2000,
    )


def _by_set(rows: Iterable[tuple[int, ...]]) -> dict[int, list[tuple[int, ...]]]:
    found: dict[int, list[tuple[int, ...]]] = {}
    for set_id, *rest in rows:
        found.setdefault(set_id, []).append(tuple(rest))
    return found


def _shift(
    round_: InspectionRound, source: str, target: str, *, allowed: Iterable[str] | None = None, **columns: Any
) -> None:
    """Compare-and-set of a round's status."""
    fits = source in allowed if allowed is not None else round_.status == source
    changed = fits and InspectionRound.objects.filter(pk=round_.pk, status=source).update(status=target, **columns)
    if not changed:
        raise _moved(round_)
    for name, value in {"status": target, **columns}.items():
        setattr(round_, name, value)


def _moved(round_: InspectionRound) -> StaleState:
    present = InspectionRound.objects.get(pk=round_.pk)
    return StaleState(f"Đợt kiểm tra hiện ở trạng thái “{present.get_status_display()}”.")


def _record(action: str, round_: InspectionRound, by: User, **data: Any) -> Event:
    return journal.record(action, subject=round_, by=by, chain=journal.round_chain(round_.code), data=data)
