"""Dossiers and what stands in them, as far as each person may see it; handing in, sending back, deciding."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from communes.api.errors import Unfit
from communes.api.fields import Flag, Input, Number, Reason, Text, Whole
from communes.api.filtering import Filtering, IdFilter, OneOf, Order, Search, Since, TextFilter
from communes.api.frame import Resource
from communes.api.resources import CommuneRef, VillageRef
from communes.permissions import Permission
from criteria.api import CriteriaSetRef
from criteria.judgement import Judgement
from criteria.models import Indicator

from .. import services, workflow
from ..forms.entry import AssessmentForm
from ..models import Assessment, Dossier, ReturnItem
from ..presenters.dossier import dossier_page
from ..presenters.sight import Sight, sight_of
from ..values import typed_number

Output = serializers.Serializer[Any]
# {move of the API: the same in the table of moves}
MOVES = {"submit": "submit", "return": "return_items", "conclude": "approve", "reopen": "reopen"}


class DossierSerializer(serializers.ModelSerializer[Dossier]):
    """A dossier as lists give it; what the team decides is there from the moment it is disclosed to the reader."""

    round = serializers.CharField(source="round.code", label="Mã đợt")
    commune = CommuneRef(source="inspection.commune")
    village = VillageRef(allow_null=True)
    criteria_set = CriteriaSetRef()
    due_on = serializers.DateField(label="Hạn nộp, kể cả gia hạn")
    reply_until = serializers.DateField(label="Hạn giải trình", allow_null=True)
    reply = serializers.SerializerMethodField(label="Giải trình chung")
    frozen_hash = serializers.SerializerMethodField(label="SHA-256 của số liệu chốt")

    class Meta:
        model = Dossier
        fields: tuple[str, ...] = (
            *("id", "round", "inspection", "commune", "village", "criteria_set", "status", "due_on", "is_late"),
            *("first_submitted_at", "submitted_at", "status_changed_at", "provisional_at", "reply_until"),
            *("replied_at", "reply_waived", "reply", "concluded_at", "frozen_hash", "locked_by_notice"),
        )

    def sight(self, dossier: Dossier) -> Sight:
        return sight_of(dossier, self.context["request"].user)

    def get_reply(self, dossier: Dossier) -> str:
        return dossier.reply if self.sight(dossier).agencies is None else ""

    def get_frozen_hash(self, dossier: Dossier) -> str:
        return dossier.frozen_hash if self.sight(dossier).sees_conclusions else ""


class ConclusionSerializer(Output):
    number = serializers.IntegerField(label="Số tiêu chí")
    name = serializers.CharField(label="Tên tiêu chí")
    verdict = serializers.ChoiceField(Judgement.choices, label="Kết luận; “chua_danh_gia” cả khi chưa được xem")
    reason = serializers.CharField(label="Lý do")
    version = serializers.IntegerField(label="Phiên bản")


class ItemSerializer(serializers.ModelSerializer[ReturnItem]):
    assessment: Any = serializers.PrimaryKeyRelatedField(read_only=True, label="Id chỉ tiêu trong hồ sơ")
    indicator = serializers.CharField(source="assessment.indicator.code", label="Mã chỉ tiêu")

    class Meta:
        model = ReturnItem
        fields = (
            *("id", "assessment", "indicator", "reason_code", "question", "due_on", "status"),
            *("asked_at", "answer", "answered_at"),
        )


class MoveSerializer(Output):
    name = serializers.ChoiceField(list(MOVES), label="Hành động")
    label: Any = serializers.CharField(label="Tên")
    missing = serializers.ListField(child=serializers.CharField(), label="Còn thiếu gì")


class OneDossierSerializer(DossierSerializer):
    """With the conclusions of its criteria and the questions of the team, as far as shown to the reader."""

    conclusions = serializers.SerializerMethodField(label="Kết luận từng tiêu chí")
    return_items = serializers.SerializerMethodField(label="Yêu cầu bổ sung")
    moves = serializers.SerializerMethodField(label="Hành động người gọi có thể làm lúc này")

    class Meta(DossierSerializer.Meta):
        fields = (*DossierSerializer.Meta.fields, "conclusions", "return_items", "moves")

    @extend_schema_field(ConclusionSerializer(many=True))
    def get_conclusions(self, dossier: Dossier) -> list[dict[str, Any]]:
        sight = self.sight(dossier)
        rows = dossier.conclusions.select_related("criterion").order_by("criterion__number")
        if sight.agencies is not None:
            rows = rows.filter(criterion__in=sight.assessments(dossier).order_by().values("criterion"))
        shows = sight.sees_conclusions
        return [
            {
                "number": row.criterion.number,
                "name": row.criterion.name,
                "verdict": row.verdict if shows else Judgement.UNASSESSED.value,
                "reason": row.reason if shows else "",
                "version": row.version if shows else 1,
            }
            for row in rows
        ]

    @extend_schema_field(ItemSerializer(many=True))
    def get_return_items(self, dossier: Dossier) -> Any:
        shown = self.sight(dossier).assessments(dossier).order_by().values("pk")
        rows = dossier.return_items.filter(assessment__in=shown).select_related("assessment__indicator")
        return ItemSerializer(rows.order_by("asked_at", "pk"), many=True).data

    @extend_schema_field(MoveSerializer(many=True))
    def get_moves(self, dossier: Dossier) -> list[dict[str, Any]]:
        user = self.context["request"].user
        own = {move: name for name, move in MOVES.items()}
        return [
            {"name": own[offer.name], "label": offer.label, "missing": list(offer.missing)}
            for offer in workflow.offered(dossier, user, MOVES.values())
        ]


class SubmitInput(Input):
    accept_missing = Flag(default=False, label="Nộp dù còn thiếu minh chứng nên có")


class QuestionInput(Input):
    assessment = Whole(label="Id chỉ tiêu trong hồ sơ")
    reason_code = serializers.ChoiceField(ReturnItem.Reason.choices, label="Lý do")
    question = Reason(label="Nội dung yêu cầu")
    due_on = serializers.DateField(label="Hạn bổ sung")


class ReturnInput(Input):
    items = serializers.ListField(child=QuestionInput(), min_length=1, max_length=100, label="Các yêu cầu bổ sung")


class ReasonInput(Input):
    reason = Reason(label="Lý do")


class DossierFilters(Filtering):
    search = Search("inspection__commune__name", "village__name", "inspection__commune__code")
    round = TextFilter(field_name="round__code", label="Mã đợt")
    inspection = IdFilter(label="Id cuộc kiểm tra")
    commune = IdFilter(field_name="inspection__commune", label="Id của xã")
    village = IdFilter(label="Id của thôn, bản")
    set = TextFilter(field_name="criteria_set__code", label="Mã bộ tiêu chí")
    status = OneOf(Dossier.Status, label="Trạng thái")
    updated_since = Since("status_changed_at", "round__opened_at")
    ordering = Order(
        status_changed_at=("status_changed_at", "pk"), commune=("inspection__commune__name", "pk"), id=("pk",)
    )


class DossierViewSet(Resource):
    needs = (Permission.DOSSIER_READ,)
    acts = {
        "submit": (Permission.DOSSIER_EDIT,),
        "send_back": (Permission.DOSSIER_REVIEW,),
        "conclude": (Permission.DOSSIER_APPROVE,),
        "reopen": (Permission.DOSSIER_APPROVE,),
    }
    tag = "Hồ sơ"
    words = {
        "list": "Danh sách hồ sơ",
        "retrieve": "Một hồ sơ với kết luận và yêu cầu bổ sung được xem",
        "submit": "Nộp hồ sơ",
        "send_back": "Yêu cầu xã bổ sung từng chỉ tiêu",
        "conclude": "Phê duyệt kết luận, chốt số liệu",
        "reopen": "Mở lại hồ sơ đã kết luận, kèm lý do",
    }
    serializer_class = DossierSerializer
    detail_serializer = OneDossierSerializer
    filterset_class = DossierFilters

    def visible(self) -> QuerySet[Dossier]:
        mine = Dossier.objects
        rows = (
            mine.for_review(self.user)
            if self.action in ("send_back", "conclude", "reopen")
            else (mine.for_user(self.user))
        )
        rows = rows.with_context().select_related("round__authority__parent__parent").defer("frozen")
        return rows.order_by("-round__period_from", "round__code", "round_unit__position", "pk")

    def _asked(self) -> Dossier:
        """The dossier of an act, in the state that the program has seen."""
        dossier: Dossier = self.get_object()
        self.require_match(dossier)
        return dossier

    def _again(self, dossier: Dossier) -> Response:
        return self.told(self.visible().get(pk=dossier.pk))

    @extend_schema(request=SubmitInput)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: int) -> Response:
        dossier = self._asked()
        if not workflow.edits(dossier, self.user):
            raise PermissionDenied
        sent = self.taken(SubmitInput)
        page = dossier_page(dossier, self.user)
        if "submit" in page.offers and page.advised and not sent["accept_missing"]:
            raise Unfit({"accept_missing": [item.text for item in page.advised]})
        services.submit(dossier, by=self.user)
        return self._again(dossier)

    @extend_schema(request=ReturnInput)
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def send_back(self, request: Request, pk: int) -> Response:
        dossier = self._asked()
        wanted = self.taken(ReturnInput)["items"]
        ids = [item["assessment"] for item in wanted]
        rows = {row.pk: row for row in dossier.assessments.filter(pk__in=ids).select_related("indicator", "criterion")}
        if unknown := [str(pk) for pk in ids if pk not in rows]:
            raise Unfit({"items": [f"Không có trong hồ sơ này: {', '.join(unknown)}."]})
        if len(set(ids)) < len(ids):
            raise Unfit({"items": ["Mỗi chỉ tiêu chỉ một yêu cầu."]})
        for row in rows.values():
            row.dossier = dossier
        items = [services.NewItem(**{**item, "assessment": rows[item["assessment"]]}) for item in wanted]
        services.return_items(dossier, items, by=self.user)
        return self._again(dossier)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def conclude(self, request: Request, pk: int) -> Response:
        dossier = self._asked()
        services.approve(dossier, by=self.user)
        return self._again(dossier)

    @extend_schema(request=ReasonInput)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: int) -> Response:
        dossier = self._asked()
        services.reopen(dossier, reason=self.taken(ReasonInput)["reason"], by=self.user)
        return self._again(dossier)


# ---------------------------------------------------------------- what stands in a dossier


class IndicatorRef(serializers.ModelSerializer[Indicator]):
    class Meta:
        model = Indicator
        fields = ("id", "code", "text", "kind", "unit")


class PartValue(Output):
    """One part of a compound indicator, by its code; which of the three it has depends on its kind."""

    number = Number(required=False)
    numerator = Number(required=False)
    denominator = Number(required=False)
    passed = serializers.BooleanField(required=False)


PARTS = {
    "type": "object",
    "additionalProperties": {"$ref": "#/components/schemas/PartValue"},
    "example": {"a": {"numerator": "9", "denominator": "10"}, "b": {"passed": True}},
}


@extend_schema_field(PARTS)
class Parts(serializers.JSONField):
    """{part code: value}."""


class AssessmentSerializer(serializers.ModelSerializer[Assessment]):
    """One indicator in a dossier; what agencies hold and the team concludes only as far as shown to the reader.

    version: of what the commune entered; a save names the one it was made on.
    """

    indicator = IndicatorRef()
    criterion = serializers.IntegerField(source="criterion.number", label="Số tiêu chí")
    parts = Parts(label="Các thành phần")
    version = serializers.IntegerField(source="entry_version", label="Phiên bản phần xã nhập")
    evidence = serializers.SerializerMethodField(label="Id các minh chứng")

    class Meta:
        model = Assessment
        fields = (
            *("id", "indicator", "criterion", "numerator", "denominator", "value", "parts", "remark"),
            *("self_judgement", "self_at", "version", "opinion", "opinion_reason", "opinion_at"),
            *("conclusion", "conclusion_reason", "concluded_at", "evidence"),
        )

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_evidence(self, row: Assessment) -> list[int]:
        return [link.evidence_id for link in row.evidence_links.all()]

    def to_representation(self, instance: Assessment) -> dict[str, Any]:
        found = super().to_representation(instance)
        sight: Sight = self.context["view"].sight
        if not sight.sees_opinions:
            found |= {"opinion": Judgement.UNASSESSED.value, "opinion_reason": "", "opinion_at": None}
        if not sight.sees_conclusions:
            found |= {"conclusion": Judgement.UNASSESSED.value, "conclusion_reason": "", "concluded_at": None}
        return found


class PartInput(Input):
    number = Number(required=False)
    numerator = Number(required=False)
    denominator = Number(required=False)
    passed = Flag(required=False)


@extend_schema_field({**PARTS, "additionalProperties": {"$ref": "#/components/schemas/PartInputRequest"}})
class PartsInput(serializers.DictField):
    child = PartInput()

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return super().to_internal_value(data)


class ValueInput(Input):
    """What the commune enters for one indicator; what is not named stays as it is."""

    version = Whole(label="Phiên bản đã đọc", max_value=2_147_483_647)
    numerator = Number(required=False, label="Tử số")
    denominator = Number(required=False, label="Mẫu số")
    value = Number(required=False, label="Giá trị")
    parts = PartsInput(required=False, label="Các thành phần")
    remark = Text(required=False, label="Thuyết minh")
    self_judgement = serializers.ChoiceField(Judgement.choices, required=False, label="Tự đánh giá")


class AssessmentFilters(Filtering):
    criterion = IdFilter(field_name="criterion__number", label="Số tiêu chí", largest=999)
    indicator = TextFilter(field_name="indicator__code", label="Mã chỉ tiêu")
    updated_since = Since("self_at")
    ordering = Order(criterion=("criterion__number", "indicator__position"), self_at=("self_at", "pk"))


class AssessmentViewSet(Resource):
    needs = (Permission.DOSSIER_READ,)
    acts = {"partial_update": (Permission.DOSSIER_EDIT,)}
    tag = "Hồ sơ"
    words = {
        "list": "Các chỉ tiêu trong một hồ sơ",
        "retrieve": "Một chỉ tiêu trong hồ sơ",
        "partial_update": "Xã nhập giá trị, tự đánh giá và thuyết minh của một chỉ tiêu",
    }
    serializer_class = AssessmentSerializer
    filterset_class = AssessmentFilters

    @property
    def dossier(self) -> Dossier:
        if not hasattr(self, "_dossier"):
            rows = Dossier.objects.for_user(self.user).with_context().defer("frozen")
            self._dossier: Dossier = get_object_or_404(rows, pk=self.kwargs["dossier"])
        return self._dossier

    @property
    def sight(self) -> Sight:
        return sight_of(self.dossier, self.user)

    def visible(self) -> QuerySet[Assessment]:
        return self.sight.assessments(self.dossier).prefetch_related("evidence_links", "indicator__parts")

    @extend_schema(request=ValueInput)
    def partial_update(self, request: Request, dossier: int, pk: int) -> Response:
        row: Assessment = self.get_object()
        row.dossier = self.dossier
        self.require_match(row)
        sent = self.taken(ValueInput)
        form = AssessmentForm(row, typed(row, sent))
        if wrong := misplaced(form, sent):
            raise Unfit(wrong)
        if not form.is_valid():
            raise Unfit({name: list(map(str, sentences)) for name, sentences in form.errors.items()})
        services.save_assessment(row, by=self.user, version=sent["version"], changes=form.changes())
        return self.told(self.visible().get(pk=row.pk))


def typed(row: Assessment, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, as it would be typed into the form of the page: what is not named as it stands."""
    form = AssessmentForm(row)
    values = {**form.initial, **{name: sent[name] for name in sent if name not in ("parts", "self_judgement")}}
    if judged := sent.get("self_judgement"):
        values["self_judgement"] = "" if judged == Judgement.UNASSESSED else judged
    for code, part in sent.get("parts", {}).items():
        for name, value in part.items():
            values[f"part_{code}_{name}"] = ("yes" if value else "no") if name == "passed" else value
    plain = (str, int)
    return {name: value if isinstance(value, plain) else typed_number(value) for name, value in values.items()}


def misplaced(form: AssessmentForm, sent: Mapping[str, Any]) -> dict[str, list[str]]:
    """{field: sentence} of what this kind of indicator does not have."""
    named = {name: name for name in ("numerator", "denominator", "value") if sent.get(name) is not None}
    for code, part in sent.get("parts", {}).items():
        named |= {f"part_{code}_{name}": "parts" for name in part or ("",)}
    code = form.indicator.code
    return {
        field: [f"Chỉ tiêu {code} ({form.indicator.get_kind_display().lower()}) không có mục này."]
        for name, field in named.items()
        if name not in form.fields
    }
