"""What all resources of the API stand on: who gets in, ETags, preconditions, and how a list is fetched."""

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from rest_framework import exceptions, serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ..models import User
from ..permissions import Permission
from .errors import PreconditionFailed
from .filtering import Strict


def etag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def names(tags: str, etag: str) -> bool:
    """Whether a header names the tag; weakly, for compression on the way marks a tag as weak."""
    found = parse_etags(tags)
    return found == ["*"] or etag in [tag.removeprefix("W/") for tag in found]


def unchanged(request: Request) -> Callable[[Any], HttpResponse | None]:
    """After rendering: gives the answer its ETag, and 304 to whoever has just that already."""

    def look(response: Any) -> HttpResponse | None:
        etag = etag_of(response.content)
        response["ETag"] = etag
        if not names(request.headers.get("If-None-Match", ""), etag):
            return None
        empty = HttpResponseNotModified()
        empty["ETag"] = etag
        return empty

    return look


class Resource(GenericViewSet[Any]):
    """A kind of object. Subclasses say what a person may see (`visible`) and which permissions open it.

    needs: any of these opens reading. acts: {action: permissions} where an action needs others. words: {action:
    summary} for the description, in Vietnamese. tag: under which heading the operations stand there.
    """

    needs: ClassVar[tuple[Permission, ...]] = ()
    acts: ClassVar[dict[str, tuple[Permission, ...]]] = {}
    words: ClassVar[dict[str, str]] = {}
    tag: ClassVar[str] = ""
    # Without OPTIONS, which tells nothing here that the description does not.
    http_method_names = ("get", "head", "post", "patch")
    detail_serializer: ClassVar[type[serializers.BaseSerializer[Any]] | None] = None
    filter_backends = (Strict,)
    lookup_value_converter = "int"

    @property
    def user(self) -> User:
        user: Any = self.request.user
        return user

    def check_permissions(self, request: Request) -> None:
        if not request.user.is_authenticated:
            raise exceptions.NotAuthenticated
        if str(request.method).lower() not in self.action_map:
            raise exceptions.MethodNotAllowed(str(request.method))
        wanted = self.acts.get(self.action, self.needs)
        if not any(self.user.has(permission) for permission in wanted):
            raise exceptions.PermissionDenied

    def visible(self) -> QuerySet[Any]:
        """The rows this person may see, with all that their serializer reads."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            model: Any = self.get_serializer_class().Meta.model  # type: ignore[attr-defined]
            return model.objects.none()
        return self.visible()

    def get_object(self) -> Any:
        """One of the visible rows; filters are for lists."""
        return get_object_or_404(self.get_queryset(), **{self.lookup_field: self.kwargs[self.lookup_field]})

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        if self.action != "list" and self.detail_serializer:
            return self.detail_serializer
        return super().get_serializer_class()

    def list(self, request: Request, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        return self.told(self.get_object())

    def told(self, thing: Any, code: int = status.HTTP_200_OK) -> Response:
        """One object, as `retrieve` gives it."""
        return Response(self.get_serializer(thing).data, status=code)

    def require_match(self, thing: Any) -> None:
        """Raise PreconditionFailed where If-Match names another state of the object than the present one."""
        wanted = self.request.headers.get("If-Match")
        if wanted is not None:
            content = JSONRenderer().render(self.get_serializer(thing).data)
            if not names(wanted, etag_of(content)):
                raise PreconditionFailed

    def taken(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """What was sent, checked."""
        form = kind(data=self.request.data)
        form.is_valid(raise_exception=True)
        found: dict[str, Any] = form.validated_data
        return found

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        found: Any = super().finalize_response(request, response, *args, **kwargs)
        if request.method in ("GET", "HEAD") and isinstance(found, Response) and found.status_code == 200:
            found.add_post_render_callback(unchanged(request))
        return found
