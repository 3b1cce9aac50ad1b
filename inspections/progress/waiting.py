"""What waits for somebody in the open rounds: the querysets behind the home page and the queue."""

from collections.abc import Iterable

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from communes import clock
from communes.models import User
from communes.permissions import Permission
from criteria.judgement import Judgement
from criteria.models import AgencyAssignment

from ..models import Assessment, CriterionConclusion, Dossier, EvidenceLink, InspectionRound, Look, ReturnItem
from .shares import Share, any_criteria, any_dossiers

Status = Dossier.Status
OPEN = {"round__status": InspectionRound.Status.OPEN, "round_unit__left_out_reason": ""}
OPEN_DOSSIER = {f"dossier__{key}": value for key, value in OPEN.items()}
UNASSESSED = Judgement.UNASSESSED


def _contrary(one: str, other: str) -> Q:
    """Condition "both have judged, and not alike" on an indicator."""
    return ~Q(**{one: UNASSESSED}) & ~Q(**{other: UNASSESSED}) & ~Q(**{one: F(other)})


# Of the commune's and the agency's judgement, which every reviewer sees; and of all three, for the team.
TWO_DIFFER = _contrary("self_judgement", "opinion")
THREE_DIFFER = TWO_DIFFER | _contrary("self_judgement", "conclusion") | _contrary("opinion", "conclusion")


def _of_criterion(rows: QuerySet, dossier: str = "dossier", criterion: str = "criterion") -> QuerySet:
    """Rows that belong to the dossier and criterion of an outer `CriterionConclusion`."""
    return rows.filter(**{dossier: OuterRef("dossier"), criterion: OuterRef("criterion")}).order_by()


def with_marks(rows: QuerySet[CriterionConclusion], user: User) -> QuerySet:
    """Each criterion with differs (its judgements do), looked_at (by this person, or None), is_changed (since then)."""
    looks = Look.objects.filter(user=user, conclusion=OuterRef("pk"))
    looked = rows.annotate(looked_at=Subquery(looks.values("looked_at")))
    since = OuterRef("looked_at")
    entered = _of_criterion(Assessment.objects.all()).filter(
        Q(self_at__gt=since) | Q(opinion_at__gt=since) | Q(concluded_at__gt=since)
    )
    asked = _of_criterion(ReturnItem.objects.all(), criterion="assessment__criterion").filter(
        Q(asked_at__gt=since) | Q(answered_at__gt=since) | Q(closed_at__gt=since)
    )
    proved = _of_criterion(EvidenceLink.objects.all(), "assessment__dossier", "assessment__criterion").filter(
        linked_at__gt=since
    )
    return looked.annotate(
        differs=Exists(_of_criterion(Assessment.objects.all()).filter(THREE_DIFFER)),
        is_changed=Q(concluded_at__gt=F("looked_at"))
        | Q(replied_at__gt=F("looked_at"))
        | Exists(entered)
        | Exists(asked)
        | Exists(proved),
    )


def all_criteria(shares: Iterable[Share]) -> QuerySet[CriterionConclusion]:
    """Every criterion of one's share in dossiers that were handed in, concluded or not."""
    rows = CriterionConclusion.objects.filter(any_criteria(shares), **OPEN_DOSSIER)
    return rows.exclude(dossier__status=Status.DRAFT).order_by()


def changed_since_looked(shares: Iterable[Share], user: User) -> QuerySet[CriterionConclusion]:
    """Criteria of one's share that somebody else changed after one last had them before oneself."""
    return with_marks(all_criteria(shares), user).filter(looked_at__isnull=False, is_changed=True)


def to_conclude(shares: Iterable[Share]) -> QuerySet[CriterionConclusion]:
    """Criteria of one's share not concluded, in dossiers handed in; not those whose question is still out."""
    asked = ReturnItem.objects.filter(
        dossier=OuterRef("dossier"), assessment__criterion=OuterRef("criterion"), status=ReturnItem.Status.OPEN
    )
    rows = CriterionConclusion.objects.filter(
        any_criteria(shares), dossier__status__in=Status.under_review(), verdict=UNASSESSED, **OPEN_DOSSIER
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


def asked(shares: Iterable[Share]) -> QuerySet[ReturnItem]:
    """Questions within one's share that the commune has still to answer."""
    return ReturnItem.objects.filter(
        any_criteria(shares, criterion="assessment__criterion"),
        status=ReturnItem.Status.OPEN,
        dossier__status=Status.RETURNED,
        **OPEN_DOSSIER,
    ).order_by()


def overdue(shares: Iterable[Share]) -> QuerySet[ReturnItem]:
    """Those of them whose day has gone by."""
    return asked(shares).filter(due_on__lt=clock.today())


def for_provisional(shares: Iterable[Share]) -> QuerySet[Dossier]:
    """Dossiers in which everything is concluded, no question is out and no answer unread; for those who lead."""
    undecided = CriterionConclusion.objects.filter(dossier=OuterRef("pk"), verdict=UNASSESSED)
    unread = ReturnItem.objects.filter(dossier=OuterRef("pk"), status=ReturnItem.Status.ANSWERED)
    rows = Dossier.objects.filter(any_dossiers(share for share in shares if share.leads), **OPEN)
    return rows.filter(~Exists(undecided), ~Exists(unread), status=Status.SUBMITTED)


def for_approval(shares: Iterable[Share]) -> QuerySet[Dossier]:
    """Provisional dossiers whose time to reply is over, or whose commune has replied or waived.

    Where silence is not agreement, a silent one only after the reminder.
    """
    rows = Dossier.objects.filter(any_dossiers(share for share in shares if share.leads), **OPEN)
    decides = Q(round__silence=InspectionRound.Silence.ACCEPTED) | Q(round_unit__reminded_at__gte=F("provisional_at"))
    is_over = Q(last_day__isnull=True) | (Q(last_day__lt=clock.today()) & decides) | Q(replied_at__isnull=False)
    return rows.annotate(last_day=reply_day()).filter(is_over, status=Status.PROVISIONAL)


def reply_day() -> Case:
    """The last day to reply to a dossier, with its unit's own exception; NULL where the round has no reply."""
    own = F("round_unit__reply_extended_until")
    return Case(When(round__reply_until__isnull=False, then=Coalesce(own, "round__reply_until")))


def silent(shares: Iterable[Share]) -> QuerySet[Dossier]:
    """Provisional dossiers whose commune said nothing in time, where that is not agreement; for those who lead."""
    rows = Dossier.objects.filter(any_dossiers(share for share in shares if share.leads), **OPEN)
    is_reminded = Q(round_unit__reminded_at__gte=F("provisional_at"))
    return rows.annotate(last_day=reply_day()).filter(
        Q(round_unit__reminded_at__isnull=True) | ~is_reminded,
        status=Status.PROVISIONAL,
        round__silence=InspectionRound.Silence.REMINDED,
        replied_at__isnull=True,
        last_day__lt=clock.today(),
    )


def in_charge(user: User) -> QuerySet[Assessment]:
    """Indicators in the charge of one's agencies, in dossiers handed in, with an opinion or without."""
    agencies = user.scope("agency", needs=Permission.OPINION_GIVE)
    return (
        Assessment.objects.filter(
            dossier__round__authority__in=user.agency_authority_ids,
            indicator__in=AgencyAssignment.objects.filter(agency__in=agencies).order_by().values("indicator"),
            **OPEN_DOSSIER,
        )
        .exclude(dossier__status=Status.DRAFT)
        .order_by()
    )


def for_opinion(user: User) -> QuerySet[Assessment]:
    """Those of them that wait for an opinion."""
    return in_charge(user).filter(dossier__status__in=Status.under_review(), opinion=UNASSESSED)


def not_handed_in(dossiers: QuerySet[Dossier]) -> QuerySet[Dossier]:
    """Dossiers of open rounds that the commune still has to hand in."""
    return dossiers.filter(status=Status.DRAFT, **OPEN)


def late(dossiers: QuerySet[Dossier]) -> QuerySet[Dossier]:
    """Those not handed in whose day, with their own extension, has gone by."""
    today = clock.today()
    return not_handed_in(dossiers).filter(
        Q(round_unit__extended_until__isnull=True, round__due_on__lt=today) | Q(round_unit__extended_until__lt=today)
    )
