"""What waits for somebody in the open rounds: the querysets behind the home page and the queue."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from communes import clock
from communes.models import User
from communes.permissions import Permission
from criteria.judgement import Judgement
from criteria.models import AgencyAssignment

from ..models import Assessment, CriterionConclusion, Dossier, InspectionRound, ReturnItem
from .shares import Share, any_criteria, any_dossiers

Status = Dossier.Status
OPEN = {"round__status": InspectionRound.Status.OPEN, "round_unit__left_out_reason": ""}
OPEN_DOSSIER = {f"dossier__{key}": value for key, value in OPEN.items()}


def to_conclude(shares: Iterable[Share]) -> QuerySet[CriterionConclusion]:
    """Criteria of one's share not concluded, in dossiers handed in; not those whose question is still out."""
    asked = ReturnItem.objects.filter(
        dossier=OuterRef("dossier"), assessment__criterion=OuterRef("criterion"), status=ReturnItem.Status.OPEN
    )
    rows = CriterionConclusion.objects.filter(
        any_criteria(shares), dossier__status__in=Status.under_review(), verdict=Judgement.UNASSESSED, **OPEN_DOSSIER
    )
    return rows.filter(~Exists(asked)).order_by()


def answered(shares: Iterable[Share]) -> QuerySet[ReturnItem]:
    """Answers of communes, to questions within one's share, that nobody has looked at."""
    return ReturnItem.objects.filter(
        any_criteria(shares, criterion="assessment__criterion"),
        status=ReturnItem.Status.ANSWERED,
        dossier__status__in=Status.under_review(),
        **OPEN_DOSSIER,
    ).order_by()


def unanswered(shares: Iterable[Share]) -> QuerySet[ReturnItem]:
    """Questions within one's share that the commune has not answered by their day."""
    return ReturnItem.objects.filter(
        any_criteria(shares, criterion="assessment__criterion"),
        status=ReturnItem.Status.OPEN,
        due_on__lt=clock.today(),
        **OPEN_DOSSIER,
    ).order_by()


def for_provisional(shares: Iterable[Share]) -> QuerySet[Dossier]:
    """Dossiers in which everything is concluded, no question is out and no answer unread; for those who lead."""
    undecided = CriterionConclusion.objects.filter(dossier=OuterRef("pk"), verdict=Judgement.UNASSESSED)
    unread = ReturnItem.objects.filter(dossier=OuterRef("pk"), status=ReturnItem.Status.ANSWERED)
    rows = Dossier.objects.filter(any_dossiers(share for share in shares if share.leads), **OPEN)
    return rows.filter(~Exists(undecided), ~Exists(unread), status=Status.SUBMITTED)


def for_approval(shares: Iterable[Share]) -> QuerySet[Dossier]:
    """Provisional dossiers whose time to reply is over, or whose commune has replied or waived."""
    rows = Dossier.objects.filter(any_dossiers(share for share in shares if share.leads), **OPEN)
    is_over = Q(round__reply_until__isnull=True) | Q(round__reply_until__lt=clock.today()) | Q(replied_at__isnull=False)
    return rows.filter(is_over, status=Status.PROVISIONAL)


def for_opinion(user: User) -> QuerySet[Assessment]:
    """Indicators in the charge of one's agencies, in dossiers handed in, without an opinion yet."""
    agencies = user.scope("agency", needs=Permission.OPINION_GIVE)
    return Assessment.objects.filter(
        dossier__round__authority__in=user.agency_authority_ids,
        dossier__status__in=Status.under_review(),
        indicator__in=AgencyAssignment.objects.filter(agency__in=agencies).order_by().values("indicator"),
        opinion=Judgement.UNASSESSED,
        **OPEN_DOSSIER,
    ).order_by()


def not_handed_in(dossiers: QuerySet[Dossier]) -> QuerySet[Dossier]:
    """Dossiers of open rounds that the commune still has to hand in."""
    return dossiers.filter(status=Status.DRAFT, **OPEN)


def late(dossiers: QuerySet[Dossier]) -> QuerySet[Dossier]:
    """Those not handed in whose day, with their own extension, has gone by."""
    today = clock.today()
    return not_handed_in(dossiers).filter(
        Q(round_unit__extended_until__isnull=True, round__due_on__lt=today) | Q(round_unit__extended_until__lt=today)
    )
