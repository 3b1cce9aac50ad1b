"""A dossier as a task list, and the list of a person's dossiers; a fixed number of queries each."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from communes.models import User
from criteria.judgement import Judgement, counts_as_met

from .. import workflow
from ..completeness import Missing, has_value, missing_among, proof_counts, requirements_of
from ..models import Assessment, CriterionConclusion, Dossier, ReturnItem
from ..progress import lines
from ..workflow import MOVES, Offer
from .sight import Sight, sight_of
from .words import Previous, value_in_words

COMMUNE_MOVES = ("recall", "reply")
# What a criterion needs from the commune: stored nowhere, the words stand beside the value for the badge.
TODO, PARTLY, COMPLETE, RETURNED = "todo", "missing", "complete", "returned"
STATE_WORDS = {TODO: "Chưa nhập", PARTLY: "Đang nhập", COMPLETE: "Đã nhập xong", RETURNED: "Cần bổ sung"}


@dataclass(frozen=True)
class IndicatorRow:
    """One indicator in the task list."""

    code: str
    text: str
    value: str
    judgement: str
    judgement_label: str
    proofs: int
    is_returned: bool
    opinion: str = ""
    conclusion: str = ""


@dataclass
class CriterionRow:
    """One criterion in the task list; `conclusion` is None where it must not be seen or is not there."""

    number: int
    name: str
    group: str
    indicators: list[IndicatorRow] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    entered: int = 0
    previous: str = ""
    conclusion: CriterionConclusion | None = None

    @property
    def state(self) -> str:
        if any(row.is_returned for row in self.indicators):
            return RETURNED
        if not self.blocking:
            return COMPLETE
        untouched = all(row.judgement == Judgement.UNASSESSED and not row.value for row in self.indicators)
        return TODO if untouched else PARTLY

    @property
    def state_label(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def blocking(self) -> list[Missing]:
        return [item for item in self.missing if item.is_blocking]

    @property
    def facts(self) -> str:
        """ "3/4 chỉ tiêu, thiếu 1 minh chứng · 2024: đạt"."""
        if not self.indicators:
            words = "Không có chỉ tiêu phải nhập"
        else:
            words = f"{self.entered}/{len(self.indicators)} chỉ tiêu"
        proofs = sum(item.is_proof for item in self.blocking)
        advised = sum(item.is_proof for item in self.missing) - proofs
        if proofs:
            words += f", thiếu {proofs} minh chứng"
        if advised:
            words += f", nên thêm {advised} minh chứng"
        return f"{words} · {self.previous}" if self.previous else words


@dataclass(frozen=True)
class DossierPage:
    """Everything the page of a dossier shows."""

    dossier: Dossier
    sight: Sight
    groups: list[tuple[str, list[CriterionRow]]]
    missing: list[Missing]
    open_items: list[ReturnItem]
    offers: dict[str, Offer]
    previous: Previous | None

    @property
    def criteria(self) -> list[CriterionRow]:
        return [row for _, rows in self.groups for row in rows]

    @property
    def to_enter(self) -> list[CriterionRow]:
        """Criteria with indicators: only they are entered, and only they are counted as progress."""
        return [row for row in self.criteria if row.indicators]

    @property
    def done(self) -> int:
        return sum(not row.blocking for row in self.to_enter)

    @property
    def total(self) -> int:
        return len(self.to_enter)

    @property
    def met(self) -> int:
        """Criteria concluded as met, as far as they may be seen."""
        counts = self.dossier.criteria_set.counts_basically_met
        return sum(bool(row.conclusion and counts_as_met(row.conclusion.verdict, counts)) for row in self.criteria)

    @property
    def blocking(self) -> list[Missing]:
        return [item for item in self.missing if item.is_blocking]

    @property
    def advised(self) -> list[Missing]:
        return [item for item in self.missing if not item.is_blocking]

    @property
    def closed(self) -> list[str]:
        """What is closed for this unit now: since when, and whom to call."""
        if self.dossier.status == Dossier.Status.DRAFT:
            return workflow.freeze_refusal(self.dossier)
        return []

    @property
    def first_due(self) -> ReturnItem | None:
        return min(self.open_items, key=lambda item: item.due_on, default=None)


def dossier_page(dossier: Dossier, user: User) -> DossierPage:
    """Eight queries beside the dossier itself, whatever its size."""
    sight = sight_of(dossier, user)
    assessments = list(sight.assessments(dossier).prefetch_related("indicator__parts"))
    proofs = proof_counts(dossier)
    missing = missing_among(assessments, proofs, requirements_of(dossier.criteria_set_id))
    items = [] if dossier.status != Dossier.Status.RETURNED else open_items(dossier, {row.pk for row in assessments})
    previous = last_concluded(dossier)
    rows = _rows(dossier, sight, assessments, proofs, {item.assessment_id for item in items})
    for item in missing:
        rows[item.criterion_number].missing.append(item)
    for row in rows.values():
        row.previous = previous.of_criterion(row.number) if previous else ""
    offers = commune_offers(dossier, user, missing) if sight.may_edit else {}
    return DossierPage(dossier, sight, _grouped(rows.values()), missing, items, offers, previous)


def _rows(
    dossier: Dossier, sight: Sight, assessments: list[Assessment], proofs: dict[int, int], returned: set[int]
) -> dict[int, CriterionRow]:
    conclusions = dossier.conclusions.select_related("criterion", "concluded_by").order_by("criterion__number")
    shown = {row.criterion_id for row in assessments}
    rows: dict[int, CriterionRow] = {}
    for conclusion in conclusions:
        criterion = conclusion.criterion
        if sight.agencies is not None and criterion.pk not in shown:
            continue
        seen = conclusion if sight.sees_conclusions and conclusion.verdict != Judgement.UNASSESSED else None
        rows[criterion.number] = CriterionRow(criterion.number, criterion.name, criterion.group, conclusion=seen)
    for assessment in assessments:
        row = rows[assessment.criterion.number]
        row.indicators.append(_indicator_row(assessment, sight, proofs.get(assessment.pk, 0), returned))
        row.entered += assessment.self_judgement != Judgement.UNASSESSED and has_value(assessment.indicator, assessment)
    return rows


def _indicator_row(assessment: Assessment, sight: Sight, proofs: int, returned: set[int]) -> IndicatorRow:
    return IndicatorRow(
        code=assessment.indicator.code,
        text=assessment.indicator.text,
        value=value_in_words(assessment),
        judgement=assessment.self_judgement,
        judgement_label=assessment.get_self_judgement_display(),
        proofs=proofs,
        is_returned=assessment.pk in returned,
        opinion=_decided(assessment.opinion) if sight.sees_opinions else "",
        conclusion=_decided(assessment.conclusion) if sight.sees_conclusions else "",
    )


def _decided(judgement: str) -> str:
    return "" if judgement == Judgement.UNASSESSED else str(Judgement(judgement).label)


def _grouped(rows: Iterable[CriterionRow]) -> list[tuple[str, list[CriterionRow]]]:
    """Neighbours of one group under its heading, in the order of the set."""
    groups: list[tuple[str, list[CriterionRow]]] = []
    for row in rows:
        name = row.group or "Tiêu chí"
        if not groups or groups[-1][0] != name:
            groups.append((name, []))
        groups[-1][1].append(row)
    return groups


def gathered(missing: Iterable[Missing]) -> list[tuple[int, str]]:
    """(criterion number, sentence): what several indicators of a criterion lack alike stands in one line."""
    found: dict[tuple[int, str], list[Missing]] = {}
    for item in missing:
        found.setdefault((item.criterion_number, item.text.partition(": ")[2]), []).append(item)
    lines_ = []
    for (number, what), items in found.items():
        codes = ", ".join(item.indicator_code for item in items)
        text = items[0].text if len(items) == 1 else f"Tiêu chí {number}: {what.rstrip('.')} ({codes})."
        lines_.append((number, text))
    return lines_


def open_items(dossier: Dossier, shown: set[int]) -> list[ReturnItem]:
    """What the commune still has to answer, the most urgent first."""
    rows = dossier.return_items.filter(status=ReturnItem.Status.OPEN).select_related(
        "assessment__indicator", "assessment__criterion", "asked_by"
    )
    return [item for item in rows.order_by("due_on", "pk") if item.assessment_id in shown]


def commune_offers(dossier: Dossier, user: User, missing: list[Missing]) -> dict[str, Offer]:
    """What the table of moves offers the commune; what is missing was counted already and is not asked for again."""
    offers = {offer.name: offer for offer in workflow.offered(dossier, user, COMMUNE_MOVES)}
    submit = MOVES["submit"]
    if dossier.status in submit.from_ and user.has(submit.needs):
        rest = replace(submit, guards=tuple(item for item in submit.guards if item is not workflow.everything_entered))
        lacks = (*workflow.lacks(dossier, rest, user), *(item.text for item in missing if item.is_blocking))
        offers["submit"] = Offer("submit", submit.label, lacks)
    return offers


# ---------------------------------------------------------------- earlier rounds


def last_concluded(dossier: Dossier) -> Previous | None:
    """The newest earlier conclusion of the same unit by any version of the same set: one query."""
    rows = Dossier.objects.filter(
        inspection__commune=dossier.inspection.commune_id,
        village=dossier.village_id,
        criteria_set__code=dossier.criteria_set.code,
        status=Dossier.Status.CONCLUDED,
        round__period_from__lt=dossier.round.period_from,
    )
    found = rows.select_related("round").order_by("-round__period_from").first()
    return _previous(found) if found else None


def _previous(dossier: Dossier) -> Previous:
    facts = dossier.frozen or {}
    verdicts = {row["number"]: row["verdict"] for row in facts.get("criteria", [])}
    counts = bool(facts.get("counts_basically_met"))
    return Previous(
        year=dossier.round.year,
        met=sum(counts_as_met(verdict, counts) for verdict in verdicts.values()),
        total=len(verdicts),
        verdicts=verdicts,
        indicators={row["code"]: row for row in facts.get("indicators", [])},
        dossier=dossier.pk,
        criteria_set=dossier.criteria_set_id,
    )


# ---------------------------------------------------------------- the list


@dataclass(frozen=True)
class DossierLine:
    """A dossier in a list: how far it is entered, its own result once concluded, the result before it."""

    dossier: Dossier
    progress: lines.Tally
    result: str
    previous: str


def dossier_lines(dossiers: Iterable[Dossier]) -> list[DossierLine]:
    """Lines of a page of dossiers fetched with_context(): four queries for any number of them."""
    rows = list(dossiers)
    tallies, results = lines.entered(rows), lines.last_results(rows)
    found = []
    for row in rows:
        key = (row.inspection.commune_id, row.village_id, row.criteria_set.code)
        known = sorted(results.get(key, []))
        own = [text for _, round_id, text in known if round_id == row.round_id]
        earlier = [text for until, round_id, text in known if round_id != row.round_id and until < row.round.period_to]
        found.append(
            DossierLine(
                dossier=row,
                progress=tallies.get(row.pk, lines.NOTHING),
                result=own[0].partition(": ")[2] if own else "",
                previous=earlier[-1] if earlier else "",
            )
        )
    return found
