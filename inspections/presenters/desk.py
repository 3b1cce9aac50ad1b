"""The review desk: one criterion of one dossier with everything one looks at before concluding it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Prefetch

from communes import clock, notation
from communes.models import User
from communes.permissions import Permission
from criteria.evaluation import Verdict, propose_criterion
from criteria.judgement import Judgement
from criteria.measures import Kind
from criteria.models import AgencyAssignment, Criterion, Indicator

from .. import workflow
from ..models import Assessment, CriterionConclusion, Dossier, Evidence, EvidenceLink, Look, Phrase, ReturnItem
from ..services.review import conclusion_refusal
from ..values import evaluation_of, proposal_for
from .dossier import last_concluded
from .exhibits import FileView, Measure, files_of, measures_of
from .guidance import Guidance, guidance_of, proofs_wanted, thresholds_for
from .threads import Thread, threads_of
from .words import Previous

UNASSESSED = str(Judgement.UNASSESSED)
RUNNING = (ReturnItem.Status.OPEN, ReturnItem.Status.ANSWERED)


@dataclass(frozen=True)
class Opinion:
    """One of the judgements on an indicator: what, by whom, when, why."""

    label: str
    state: str
    word: str
    who: str = ""
    reason: str = ""
    differs: bool = False


@dataclass(frozen=True)
class IndicatorView:
    """One indicator of the criterion as the desk shows it."""

    assessment: Assessment
    measures: tuple[Measure, ...]
    judgements: tuple[Opinion, ...]
    proposal: str
    proposal_label: str
    files: tuple[Evidence, ...]
    threads: tuple[Thread, ...]
    agencies: str
    may_opine: bool
    last_year: str
    is_changed: bool
    guidance: Guidance

    @property
    def indicator(self) -> Indicator:
        return self.assessment.indicator

    @property
    def differs(self) -> bool:
        """Whether those who have judged disagree."""
        return any(item.differs for item in self.judgements)

    @property
    def running(self) -> ReturnItem | None:
        """The question that is still out, or answered and not settled."""
        return next((row.item for row in self.threads if row.item.status in RUNNING), None)

    @property
    def is_concluded(self) -> bool:
        return self.assessment.conclusion != UNASSESSED


@dataclass(frozen=True)
class Step:
    """One criterion of the dossier in the row of criteria."""

    number: int
    name: str
    state: str
    word: str


@dataclass
class Desk:
    """Everything on the page; forms are added by the view."""

    dossier: Dossier
    criterion: Criterion
    conclusion: CriterionConclusion
    steps: tuple[Step, ...]
    indicators: tuple[IndicatorView, ...]
    files: tuple[FileView, ...]
    proposal: str
    proposal_reason: str
    refusal: str
    shows_team: bool
    last_year: str = ""
    phrases: tuple[str, ...] = ()
    looked_at: datetime | None = None
    drawn_at: datetime = field(default_factory=clock.now)
    forms: dict[str, object] = field(default_factory=dict)

    @property
    def may_conclude(self) -> bool:
        return self.shows_team and not self.refusal

    @property
    def is_changed(self) -> bool:
        """Whether anything of the criterion is newer than this person's last look at it."""
        at = self.looked_at
        own = any(
            moment and at and moment > at for moment in (self.conclusion.concluded_at, self.conclusion.replied_at)
        )
        return own or any(item.is_changed for item in self.indicators)

    @property
    def decided(self) -> int:
        return sum(step.state != UNASSESSED for step in self.steps)

    @property
    def is_decided(self) -> bool:
        return self.conclusion.verdict != UNASSESSED

    @property
    def proposal_label(self) -> str:
        return str(Judgement(self.proposal).label) if self.proposal else ""

    @property
    def previous(self) -> Step | None:
        return next((step for step in reversed(self.steps) if step.number < self.criterion.number), None)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if step.number > self.criterion.number), None)

    @property
    def next_open(self) -> Step | None:
        """The next criterion not concluded, round the end of the list."""
        waiting = [step for step in self.steps if step.state == UNASSESSED and step.number != self.criterion.number]
        return next((step for step in waiting if step.number > self.criterion.number), next(iter(waiting), None))

    @property
    def allows_basically_met(self) -> bool:
        """Whether something between yes and no is conceivable: not for one plain yes-or-no question."""
        kinds = [item.indicator.kind for item in self.indicators]
        return kinds != [Kind.PASS_FAIL]


def reads_team(dossier: Dossier, user: User) -> bool:
    """Whether a person sees what the team concludes before it is provisional."""
    if not user.has(Permission.ROUND_READ):
        return False
    is_near = dossier.round.authority.is_within(user.scope("authority", needs=Permission.ROUND_READ))
    return is_near or workflow.membership_of(dossier, user) is not None


def desk_of(dossier: Dossier, conclusion: CriterionConclusion, user: User) -> Desk:
    """The desk for a person: the team sees everything, an agency only its own indicators."""
    criterion = conclusion.criterion
    shows_team = reads_team(dossier, user)
    shows_conclusions = shows_team or dossier.is_disclosed
    agencies = user.scope("agency", needs=Permission.OPINION_GIVE)
    assessments = _assessments(dossier, criterion)
    if not shows_team:
        assessments = [item for item in assessments if agencies & _agency_ids(item)]
    links = _links(assessments)
    threads = _threads(assessments, links) if shows_team else {}
    verdicts = {item.pk: evaluation_of(item) for item in assessments}
    looked = Look.objects.filter(user=user, conclusion=conclusion).values_list("looked_at", flat=True).first()
    before = last_concluded(dossier)
    wanted, place = proofs_wanted(criterion), (dossier.inspection.commune, dossier.round.year)
    takes_opinions = dossier.round.is_open and dossier.status in Dossier.Status.under_review()
    indicators = tuple(
        IndicatorView(
            assessment=item,
            measures=measures_of(item, verdicts[item.pk]),
            judgements=_judgements(item, verdicts[item.pk], shows_conclusions),
            proposal=str(proposal_for(item, verdicts[item.pk])),
            proposal_label=str(Judgement(proposal_for(item, verdicts[item.pk])).label),
            files=tuple(link.evidence for link in links.get(item.pk, [])),
            threads=tuple(threads.get(item.pk, [])),
            agencies=", ".join(row.agency.name for row in item.indicator.agency_assignments.all()),
            may_opine=takes_opinions and bool(agencies & _agency_ids(item)),
            last_year=_last_year(before, item),
            is_changed=_is_newer(
                item, links.get(item.pk, []), [each.item for each in threads.get(item.pk, [])], looked
            ),
            guidance=guidance_of(item.indicator, thresholds_for(item.indicator, *place), wanted),
        )
        for item in assessments
    )
    proposal = propose_criterion(_standing(item) for item in indicators) if shows_team else None
    return Desk(
        dossier=dossier,
        criterion=criterion,
        conclusion=conclusion,
        steps=_steps(dossier, shows_conclusions),
        indicators=indicators,
        files=files_of((item.indicator.code, item.files) for item in indicators),
        proposal=str(proposal) if proposal else "",
        proposal_reason=_reason_for(proposal, indicators, verdicts),
        refusal=conclusion_refusal(dossier, criterion, user) if shows_team else "",
        shows_team=shows_team,
        last_year=before.of_criterion(criterion.number) if before else "",
        phrases=phrases_for(dossier, user) if shows_team else (),
        looked_at=looked,
    )


def phrases_for(dossier: Dossier, user: User) -> tuple[str, ...]:
    """The reasons offered to a person in a dossier: those of its authority, everybody's first."""
    rows = Phrase.objects.for_user(user).filter(authority=dossier.round.authority_id)
    return tuple(rows.order_by("owner", "made_at", "pk").values_list("text", flat=True))


def _last_year(before: Previous | None, item: Assessment) -> str:
    """ "2024: đạt" of an indicator; empty where it was not in it, or where nothing was concluded of it."""
    facts = before.indicators.get(item.indicator.code) if before else None
    if not before or not facts:
        return ""
    verdict = facts.get("conclusion")
    return f"{before.year}: {Judgement(verdict).label.lower()}" if verdict in Judgement.decided() else ""


def _is_newer(
    item: Assessment, links: Iterable[EvidenceLink], thread: Iterable[ReturnItem], looked_at: datetime | None
) -> bool:
    """Whether anything of an indicator happened after a person last looked; not where they never did."""
    if looked_at is None:
        return False
    moments = [item.self_at, item.opinion_at, item.concluded_at, *(link.linked_at for link in links)]
    moments += [at for each in thread for at in (each.asked_at, each.answered_at, each.closed_at)]
    return any(at is not None and at > looked_at for at in moments)


def _standing(item: IndicatorView) -> str:
    return item.assessment.conclusion if item.is_concluded else item.proposal


def _assessments(dossier: Dossier, criterion: Criterion) -> list[Assessment]:
    """The criterion's indicators with measures, agencies and authors: six queries."""
    people = ("self_by", "opinion_by", "concluded_by")
    rows = list(dossier.assessments.filter(criterion=criterion).select_related(*people).order_by("indicator__position"))
    agencies = Prefetch("agency_assignments", AgencyAssignment.objects.select_related("agency"))
    indicators = (
        Indicator.objects.with_measures().prefetch_related(agencies).in_bulk([item.indicator_id for item in rows])
    )
    for item in rows:
        item.dossier, item.criterion, item.indicator = dossier, criterion, indicators[item.indicator_id]
    return rows


def _agency_ids(assessment: Assessment) -> set[int]:
    return {row.agency_id for row in assessment.indicator.agency_assignments.all()}


def _links(assessments: Iterable[Assessment]) -> Mapping[int, list[EvidenceLink]]:
    found: dict[int, list[EvidenceLink]] = {}
    for link in EvidenceLink.objects.filter(assessment__in=assessments).select_related("evidence"):
        found.setdefault(link.assessment_id, []).append(link)
    return found


def _threads(assessments: Iterable[Assessment], links: Mapping[int, list[EvidenceLink]]) -> Mapping[int, list[Thread]]:
    found: dict[int, list[Thread]] = {}
    rows = ReturnItem.objects.filter(assessment__in=assessments)
    items = rows.select_related("asked_by", "answered_by", "closed_by").order_by("-asked_at", "-pk")
    for thread in threads_of(items, links):
        found.setdefault(thread.item.assessment_id, []).append(thread)
    return found


def _steps(dossier: Dossier, shows_conclusions: bool) -> tuple[Step, ...]:
    rows = dossier.conclusions.order_by("criterion__number")
    return tuple(
        Step(number, name, *(_worded(verdict) if shows_conclusions else ("", "")))
        for number, name, verdict in rows.values_list("criterion__number", "criterion__name", "verdict")
    )


def _worded(judgement: str) -> tuple[str, str]:
    return judgement, str(Judgement(judgement).label)


# ---------------------------------------------------------------- judgements side by side


def _judgements(item: Assessment, verdict: Verdict, shows_conclusions: bool) -> tuple[Opinion, ...]:
    """Self-assessment, rules, agency, team; those that differ from the self-assessment stand out."""
    own = item.self_judgement
    rows = [("Xã tự đánh giá", own, item.self_by, item.self_at, "")]
    if verdict.judgement:
        rows.append(("Đối chiếu ngưỡng", str(verdict.judgement), None, None, ""))
    rows.append(("Phòng, ban phụ trách", item.opinion, item.opinion_by, item.opinion_at, item.opinion_reason))
    if shows_conclusions:
        rows.append(("Đoàn kết luận", item.conclusion, item.concluded_by, item.concluded_at, item.conclusion_reason))
    return tuple(
        Opinion(
            label,
            *_worded(state),
            who=f"{who}, {notation.minute(at)}" if who and at else "",
            reason=reason,
            differs=UNASSESSED not in (state, own) and state != own,
        )
        for label, state, who, at, reason in rows
    )


def _reason_for(
    proposal: Judgement | None, indicators: Iterable[IndicatorView], verdicts: Mapping[int, Verdict]
) -> str:
    """Why the proposal is not đạt, in words ready to be taken over; empty for đạt."""
    if proposal in (None, Judgement.MET):
        return ""
    found = []
    for item in indicators:
        row, verdict = item.assessment, verdicts[item.assessment.pk]
        if _standing(item) != proposal:
            continue
        if row.conclusion_reason:
            words = row.conclusion_reason
        elif verdict.judgement == proposal:
            words = verdict.reason
        else:
            words = f"Xã tự đánh giá {str(Judgement(row.self_judgement).label).lower()}."
        found.append(f"Chỉ tiêu {row.indicator.code}: {words}")
    return " ".join(found)
