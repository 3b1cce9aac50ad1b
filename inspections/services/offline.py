"""Entries that waited on a commune's machine: the account's key, and saving each of them exactly once."""

import base64
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from communes import clock
from communes.models import User
from communes.permissions import Permission

from .. import workflow
from ..models import Assessment, Delivery, DeviceKey
from ..workflow import NotAllowed, Refused
from .entry import save_assessment

KEY_BYTES = 32  # AES-256
REMEMBERED = timedelta(weeks=8)


def device_key(by: User) -> str:
    """The account's key for what waits on machines, Base64; made when it is first asked for."""
    if not by.has(Permission.DOSSIER_EDIT):
        raise NotAllowed("Chỉ công chức xã nhập hồ sơ.")
    made = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    return DeviceKey.objects.get_or_create(user=by, defaults={"key": made})[0].key


def save_entry(
    assessment: Assessment, *, by: User, version: int, changes: Mapping[str, Any], entry: UUID | None
) -> dict[str, Any]:
    """`save_assessment`, once for each entry: {"version", "saved_at"} of the save, the first one's when repeated.

    entry: the id that the machine gave to what was typed; None where nothing is repeated (a form without script).
    Raises as `save_assessment` does; what was refused is not remembered and may be sent again.
    Remembered for `REMEMBERED`; afterwards a repetition is judged by its version, as any save is.
    """
    if entry is None:
        return _answer(save_assessment(assessment, by=by, version=version, changes=changes))
    with transaction.atomic():
        # Two deliveries of one entry wait for each other here.
        workflow.lock(assessment.dossier)
        if known := Delivery.objects.filter(by=by, entry=entry).first():
            if known.assessment_id != assessment.pk:
                raise Refused("Mục này đã được gửi cho chỉ tiêu khác.")
            return dict(known.answer)
        answer = _answer(save_assessment(assessment, by=by, version=version, changes=changes))
        at = clock.now()
        Delivery.objects.create(by=by, entry=entry, assessment=assessment, at=at, answer=answer)
        Delivery.objects.filter(at__lt=at - REMEMBERED).delete()
    return answer


def _answer(saved: Assessment) -> dict[str, Any]:
    return {"version": saved.entry_version, "saved_at": f"{timezone.localtime(clock.now()):%H:%M}"}
