"""The team's final word on what a commune explained, and the head's reminder where it said nothing."""

from datetime import date

from django.db import transaction

from communes import clock, journal
from communes.models import User
from communes.permissions import Permission

from .. import news, workflow
from ..models import Dossier, Reply, RoundUnit
from ..workflow import Incomplete, StaleState

Status = Dossier.Status


def response_refusal(dossier: Dossier, reply: Reply, by: User) -> str:
    """Why this person cannot say the final word on a reply now; empty when they can."""
    if not by.has(Permission.DOSSIER_REVIEW) or not workflow.membership_of(dossier, by, reply.conclusion.criterion):
        return "Chỉ thành viên Đoàn kiểm tra phụ trách tiêu chí này được ghi ý kiến."
    if problems := workflow.reported_nothing(dossier, by):
        return problems[0]
    if not dossier.round.is_open or dossier.status not in (*Status.under_review(), Status.PROVISIONAL):
        return f"Hồ sơ ở trạng thái “{dossier.get_status_display()}”, không ghi ý kiến được."
    return ""


def respond(reply: Reply, *, response: str, by: User) -> Reply:
    """Say the team's final word beside an explanation; the commune reads it once the dossier is concluded.

    Raises StaleState where the reply, or the word on it, is no longer what this person has read.
    """
    dossier = reply.conclusion.dossier
    if reason := response_refusal(dossier, reply, by):
        raise (StaleState if workflow.membership_of(dossier, by) else workflow.NotAllowed)(reason)
    text = response.strip()
    if not text:
        raise Incomplete("Chưa ghi ý kiến của Đoàn.")
    with transaction.atomic():
        workflow.lock(dossier)
        unread = Reply.objects.filter(pk=reply.pk, replied_at=reply.replied_at, response=reply.response)
        old, at = reply.response, clock.now()
        if not unread.update(response=text, responded_by=by, responded_at=at):
            raise StaleState("Giải trình hoặc ý kiến này vừa được người khác cập nhật; xem lại trước khi ghi.")
        reply.response, reply.responded_by, reply.responded_at = text, by, at
        journal.record(
            "reply.responded",
            subject=reply.conclusion,
            by=by,
            chain=journal.round_chain(dossier.round.code),
            data={"response": text, "before": old},
        )
    return reply


@transaction.atomic
def remind(dossier: Dossier, *, until: date, reason: str, by: User) -> Dossier:
    """Remind a commune that said nothing, where silence is not agreement: it gets more time, until a day.

    After that day the team decides by itself.
    """
    if not reason.strip():
        raise Incomplete("Chưa ghi nội dung nhắc.")
    if until <= clock.today():
        raise Incomplete("Thời hạn mới phải sau hôm nay.")
    event = workflow.move(dossier, "remind", by=by, data={"reason": reason, "until": until})
    columns = {
        "reply_extended_until": until,
        "reply_extension_reason": reason.strip(),
        "reply_extended_by": by,
        "reminded_by": by,
        "reminded_at": clock.now(),
    }
    RoundUnit.objects.filter(pk=dossier.round_unit_id).update(**columns)
    for name, value in columns.items():
        setattr(dossier.round_unit, name, value)
    news.reminded(event, dossier, until)
    return dossier
