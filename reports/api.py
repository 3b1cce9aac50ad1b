"""The notices of the API: read what one may read in the browser, and take each as a file."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from communes.models import User
from communes.permissions import Permission

from . import renditions
from .models import IssuedDocument, Notice

SORTED_BY = ("-issued_on", "-pk")


class DocumentSerializer(serializers.ModelSerializer[IssuedDocument]):
    class Meta:
        model = IssuedDocument
        fields = ("rendition", "sha256", "size", "facts_sha256", "made_at")


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice as lists and its own address give it; `files` are the addresses of its forms."""

    id = serializers.UUIDField(source="public_id")
    authority = serializers.CharField(source="authority.code")
    round = serializers.CharField(source="round.code")
    supersedes = serializers.UUIDField(source="supersedes.public_id", default=None)
    documents = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = (
            *("id", "kind_code", "kind", "subject", "symbol", "number", "year", "issued_on", "status"),
            *("authority", "round", "supersedes", "documents", "files"),
        )

    def get_documents(self, notice: Notice) -> Any:
        """Stored renditions with their hashes; empty before issue."""
        rows = notice.documents.all() if notice.is_public else ()
        return DocumentSerializer([row for row in rows if row.is_open], many=True).data

    def get_files(self, notice: Notice) -> dict[str, str]:
        request: Request = self.context["request"]
        return {
            wanted: request.build_absolute_uri(reverse(f"api:notice-{wanted}", args=[notice.public_id]))
            for wanted in renditions.FORMATS
        }


class NoticeViewSet(viewsets.ReadOnlyModelViewSet[Notice]):
    """Notices of the own authority and issued ones; filters: authority (code), round (code), year, status."""

    serializer_class = NoticeSerializer
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Notice]:
        return filtered(readable(self.request).prefetch_related("documents"), self.request)

    def file(self, request: Request, public_id: str, wanted: str) -> HttpResponse:
        """The notice as PDF, DOCX, HTML or JSON: stored files of an issued one, a marked draft of any other."""
        made = renditions.of(self.get_object(), wanted)
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{renditions.quoted(made.name)}"}
        return HttpResponse(made.data, content_type=made.content_type, headers=headers)


def readable(request: Request) -> QuerySet[Notice]:
    user: Any = request.user
    if not isinstance(user, User) or not user.has(Permission.NOTICE_READ):
        raise PermissionDenied
    return Notice.objects.for_user(user).with_context().order_by(*SORTED_BY)


def filtered(notices: QuerySet[Notice], request: Request) -> QuerySet[Notice]:
    wanted = request.query_params
    if year := wanted.get("year"):
        if not year.isdecimal() or len(year) > 4:
            raise ValidationError({"year": [f"“{year[:20]}” không phải năm, ví dụ: 2024."]})
        notices = notices.filter(year=int(year))
    if status := wanted.get("status"):
        if status not in Notice.Status.values:
            known = ", ".join(Notice.Status.values)
            raise ValidationError({"status": [f"“{status[:20]}” không phải trạng thái; chọn trong: {known}."]})
        notices = notices.filter(status=status)
    for name in ("authority", "round"):
        if code := wanted.get(name):
            notices = notices.filter(**{f"{name}__code": code})
    return notices
