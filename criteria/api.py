"""Criteria sets of the API: versions, and each with its criteria, indicators and thresholds."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from communes.api.filtering import Filtering, OneOf, Order, Search, TextFilter
from communes.api.frame import Resource
from communes.api.resources import AgencyRef
from communes.permissions import Permission

from . import presenters
from .measures import Kind
from .models import CriteriaSet, Criterion, EvidenceRequirement, Indicator, IndicatorPart, Threshold


class CriteriaSetRef(serializers.ModelSerializer[CriteriaSet]):
    class Meta:
        model = CriteriaSet
        fields = ("id", "code", "version", "short_name")


class CriteriaSetSerializer(serializers.ModelSerializer[CriteriaSet]):
    criteria_count = serializers.IntegerField(source="how_many_criteria", label="Số tiêu chí")
    indicator_count = serializers.IntegerField(source="how_many_indicators", label="Số chỉ tiêu")

    class Meta:
        model = CriteriaSet
        fields: tuple[str, ...] = (
            *("id", "code", "version", "name", "short_name", "level", "tier", "legal_basis"),
            *("effective_from", "effective_to", "status", "counts_basically_met", "is_incomplete"),
            *("criteria_count", "indicator_count", "published_at"),
        )


class RequirementSerializer(serializers.ModelSerializer[EvidenceRequirement]):
    class Meta:
        model = EvidenceRequirement
        fields = ("text", "is_required", "is_unverified")


class ThresholdSerializer(serializers.ModelSerializer[Threshold]):
    """is_confirmed: whether it may decide; one that is not is only shown."""

    part = serializers.CharField(source="part.code", default=None, allow_null=True, label="Mã thành phần")
    region = serializers.CharField(label="Vùng, để trống: mọi vùng")
    display = serializers.CharField(label="Bằng chữ, kèm trường hợp áp dụng")
    is_confirmed = serializers.BooleanField(label="Đã đối chiếu")

    class Meta:
        model = Threshold
        fields = (
            *("id", "part", "value", "text", "year", "region", "commune_group", "commune_class"),
            *("display", "is_confirmed"),
        )


class PartSerializer(serializers.ModelSerializer[IndicatorPart]):
    kind = serializers.ChoiceField(Kind.choices, label="Kiểu; thành phần không có “compound”")
    operator = serializers.CharField(label="Dấu so sánh")

    class Meta:
        model = IndicatorPart
        fields = ("code", "text", "kind", "unit", "operator", "numerator_label", "denominator_label")


class IndicatorSerializer(serializers.ModelSerializer[Indicator]):
    operator = serializers.CharField(label="Dấu so sánh")
    parts = PartSerializer(many=True)
    thresholds = ThresholdSerializer(many=True)
    evidence_requirements = RequirementSerializer(many=True)
    agencies = serializers.SerializerMethodField(label="Cơ quan phụ trách")

    class Meta:
        model = Indicator
        fields = (
            *("id", "code", "text", "kind", "unit", "operator", "numerator_label", "denominator_label"),
            *("may_be_not_applicable", "how_measured", "parts", "thresholds", "evidence_requirements", "agencies"),
        )

    @extend_schema_field(AgencyRef(many=True))
    def get_agencies(self, indicator: Indicator) -> list[dict[str, Any]]:
        return AgencyRef([row.agency for row in indicator.agency_assignments.all()], many=True).data  # type: ignore[return-value]


class CriterionSerializer(serializers.ModelSerializer[Criterion]):
    indicators = IndicatorSerializer(many=True)
    evidence_requirements = RequirementSerializer(many=True)

    class Meta:
        model = Criterion
        fields = ("id", "number", "name", "group", "indicators", "evidence_requirements")


class WholeSetSerializer(CriteriaSetSerializer):
    criteria = CriterionSerializer(many=True)

    class Meta(CriteriaSetSerializer.Meta):
        fields = (*CriteriaSetSerializer.Meta.fields, "criteria")


class CriteriaSetFilters(Filtering):
    search = Search("name", "short_name", "code")
    code = TextFilter(label="Mã bộ")
    level = OneOf(CriteriaSet.Level, label="Cấp")
    status = OneOf(CriteriaSet.Status, label="Trạng thái")
    ordering = Order(code=("code", "version"), effective_from=("effective_from", "pk"))


class CriteriaSetViewSet(Resource):
    needs = (Permission.CRITERIA_READ,)
    tag = "Bộ tiêu chí"
    words = {
        "list": "Danh sách bộ tiêu chí, mỗi phiên bản một dòng",
        "retrieve": "Một bộ tiêu chí với tiêu chí, chỉ tiêu và ngưỡng",
    }
    serializer_class = CriteriaSetSerializer
    detail_serializer = WholeSetSerializer
    filterset_class = CriteriaSetFilters

    def visible(self) -> QuerySet[CriteriaSet]:
        rows = presenters.set_rows(self.user).order_by("level", "code", "-version")
        if self.action == "list":
            return rows
        return rows.prefetch_related(Prefetch("criteria", presenters.with_all(Criterion.objects.all())))
