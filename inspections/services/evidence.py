"""What the commune does with its evidence: upload, link to indicators, describe, remove."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction

from communes import clock, journal
from communes.models import Commune, User
from communes.permissions import Permission

from .. import evidence as rules
from .. import workflow
from ..models import Assessment, Dossier, Evidence, EvidenceLink
from ..workflow import Incomplete, NotAllowed, StaleState
from .entry import entry_refusal

DESCRIBED = ("kind", "number", "issued_on", "issuer", "title", "valid_until")


@dataclass(frozen=True)
class Added:
    """What an upload did; is_new is False where the commune had the same bytes already."""

    evidence: Evidence
    is_new: bool


def linking_refusal(assessment: Assessment, by: User) -> str:
    """Why this person cannot add proof to this indicator now; empty when they can.

    Beyond entry, proof may be added to provisional conclusions until the round's reply date.
    """
    dossier = assessment.dossier
    until = dossier.round.reply_until
    is_reply_time = dossier.status == Dossier.Status.PROVISIONAL and until is not None and clock.today() <= until
    if is_reply_time and dossier.round.is_open and workflow.edits(dossier, by):
        return ""
    return entry_refusal(assessment, by)


def add_evidence(
    commune: Commune, upload: File, *, meta: Mapping[str, Any], by: User, assessments: Iterable[Assessment] = ()
) -> Added:
    """Take a file into the commune's library and link it to indicators.

    meta: {field: value} with fields from DESCRIBED. The same bytes are stored once per commune: then the
    piece that is there is linked. Raises UploadRefused, NotAllowed or StaleState; nothing is left behind.
    """
    _require_own(commune, by)
    rows = list(assessments)
    _require_linking(commune, rows, by)
    found = rules.check(upload)
    same = Evidence.objects.filter(commune=commune, sha256=found.sha256)
    known = same.first()
    if known is None:
        try:
            return Added(_store(commune, upload, found, meta=meta, by=by, assessments=rows), is_new=True)
        except IntegrityError:
            known = same.first()  # the same bytes came in at the same moment
            if known is None:
                raise
    link_evidence(known, rows, by=by)
    return Added(known, is_new=False)


def _store(
    commune: Commune,
    upload: File,
    found: rules.Checked,
    *,
    meta: Mapping[str, Any],
    by: User,
    assessments: list[Assessment],
) -> Evidence:
    """File first, row second: a crash leaves at most a file that nothing points to, never a row without its file."""
    field = Evidence._meta.get_field("file")
    path = field.storage.save(found.path, upload)
    try:
        with transaction.atomic():
            dossiers = _lock(assessments, by)
            row = Evidence(
                commune=commune,
                file=path,
                original_name=found.name,
                content_type=found.content_type,
                size=found.size,
                sha256=found.sha256,
                page_count=found.page_count,
                uploaded_by=by,
                uploaded_at=clock.now(),
                is_kept=_is_kept(dossiers),
                **{"kind": found.kind, **_described(meta)},
            )
            row.save(force_insert=True)
            _link(row, assessments, by)
            facts = {"name": row.original_name, "size": row.size, "sha256": row.sha256}
            _record("evidence.added", row, assessments, by, facts)
    except BaseException:
        field.storage.delete(path)
        raise
    return row


@transaction.atomic
def link_evidence(evidence: Evidence, assessments: Iterable[Assessment], *, by: User) -> list[Assessment]:
    """Let a piece of the library prove more indicators of its commune; returns those that are new."""
    wanted = list(assessments)
    _require_own(evidence.commune, by)
    _require_linking(evidence.commune, wanted, by)
    if evidence.scan == Evidence.Scan.INFECTED:
        raise Incomplete(f"Tệp {evidence.original_name} có vi-rút, không dùng làm minh chứng được.")
    # Dossiers before the piece, as handing in does: two people never wait for each other.
    dossiers = _lock(wanted, by)
    if not Evidence.objects.select_for_update().filter(pk=evidence.pk).values_list("pk", flat=True):
        raise StaleState(f"{evidence.label} vừa bị xóa khỏi kho minh chứng.")
    linked = set(evidence.links.filter(assessment__in=wanted).values_list("assessment_id", flat=True))
    fresh = [row for row in wanted if row.pk not in linked]
    if not fresh:
        return []
    _link(evidence, fresh, by)
    if _is_kept(dossiers) and not evidence.is_kept:
        evidence.is_kept = True
        evidence.save(update_fields=["is_kept"])
    _record("evidence.linked", evidence, fresh, by, {})
    return fresh


@transaction.atomic
def unlink_evidence(evidence: Evidence, assessment: Assessment, *, by: User) -> bool:
    """Take a proof away from an indicator that is open to entry; the piece stays in the library.

    Returns False where it was not linked (any more).
    """
    if reason := entry_refusal(assessment, by):
        raise StaleState(reason) if workflow.edits(assessment.dossier, by) else NotAllowed(reason)
    workflow.lock(assessment.dossier)
    if EvidenceLink.objects.filter(evidence=evidence, assessment=assessment, visit__isnull=False).exists():
        raise NotAllowed("Ảnh này do Đoàn kiểm tra gắn tại buổi kiểm tra, xã không gỡ được.")
    gone, _ = EvidenceLink.objects.filter(evidence=evidence, assessment=assessment).delete()
    if gone:
        _record("evidence.unlinked", evidence, [assessment], by, {})
    return bool(gone)


@transaction.atomic
def update_evidence_meta(evidence: Evidence, *, by: User, **fields: Any) -> Evidence:
    """Change number, date, issuer, title, kind or validity; fields from DESCRIBED."""
    _require_own(evidence.commune, by)
    if evidence.visit_id:
        raise NotAllowed("Ảnh này do Đoàn kiểm tra chụp, xã không sửa thông tin được.")
    changes = {
        name: {"old": getattr(evidence, name), "new": value}
        for name, value in _described(fields).items()
        if getattr(evidence, name) != value
    }
    if not changes:
        return evidence
    for name, change in changes.items():
        setattr(evidence, name, change["new"])
    evidence.save(update_fields=list(changes))
    journal.record("evidence.described", subject=evidence, by=by, data={"changes": changes})
    return evidence


@transaction.atomic
def remove_evidence(evidence: Evidence, *, by: User) -> None:
    """Delete a piece and its file: only before it was part of a handed-in dossier, and while nothing uses it."""
    _require_own(evidence.commune, by)
    present = Evidence.objects.select_for_update().filter(pk=evidence.pk).first()
    if present is None:
        raise StaleState("Minh chứng này đã được xóa.")
    if present.is_kept:
        raise Incomplete("Minh chứng này đã dùng trong hồ sơ đã nộp, không xóa được.")
    used = list(present.links.values_list("assessment__indicator__code", flat=True))
    if used:
        raise Incomplete(f"Minh chứng này đang dùng cho chỉ tiêu {', '.join(used)}; gỡ ở đó trước khi xóa.")
    storage, path = present.file.storage, str(present.file.name)
    data = {"name": present.original_name, "sha256": present.sha256, "label": present.label}
    journal.record("evidence.removed", subject=present, by=by, data=data)
    present.delete()
    transaction.on_commit(lambda: storage.delete(path))


@transaction.atomic
def record_download(evidence: Evidence, *, by: User) -> None:
    """Write down that somebody fetched the original: the one write that a GET makes."""
    data = {"name": evidence.original_name, "sha256": evidence.sha256}
    journal.record("evidence.downloaded", subject=evidence, by=by, data=data)


def _require_own(commune: Commune, by: User) -> None:
    if commune.pk not in by.scope("commune", needs=Permission.DOSSIER_EDIT):
        raise NotAllowed("Chỉ công chức của xã này được thêm và sửa minh chứng.")


def _require_linking(commune: Commune, assessments: list[Assessment], by: User) -> None:
    for row in assessments:
        if row.dossier.inspection.commune_id != commune.pk:
            raise NotAllowed("Minh chứng chỉ dùng được cho hồ sơ của chính xã đó.")
        if reason := linking_refusal(row, by):
            raise StaleState(reason)


def _lock(assessments: Iterable[Assessment], by: User) -> list[Dossier]:
    """Lock the dossiers of the indicators, always in the same order, so that two people never wait for each other.

    While items are out a question may be closed without the dossier moving: that is looked up again.
    """
    rows = list(assessments)
    dossiers = {row.dossier_id: row.dossier for row in rows}
    for pk in sorted(dossiers):
        workflow.lock(dossiers[pk])
    for row in rows:
        if row.dossier.status == Dossier.Status.RETURNED and (reason := linking_refusal(row, by)):
            raise StaleState(reason)
    return list(dossiers.values())


def _is_kept(dossiers: Iterable[Dossier]) -> bool:
    """Proof added to conclusions that are already provisional belongs to what was handed in."""
    return any(dossier.status == Dossier.Status.PROVISIONAL for dossier in dossiers)


def _link(evidence: Evidence, assessments: Iterable[Assessment], by: User) -> None:
    at = clock.now()
    EvidenceLink.objects.bulk_create(
        [EvidenceLink(evidence=evidence, assessment=row, linked_by=by, linked_at=at) for row in assessments],
        ignore_conflicts=True,
    )


def _described(meta: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(meta) - set(DESCRIBED)
    if unknown:
        raise ValueError(f"not part of a description: {unknown}")
    return {name: value for name, value in meta.items() if name in DESCRIBED}


def _record(
    action: str, evidence: Evidence, assessments: Iterable[Assessment], by: User, facts: Mapping[str, Any]
) -> None:
    """One event for each round whose indicators are concerned; without any, one beside the reference data."""
    by_chain: dict[str, list[str]] = {}
    for row in assessments:
        by_chain.setdefault(journal.round_chain(row.dossier.round.code), []).append(row.indicator.code)
    if not by_chain:
        journal.record(action, subject=evidence, by=by, data=facts)
    for chain, codes in by_chain.items():
        journal.record(action, subject=evidence, by=by, chain=chain, data={**facts, "indicators": codes})
