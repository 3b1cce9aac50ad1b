"""Which part of which round a person inspects, as conditions on queries."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from communes.models import User

from ..models import InspectionRound, TeamMember

NOTHING = Q(pk__in=[])


@dataclass(frozen=True)
class Share:
    """A person's place in the team of one open round; empty communes or criteria mean all of them."""

    round_id: int
    leads: bool
    communes: frozenset[int]
    criteria: frozenset[int]

    def of_dossiers(self, path: str = "") -> Q:
        """Condition "a dossier of this share"; path leads to the dossier, with its two underscores."""
        condition = Q(**{f"{path}round": self.round_id})
        if self.communes:
            condition &= Q(**{f"{path}inspection__commune__in": self.communes})
        return condition

    def of_criteria(self, path: str, criterion: str) -> Q:
        """Condition "a dossier and criterion of this share"; criterion leads to the criterion."""
        condition = self.of_dossiers(path)
        if self.criteria:
            condition &= Q(**{f"{criterion}__in": self.criteria})
        return condition


def shares_of(user: User) -> list[Share]:
    """A person's shares of the open rounds: three queries."""
    members = TeamMember.objects.filter(user=user, round__status=InspectionRound.Status.OPEN)
    return [
        Share(
            member.round_id,
            member.leads,
            frozenset(item.pk for item in member.communes.all()),
            frozenset(item.pk for item in member.criteria.all()),
        )
        for member in members.prefetch_related("communes", "criteria")
    ]


def any_criteria(shares: Iterable[Share], path: str = "dossier__", criterion: str = "criterion") -> Q:
    """Condition "within one of the shares" on rows that have a dossier and a criterion."""
    condition = NOTHING
    for share in shares:
        condition |= share.of_criteria(path, criterion)
    return condition


def any_dossiers(shares: Iterable[Share]) -> Q:
    """Condition "within one of the shares" on dossiers."""
    condition = NOTHING
    for share in shares:
        condition |= share.of_dossiers()
    return condition
