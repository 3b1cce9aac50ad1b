"""An import from its file to its undoing. Checking may be done again; saving is one transaction and one event.

A file of more than AT_ONCE rows is checked and saved by the background worker (`carry_on`).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django_tasks import task

from .. import clock, journal, tables
from ..imports import CONFIRMABLE, KEPT, ImportRow, ImportRun
from ..models import User
from . import locating
from .kinds import KINDS, CannotUndo, Kind, Located, Planned, State

AT_ONCE = 500
STORED_AT_ONCE = 1000
CHANGED_MEANWHILE = "Trong lúc xem, dữ liệu trên cổng đã thay đổi. Xin xem lại các dòng dưới đây rồi xác nhận."
TAKES_PART = (State.NEW, State.CHANGED, State.GONE)

Status = ImportRun.Status


class NotNow(Exception):
    """The run is not in the state for this; the message says so in Vietnamese."""


def kind_of(run: ImportRun) -> Kind:
    return KINDS[run.kind]


# ---------------------------------------------------------------- in comes a file


def start(kind: Kind, *, by: User, name: str, content: bytes, target: str = "") -> ImportRun:
    """Read a file and look at every row of it; nothing is saved yet. Raises tables.Refused where it cannot be read."""
    kind.require(by)
    if not kind.can_import or not kind.has_target(by, target, importing=True):
        raise PermissionDenied
    located = locating.locate(tables.read(content), kind)
    run = ImportRun(
        kind=kind.code,
        target=target,
        by=by,
        uploaded_at=clock.now(),
        name=name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        total=located.size,
        touched_at=clock.machine_now(),
    )
    run.file.save("", ContentFile(content), save=False)
    run.save(force_insert=True)
    _go_on(run, located)
    return run


def _go_on(run: ImportRun, located: Located | None = None) -> None:
    """Check or save now, or let the worker do it where there are many rows."""
    if run.total > AT_ONCE:
        carry_on.enqueue(str(run.pk))
    else:
        carry_on_now(run, located)


def carry_on_now(run: ImportRun, located: Located | None = None) -> None:
    """Do what the run waits for; a run that waits for nothing stays as it is.

    Where the machine is busier than when the file came in, the run waits on: its page says why and offers to go on.
    """
    try:
        if run.status == Status.CHECKING:
            check(run, located)
        elif run.status == Status.SAVING:
            save(run, located)
    except ValidationError as error:
        # What it was to go into is gone, or closed by now.
        _move(run, Status.DROPPED, among=(Status.CHECKING, Status.SAVING), message=" ".join(error.messages))
    except PermissionDenied:
        message = f"{run.by} không còn quyền nhập loại dữ liệu này."
        _move(run, Status.DROPPED, among=(Status.CHECKING, Status.SAVING), message=message)
    except tables.Refused as refused:
        ImportRun.objects.filter(pk=run.pk).update(message=str(refused), touched_at=None)
        run.refresh_from_db()


def resume(run: ImportRun) -> None:
    """Ask again for a run on which nobody has worked for longer than the lease. Raises NotNow where somebody does."""
    if not run.is_stuck:
        raise NotNow("Việc này đang chạy; xin chờ.")
    ImportRun.objects.filter(pk=run.pk).update(touched_at=clock.machine_now())
    _go_on(run)


def _located(run: ImportRun) -> Located:
    try:
        with run.file.open("rb") as file:
            content = file.read()
    except (FileNotFoundError, ValueError) as error:
        raise ValidationError("Tệp không còn trên máy chủ; tải lên lần nữa.") from error
    return locating.locate(tables.read(content), kind_of(run))


def check(run: ImportRun, located: Located | None = None) -> None:
    """Plan every row and store the preview, in place of an earlier one."""
    located = located or _located(run)

    def progress(done: int) -> None:
        ImportRun.objects.filter(pk=run.pk).update(done=done, touched_at=clock.machine_now())

    planned = _plan(run, located, progress=progress if run.total > AT_ONCE else _silent)
    _store(run, planned, notes=located.notes)


def _silent(_: int) -> None:
    pass


def _plan(run: ImportRun, located: Located, *, progress: Any = _silent, lock: bool = False) -> list[Planned]:
    return kind_of(run).plan(
        located, by=run.by, target=run.target, choices=run.choices, progress=progress, lock=lock
    )  # fmt: skip


def digest(planned: list[Planned]) -> str:
    """Tells two previews apart."""
    content = [[row.record.key, row.state.value, row.label, row.changes, row.problems, row.offer] for row in planned]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


@transaction.atomic
def _store(run: ImportRun, planned: list[Planned], *, notes: list[str], message: str = "") -> None:
    run.rows.all().delete()
    for begin in range(0, len(planned), STORED_AT_ONCE):
        ImportRow.objects.bulk_create(
            ImportRow(
                run=run,
                place=place,
                sheet=row.record.sheet,
                number=row.record.number,
                state=row.state,
                label=row.label,
                changes=row.changes,
                problems=row.problems,
                offer=row.offer,
            )
            for place, row in enumerate(planned[begin : begin + STORED_AT_ONCE], start=begin + 1)
        )
    run.counts = Counter(row.state.value for row in planned)
    run.notes = notes
    run.digest = digest(planned)
    run.done = run.total
    run.message = message
    run.status = Status.READY
    run.touched_at = clock.machine_now()
    run.save(update_fields=["counts", "notes", "digest", "done", "message", "status", "touched_at"])


@task()
def carry_on(key: str) -> str:
    """Check or save the import that waits; answers with the state it came to. Run twice it does no harm."""
    run = ImportRun.objects.select_related("by").filter(pk=key).first()
    if run is None:
        return ""
    carry_on_now(run)
    run.refresh_from_db()
    return str(run.status)


# ---------------------------------------------------------------- the person decides


def _move(run: ImportRun, to: Status, *, among: tuple[Status, ...], **values: Any) -> None:
    """Compare-and-set: a second click, or another tab, changes nothing."""
    moved = ImportRun.objects.filter(pk=run.pk, status__in=among)
    if not moved.update(status=to, touched_at=clock.machine_now(), **values):
        raise NotNow("Lần nhập này đã được xử lý ở một cửa sổ khác; xem trạng thái hiện tại dưới đây.")
    run.refresh_from_db()


def choose(run: ImportRun, choices: Mapping[str, bool], *, by: User) -> None:
    """Take or refuse offered corrections, then look at all rows again; what was chosen before stays."""
    _own(run, by)
    _move(run, Status.CHECKING, among=(Status.READY,), choices={**run.choices, **choices}, done=0)
    _go_on(run)


def drop(run: ImportRun, *, by: User) -> None:
    """Give an import up that was not confirmed; its file goes at once."""
    _own(run, by)
    _move(run, Status.DROPPED, among=(Status.READY,))
    _forget(run)


def _own(run: ImportRun, by: User) -> None:
    if run.by_id != by.pk:
        raise PermissionDenied
    kind_of(run).require(by)


def blockers(run: ImportRun) -> list[str]:
    """Why a preview cannot be confirmed; empty when it can."""
    found = []
    if errors := run.count(State.ERROR):
        found.append(f"Còn {errors} dòng lỗi: sửa trong tệp rồi tải lên lần nữa; chưa nhập dòng nào.")
    if open_ := run.count(State.ASK):
        found.append(f"Còn {open_} dòng cần chọn giữ hay sửa tên.")
    if not any(run.count(state) for state in TAKES_PART):
        found.append("Không có dòng nào mới hoặc thay đổi.")
    if run.uploaded_at <= clock.now() - CONFIRMABLE:
        found.append("Bản xem trước đã quá hai ngày; tải tệp lên lần nữa.")
    return found


def confirm(run: ImportRun, *, by: User, seen: str) -> None:
    """Save everything, or let the worker do so. Raises NotNow where the preview is not what was seen or has faults."""
    _own(run, by)
    if reasons := blockers(run):
        raise NotNow(" ".join(reasons))
    if seen != run.digest:
        raise NotNow(CHANGED_MEANWHILE)
    _move(run, Status.SAVING, among=(Status.READY,))
    _go_on(run)


def save(run: ImportRun, located: Located | None = None) -> None:
    """One transaction: plan anew over locked rows, and save only what comes out as it was shown; one event.

    Where it does not, nothing is saved and the new preview waits for its person.
    """
    located = located or _located(run)
    try:
        with transaction.atomic():
            kind_of(run).require(run.by)
            waiting = ImportRun.objects.select_for_update(of=("self",)).filter(pk=run.pk, status=Status.SAVING)
            if not waiting.exists():
                return
            planned = _plan(run, located, lock=True)
            if digest(planned) == run.digest:
                _save(run, planned)
                return
    except IntegrityError:
        # Somebody else was quicker by a moment: the next look shows what.
        planned = _plan(run, located)
    _store(run, planned, notes=located.notes, message=CHANGED_MEANWHILE)


def _save(run: ImportRun, planned: list[Planned]) -> None:
    kind = kind_of(run)
    rows, data = kind.apply(planned, by=run.by, target=run.target)
    event = journal.record(
        "import.done",
        subject=run,
        by=run.by,
        label=f"{kind.title}: {run.name}",
        data={"kind": kind.code, "file": run.name, "sha256": run.sha256, "counts": run.counts, **data, "rows": rows},
    )
    ImportRun.objects.filter(pk=run.pk).update(
        status=Status.DONE, confirmed_at=clock.now(), event=event, touched_at=clock.machine_now()
    )
    run.refresh_from_db()


def undo(run: ImportRun, *, by: User) -> None:
    """Take a whole import back; itself an event. Raises CannotUndo where anything of it changed since, NotNow twice."""
    _own(run, by)
    with transaction.atomic():
        _move(run, Status.UNDONE, among=(Status.DONE,), undone_at=clock.now())
        if run.event is None:
            raise NotNow("Lần nhập này không có sự kiện trong nhật ký.")
        data = run.event.data
        try:
            with transaction.atomic():
                kind_of(run).undo(data["rows"], data, by=by)
                # What still points to a removed row shows only at the end of a transaction, which would be too late.
                connection.check_constraints()
        except IntegrityError as error:
            raise CannotUndo(["Có dữ liệu khác đã gắn với nội dung của lần nhập này."]) from error
        journal.record(
            "import.undone",
            subject=run,
            by=by,
            label=run.event.subject_label,
            data={"undone": run.event.pk, "rows": len(data["rows"])},
        )


# ---------------------------------------------------------------- tidying


def _forget(run: ImportRun) -> None:
    run.rows.all().delete()
    if run.file:
        storage, name = run.file.storage, str(run.file.name)
        transaction.on_commit(lambda: storage.delete(name))
    ImportRun.objects.filter(pk=run.pk).update(file="")


def forget_old() -> int:
    """Remove files and rows of imports long past, and previews that nobody confirmed; the log stays."""
    old = ImportRun.objects.filter(uploaded_at__lt=clock.now() - KEPT).exclude(file="")
    stale = ImportRun.objects.filter(status=Status.READY, uploaded_at__lte=clock.now() - CONFIRMABLE)
    forgotten = 0
    for run in {run.pk: run for run in (*old, *stale)}.values():
        ImportRun.objects.filter(pk=run.pk, status__in=[Status.READY, Status.CHECKING]).update(status=Status.DROPPED)
        _forget(run)
        forgotten += 1
    return forgotten
