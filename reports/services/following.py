"""Following up recommendations: items made at issue, progress with proof, due dates, how each ends."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import F

from communes import clock, journal
from communes.models import Agency, Commune, Event, User
from communes.permissions import Permission
from inspections import evidence as rules
from inspections import services as inspections
from inspections.models import Evidence, Inspection
from inspections.workflow import written_time

from .. import kinds, news, offices
from ..content import NoticeContent
from ..facts import previous_notice
from ..following import Addressed, addressed, carried, printed, same_matter
from ..models import FollowUp, FollowUpNote, FollowUpProof, Notice, Recommendation
from ..models.follow_ups import RUNNING
from ..workflow import Incomplete, NotAllowed, StaleState

Kind = FollowUpNote.Kind
Status = Recommendation.Status
LONGEST_NOTE = 5_000
MOST_FILES = 10
NOT_USABLE = (Evidence.Scan.INFECTED, Evidence.Scan.PENDING)


# ---------------------------------------------------------------- who may


def keeps(item: FollowUp, user: User) -> bool:
    """Whether the person sets due dates and closes items: a coordinator of the authority, or of one above it."""
    return offices.keeps(item.recommendation.notice.authority, user)


def speaks_for(item: FollowUp, user: User) -> tuple[Commune | None, Agency | None]:
    """For whom of its addressees the person reports progress; none for others."""
    communes = user.scope("commune", needs=Permission.DOSSIER_EDIT)
    agencies = user.scope("agency", needs=Permission.OPINION_GIVE)
    commune = next((row for row in item.communes.all() if row.pk in communes), None)
    agency = next((row for row in item.agencies.all() if row.pk in agencies), None) if not commune else None
    return commune, agency


# ---------------------------------------------------------------- made at issue


def open_items(notice: Notice, content: NoticeContent, event: Event, *, by: User) -> list[FollowUp]:
    """An item for each recommendation of a notice that is being issued, in its transaction.

    Items of the notice that it replaces go on in those that say the same, with all they have; the others end as
    replaced. What takes up a recommendation of the notice before carries that one over.
    """
    rows = list(notice.recommendations.select_related("agency").order_by("position", "pk"))
    sections = [
        {"heading": section.heading, "blocks": [{"text": block.text} for block in section.blocks]}
        for section in content.sections
    ]
    texts = printed([(row.addressee, row.text) for row in rows], sections)
    names, communes, active = _places(notice)
    items = [
        FollowUp(recommendation=row, text=text, changed_by=by, changed_at=event.at)
        for row, text in zip(rows, texts, strict=True)
    ]
    whom = [_addressed(row, names, communes, active) for row in rows]
    _go_on(notice, items, whom, event, by)
    _carry(notice, items, event, by)
    FollowUp.objects.bulk_create(items)
    _put_to(items, whom)
    if items:
        news.recommended(event, notice, items)
    return items


def _put_to(items: list[FollowUp], whom: list[Addressed]) -> None:
    agencies, communes = FollowUp.agencies.through, FollowUp.communes.through
    pairs = list(zip(items, whom, strict=True))
    agencies.objects.bulk_create(
        agencies(followup=item, agency_id=pk) for item, put_to in pairs for pk in sorted(put_to.agencies)
    )
    communes.objects.bulk_create(
        communes(followup=item, commune_id=pk) for item, put_to in pairs for pk in sorted(put_to.communes)
    )


def _places(notice: Notice) -> tuple[dict[int, str], dict[int, str], list[int]]:
    """Names of the authority's agencies, communes of the round or of the one inspected, agencies with indicators."""
    agencies = Agency.objects.filter(authority=notice.authority_id)
    inspected = Inspection.objects.filter(round=notice.round_id).select_related("commune")
    if notice.inspection_id:
        inspected = inspected.filter(pk=notice.inspection_id)
    active = agencies.filter(is_active=True, indicator_assignments__isnull=False).order_by().distinct()
    return (
        dict(agencies.order_by().values_list("pk", "name")),
        {row.commune_id: row.commune.phrase for row in inspected},
        list(active.values_list("pk", flat=True)),
    )


def _addressed(row: Recommendation, names: dict[int, str], communes: dict[int, str], active: list[int]) -> Addressed:
    if row.agency_id:
        return Addressed(agencies=frozenset({row.agency_id}))
    return addressed(row.addressee, names, communes, active)


def _go_on(notice: Notice, items: list[FollowUp], whom: list[Addressed], event: Event, by: User) -> None:
    """Take over what the replaced notice's items have reached."""
    if notice.supersedes_id is None:
        return
    old = list(
        FollowUp.objects.filter(recommendation__notice=notice.supersedes_id)
        .select_related("recommendation__notice")
        .prefetch_related("agencies", "communes")
        .order_by("recommendation__position", "pk")
    )
    told = [(row.recommendation.addressee, row.text) for row in old]
    same = same_matter([(item.recommendation.addressee, item.text) for item in items], told)
    for place, at in same.items():
        item, before = items[place], old[at]
        item.continues, item.due_on = before, before.due_on
        item.closed_by_id, item.closed_at = before.closed_by_id, before.closed_at
        whom[place] = Addressed(
            frozenset(row.pk for row in before.agencies.all()), frozenset(row.pk for row in before.communes.all())
        )
        _set_status(item.recommendation, before.recommendation.status)
    FollowUp.objects.filter(pk__in=[row.pk for row in old]).update(replaced_at=event.at, version=F("version") + 1)
    notes = []
    for at, before in enumerate(old):
        where = "theo dõi tiếp ở kiến nghị tương ứng" if at in same.values() else "không còn kiến nghị này"
        text = f"{before.recommendation.notice} được thay thế bằng {notice}: {where}."
        notes.append(FollowUpNote(follow_up=before, kind=Kind.REPLACED, text=text, by=by, at=event.at))
    FollowUpNote.objects.bulk_create(notes)


def _carry(notice: Notice, items: list[FollowUp], event: Event, by: User) -> None:
    """Let go of what this notice asks for again: it is followed here from now on."""
    if notice.kind_code != kinds.NOTICE:
        return
    before = previous_notice(notice.round)
    if before is None:
        return
    old = list(
        FollowUp.objects.filter(recommendation__notice=before)
        .select_related("recommendation__notice")
        .order_by("recommendation__position", "pk")
    )
    taken = set(FollowUp.objects.filter(continues__in=old).values_list("continues", flat=True))
    wanted = carried([item.recommendation.text for item in items])
    for place, at in wanted.items():
        item, earlier = items[place], old[at] if at < len(old) else None
        if item.continues or earlier is None or earlier.pk in taken or earlier.status == Status.DONE:
            continue
        taken.add(earlier.pk)
        item.continues = earlier
        _set_status(earlier.recommendation, Status.CARRIED_OVER)
        FollowUp.objects.filter(pk=earlier.pk).update(closed_by=by, closed_at=event.at, version=F("version") + 1)
        text = f"Tiếp tục yêu cầu thực hiện tại {notice}."
        FollowUpNote.objects.create(follow_up=earlier, kind=Kind.CARRIED_OVER, text=text, by=by, at=event.at)


def _set_status(row: Recommendation, status: str) -> None:
    if row.status != status:
        Recommendation.objects.filter(pk=row.pk).update(status=status)
        row.status = status


# ---------------------------------------------------------------- progress


@transaction.atomic
def add_note(
    item: FollowUp,
    *,
    text: str,
    version: int,
    by: User,
    evidence: Collection[Evidence] = (),
    uploads: Sequence[File] = (),
) -> FollowUpNote:
    """Report progress for one's commune or agency, or write down what the office knows; work begins by it.

    evidence: pieces of the commune's library; uploads: new files, which a commune keeps in its library. Raises
    NotAllowed, Incomplete, UploadRefused; StaleState when anything was written since `version` was shown.
    """
    commune, agency = speaks_for(item, by)
    if not (commune or agency or keeps(item, by)):
        raise NotAllowed("Chỉ nơi được giao thực hiện và Văn phòng Điều phối được ghi tiến độ kiến nghị này.")
    text = _words(text, "Chưa ghi tiến độ thực hiện.")
    if len(evidence) + len(uploads) > MOST_FILES:
        raise Incomplete(f"Mỗi lần ghi đính kèm tối đa {MOST_FILES} minh chứng.")
    _advance(item, version, by, running=True)
    status = item.status
    note = FollowUpNote.objects.create(follow_up=item, text=text, commune=commune, agency=agency, by=by, at=clock.now())
    pieces = list(evidence)
    if commune:
        pieces += [inspections.add_evidence(commune, upload, meta={}, by=by).evidence for upload in uploads]
    names = _prove_by_pieces(note, pieces, commune)
    if not commune:
        names += _prove_by_files(note, uploads)
    if status == Status.OPEN:
        _move(item, Status.DOING)
    event = _record("follow_up.noted", item, by, text=text, proofs=names)
    news.progressed(event, item, note)
    return note


def _prove_by_pieces(note: FollowUpNote, pieces: Iterable[Evidence], commune: Commune | None) -> list[str]:
    """Pieces of the commune's own library; from now on they are kept, for somebody has been shown them."""
    chosen = list({piece.pk: piece for piece in pieces}.values())
    for piece in chosen:
        if commune is None or piece.commune_id != commune.pk:
            raise NotAllowed("Chỉ dùng được minh chứng trong kho của xã mình.")
        if piece.scan in NOT_USABLE:
            raise Incomplete(f"Chưa dùng được {piece.label}: {piece.get_scan_display().lower()}.")
    Evidence.objects.filter(pk__in=[piece.pk for piece in chosen], is_kept=False).update(is_kept=True)
    FollowUpProof.objects.bulk_create(
        FollowUpProof(
            note=note,
            evidence=piece,
            name=piece.label[:300],
            content_type=piece.content_type,
            size=piece.size,
            sha256=piece.sha256,
        )
        for piece in chosen
    )
    return [piece.label for piece in chosen]


def _prove_by_files(note: FollowUpNote, uploads: Sequence[File]) -> list[str]:
    """Files of an agency or the office, looked into like evidence; those of an act that fails are removed again."""
    names: dict[str, str] = {}
    with _removed_on_failure() as stored:
        for upload in uploads:
            found = rules.check(upload)
            if found.sha256 in names:
                continue
            names[found.sha256] = found.name
            proof = FollowUpProof(
                note=note, name=found.name, content_type=found.content_type, size=found.size, sha256=found.sha256
            )
            proof.file.save(found.name, upload, save=False)
            stored.append(proof)
            proof.save(force_insert=True)
    return list(names.values())


@contextmanager
def _removed_on_failure() -> Iterator[list[FollowUpProof]]:
    stored: list[FollowUpProof] = []
    try:
        yield stored
    except BaseException:
        for proof in stored:
            proof.file.storage.delete(str(proof.file.name))
        raise


@transaction.atomic
def record_proof_download(proof: FollowUpProof, *, by: User) -> None:
    """Write down that somebody fetched a proof: the one write that a GET makes."""
    _record("follow_up.proof_downloaded", proof.note.follow_up, by, name=proof.name, sha256=proof.sha256)


# ---------------------------------------------------------------- the office


@transaction.atomic
def set_terms(
    item: FollowUp,
    *,
    due_on: date | None,
    agencies: Collection[Agency],
    communes: Collection[Commune],
    version: int,
    by: User,
) -> FollowUp:
    """Say by when an item is to be done, and by whom. Raises NotAllowed, Incomplete, StaleState."""
    _require_office(item, by)
    if lack := item.lack_in_due(due_on):
        raise Incomplete(lack)
    old = {
        "due_on": item.due_on,
        "agencies": [str(row) for row in item.agencies.all()],
        "communes": [str(row) for row in item.communes.all()],
    }
    _advance(item, version, by, running=True, due_on=due_on)
    item.agencies.set(agencies)
    item.communes.set(communes)
    new = {"due_on": due_on, "agencies": [str(row) for row in agencies], "communes": [str(row) for row in communes]}
    if new == old:
        return item
    event = _record("follow_up.terms_set", item, by, old=old, new=new)
    news.terms_set(event, item)
    return item


@transaction.atomic
def close_item(item: FollowUp, *, note: str, version: int, by: User, carry_over: bool = False) -> FollowUp:
    """End an item as done or, carry_over, leave it to the next round; note: what was found, or why not done."""
    _require_office(item, by)
    lack = "Chưa ghi lý do chuyển đợt sau." if carry_over else "Chưa ghi kết quả thực hiện."
    text = _words(note, lack)
    now = clock.now()
    _advance(item, version, by, running=True, closed_by=by, closed_at=now)
    kind = Kind.CARRIED_OVER if carry_over else Kind.CLOSED
    _move(item, Status.CARRIED_OVER if carry_over else Status.DONE)
    FollowUpNote.objects.create(follow_up=item, kind=kind, text=text, by=by, at=now)
    event = _record("follow_up.carried_over" if carry_over else "follow_up.closed", item, by, note=text)
    news.ended(event, item, text)
    return item


@transaction.atomic
def reopen_item(item: FollowUp, *, reason: str, version: int, by: User) -> FollowUp:
    """Follow an ended item again. Not one that a later notice has taken up, or whose notice was replaced."""
    _require_office(item, by)
    text = _words(reason, "Chưa ghi lý do mở lại.")
    if (later := FollowUp.objects.filter(continues=item).select_related("recommendation__notice").first()) is not None:
        raise Incomplete(f"Kiến nghị này được theo dõi tiếp tại {later.recommendation.notice}; mở lại ở đó nếu cần.")
    if item.is_replaced or item.status in RUNNING:
        raise _stale(item)
    _advance(item, version, by, running=False, closed_by=None, closed_at=None)
    has_progress = item.notes.filter(kind=Kind.PROGRESS).exists()
    _move(item, Status.DOING if has_progress else Status.OPEN)
    FollowUpNote.objects.create(follow_up=item, kind=Kind.REOPENED, text=text, by=by, at=clock.now())
    event = _record("follow_up.reopened", item, by, reason=text)
    news.reopened(event, item, text)
    return item


# ---------------------------------------------------------------- shared


def _require_office(item: FollowUp, by: User) -> None:
    if not keeps(item, by):
        raise NotAllowed("Chỉ Văn phòng Điều phối của cơ quan này được đặt thời hạn, kết thúc và mở lại kiến nghị.")


def _words(text: str, lack: str) -> str:
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise Incomplete(lack)
    if len(words) > LONGEST_NOTE:
        raise Incomplete(f"Nội dung dài {len(words)} ký tự, tối đa {LONGEST_NOTE}; tóm tắt và đính kèm tệp.")
    return words


def _advance(item: FollowUp, version: int, by: User, *, running: bool, **columns: Any) -> None:
    """Take the item for a change: it must still be the one that was shown, followed or ended as it was then."""
    now = clock.now()
    rows = FollowUp.objects.filter(pk=item.pk, version=version, replaced_at__isnull=True)
    ids = Recommendation.objects.filter(pk=item.recommendation_id)
    ids = ids.filter(status__in=RUNNING) if running else ids.exclude(status__in=RUNNING)
    changed = rows.filter(recommendation__in=ids.order_by().values("pk")).update(
        version=F("version") + 1, changed_by=by, changed_at=now, **columns
    )
    if not changed:
        raise _stale(item)
    for column, value in {**columns, "version": version + 1, "changed_by": by, "changed_at": now}.items():
        setattr(item, column, value)
    # What was read before may be older than what is held now.
    item.recommendation.status = Recommendation.objects.values_list("status", flat=True).get(pk=item.recommendation_id)


def _move(item: FollowUp, status: str) -> None:
    source = item.recommendation.status
    if not Recommendation.objects.filter(pk=item.recommendation_id, status=source).update(status=status):
        raise _stale(item)
    item.recommendation.status = status


def _stale(item: FollowUp) -> StaleState:
    present = FollowUp.objects.select_related("recommendation", "changed_by").get(pk=item.pk)
    who = f"{present.changed_by} " if present.changed_by else ""
    when = written_time(present.changed_at) if present.changed_at else ""
    state = "Thông báo được thay thế" if present.is_replaced else present.status_label
    return StaleState(f"Kiến nghị này đã được {who}cập nhật lúc {when}, hiện là “{state}”. Xem lại rồi thực hiện lại.")


def _record(action: str, item: FollowUp, by: User, **data: Any) -> Event:
    chain = journal.round_chain(item.recommendation.notice.round.code)
    return journal.record(action, subject=item, by=by, chain=chain, data=data)
