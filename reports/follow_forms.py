"""What is typed about followed recommendations: filters of their list, progress, terms, how one ends."""

from typing import Any

from django import forms
from django.db.models import Q

from communes import clock
from communes.models import Agency, Commune
from communes.notation import day
from communes.text import clean
from inspections.forms.entry import LongTextField
from inspections.forms.evidence import day_field
from inspections.forms.review import VersionedForm
from inspections.models import Evidence

from .models import FollowUp, FollowUpQuerySet, Notice, Recommendation
from .services.following import LONGEST_NOTE, NOT_USABLE

# Pieces of the library that are offered at once; older ones are uploaded again or found by a search of the browser.
PIECES = 100
WEEK = 7


class FollowUpFilter(forms.Form):
    """Filters of the list; what is empty or not understood filters nothing."""

    status = forms.ChoiceField(
        label="Tình trạng",
        required=False,
        choices=[
            ("", "Mọi tình trạng"),
            ("theo-doi", "Đang theo dõi"),
            *Recommendation.Status.choices,
            ("replaced", "Thông báo được thay thế"),
        ],
    )
    due = forms.ChoiceField(
        label="Thời hạn",
        required=False,
        choices=[
            ("", "Mọi thời hạn"),
            ("qua-han", "Quá hạn"),
            ("7-ngay", "Đến hạn trong 7 ngày"),
            ("khong-han", "Chưa đặt hạn"),
        ],
    )
    whom = forms.ChoiceField(label="Nơi thực hiện", required=False)
    notice = forms.ChoiceField(label="Văn bản", required=False)
    q = forms.CharField(
        label="Từ trong kiến nghị",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, data: Any, items: FollowUpQuerySet) -> None:
        super().__init__(data, auto_id="loc-%s")
        shown = items.order_by()
        agencies = Agency.objects.filter(follow_ups__in=shown).distinct()
        communes = Commune.objects.filter(follow_ups__in=shown).distinct()
        notices = Notice.objects.filter(recommendations__follow_up__in=shown).distinct().order_by("-issued_on", "-pk")
        self._choose(
            "whom",
            [("", "Mọi nơi"), ("vp", "Văn phòng theo dõi")]
            + [(f"p{row.pk}", row.name) for row in agencies]
            + [(f"x{row.pk}", row.title) for row in communes],
        )
        self._choose(
            "notice", [("", "Mọi văn bản")] + [(str(row.pk), f"{row}, {day(row.issued_on)}") for row in notices]
        )

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def narrowed(self, items: FollowUpQuerySet) -> FollowUpQuerySet:
        self.is_valid()
        chosen = self.cleaned_data
        found = _of_status(items, chosen.get("status", ""))
        found = _of_due(found, chosen.get("due", ""))
        if whom := chosen.get("whom", ""):
            found = found.filter(_put_to(whom))
        if notice := chosen.get("notice", ""):
            found = found.filter(recommendation__notice=int(notice))
        if words := clean(chosen.get("q", "")):
            found = found.filter(
                Q(text__unaccent__icontains=words) | Q(recommendation__addressee__unaccent__icontains=words)
            )
        return found


def _of_status(items: FollowUpQuerySet, status: str) -> FollowUpQuerySet:
    if status == "replaced":
        return items.filter(replaced_at__isnull=False)
    if status == "theo-doi":
        return items.running()
    return items.current().filter(recommendation__status=status) if status else items.current()


def _of_due(items: FollowUpQuerySet, due: str) -> FollowUpQuerySet:
    today = clock.today()
    if due == "qua-han":
        return items.overdue(today)
    if due == "7-ngay":
        return items.running().filter(due_on__range=(today, today.fromordinal(today.toordinal() + WEEK)))
    return items.running().filter(due_on__isnull=True) if due == "khong-han" else items


def _put_to(whom: str) -> Q:
    if whom == "vp":
        return Q(agencies__isnull=True, communes__isnull=True)
    rows = FollowUp.agencies.through if whom[0] == "p" else FollowUp.communes.through
    column = "agency" if whom[0] == "p" else "commune"
    return Q(pk__in=rows.objects.filter(**{column: int(whom[1:])}).values("followup"))


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ProgressForm(VersionedForm):
    """What was done, with proof; a commune may take pieces of its library."""

    text = LongTextField(
        label="Tiến độ, kết quả thực hiện",
        rows=4,
        max_length=LONGEST_NOTE,
        error_messages={"required": "Chưa ghi tiến độ thực hiện."},
    )
    evidence = forms.ModelMultipleChoiceField(
        Evidence.objects.none(),
        label="Minh chứng trong kho của xã",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
        help_text="Trên máy tính, giữ phím Ctrl để chọn nhiều tệp.",
    )
    proofs = forms.FileField(
        label="Tệp đính kèm",
        required=False,
        widget=ManyFiles(attrs={"multiple": True}),
        help_text="PDF, ảnh JPEG/PNG/HEIC, DOCX, XLSX; chọn được nhiều tệp.",
    )

    def __init__(self, item: FollowUp, commune: Commune | None, data: Any = None) -> None:
        # Files are taken as they come by the service, which names the one that it refuses.
        super().__init__(data, initial={"version": item.version}, auto_id="tien-do-%s")
        pieces: Any = self.fields["evidence"]
        pieces.queryset = _library(commune)
        pieces.label_from_instance = lambda piece: piece.label
        if commune is None or (data is None and not pieces.queryset.exists()):
            del self.fields["evidence"]

    def pieces(self) -> list[Evidence]:
        return list(self.cleaned_data.get("evidence") or ())


def _library(commune: Commune | None) -> Any:
    if commune is None:
        return Evidence.objects.none()
    usable = Evidence.objects.current().filter(commune=commune, visit__isnull=True).exclude(scan__in=NOT_USABLE)
    last = usable.order_by("-uploaded_at", "-pk").values("pk")[:PIECES]
    return Evidence.objects.filter(pk__in=list(last.values_list("pk", flat=True))).order_by("-uploaded_at", "-pk")


class TermsForm(VersionedForm):
    """By when, and by whom."""

    due_on = day_field("Thời hạn thực hiện")
    agencies = forms.ModelMultipleChoiceField(
        Agency.objects.none(),
        label="Phòng, ban thực hiện",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    communes = forms.ModelMultipleChoiceField(
        Commune.objects.none(), label="Xã thực hiện", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, item: FollowUp, data: Any = None) -> None:
        chosen = {
            "agencies": [row.pk for row in item.agencies.all()],
            "communes": [row.pk for row in item.communes.all()],
        }
        super().__init__(data, initial={"version": item.version, "due_on": item.due_on, **chosen}, auto_id="giao-%s")
        notice = item.recommendation.notice
        agencies, communes = (self.fields[name] for name in ("agencies", "communes"))
        agencies.queryset = Agency.objects.filter(  # type: ignore[attr-defined]
            Q(authority=notice.authority_id, is_active=True) | Q(pk__in=chosen["agencies"])
        )
        inspected = Commune.objects.filter(inspections__round=notice.round_id)
        communes.queryset = (  # type: ignore[attr-defined]
            (inspected | Commune.objects.filter(pk__in=chosen["communes"])).distinct()
        )


class EndForm(VersionedForm):
    """How an item ends: done, or left to the next round."""

    HOW = (("done", "Đã thực hiện"), ("carried_over", "Chuyển đợt sau"))

    how = forms.ChoiceField(
        label="Kết thúc theo dõi",
        choices=HOW,
        widget=forms.RadioSelect,
        error_messages={"required": "Chưa chọn cách kết thúc."},
    )
    note = LongTextField(
        label="Kết quả kiểm tra lại, hoặc lý do chuyển",
        rows=3,
        max_length=LONGEST_NOTE,
        error_messages={"required": "Chưa ghi kết quả thực hiện hoặc lý do chuyển."},
    )

    def __init__(self, item: FollowUp, data: Any = None) -> None:
        super().__init__(data, initial={"version": item.version}, auto_id="ket-thuc-%s")

    @property
    def is_carried(self) -> bool:
        return bool(self.cleaned_data["how"] == "carried_over")


class ReopenForm(VersionedForm):
    reason = LongTextField(
        label="Lý do mở lại",
        rows=2,
        max_length=LONGEST_NOTE,
        error_messages={"required": "Chưa ghi lý do mở lại."},
    )

    def __init__(self, item: FollowUp, data: Any = None) -> None:
        super().__init__(data, initial={"version": item.version}, auto_id="mo-lai-%s")
