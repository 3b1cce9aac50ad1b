"""What the commune does with its evidence: upload, link to indicators, describe, replace, remove."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction

from communes import clock, journal
from communes.models import Commune, User
from communes.permissions import Permission

from .. import evidence as rules
from .. import photos, workflow
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
    if dossier.reply_is_open and workflow.edits(dossier, by):
        return ""
    return entry_refusal(assessment, by)


def add_evidence(
    commune: Commune,
    upload: File,
    *,
    meta: Mapping[str, Any],
    by: User,
    assessments: Iterable[Assessment] = (),
    shot: photos.Shot = photos.NOTHING,
) -> Added:
    """Take a file into the commune's library and link it to indicators.

    meta: {field: value} with fields from DESCRIBED. shot: what a photo said of itself before it was made smaller,
    used where the file does not say it any more. The same bytes are stored once per commune: then the
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
            return Added(_store(commune, upload, found, meta=meta, by=by, assessments=rows, shot=shot), is_new=True)
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
    shot: photos.Shot,
) -> Evidence:
    """File first, row second: a crash leaves at most a file that nothing points to, never a row without its file."""
    field = Evidence._meta.get_field("file")
    shot = found.shot.or_else(shot) if found.kind == Evidence.Kind.PHOTO else photos.NOTHING
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
                taken_at=shot.taken_at,
                latitude=shot.latitude,
                longitude=shot.longitude,
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


def link_evidence(evidence: Evidence, assessments: Iterable[Assessment], *, by: User) -> list[Assessment]:
    """Let a piece of the library prove more indicators of its commune; returns those that are new."""
    return link_pieces({evidence: list(assessments)}, by=by)[evidence]


@transaction.atomic
def link_pieces(wanted: Mapping[Evidence, Sequence[Assessment]], *, by: User) -> dict[Evidence, list[Assessment]]:
    """Let several pieces prove indicators, all or none: {piece: indicators that it did not prove before}.

    Raises NotAllowed across communes, Incomplete for an infected or replaced piece, StaleState where an
    indicator is closed or a piece was removed.
    """
    for piece, rows in wanted.items():
        _require_own(piece.commune, by)
        _require_linking(piece.commune, rows, by)
    # Dossiers before the pieces, as handing in does: two people never wait for each other.
    dossiers = _lock({row.pk: row for rows in wanted.values() for row in rows}.values(), by)
    _hold(wanted)
    linked = set(
        EvidenceLink.objects.filter(evidence__in=wanted).order_by().values_list("evidence_id", "assessment_id")
    )
    fresh = {piece: [row for row in rows if (piece.pk, row.pk) not in linked] for piece, rows in wanted.items()}
    added = [piece for piece, rows in fresh.items() if rows]
    if _is_kept(dossiers):
        for piece in added:
            piece.is_kept = True
        Evidence.objects.filter(pk__in=[piece.pk for piece in added]).update(is_kept=True)
    for piece in added:
        _link(piece, fresh[piece], by)
    for piece in added:
        _record("evidence.linked", piece, fresh[piece], by, {})
    return fresh


def _hold(pieces: Iterable[Evidence]) -> None:
    """Lock pieces that are to prove something, in one order; refuses what was removed, replaced or is infected."""
    rows = Evidence.objects.select_for_update().filter(pk__in=[piece.pk for piece in pieces])
    present = {row.pk: row for row in rows.order_by("pk")}
    for piece in pieces:
        row = present.get(piece.pk)
        if row is None:
            raise StaleState(f"{piece.label} vừa bị xóa khỏi kho minh chứng.")
        if row.scan == Evidence.Scan.INFECTED:
            raise Incomplete(f"Tệp {row.original_name} có vi-rút, không dùng làm minh chứng được.")
        if row.replaced_by:
            raise Incomplete(f"{row.label} đã được thay bằng {row.replaced_by.label}; dùng bản mới.")


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


@dataclass(frozen=True)
class Replacement:
    """What replacing a piece does: links that move to the newer version, links that stay with the old one."""

    moving: list[EvidenceLink]
    staying: list[EvidenceLink]


def replacement_of(evidence: Evidence, *, by: User) -> Replacement:
    """Links that are open to entry move; what was handed in stays as it was handed in. Two queries."""
    links = (
        EvidenceLink.objects.filter(evidence=evidence)
        .prefetch_related("assessment__return_items")
        .select_related(
            "assessment__indicator",
            "assessment__criterion",
            "assessment__dossier__round__authority",
            "assessment__dossier__round_unit",
            "assessment__dossier__inspection__commune",
            "assessment__dossier__village",
            "assessment__dossier__criteria_set",
        )
    )
    found = Replacement([], [])
    for link in links.order_by("assessment__dossier", "assessment__criterion__number", "assessment__indicator"):
        (found.staying if entry_refusal(link.assessment, by) else found.moving).append(link)
    return found


@transaction.atomic
def replace_evidence(old: Evidence, new: Evidence, *, by: User, shown: Iterable[int]) -> Replacement:
    """Let a newer version take the place of a piece, in every dossier that is still open to entry.

    shown: ids of the links that the person was told would move. Raises StaleState where these are others
    by now or somebody was faster, Incomplete where the newer one cannot be used, NotAllowed to others.
    """
    _require_own(old.commune, by)
    if new.commune_id != old.commune_id:
        raise NotAllowed("Bản mới phải là minh chứng của chính xã đó.")
    if old.visit_id or new.visit_id:
        raise NotAllowed("Ảnh do Đoàn kiểm tra chụp không thay được.")
    if new.pk == old.pk:
        raise Incomplete("Bản mới phải là tệp khác với bản đang có.")
    plan = replacement_of(old, by=by)
    _lock([link.assessment for link in plan.moving], by)
    _hold([old, new])
    held, told = {link.pk for link in plan.moving}, set(shown)
    if held != told or held != {link.pk for link in replacement_of(old, by=by).moving}:
        raise StaleState("Những chỗ đang dùng minh chứng này vừa thay đổi. Xem lại danh sách rồi xác nhận.")
    Evidence.objects.filter(pk=old.pk).update(replaced_by=new, replacer=by, replaced_at=clock.now())
    rows = [link.assessment for link in plan.moving]
    EvidenceLink.objects.filter(pk__in=[link.pk for link in plan.moving]).delete()
    _link(new, rows, by)
    _record("evidence.replaced", old, rows, by, {"new": new.label, "sha256": {"old": old.sha256, "new": new.sha256}})
    old.refresh_from_db()
    return plan


@transaction.atomic
def remove_evidence(evidence: Evidence, *, by: User) -> None:
    """Delete a piece and its file: only before it was part of a handed-in dossier, and while nothing uses it."""
    _require_own(evidence.commune, by)
    present = Evidence.objects.select_for_update().filter(pk=evidence.pk).first()
    if present is None:
        raise StaleState("Minh chứng này đã được xóa.")
    if present.is_kept:
        raise Incomplete("Minh chứng này đã dùng trong hồ sơ đã nộp, không xóa được.")
    if older := present.replaces.first():
        raise Incomplete(f"Minh chứng này là bản mới thay cho {older.label}, không xóa được.")
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


def _require_linking(commune: Commune, assessments: Sequence[Assessment], by: User) -> None:
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
    by_chain: dict[str, list[Assessment]] = {}
    for row in assessments:
        by_chain.setdefault(journal.round_chain(row.dossier.round.code), []).append(row)
    if not by_chain:
        journal.record(action, subject=evidence, by=by, data=facts)
    for chain, rows in by_chain.items():
        # The codes are for people; the same code stands in several dossiers, the number of the row in one.
        told = {"indicators": [row.indicator.code for row in rows], "rows": [str(row.pk) for row in rows]}
        journal.record(action, subject=evidence, by=by, chain=chain, data={**facts, **told})
