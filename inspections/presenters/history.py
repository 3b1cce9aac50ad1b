"""What happened to a dossier, in words; the commune never reads here what the team held among itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from communes.models import Event
from criteria.judgement import Judgement

from ..models import Assessment, CriterionConclusion, Dossier, ReturnItem
from .sight import Sight

WORDS = {
    "dossier.submitted": "Nộp hồ sơ",
    "dossier.recalled": "Rút lại hồ sơ",
    "dossier.returned": "Yêu cầu bổ sung",
    "dossier.resubmitted": "Nộp lại phần bổ sung",
    "dossier.items_withdrawn": "Rút yêu cầu bổ sung",
    "dossier.made_provisional": "Công bố dự thảo kết luận",
    "dossier.replied": "Gửi giải trình",
    "dossier.reply_taken_up": "Xem xét lại theo giải trình",
    "dossier.concluded": "Phê duyệt kết luận",
    "dossier.reopened": "Mở lại hồ sơ",
    "return_item.asked": "Nêu yêu cầu bổ sung",
    "return_item.answered": "Trả lời yêu cầu bổ sung",
    "return_item.settled": "Chấp nhận phần bổ sung",
    "return_item.withdrawn": "Rút yêu cầu bổ sung",
    "assessment.entered": "Nhập chỉ tiêu",
    "dossier.workbook_taken": "Nhập từ bảng tính",
    "assessment.opinion_given": "Cho ý kiến",
    "assessment.concluded": "Kết luận chỉ tiêu",
    "criterion.concluded": "Kết luận tiêu chí",
}
# How the team and the agencies came to what they hold: not for the commune, not even after it is disclosed.
DELIBERATION = ("assessment.opinion_given", "assessment.concluded", "criterion.concluded")
FIELDS = {
    "numerator": "tử số",
    "denominator": "mẫu số",
    "value": "giá trị",
    "parts": "các thành phần",
    "remark": "thuyết minh",
    "self_judgement": "tự đánh giá",
}


@dataclass(frozen=True)
class HistoryLine:
    """One event: when, who, what, of what, and its details in words."""

    at: datetime
    who: str
    what: str
    subject: str
    details: list[str]


def events_of(dossier: Dossier, sight: Sight) -> QuerySet[Event]:
    """The events a person may read, newest first."""
    shown = list(sight.assessments(dossier).order_by().values_list("pk", flat=True))
    items = [str(pk) for pk in dossier.return_items.filter(assessment__in=shown).values_list("pk", flat=True)]
    rows = Q(subject_type=label(Assessment), subject_id__in=[str(pk) for pk in shown])
    rows |= Q(subject_type=label(ReturnItem), subject_id__in=items)
    if sight.agencies is None:
        rows |= Q(subject_type=label(Dossier), subject_id=str(dossier.pk))
        conclusions = [str(pk) for pk in dossier.conclusions.values_list("pk", flat=True)]
        rows |= Q(subject_type=label(CriterionConclusion), subject_id__in=conclusions)
    found = Event.objects.filter(rows)
    if sight.is_commune:
        found = found.exclude(action__in=DELIBERATION)
    elif not sight.sees_conclusions:
        found = found.exclude(action__in=("assessment.concluded", "criterion.concluded"))
    return found.order_by("-at", "-seq")


def label(model: type) -> str:
    return str(model._meta.label_lower)  # type: ignore[attr-defined]


def history_line(event: Event) -> HistoryLine:
    subject = event.subject_label.partition(" · ")[0]
    is_whole = event.subject_type == label(Dossier)
    return HistoryLine(
        event.at, event.actor_name, WORDS.get(event.action, event.action), "" if is_whole else subject, details(event)
    )


def details(event: Event) -> list[str]:
    """What an event says beyond its name."""
    data: Mapping[str, Any] = event.data
    found = [_change(name, change) for name, change in data.get("changes", {}).items()]
    if event.action in DELIBERATION and data.get("new"):
        found.append(f"{_judgement(data.get('old'))} → {_judgement(data['new'])}")
    if data.get("late"):
        found.append("Nộp muộn")
    if codes := data.get("indicators"):
        found.append(f"Chỉ tiêu {', '.join(codes)}")
    found += [f"{words}: {_reason(data[name])}" for name, words in TEXTS.items() if data.get(name)]
    if data.get("waived"):
        found.append("Đồng ý, không giải trình")
    return found


TEXTS = {"file": "Tệp", "question": "Nội dung", "answer": "Trả lời", "reason": "Lý do", "general": "Giải trình chung"}


def _reason(text: Any) -> str:
    """A reason code by its word; any other text as it is."""
    return str(ReturnItem.Reason(text).label).lower() if text in ReturnItem.Reason.values else str(text)


def _change(name: str, change: Mapping[str, Any]) -> str:
    if name == "self_judgement":
        return f"{FIELDS[name]}: {_judgement(change.get('old'))} → {_judgement(change.get('new'))}"
    if name == "parts":
        return f"sửa {FIELDS[name]}"
    return f"{FIELDS.get(name, name)}: {_short(change.get('old'))} → {_short(change.get('new'))}"


def _short(value: Any) -> str:
    text = str(value).replace(".", ",") if _is_number(value) else str(value or "")
    return f"“{text[:80]}…”" if len(text) > 80 else text or "trống"


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()


def _judgement(value: Any) -> str:
    return str(Judgement(value).label).lower() if value in Judgement.values else "chưa đánh giá"
