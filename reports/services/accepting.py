"""Accepting a finding of the checks with a reason, and taking that back: recorded, and kept with the issued notice."""

from django.db import transaction

from communes import clock, journal
from communes.models import User

from .. import checks, workflow
from ..checks import Finding
from ..compose import Composition
from ..models import AcceptedFinding, Notice
from ..workflow import Incomplete, NotAllowed, StaleState
from .drafting import _advance

GONE = "Lưu ý này không còn trong dự thảo; nội dung đã được sửa."


def may_accept(notice: Notice, user: User) -> bool:
    """Who writes the notice, and who approves it."""
    return workflow.composes(notice, user) or workflow.may(notice, "approve", user)


@transaction.atomic
def accept_finding(notice: Notice, key: str, *, reason: str, by: User) -> AcceptedFinding:
    """Let a finding stand, with the reason. Raises NotAllowed, StaleState, or Incomplete where it must be mended."""
    _take(notice, by)
    finding = _finding(notice, key)
    if finding.is_blocking:
        raise Incomplete(f"Lỗi này phải sửa, không chấp nhận kèm lý do được. {finding}")
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do chấp nhận.")
    row, _ = AcceptedFinding.objects.update_or_create(
        notice=notice,
        key=key,
        defaults={
            "place": finding.place[:400],
            "message": finding.message,
            "reason": reason,
            "accepted_by": by,
            "accepted_at": clock.now(),
        },
    )
    _record("notice.finding_accepted", row, by)
    return row


@transaction.atomic
def withdraw_acceptance(notice: Notice, key: str, *, by: User) -> None:
    """Take a reason back: the finding stands in the way again. The reason stays in the journal."""
    _take(notice, by)
    row = notice.accepted_findings.filter(key=key).first()
    if row is None:
        raise StaleState(GONE)
    _record("notice.acceptance_withdrawn", row, by)
    row.delete()


def _take(notice: Notice, by: User) -> None:
    """Take the draft for a change: whoever is about to approve it must see what was accepted."""
    if not may_accept(notice, by):
        raise NotAllowed("Chỉ người soạn hoặc người phê duyệt được chấp nhận lưu ý.")
    if not notice.is_editable:
        raise workflow.stale(notice)
    workflow.hold(notice)
    _advance(notice, by)


def _finding(notice: Notice, key: str) -> Finding:
    found = next((one for one in checks.findings(Composition(notice)) if one.key == key), None)
    if found is None:
        raise StaleState(GONE)
    return found


def _record(action: str, row: AcceptedFinding, by: User) -> None:
    chain = journal.round_chain(row.notice.round.code)
    data = {"place": row.place, "message": row.message, "reason": row.reason}
    journal.record(action, subject=row.notice, by=by, chain=chain, data=data)
