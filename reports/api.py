"""The notices of the API, read and moved as in the browser, each as a file; their recommendations."""

from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from communes import clock
from communes.api.fields import Input, Reason, Whole
from communes.api.filtering import Filtering, IdFilter, OneOf, Order, Search, Since, TextFilter, UuidFilter
from communes.api.frame import Resource
from communes.api.resources import AgencyRef
from communes.permissions import Permission

from . import renditions, services, workflow
from .compose import Composition
from .models import IssuedDocument, Notice, Recommendation
from .services import signing
from .views.common import attachment


class DocumentSerializer(serializers.ModelSerializer[IssuedDocument]):
    class Meta:
        model = IssuedDocument
        fields = ("rendition", "sha256", "size", "facts_sha256", "made_at")


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice as lists give it; `files` are the addresses of its renditions.

    subject: as printed; of a notice that is not issued as typed, a figure in it still as its token in braces.
    """

    id = serializers.UUIDField(source="public_id", label="Id công khai")
    code = serializers.CharField(label="Số và ký hiệu")
    subject = serializers.CharField(source="printed_subject", label="Trích yếu")
    authority = serializers.CharField(source="authority.code", label="Mã cơ quan")
    round = serializers.CharField(source="round.code", label="Mã đợt")
    is_demo = serializers.BooleanField(source="round.is_demo", label="Dữ liệu trình diễn")
    supersedes = serializers.UUIDField(
        source="supersedes.public_id", default=None, allow_null=True, label="Thay thế thông báo"
    )
    superseded_by = serializers.UUIDField(
        source="replaced_by.public_id", default=None, allow_null=True, label="Được thay bằng"
    )
    brought_in = serializers.CharField(
        label="Cổng này không phát hành mà nhập từ gói dữ liệu: từ đâu, ai nhập, ngày nào; trống khi do cổng này lập"
    )
    documents = serializers.SerializerMethodField(label="Các bản đã lưu, kèm SHA-256; trống khi chưa ban hành")
    files = serializers.SerializerMethodField(label="Địa chỉ từng dạng tệp")
    page = serializers.SerializerMethodField(label="Trang cho người đọc")

    class Meta:
        model = Notice
        fields = (
            *("id", "kind_code", "kind", "subject", "code", "symbol", "number", "year", "issued_on", "status"),
            *("authority", "round", "is_demo", "supersedes", "superseded_by", "brought_in", "documents", "files"),
            *("page", "version"),
        )

    @extend_schema_field(DocumentSerializer(many=True))
    def get_documents(self, notice: Notice) -> Any:
        """Stored renditions with their hashes; empty before issue."""
        rows = notice.documents.all() if notice.is_public else ()
        return DocumentSerializer([row for row in rows if row.is_open], many=True).data

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "format": "uri"}})
    def get_files(self, notice: Notice) -> dict[str, str]:
        return {wanted: self._address(f"api:notice-{wanted}", notice) for wanted in renditions.FORMATS}

    @extend_schema_field(OpenApiTypes.URI)
    def get_page(self, notice: Notice) -> str:
        """The notice for people: its public page, or the one where it is written."""
        return self._address("reports:public-detail" if notice.is_published else "reports:notice-preview", notice)

    def _address(self, name: str, notice: Notice) -> str:
        address: str = self.context["request"].build_absolute_uri(reverse(name, args=[notice.public_id]))
        return address


class OneNoticeSerializer(NoticeSerializer):
    """The same of one notice, its subject with today's figures as long as it is not issued."""

    def to_representation(self, instance: Notice) -> dict[str, Any]:
        found = super().to_representation(instance)
        if not instance.is_public:
            found["subject"] = Composition(instance).content().subject
        return found


class ApproveInput(Input):
    version = Whole(max_value=2_147_483_647, label="Phiên bản đã xem, sẽ được phê duyệt đúng như thế")


class IssueInput(Input):
    issued_on = serializers.DateField(required=False, label="Ngày ban hành; bỏ qua khi đã được cấp số và ngày")
    number = Whole(
        required=False, allow_null=True, max_value=99_999, label="Số văn thư đã cấp; bỏ qua để lấy số kế tiếp"
    )


class SupersedeInput(Input):
    reason = Reason(label="Lý do thay thế")


class NoticeFilters(Filtering):
    """year: of the number, or of the round while there is none."""

    search = Search("subject", "symbol", "round__name")
    authority = TextFilter(field_name="authority__code", label="Mã cơ quan")
    round = TextFilter(field_name="round__code", label="Mã đợt")
    kind = TextFilter(field_name="kind_code", label="Mẫu văn bản, ví dụ thong-bao")
    year = IdFilter(method="in_year", label="Năm của số, hoặc của đợt khi chưa có số", largest=9999)
    status = OneOf(Notice.Status, label="Trạng thái")
    updated_since = Since("changed_at", "composed_at")
    ordering = Order(issued_on=("issued_on", "pk"), number=("year", "number", "pk"), changed_at=("changed_at", "pk"))

    def in_year(self, rows: QuerySet[Notice], name: str, value: int) -> QuerySet[Notice]:
        return rows.alias(in_year=Coalesce("year", "round__year")).filter(in_year=value)


FILE = {
    wanted: extend_schema(responses={(200, kind.partition(";")[0]): OpenApiTypes.BINARY})
    for wanted, kind in renditions.CONTENT_TYPES.items()
}


class NoticeViewSet(Resource):
    """Notices of the own authority and issued ones."""

    needs = (Permission.NOTICE_READ,)
    acts = {
        "approve": (Permission.NOTICE_APPROVE,),
        "issue": (Permission.NOTICE_ISSUE,),
        "supersede": (Permission.NOTICE_COMPOSE, Permission.DOSSIER_REVIEW),
    }
    tag = "Thông báo"
    words = {
        "list": "Danh sách thông báo kết luận, báo cáo, biên bản",
        "retrieve": "Một thông báo",
        "approve": "Phê duyệt đúng phiên bản đã xem",
        "issue": "Ban hành: cấp số, ngày, tạo và lưu các bản một lần",
        "supersede": "Lập dự thảo thay thế một thông báo đã ban hành",
        **{wanted: f"Tệp {wanted.upper()}; chưa ban hành thì là dự thảo" for wanted in renditions.FORMATS},
    }
    serializer_class = NoticeSerializer
    detail_serializer = OneNoticeSerializer
    filterset_class = NoticeFilters
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def visible(self) -> QuerySet[Notice]:
        """What this person may read, each with the subject that was printed."""
        final = IssuedDocument.objects.filter(notice=OuterRef("pk"), rendition=IssuedDocument.Rendition.FINAL)
        printed = Subquery(final.values(printed=KT("facts__content__subject"))[:1])
        return (
            Notice.objects.for_user(self.user)
            .with_context()
            .select_related("superseded_by")
            .prefetch_related(Prefetch("documents", IssuedDocument.objects.defer("facts")))
            .annotate(printed_subject=Coalesce(printed, "subject", output_field=TextField()))
            .order_by("-issued_on", "-pk")
        )

    def _for_move(self, name: str) -> Notice:
        notice: Notice = self.get_object()
        if not workflow.may(notice, name, self.user):
            raise PermissionDenied
        self.require_match(notice)
        return notice

    def _again(self, notice: Notice, code: int = status.HTTP_200_OK) -> Response:
        return self.told(self.visible().get(pk=notice.pk), code)

    @extend_schema(request=ApproveInput)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, public_id: str) -> Response:
        notice = self._for_move("approve")
        services.approve_notice(notice, version=self.taken(ApproveInput)["version"], by=self.user)
        return self._again(notice)

    @extend_schema(request=IssueInput)
    @action(detail=True, methods=["post"])
    def issue(self, request: Request, public_id: str) -> Response:
        notice = self._for_move("issue")
        sent = self.taken(IssueInput)
        on = sent.get("issued_on") or notice.issued_on or clock.today()
        files = signing.signed_files(notice)
        services.issue_notice(notice, on=on, number=sent.get("number"), by=self.user, **files)
        return self._again(notice)

    @extend_schema(request=SupersedeInput, responses={201: OneNoticeSerializer})
    @action(detail=True, methods=["post"])
    def supersede(self, request: Request, public_id: str) -> Response:
        notice: Notice = self.get_object()
        if not workflow.composes(notice, self.user):
            raise PermissionDenied
        self.require_match(notice)
        made = services.start_replacement(notice, reason=self.taken(SupersedeInput)["reason"], by=self.user)
        return self._again(made, status.HTTP_201_CREATED)

    def _file(self) -> HttpResponseBase:
        """Stored files of an issued notice, a marked draft of any other."""
        return attachment(renditions.of(self.get_object(), self.action))

    @FILE["pdf"]
    @action(detail=True)
    def pdf(self, request: Request, public_id: str) -> HttpResponseBase:
        return self._file()

    @FILE["docx"]
    @action(detail=True)
    def docx(self, request: Request, public_id: str) -> HttpResponseBase:
        return self._file()

    @FILE["html"]
    @action(detail=True)
    def html(self, request: Request, public_id: str) -> HttpResponseBase:
        return self._file()

    @extend_schema(responses={(200, "application/json"): {"type": "object", "additionalProperties": {}}})
    @action(detail=True)
    def json(self, request: Request, public_id: str) -> HttpResponseBase:
        return self._file()


# ---------------------------------------------------------------- recommendations


class RecommendationSerializer(serializers.ModelSerializer[Recommendation]):
    notice = serializers.UUIDField(source="notice.public_id", label="Id thông báo")
    notice_code = serializers.CharField(source="notice.code", label="Số và ký hiệu thông báo")
    round = serializers.CharField(source="notice.round.code", label="Mã đợt")
    agency = AgencyRef(allow_null=True)

    class Meta:
        model = Recommendation
        fields = ("id", "notice", "notice_code", "round", "position", "addressee", "agency", "text", "status")


class RecommendationFilters(Filtering):
    search = Search("addressee", "text")
    notice = UuidFilter(field_name="notice__public_id", label="Id thông báo")
    round = TextFilter(field_name="notice__round__code", label="Mã đợt")
    agency = IdFilter(label="Id phòng, ban")
    status = OneOf(Recommendation.Status, label="Trạng thái")
    updated_since = Since("notice__changed_at")
    ordering = Order(position=("notice", "position", "pk"), addressee=("addressee", "pk"))


class RecommendationViewSet(Resource):
    needs = (Permission.NOTICE_READ,)
    tag = "Thông báo"
    words = {"list": "Danh sách kiến nghị", "retrieve": "Một kiến nghị"}
    serializer_class = RecommendationSerializer
    filterset_class = RecommendationFilters

    def visible(self) -> QuerySet[Recommendation]:
        rows = Recommendation.objects.for_user(self.user).select_related("notice__round", "agency")
        return rows.order_by("-notice__issued_on", "notice", "position", "pk")
