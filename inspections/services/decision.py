"""What the head of the team decides: provisional conclusions, approval with frozen facts, reopening."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from communes import clock
from communes.journal import plain
from communes.models import User

from .. import news, workflow
from ..figures import letters
from ..models import Assessment, CriterionConclusion, Dossier, EvidenceLink, Reply
from ..workflow import Incomplete
from . import rounds


@transaction.atomic
def make_provisional(dossier: Dossier, *, by: User) -> Dossier:
    """Show the commune the conclusions; until the round's reply date it may explain or add proof."""
    event = workflow.move(dossier, "make_provisional", by=by, provisional_by=by, provisional_at=clock.now())
    news.made_provisional(event, dossier)
    return dossier


@transaction.atomic
def take_up_reply(dossier: Dossier, *, reason: str, by: User) -> Dossier:
    """Review again because of the commune's reply; the conclusions are hidden again while the team decides.

    The texts of the reply stay beside the criteria. What is disclosed next is new, and may be replied to anew.
    """
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do xem xét lại.")
    event = workflow.move(
        dossier,
        "take_up_reply",
        by=by,
        data={"reason": reason, "replied_at": dossier.replied_at},
        provisional_by=None,
        provisional_at=None,
        replied_by=None,
        replied_at=None,
        reply_waived=False,
    )
    news.taken_up(event, dossier)
    return dossier


@transaction.atomic
def approve(dossier: Dossier, *, by: User) -> Dossier:
    """Conclude the dossier: figures, set version and hashes of the evidence are frozen in the same transaction."""
    workflow.lock(dossier)
    columns = frozen_columns(facts_of(dossier))
    event = workflow.move(
        dossier,
        "approve",
        by=by,
        data={"frozen": columns["frozen_hash"]},
        concluded_by=by,
        concluded_at=clock.now(),
        **columns,
    )
    news.approved(event, dossier)
    return dossier


@transaction.atomic
def reopen(dossier: Dossier, *, reason: str, by: User) -> Dossier:
    """Open a concluded dossier again, with a reason: before a notice with it is issued, or while one replaces that.

    A closed round opens with it. What was published stays provable: the journal keeps the facts themselves.
    """
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do mở lại hồ sơ.")
    workflow.check(dossier, "reopen", by)
    rounds.open_again(dossier.round, by=by)
    data: dict[str, Any] = {"reason": reason, "frozen": dossier.frozen_hash}
    if dossier.locked_by_notice:
        data |= {"published_in": dossier.locked_by_notice, "facts": dossier.frozen}
    event = workflow.move(
        dossier,
        "reopen",
        by=by,
        data=data,
        reopen_reason=reason.strip(),
        concluded_by=None,
        concluded_at=None,
        provisional_by=None,
        provisional_at=None,
        replied_by=None,
        replied_at=None,
        reply_waived=False,
        frozen=None,
        frozen_hash="",
        frozen_verdicts="",
    )
    news.reopened(event, dossier)
    return dossier


def facts_of(dossier: Dossier) -> dict[str, Any]:
    """Everything a conclusion rests on, as JSON: set version, values, judgements, conclusions, evidence hashes."""
    proofs: dict[int, list[dict[str, Any]]] = {}
    links = (
        EvidenceLink.objects.filter(assessment__dossier=dossier).select_related("evidence").order_by("evidence__sha256")
    )
    for link in links:
        proofs.setdefault(link.assessment_id, []).append({"sha256": link.evidence.sha256, "label": link.evidence.label})
    replies: dict[int, list[dict[str, Any]]] = {}
    for row in Reply.objects.filter(conclusion__dossier=dossier).prefetch_related("evidence"):
        replies.setdefault(row.conclusion_id, []).append(
            {
                "provisional": row.verdict,
                "reason": row.reason,
                "text": row.text,
                "evidence": sorted(piece.sha256 for piece in row.evidence.all()),
                "at": row.replied_at,
                "response": row.response,
            }
        )
    assessments = dossier.assessments.select_related("indicator", "self_by", "opinion_by", "concluded_by")
    conclusions = dossier.conclusions.select_related("criterion", "concluded_by")
    return facts_among(dossier, conclusions, assessments, replies=replies, proofs=proofs)


def facts_among(
    dossier: Dossier,
    conclusions: Iterable[CriterionConclusion],
    assessments: Iterable[Assessment] = (),
    *,
    replies: Mapping[int, list[dict[str, Any]]] | None = None,
    proofs: Mapping[int, list[dict[str, Any]]] | None = None,
) -> dict[str, Any]:
    """The facts of rows at hand, stored or not. replies: {conclusion id: …}; proofs: {assessment id: …}."""
    replies, proofs = replies or {}, proofs or {}
    facts: dict[str, Any] = {
        "unit": str(dossier.unit),
        "unit_code": dossier.unit.code,
        "round": dossier.round.code,
        "criteria_set": {"code": dossier.criteria_set.code, "version": dossier.criteria_set.version},
        "counts_basically_met": dossier.criteria_set.counts_basically_met,
        "criteria": [
            {
                "number": item.criterion.number,
                "name": item.criterion.name,
                "verdict": item.verdict,
                "reason": item.reason,
                "reply": item.reply,
                "replies": replies.get(item.pk, []),
                "by": item.concluded_by,
                "at": item.concluded_at,
            }
            for item in conclusions
        ],
        "indicators": [
            {
                "code": item.indicator.code,
                "numerator": item.numerator,
                "denominator": item.denominator,
                "value": item.value,
                "parts": item.parts,
                "self": item.self_judgement,
                "opinion": item.opinion,
                "conclusion": item.conclusion,
                "reason": item.conclusion_reason,
                "evidence": proofs.get(item.pk, []),
            }
            for item in assessments
        ],
    }
    if dossier.is_imported:
        facts["imported"] = {"by": dossier.imported_by, "at": dossier.imported_at}
    result: dict[str, Any] = plain(facts)
    return result


def frozen_columns(facts: dict[str, Any]) -> dict[str, Any]:
    """What a concluded dossier keeps of its facts: themselves, their hash, and the verdicts for counting many."""
    return {"frozen": facts, "frozen_hash": hash_of(facts), "frozen_verdicts": verdicts_in(facts)}


def verdicts_in(facts: dict[str, Any]) -> str:
    """The verdicts in facts, a letter for each criterion."""
    return letters({item["number"]: item["verdict"] for item in facts["criteria"]})


def hash_of(facts: dict[str, Any]) -> str:
    """SHA-256 of the facts as canonical JSON."""
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()
