"""A dossier filled in as a workbook: what came back is kept for a while, and saved as a whole or not at all."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from communes import clock, journal
from communes.models import User
from communes.permissions import Permission

from .. import workflow
from ..models import Assessment, Dossier, WorkbookUpload
from ..models.workbooks import KEPT
from ..workflow import NotAllowed, StaleState
from .entry import close_typing, save_assessment

Status = Dossier.Status


def require_workbook(dossier: Dossier, by: User) -> None:
    """Raise NotAllowed or StaleState where nothing of this dossier can be entered by this person now."""
    if not by.has(Permission.DOSSIER_EDIT) or not workflow.edits(dossier, by):
        raise NotAllowed("Chỉ công chức của xã này được nhập hồ sơ.")
    if not dossier.round.is_open:
        raise StaleState(f"Đợt “{dossier.round}” không mở.")
    if dossier.status not in (Status.DRAFT, Status.RETURNED):
        raise StaleState(f"Hồ sơ ở trạng thái “{dossier.get_status_display()}”, không nhập được bằng bảng tính.")


def keep_workbook(dossier: Dossier, *, by: User, name: str, sha256: str, content: Mapping[str, Any]) -> WorkbookUpload:
    """Keep what was read until its sender confirms it; what is older than two hours goes."""
    require_workbook(dossier, by)
    WorkbookUpload.objects.filter(uploaded_at__lte=clock.now() - KEPT).delete()
    return WorkbookUpload.objects.create(
        dossier=dossier, by=by, uploaded_at=clock.now(), name=name[:200], sha256=sha256, content=content
    )


@transaction.atomic
def take_workbook(
    upload: WorkbookUpload, *, by: User, rows: Sequence[tuple[Assessment, Mapping[str, Any]]]
) -> list[str]:
    """Save all rows of a workbook, once; the codes of the indicators that changed.

    rows: (assessment as it was compared, {field: final value}). Raises StaleState where it was taken already or
    the dossier moved, Conflict where somebody saved an indicator meanwhile; then nothing is saved.
    """
    dossier = rows[0][0].dossier if rows else upload.dossier
    require_workbook(dossier, by)
    workflow.lock(dossier)
    waiting = WorkbookUpload.objects.filter(pk=upload.pk, by=by, dossier=dossier, taken_at=None)
    if not waiting.filter(uploaded_at__gt=clock.now() - KEPT).update(taken_at=clock.now()):
        raise StaleState("Bảng tính này đã được lưu vào hồ sơ hoặc đã quá hai giờ chờ xác nhận.")
    codes = []
    for assessment, changes in rows:
        version = assessment.entry_version
        saved = save_assessment(assessment, by=by, version=version, changes=changes)
        if saved.entry_version != version:
            codes.append(saved.indicator.code)
    # Told at once, row by row, beside the event of the workbook itself.
    close_typing(dossier)
    journal.record(
        "dossier.workbook_taken",
        subject=dossier,
        by=by,
        chain=journal.round_chain(dossier.round.code),
        data={"file": upload.name, "sha256": upload.sha256, "indicators": codes},
    )
    return codes
