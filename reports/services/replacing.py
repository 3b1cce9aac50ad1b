"""Replacing an issued notice by a new one that names it: begin, give up, and the end of the old one."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from communes import clock, journal
from communes.models import User
from inspections import services as inspections
from inspections.models import Dossier

from .. import wording, workflow
from ..compose import Composition
from ..models import IssuedDocument, Notice, NoticeSection, Recipient, Recommendation
from ..workflow import Incomplete, NotAllowed
from . import papers
from .drafting import DETAILS

Kind = NoticeSection.Kind
# What the new notice has from the old one, besides its text.
COPIED = ("round", "authority", "kind_code", "kind", "inspection", *DETAILS)
TOKEN = f"{{{wording.REPLACED}}}"


@transaction.atomic
def start_replacement(notice: Notice, *, reason: str, by: User) -> Notice:
    """A draft with the text of an issued notice that is going to replace it, its figures bound anew.

    Until it is issued the old one stands as it is; its dossiers may be reopened by the head meanwhile. Raises
    Incomplete without a reason or when one is being written already, NotAllowed, StaleState.
    """
    _require_composer(notice, by)
    if notice.status not in workflow.MOVES["supersede"].from_:
        raise workflow.stale(notice)
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do thay thế.")
    workflow.hold(notice)
    now = clock.now()
    made = Notice(
        **{name: getattr(notice, name) for name in COPIED},
        supersedes=notice,
        replace_reason=reason.strip(),
        composed_by=by,
        composed_at=now,
        changed_by=by,
        changed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise Incomplete(f"Đang có văn bản được soạn để thay thế {notice}, hoặc cùng loại cho đợt này.") from error
    _copy_text(notice, made)
    inspections.release_for_replacement(notice.round, notice=str(notice), by=by)
    _record("notice.replacement_started", made, by, replaces=str(notice), reason=made.replace_reason)
    return made


def _copy_text(notice: Notice, made: Notice) -> None:
    sections = [
        NoticeSection(notice=made, kind=row.kind, level=row.level, heading=row.heading, body=row.body)
        for row in notice.sections.all()
    ]
    preamble = next((row for row in sections if row.kind == Kind.PREAMBLE), None)
    if preamble is None:
        preamble = NoticeSection(notice=made, kind=Kind.PREAMBLE)
        sections.insert(0, preamble)
    preamble.body = naming(preamble.body, made.kind)
    for place, row in enumerate(sections):
        row.position = place
    NoticeSection.objects.bulk_create(sections)
    Recommendation.objects.bulk_create(
        Recommendation(notice=made, position=row.position, addressee=row.addressee, agency=row.agency, text=row.text)
        for row in notice.recommendations.select_related("agency")
    )
    Recipient.objects.bulk_create(
        Recipient(notice=made, position=row.position, text=row.text) for row in notice.recipients.all()
    )


def naming(preamble: str, kind: str) -> str:
    """A preamble with the sentence that names the notice replaced: before the words that lead over to the text."""
    if wording.REPLACED in map(wording.key_of, wording.TOKEN.findall(preamble)):
        return preamble
    rows = preamble.splitlines()
    leads_over = bool(rows) and rows[-1].rstrip().endswith(":")
    rows.insert(len(rows) - leads_over, f"{kind} này thay thế {TOKEN}.")
    return "\n".join(rows)


def lacks(composition: Composition) -> list[str]:
    """What a replacing notice still owes to the one it replaces, in sentences; [] for any other notice."""
    old = composition.notice.supersedes
    if old is None or wording.REPLACED in composition.figures:
        return []
    return [f"Nội dung chưa nêu {old} là văn bản được thay thế: chèn {TOKEN} vào phần mở đầu."]


def supersede(notice: Notice, *, by: User) -> None:
    """Mark the notice that this one replaces, if any, in the transaction of its issue; its dossiers lock again."""
    old = notice.supersedes
    if old is not None:
        workflow.move(old, "supersede", by=by, data={"replaced_by": str(notice), "reason": notice.replace_reason})
        inspections.end_replacement(notice.round, notice=str(old), by=by)


# ---------------------------------------------------------------- giving up


@transaction.atomic
def abandon_replacement(notice: Notice, *, reason: str, by: User) -> Notice:
    """Give up a replacing draft: the old notice stays in force, and is what this returns.

    Its words go into the journal. Only as long as the old one still tells what was concluded, and no number was given.
    """
    _require_composer(notice, by)
    old = notice.supersedes
    if old is None:
        raise ValueError(f"{notice} replaces nothing")
    if not notice.is_editable:
        raise workflow.stale(notice)
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do bỏ bản thay thế.")
    workflow.hold(notice)
    inspections.hold_for_notice(notice.round)
    if found := unfinished(notice):
        raise Incomplete(*found)
    words = [{"heading": row.heading, "body": row.body} for row in notice.sections.all()]
    _record("notice.replacement_abandoned", notice, by, replaces=str(old), reason=reason.strip(), sections=words)
    try:
        notice.delete()
    except ProtectedError as error:
        raise Incomplete("Bản thay thế này đã có tệp ký số được lưu, không bỏ được; hoàn thành và ban hành.") from error
    inspections.end_replacement(old.round, notice=str(old), by=by)
    return old


def unfinished(notice: Notice) -> list[str]:
    """Why a replacing draft can no longer be given up, in sentences."""
    found = []
    if notice.number is not None:
        found.append(f"Đã cấp số {notice.code}; số giữ nguyên theo văn bản, nên phải ban hành.")
    if changed := changed_since(notice):
        found.append(
            f"Kết luận không còn như trong {notice.supersedes} ({'; '.join(changed)}); "
            "hoàn thành và ban hành thông báo thay thế."
        )
    return found


def changed_since(notice: Notice) -> list[str]:
    """Names of the dossiers whose conclusion is another one, or none, since the notice replaced was issued."""
    old = notice.supersedes
    if old is None:
        return []
    issued = old.documents.get(rendition=IssuedDocument.Rendition.FINAL).facts or {}
    now = papers.stand_of(Composition(old))
    before, present = ({tuple(row) for row in stand["dossiers"]} for stand in (issued, now))
    rows = Dossier.objects.with_context().filter(pk__in={pk for pk, _ in before ^ present})
    names = [str(dossier) for dossier in rows]
    units = set(issued["left_out"].items()) ^ set(now["left_out"].items())
    return names or sorted({unit for unit, _ in units})


# ---------------------------------------------------------------- shared


def _require_composer(notice: Notice, by: User) -> None:
    if not workflow.composes(notice, by):
        raise NotAllowed("Chỉ Văn phòng Điều phối của cơ quan này được soạn thông báo thay thế.")


def _record(action: str, notice: Notice, by: User, **data: Any) -> None:
    journal.record(action, subject=notice, by=by, chain=journal.round_chain(notice.round.code), data=data)
