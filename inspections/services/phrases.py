"""The phrases offered as reasons: everybody's are kept by the coordinator and the heads, one's own by oneself."""

from django.db import transaction

from communes import clock, journal
from communes.models import Authority, User
from communes.permissions import Permission

from ..models import Phrase
from ..workflow import Incomplete, NotAllowed, StaleState

MOST = 500  # characters: a reason is printed in the minutes
KEEPERS = (Permission.ROUND_MANAGE, Permission.DOSSIER_APPROVE)


def keeps_shared(authority_id: int, by: User) -> bool:
    """Whether a person keeps the phrases that all of an authority's inspectors are offered."""
    return any(authority_id in by.scope("authority", needs=permission) for permission in KEEPERS)


def may_change(phrase: Phrase, by: User) -> bool:
    """Whether a person may reword or remove a phrase: one's own, or a shared one of one's authority."""
    return phrase.owner_id == by.pk if phrase.owner_id else keeps_shared(phrase.authority_id, by)


@transaction.atomic
def add_phrase(*, authority: Authority, text: str, is_shared: bool, by: User) -> Phrase:
    """Offer a phrase to all inspectors of an authority, or to oneself only."""
    if is_shared and not keeps_shared(authority.pk, by):
        raise NotAllowed("Chỉ Văn phòng Điều phối và lãnh đạo Đoàn được thêm câu mẫu dùng chung.")
    if not is_shared and not by.has(Permission.DOSSIER_REVIEW):
        raise NotAllowed("Chỉ thành viên Đoàn kiểm tra có câu mẫu riêng.")
    owner = None if is_shared else by
    words = _worded(authority.pk, owner, text)
    made = Phrase.objects.create(authority=authority, owner=owner, text=words, made_by=by, made_at=clock.now())
    journal.record("phrase.added", subject=made, by=by, data={"text": words, "shared": is_shared})
    return made


@transaction.atomic
def change_phrase(phrase: Phrase, *, text: str, by: User) -> Phrase:
    """Reword a phrase; conclusions that took it over keep their words."""
    present = _held(phrase, by)
    words, old = _worded(present.authority_id, present.owner, text, but=present.pk), present.text
    if words != old:
        present.text = words
        present.save(update_fields=["text"])
        journal.record("phrase.changed", subject=present, by=by, old=old, new=words)
    return present


@transaction.atomic
def remove_phrase(phrase: Phrase, *, by: User) -> None:
    """Offer a phrase no longer; conclusions that took it over keep their words."""
    present = _held(phrase, by)
    journal.record("phrase.removed", subject=present, by=by, data={"text": present.text})
    present.delete()


def _held(phrase: Phrase, by: User) -> Phrase:
    if not may_change(phrase, by):
        raise NotAllowed("Câu mẫu dùng chung do Văn phòng Điều phối và lãnh đạo Đoàn sửa.")
    present = Phrase.objects.select_for_update().filter(pk=phrase.pk).first()
    if present is None:
        raise StaleState("Câu mẫu này đã được bỏ.")
    return present


def _worded(authority_id: int, owner: User | None, text: str, but: int = 0) -> str:
    words = text.strip()
    if not words:
        raise Incomplete("Chưa nhập câu mẫu.")
    if len(words) > MOST:
        raise Incomplete(f"Câu mẫu dài {len(words)} ký tự; tối đa {MOST} ký tự.")
    if Phrase.objects.filter(authority=authority_id, owner=owner, text=words).exclude(pk=but).exists():
        raise Incomplete("Câu mẫu này đã có.")
    return words
