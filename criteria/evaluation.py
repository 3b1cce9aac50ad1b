"""Pure functions: does a reported value meet an indicator, and what follows for its criterion.

Nothing here queries or rounds before it compares: rates are exact fractions. A verdict only *proposes*;
people conclude. A threshold that nobody confirmed is shown beside the value and proposes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from .judgement import Judgement
from .measures import Context, IndicatorSpec, Kind, Operator, PartSpec, ThresholdSpec, Value, answers

ANYWHERE = Context()
MOST_PLACES = 6


@dataclass(frozen=True)
class Verdict:
    """What follows from a value.

    judgement: the proposal; None where evaluation cannot or must not decide.
    reason: a Vietnamese sentence that says why, for people.
    is_confirmed: whether every threshold that decided was confirmed against its source.
    measured: the rate in per cent or the number; None without a usable value.
    distance: how far beyond (≥ 0) or short of (< 0) the threshold, in the unit of `measured`.
    is_input_error: the value itself cannot be right (numerator above denominator, …).
    parts: ((part code, Verdict), …) of the parts that apply.
    """

    judgement: Judgement | None
    reason: str
    is_confirmed: bool = False
    measured: Fraction | None = None
    threshold: ThresholdSpec | None = None
    distance: Fraction | None = None
    is_input_error: bool = False
    parts: tuple[tuple[str, "Verdict"], ...] = ()


def evaluate(indicator: IndicatorSpec, value: Value | None, context: Context = ANYWHERE) -> Verdict:
    """What a reported value of an indicator proposes; never raises on odd values, it says what is wrong."""
    if value is None:
        return Verdict(None, "Chưa nhập giá trị.")
    if value.is_not_applicable:
        if indicator.may_be_not_applicable:
            return Verdict(Judgement.NOT_ASSESSED, "Không có đối tượng để đánh giá.", is_confirmed=True)
        return Verdict(None, "Chỉ tiêu này không được bỏ qua: không ghi “nếu có”.", is_input_error=True)
    if indicator.kind == Kind.COMPOUND:
        return _evaluate_parts(indicator, value, context)
    return _evaluate_single(indicator, value, context)


def propose_criterion(judgements: Iterable[str]) -> Judgement | None:
    """The verdict of a criterion from those of its indicators.

    Đạt when every applicable indicator is đạt; one chưa đạt is enough for chưa đạt; one cơ bản đạt among
    đạt makes cơ bản đạt (whether that counts is the set's option, see `counts_as_met`); no applicable
    indicator is không đánh giá, never đạt. None: no indicators at all, or one is not yet assessed.
    """
    found = set(judgements)
    if Judgement.NOT_MET in found:
        return Judgement.NOT_MET
    if not found or Judgement.UNASSESSED in found:
        return None
    applicable = found - {Judgement.NOT_ASSESSED}
    if not applicable:
        return Judgement.NOT_ASSESSED
    return Judgement.BASICALLY_MET if Judgement.BASICALLY_MET in applicable else Judgement.MET


def pick_threshold(thresholds: Iterable[ThresholdSpec], context: Context) -> ThresholdSpec | None:
    """The most specific threshold that fits; None where none does.

    A threshold fits when each of year, region, group and class is empty or equal to the context's. Between
    two that fit, the one with more of them filled wins; at a draw year goes before region, group and class.
    """
    fitting = [item for item in thresholds if _fits(item, context)]
    return max(fitting, key=_specificity, default=None)


def rate(numerator: Decimal, denominator: Decimal) -> Fraction | None:
    """A rate in per cent, exact; None where the denominator is 0."""
    if denominator == 0:
        return None
    return Fraction(numerator) * 100 / Fraction(denominator)


def reaches(measured: Fraction, operator: str, bound: Fraction) -> bool:
    """Whether a value stands to its threshold as it should; equal always does."""
    if operator == Operator.AT_LEAST:
        return measured >= bound
    if operator == Operator.AT_MOST:
        return measured <= bound
    return measured == bound


def written(number: Fraction, apart_from: Fraction | None = None) -> str:
    """A number for people: at most two places, decimal comma, half up.

    apart_from: more places are shown where two would make the number look equal to this one.
    """
    for places in range(2, MOST_PLACES + 1):
        shown = _rounded(number, places)
        if apart_from is None or number == apart_from or Fraction(shown) != apart_from:
            break
    text = f"{shown:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def _fits(threshold: ThresholdSpec, context: Context) -> bool:
    return (
        threshold.year in (None, context.year)
        and threshold.region in ("", context.region)
        and threshold.commune_group in ("", context.commune_group)
        and threshold.commune_class in ("", context.commune_class)
    )


def _specificity(threshold: ThresholdSpec) -> tuple[int, ...]:
    filled = tuple(
        int(bool(key)) for key in (threshold.year, threshold.region, threshold.commune_group, threshold.commune_class)
    )
    return (sum(filled), *filled)


def _rounded(number: Fraction, places: int) -> Decimal:
    # In whole numbers first: a Decimal division would already round to its own precision.
    scale = 10**places
    half_up, rest = divmod(abs(number) * scale, 1)
    units = int(half_up) + (1 if rest >= Fraction(1, 2) else 0)
    return (Decimal(units if number >= 0 else -units) / scale).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _evaluate_single(spec: IndicatorSpec | PartSpec, value: Value, context: Context) -> Verdict:
    if spec.kind == Kind.PASS_FAIL:
        return _evaluate_answer(spec, value, context)
    problem = _input_error(spec, value)
    if problem:
        return Verdict(None, problem, is_input_error=True)
    measured = _measure(spec, value)
    if measured is None:
        is_empty_rate = value.denominator == 0
        return Verdict(None, "Mẫu số bằng 0: không tính được tỷ lệ." if is_empty_rate else "Chưa nhập giá trị.")
    threshold = pick_threshold(spec.thresholds, context)
    unsettled = _unsettled(spec, threshold, written(measured) + _unit(spec))
    if unsettled or threshold is None or threshold.value is None:
        return Verdict(None, unsettled, measured=measured, threshold=threshold)
    return _compare(spec, measured, threshold, threshold.value)


def _compare(spec: IndicatorSpec | PartSpec, measured: Fraction, threshold: ThresholdSpec, value: Decimal) -> Verdict:
    bound = Fraction(value)
    holds = reaches(measured, spec.operator, bound)
    distance = bound - measured if spec.operator == Operator.AT_MOST else measured - bound
    if spec.operator == Operator.EQUAL:
        distance = -abs(distance)
    sign = Operator(spec.operator).sign
    reason = f"{written(measured, bound)}{_unit(spec)} so với ngưỡng {sign} {written(bound)}{_unit(spec)}"
    if not threshold.is_confirmed:
        reason += "; ngưỡng chưa đối chiếu nên không đề xuất."
        return Verdict(None, reason, measured=measured, threshold=threshold, distance=distance)
    judgement = Judgement.MET if holds else Judgement.NOT_MET
    reason += "." if holds else f", còn chênh {written(abs(distance), Fraction(0))}{_points(spec)}."
    return Verdict(judgement, reason, True, measured, threshold, distance)


def _evaluate_answer(spec: IndicatorSpec | PartSpec, value: Value, context: Context) -> Verdict:
    if value.passed is None:
        return Verdict(None, "Chưa nhập giá trị.")
    good, bad = answers(spec.unit)
    given = good if value.passed else bad
    threshold = pick_threshold(spec.thresholds, context)
    # The requirement is one of the two answers; any other wording is for people to judge.
    is_plain = threshold is not None and threshold.text.strip().casefold() == good.casefold()
    if threshold is None or not is_plain:
        return Verdict(None, _unsettled(spec, threshold, given), threshold=threshold)
    if not threshold.is_confirmed:
        reason = f"Báo cáo: {given}; yêu cầu “{good}” chưa đối chiếu nên không đề xuất."
        return Verdict(None, reason, threshold=threshold)
    judgement = Judgement.MET if value.passed else Judgement.NOT_MET
    return Verdict(judgement, f"Báo cáo: {given}; yêu cầu: {good}.", True, threshold=threshold)


def _evaluate_parts(indicator: IndicatorSpec, value: Value, context: Context) -> Verdict:
    """All parts that apply must hold; one confirmed failure decides, one open part leaves it open."""
    if not indicator.parts:
        return Verdict(None, "Chỉ tiêu chưa có thành phần để tính.")
    found: list[tuple[str, Verdict]] = []
    for part in indicator.parts:
        applies = _applies(part, indicator, value)
        if applies is None:
            found.append((part.code, Verdict(None, "Chưa biết số lượng để chọn mức áp dụng.")))
        elif applies:
            found.append((part.code, _evaluate_single(part, value.parts.get(part.code, Value()), context)))
    parts = tuple(found)
    faulty = [(code, verdict) for code, verdict in found if verdict.is_input_error]
    failed = [(code, verdict) for code, verdict in found if verdict.judgement == Judgement.NOT_MET]
    unsettled = [(code, verdict) for code, verdict in found if verdict.judgement is None]
    if faulty:
        return Verdict(None, _sentences(indicator, faulty), is_input_error=True, parts=parts)
    if failed:
        return Verdict(Judgement.NOT_MET, _sentences(indicator, failed), is_confirmed=True, parts=parts)
    if unsettled:
        return Verdict(None, _sentences(indicator, unsettled), parts=parts)
    if not found:
        return Verdict(None, "Không có thành phần nào áp dụng.", parts=parts)
    return Verdict(Judgement.MET, f"Cả {len(found)} thành phần áp dụng đều đạt.", is_confirmed=True, parts=parts)


def _applies(part: PartSpec, indicator: IndicatorSpec, value: Value) -> bool | None:
    """Whether a part counts here; None while the count it depends on is unknown."""
    condition = part.applies_when
    if condition is None:
        return True
    counted = value.parts.get(condition.count_of, Value())
    kinds = {item.code: item.kind for item in indicator.parts}
    count = counted.denominator if kinds.get(condition.count_of) == Kind.RATE else counted.number
    if count is None:
        return None
    bound = condition.bound
    outcomes = {">": count > bound, ">=": count >= bound, "<": count < bound, "<=": count <= bound, "=": count == bound}
    return outcomes[condition.operator]


def _sentences(indicator: IndicatorSpec, found: list[tuple[str, Verdict]]) -> str:
    """Each part by its name: codes are made for data files, not for readers."""
    names = {part.code: part.text for part in indicator.parts}
    return " ".join(f"{names[code] or code}: {verdict.reason}" for code, verdict in found)


def _input_error(spec: IndicatorSpec | PartSpec, value: Value) -> str:
    """Why the numbers cannot be right; empty where they can."""
    if any(item is not None and not item.is_finite() for item in (value.number, value.numerator, value.denominator)):
        return "Giá trị không phải là số."
    if spec.kind != Kind.RATE:
        return ""
    numerator, denominator = value.numerator, value.denominator
    if (numerator is not None and numerator < 0) or (denominator is not None and denominator < 0):
        return "Tử số và mẫu số không được âm."
    if numerator is not None and denominator is not None and numerator > denominator:
        return f"Tử số ({written(Fraction(numerator))}) lớn hơn mẫu số ({written(Fraction(denominator))})."
    return ""


def _measure(spec: IndicatorSpec | PartSpec, value: Value) -> Fraction | None:
    """The rate in per cent or the number; None where something is missing."""
    if spec.kind == Kind.NUMBER:
        return None if value.number is None else Fraction(value.number)
    if value.numerator is None or value.denominator is None:
        return None
    return rate(value.numerator, value.denominator)


def _unsettled(spec: IndicatorSpec | PartSpec, threshold: ThresholdSpec | None, shown: str) -> str:
    """Why no comparison is possible; empty where it is."""
    if threshold is None:
        known = "chưa có ngưỡng cho trường hợp này" if spec.thresholds else "bộ tiêu chí chưa ghi ngưỡng"
        return f"Báo cáo: {shown}; {known}."
    if threshold.value is None or not spec.operator:
        words = threshold.text or "không ghi dấu so sánh"
        return f"Báo cáo: {shown}; yêu cầu bằng chữ, phải xem xét: {words}."
    return ""


def _unit(spec: IndicatorSpec | PartSpec) -> str:
    unit = "%" if spec.kind == Kind.RATE else spec.unit
    return f" {unit}" if unit else ""


def _points(spec: IndicatorSpec | PartSpec) -> str:
    return " điểm %" if spec.kind == Kind.RATE else _unit(spec)
