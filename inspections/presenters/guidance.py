"""Help beside an indicator: what proves it, how it is measured, what must be reached and how surely that is known."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from communes import notation
from communes.models import Commune
from criteria.models import Criterion, EvidenceRequirement, Indicator, Threshold
from criteria.specs import context_for

ONLY_SHOWN = "chưa đối chiếu với văn bản, chỉ để tham khảo, không tự quyết định đạt hay chưa đạt"


@dataclass(frozen=True)
class Limit:
    """One threshold in words. part: of which part it is; standing: how surely it is known."""

    part: str
    requirement: str
    is_confirmed: bool
    standing: str


@dataclass(frozen=True)
class Proof:
    """A document that usually proves it. note: whether it must be there, and for what else it serves."""

    text: str
    note: str


@dataclass(frozen=True)
class Guidance:
    """Everything the folded help of an indicator says."""

    code: str
    kind: str
    how_measured: str
    may_be_not_applicable: bool
    limits: tuple[Limit, ...]
    proofs: tuple[Proof, ...]
    source: str


def guidance_of(indicator: Indicator, limits: Iterable[Threshold], wanted: Iterable[EvidenceRequirement]) -> Guidance:
    """limits: the thresholds that hold here; wanted: the proofs asked for in the criterion. No query."""
    own = [item for item in wanted if item.criterion_id or item.indicator_id == indicator.pk]
    return Guidance(
        code=indicator.code,
        kind=indicator.get_kind_display(),
        how_measured=indicator.how_measured,
        may_be_not_applicable=indicator.may_be_not_applicable,
        limits=tuple(
            Limit(item.part.text if item.part else "", item.display, item.is_confirmed, standing(item))
            for item in limits
        ),
        proofs=tuple(Proof(item.text, _note(item)) for item in sorted(own, key=lambda item: item.indicator_id is None)),
        source=indicator.source,
    )


def standing(threshold: Threshold) -> str:
    """How surely a threshold is known; one that is not confirmed decides nothing."""
    if not threshold.is_confirmed:
        return ONLY_SHOWN
    if threshold.is_confirmed_in_source:
        return "đã đối chiếu khi lập bộ tiêu chí"
    record = threshold.confirmation
    return f"đã đối chiếu ngày {notation.day(record.confirmed_on)}: {record.decision}, {record.article} ({record.by})"


def _note(item: EvidenceRequirement) -> str:
    words = ["gợi ý, chưa đối chiếu" if item.is_unverified else "bắt buộc" if item.is_required else "nếu có"]
    if item.criterion_id:
        words.append("chung cho cả tiêu chí")
    return ", ".join(words)


def proofs_wanted(criterion: Criterion) -> list[EvidenceRequirement]:
    """The proofs asked for in a criterion, of the whole and of its indicators, in the order of the set: one query."""
    rows = EvidenceRequirement.objects.filter(Q(criterion=criterion) | Q(indicator__criterion=criterion))
    return list(rows.order_by("position", "pk"))


def thresholds_for(indicator: Indicator, commune: Commune, year: int) -> list[Threshold]:
    """The thresholds that hold for a commune in the year that is judged: of the whole, else one for each part.

    The indicator must be fetched `with_measures()`, else this queries.
    """
    context = context_for(commune, year)
    fitting: dict[int | None, tuple[int, Threshold]] = {}
    for item in indicator.thresholds.all():
        keys = (
            (item.year, context.year),
            (item.region, context.region),
            (item.commune_group, context.commune_group),
            (item.commune_class, context.commune_class),
        )
        if any(key and key != wanted for key, wanted in keys):
            continue
        weight = sum(bool(key) for key, _ in keys)
        if item.part_id not in fitting or fitting[item.part_id][0] < weight:
            fitting[item.part_id] = (weight, item)
    return [item for _, item in fitting.values()]
