"""Trying the rules on a dossier before it is handed in: what confirmed thresholds would say, and how far it is to each.

The same evaluation that the team is shown (criteria.evaluation); a threshold that nobody confirmed judges nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from django.urls import reverse

from criteria.evaluation import Verdict, propose_criterion, written
from criteria.judgement import Judgement, counts_as_met
from criteria.measures import Kind, Operator
from criteria.models import Criterion, Indicator, IndicatorPart

from ..models import Assessment, Dossier
from ..values import evaluation_of, part_value, value_of
from .criterion import measured
from .exhibits import written_value
from .sight import Sight

UNCONFIRMED = ("unverified", "Chưa đối chiếu, không chấm")
NO_VALUE = ("todo", "Chưa nhập")
BY_PEOPLE = ("chua_danh_gia", "Phải xem xét, không chấm")
WRONG = ("missing", "Số liệu không hợp lệ")


@dataclass(frozen=True)
class Measured:
    """One measure of an indicator; name: of the part, empty where the indicator has none. distance: in words."""

    name: str
    value: str
    threshold: str
    state: str
    word: str
    distance: str


@dataclass(frozen=True)
class Line:
    """One indicator tried. differs: the rules decide, and the unit's own word is another."""

    code: str
    text: str
    state: str
    word: str
    own: str
    differs: bool
    measures: tuple[Measured, ...]
    url: str


@dataclass(frozen=True)
class CriterionTrial:
    """One criterion with its indicators; judgement: what follows, None while something is open."""

    criterion: Criterion
    judgement: Judgement | None
    lines: tuple[Line, ...]

    @property
    def state(self) -> str:
        return str(self.judgement or Judgement.UNASSESSED)

    @property
    def word(self) -> str:
        return str(self.judgement.label) if self.judgement else "Chưa chấm được"


@dataclass(frozen=True)
class Trial:
    """A whole dossier tried; the count is an estimate, with the part that stays unknown beside it."""

    dossier: Dossier
    criteria: tuple[CriterionTrial, ...]
    is_whole: bool

    @property
    def met(self) -> int:
        counts = self.dossier.criteria_set.counts_basically_met
        return sum(row.judgement is not None and counts_as_met(row.judgement, counts) for row in self.criteria)

    @property
    def unknown(self) -> int:
        return sum(row.judgement is None for row in self.criteria)

    @property
    def total(self) -> int:
        return len(self.criteria)

    @property
    def failed(self) -> int:
        return sum(row.judgement == Judgement.NOT_MET for row in self.criteria)

    @property
    def at_most(self) -> int:
        """The count if everything unknown turned out well."""
        return self.met + self.unknown

    @property
    def contradictions(self) -> int:
        return sum(line.differs for row in self.criteria for line in row.lines)


def trial_of(dossier: Dossier, sight: Sight) -> Trial:
    """A fixed number of queries for any size."""
    by_criterion: dict[int, list[Assessment]] = {}
    for item in measured(dossier, sight.assessments(dossier)):
        by_criterion.setdefault(item.criterion_id, []).append(item)
    criteria = dossier.criteria_set.criteria.order_by("number")
    rows = [
        _criterion(criterion, by_criterion.get(criterion.pk, []))
        for criterion in criteria
        if sight.agencies is None or criterion.pk in by_criterion
    ]
    return Trial(dossier, tuple(rows), is_whole=sight.agencies is None)


def _criterion(criterion: Criterion, assessments: Iterable[Assessment]) -> CriterionTrial:
    tried = [(item, evaluation_of(item)) for item in assessments]
    proposed = propose_criterion(verdict.judgement or Judgement.UNASSESSED for _, verdict in tried)
    return CriterionTrial(criterion, proposed, tuple(_line(item, verdict) for item, verdict in tried))


def _line(item: Assessment, verdict: Verdict) -> Line:
    own = item.self_judgement
    state, word = _state(verdict)
    if verdict.judgement is None and item.indicator.kind == Kind.COMPOUND:
        state, word = BY_PEOPLE[0], "Chưa chấm được"
    page = reverse("inspections:criterion-edit", args=[item.dossier_id, item.criterion.number])
    return Line(
        code=item.indicator.code,
        text=item.indicator.text,
        state=state,
        word=word,
        own=item.get_self_judgement_display(),
        differs=verdict.judgement is not None and own not in (verdict.judgement, Judgement.UNASSESSED),
        measures=tuple(_measures(item, verdict)),
        url=f"{page}#ct-{item.pk}",
    )


def _state(verdict: Verdict) -> tuple[str, str]:
    """Value and word of the badge."""
    if verdict.judgement is not None:
        return str(verdict.judgement), str(verdict.judgement.label)
    if verdict.is_input_error:
        return WRONG
    if verdict.reason.startswith("Chưa nhập"):
        return NO_VALUE
    is_open = verdict.threshold is not None and not verdict.threshold.is_confirmed
    return UNCONFIRMED if is_open else BY_PEOPLE


def _measures(item: Assessment, verdict: Verdict) -> Iterable[Measured]:
    indicator = item.indicator
    shown = {row.pk: row.display for row in indicator.thresholds.all()}
    if indicator.kind != Kind.COMPOUND or verdict.judgement == Judgement.NOT_ASSESSED:
        yield _measured("", indicator, written_value(indicator, value_of(item)), verdict, shown)
        return
    verdicts = dict(verdict.parts)
    for part in indicator.parts.all():
        of_part = verdicts.get(part.code)
        stored = item.parts.get(part.code)
        value = written_value(part, part_value(stored)) if stored else ""
        if of_part is None:
            yield Measured(part.text, value, "", str(Judgement.NOT_ASSESSED), "Không áp dụng", "")
        else:
            yield _measured(part.text, part, value, of_part, shown)


def _measured(
    name: str, measure: Indicator | IndicatorPart, value: str, verdict: Verdict, shown: dict[int, str]
) -> Measured:
    threshold = verdict.threshold
    words = shown.get(threshold.pk, "") if threshold and threshold.pk else ""
    return Measured(name, value, words, *_state(verdict), distance_in_words(measure, verdict))


def distance_in_words(measure: Indicator | IndicatorPart, verdict: Verdict) -> str:
    """ "Còn thiếu 2,5 điểm %", "Vượt 10 điểm %", "Vừa đúng ngưỡng"; empty where nothing was judged by a number."""
    if verdict.judgement is None or verdict.distance is None:
        return ""
    unit = "điểm %" if measure.kind == Kind.RATE else measure.unit
    size = f"{written(abs(verdict.distance), Fraction(0))} {unit}".strip()
    if verdict.distance == 0:
        return "Vừa đúng ngưỡng"
    if measure.operator == Operator.EQUAL:
        return f"Còn chênh {size}"
    if measure.operator == Operator.AT_MOST:
        return f"Còn cao hơn ngưỡng {size}" if verdict.distance < 0 else f"Thấp hơn ngưỡng {size}"
    return f"Còn thiếu {size}" if verdict.distance < 0 else f"Vượt {size}"
