"""The moves of a notice: one table, and the one function that makes a move.

Errors are those of the inspections (Refused and its kinds), so that pages answer all of them alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q

from communes import clock, journal
from communes.models import Event, User
from communes.permissions import Permission
from inspections.models import Inspection, InspectionRound, TeamMember
from inspections.workflow import Incomplete, NotAllowed, Refused, StaleState, written_time

from .kinds import Kind
from .models import Notice, NoticeQuerySet

__all__ = [
    "MOVES",
    "Incomplete",
    "NotAllowed",
    "Refused",
    "StaleState",
    "change",
    "check",
    "composes",
    "follows",
    "hold",
    "look_again",
    "may",
    "move",
    "offered",
    "stale",
]

Status = Notice.Status


@dataclass(frozen=True)
class Move:
    """One row of the table of moves."""

    label: str
    from_: tuple[Status, ...]
    to: Status
    needs: Permission
    event: str


MOVES: dict[str, Move] = {
    "approve": Move(
        "Phê duyệt thông báo", (Status.DRAFT,), Status.APPROVED, Permission.NOTICE_APPROVE, "notice.approved"
    ),
    "send_back": Move(
        "Gửi lại để sửa", (Status.DRAFT, Status.APPROVED), Status.DRAFT, Permission.NOTICE_APPROVE, "notice.sent_back"
    ),
    "issue": Move("Ban hành thông báo", (Status.APPROVED,), Status.ISSUED, Permission.NOTICE_ISSUE, "notice.issued"),
    # Made by the issue of the notice that replaces it, in the same transaction.
    "supersede": Move(
        "Thay thế thông báo", (Status.ISSUED,), Status.SUPERSEDED, Permission.NOTICE_ISSUE, "notice.superseded"
    ),
}


def composes(notice: Notice, user: User) -> bool:
    """Whether the person writes the text: a coordinator of the authority, or of one above it.

    What the team writes, it writes itself: of one commune those who inspect it, of the round its whole team.
    Nobody writes about a round that another office held.
    """
    needs = notice.prescribed.needs
    if needs is Permission.NOTICE_COMPOSE:
        may_write = user.is_active and _within(notice, user, needs)
    else:
        may_write = user.has(needs) and _inspects(notice, user)
    return may_write and not notice.round.brought_from


def _inspects(notice: Notice, user: User) -> bool:
    rows = TeamMember.objects.filter(round=notice.round_id, user=user)
    if notice.inspection is not None:
        rows = rows.filter(Q(communes__isnull=True) | Q(communes=notice.inspection.commune_id))
    return rows.exists()


def follows(notice: Notice, user: User) -> bool:
    """Whether the person reads the round that the notice tells of, and so how it came about.

    Rights in one authority open nothing of another, whose published notices one reads all the same.
    """
    if not user.has(Permission.ROUND_READ):
        return False
    authorities = user.scope("authority", needs=Permission.ROUND_READ)
    return notice.authority.is_within(authorities) or (
        TeamMember.objects.filter(round=notice.round_id, user=user).exists()
    )


def may_begin(kind: Kind, round_: InspectionRound, user: User) -> Callable[[Inspection], bool]:
    """For each inspection of a round, whether the person may write such a document about it: two queries for all."""
    if round_.brought_from:
        return lambda inspection: False
    if kind.needs is Permission.NOTICE_COMPOSE:
        office = user.is_active and bool(
            {round_.authority_id, round_.authority.parent_id} & user.scope("authority", needs=kind.needs)
        )
        return lambda inspection: office
    shares = [
        {commune.pk for commune in member.communes.all()}
        for member in TeamMember.objects.filter(round=round_, user=user).prefetch_related("communes")
    ]
    may = user.has(kind.needs)
    return lambda inspection: may and any(not share or inspection.commune_id in share for share in shares)


def may(notice: Notice, name: str, user: User) -> bool:
    """Whether the person could ever make this move of this notice, whatever its present state."""
    if MOVES[name].needs is Permission.NOTICE_APPROVE:
        is_theirs = user.has(Permission.NOTICE_APPROVE) and _leads(notice, user)
    else:
        is_theirs = _within(notice, user, MOVES[name].needs)
    return is_theirs and not notice.round.brought_from


def offered(notice: Notice, user: User) -> list[str]:
    """Names of the moves that fit the notice's state and the person."""
    return [name for name, row in MOVES.items() if notice.status in row.from_ and may(notice, name, user)]


def _within(notice: Notice, user: User, needs: Permission) -> bool:
    above = {notice.authority_id, notice.authority.parent_id}
    return bool(above & user.scope("authority", needs=needs))


def _leads(notice: Notice, user: User) -> bool:
    positions = (TeamMember.Position.HEAD, TeamMember.Position.DEPUTY)
    return TeamMember.objects.filter(round=notice.round_id, user=user, position__in=positions).exists()


def require_composer(notice: Notice, user: User) -> None:
    """Raise NotAllowed for who does not write this notice."""
    if composes(notice, user):
        return
    if notice.round.brought_from:
        raise NotAllowed(f"Đợt này nhập từ {notice.round.brought_from}, ở đây chỉ để xem.")
    if notice.prescribed.needs is Permission.NOTICE_COMPOSE:
        raise NotAllowed(f"Chỉ Văn phòng Điều phối của cơ quan này được soạn {notice.kind.lower()}.")
    raise NotAllowed(f"Chỉ thành viên Đoàn kiểm tra phụ trách được lập {notice.kind.lower()}.")


def check(notice: Notice, name: str, user: User) -> None:
    """Raise NotAllowed or StaleState where the move cannot be made."""
    if not may(notice, name, user):
        if notice.round.brought_from:
            raise NotAllowed(f"Đợt này nhập từ {notice.round.brought_from}, ở đây chỉ để xem.")
        who = "Trưởng đoàn" if MOVES[name].needs is Permission.NOTICE_APPROVE else "Văn phòng Điều phối"
        raise NotAllowed(f"Chỉ {who} của đợt này được thực hiện: {MOVES[name].label.lower()}.")
    if notice.status not in MOVES[name].from_:
        raise stale(notice)


def hold(notice: Notice) -> None:
    """Hold the notice until the transaction ends; StaleState when it has changed since it was read.

    SQLite has no row locks: there a transaction that writes holds the whole database from its beginning.
    """
    _compare(Notice.objects.select_for_update(of=("self",)), notice)


def look_again(notice: Notice) -> None:
    """StaleState when the notice has changed since it was read; nothing is held."""
    _compare(Notice.objects.all(), notice)


def _compare(notices: NoticeQuerySet, notice: Notice) -> None:
    if notices.values_list("status", "version").get(pk=notice.pk) != (notice.status, notice.version):
        raise stale(notice)


def move(notice: Notice, name: str, *, by: User, data: dict[str, Any] | None = None, **columns: Any) -> Event:
    """Make a move: compare-and-set on status and version, and its event, in the caller's transaction."""
    check(notice, name, by)
    row, source = MOVES[name], notice.status
    told = {**(data or {}), "old": source, "new": row.to}
    return change(notice, row.event, by=by, data=told, status=row.to, **columns)


def change(notice: Notice, event: str, *, by: User, data: dict[str, Any] | None = None, **columns: Any) -> Event:
    """Write columns of a notice whose text stays as it is, on its status and version, and the event of it."""
    now = clock.now()
    unchanged = Notice.objects.filter(pk=notice.pk, status=notice.status, version=notice.version)
    if not unchanged.update(version=F("version") + 1, changed_by=by, changed_at=now, **columns):
        raise stale(notice)
    for column, value in {**columns, "version": notice.version + 1, "changed_by": by, "changed_at": now}.items():
        setattr(notice, column, value)
    return journal.record(event, subject=notice, by=by, chain=journal.round_chain(notice.round.code), data=data)


def stale(notice: Notice) -> StaleState:
    """What to tell whoever came second: what it is now, by whom and when."""
    present = Notice.objects.select_related("changed_by").get(pk=notice.pk)
    who = f"{present.changed_by} " if present.changed_by else ""
    when = written_time(present.changed_at)
    if present.status == notice.status and present.is_editable:
        return StaleState(f"Thông báo đã được {who}sửa lúc {when}. Xem lại nội dung mới rồi thực hiện lại.")
    return StaleState(f"Thông báo đã được {who}chuyển sang “{present.get_status_display()}”, cập nhật lúc {when}.")
