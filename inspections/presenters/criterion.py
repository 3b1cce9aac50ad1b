"""One criterion of a dossier with all its indicators: forms, thresholds, proofs, questions, last year's values."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from communes.models import User
from criteria.evaluation import Verdict
from criteria.judgement import Judgement
from criteria.measures import Kind
from criteria.models import Criterion, EvidenceRequirement, Indicator, Threshold

from ..completeness import Missing, Requirements, missing_among, missing_of
from ..models import Assessment, CriterionConclusion, Dossier, Evidence, EvidenceLink, Reply, ReturnItem
from ..values import evaluation_of, value_of
from .again import LastYear, Paper, last_year_of
from .dossier import last_concluded
from .guidance import Guidance, guidance_of, proofs_wanted, thresholds_for
from .library import own_library, search_library
from .replies import replies_of, shows_final_word
from .sight import Sight
from .threads import Thread, threads_of
from .words import Previous, part_in_words, value_in_words

LIBRARY_SHOWN = 50


@dataclass
class Block:
    """One indicator on the criterion page; the view adds its forms (`form`, `answer`, …) and a `conflict`."""

    assessment: Assessment
    thresholds: list[Threshold]
    requirements: list[EvidenceRequirement]
    missing: list[Missing]
    links: list[EvidenceLink]
    threads: list[Thread]
    last_year: LastYear | None
    guidance: Guidance
    may_edit: bool
    may_link: bool
    form: Any = None
    answer: Any = None
    description: Any = None
    conflict: Any = None
    sight: Sight | None = None

    @property
    def indicator(self) -> Indicator:
        return self.assessment.indicator

    @property
    def value(self) -> str:
        """The reported value in words; of a compound indicator see `part_values`."""
        return "" if self.indicator.kind == Kind.COMPOUND else value_in_words(self.assessment)

    @property
    def part_values(self) -> list[tuple[str, str]]:
        if self.indicator.kind != Kind.COMPOUND:
            return []
        stored = self.assessment.parts
        return [(part.text, part_in_words(part, stored.get(part.code, {}))) for part in self.indicator.parts.all()]

    @property
    def wants_proof(self) -> bool:
        """Whether the upload area stands open: proof is missing or was asked for."""
        return any(item.is_proof for item in self.missing) or self.open_item is not None

    @property
    def max_bytes(self) -> int:
        return int(settings.EVIDENCE_MAX_BYTES)

    @property
    def verdict(self) -> Verdict | None:
        """What the rules say of the value that is stored; None without a value."""
        return evaluation_of(self.assessment) if value_of(self.assessment) is not None else None

    @property
    def said(self) -> str:
        """What the rules say of the stored value, in words; empty without a value."""
        return self.verdict.reason if self.verdict else ""

    @property
    def open_item(self) -> ReturnItem | None:
        return next((row.item for row in self.threads if row.item.status == ReturnItem.Status.OPEN), None)

    @property
    def state(self) -> tuple[str, str]:
        """Stored word and label of the badge."""
        return block_state(self.assessment, self.missing, is_returned=self.open_item is not None)

    @property
    def opinion(self) -> str:
        shown = self.sight and self.sight.sees_opinions and self.assessment.opinion != Judgement.UNASSESSED
        return self.assessment.opinion if shown else ""

    @property
    def conclusion(self) -> str:
        shown = self.sight and self.sight.sees_conclusions and self.assessment.conclusion != Judgement.UNASSESSED
        return self.assessment.conclusion if shown else ""


def block_state(assessment: Assessment, missing: list[Missing], *, is_returned: bool = False) -> tuple[str, str]:
    """What the badge of an indicator says: (value for the look, words)."""
    if is_returned:
        return "returned", "Cần bổ sung"
    if not missing:
        return "complete", "Đã nhập xong"
    if assessment.self_judgement == Judgement.UNASSESSED:
        return "todo", "Chưa tự đánh giá"
    if missing[0].is_proof:
        return "missing", "Thiếu minh chứng"
    return "missing", missing[0].text.partition(": ")[2].rstrip(".").capitalize()


@dataclass
class CriterionPage:
    """Everything the page of a criterion shows; proofs by criterion stand in `criterion_requirements`."""

    dossier: Dossier
    criterion: Criterion
    sight: Sight
    blocks: list[Block]
    missing: list[Missing]
    before: Criterion | None
    after: Criterion | None
    criterion_requirements: list[EvidenceRequirement]
    conclusion: CriterionConclusion | None
    previous: Previous | None
    replies: list[Reply] = field(default_factory=list)
    shows_final_word: bool = False
    library: list[Evidence] = field(default_factory=list)
    library_query: str = ""

    @property
    def may_link(self) -> bool:
        return any(block.may_link for block in self.blocks)

    @property
    def linkable(self) -> list[Block]:
        return [block for block in self.blocks if block.may_link]

    @property
    def missing_proofs(self) -> int:
        return sum(item.is_proof for item in self.missing)

    @property
    def papers(self) -> list[Paper]:
        """Every document of the earlier round that serves again, indicator by indicator."""
        return [paper for block in self.blocks if block.last_year for paper in block.last_year.papers]

    @property
    def papers_count(self) -> int:
        """How many documents these are: one may serve for several indicators."""
        return len({paper.evidence.pk for paper in self.papers})

    @property
    def papers_when(self) -> str:
        """Of which round: "năm 2024"."""
        return next((block.last_year.when for block in self.blocks if block.last_year), "")


def criterion_page(
    dossier: Dossier, number: int, sight: Sight, user: User, *, library_query: str = ""
) -> CriterionPage | None:
    """None where the set has no such criterion or the person sees no part of it; the same queries for any size."""
    criteria = list(dossier.criteria_set.criteria.order_by("number"))
    place = next((place for place, item in enumerate(criteria) if item.number == number), None)
    if place is None:
        return None
    criterion = criteria[place]
    rows = measured(dossier, sight.assessments(dossier).filter(criterion=criterion))
    if sight.agencies is not None and not rows:
        return None
    wanted = proofs_wanted(criterion)
    previous = last_concluded(dossier)
    links = _links(rows)
    threads = _threads(dossier, rows, links)
    requirements = _required(wanted)
    blocks = [_block(row, sight, links.get(row.pk, []), threads.get(row.pk, []), wanted, requirements) for row in rows]
    offers = {block.assessment.pk for block in blocks if block.may_link}
    last_year = last_year_of(rows, previous, links, offers=offers)
    for block in blocks:
        block.last_year = last_year.get(block.assessment.pk)
    page = CriterionPage(
        dossier=dossier,
        criterion=criterion,
        sight=sight,
        blocks=blocks,
        missing=missing_among(rows, {key: own_proofs(found) for key, found in links.items()}, requirements),
        before=criteria[place - 1] if place else None,
        after=criteria[place + 1] if place + 1 < len(criteria) else None,
        criterion_requirements=[item for item in wanted if item.criterion_id],
        conclusion=_conclusion(dossier, criterion, sight),
        previous=previous,
        library_query=library_query,
    )
    if page.conclusion and sight.agencies is None:
        page.replies = replies_of([page.conclusion]).get(page.conclusion.pk, [])
        page.shows_final_word = shows_final_word(dossier, sight)
    if page.may_link:
        page.library = list(search_library(own_library(dossier, user), library_query)[:LIBRARY_SHOWN])
    return page


def measured(dossier: Dossier, rows: QuerySet[Assessment]) -> list[Assessment]:
    """Assessments with all that forms and evaluation need, without further queries."""
    found = list(rows)
    indicators = Indicator.objects.with_measures().in_bulk([row.indicator_id for row in found])
    for row in found:
        row.dossier, row.indicator = dossier, indicators[row.indicator_id]
    return found


def _block(
    row: Assessment,
    sight: Sight,
    links: list[EvidenceLink],
    threads: list[Thread],
    wanted: list[EvidenceRequirement],
    requirements: Requirements,
) -> Block:
    limits = thresholds_for(row.indicator, row.dossier.inspection.commune, row.dossier.round.year)
    is_out = any(thread.item.status == ReturnItem.Status.OPEN for thread in threads)
    may_edit = sight.may_edit and open_to_entry(row.dossier, is_out=is_out)
    return Block(
        assessment=row,
        thresholds=limits,
        requirements=[item for item in wanted if item.indicator_id == row.indicator_id],
        missing=missing_of(row, own_proofs(links), requirements.by_indicator.get(row.indicator_id)),
        links=links,
        threads=threads,
        last_year=None,
        guidance=guidance_of(row.indicator, limits, wanted),
        may_edit=may_edit,
        may_link=may_edit or (sight.may_edit and open_to_more_proof(row.dossier)),
        sight=sight,
    )


def own_proofs(links: Iterable[EvidenceLink]) -> int:
    """How many proofs the commune gave; what the team added at a visit is none of them."""
    return sum(link.visit_id is None for link in links)


def open_to_entry(dossier: Dossier, *, is_out: bool) -> bool:
    """The same answer as `services.entry.entry_refusal`, from rows already read."""
    if not dossier.round.is_open:
        return False
    return dossier.status == Dossier.Status.DRAFT or (dossier.status == Dossier.Status.RETURNED and is_out)


def open_to_more_proof(dossier: Dossier) -> bool:
    """Proof may be added to provisional conclusions until the reply date."""
    return dossier.reply_is_open


def _required(wanted: Iterable[EvidenceRequirement]) -> Requirements:
    by_indicator: dict[int, bool] = {}
    by_criterion: dict[int, bool] = {}
    for item in wanted:
        if not item.is_required:
            continue
        target, key = (by_indicator, item.indicator_id) if item.indicator_id else (by_criterion, item.criterion_id)
        target[key] = target.get(key, False) or not item.is_unverified  # type: ignore[index, arg-type]
    return Requirements(by_indicator, by_criterion)


def _links(rows: Iterable[Assessment]) -> dict[int, list[EvidenceLink]]:
    found: dict[int, list[EvidenceLink]] = {}
    for link in EvidenceLink.objects.filter(assessment__in=list(rows)).select_related("evidence", "linked_by"):
        found.setdefault(link.assessment_id, []).append(link)
    return found


def _threads(
    dossier: Dossier, rows: Iterable[Assessment], links: dict[int, list[EvidenceLink]]
) -> dict[int, list[Thread]]:
    if dossier.first_submitted_at is None:
        return {}
    found: dict[int, list[Thread]] = {}
    items = ReturnItem.objects.filter(assessment__in=list(rows))
    for thread in threads_of(items.select_related("asked_by", "answered_by", "closed_by"), links):
        found.setdefault(thread.item.assessment_id, []).append(thread)
    return found


def _conclusion(dossier: Dossier, criterion: Criterion, sight: Sight) -> CriterionConclusion | None:
    if not sight.sees_conclusions:
        return None
    rows = dossier.conclusions.filter(criterion=criterion).exclude(verdict=Judgement.UNASSESSED)
    return rows.select_related("concluded_by").first()
