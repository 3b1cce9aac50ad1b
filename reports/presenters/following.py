"""Followed recommendations as the pages show them: the list by urgency, one item with everything said of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Case, Count, F, Max, Q, QuerySet, When

from communes.models import User, within
from communes.permissions import Permission
from inspections.models import TeamMember

from .. import workflow
from ..models import FollowUp, FollowUpNote, FollowUpProof, FollowUpQuerySet
from ..models.follow_ups import RUNNING

NAMED = 3
Kind = FollowUpNote.Kind


def heard_by(user: User, path: str = "") -> Q:
    """Condition on items with their notes, or from a note by `path`: what this person may read of what was said.

    Who reads the round reads everything; a commune or an agency what it said itself. What the office wrote is no
    progress report, and for all.
    """
    authorities = user.scope("authority", needs=Permission.ROUND_READ)
    rows = within(f"{path}recommendation__notice__authority", authorities)
    if user.has(Permission.ROUND_READ):
        teams = TeamMember.objects.filter(user=user).order_by()
        rows |= Q(**{f"{path}recommendation__notice__round__in": teams.values("round")})
    note = "" if path else "notes__"
    rows |= Q(**{f"{note}commune__in": user.scope("commune", needs=Permission.DOSSIER_READ)})
    rows |= Q(**{f"{note}agency__in": user.scope("agency", needs=Permission.OPINION_GIVE)})
    return rows | Q(**{f"{note}commune__isnull": True, f"{note}agency__isnull": True})


def listed(items: FollowUpQuerySet, user: User) -> QuerySet[FollowUp]:
    """With all that a row shows, in a fixed number of queries: what is still followed first, by due date."""
    progress = Q(notes__kind=Kind.PROGRESS) & heard_by(user)
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


def rows(items: Iterable[FollowUp], user: User) -> Iterator[Row]:
    for item in items:
        asked = [*item.agencies.all(), *item.communes.all()]
        count: int = item.heard_from  # type: ignore[attr-defined]
        # A commune that knows only of itself has nothing to count.
        several = len(asked) > 1 and workflow.follows(item.recommendation.notice, user)
        yield Row(item, whom_of(item), f"{count}/{len(asked)} nơi đã báo" if several else "")


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


def entries(item: FollowUp, user: User) -> list[Entry]:
    """What a person may read of an item and of those it goes on from, the latest first."""
    chain, current = {item.pk: ""}, item.continues
    while current is not None and current.pk not in chain:
        chain[current.pk] = str(current.recommendation.notice)
        current = (
            FollowUp.objects.select_related("recommendation__notice").get(pk=current.continues_id)
            if current.continues_id
            else None
        )
    notes = (
        FollowUpNote.objects.filter(heard_by(user, "follow_up__"), follow_up__in=chain)
        .select_related("by", "commune", "agency")
        .prefetch_related("proofs__evidence")
        .order_by("-at", "-pk")
    )
    return [Entry(note, list(note.proofs.all()), chain[note.follow_up_id]) for note in notes]


def silent(item: FollowUp, user: User) -> list[str]:
    """For who reads the round: names of those asked that have not reported yet; [] where only one is asked."""
    asked = [*item.agencies.all(), *item.communes.all()]
    if len(asked) < 2 or not workflow.follows(item.recommendation.notice, user):
        return []
    said = item.notes.filter(kind=Kind.PROGRESS).order_by().values_list("agency", "commune")
    agencies, communes = ({pair[at] for pair in said} for at in (0, 1))
    return [row.name for row in item.agencies.all() if row.pk not in agencies] + [
        row.title for row in item.communes.all() if row.pk not in communes
    ]
