"""Files that come in pieces: begin, add, take into the library, give up, clear away."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from communes import clock, notation
from communes.models import Commune, User
from communes.permissions import Permission

from .. import evidence as rules
from .. import incoming, photos
from ..models import Assessment, Evidence, Upload
from ..workflow import NotAllowed, Refused
from .evidence import Added, add_evidence, link_evidence

KEPT = timedelta(days=7)  # a phone that was without a line over a long weekend goes on with its files
MOST_OPEN = 30  # files of one person on their way at the same time


class TooLarge(rules.UploadRefused):
    """The file is larger than any that is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"lớn hơn {notation.file_size(settings.EVIDENCE_MAX_BYTES)}")


class TooMany(Refused):
    """One person has too many files on their way."""


class Gone(Refused):
    """What had arrived is not there any more; the file is to be sent from its beginning."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Phần đã gửi của tệp {name} không còn trên máy chủ; hãy gửi lại từ đầu.")


def start_upload(commune: Commune, *, name: str, length: int, by: User, sha256: str = "", metadata: str = "") -> Upload:
    """Make room for a file of `length` bytes. Raises NotAllowed, UploadRefused (TooLarge) or TooMany."""
    if commune.pk not in by.scope("commune", needs=Permission.DOSSIER_EDIT):
        raise NotAllowed("Chỉ công chức của xã này được thêm và sửa minh chứng.")
    name = rules.safe_name(name)
    if length > settings.EVIDENCE_MAX_BYTES:
        raise TooLarge(name)
    rules.require_known_name(name, length)
    clean_uploads()
    now = clock.now()
    with transaction.atomic():
        # Two requests of one person at once count one after the other.
        User.objects.select_for_update().get(pk=by.pk)
        if Upload.objects.unfinished().filter(user=by).count() >= MOST_OPEN:
            raise TooMany(f"Đang có {MOST_OPEN} tệp gửi dở. Hãy chờ các tệp đó gửi xong hoặc hủy bớt rồi gửi tiếp.")
        upload = Upload.objects.create(
            user=by,
            commune=commune,
            name=name,
            length=length,
            sha256=sha256,
            metadata=metadata,
            created_at=now,
            expires_at=now + KEPT,
        )
        incoming.create(upload.key)
    return upload


def arrived(upload: Upload) -> int:
    """Bytes of an upload that are safely here. Raises Gone."""
    if upload.evidence_id:
        return upload.length
    try:
        return min(incoming.offset(upload.key), upload.length)
    except FileNotFoundError as error:
        raise Gone(upload.name) from error


def receive(upload: Upload, at: int, read: Callable[[int], bytes]) -> int:
    """Add what `read(size)` gives from the offset `at` on; returns the new offset.

    Raises incoming.WrongOffset, Gone, or what `read` or the disk raises; what came before that is kept.
    """
    if upload.evidence_id:
        if at != upload.length:
            raise incoming.WrongOffset(upload.length)
        return at
    try:
        offset = incoming.append(upload.key, at, upload.length, read)
    except FileNotFoundError as error:
        raise Gone(upload.name) from error
    Upload.objects.filter(pk=upload.pk).update(expires_at=clock.now() + KEPT)
    return offset


def finish_upload(
    upload: Upload,
    *,
    meta: Mapping[str, Any],
    by: User,
    assessments: Iterable[Assessment] = (),
    shot: photos.Shot = photos.NOTHING,
) -> Added:
    """Take a file that has arrived whole into the library, by the same rules as one sent in a form.

    Called again it answers with the same piece. Raises what `add_evidence` raises, Gone, or Refused where it is
    not whole. What is not taken as evidence is deleted; what only this dossier refuses is kept for another try.
    """
    rows = list(assessments)
    if upload.evidence is None:
        try:
            return _take(upload, meta=meta, by=by, assessments=rows, shot=shot)
        except FileNotFoundError as error:
            upload.refresh_from_db()  # the same was asked twice at once, and the other was first
            if upload.evidence is None:
                raise Gone(upload.name) from error
    link_evidence(upload.evidence, rows, by=by)
    return Added(upload.evidence, is_new=False)


def _take(
    upload: Upload, *, meta: Mapping[str, Any], by: User, assessments: list[Assessment], shot: photos.Shot
) -> Added:
    with incoming.path_of(upload.key).open("rb") as stream:
        file = File(stream, name=upload.name)
        if file.size != upload.length:
            raise Refused(f"Tệp {upload.name} chưa gửi hết; hãy để trang mở cho đến khi gửi xong.")
        try:
            _compare(upload, file)
            added = add_evidence(upload.commune, file, meta=meta, by=by, assessments=assessments, shot=shot)
        except rules.UploadRefused:
            drop_upload(upload)
            raise
    upload.evidence = added.evidence
    upload.save(update_fields=["evidence"])
    incoming.remove(upload.key)
    return added


def _compare(upload: Upload, file: File) -> None:
    """Whether what arrived is what was sent, where the sender said its hash."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    if upload.sha256 and digest.hexdigest() != upload.sha256:
        raise rules.UploadRefused(upload.name, "nội dung đến nơi khác với tệp đã chọn, hãy chọn lại tệp và gửi lại")


def drop_upload(upload: Upload) -> None:
    """Give up a file on its way."""
    upload.delete()
    incoming.remove(upload.key)


def known_piece(commune: Commune, sha256: str, *, by: User) -> Evidence | None:
    """The piece with these bytes in this commune's library; of other communes nothing is told."""
    if commune.pk not in by.scope("commune", needs=Permission.DOSSIER_EDIT):
        return None
    return Evidence.objects.filter(commune=commune, sha256=sha256).first()


def begun_upload(commune: Commune, sha256: str, *, by: User) -> Upload | None:
    """Where this person began to send a file of this hash and did not come to its end."""
    rows = Upload.objects.for_user(by).unfinished().filter(commune=commune, sha256=sha256, expires_at__gt=clock.now())
    return rows.order_by("-created_at").first()


def clean_uploads() -> int:
    """Delete uploads past their date and part files that belong to none; returns how many files went."""
    old = Upload.objects.filter(expires_at__lt=clock.now())
    gone = 0
    for key in list(old.values_list("key", flat=True)):
        if old.filter(key=key).delete()[0]:  # unless its sender went on with it meanwhile
            incoming.remove(key)
            gone += 1
    known = {key.hex for key in Upload.objects.values_list("key", flat=True)}
    return gone + incoming.remove_strays(known, older_than=KEPT.total_seconds())
