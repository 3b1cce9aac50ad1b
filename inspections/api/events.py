"""The journal: of one dossier in the words its readers have of it; as a whole for who keeps the platform."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404

from communes.actions import action_label
from communes.api.filtering import Filtering, IdFilter, Order, Since, TextFilter
from communes.api.frame import Resource
from communes.models import Event
from communes.permissions import Permission

from ..models import Dossier
from ..presenters.history import WORDS, details, events_of
from ..presenters.sight import Sight, sight_of


class EventSerializer(serializers.ModelSerializer[Event]):
    """An event: `details` in words, of a dossier's history; its place in the journal only for the administrator.

    Numbers would tell the commune how often the team has decided something that it is not shown yet.
    """

    id = serializers.SerializerMethodField(label="Id")
    chain = serializers.SerializerMethodField(label="Chuỗi")
    seq = serializers.SerializerMethodField(label="Thứ tự trong chuỗi")
    actor = serializers.CharField(source="actor_name", label="Người thực hiện, tên lúc đó")
    action_label = serializers.SerializerMethodField(label="Việc, bằng chữ")
    subject = serializers.CharField(source="subject_label", label="Đối tượng")
    details = serializers.SerializerMethodField(label="Nội dung, bằng chữ")
    data: Any = serializers.SerializerMethodField(label="Nội dung, như nhật ký ghi")
    hash = serializers.SerializerMethodField(label="Mã băm")

    class Meta:
        model = Event
        fields = (
            *("id", "chain", "seq", "at", "actor", "action", "action_label", "subject_type", "subject_id", "subject"),
            *("details", "data", "hash"),
        )

    @property
    def sight(self) -> Sight | None:
        found: Sight | None = self.context["view"].sight
        return found

    def get_action_label(self, event: Event) -> str:
        return WORDS.get(event.action) or action_label(event.action)

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_id(self, event: Event) -> int | None:
        return None if self.sight else event.pk

    def get_chain(self, event: Event) -> str:
        return "" if self.sight else event.chain

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_seq(self, event: Event) -> int | None:
        return None if self.sight else event.seq

    def get_details(self, event: Event) -> list[str]:
        return details(event, self.sight) if self.sight else []

    @extend_schema_field({"type": "object", "nullable": True, "additionalProperties": {}})
    def get_data(self, event: Event) -> Any:
        return None if self.sight else event.data

    def get_hash(self, event: Event) -> str:
        return "" if self.sight else event.hash


class EventFilters(Filtering):
    dossier = IdFilter(method="of_dossier", label="Id của hồ sơ; ai không phải quản trị hệ thống thì phải nêu")
    chain = TextFilter(label="Chuỗi: “round:” và mã đợt, hoặc “reference”")
    action = TextFilter(label="Việc, ví dụ dossier.submitted")
    subject_type = TextFilter(label="Loại đối tượng")
    subject_id = TextFilter(label="Mã đối tượng")
    updated_since = Since("at")
    ordering = Order(at=("at", "seq"))

    def of_dossier(self, rows: QuerySet[Event], name: str, value: int) -> QuerySet[Event]:
        """Done already: it decides which events there are to filter."""
        return rows


class EventViewSet(Resource):
    needs = (Permission.DOSSIER_READ, Permission.ACCOUNT_MANAGE)
    tag = "Nhật ký"
    words = {"list": "Nhật ký: của một hồ sơ, hoặc toàn bộ đối với quản trị hệ thống"}
    serializer_class = EventSerializer
    filterset_class = EventFilters
    sight: Sight | None = None

    def visible(self) -> QuerySet[Event]:
        wanted = self.request.query_params.get("dossier", "")
        if not wanted and self.user.has(Permission.ACCOUNT_MANAGE):
            return Event.objects.order_by("-at", "-pk")
        if not self.user.has(Permission.DOSSIER_READ):
            raise PermissionDenied
        if not wanted.isdecimal():
            raise PermissionDenied("Chỉ quản trị hệ thống đọc được toàn bộ nhật ký; nêu hồ sơ bằng ?dossier=<id>.")
        dossier = get_object_or_404(Dossier.objects.for_user(self.user).with_context().defer("frozen"), pk=wanted)
        self.sight = sight_of(dossier, self.user)
        return events_of(dossier, self.sight)
