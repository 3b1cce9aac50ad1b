"""Handing a whole round over to another office, and taking one over: who may, and what the journal says of it."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import Q, Sum

from communes import clock, journal
from communes.models import User
from communes.permissions import Permission
from inspections.evidence import safe_name
from inspections.models import InspectionRound
from inspections.services.rounds import manage
from inspections.workflow import Incomplete, NotAllowed, Refused

from ..bundles import loading, planning, writing
from ..bundles.container import BundleRefused, Reader, Whole
from ..bundles.planning import Choices, Plan
from ..bundles.tables import evidence_of
from ..models import RoundBundle

Kind, Status = RoundBundle.Kind, RoundBundle.Status
FOLDER = "bundle-files"
# Larger ones are made or brought in by the worker, while the person goes on.
AT_ONCE = 20 * 1024**2
KEPT = timedelta(days=7)
# So long a process is believed to be at work on a bundle; afterwards it may be asked for again.
AT_WORK = timedelta(hours=2)
INTERRUPTED = "Việc này bị dừng giữa chừng, chưa có gì thay đổi; thực hiện lại."


def export_round(round_: InspectionRound, path: Path, *, by: User | None) -> str:
    """Write everything of a round to a file; its SHA-256. by: None for the command on the server.

    Raises NotAllowed, or Incomplete where something of the round is missing; then there is no file.
    """
    if by is not None:
        manage(round_, by)
    digest = writing.export(round_, path)
    with transaction.atomic():
        # Beside the round's own chain, which is in the bundle and does not change by being handed over.
        journal.record("round.handed_out", subject=round_, by=by, data={"bundle": digest, "size": path.stat().st_size})
    return digest


def look_into(path: Path, choices: Choices, *, by: User | None) -> Plan:
    """Check every byte of a bundle and say what bringing it in would do. Raises BundleRefused or NotAllowed."""
    _require_importer(by)
    with Reader(path) as reader:
        return planning.plan(reader, reader.check(), choices, by)


def import_round(path: Path, choices: Choices, *, by: User | None) -> tuple[InspectionRound, Plan]:
    """Bring a bundle in: all of it, or nothing and BundleRefused."""
    _require_importer(by)
    with Reader(path) as reader:
        found = planning.plan(reader, reader.check(), choices, by)
        return loading.load(reader, found, by), found


def _require_importer(by: User | None) -> None:
    if by is not None and not by.has(Permission.ROUND_MANAGE):
        raise NotAllowed("Chỉ Văn phòng Điều phối được nhập đợt kiểm tra.")


# ---------------------------------------------------------------- bundles of the pages


def path_of(bundle: RoundBundle) -> Path:
    return Path(settings.MEDIA_ROOT, FOLDER, f"{bundle.pk.hex}.zip")


def ask_export(round_: InspectionRound, *, by: User) -> RoundBundle:
    """A bundle that is going to be made; pressing the button twice asks for one. Raises NotAllowed, Incomplete."""
    manage(round_, by)
    if round_.status == InspectionRound.Status.DRAFT:
        raise Incomplete("Đợt này đang lập, chưa mở, nên chưa có gì để xuất.")
    clear_old()
    running = RoundBundle.objects.filter(
        kind=Kind.EXPORT, round=round_, by=by, status__in=(Status.ASKED, Status.AT_WORK)
    )
    found = running.filter(asked_at__gt=clock.machine_now() - AT_WORK).first()
    size = evidence_of(round_).order_by().aggregate(all=Sum("size"))["all"] or 0
    name = safe_name(f"{round_.code}.zip")
    return found or RoundBundle.objects.create(
        kind=Kind.EXPORT, round=round_, by=by, asked_at=clock.machine_now(), name=name, size=size
    )


def keep_upload(file: File, *, by: User) -> RoundBundle:
    """Take an uploaded bundle aside, and look at its every byte. Raises BundleRefused or NotAllowed."""
    _require_importer(by)
    clear_old()
    bundle = RoundBundle(kind=Kind.IMPORT, by=by, asked_at=clock.machine_now(), name=safe_name(file.name or "goi.zip"))
    path = path_of(bundle)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The row first: a file without one would never be cleared away.
    bundle.save(force_insert=True)
    try:
        with path.open("wb") as kept:
            for piece in file.chunks():
                kept.write(piece)
        with Reader(path) as reader:
            whole = reader.check()
    except BaseException as error:
        path.unlink(missing_ok=True)
        bundle.delete()
        if isinstance(error, BundleRefused):
            # Its own name, not the one it was kept under.
            raise BundleRefused(*(line.replace(path.name, bundle.name) for line in error.messages)) from error
        raise
    bundle.size, bundle.sha256 = path.stat().st_size, whole.sha256
    bundle.save(update_fields=["size", "sha256"])
    return bundle


def preview(bundle: RoundBundle, choices: Choices) -> Plan:
    """What a kept bundle would do here. Its bytes were checked when it came, and are again when it is brought in."""
    try:
        with Reader(path_of(bundle)) as reader:
            return planning.plan(reader, Whole(reader.manifest(), bundle.sha256), choices, bundle.by)
    except FileNotFoundError as error:
        raise BundleRefused("Gói đã tải lên không còn được giữ; tải lên lại.") from error


def confirm(bundle: RoundBundle, choices: Choices) -> bool:
    """Let a kept bundle be brought in as it was shown; False where that was asked for already."""
    told = {"people": dict(choices.people), "successors": dict(choices.successors)}
    rows = RoundBundle.objects.filter(_is_free(), pk=bundle.pk, kind=Kind.IMPORT, choices={})
    rows |= RoundBundle.objects.filter(pk=bundle.pk, kind=Kind.IMPORT, status=Status.FAILED)
    changed = rows.update(choices=told, status=Status.ASKED, message="")
    bundle.refresh_from_db()
    return bool(changed)


def is_quick(bundle: RoundBundle) -> bool:
    """Whether it is done within the request."""
    return bundle.size <= AT_ONCE


def carry_out(bundle: RoundBundle) -> RoundBundle:
    """Make it, or bring it in; whoever comes second finds it taken. What is wrong stands in its message."""
    now = clock.machine_now()
    taken = RoundBundle.objects.filter(_is_free(), pk=bundle.pk).update(status=Status.AT_WORK, begun_at=now)
    bundle.refresh_from_db()
    if not taken:
        return bundle
    path = path_of(bundle)
    try:
        if bundle.kind == Kind.EXPORT and bundle.round is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            bundle.sha256 = export_round(bundle.round, path, by=bundle.by)
            bundle.size = path.stat().st_size
        else:
            bundle.round, _ = import_round(path, Choices(**bundle.choices), by=bundle.by)
            path.unlink(missing_ok=True)
    except Refused as refused:
        _end(bundle, Status.FAILED, "\n".join(refused.messages))
    except FileNotFoundError:
        _end(bundle, Status.FAILED, "Gói đã tải lên không còn được giữ; tải lên lại.")
    except OSError as error:
        _end(bundle, Status.FAILED, f"Không ghi được tệp: {error.strerror}.")
    except BaseException:
        _end(bundle, Status.FAILED, INTERRUPTED)
        raise
    else:
        _end(bundle, Status.DONE, "")
    return bundle


def _end(bundle: RoundBundle, status: str, message: str) -> None:
    bundle.status, bundle.message, bundle.ended_at = status, message, clock.machine_now()
    bundle.save(update_fields=["status", "message", "ended_at", "sha256", "size", "round"])


def _is_free() -> Q:
    """Waiting, or left by a process that died long ago."""
    return Q(status=Status.ASKED) | Q(status=Status.AT_WORK, begun_at__lt=clock.machine_now() - AT_WORK)


def record_fetched(bundle: RoundBundle, *, by: User) -> None:
    """Write down that somebody fetched a bundle, which holds evidence: the one write that its GET makes."""
    with transaction.atomic():
        data = {"bundle": bundle.sha256, "size": bundle.size}
        journal.record("round.bundle_fetched", subject=bundle.round or bundle, by=by, data=data)


def clear_old() -> int:
    """Remove bundles kept for longer than a week, with their files, and what a killed import left; how many bundles."""
    loading.remove_leftovers()
    old: Iterable[Any] = RoundBundle.objects.filter(asked_at__lt=clock.machine_now() - KEPT)
    count = 0
    for bundle in old:
        path_of(bundle).unlink(missing_ok=True)
        bundle.delete()
        count += 1
    return count
