"""Approving, sending back and issuing: the acts after which others rely on a notice."""

from dataclasses import replace
from datetime import date

from django.db import transaction

from communes import clock
from communes.models import Event, User
from inspections import services as inspections

from .. import checks, news, workflow
from ..compose import LAYOUT, Composition
from ..content import Facts
from ..models import IssuedDocument, Notice
from ..workflow import Incomplete
from . import approvals, following, numbering, papers, publication, replacing, storing
from .papers import Paper, Signed

Rendition = IssuedDocument.Rendition


@transaction.atomic
def approve_notice(notice: Notice, *, version: int, by: User) -> Notice:
    """Approve the text with its present figures, as it was shown in `version`.

    Raises Incomplete with every finding, NotAllowed, or StaleState when the text has changed since it was shown.
    """
    notice.version = version
    workflow.check(notice, "approve", by)
    workflow.hold(notice)
    inspections.hold_for_notice(notice.round)
    composition = Composition(notice)
    if found := lacks(composition):
        raise Incomplete(*found)
    digest = approved_digest(composition)
    event = workflow.move(
        notice,
        "approve",
        by=by,
        data={"content": digest},
        approved_by=by,
        approved_at=clock.now(),
        approved_sha256=digest,
        sent_back_reason="",
    )
    approvals.keep(composition, by=by)
    news.approved(event, notice)
    return notice


def lacks(composition: Composition) -> list[str]:
    """Everything that forbids approving or issuing a text, in sentences."""
    return [*map(str, checks.open_findings(checks.findings(composition))), *replacing.lacks(composition)]


def approved_digest(composition: Composition) -> str:
    """SHA-256 of everything printed but number and date, with the figures as they are now."""
    return Facts(replace(composition.undated, is_draft=False).as_facts()).sha256


@transaction.atomic
def send_back(notice: Notice, *, reason: str, by: User) -> Notice:
    """Give the notice back to its writer with a reason; an approval given before no longer holds, its number does."""
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do gửi lại.")
    workflow.hold(notice)
    event = workflow.move(
        notice,
        "send_back",
        by=by,
        data={"reason": reason},
        approved_by=None,
        approved_at=None,
        approved_sha256="",
        sent_back_reason=reason.strip(),
    )
    # A signature of a text that is being changed again is worth nothing.
    notice.signings.void(reason=f"Thông báo được gửi lại: {reason}", by=by, at=clock.now())
    news.sent_back(event, notice)
    return notice


# ---------------------------------------------------------------- issuing


def issue_notice(
    notice: Notice,
    *,
    on: date,
    by: User,
    number: int | None = None,
    signed: bytes | None = None,
    signed_blank: bytes | None = None,
) -> Notice:
    """Issue an approved notice: number, date, files with their facts, its dossiers locked, the old notice replaced.

    number: from the office's own register; None takes the next one, or the one given before. signed: the file with
    every signature, where it was signed before; signed_blank: the same before number and day were signed in. All of
    it happens or nothing: a failed rendering gives the number back, and a file whose transaction failed is removed.
    Raises Incomplete, NotAllowed, StaleState, or Refused when it cannot be printed.
    """
    workflow.check(notice, "issue", by)
    workflow.look_again(notice)
    if signed and notice.number is None:
        raise Incomplete("Bản đã ký phải được cấp số và ngày trước khi ban hành.")
    # Printed with the number it will probably get while nobody waits: writing holds the database, on SQLite all of it.
    before = Signed(signed, signed_blank) if signed else None
    ahead = _paper(notice, on, number, before)
    with transaction.atomic(), storing.files() as keep:
        numbering.hold_series(notice)
        workflow.hold(notice)
        # What is printed is what is locked afterwards; and dossiers are held before the journal, as everywhere.
        inspections.hold_for_notice(notice.round)
        given, is_by_hand = numbering.settle(notice, on, number)
        paper = ahead if _still_holds(ahead, notice, given, on) else _paper(notice, on, number, before)
        event = _move(notice, paper, given, on, is_by_hand, by)
        _store(notice, paper, event, keep)
        publication.index(notice, paper.content)
        if notice.prescribed.locks_dossiers:
            inspections.lock_dossiers(notice.round, notice=str(notice), by=by)
        replacing.supersede(notice, by=by)
        news.issued(event, notice)
        following.open_items(notice, paper.content, event, by=by)
    return notice


def _paper(notice: Notice, on: date, wanted: int | None, signed: Signed | None) -> Paper:
    """Everything that is stored, from the text and figures of this moment, which must be those that were approved."""
    composition = Composition(notice)
    if found := numbering.impossible(notice, on):
        raise Incomplete(*unfit(composition), *found)
    given, _ = numbering.settle(notice, on, wanted)
    with papers.Printing(composition, given, on, signed) as printing:
        # What takes longest goes on elsewhere meanwhile.
        if found := unfit(composition):
            raise Incomplete(*found)
        return printing.paper()


def _still_holds(paper: Paper, notice: Notice, number: int, on: date) -> bool:
    """Whether the same would be printed now: same number, words, figures and frozen dossiers.

    What is told of a round changes with an event in the journal; where there is a new one, of whatever, all is read
    once more. Minutes are always: what is noted of a visit is written down some time after.
    """
    is_of_round = notice.inspection_id is None
    if is_of_round and (number, on) == paper.dated and papers.moment() == paper.read_at:
        return True
    return papers.facts_of(Composition(notice), number, on).sha256 == paper.facts.sha256


def unfit(composition: Composition) -> list[str]:
    """Why an approved notice may not go out as it stands: it must still be the text and the figures approved."""
    found = lacks(composition)
    if approved_digest(composition) != composition.notice.approved_sha256:
        found.append("Nội dung hoặc số liệu đã thay đổi sau khi phê duyệt; gửi lại để Trưởng đoàn phê duyệt bản mới.")
    return found


def _move(notice: Notice, paper: Paper, number: int, on: date, is_by_hand: bool, by: User) -> Event:
    hashes = paper.sha256
    data = {"pdf": hashes[papers.Rendition.FINAL], "files": hashes, "facts": paper.facts.sha256}
    return workflow.move(
        notice,
        "issue",
        by=by,
        data={"number": number, "on": on, "by_hand": is_by_hand, **data},
        number=number,
        number_is_manual=is_by_hand,
        year=on.year,
        issued_on=on,
        issued_by=by,
        issued_at=clock.now(),
    )


def _store(notice: Notice, paper: Paper, event: Event, keep: storing.Keep) -> None:
    hashes, now = paper.sha256, clock.now()
    for rendition, data in paper.files.items():
        document = IssuedDocument(
            notice=notice,
            rendition=rendition,
            sha256=hashes[rendition],
            size=len(data),
            template_version=LAYOUT,
            facts=paper.facts.data if rendition == papers.Rendition.FINAL else None,
            facts_sha256=paper.facts.sha256,
            journal_head=event.hash,
            made_at=now,
        )
        keep(document.file, f"thong-bao{papers.SUFFIXES.get(rendition, '.pdf')}", data)
        document.save(force_insert=True)
