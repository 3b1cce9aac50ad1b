"""What happened to a dossier or one indicator of it, in words; the commune reads of the team only what it was told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from communes.models import Event
from criteria.judgement import Judgement

from ..models import Assessment, CriterionConclusion, Dossier, Evidence, InspectionRound, ReturnItem
from .sight import Sight
from .words import part_by_its_content

WORDS = {
    "dossier.submitted": "Nộp hồ sơ",
    "dossier.recalled": "Rút lại hồ sơ",
    "dossier.returned": "Yêu cầu bổ sung",
    "dossier.resubmitted": "Nộp lại phần bổ sung",
    "dossier.items_withdrawn": "Rút yêu cầu bổ sung",
    "dossier.made_provisional": "Công bố dự thảo kết luận",
    "dossier.replied": "Gửi giải trình",
    "dossier.reminded": "Nhắc xã giải trình",
    "dossier.reply_taken_up": "Xem xét lại theo giải trình",
    "dossier.concluded": "Phê duyệt kết luận",
    "dossier.reopened": "Mở lại hồ sơ",
    "return_item.asked": "Nêu yêu cầu bổ sung",
    "return_item.asked_again": "Hỏi thêm về phần bổ sung",
    "return_item.answered": "Trả lời yêu cầu bổ sung",
    "return_item.settled": "Chấp nhận phần bổ sung",
    "return_item.withdrawn": "Rút yêu cầu bổ sung",
    "assessment.entered": "Nhập chỉ tiêu",
    "round.results_imported": "Nhập từ bảng kết quả",
    "dossier.workbook_taken": "Nhập từ bảng tính",
    "assessment.opinion_given": "Cho ý kiến",
    "assessment.concluded": "Kết luận chỉ tiêu",
    "criterion.concluded": "Kết luận tiêu chí",
    "reply.responded": "Ghi ý kiến về giải trình",
    "evidence.added": "Thêm minh chứng",
    "evidence.linked": "Gắn minh chứng",
    "evidence.unlinked": "Gỡ minh chứng",
}
IMPORTED = "round.results_imported"
PROOF = ("evidence.added", "evidence.linked", "evidence.unlinked")
# What agencies and the team hold. Once it is disclosed the commune reads the last word of each, as on its other
# pages; how they came to it, and what they held before, stays with them.
DELIBERATION = ("assessment.opinion_given", "assessment.concluded", "criterion.concluded", "reply.responded")
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


def events_of(dossier: Dossier, sight: Sight, assessment: Assessment | None = None) -> QuerySet[Event]:
    """The events a person may read, newest first; of one indicator with its criterion, where one is given."""
    shown = sight.assessments(dossier).order_by()
    if assessment is not None:
        shown = shown.filter(pk=assessment.pk)
    keys = list(shown.values_list("pk", flat=True))
    items = [str(pk) for pk in dossier.return_items.filter(assessment__in=keys).values_list("pk", flat=True)]
    rows = Q(subject_type=label(Assessment), subject_id__in=[str(pk) for pk in keys])
    rows |= Q(subject_type=label(ReturnItem), subject_id__in=items)
    if assessment is not None and keys:
        rows |= _of_proof(dossier, assessment)
    if sight.agencies is None:
        conclusions = dossier.conclusions.all()
        if assessment is None:
            rows |= Q(subject_type=label(Dossier), subject_id=str(dossier.pk))
        else:
            conclusions = conclusions.filter(criterion=assessment.criterion_id)
        ids = [str(pk) for pk in conclusions.values_list("pk", flat=True)]
        rows |= Q(subject_type=label(CriterionConclusion), subject_id__in=ids)
    if dossier.is_imported and sight.agencies is None and assessment is None:
        rows |= Q(subject_type=label(InspectionRound), subject_id=str(dossier.round_id), action=IMPORTED)
    found = Event.objects.filter(rows)
    if sight.is_commune:
        told = Q(pk=Subquery(_last_word())) if sight.sees_conclusions else Q(pk__in=[])
        found = found.filter(~Q(action__in=DELIBERATION) | told)
        if dossier.status != Dossier.Status.CONCLUDED:
            found = found.exclude(action="reply.responded")
    elif not sight.sees_conclusions:
        found = found.exclude(action__in=("assessment.concluded", "criterion.concluded", "reply.responded"))
    return found.order_by("-at", "-seq")


def _last_word() -> QuerySet:
    """The newest event of the same kind about the same thing as an outer event."""
    same = Event.objects.filter(
        subject_type=OuterRef("subject_type"), subject_id=OuterRef("subject_id"), action=OuterRef("action")
    )
    return same.order_by("-at", "-seq").values("pk")[:1]


def _of_proof(dossier: Dossier, assessment: Assessment) -> Q:
    """Files added to, linked with or taken away from an indicator; the journal tells them of the file."""
    files = Evidence.objects.filter(commune=dossier.inspection.commune_id).order_by().values_list("pk", flat=True)
    return Q(
        subject_type=label(Evidence),
        subject_id__in=[str(pk) for pk in files],
        action__in=PROOF,
        data__rows__icontains=f'"{assessment.pk}"',
    )


def label(model: type) -> str:
    return str(model._meta.label_lower)  # type: ignore[attr-defined]


def history_line(event: Event, sight: Sight, dossier: Dossier) -> HistoryLine:
    if event.action == IMPORTED:
        return HistoryLine(event.at, event.actor_name, WORDS[IMPORTED], "", imported(event, dossier))
    subject = event.subject_label if event.action in PROOF else event.subject_label.partition(" · ")[0]
    is_whole = event.subject_type == label(Dossier)
    what = WORDS.get(event.action, event.action)
    return HistoryLine(event.at, event.actor_name, what, "" if is_whole else subject, details(event, sight))


def imported(event: Event, dossier: Dossier) -> list[str]:
    """The file, and what it said of this dossier: an import is one event of the whole round."""
    key = (dossier.criteria_set.code, dossier.unit.code)
    rows = [row for row in event.data.get("rows", []) if (row["set"], row["code"]) == key]
    found = [f"{TEXTS['file']}: {event.data.get('file', '')}"]
    for row in rows:
        old = row.get("old")
        for number, mark in row["new"].items():
            before = f"{old[number] or 'trống'} → " if old else ""
            found.append(f"{number}: {before}{mark or 'trống'}")
    return found if rows else [*found, "không thay đổi kết quả của đơn vị này"]


def details(event: Event, sight: Sight) -> list[str]:
    """What an event says beyond its name; to the commune not what the team held before."""
    data: Mapping[str, Any] = event.data
    found = [_change(name, change) for name, change in data.get("changes", {}).items()]
    if event.action in DELIBERATION and data.get("new"):
        before = "" if sight.is_commune else f"{_judgement(data.get('old'))} → "
        found.append(f"{before}{_judgement(data['new'])}")
    if data.get("late"):
        found.append("Nộp muộn")
    if event.action not in PROOF and (codes := data.get("indicators")):
        found.append(f"Chỉ tiêu {', '.join(codes)}")
    found += [f"{words}: {_reason(data[name])}" for name, words in TEXTS.items() if data.get(name)]
    if data.get("waived"):
        found.append("Đồng ý, không giải trình")
    return found


TEXTS = {
    "file": "Tệp",
    "question": "Nội dung",
    "answer": "Trả lời",
    "reason": "Lý do",
    "general": "Giải trình chung",
    "response": "Ý kiến của Đoàn",
}


def _reason(text: Any) -> str:
    """A reason code by its word; any other text as it is."""
    return str(ReturnItem.Reason(text).label).lower() if text in ReturnItem.Reason.values else str(text)


def _change(name: str, change: Mapping[str, Any]) -> str:
    if name == "self_judgement":
        return f"{FIELDS[name]}: {_judgement(change.get('old'))} → {_judgement(change.get('new'))}"
    if name == "parts":
        return f"{FIELDS[name]}: {_parts(change.get('old'), change.get('new'))}"
    return f"{FIELDS.get(name, name)}: {_short(change.get('old'))} → {_short(change.get('new'))}"


def _parts(old: Any, new: Any) -> str:
    """ "a) 7/10 → 9/10; b) trống → đạt" of those parts that changed."""
    before, after = (value if isinstance(value, Mapping) else {} for value in (old, new))
    codes = [code for code in sorted({*before, *after}) if before.get(code) != after.get(code)]
    return "; ".join(f"{code}) {_part(before.get(code))} → {_part(after.get(code))}" for code in codes)


def _part(stored: Any) -> str:
    return (part_by_its_content(stored) if stored else "") or "trống"


def _short(value: Any) -> str:
    text = str(value).replace(".", ",") if _is_number(value) else str(value or "")
    return f"“{text[:80]}…”" if len(text) > 80 else text or "trống"


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()


def _judgement(value: Any) -> str:
    return str(Judgement(value).label).lower() if value in Judgement.values else "chưa đánh giá"
