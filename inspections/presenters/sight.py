"""What one person may see of a dossier: the commune not what the team is still deciding, an agency its own part."""

from dataclasses import dataclass

from django.db.models import QuerySet

from communes.models import User
from communes.permissions import Permission

from .. import workflow
from ..models import Assessment, Dossier, TeamMember


@dataclass(frozen=True)
class Sight:
    """How much of a dossier is shown to a person.

    agencies: only the indicators of these are shown; None for all. sees_opinions, sees_conclusions: what
    agencies hold, and what the team concludes. is_commune: reads it as the reporting side.
    """

    is_commune: bool
    may_edit: bool
    agencies: frozenset[int] | None
    sees_opinions: bool
    sees_conclusions: bool

    def assessments(self, dossier: Dossier) -> QuerySet[Assessment]:
        """The dossier's indicators that are shown, in the order of the set."""
        rows = dossier.assessments.select_related("indicator", "criterion", "self_by")
        if self.agencies is not None:
            rows = rows.filter(indicator__agency_assignments__agency__in=self.agencies).distinct()
        return rows.order_by("criterion__number", "indicator__position")


def sight_of(dossier: Dossier, user: User) -> Sight:
    """Without a query, for a dossier that `for_user` let through and that was fetched with_context()."""
    authority = dossier.round.authority
    above = {authority.pk, authority.parent_id}
    disclosed = dossier.is_disclosed
    may_edit = workflow.edits(dossier, user)
    if above & user.scope("authority", needs=Permission.ROUND_READ) and not may_edit:
        return Sight(False, False, None, True, True)
    if dossier.inspection.commune_id in user.scope("commune", needs=Permission.DOSSIER_READ):
        return Sight(True, may_edit, None, disclosed, disclosed)
    agencies = user.scope("agency", needs=Permission.OPINION_GIVE)
    if agencies and not _follows_round(dossier, user):
        return Sight(False, False, frozenset(agencies), True, disclosed)
    return Sight(False, False, None, True, True)


def _follows_round(dossier: Dossier, user: User) -> bool:
    """Whether somebody who is in an agency too has another part in this round; queries for him alone."""
    if not user.has(Permission.ROUND_READ):
        return False
    if dossier.round.authority.is_within(user.scope("authority", needs=Permission.ROUND_READ)):
        return True
    return TeamMember.objects.filter(round=dossier.round_id, user=user).exists()
