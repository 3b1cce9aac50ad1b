"""Writing a notice: begin, text section by section, recommendations, recipients, letterhead and signer."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from communes import clock, journal
from communes.models import Agency, User
from inspections.models import Inspection, InspectionRound
from inspections.services import close_record
from inspections.workflow import written_time

from .. import kinds, outline, telling, wording, workflow
from ..facts import facts_of, signers
from ..kinds import Kind, Signer
from ..models import Notice, NoticeSection, Recipient, Recommendation
from ..outline import Outline
from ..wording import Palette, Person, RoundFacts, palette_of
from ..workflow import Incomplete, StaleState

# Several times the longest part of a real notice; more is a pasted mistake that would hold up every reader's page.
LONGEST_PART = 30_000
# Saves of one section by one person within this time are one event of the journal.
ONE_EVENT_WITHIN = timedelta(minutes=10)
DETAILS = (
    *("parent_name", "issuer_name", "symbol", "place", "subject"),
    *("signer_authority", "signer_post", "signer_name"),
    *("cosigner_authority", "cosigner_post", "cosigner_name", "prints_code"),
)
SectionKind = NoticeSection.Kind


class Conflict(StaleState):
    """Somebody saved the same section meanwhile; `stored` is the section as it is now. Nothing was changed."""

    def __init__(self, stored: NoticeSection) -> None:
        when = written_time(stored.changed_at)
        super().__init__(f"Phần “{stored}” đã được {stored.changed_by} lưu lúc {when}. Xin chọn nội dung giữ lại.")
        self.stored = stored


@transaction.atomic
def create_notice(
    round_: InspectionRound, *, by: User, kind: str = kinds.NOTICE, inspection: Inspection | None = None
) -> Notice:
    """A draft of a kind of document, composed from the round's data, with its figures bound.

    inspection: of which commune, for a kind that tells of one. Raises Incomplete when there already is such a
    document, issued or not, and NotAllowed.
    """
    notice = _new(round_, kinds.of(kind), inspection)
    workflow.require_composer(notice, by)
    if round_.status not in (InspectionRound.Status.OPEN, InspectionRound.Status.CLOSED):
        raise Incomplete(f"Đợt kiểm tra {round_.get_status_display().lower()}, không soạn {notice.kind.lower()} được.")
    others = Notice.objects.filter(round=round_, kind_code=kind, inspection=inspection)
    issued = others.filter(status=Notice.Status.ISSUED).first()
    if issued:
        raise Incomplete(f"Kết quả của {'cuộc kiểm tra' if inspection else 'đợt'} này đã công bố trong {issued}.")
    facts = facts_of(round_, inspection)
    palette = palette_of(facts)
    text = telling.first_draft(notice.prescribed.outline, facts, palette)
    _prescribe(notice, facts, palette)
    notice.composed_by = notice.changed_by = by
    notice.composed_at = notice.changed_at = clock.now()
    try:
        with transaction.atomic():
            notice.save(force_insert=True)
    except IntegrityError as error:
        raise Incomplete(
            f"{'Cuộc kiểm tra' if inspection else 'Đợt'} này đang có một {notice.kind.lower()} chưa ban hành; "
            f"mở {notice.kind.lower()} đó để soạn tiếp."
        ) from error
    text.recipients = text.recipients or _first_recipients(notice, palette)
    _write(notice, text)
    if inspection:
        close_record(inspection)
    _record("notice.created", notice, by, subject=notice.subject, kind=kind)
    return notice


def _new(round_: InspectionRound, kind: Kind, inspection: Inspection | None) -> Notice:
    """An unsaved document of a round, with the letterhead of the team or of the authority."""
    if kind.is_of_inspection != (inspection is not None) or (inspection and inspection.round_id != round_.pk):
        raise ValueError(f"{kind.code} is a document of one {kind.scope}")
    authority = round_.authority
    is_teams = kind.letterhead == kinds.TEAM and bool(round_.team_name)
    issuer = round_.team_name if is_teams else authority.letterhead
    return Notice(
        round=round_,
        authority=authority,
        inspection=inspection,
        kind_code=kind.code,
        kind=kind.name,
        parent_name=authority.letterhead if is_teams else "",
        issuer_name=outline.letterhead(issuer.upper()),
        symbol=kind.symbol_of(authority),
        place=authority.locality,
    )


def _prescribe(notice: Notice, facts: RoundFacts, palette: Palette) -> None:
    """Subject and signers as the kind prescribes them, with the figures of now."""
    kind = notice.prescribed
    notice.subject = wording.fill(kind.subject, palette)
    people = signers(notice.round, facts)
    notice.signer_authority, notice.signer_post, notice.signer_name = _signs(kind.signer, notice, palette, people)
    if kind.cosigner:
        told = _signs(kind.cosigner, notice, palette, people)
        notice.cosigner_authority, notice.cosigner_post, notice.cosigner_name = told


def _signs(signer: Signer, notice: Notice, palette: Palette, people: dict[str, Person]) -> tuple[str, str, str]:
    own = getattr(notice.authority, signer.authority_field) if signer.authority_field else ""
    person = people.get(signer.who, Person("", ""))
    return wording.fill(own or signer.authority, palette).upper(), person.post.upper(), person.name


def _first_recipients(notice: Notice, palette: Palette) -> list[str]:
    """Those of the last document of this kind, where the kind keeps them; else as the kind prescribes."""
    kind = notice.prescribed
    if kind.keeps_recipients:
        rows = Notice.objects.filter(authority=notice.authority, kind_code=kind.code, status=Notice.Status.ISSUED)
        last = rows.order_by("-issued_on", "-pk").first()
        if last:
            return list(last.recipients.values_list("text", flat=True))
    return [wording.fill(text, palette) for text in kind.recipients_at(notice.authority.kind)]


@transaction.atomic
def draft_again(notice: Notice, *, version: int, by: User) -> Notice:
    """Compose a draft anew from the data of now, as it was shown in `version`; its words stay in the journal.

    For a draft begun before everything was concluded. Letterhead, signers and recipients stay.
    """
    notice.version = version
    _touch(notice, by)
    old = list(notice.sections.order_by("position").values_list("heading", "body"))
    asked = list(notice.recommendations.values_list("addressee", "text"))
    facts = facts_of(notice.round, notice.inspection)
    text = telling.first_draft(notice.prescribed.outline, facts, palette_of(facts))
    text.recipients = list(notice.recipients.values_list("text", flat=True))
    for rows in (notice.sections, notice.recommendations, notice.recipients):
        rows.all().delete()
    _write(notice, text)
    if notice.inspection:
        close_record(notice.inspection)
    _record("notice.drafted_again", notice, by, old=old, recommendations=asked)
    return notice


@transaction.atomic
def replace_text(notice: Notice, text: Outline, *, by: User) -> Notice:
    """Put a whole written text in place of all sections, recommendations and recipients of a draft."""
    _touch(notice, by)
    notice.sections.all().delete()
    notice.recommendations.all().delete()
    notice.recipients.all().delete()
    _write(notice, text)
    _record("notice.text_replaced", notice, by, sections=len(text.sections))
    return notice


def _write(notice: Notice, text: Outline) -> None:
    NoticeSection.objects.bulk_create(
        NoticeSection(
            notice=notice, position=place, kind=part.kind, level=part.level, heading=part.heading, body=part.body
        )
        for place, part in enumerate(text.sections)
    )
    _write_recommendations(notice, text.recommendations)
    _write_recipients(notice, text.recipients)


# ---------------------------------------------------------------- sections


@transaction.atomic
def save_section(section: NoticeSection, *, heading: str, body: str, version: int, by: User) -> NoticeSection:
    """Save what was typed in a section, with the version it was typed on. Raises Conflict, NotAllowed, StaleState."""
    _require_draft(section.notice, by)
    old = {"heading": section.heading, "body": section.body}
    new = {"heading": heading.strip(), "body": body.strip()}
    if old == new:
        return section
    if new["body"] != old["body"] and (lack := too_long(new["body"])):
        raise Incomplete(lack)
    now = clock.now()
    last = section.changed_at
    # The notice is held before its section, as by whoever moves or removes one: two people never wait for each other.
    Notice.objects.select_for_update(of=("self",)).only("pk").get(pk=section.notice_id)
    is_new_burst = last is None or section.changed_by_id != by.pk or now - last > ONE_EVENT_WITHIN
    changed = NoticeSection.objects.filter(pk=section.pk, version=version).update(
        **new, changed_by=by, changed_at=now, version=F("version") + 1
    )
    if not changed:
        raise Conflict(NoticeSection.objects.select_related("changed_by", "notice").get(pk=section.pk))
    for name, value in {**new, "changed_by": by, "changed_at": now, "version": version + 1}.items():
        setattr(section, name, value)
    _advance(section.notice, by)
    if is_new_burst:
        # The text at the end of a burst is the `old` of the next one, or stands in the approved notice.
        _record("notice.section_changed", section.notice, by, section=section.pk, old=old)
    return section


@transaction.atomic
def add_section(notice: Notice, *, after: NoticeSection | None, level: int, heading: str, by: User) -> NoticeSection:
    """Add an empty section behind another one (None: before the recommendations or at the end)."""
    _touch(notice, by)
    rows = list(notice.sections.all())
    last = next((row for row in rows if row.kind in (SectionKind.RECOMMENDATIONS, SectionKind.CLOSING)), None)
    place = rows.index(after) + 1 if after in rows else rows.index(last) if last else len(rows)
    section = NoticeSection(notice=notice, position=place, level=level, heading=heading.strip())
    rows.insert(place, section)
    section.save()
    _renumber(rows)
    _record("notice.section_added", notice, by, section=section.pk, heading=heading)
    return section


@transaction.atomic
def remove_section(section: NoticeSection, *, by: User) -> None:
    """Remove a section of the text; its words stay in the journal."""
    _touch(section.notice, by)
    if section.kind != SectionKind.SECTION:
        raise Incomplete("Chỉ xóa được các mục; phần mở đầu, kiến nghị và kết thúc để trống nếu không dùng.")
    _record("notice.section_removed", section.notice, by, heading=section.heading, body=section.body)
    section.delete()


@transaction.atomic
def move_section(section: NoticeSection, *, up: bool, by: User) -> None:
    """Exchange a section with the one before or after it."""
    _touch(section.notice, by)
    rows = list(section.notice.sections.all())
    place = rows.index(section)
    other = place - 1 if up else place + 1
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
        _renumber(rows)
        _record("notice.section_moved", section.notice, by, section=section.pk, heading=section.heading, up=up)


def _renumber(rows: Sequence[NoticeSection]) -> None:
    for place, row in enumerate(rows):
        row.position = place
    NoticeSection.objects.bulk_update(rows, ["position"])


# ---------------------------------------------------------------- recommendations, recipients, details


@transaction.atomic
def save_recommendations(
    notice: Notice, rows: Sequence[tuple[str, str]], *, by: User, shown: str | None = None
) -> None:
    """Replace the recommendations of a draft by (addressee, text) in their order.

    shown: `recommendations_seen` of those the person began from; StaleState when they are others by now.
    """
    changed_by, changed_at = notice.changed_by, notice.changed_at
    _touch(notice, by)
    old = list(notice.recommendations.values_list("addressee", "text"))
    if shown is not None and shown != recommendations_seen(old):
        when = written_time(changed_at)
        raise StaleState(f"Các kiến nghị vừa được sửa ở nơi khác; thông báo do {changed_by} lưu lúc {when}.")
    kept = [(addressee.strip(), text.strip()) for addressee, text in rows if text.strip()]
    if any(not addressee for addressee, _ in kept):
        raise Incomplete("Mỗi kiến nghị phải có nơi thực hiện.")
    if lack := too_long("".join(text for _, text in kept)):
        raise Incomplete(lack)
    notice.recommendations.all().delete()
    _write_recommendations(notice, kept)
    if old != kept:
        _record("notice.recommendations_changed", notice, by, old=old)


def too_long(text: str) -> str:
    """What is amiss with a part longer than LONGEST_PART, in a sentence; "" where it is not."""
    if len(text) <= LONGEST_PART:
        return ""
    written, most = f"{len(text):,}".replace(",", "."), f"{LONGEST_PART:,}".replace(",", ".")
    return f"Nội dung dài {written} ký tự, tối đa {most}. Chia thành nhiều mục, hoặc bỏ phần dán nhầm."


def recommendations_seen(rows: Iterable[tuple[str, str]]) -> str:
    """A short sign of recommendations as they stand: other ones have another."""
    return sha256(json.dumps([list(row) for row in rows], ensure_ascii=False).encode()).hexdigest()[:16]


@transaction.atomic
def save_recipients(notice: Notice, lines: Sequence[str], *, by: User) -> None:
    """Replace the recipients of a draft; dashes and the signs at the ends are set when printing."""
    _touch(notice, by)
    old = list(notice.recipients.values_list("text", flat=True))
    kept = [text for text in (line.strip().removeprefix("- ").rstrip(";. ") for line in lines) if text]
    notice.recipients.all().delete()
    _write_recipients(notice, kept)
    if old != kept:
        _record("notice.recipients_changed", notice, by, old=old)


@transaction.atomic
def save_details(
    notice: Notice, *, version: int, by: User, recipients: Sequence[str] | None = None, **fields: Any
) -> Notice:
    """Save letterhead, symbol, place, subject and signer of a draft, typed on `version` of the notice.

    recipients: as of `save_recipients`, saved with the rest or not at all; None leaves them.
    """
    if unknown := set(fields) - set(DETAILS):
        raise ValueError(f"not a detail of a notice: {unknown}")
    notice.version = version
    _touch(notice, by)
    if notice.number is not None and fields.get("symbol", notice.symbol) != notice.symbol:
        raise Incomplete(f"Đã cấp số {notice.code}; số thuộc dãy số của ký hiệu này nên không đổi ký hiệu được.")
    old = {name: getattr(notice, name) for name in fields if getattr(notice, name) != fields[name]}
    if old:
        Notice.objects.filter(pk=notice.pk).update(**fields)
        for name, value in fields.items():
            setattr(notice, name, value)
        _record("notice.details_changed", notice, by, old=old)
    if recipients is not None:
        save_recipients(notice, recipients, by=by)
    return notice


def _write_recommendations(notice: Notice, rows: Sequence[tuple[str, str]]) -> None:
    agencies = {row.name: row for row in Agency.objects.filter(authority=notice.authority)}
    Recommendation.objects.bulk_create(
        Recommendation(notice=notice, position=place, addressee=addressee, agency=agencies.get(addressee), text=text)
        for place, (addressee, text) in enumerate(rows)
    )


def _write_recipients(notice: Notice, lines: Sequence[str]) -> None:
    Recipient.objects.bulk_create(
        Recipient(notice=notice, position=place, text=text) for place, text in enumerate(lines)
    )


# ---------------------------------------------------------------- shared


def _require_draft(notice: Notice, by: User) -> None:
    workflow.require_composer(notice, by)
    if not notice.is_editable:
        raise workflow.stale(notice)


def _touch(notice: Notice, by: User) -> None:
    """Take the notice for a change: it must still be the draft that was read."""
    _require_draft(notice, by)
    workflow.hold(notice)
    _advance(notice, by)


def _advance(notice: Notice, by: User) -> None:
    now = clock.now()
    changed = Notice.objects.filter(pk=notice.pk, status=Notice.Status.DRAFT).update(
        version=F("version") + 1, changed_by=by, changed_at=now
    )
    if not changed:
        raise workflow.stale(notice)
    notice.version, notice.changed_by, notice.changed_at = notice.version + 1, by, now


def _record(action: str, notice: Notice, by: User, **data: Any) -> None:
    journal.record(action, subject=notice, by=by, chain=journal.round_chain(notice.round.code), data=data)
