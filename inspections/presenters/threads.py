"""Questions of the team told turn by turn, each with its answer and the proof that came with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..models import Evidence, EvidenceLink, ReturnItem, ReturnTurn


@dataclass(frozen=True)
class Turn:
    """One question with its answer, if there is one; proofs: what was attached between the two."""

    said: ReturnItem | ReturnTurn
    proofs: tuple[Evidence, ...]


@dataclass(frozen=True)
class Thread:
    """A return item with all its turns, the oldest first; the last one is the running one."""

    item: ReturnItem
    turns: tuple[Turn, ...]


def threads_of(items: Iterable[ReturnItem], links: Mapping[int, Iterable[EvidenceLink]]) -> list[Thread]:
    """The threads of items in their order; links: {assessment id: its proofs}. One query where there are items."""
    rows = list(items)
    before: dict[int, list[ReturnTurn]] = {}
    turns = ReturnTurn.objects.filter(item__in=rows).select_related("asked_by", "answered_by") if rows else []
    for turn in turns:
        before.setdefault(turn.item_id, []).append(turn)
    found = []
    for item in rows:
        proofs = list(links.get(item.assessment_id, []))
        said: list[ReturnItem | ReturnTurn] = [*before.get(item.pk, []), item]
        told = (Turn(one, _between(proofs, one.asked_at, one.answered_at or item.closed_at)) for one in said)
        found.append(Thread(item, tuple(told)))
    return found


def _between(links: Iterable[EvidenceLink], since: datetime, until: datetime | None) -> tuple[Evidence, ...]:
    return tuple(
        link.evidence for link in links if since <= link.linked_at and (until is None or link.linked_at <= until)
    )
