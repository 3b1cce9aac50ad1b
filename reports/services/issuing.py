"""Approving, sending back and issuing: the acts after which others rely on a notice."""

import hashlib
from datetime import date
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Max
from django.template.loader import render_to_string

from communes import clock
from communes.models import Authority, User
from inspections import services as inspections
from inspections.models import Dossier

from .. import checks, renderer, workflow
from ..compose import LAYOUT, Composition
from ..content import Facts, NoticeContent
from ..models import IssuedDocument, Notice
from ..workflow import Incomplete, Refused


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
    if found := checks.findings(composition):
        raise Incomplete(*map(str, found))
    digest = approved_digest(composition)
    workflow.move(
        notice,
        "approve",
        by=by,
        data={"content": digest},
        approved_by=by,
        approved_at=clock.now(),
        approved_sha256=digest,
        sent_back_reason="",
    )
    return notice


def approved_digest(composition: Composition) -> str:
    """SHA-256 of everything printed but number and date, with the figures as they are now."""
    return Facts(composition.content(is_draft=False).as_facts()).sha256


@transaction.atomic
def send_back(notice: Notice, *, reason: str, by: User) -> Notice:
    """Give the notice back to its writer with a reason; an approval given before no longer holds."""
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do gửi lại.")
    workflow.hold(notice)
    workflow.move(
        notice,
        "send_back",
        by=by,
        data={"reason": reason},
        approved_by=None,
        approved_at=None,
        approved_sha256="",
        sent_back_reason=reason.strip(),
    )
    return notice


def next_number(authority: Authority, symbol: str, year: int) -> int:
    """The last number of the series and one more."""
    numbers = Notice.objects.filter(authority=authority, symbol=symbol, year=year)
    return (numbers.aggregate(last=Max("number"))["last"] or 0) + 1


def issue_notice(notice: Notice, *, on: date, by: User, number: int | None = None) -> Notice:
    """Issue an approved notice: number, date, the one file with its facts, and the dossiers in it locked.

    number: from the office's own register; None takes the next one. All of it happens or nothing: a failed
    rendering gives the number back, and a file whose transaction failed is removed.
    Raises Incomplete, NotAllowed, StaleState, or Refused when it cannot be printed.
    """
    stored: list[tuple[Storage, str]] = []
    try:
        with transaction.atomic():
            _issue(notice, on, by, number, stored)
    except BaseException:
        for storage, name in stored:
            storage.delete(name)
        raise
    return notice


def _issue(notice: Notice, on: date, by: User, wanted: int | None, stored: list[tuple[Storage, str]]) -> None:
    workflow.check(notice, "issue", by)
    # One at a time for each series: whoever waits here gets the number after.
    Authority.objects.select_for_update(of=("self",)).get(pk=notice.authority_id)
    workflow.hold(notice)
    # What is printed is what is locked afterwards; and dossiers are held before the journal, as everywhere.
    inspections.hold_for_notice(notice.round)
    composition = Composition(notice)
    _require_fit(composition, on)
    number = _free_number(notice, on.year, wanted)
    content = composition.content(number=number, on=on, is_draft=False)
    pdf = _printed(content)
    facts = Facts(_facts(composition, content))
    sha256, now = hashlib.sha256(pdf).hexdigest(), clock.now()
    event = workflow.move(
        notice,
        "issue",
        by=by,
        data={"number": number, "on": on, "by_hand": wanted is not None, "pdf": sha256, "facts": facts.sha256},
        number=number,
        number_is_manual=wanted is not None,
        year=on.year,
        issued_on=on,
        issued_by=by,
        issued_at=now,
    )
    document = IssuedDocument(
        notice=notice,
        sha256=sha256,
        size=len(pdf),
        template_version=LAYOUT,
        facts=facts.data,
        facts_sha256=facts.sha256,
        journal_head=event.hash,
        made_at=now,
    )
    document.file.save("thong-bao.pdf", ContentFile(pdf), save=False)
    stored.append((document.file.storage, str(document.file.name)))
    document.save(force_insert=True)
    if notice.prescribed.locks_dossiers:
        inspections.lock_dossiers(notice.round, notice=str(notice), by=by)


def _require_fit(composition: Composition, on: date) -> None:
    """Still the text and the figures that were approved, and a day that can be."""
    lacks = [str(found) for found in checks.findings(composition)]
    if approved_digest(composition) != composition.notice.approved_sha256:
        lacks.append("Nội dung hoặc số liệu đã thay đổi sau khi phê duyệt; gửi lại để Trưởng đoàn phê duyệt bản mới.")
    if on > clock.today():
        lacks.append("Ngày ban hành không được sau hôm nay.")
    if on < _inspected_until(composition.notice):
        lacks.append("Ngày ban hành không được trước ngày kết thúc kiểm tra.")
    if lacks:
        raise Incomplete(*lacks)


def _inspected_until(notice: Notice) -> date:
    """The last day of what a document tells of: of the visit for minutes, of the whole round else."""
    inspection = notice.inspection
    if inspection is None:
        return notice.round.period_to
    return inspection.visited_on or notice.round.period_from


def _free_number(notice: Notice, year: int, wanted: int | None) -> int:
    if wanted is None:
        return next_number(notice.authority, notice.symbol, year)
    if wanted < 1:
        raise Incomplete("Số của thông báo phải từ 1 trở lên.")
    other = Notice.objects.filter(authority=notice.authority, symbol=notice.symbol, year=year, number=wanted).first()
    if other:
        raise Incomplete(f"Số {other.code} năm {year} đã dùng cho “{other.subject}”. Chọn số khác.")
    return wanted


def _printed(content: NoticeContent) -> bytes:
    html = render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": content})
    try:
        return renderer.render(html, LAYOUT)
    except renderer.RenderError as error:
        raise Refused(str(error)) from error


def _facts(composition: Composition, content: NoticeContent) -> dict[str, Any]:
    """What the notice was made from: its words, its figures with their units, set versions, frozen dossiers."""
    facts = composition.facts
    frozen = Dossier.objects.filter(pk__in=[row.dossier_id for row in facts.rows]).order_by("pk")
    return {
        "round": composition.notice.round.code,
        "content": content.as_facts(),
        "figures": {token: figure.as_facts() for token, figure in composition.figures.items()},
        "sets": [{"code": info.code, "version": info.version} for info in facts.sets],
        "dossiers": [list(row) for row in frozen.values_list("pk", "frozen_hash")],
        "left_out": dict(facts.left_out),
    }
