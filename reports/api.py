"""The notices of the API: read what one may read in the browser, and take each as a file."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase
from django.urls import reverse
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from communes.models import User
from communes.permissions import Permission
from communes.text import clean

from . import renditions
from .compose import Composition
from .models import IssuedDocument, Notice
from .views.common import attachment

SORTED_BY = ("-issued_on", "-pk")
FILTERS = ("authority", "round", "kind", "year", "status")
PAGE = "page"


class DocumentSerializer(serializers.ModelSerializer[IssuedDocument]):
    class Meta:
        model = IssuedDocument
        fields = ("rendition", "sha256", "size", "facts_sha256", "made_at")


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice as lists give it; `files` are the addresses of its renditions.

    subject: as printed; of a notice that is not issued as typed, a figure in it still as its token in braces.
    """

    id = serializers.UUIDField(source="public_id")
    subject = serializers.CharField(source="printed_subject")
    authority = serializers.CharField(source="authority.code")
    round = serializers.CharField(source="round.code")
    is_demo = serializers.BooleanField(source="round.is_demo")
    supersedes = serializers.UUIDField(source="supersedes.public_id", default=None)
    superseded_by = serializers.UUIDField(source="replaced_by.public_id", default=None)
    documents = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = (
            *("id", "kind_code", "kind", "subject", "code", "symbol", "number", "year", "issued_on", "status"),
            *("authority", "round", "is_demo", "supersedes", "superseded_by", "documents", "files", "page"),
        )

    def get_documents(self, notice: Notice) -> Any:
        """Stored renditions with their hashes; empty before issue."""
        rows = notice.documents.all() if notice.is_public else ()
        return DocumentSerializer([row for row in rows if row.is_open], many=True).data

    def get_files(self, notice: Notice) -> dict[str, str]:
        return {wanted: self._address(f"api:notice-{wanted}", notice) for wanted in renditions.FORMATS}

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


class NoticeViewSet(viewsets.ReadOnlyModelViewSet[Notice]):
    """Notices of the own authority and issued ones; filters: authority, round (codes), kind, year, status."""

    lookup_field = "public_id"
    http_method_names = ("get", "head")

    def get_serializer_class(self) -> type[NoticeSerializer]:
        return NoticeSerializer if self.action == "list" else OneNoticeSerializer

    def get_queryset(self) -> QuerySet[Notice]:
        notices = readable(self.request)
        return filtered(notices, self.request) if self.action == "list" else notices

    def file(self, request: Request, public_id: str, wanted: str) -> HttpResponseBase:
        """The notice as PDF, DOCX, HTML or JSON: stored files of an issued one, a marked draft of any other."""
        return attachment(renditions.of(self.get_object(), wanted))


def readable(request: Request) -> QuerySet[Notice]:
    """What this person may read, each with the subject that was printed."""
    user: Any = request.user
    if not isinstance(user, User) or not user.has(Permission.NOTICE_READ):
        raise PermissionDenied
    final = IssuedDocument.objects.filter(notice=OuterRef("pk"), rendition=IssuedDocument.Rendition.FINAL)
    printed = Subquery(final.values(printed=KT("facts__content__subject"))[:1])
    return (
        Notice.objects.for_user(user)
        .with_context()
        .select_related("superseded_by")
        .prefetch_related(Prefetch("documents", IssuedDocument.objects.defer("facts")))
        .annotate(printed_subject=Coalesce(printed, "subject", output_field=TextField()))
        .order_by(*SORTED_BY)
    )


def filtered(notices: QuerySet[Notice], request: Request) -> QuerySet[Notice]:
    """year: of the number, or of the round while there is none. Raises ValidationError, for an unknown name too."""
    wanted = {name: clean(str(value))[:60] for name, value in request.query_params.items()}
    if unknown := set(wanted) - {*FILTERS, PAGE}:
        known = ", ".join((*FILTERS, PAGE))
        raise ValidationError({name: [f"Không có bộ lọc này; có: {known}."] for name in sorted(unknown)})
    if year := wanted.get("year"):
        if not (year.isascii() and year.isdecimal() and len(year) == 4):
            raise ValidationError({"year": [f"“{year}” không phải năm; ví dụ: 2024."]})
        notices = notices.alias(in_year=Coalesce("year", "round__year")).filter(in_year=int(year))
    if status := wanted.get("status"):
        if status not in Notice.Status.values:
            known = ", ".join(Notice.Status.values)
            raise ValidationError({"status": [f"“{status}” không phải trạng thái; chọn trong: {known}."]})
        notices = notices.filter(status=status)
    for name, field in (("authority", "authority__code"), ("round", "round__code"), ("kind", "kind_code")):
        if code := wanted.get(name):
            notices = notices.filter(**{field: code})
    return notices
