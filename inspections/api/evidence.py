"""Evidence: lists, upload of a file for indicators, download of the original."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from communes.api.errors import Unfit
from communes.api.fields import LARGEST_ID, Day, Text
from communes.api.filtering import DayFilter, Filtering, FlagFilter, IdFilter, OneOf, Order, Search, Since, TextFilter
from communes.api.frame import Resource
from communes.api.resources import CommuneRef
from communes.models import Commune
from communes.permissions import Permission

from .. import services
from ..evidence import TYPES
from ..models import Assessment, Dossier, Evidence, EvidenceLink
from ..views.evidence import NOT_SERVED, original, own_communes
from ..workflow import Refused

WITH_DOSSIER = (
    "indicator", "criterion", "dossier__round__authority", "dossier__round_unit", "dossier__inspection__commune",
    "dossier__village", "dossier__criteria_set",
)  # fmt: skip


class EvidenceSerializer(serializers.ModelSerializer[Evidence]):
    commune = CommuneRef()
    label: Any = serializers.CharField(label="Tên trong danh sách")
    uploaded_by = serializers.CharField(source="uploaded_by.full_name", label="Người tải lên")
    taken_by_team = serializers.BooleanField(source="visit_id", label="Đoàn chụp tại cuộc kiểm tra")
    file: Any = serializers.HyperlinkedIdentityField(view_name="api:evidence-download", label="Địa chỉ tải tệp gốc")

    class Meta:
        model = Evidence
        fields = (
            *("id", "commune", "label", "kind", "title", "number", "issued_on", "issuer", "valid_until"),
            *("original_name", "content_type", "size", "sha256", "page_count", "scan", "taken_at", "latitude"),
            *("longitude", "uploaded_by", "uploaded_at", "is_kept", "replaced_by", "taken_by_team", "file"),
        )

    def to_representation(self, instance: Evidence) -> dict[str, Any]:
        return {**super().to_representation(instance), "taken_by_team": instance.visit_id is not None}


class UploadInput(serializers.Serializer[Any]):
    """A file with what is said of it, as multipart/form-data."""

    file = serializers.FileField(max_length=300, label="Tệp PDF, ảnh JPEG/PNG/HEIC, DOCX hoặc XLSX")
    commune = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, label="Id của xã mình")
    assessments = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID),
        required=False,
        max_length=100,
        label="Id các chỉ tiêu trong hồ sơ mà tệp chứng minh",
    )
    number = Text(required=False, max_length=60, label="Số, ký hiệu")
    issued_on = Day(required=False, label="Ngày ban hành")
    issuer = Text(required=False, max_length=200, label="Cơ quan ban hành")
    title = Text(required=False, max_length=300, label="Trích yếu, nội dung")


class EvidenceFilters(Filtering):
    search = Search("title", "number", "issuer", "original_name")
    commune = IdFilter(label="Id của xã")
    dossier = IdFilter(method="of_dossier", label="Id của hồ sơ dùng nó")
    kind = OneOf(Evidence.Kind, label="Loại")
    sha256 = TextFilter(label="SHA-256 của tệp", max_length=64)
    is_kept = FlagFilter(label="Đã dùng trong hồ sơ đã nộp")
    valid_on = DayFilter(field_name="valid_until", lookup_expr="gte", label="Có hạn, và còn hiệu lực vào ngày này")
    updated_since = Since("uploaded_at", "replaced_at")
    ordering = Order(uploaded_at=("uploaded_at", "pk"), title=("title", "pk"), size=("size", "pk"))

    def of_dossier(self, rows: QuerySet[Evidence], name: str, value: int) -> QuerySet[Evidence]:
        """Of a dossier that one may not see nothing is told."""
        user: Any = self.request.user
        seen = Dossier.objects.for_user(user).filter(pk=value).order_by()
        return rows.filter(
            pk__in=EvidenceLink.objects.filter(assessment__dossier__in=seen.values("pk")).values("evidence")
        )


class EvidenceViewSet(Resource):
    needs = (Permission.DOSSIER_READ,)
    acts = {"create": (Permission.DOSSIER_EDIT,)}
    tag = "Minh chứng"
    words = {
        "list": "Danh sách minh chứng",
        "retrieve": "Thông tin của một minh chứng",
        "create": "Tải tệp vào kho minh chứng của xã, gắn với chỉ tiêu",
        "download": "Tải tệp gốc; lượt tải được ghi nhật ký",
    }
    serializer_class = EvidenceSerializer
    filterset_class = EvidenceFilters
    parser_classes = (MultiPartParser,)

    def visible(self) -> QuerySet[Evidence]:
        rows = Evidence.objects.for_user(self.user).select_related("commune", "uploaded_by")
        return rows.order_by("-uploaded_at", "-pk")

    @extend_schema(
        request={"multipart/form-data": UploadInput},
        responses={
            201: EvidenceSerializer,
            200: OpenApiResponse(EvidenceSerializer, "Xã đã có đúng tệp này; đã gắn thêm chỉ tiêu."),
        },
    )
    def create(self, request: Request) -> Response:
        sent = self.taken(UploadInput)
        file, rows = sent.pop("file"), self._named(sent.pop("assessments", []))
        commune = self._own(sent.pop("commune"))
        meta = {name: value for name, value in sent.items() if value}
        added = services.add_evidence(commune, file, meta=meta, by=self.user, assessments=rows)
        code = status.HTTP_201_CREATED if added.is_new else status.HTTP_200_OK
        return self.told(self.visible().get(pk=added.evidence.pk), code)

    def _own(self, pk: int) -> Commune:
        found = next((item for item in own_communes(self.user) if item.pk == pk), None)
        if found is None:
            raise PermissionDenied("Chỉ công chức của xã này được thêm minh chứng.")
        return found

    def _named(self, ids: list[int]) -> list[Assessment]:
        """Indicators in dossiers this person may read, those of one dossier sharing it."""
        found = list(Assessment.objects.for_user(self.user).filter(pk__in=ids).select_related(*WITH_DOSSIER))
        if unknown := sorted(set(ids) - {row.pk for row in found}):
            raise Unfit({"assessments": [f"Không tìm thấy: {', '.join(map(str, unknown))}."]})
        dossiers = {row.dossier_id: row.dossier for row in found}
        for row in found:
            row.dossier = dossiers[row.dossier_id]
        return found

    @extend_schema(responses={(200, row.content_type): OpenApiTypes.BINARY for row in TYPES})
    @action(detail=True)
    def download(self, request: Request, pk: int) -> HttpResponseBase:
        piece = self.get_object()
        if piece.scan in NOT_SERVED:
            raise Refused(f"Không tải được {piece.original_name}: {piece.get_scan_display().lower()}.")
        plain: HttpRequest = request._request
        plain.user = self.user
        return original(plain, piece)
