"""A thread of returns goes on: the team asks again about what the commune answered."""

from datetime import date
from typing import Any

from django.db import transaction

from communes import clock, journal
from communes.models import User

from .. import news, workflow
from ..models import ReturnItem, ReturnTurn
from ..workflow import Incomplete, StaleState
from .review import require_conclusion

Status = ReturnItem.Status


@transaction.atomic
def ask_again(item: ReturnItem, *, question: str, due_on: date, by: User, reason_code: str = "") -> ReturnItem:
    """Ask the commune once more where its answer is not enough; what was said before stays readable.

    reason_code: empty keeps the one of the first question. The dossier is returned again. Raises StaleState where
    the answer this person read was settled, withdrawn or asked about by somebody else meanwhile.
    """
    dossier, code = item.dossier, item.assessment.indicator.code
    require_conclusion(dossier, item.assessment.criterion, by)
    if not question.strip():
        raise Incomplete(f"Chỉ tiêu {code}: chưa nhập nội dung yêu cầu.")
    if due_on < clock.today():
        raise Incomplete(f"Chỉ tiêu {code}: hạn bổ sung không được trước hôm nay.")
    workflow.lock(dossier)
    before = ReturnItem.objects.get(pk=item.pk)
    if (before.status, before.answered_at) != (Status.ANSWERED, item.answered_at):
        raise StaleState(f"Yêu cầu bổ sung này hiện là “{before.get_status_display()}”.")
    said = ("reason_code", "question", "due_on", "asked_by", "asked_at", "answer", "answered_by", "answered_at")
    ReturnTurn.objects.create(item=before, **{name: getattr(before, name) for name in said})
    columns: dict[str, Any] = {
        "status": Status.OPEN,
        "reason_code": reason_code or before.reason_code,
        "question": question.strip(),
        "due_on": due_on,
        "asked_by": by,
        "asked_at": clock.now(),
        "answer": "",
        "answered_by": None,
        "answered_at": None,
    }
    changed = ReturnItem.objects.filter(pk=item.pk, status=Status.ANSWERED, answered_at=before.answered_at)
    if not changed.update(**columns):
        raise StaleState("Yêu cầu bổ sung này vừa được người khác xử lý.")
    for name, value in columns.items():
        setattr(item, name, value)
    event = workflow.move(dossier, "return_items", by=by, data={"indicators": [code]})
    journal.record(
        "return_item.asked_again",
        subject=item.assessment,
        by=by,
        chain=journal.round_chain(dossier.round.code),
        data={"reason": item.reason_code, "question": item.question, "due_on": due_on},
    )
    news.returned(event, dossier, [item])
    return item
