"""Rounds with their figures and matrix, opened and closed; inspections."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from communes.api.filtering import Filtering, FlagFilter, IdFilter, OneOf, Order, Search, Since, TextFilter
from communes.api.frame import Resource
from communes.api.resources import AuthorityRef, CommuneRef
from communes.permissions import Permission
from criteria.judgement import Judgement

from .. import figures, progress, services
from ..models import Inspection, InspectionRound
from ..progress.matrix import RETURNED

Output = serializers.Serializer[Any]


class RoundSerializer(serializers.ModelSerializer[InspectionRound]):
    authority = AuthorityRef()

    class Meta:
        model = InspectionRound
        fields: tuple[str, ...] = (
            *("code", "name", "authority", "year", "period_from", "period_to", "team_name", "subject"),
            *("due_on", "freeze_on", "reply_until", "silence", "status", "is_demo", "opened_at", "closed_at"),
        )


class TabSerializer(Output):
    code = serializers.CharField(label="Mã bộ tiêu chí")
    name = serializers.CharField(label="Tên ngắn")
    units = serializers.IntegerField(label="Số đơn vị")
    is_village_level = serializers.BooleanField(label="Bộ cấp thôn, bản")


class OneRoundSerializer(RoundSerializer):
    sets = serializers.SerializerMethodField(label="Các bộ tiêu chí của đợt")

    class Meta(RoundSerializer.Meta):
        fields = (*RoundSerializer.Meta.fields, "sets")

    @extend_schema_field(TabSerializer(many=True))
    def get_sets(self, round_: InspectionRound) -> list[dict[str, Any]]:
        return TabSerializer(progress.set_tabs(round_), many=True).data  # type: ignore[return-value]


# ---------------------------------------------------------------- figures


class MeanSerializer(Output):
    """A mean with what it was made of."""

    value = serializers.DecimalField(
        max_digits=9, decimal_places=2, allow_null=True, label="Bình quân, hai chữ số, làm tròn nửa lên"
    )
    numerator = serializers.IntegerField(label="Tổng số tiêu chí đạt")
    denominator = serializers.IntegerField(label="Số đơn vị")
    units = serializers.ListField(child=serializers.CharField(), label="Tên các đơn vị")


class UnitFiguresSerializer(Output):
    dossier = serializers.IntegerField(source="dossier_id", label="Id hồ sơ")
    unit = serializers.CharField(source="unit_name", label="Đơn vị")
    mode = serializers.CharField(label="Hình thức kiểm tra")
    met = serializers.IntegerField(label="Số tiêu chí đạt")
    criteria = serializers.IntegerField(label="Số tiêu chí của bộ")
    passed = serializers.BooleanField(label="Đạt cả bộ")


class CriterionFiguresSerializer(Output):
    number = serializers.IntegerField(label="Số tiêu chí")
    met = serializers.IntegerField(label="Số đơn vị đạt")
    failed = serializers.IntegerField(label="Số đơn vị chưa đạt")


class SetFiguresSerializer(Output):
    set_code = serializers.CharField(label="Mã bộ tiêu chí")
    criteria = serializers.IntegerField(label="Số tiêu chí của bộ")
    mean = MeanSerializer()
    mean_of_others = MeanSerializer(label="Bình quân của các đơn vị chưa đạt cả bộ")
    passed = serializers.IntegerField(label="Số đơn vị đạt cả bộ")
    hardest = serializers.ListField(child=serializers.IntegerField(), label="Tiêu chí nhiều đơn vị chưa đạt nhất trước")
    by_criterion = CriterionFiguresSerializer(many=True)
    units = UnitFiguresSerializer(many=True, label="Từng đơn vị, nhiều tiêu chí đạt nhất trước")


class RoundFiguresSerializer(Output):
    """Of the concluded dossiers; units left out by name are in no sum and no count."""

    round = serializers.CharField(label="Mã đợt")
    sets = SetFiguresSerializer(many=True)


def figures_of(round_: InspectionRound) -> dict[str, Any]:
    rows = progress.unit_rows(round_)
    found = [figures.of_set(tab.code, rows) for tab in progress.set_tabs(round_)]
    sets = [
        {
            "set_code": item.set_code,
            "criteria": item.criteria,
            "mean": item.mean,
            "mean_of_others": item.mean_of_others,
            "passed": len(item.passed),
            "hardest": list(item.hardest),
            "by_criterion": [
                {"number": number, "met": met, "failed": item.failed_by_criterion[number]}
                for number, met in item.met_by_criterion.items()
            ],
            "units": figures.by_result(item.rows),
        }
        for item in found
    ]
    return {"round": round_.code, "sets": sets}


class CellSerializer(Output):
    number = serializers.IntegerField(label="Số tiêu chí")
    state = serializers.ChoiceField(
        [*Judgement.choices, (RETURNED, "Cần bổ sung")], label="Kết luận, hoặc “returned” khi đang hỏi xã"
    )
    is_contrary = serializers.BooleanField(label="Khác với đề xuất từ các chỉ tiêu")


class MatrixRowSerializer(Output):
    dossier = serializers.IntegerField(source="dossier.pk", label="Id hồ sơ")
    unit = serializers.CharField(source="name", label="Đơn vị")
    place = serializers.CharField(label="Xã của thôn, bản")
    status = serializers.CharField(source="dossier.status", label="Trạng thái hồ sơ")
    due_on = serializers.DateField(label="Hạn nộp")
    is_late = serializers.BooleanField(label="Quá hạn chưa nộp")
    left_out_reason = serializers.CharField(label="Lý do không đưa vào kết luận")
    met = serializers.IntegerField(source="figures.met", label="Số tiêu chí đạt")
    criteria = serializers.IntegerField(source="figures.criteria", label="Số tiêu chí của bộ")
    cells = CellSerializer(many=True)


class ColumnSerializer(Output):
    number = serializers.IntegerField(label="Số tiêu chí")
    name = serializers.CharField(label="Tên tiêu chí")


class MatrixSerializer(Output):
    """Units × criteria as they stand now; `mean` over the concluded dossiers, `live_mean` over all as they stand."""

    columns = serializers.SerializerMethodField(label="Các tiêu chí")
    rows = MatrixRowSerializer(many=True)
    totals = serializers.ListField(child=serializers.CharField(), label="Mỗi tiêu chí: số đơn vị đạt/số đơn vị")
    mean = MeanSerializer()
    live_mean = MeanSerializer()
    passed = serializers.IntegerField(label="Số đơn vị đạt cả bộ")
    counted = serializers.IntegerField(label="Số đơn vị được tính")
    is_final = serializers.BooleanField(label="Mọi hồ sơ đã kết luận")

    @extend_schema_field(ColumnSerializer(many=True))
    def get_columns(self, table: Any) -> list[dict[str, Any]]:
        return [{"number": number, "name": name} for number, name in table.columns]


# ---------------------------------------------------------------- rounds


class RoundFilters(Filtering):
    search = Search("name", "code")
    authority = IdFilter(label="Id của cơ quan")
    year = IdFilter(label="Năm đánh giá", largest=9999)
    status = OneOf(InspectionRound.Status, label="Trạng thái")
    is_demo = FlagFilter(label="Dữ liệu trình diễn")
    updated_since = Since("opened_at", "closed_at")
    ordering = Order(
        period_from=("period_from", "code"), code=("code",), year=("year", "code"), due_on=("due_on", "code")
    )


class RoundViewSet(Resource):
    needs = (Permission.ROUND_READ,)
    acts = {"open": (Permission.ROUND_MANAGE,), "close": (Permission.ROUND_MANAGE,)}
    tag = "Đợt kiểm tra"
    words = {
        "list": "Danh sách đợt kiểm tra",
        "retrieve": "Một đợt kiểm tra",
        "open": "Mở đợt: tạo cuộc kiểm tra và hồ sơ cho các đơn vị",
        "close": "Đóng đợt khi mọi hồ sơ đã kết luận",
        "figures": "Số liệu tổng hợp của đợt, từ các hồ sơ đã kết luận",
        "matrix": "Bảng đơn vị × tiêu chí của một bộ, như đang có",
    }
    serializer_class = RoundSerializer
    detail_serializer = OneRoundSerializer
    filterset_class = RoundFilters
    lookup_field = "code"
    lookup_value_converter = "str"

    def visible(self) -> QuerySet[InspectionRound]:
        rows = InspectionRound.objects.for_reading(self.user)
        return rows.select_related("authority__parent__parent").order_by("-period_from", "code")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, code: str) -> Response:
        return self._act(services.open_round)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, code: str) -> Response:
        return self._act(services.close_round)

    def _act(self, service: Any) -> Response:
        round_ = self.get_object()
        self.require_match(round_)
        service(round_, by=self.user)
        return self.told(round_)

    @extend_schema(responses=RoundFiguresSerializer)
    @action(detail=True)
    def figures(self, request: Request, code: str) -> Response:
        return Response(RoundFiguresSerializer(figures_of(self.get_object())).data)

    @extend_schema(
        responses=MatrixSerializer,
        parameters=[
            OpenApiParameter(
                "set",
                {"type": "string", "minLength": 1, "maxLength": 40},
                description="Mã bộ tiêu chí; để trống: bộ đầu tiên của đợt.",
            )
        ],
    )
    @action(detail=True)
    def matrix(self, request: Request, code: str) -> Response:
        round_ = self.get_object()
        codes = [tab.code for tab in progress.set_tabs(round_)]
        wanted = request.query_params.get("set", codes[0] if codes else "")
        if wanted not in codes:
            raise Http404
        return Response(MatrixSerializer(progress.matrix(round_, wanted)).data)


# ---------------------------------------------------------------- inspections


class InspectionSerializer(serializers.ModelSerializer[Inspection]):
    round = serializers.CharField(source="round.code", label="Mã đợt")
    commune = CommuneRef()
    dossiers: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True, label="Id các hồ sơ")

    class Meta:
        model = Inspection
        fields = (
            *("id", "round", "commune", "mode", "visited_on", "visited_to", "place", "findings", "hosts_opinion"),
            *("recorded_at", "visit_ended_at", "version", "dossiers"),
        )


class InspectionFilters(Filtering):
    search = Search("commune__name", "commune__code")
    round = TextFilter(field_name="round__code", label="Mã đợt")
    commune = IdFilter(label="Id của xã")
    mode = OneOf(Inspection.Mode, label="Hình thức")
    updated_since = Since("recorded_at", "visit_ended_at", "round__opened_at")
    ordering = Order(commune=("commune__name", "pk"), visited_on=("visited_on", "pk"))


class InspectionViewSet(Resource):
    needs = (Permission.ROUND_READ,)
    tag = "Đợt kiểm tra"
    words = {"list": "Danh sách cuộc kiểm tra", "retrieve": "Một cuộc kiểm tra với ghi nhận tại chỗ"}
    serializer_class = InspectionSerializer
    filterset_class = InspectionFilters

    def visible(self) -> QuerySet[Inspection]:
        rows = Inspection.objects.for_reading(self.user).select_related("round", "commune")
        return rows.prefetch_related("dossiers").order_by("-round__period_from", "round__code", "position", "pk")
