"""Followed recommendations as the pages show them: the list by urgency, one item with everything said of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Case, Count, F, Max, Q, QuerySet, When

from communes.models import User

from ..models import FollowUp, FollowUpNote, FollowUpProof, FollowUpQuerySet
from ..models.follow_ups import RUNNING
from ..services import following

NAMED = 3
Kind = FollowUpNote.Kind


def listed(items: FollowUpQuerySet) -> QuerySet[FollowUp]:
    """With all that a row shows, in a fixed number of queries: what is still followed first, by due date."""
    progress = Q(notes__kind=Kind.PROGRESS)
    return (
        items.with_context()
        .prefetch_related("agencies", "communes")
        .annotate(
            heard_at=Max("notes__at", filter=progress),
            heard_from=Count("notes__commune", filter=progress, distinct=True)
            + Count("notes__agency", filter=progress, distinct=True),
        )
        .order_by(
            Case(When(recommendation__status__in=RUNNING, then=0), default=1),
            F("due_on").asc(nulls_last=True),
            "-recommendation__notice__issued_on",
            "-recommendation__notice",
            "recommendation__position",
            "pk",
        )
    )


@dataclass(frozen=True)
class Row:
    """One line of the list. whom: to whom it is put; heard: "3/9 nơi đã báo" where several are asked."""

    item: FollowUp
    whom: str
    heard: str
    own: str = ""


def rows(items: Iterable[FollowUp], user: User) -> Iterator[Row]:
    for item in items:
        asked = [*item.agencies.all(), *item.communes.all()]
        count: int = item.heard_from  # type: ignore[attr-defined]
        heard = f"{count}/{len(asked)} nơi đã báo" if len(asked) > 1 else ""
        commune, agency = following.speaks_for(item, user)
        yield Row(item, whom_of(item), heard, own=str(commune or agency or ""))


def whom_of(item: FollowUp) -> str:
    """The printed addressee, with the names behind it where they are others and few."""
    named = [*(row.name for row in item.agencies.all()), *(row.title for row in item.communes.all())]
    printed = item.recommendation.addressee
    if not named:
        return f"{printed} (Văn phòng theo dõi)"
    if named == [printed]:
        return printed
    return f"{printed} ({', '.join(named)})" if len(named) <= NAMED else f"{printed} ({len(named)} nơi)"


@dataclass(frozen=True)
class Entry:
    """One thing said of an item. before: it was said of the item of an earlier notice that this one goes on from."""

    note: FollowUpNote
    proofs: list[FollowUpProof]
    before: str = ""

    @property
    def who(self) -> str:
        whose = self.note.commune or self.note.agency
        return f"{self.note.by}, {whose}" if whose else str(self.note.by)


def entries(item: FollowUp) -> list[Entry]:
    """Everything said of an item and of those it goes on from, the latest first: two queries, and one each before."""
    chain, current = {item.pk: ""}, item.continues
    while current is not None and current.pk not in chain:
        chain[current.pk] = str(current.recommendation.notice)
        current = (
            FollowUp.objects.select_related("recommendation__notice").get(pk=current.continues_id)
            if current.continues_id
            else None
        )
    notes = (
        FollowUpNote.objects.filter(follow_up__in=chain)
        .select_related("by", "commune", "agency")
        .prefetch_related("proofs__evidence")
        .order_by("-at", "-pk")
    )
    return [Entry(note, list(note.proofs.all()), chain[note.follow_up_id]) for note in notes]


def silent(item: FollowUp) -> list[str]:
    """Names of those asked that have not reported anything yet; [] where only one is asked."""
    asked = [*item.agencies.all(), *item.communes.all()]
    if len(asked) < 2:  # noqa: PLR2004 - one alone is plainly the one that is silent
        return []
    said = item.notes.filter(kind=Kind.PROGRESS).order_by().values_list("agency", "commune")
    agencies, communes = ({pair[at] for pair in said} for at in (0, 1))
    return [row.name for row in item.agencies.all() if row.pk not in agencies] + [
        row.title for row in item.communes.all() if row.pk not in communes
    ]
