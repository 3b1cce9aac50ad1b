"""What the commune does: fill, submit, recall, answer what was sent back, reply to provisional conclusions."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from communes import clock, journal
from communes.models import User
from communes.permissions import Permission
from criteria.models import Criterion

from .. import news, workflow
from ..models import Assessment, CriterionConclusion, Dossier, DraftChange, Evidence, EvidenceLink, Reply, ReturnItem
from ..workflow import Incomplete, NotAllowed, Refused, StaleState

ENTERED = ("numerator", "denominator", "value", "parts", "remark", "self_judgement")
ONE_EVENT_WITHIN = timedelta(minutes=10)
Status = Dossier.Status


class Conflict(StaleState):
    """Somebody saved the same indicator meanwhile.

    stored: the assessment as it is now; typed: {field: what this person wanted}. Nothing was changed.
    """

    def __init__(self, stored: Assessment, typed: Mapping[str, Any]) -> None:
        when = workflow.written_time(stored.self_at)
        super().__init__(
            f"Chỉ tiêu {stored.indicator.code} đã được {stored.self_by} lưu lúc {when}. Xin chọn nội dung giữ lại."
        )
        self.stored = stored
        self.typed = dict(typed)


def entry_refusal(assessment: Assessment, by: User) -> str:
    """Why this person cannot change this indicator now; empty when they can."""
    dossier = assessment.dossier
    if not by.has(Permission.DOSSIER_EDIT) or not workflow.edits(dossier, by):
        return "Chỉ công chức của xã này được nhập hồ sơ."
    if not dossier.round.is_open:
        return f"Đợt “{dossier.round}” không mở."
    if dossier.status == Status.DRAFT:
        return ""
    if dossier.status == Status.RETURNED:
        is_out = any(item.status == ReturnItem.Status.OPEN for item in assessment.return_items.all())
        return "" if is_out else "Chỉ sửa được những chỉ tiêu Đoàn kiểm tra yêu cầu bổ sung."
    return f"Hồ sơ ở trạng thái “{dossier.get_status_display()}”, không sửa được."


def require_entry(assessment: Assessment, by: User) -> None:
    """Raise NotAllowed or StaleState where `entry_refusal` says so; of a dossier that moved on, by whom and when."""
    dossier = assessment.dossier
    if reason := entry_refusal(assessment, by):
        if not workflow.edits(dossier, by):
            raise NotAllowed(reason)
        has_moved_on = dossier.round.is_open and dossier.status not in (Status.DRAFT, Status.RETURNED)
        raise workflow.stale(dossier) if has_moved_on else StaleState(reason)


def save_assessment(assessment: Assessment, *, by: User, version: int, changes: Mapping[str, Any]) -> Assessment:
    """Save what was typed for one indicator, with the version it was typed on.

    changes: {field: final value} with fields from ENTERED. Raises Conflict when somebody saved another
    content meanwhile, NotAllowed or StaleState when the indicator is not open to this person.
    """
    unknown = set(changes) - set(ENTERED)
    if unknown:
        raise ValueError(f"not entered by communes: {unknown}")
    is_returned = assessment.dossier.status == Status.RETURNED
    if not is_returned:
        require_entry(assessment, by)
    with transaction.atomic(savepoint=False):
        workflow.lock(assessment.dossier)
        if is_returned:
            # Under the lock: its question may have been answered or withdrawn without the dossier moving.
            require_entry(assessment, by)
        old = {name: getattr(assessment, name) for name in changes if getattr(assessment, name) != changes[name]}
        if not old:
            return assessment
        new = {name: changes[name] for name in old}
        at = clock.now()
        changed = Assessment.objects.filter(pk=assessment.pk, entry_version=version).update(
            **new, self_by=by, self_at=at, entry_version=F("entry_version") + 1
        )
        if not changed:
            raise Conflict(Assessment.objects.select_related("indicator", "self_by").get(pk=assessment.pk), new)
        for name, value in {**new, "self_by": by, "self_at": at, "entry_version": version + 1}.items():
            setattr(assessment, name, value)
        _gather(assessment, by, old, new)
    return assessment


def _gather(assessment: Assessment, by: User, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Add a save to the person's running change of each field; one older than ten minutes is journalled first."""
    at = clock.now()
    running = {item.field: item for item in assessment.draft_changes.filter(by=by)}
    finished = [item for item in running.values() if at - item.started_at > ONE_EVENT_WITHIN]
    if finished:
        _journal(assessment.dossier, finished)
        running = {name: item for name, item in running.items() if item not in finished}
    DraftChange.objects.bulk_create(
        [
            DraftChange(
                assessment=assessment,
                field=name,
                by=by,
                started_at=running[name].started_at if name in running else at,
                changed_at=at,
                old=running[name].old if name in running else journal.plain(old[name]),
                new=journal.plain(value),
            )
            for name, value in new.items()
        ],
        update_conflicts=True,
        unique_fields=["assessment", "field", "by"],
        update_fields=["changed_at", "new"],
    )


def _journal(dossier: Dossier, changes: Iterable[DraftChange]) -> None:
    """Write gathered typing as one event an indicator and person, and empty the gathering place."""
    grouped: dict[tuple[int, int], list[DraftChange]] = {}
    for item in changes:
        grouped.setdefault((item.by_id, item.assessment_id), []).append(item)
    by_person: dict[int, list[journal.Entry]] = {}
    people: dict[int, User] = {}
    for (person_id, _), items in grouped.items():
        content = {item.field: {"old": item.old, "new": item.new} for item in items if item.old != item.new}
        if content:
            people[person_id] = items[0].by
            entry = journal.Entry("assessment.entered", items[0].assessment, {"changes": content})
            by_person.setdefault(person_id, []).append(entry)
    for person_id, entries in by_person.items():
        journal.record_many(entries, by=people[person_id], chain=journal.round_chain(dossier.round.code))
    DraftChange.objects.filter(pk__in=[item.pk for items in grouped.values() for item in items]).delete()


def close_typing(dossier: Dossier) -> None:
    """Turn everything gathered in a dossier into events: before it is handed in, or an item answered."""
    changes = DraftChange.objects.filter(assessment__dossier=dossier).select_related(
        "by",
        "assessment__indicator",
        "assessment__dossier__inspection__commune",
        "assessment__dossier__village",
        "assessment__dossier__criteria_set",
    )
    _journal(dossier, changes.order_by("pk"))


@transaction.atomic
def submit(dossier: Dossier, *, by: User) -> Dossier:
    """Hand the dossier in. Late is marked, not refused, until the freeze date; its evidence is kept from now on."""
    workflow.lock(dossier)
    _keep_evidence(dossier)
    close_typing(dossier)
    at = clock.now()
    late = clock.today() > dossier.due_on
    event = workflow.move(
        dossier,
        "submit",
        by=by,
        data={"late": late},
        submitted_by=by,
        submitted_at=at,
        first_submitted_at=dossier.first_submitted_at or at,
        is_late=late,
    )
    news.submitted(event, dossier)
    return dossier


@transaction.atomic
def recall(dossier: Dossier, *, by: User) -> Dossier:
    """Take a handed-in dossier back while the team has concluded nothing."""
    event = workflow.move(dossier, "recall", by=by)
    news.recalled(event, dossier)
    return dossier


@transaction.atomic
def answer_item(item: ReturnItem, *, answer: str, by: User) -> ReturnItem:
    """Answer a question of the team; with the last open one the dossier goes back to the team."""
    dossier = item.dossier
    if not by.has(Permission.DOSSIER_EDIT) or not workflow.edits(dossier, by):
        raise NotAllowed("Chỉ công chức của xã này được trả lời.")
    if not answer.strip():
        raise Incomplete("Chưa nhập nội dung trả lời.")
    workflow.lock(dossier)
    at = clock.now()
    changed = ReturnItem.objects.filter(pk=item.pk, status=ReturnItem.Status.OPEN).update(
        status=ReturnItem.Status.ANSWERED, answer=answer, answered_by=by, answered_at=at
    )
    if not changed:
        present = ReturnItem.objects.select_related("answered_by", "closed_by").get(pk=item.pk)
        who = present.closed_by or present.answered_by
        when = workflow.written_time(present.closed_at or present.answered_at)
        raise StaleState(f"Yêu cầu này hiện là “{present.get_status_display()}” ({who}, {when}).")
    item.refresh_from_db()
    item.dossier = dossier
    is_last = not dossier.return_items.filter(status=ReturnItem.Status.OPEN).exists()
    if is_last:
        _keep_evidence(dossier)
    close_typing(dossier)
    event = journal.record(
        "return_item.answered",
        subject=item,
        by=by,
        chain=journal.round_chain(dossier.round.code),
        data={"indicator": item.assessment.indicator.code, "answer": answer},
    )
    news.answered(event, item)
    if is_last:
        event = workflow.move(dossier, "resubmit", by=by, submitted_by=by, submitted_at=at)
        news.resubmitted(event, dossier)
    return item


@transaction.atomic
def reply(
    dossier: Dossier,
    *,
    by: User,
    general: str = "",
    replies: Mapping[Criterion, str] | None = None,
    waive: bool = False,
) -> Dossier:
    """Explain provisional conclusions, criterion by criterion or in general; or waive the right to.

    Proof added since the conclusions were disclosed goes with it; on its own it is a reply too. Possible until
    the round's reply date, or the unit's own; a second reply adds to the first.
    """
    until = dossier.reply_until
    if until is None:
        raise Refused("Đợt này không có bước giải trình.")
    if clock.today() > until:
        whom = workflow.whom_to_call(dossier)
        raise Refused(f"Đã hết hạn giải trình ngày {workflow.written_day(until)}. Cần thêm thời gian, liên hệ {whom}.")
    texts = {criterion: text.strip() for criterion, text in (replies or {}).items() if text.strip()}
    workflow.lock(dossier)
    proofs = {} if waive else new_proofs(dossier)
    if not waive and not texts and not general.strip() and not proofs:
        raise Incomplete("Chưa nhập nội dung giải trình.")
    at = clock.now()
    event = workflow.move(
        dossier,
        "reply",
        by=by,
        data={"general": general, "criteria": {item.number: text for item, text in texts.items()}, "waived": waive},
        replied_by=by,
        replied_at=at,
        reply=general.strip() or dossier.reply,
        reply_waived=waive,
    )
    for criterion, text in texts.items():
        CriterionConclusion.objects.filter(dossier=dossier, criterion=criterion).update(
            reply=text, replied_by=by, replied_at=at
        )
    _keep_replies(dossier, {criterion.pk: text for criterion, text in texts.items()}, proofs, by)
    news.replied(event, dossier)
    return dossier


def new_proofs(dossier: Dossier) -> dict[int, list[Evidence]]:
    """{criterion id: proof added since the conclusions were disclosed and sent with no reply yet}."""
    if dossier.provisional_at is None:
        return {}
    found: dict[int, list[Evidence]] = {}
    links = EvidenceLink.objects.filter(assessment__dossier=dossier, linked_at__gte=dossier.provisional_at)
    sent = Reply.objects.filter(conclusion__dossier=dossier).order_by().values("evidence")
    links = links.exclude(evidence__in=sent.filter(evidence__isnull=False))
    for link in links.select_related("evidence", "assessment"):
        pieces = found.setdefault(link.assessment.criterion_id, [])
        if link.evidence not in pieces:
            pieces.append(link.evidence)
    return found


def _keep_replies(dossier: Dossier, texts: Mapping[int, str], proofs: Mapping[int, list[Evidence]], by: User) -> None:
    """Keep each explanation beside the provisional conclusion it is about.

    While the team has not spoken on it, a second one takes the place of the first, whose words the journal keeps.
    """
    wanted = [*texts, *(pk for pk in proofs if pk not in texts)]
    conclusions = {row.criterion_id: row for row in dossier.conclusions.filter(criterion__in=wanted)}
    waiting = Reply.objects.filter(
        conclusion__in=conclusions.values(), response="", replied_at__gte=dossier.provisional_at
    )
    running = {row.conclusion_id: row for row in waiting}
    for pk in wanted:
        conclusion = conclusions[pk]
        row = running.get(conclusion.pk) or Reply(conclusion=conclusion)
        row.verdict, row.reason = conclusion.verdict, conclusion.reason
        row.text, row.replied_by, row.replied_at = texts.get(pk) or row.text, by, clock.now()
        row.save()
        row.evidence.add(*proofs.get(pk, []))


def _keep_evidence(dossier: Dossier) -> None:
    """Evidence of a dossier that was handed in is replaced from now on, never removed.

    Held in one order, after the dossier and before the journal, as everybody does who links a piece: two
    people never wait for each other.
    """
    used = EvidenceLink.objects.filter(assessment__dossier=dossier).order_by().values("evidence")
    pieces = Evidence.objects.select_for_update().filter(pk__in=used, is_kept=False).order_by("pk")
    if held := list(pieces.values_list("pk", flat=True)):
        Evidence.objects.filter(pk__in=held).update(is_kept=True)
