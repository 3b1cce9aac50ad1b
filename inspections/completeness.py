"""What a dossier still lacks, told in words that name the thing: pure over rows, one query for each kind of row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count

from criteria.judgement import Judgement
from criteria.measures import Kind
from criteria.models import EvidenceRequirement, Indicator

from .models import Assessment, Dossier

NUMERIC = (Kind.RATE, Kind.NUMBER, Kind.COMPOUND)
RATE_COLUMNS = ("numerator", "denominator")
CLAIMS = (Judgement.MET, Judgement.BASICALLY_MET)


@dataclass(frozen=True)
class Missing:
    """One thing that is missing.

    is_blocking: it must be there before the dossier is handed in; else the officer may hand in without it,
    knowingly. A proof that is only a usual suggestion, not confirmed against a document, never blocks.
    is_proof: evidence is missing, not a value or a judgement.
    """

    criterion_number: int
    indicator_code: str
    text: str
    is_blocking: bool = True
    is_proof: bool = False


@dataclass(frozen=True)
class Requirements:
    """Which proofs are asked for: by indicator and by criterion, True where at least one is confirmed."""

    by_indicator: Mapping[int, bool]
    by_criterion: Mapping[int, bool]


def requirements_of(*criteria_set_ids: int) -> Requirements:
    """The required proofs of one or several sets, in one query."""
    rows = EvidenceRequirement.objects.filter(is_required=True).filter(
        indicator__criteria_set__in=criteria_set_ids
    ) | EvidenceRequirement.objects.filter(is_required=True, criterion__criteria_set__in=criteria_set_ids)
    by_indicator: dict[int, bool] = {}
    by_criterion: dict[int, bool] = {}
    for indicator, criterion, is_unverified in rows.values_list("indicator", "criterion", "is_unverified"):
        target, key = (by_indicator, indicator) if indicator else (by_criterion, criterion)
        target[key] = target.get(key, False) or not is_unverified
    return Requirements(by_indicator, by_criterion)


def has_value(indicator: Indicator, assessment: Assessment) -> bool:
    """Whether the value that the kind of indicator asks for is there.

    Of a compound indicator the parts are read: prefetch "indicator__parts" for many rows.
    """
    if indicator.kind == Kind.RATE:
        return assessment.numerator is not None and assessment.denominator is not None
    if indicator.kind == Kind.NUMBER:
        return assessment.value is not None
    if indicator.kind == Kind.COMPOUND:
        return _has_parts(indicator, assessment)
    return True


def _has_parts(indicator: Indicator, assessment: Assessment) -> bool:
    """Each part is there as a whole; one that depends on a count may be left out, but not half entered."""
    known = {part.code: part for part in indicator.parts.all()}
    stored = {code: value for code, value in assessment.parts.items() if value and code in known}
    if any(not part.count_of and part.code not in stored for part in known.values()):
        return False
    halves = [
        code for code, value in stored.items() if known[code].kind == Kind.RATE and len(value) < len(RATE_COLUMNS)
    ]
    return bool(stored) and not halves


def missing_of(assessment: Assessment, proofs: int, requires: bool | None) -> list[Missing]:
    """What one indicator lacks.

    assessment: with its indicator and criterion loaded. proofs: how many pieces of evidence are linked.
    requires: None where no proof is asked for, else whether the demand is confirmed.
    """
    indicator, number = assessment.indicator, assessment.criterion.number

    def lack(text: str, *, is_blocking: bool = True, is_proof: bool = False) -> Missing:
        return Missing(number, indicator.code, text, is_blocking, is_proof)

    if assessment.self_judgement == Judgement.UNASSESSED:
        return [lack(f"Chỉ tiêu {indicator.code}: chưa tự đánh giá.")]
    found = []
    if assessment.self_judgement == Judgement.NOT_ASSESSED:
        if not assessment.remark:
            found.append(lack(f"Chỉ tiêu {indicator.code}: chưa ghi lý do không đánh giá."))
        return found
    if indicator.kind == Kind.RATE and assessment.denominator == 0:
        found.append(lack(f"Chỉ tiêu {indicator.code}: mẫu số bằng 0, không tính được tỷ lệ."))
    elif not has_value(indicator, assessment):
        found.append(lack(f"Chỉ tiêu {indicator.code}: chưa nhập số liệu."))
    if requires is not None and not proofs and assessment.self_judgement in CLAIMS:
        found.append(lack(f"Chỉ tiêu {indicator.code}: chưa có minh chứng.", is_blocking=requires, is_proof=True))
    return found


def missing_among(
    assessments: Iterable[Assessment], proofs: Mapping[int, int], requirements: Requirements
) -> list[Missing]:
    """What a list of indicators lacks; proofs: {assessment id: number of pieces of evidence}."""
    found: list[Missing] = []
    claimed: dict[int, list[Assessment]] = {}
    for assessment in assessments:
        requires = requirements.by_indicator.get(assessment.indicator_id)
        found += missing_of(assessment, proofs.get(assessment.pk, 0), requires)
        if assessment.self_judgement in CLAIMS:
            claimed.setdefault(assessment.criterion_id, []).append(assessment)
    for criterion_id, is_confirmed in requirements.by_criterion.items():
        members = claimed.get(criterion_id)
        if members and not any(proofs.get(item.pk) for item in members):
            number = members[0].criterion.number
            found.append(
                Missing(number, "", f"Tiêu chí {number}: chưa có minh chứng nào.", is_confirmed, is_proof=True)
            )
    return sorted(found, key=lambda item: item.criterion_number)


def proof_counts(dossier: Dossier) -> dict[int, int]:
    """{assessment id: number of pieces of evidence that the commune gave}, in one query."""
    rows = dossier.assessments.filter(evidence_links__isnull=False, evidence_links__visit__isnull=True).order_by()
    return dict(rows.annotate(proofs=Count("evidence_links")).values_list("pk", "proofs"))


def missing_in(dossier: Dossier) -> list[Missing]:
    """Everything a dossier lacks, by criterion: four queries."""
    assessments = dossier.assessments.select_related("indicator", "criterion").prefetch_related("indicator__parts")
    return missing_among(assessments, proof_counts(dossier), requirements_of(dossier.criteria_set_id))
