"""What agencies and the team do while a dossier is under review: opinions, conclusions, questions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import F

from communes import clock, journal
from communes.models import Event, User
from communes.permissions import Permission
from criteria.evaluation import propose_criterion
from criteria.judgement import Judgement
from criteria.models import Criterion, Indicator

from .. import news, workflow
from ..models import Assessment, CriterionConclusion, Dossier, ReturnItem
from ..values import evaluation_of, proposal_for
from ..workflow import Incomplete, NotAllowed, StaleState
from .looks import mark_acted, mark_looked

Status = Dossier.Status


@dataclass(frozen=True)
class NewItem:
    """One question to the commune about one indicator."""

    assessment: Assessment
    reason_code: str
    question: str
    due_on: date


def give_opinion(assessment: Assessment, *, judgement: str, reason: str, by: User, version: int) -> Assessment:
    """The opinion of the agency in charge of an indicator; it does not bind the team."""
    if (
        not by.has(Permission.OPINION_GIVE)
        or not assessment.indicator.agency_assignments.filter(
            agency__in=by.scope("agency", needs=Permission.OPINION_GIVE),
            agency__authority=assessment.dossier.round.authority_id,
        ).exists()
    ):
        raise NotAllowed("Chỉ tiêu này không do phòng, ban của người dùng phụ trách.")
    dossier = assessment.dossier
    if dossier.status not in Status.under_review() or not dossier.round.is_open:
        raise StaleState(f"Hồ sơ ở trạng thái “{dossier.get_status_display()}”, không nhận ý kiến.")
    _require_reason(judgement, reason, f"Chỉ tiêu {assessment.indicator.code}")
    old = assessment.opinion
    with transaction.atomic():
        workflow.lock(dossier)
        at = clock.now()
        columns = {"opinion": judgement, "opinion_reason": reason.strip(), "opinion_by": by, "opinion_at": at}
        _set_assessment(assessment, version, **columns)
        _record("assessment.opinion_given", assessment, by, old=old, new=judgement, reason=reason)
        mark_acted(dossier.pk, assessment.criterion_id, by=by)
    return assessment


def conclusion_refusal(dossier: Dossier, criterion: Criterion, by: User) -> str:
    """Why this person cannot conclude this criterion now; empty when they can."""
    if not by.has(Permission.DOSSIER_REVIEW) or workflow.membership_of(dossier, by, criterion) is None:
        return "Chỉ thành viên Đoàn kiểm tra phụ trách tiêu chí này được kết luận."
    if problems := workflow.reported_nothing(dossier, by):
        return problems[0]
    if not dossier.round.is_open or dossier.status not in Status.under_review():
        return f"Hồ sơ ở trạng thái “{dossier.get_status_display()}”, không kết luận được."
    return ""


def require_conclusion(dossier: Dossier, criterion: Criterion, by: User) -> None:
    """Raise where `conclusion_refusal` says so."""
    if reason := conclusion_refusal(dossier, criterion, by):
        raise NotAllowed(reason) if dossier.status in Status.under_review() else StaleState(reason)


def conclude_indicator(assessment: Assessment, *, judgement: str, reason: str, by: User, version: int) -> Assessment:
    """The team's conclusion of one indicator.

    Anything but đạt needs a reason, and so does going against what a confirmed threshold says.
    Raises StaleState when somebody concluded it meanwhile.
    """
    dossier = assessment.dossier
    require_conclusion(dossier, assessment.criterion, by)
    said = evaluation_of(assessment).judgement
    is_contrary = said is not None and said != judgement
    _require_reason(judgement, reason, f"Chỉ tiêu {assessment.indicator.code}")
    if said is not None and is_contrary and not reason.strip():
        raise Incomplete(
            f"Chỉ tiêu {assessment.indicator.code}: đối chiếu ngưỡng là “{said.label}”, kết luận khác phải ghi lý do."
        )
    old = assessment.conclusion
    with transaction.atomic():
        workflow.lock(dossier)
        _set_assessment(
            assessment,
            version,
            conclusion=judgement,
            conclusion_reason=reason.strip(),
            concluded_by=by,
            concluded_at=clock.now(),
            is_contrary=is_contrary,
        )
        _record("assessment.concluded", assessment, by, old=old, new=judgement, reason=reason, contrary=is_contrary)
        _mark_verdict(dossier, assessment.criterion)
        mark_acted(dossier.pk, assessment.criterion_id, by=by)
    return assessment


def _mark_verdict(dossier: Dossier, criterion: Criterion) -> None:
    """Keep the mark of a verdict given before true, now that an indicator under it was concluded otherwise."""
    conclusion = dossier.conclusions.exclude(verdict=Judgement.UNASSESSED).filter(criterion=criterion).first()
    if conclusion is None:
        return
    proposed = proposed_verdict(_assessments_of(dossier, criterion))
    is_contrary = proposed is not None and conclusion.verdict != proposed
    if is_contrary != conclusion.is_contrary:
        dossier.conclusions.filter(pk=conclusion.pk).update(is_contrary=is_contrary, version=F("version") + 1)


def proposed_verdict(assessments: Iterable[Assessment]) -> Judgement | None:
    """The verdict that follows for a criterion: concluded indicators as they are, others as proposed."""
    return propose_criterion(
        item.conclusion if item.conclusion != Judgement.UNASSESSED else proposal_for(item) for item in assessments
    )


def conclude_criterion(
    conclusion: CriterionConclusion, *, verdict: str, reason: str, by: User, version: int
) -> CriterionConclusion:
    """The team's verdict on a criterion; it accepts the proposals for all indicators not yet concluded.

    Anything but đạt needs a reason, and so does a verdict contrary to what follows from the indicators.
    Questions that the commune has answered are settled by it; an open one stops it.
    Raises StaleState, naming who and when, if somebody concluded it since `version` was read.
    """
    dossier, criterion = conclusion.dossier, conclusion.criterion
    require_conclusion(dossier, criterion, by)
    _require_reason(verdict, reason, f"Tiêu chí {criterion.number}")
    old, at = conclusion.verdict, clock.now()
    with transaction.atomic():
        # Read under the lock: whatever a colleague concludes of an indicator comes wholly before or after.
        workflow.lock(dossier)
        assessments = _assessments_of(dossier, criterion)
        proposed = proposed_verdict(assessments)
        is_contrary = proposed is not None and verdict != proposed
        _require_concludable(dossier, criterion, proposed, is_contrary, reason)
        columns = {
            "verdict": verdict,
            "reason": reason.strip(),
            "concluded_by": by,
            "concluded_at": at,
            "is_contrary": is_contrary,
        }
        changed = CriterionConclusion.objects.filter(pk=conclusion.pk, version=version).update(
            **columns, version=F("version") + 1
        )
        if not changed:
            raise _stale_conclusion(conclusion)
        for name, value in {**columns, "version": version + 1}.items():
            setattr(conclusion, name, value)
        accepted = _accept_proposals(assessments, verdict, reason.strip(), by)
        _settle_answered(dossier, criterion, by)
        journal.record(
            "criterion.concluded",
            subject=conclusion,
            by=by,
            chain=journal.round_chain(dossier.round.code),
            old=old,
            new=verdict,
            data={"reason": reason, "contrary": is_contrary, "accepted": accepted},
        )
        mark_looked([conclusion.pk], by=by)
    return conclusion


def _require_concludable(
    dossier: Dossier, criterion: Criterion, proposed: Judgement | None, is_contrary: bool, reason: str
) -> None:
    """Raise where a question is still out, or a verdict contrary to the indicators has no reason."""
    if proposed is not None and is_contrary and not reason.strip():
        raise Incomplete(
            f"Tiêu chí {criterion.number}: theo các chỉ tiêu là “{proposed.label}”, kết luận khác phải ghi lý do."
        )
    if dossier.return_items.filter(assessment__criterion=criterion, status=ReturnItem.Status.OPEN).exists():
        raise Incomplete(f"Tiêu chí {criterion.number} còn yêu cầu bổ sung chờ xã trả lời.")


@transaction.atomic
def return_items(dossier: Dossier, items: Iterable[NewItem], *, by: User) -> list[ReturnItem]:
    """Send single indicators back to the commune, each with a reason code, a question and a due date."""
    wanted = list(items)
    if not wanted:
        raise Incomplete("Chưa chọn chỉ tiêu nào để yêu cầu bổ sung.")
    for item in wanted:
        code = item.assessment.indicator.code
        require_conclusion(dossier, item.assessment.criterion, by)
        if not item.question.strip():
            raise Incomplete(f"Chỉ tiêu {code}: chưa nhập nội dung yêu cầu.")
        if item.due_on < clock.today():
            raise Incomplete(f"Chỉ tiêu {code}: hạn bổ sung không được trước hôm nay.")
        if item.assessment.return_items.filter(status__in=["open", "answered"]).exists():
            raise Incomplete(f"Chỉ tiêu {code} đang có một yêu cầu bổ sung chưa kết thúc.")
    event = workflow.move(
        dossier, "return_items", by=by, data={"indicators": [item.assessment.indicator.code for item in wanted]}
    )
    made = [
        ReturnItem.objects.create(
            dossier=dossier,
            assessment=item.assessment,
            reason_code=item.reason_code,
            question=item.question.strip(),
            due_on=item.due_on,
            asked_by=by,
            asked_at=clock.now(),
        )
        for item in wanted
    ]
    for row in made:
        _record(
            "return_item.asked",
            row.assessment,
            by,
            reason=row.reason_code,
            question=row.question,
            due_on=row.due_on,
        )
        mark_acted(dossier.pk, row.assessment.criterion_id, by=by)
    news.returned(event, dossier, made)
    return made


@transaction.atomic
def withdraw_item(item: ReturnItem, *, by: User) -> ReturnItem:
    """Take a question back; its text stays readable. Without open items the dossier is under review again."""
    dossier = item.dossier
    require_conclusion(dossier, item.assessment.criterion, by)
    workflow.lock(dossier)
    event = _close_item(item, (ReturnItem.Status.OPEN, ReturnItem.Status.ANSWERED), ReturnItem.Status.WITHDRAWN, by)
    news.withdrawn(event, item)
    waiting = dossier.return_items.filter(status=ReturnItem.Status.OPEN).exists()
    if dossier.status == Status.RETURNED and not waiting:
        workflow.move(dossier, "take_back", by=by)
    return item


@transaction.atomic
def settle_item(item: ReturnItem, *, by: User) -> ReturnItem:
    """Accept the commune's answer to a question."""
    require_conclusion(item.dossier, item.assessment.criterion, by)
    workflow.lock(item.dossier)
    _close_item(item, (ReturnItem.Status.ANSWERED,), ReturnItem.Status.SETTLED, by)
    return item


def _assessments_of(dossier: Dossier, criterion: Criterion) -> list[Assessment]:
    """A criterion's indicators in a dossier with all that evaluation needs: four queries."""
    rows = list(dossier.assessments.filter(criterion=criterion).order_by("indicator__position"))
    indicators = Indicator.objects.with_measures().in_bulk([item.indicator_id for item in rows])
    for item in rows:
        item.dossier, item.indicator = dossier, indicators[item.indicator_id]
    return rows


def _accept_proposals(assessments: list[Assessment], verdict: str, reason: str, by: User) -> dict[str, str]:
    """Conclude what is not yet concluded as proposed; a criterion that is đạt leaves no indicator chưa đạt.

    Returns {indicator code: judgement} of what was accepted.
    """
    accepted = {}
    for item in assessments:
        if item.conclusion != Judgement.UNASSESSED:
            continue
        said = evaluation_of(item)
        judgement = proposal_for(item, said)
        if verdict == Judgement.MET and judgement in (Judgement.NOT_MET, Judgement.UNASSESSED):
            judgement = Judgement.MET
        if judgement == Judgement.UNASSESSED:
            continue
        is_contrary = said.judgement is not None and said.judgement != judgement
        item.conclusion = judgement
        item.conclusion_reason = reason if judgement != Judgement.MET or is_contrary else ""
        item.concluded_by, item.concluded_at = by, clock.now()
        item.is_contrary = is_contrary
        item.version += 1
        accepted[item.indicator.code] = judgement
    changed = [item for item in assessments if item.indicator.code in accepted]
    Assessment.objects.bulk_update(
        changed, ["conclusion", "conclusion_reason", "concluded_by", "concluded_at", "is_contrary", "version"]
    )
    return accepted


def _settle_answered(dossier: Dossier, criterion: Criterion, by: User) -> None:
    ReturnItem.objects.filter(
        dossier=dossier, assessment__criterion=criterion, status=ReturnItem.Status.ANSWERED
    ).update(status=ReturnItem.Status.SETTLED, closed_by=by, closed_at=clock.now())


def _close_item(item: ReturnItem, sources: tuple[str, ...], target: str, by: User) -> Event:
    at = clock.now()
    changed = ReturnItem.objects.filter(pk=item.pk, status__in=sources).update(
        status=target, closed_by=by, closed_at=at
    )
    if not changed:
        present = ReturnItem.objects.get(pk=item.pk)
        raise StaleState(f"Yêu cầu bổ sung này hiện là “{present.get_status_display()}”.")
    old = item.status
    item.status, item.closed_by, item.closed_at = target, by, at
    mark_acted(item.dossier_id, item.assessment.criterion_id, by=by)
    return _record(f"return_item.{target}", item.assessment, by, old=old, new=target, question=item.question)


def _set_assessment(assessment: Assessment, version: int, **columns: object) -> None:
    """Write columns of an assessment if it is still at the version it was read with."""
    changed = Assessment.objects.filter(pk=assessment.pk, version=version).update(**columns, version=F("version") + 1)
    if not changed:
        present = Assessment.objects.select_related("concluded_by", "opinion_by", "self_by", "indicator").get(
            pk=assessment.pk
        )
        changes = [
            (at, who)
            for at, who in (
                (present.concluded_at, present.concluded_by),
                (present.opinion_at, present.opinion_by),
                (present.self_at, present.self_by),
            )
            if at
        ]
        at, who = max(changes, key=lambda change: change[0])
        raise StaleState(
            f"Chỉ tiêu {present.indicator.code} đã được {who} cập nhật lúc {workflow.written_time(at)}; "
            f"kết luận hiện tại: {present.get_conclusion_display()}."
        )
    for name, value in {**columns, "version": version + 1}.items():
        setattr(assessment, name, value)


def _stale_conclusion(conclusion: CriterionConclusion) -> StaleState:
    present = CriterionConclusion.objects.select_related("concluded_by", "criterion").get(pk=conclusion.pk)
    return StaleState(
        f"Tiêu chí {present.criterion.number} đã được {present.concluded_by} kết luận "
        f"“{present.get_verdict_display()}”, cập nhật lúc {workflow.written_time(present.concluded_at)}."
    )


def _require_reason(judgement: str, reason: str, what: str) -> None:
    if judgement not in Judgement.decided():
        raise Incomplete(f"{what}: chưa chọn kết luận.")
    if judgement != Judgement.MET and not reason.strip():
        raise Incomplete(f"{what}: kết luận “{Judgement(judgement).label}” cần có lý do.")


def _record(
    action: str, assessment: Assessment, by: User, *, old: str | None = None, new: str | None = None, **data: object
) -> Event:
    chain = journal.round_chain(assessment.dossier.round.code)
    return journal.record(action, subject=assessment, by=by, chain=chain, old=old, new=new, data=data)
