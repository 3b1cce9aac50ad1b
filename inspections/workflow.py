"""The moves of a dossier: one table, and the one function that makes a move.

Read `MOVES` beside the procedure of the inspection plan: from where, to where, who, and what must hold.
The screen asks the same table, through `offered()`, what is possible now and what is still missing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from communes import clock, journal
from communes.models import Event, User
from communes.permissions import Permission
from criteria.judgement import Judgement
from criteria.models import Criterion

from .completeness import missing_in
from .models import Dossier, InspectionRound, Reply, ReturnItem, TeamMember

Status = Dossier.Status


class Refused(Exception):
    """Something cannot be done now; the message is Vietnamese and says why and what to do."""

    def __init__(self, *messages: str) -> None:
        super().__init__(" ".join(messages))
        self.messages = list(messages)


class StaleState(Refused):
    """Somebody else was faster: the message names who and when."""


class NotAllowed(Refused):
    """This person may not do it, though somebody else may."""


class Incomplete(Refused):
    """Something must be done first; one message for each thing that is missing."""


Guard = Callable[[Dossier, User], list[str]]


@dataclass(frozen=True)
class Move:
    """One row of the table of moves."""

    label: str
    from_: tuple[Status, ...]
    to: Status
    needs: Permission
    event: str
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True)
class Offer:
    """A move that a person could make from the present state, and what is still missing for it."""

    name: str
    label: str
    missing: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        return not self.missing


# ---------------------------------------------------------------- who belongs where


def edits(dossier: Dossier, user: User) -> bool:
    """Whether the person reports for the dossier's commune."""
    return dossier.inspection.commune_id in user.scope("commune", needs=Permission.DOSSIER_EDIT)


def membership_of(dossier: Dossier, user: User, criterion: Criterion | None = None) -> TeamMember | None:
    """The person's place in the round's team, if it covers this dossier (and this criterion).

    Empty lists of communes or criteria mean all of them.
    """
    rows = TeamMember.objects.filter(
        Q(communes__isnull=True) | Q(communes=dossier.inspection.commune_id), round=dossier.round_id, user=user
    )
    if criterion is not None:
        rows = rows.filter(Q(criteria__isnull=True) | Q(criteria=criterion))
    return rows.first()


# ---------------------------------------------------------------- guards: [] when nothing is missing


def round_is_open(dossier: Dossier, user: User) -> list[str]:
    return [] if dossier.round.is_open else [f"Đợt “{dossier.round}” không mở."]


def reports_for_unit(dossier: Dossier, user: User) -> list[str]:
    return [] if edits(dossier, user) else ["Chỉ công chức của xã này được thực hiện."]


def belongs_to_team(dossier: Dossier, user: User) -> list[str]:
    return [] if membership_of(dossier, user) else ["Chỉ thành viên Đoàn kiểm tra phụ trách đơn vị này được thực hiện."]


def leads_team(dossier: Dossier, user: User) -> list[str]:
    member = membership_of(dossier, user)
    return [] if member and member.leads else ["Chỉ Trưởng đoàn hoặc Phó trưởng đoàn được thực hiện."]


def everything_entered(dossier: Dossier, user: User) -> list[str]:
    return [item.text for item in missing_in(dossier) if item.is_blocking]


def whom_to_call(dossier: Dossier) -> str:
    """ "Văn phòng Điều phối …, điện thoại 0213…": who opens what is closed."""
    authority = dossier.round.authority
    name, phone = authority.contact_name or settings.COORDINATOR_NAME, authority.contact_phone
    phone = phone or settings.COORDINATOR_PHONE
    return f"{name}, điện thoại {phone}" if phone else name


def before_freeze(dossier: Dossier, user: User) -> list[str]:
    """After the freeze date a dossier comes in only by a dated exception."""
    return freeze_refusal(dossier)


def freeze_refusal(dossier: Dossier) -> list[str]:
    """That the dossier is frozen, since when, and whom to call; [] while it may be handed in."""
    extended = dossier.round_unit.extended_until
    if not dossier.round.is_frozen or (extended is not None and clock.today() <= extended):
        return []
    frozen_on = written_day(extended or dossier.round.freeze_on)
    return [f"Đã khóa hồ sơ sau ngày {frozen_on}. Muốn nộp, đề nghị gia hạn cho đơn vị: {whom_to_call(dossier)}."]


def nothing_concluded_yet(dossier: Dossier, user: User) -> list[str]:
    concluded = dossier.conclusions.exclude(verdict=Judgement.UNASSESSED).exists() or (
        dossier.assessments.exclude(conclusion=Judgement.UNASSESSED).exists()
    )
    return ["Đoàn kiểm tra đã bắt đầu kết luận, không rút lại được hồ sơ."] if concluded else []


def no_item_out(dossier: Dossier, user: User) -> list[str]:
    waiting = dossier.return_items.filter(status=ReturnItem.Status.OPEN).count()
    return [f"Còn {waiting} yêu cầu bổ sung chờ xã trả lời."] if waiting else []


def every_answer_read(dossier: Dossier, user: User) -> list[str]:
    """What the commune added may change a criterion that was concluded before the question was asked."""
    unread = dossier.return_items.filter(status=ReturnItem.Status.ANSWERED).count()
    return [f"Còn {unread} nội dung xã đã bổ sung chưa được xem lại."] if unread else []


def every_criterion_concluded(dossier: Dossier, user: User) -> list[str]:
    concluded = dossier.conclusions.exclude(verdict=Judgement.UNASSESSED).values("criterion")
    left = list(
        dossier.criteria_set.criteria.exclude(pk__in=concluded).order_by("number").values_list("number", flat=True)
    )
    return [f"Chưa kết luận {len(left)} tiêu chí: {', '.join(map(str, left))}."] if left else []


def contrary_has_reason(dossier: Dossier, user: User) -> list[str]:
    """An indicator concluded after its criterion may leave a verdict that no longer follows, without a reason."""
    rows = dossier.conclusions.filter(is_contrary=True, reason="").order_by("criterion__number")
    return [
        f"Tiêu chí {number}: kết luận khác với các chỉ tiêu mà chưa ghi lý do; kết luận lại tiêu chí này."
        for number in rows.values_list("criterion__number", flat=True)
    ]


def reply_time_is_over(dossier: Dossier, user: User) -> list[str]:
    """With a reply date, approval waits for it, unless the unit has replied or waived."""
    until = dossier.reply_until
    if until is None or clock.today() > until or dossier.replied_at is not None:
        return []
    return [f"Xã còn quyền giải trình đến hết ngày {written_day(until)}."]


def is_silent(dossier: Dossier) -> bool:
    """Whether the time to reply has gone by without a word from the commune."""
    until = dossier.reply_until
    return until is not None and clock.today() > until and dossier.replied_at is None


def was_reminded(dossier: Dossier) -> bool:
    """Whether the head has reminded the commune of the conclusions that are disclosed now."""
    at, since = dossier.round_unit.reminded_at, dossier.provisional_at
    return at is not None and since is not None and at >= since


def silence_is_agreement(dossier: Dossier, user: User) -> list[str]:
    """Where the round does not take silence for agreement, the team decides only after a reminder."""
    accepts = dossier.round.silence == InspectionRound.Silence.ACCEPTED
    if accepts or not is_silent(dossier) or was_reminded(dossier):
        return []
    return ["Xã chưa có ý kiến, đợt này không coi đó là đồng ý: nhắc xã và cho thêm thời hạn trước khi phê duyệt."]


def waits_for_a_reminder(dossier: Dossier, user: User) -> list[str]:
    if dossier.round.silence == InspectionRound.Silence.ACCEPTED:
        return ["Đợt này coi không có ý kiến là đồng ý, không cần nhắc."]
    if not is_silent(dossier):
        return ["Xã đã có ý kiến, hoặc còn thời hạn giải trình."]
    return ["Đã nhắc xã về dự thảo này."] if was_reminded(dossier) else []


def every_reply_has_final_word(dossier: Dossier, user: User) -> list[str]:
    """The commune is told what came of each explanation: in words, or by a conclusion made anew after it."""
    rows = Reply.objects.filter(conclusion__dossier=dossier, response="")
    numbers = rows.filter(conclusion__concluded_at__lte=F("replied_at")).order_by("conclusion__criterion__number")
    found = dict.fromkeys(numbers.values_list("conclusion__criterion__number", flat=True))
    return [f"Tiêu chí {number}: chưa ghi ý kiến của Đoàn về giải trình của xã." for number in found]


def approver_concluded_nothing(dossier: Dossier, user: User) -> list[str]:
    """Two people: whoever concluded a criterion or an indicator of it does not approve the whole."""
    mine = dossier.conclusions.filter(Q(concluded_by=user) | Q(criterion__assessments__in=_concluded(dossier, user)))
    own = mine.values("criterion").distinct().count()
    if not own:
        return []
    return [f"Đã tự kết luận {own} tiêu chí của hồ sơ này; đề nghị người lãnh đạo khác của Đoàn phê duyệt."]


def _concluded(dossier: Dossier, user: User) -> Any:
    return dossier.assessments.filter(concluded_by=user).order_by().values("pk")


def reported_nothing(dossier: Dossier, user: User) -> list[str]:
    reported = dossier.submitted_by_id == user.pk or dossier.assessments.filter(self_by=user).exists()
    return ["Người đã nhập hoặc nộp hồ sơ không được kết luận hồ sơ đó."] if reported else []


def was_decided_here(dossier: Dossier, user: User) -> list[str]:
    """Behind results from a workbook there is nothing to review; a mended workbook is imported again."""
    if not dossier.is_imported:
        return []
    return ["Kết quả nhập từ bảng kết quả, không mở lại được; cần sửa thì Văn phòng Điều phối nhập lại bảng đã sửa."]


def round_opens_again(dossier: Dossier, user: User) -> list[str]:
    """A closed round opens again as long as its notice is being replaced."""
    return [] if dossier.round.replacing else round_is_open(dossier, user)


def in_no_issued_notice(dossier: Dossier, user: User) -> list[str]:
    """What was published stays as it is, except inside a notice that is going to replace that one."""
    notice = dossier.locked_by_notice
    if not notice or notice == dossier.round.replacing:
        return []
    return [
        f"Hồ sơ đã được công bố trong {notice}; chỉ mở lại được khi Văn phòng Điều phối đang soạn thông báo thay thế."
    ]


def written_day(day: Any) -> str:
    return day.strftime("%d/%m/%Y") if day else ""


# ---------------------------------------------------------------- the table

COMMUNE = (round_is_open, reports_for_unit)
TEAM = (round_is_open, belongs_to_team)
HEAD = (round_is_open, leads_team)

MOVES: dict[str, Move] = {
    "submit": Move(
        "Nộp hồ sơ",
        (Status.DRAFT,),
        Status.SUBMITTED,
        Permission.DOSSIER_EDIT,
        "dossier.submitted",
        (*COMMUNE, before_freeze, everything_entered),
    ),
    "recall": Move(
        "Rút lại hồ sơ",
        (Status.SUBMITTED,),
        Status.DRAFT,
        Permission.DOSSIER_EDIT,
        "dossier.recalled",
        (*COMMUNE, before_freeze, nothing_concluded_yet),
    ),
    "return_items": Move(
        "Yêu cầu bổ sung",
        (Status.SUBMITTED, Status.RETURNED),
        Status.RETURNED,
        Permission.DOSSIER_REVIEW,
        "dossier.returned",
        TEAM,
    ),
    # Made by the last answer of the commune, or when the team withdraws the last open item.
    "resubmit": Move(
        "Nộp lại phần bổ sung",
        (Status.RETURNED,),
        Status.SUBMITTED,
        Permission.DOSSIER_EDIT,
        "dossier.resubmitted",
        (*COMMUNE, no_item_out),
    ),
    "take_back": Move(
        "Rút yêu cầu bổ sung",
        (Status.RETURNED,),
        Status.SUBMITTED,
        Permission.DOSSIER_REVIEW,
        "dossier.items_withdrawn",
        (*TEAM, no_item_out),
    ),
    "make_provisional": Move(
        "Công bố dự thảo kết luận",
        (Status.SUBMITTED,),
        Status.PROVISIONAL,
        Permission.DOSSIER_APPROVE,
        "dossier.made_provisional",
        (*HEAD, no_item_out, every_answer_read, every_criterion_concluded, contrary_has_reason),
    ),
    "reply": Move(
        "Gửi giải trình",
        (Status.PROVISIONAL,),
        Status.PROVISIONAL,
        Permission.DOSSIER_EDIT,
        "dossier.replied",
        COMMUNE,
    ),
    "remind": Move(
        "Nhắc xã giải trình",
        (Status.PROVISIONAL,),
        Status.PROVISIONAL,
        Permission.DOSSIER_APPROVE,
        "dossier.reminded",
        (*HEAD, waits_for_a_reminder),
    ),
    "take_up_reply": Move(
        "Xem xét lại theo giải trình",
        (Status.PROVISIONAL,),
        Status.SUBMITTED,
        Permission.DOSSIER_APPROVE,
        "dossier.reply_taken_up",
        HEAD,
    ),
    "approve": Move(
        "Phê duyệt kết luận",
        (Status.PROVISIONAL,),
        Status.CONCLUDED,
        Permission.DOSSIER_APPROVE,
        "dossier.concluded",
        (
            *HEAD,
            every_criterion_concluded,
            reply_time_is_over,
            silence_is_agreement,
            every_reply_has_final_word,
            approver_concluded_nothing,
            reported_nothing,
        ),
    ),
    "reopen": Move(
        "Mở lại hồ sơ",
        (Status.CONCLUDED,),
        Status.SUBMITTED,
        Permission.DOSSIER_APPROVE,
        "dossier.reopened",
        (was_decided_here, round_opens_again, leads_team, in_no_issued_notice),
    ),
}


def offered(dossier: Dossier, user: User, names: Iterable[str] = MOVES) -> list[Offer]:
    """The moves whose source state and permission fit, each with what is still missing for it."""
    return [
        Offer(name, move.label, tuple(lacks(dossier, move, user)))
        for name in names
        if dossier.status in (move := MOVES[name]).from_ and user.has(move.needs)
    ]


def lacks(dossier: Dossier, move: Move, user: User) -> list[str]:
    """Everything the guards of a move complain about."""
    return [message for guard in move.guards for message in guard(dossier, user)]


def check(dossier: Dossier, name: str, user: User) -> None:
    """Raise NotAllowed, StaleState or Incomplete where the move cannot be made."""
    move = MOVES[name]
    if not user.has(move.needs):
        raise NotAllowed("Vai trò hiện tại không được thực hiện việc này.")
    if dossier.status not in move.from_:
        raise stale(dossier)
    if missing := lacks(dossier, move, user):
        raise Incomplete(*missing)


def move(dossier: Dossier, name: str, *, by: User, data: dict[str, Any] | None = None, **columns: Any) -> Event:
    """Make a move: compare-and-set on the status, and its event, in the caller's transaction.

    columns: what changes together with the status. Raises NotAllowed, Incomplete, or StaleState when the
    status is no longer the one this dossier was read with (double click, two tabs, two people).
    """
    lock(dossier)
    check(dossier, name, by)
    row, source, at = MOVES[name], dossier.status, clock.now()
    columns.update(status=row.to, status_changed_by=by, status_changed_at=at)
    # The round is looked at once more: its closing waits for the dossiers, and they for it.
    unmoved = Dossier.objects.filter(
        pk=dossier.pk,
        status=source,
        status_changed_at=dossier.status_changed_at,
        round__status=InspectionRound.Status.OPEN,
    )
    if not unmoved.update(**columns):
        raise stale(dossier)
    for column, value in columns.items():
        setattr(dossier, column, value)
    return journal.record(
        row.event,
        subject=dossier,
        by=by,
        chain=journal.round_chain(dossier.round.code),
        old=source,
        new=row.to,
        data=data,
    )


def release_imported(dossiers: QuerySet[Dossier]) -> None:
    """Let the conclusions of imported dossiers be written anew, within the transaction that concludes them again."""
    dossiers.filter(imported_at__isnull=False).update(status=Status.DRAFT)


def conclude_imported(dossiers: QuerySet[Dossier], *, by: User) -> None:
    """Conclude dossiers whose conclusions came from a workbook of results: past the table, for nobody moved them here.

    They must carry who imported them and their frozen facts by now. The import's one event tells of them all.
    """
    at = clock.now()
    dossiers.filter(imported_at__isnull=False, status=Status.DRAFT).update(
        status=Status.CONCLUDED, status_changed_by=by, status_changed_at=at, concluded_by=by, concluded_at=at
    )


def lock(dossier: Dossier) -> None:
    """Hold the dossier until the transaction ends; StaleState when it has moved since it was read.

    Everything that writes under a dossier takes this lock first, so that no value slips in while the
    dossier is being handed in or decided. SQLite has no row locks: there a transaction that writes
    holds the whole database from its beginning.
    """
    rows = Dossier.objects.select_for_update().values_list("status", "status_changed_at", "locked_by_notice")
    status, changed_at, notice = rows.get(pk=dossier.pk)
    if (status, changed_at) != (dossier.status, dossier.status_changed_at):
        raise stale(dossier)
    # A notice is issued, and its replacing begins and ends, without a move of the dossier.
    dossier.locked_by_notice = notice
    if notice:
        rounds = InspectionRound.objects.values_list("replacing", flat=True)
        dossier.round.replacing = rounds.get(pk=dossier.round_id)


def stale(dossier: Dossier) -> StaleState:
    """What to tell whoever came second: what it is now, by whom and when."""
    present = Dossier.objects.select_related("status_changed_by", "round").get(pk=dossier.pk)
    if present.status_changed_at == dossier.status_changed_at and not present.round.is_open:
        return StaleState(f"Đợt “{present.round}” không mở.")
    who = present.status_changed_by
    by = f"{who} " if who else ""
    when = written_time(present.status_changed_at)
    return StaleState(f"Hồ sơ đã được {by}chuyển sang “{present.get_status_display()}”, cập nhật lúc {when}.")


def written_time(moment: datetime | None) -> str:
    """ "14:05 ngày 17/06/2025", in Vietnam's time."""
    return timezone.localtime(moment).strftime("%H:%M ngày %d/%m/%Y") if moment else ""
