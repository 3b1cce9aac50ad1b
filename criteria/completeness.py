"""What keeps a draft from being published, and what should be known before: read-only sentences."""

from collections.abc import Iterator

from .judgement import MOST_CRITERIA, TOO_MANY_CRITERIA
from .measures import Kind
from .models import CriteriaSet, Criterion, Indicator


def problems(criteria_set: CriteriaSet) -> list[str]:
    """Vietnamese sentences, one for each thing that must be mended before publishing; empty when it may go."""
    criteria = list(criteria_set.criteria.order_by("number"))
    indicators = list(criteria_set.indicators.with_measures())
    found = [*_of_set(criteria_set, criteria)]
    if not criteria_set.is_incomplete:
        found += _without_indicators(criteria, indicators)
    for indicator in indicators:
        found += _of_indicator(indicator)
    return found


def warnings(criteria_set: CriteriaSet) -> list[str]:
    """Vietnamese sentences that do not forbid publishing but that whoever publishes should read."""
    indicators = list(criteria_set.indicators.with_measures())
    thresholds = [threshold for indicator in indicators for threshold in indicator.thresholds.all()]
    unconfirmed = sum(not threshold.is_confirmed for threshold in thresholds)
    bare = [indicator.code for indicator in indicators if not indicator.thresholds.all()]
    temporary = [indicator.code for indicator in indicators if indicator.code_is_temporary]
    found = []
    if criteria_set.is_incomplete:
        found.append("Bộ được đánh dấu “chưa đủ chỉ tiêu”.")
    if unconfirmed:
        found.append(
            f"{unconfirmed}/{len(thresholds)} ngưỡng chưa đối chiếu: hiển thị nhưng không tự đề xuất kết luận."
        )
    if bare:
        found.append(f"{len(bare)} chỉ tiêu chưa có ngưỡng: {', '.join(bare)}.")
    if temporary:
        found.append(f"{len(temporary)} chỉ tiêu dùng mã tạm: {', '.join(temporary)}.")
    return found


def _of_set(criteria_set: CriteriaSet, criteria: list[Criterion]) -> Iterator[str]:
    if not criteria_set.legal_basis:
        yield "Chưa ghi căn cứ pháp lý."
    if not criteria:
        yield "Bộ chưa có tiêu chí nào."
        return
    numbers = {criterion.number for criterion in criteria}
    if max(numbers) > MOST_CRITERIA:
        yield TOO_MANY_CRITERIA
        return
    missing = [str(number) for number in range(1, max(numbers) + 1) if number not in numbers]
    if missing:
        yield f"Số tiêu chí không liên tục, thiếu số {', '.join(missing)}."


def _without_indicators(criteria: list[Criterion], indicators: list[Indicator]) -> Iterator[str]:
    filled = {indicator.criterion_id for indicator in indicators}
    for criterion in criteria:
        if criterion.pk not in filled:
            yield (
                f"Tiêu chí {criterion.number} ({criterion.name}) chưa có chỉ tiêu: "
                "nhập chỉ tiêu hoặc đánh dấu bộ “chưa đủ chỉ tiêu”."
            )


def _of_indicator(indicator: Indicator) -> Iterator[str]:
    parts = {part.pk: part for part in indicator.parts.all()}
    codes = {part.code for part in parts.values()}
    if indicator.kind == Kind.COMPOUND and not parts:
        yield f"Chỉ tiêu {indicator.code} gồm nhiều thành phần nhưng chưa có thành phần nào."
    if indicator.kind != Kind.COMPOUND and parts:
        yield f"Chỉ tiêu {indicator.code} có thành phần nhưng không phải kiểu nhiều thành phần."
    if indicator.criteria_set_id != indicator.criterion.criteria_set_id:
        yield f"Chỉ tiêu {indicator.code} thuộc tiêu chí của một bộ khác."
    for part in parts.values():
        counted = next((other for other in parts.values() if other.code == part.count_of), None)
        if part.count_of and (part.count_of not in codes or part.count_of == part.code):
            yield f"Chỉ tiêu {indicator.code}, thành phần {part.code}: không có thành phần {part.count_of} để đếm."
        elif counted and counted.kind == Kind.PASS_FAIL:
            yield f"Chỉ tiêu {indicator.code}, thành phần {part.code}: thành phần {part.count_of} không đếm được."
    for threshold in indicator.thresholds.all():
        if threshold.part_id and threshold.part_id not in parts:
            yield f"Chỉ tiêu {indicator.code}: ngưỡng {threshold} gắn với thành phần của chỉ tiêu khác."
