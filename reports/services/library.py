"""Texts that are used again: from earlier notices, and those an office keeps; figures in them bind anew."""

from collections.abc import Sequence

from django.db import transaction

from communes import clock, journal
from communes.models import User
from communes.permissions import Permission

from .. import workflow
from ..models import Notice, NoticeSection, TextSnippet
from ..workflow import Incomplete, NotAllowed, StaleState
from . import drafting

LONGEST_TITLE = 150


@transaction.atomic
def use_text(section: NoticeSection, body: str, *, by: User) -> NoticeSection:
    """Put a text behind what the section says now, whoever wrote that."""
    workflow.hold(section.notice)
    present = NoticeSection.objects.select_for_update().get(pk=section.pk)
    present.notice = section.notice
    joined = "\n".join(filter(None, (present.body, body.strip())))
    return drafting.save_section(present, heading=present.heading, body=joined, version=present.version, by=by)


@transaction.atomic
def add_recommendations(notice: Notice, rows: Sequence[tuple[str, str]], *, by: User) -> None:
    """Put recommendations behind those of the same addressee, or at the end; none stands twice."""
    present = list(notice.recommendations.values_list("addressee", "text"))
    for addressee, text in rows:
        if (addressee, text) in present:
            continue
        same = [place for place, (name, _) in enumerate(present) if name == addressee]
        present.insert(same[-1] + 1 if same else len(present), (addressee, text))
    drafting.save_recommendations(notice, present, by=by)


@transaction.atomic
def keep_text(section: NoticeSection, *, title: str, by: User) -> TextSnippet:
    """Keep a section's text, as it is stored, in the library of the notice's authority."""
    notice = section.notice
    if not workflow.composes(notice, by) or not by.has(Permission.NOTICE_COMPOSE):
        raise NotAllowed("Chỉ Văn phòng Điều phối của cơ quan này giữ đoạn văn vào thư viện.")
    if not section.body.strip():
        raise Incomplete("Phần này chưa có nội dung để giữ vào thư viện.")
    made = TextSnippet(
        authority=notice.authority,
        kind=section.kind,
        heading=section.heading,
        title=_title(title),
        body=section.body,
        kept_by=by,
        kept_at=clock.now(),
    )
    made.save(force_insert=True)
    data = {"title": made.title, "heading": made.heading, "body": made.body, "notice": str(notice)}
    journal.record("snippet.kept", subject=made, by=by, data=data)
    return made


@transaction.atomic
def rename_text(snippet: TextSnippet, *, title: str, by: User) -> TextSnippet:
    present, title = _held(snippet, by), _title(title)
    if present.title != title:
        TextSnippet.objects.filter(pk=present.pk).update(title=title)
        journal.record("snippet.renamed", subject=present, by=by, old=present.title, new=title)
    snippet.title = title
    return snippet


@transaction.atomic
def withdraw_text(snippet: TextSnippet, *, by: User) -> None:
    """Offer a text no longer; where it was used it stays."""
    present = _held(snippet, by)
    TextSnippet.objects.filter(pk=present.pk).update(withdrawn_by=by, withdrawn_at=clock.now())
    journal.record("snippet.withdrawn", subject=present, by=by)


def _held(snippet: TextSnippet, by: User) -> TextSnippet:
    """The row as it is now, for a change of it."""
    present = TextSnippet.objects.for_user(by).filter(pk=snippet.pk).select_for_update(of=("self",)).first()
    if present is None:
        raise NotAllowed("Chỉ Văn phòng Điều phối của cơ quan này sửa thư viện của mình.")
    if present.withdrawn_at:
        raise StaleState(f"Đoạn “{present}” đã được rút khỏi thư viện.")
    return present


def _title(typed: str) -> str:
    title = " ".join(typed.split())
    if not title:
        raise Incomplete("Chưa ghi tên đoạn văn.")
    if len(title) > LONGEST_TITLE:
        raise Incomplete(f"Tên đoạn văn dài quá {LONGEST_TITLE} ký tự.")
    return title
