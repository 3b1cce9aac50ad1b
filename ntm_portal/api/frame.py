"""What all resources of the API share: pages of lists, and JSON whatever a program says it accepts."""

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import PageNumberPagination
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """{"count", "next", "previous", "results"}; ?page=2."""

    page_size = 50

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        try:
            return super().paginate_queryset(queryset, request, view=view)
        except NotFound as error:
            raise ValidationError({"page": ["Không có trang này."]}) from error


class JsonOrFile(DefaultContentNegotiation):
    """An address gives one thing: asking for a PDF with "Accept: application/pdf" is no reason to refuse it."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
