"""What all resources of the API share: pages of lists, and JSON whatever a program says it accepts."""

import re
from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import PageNumberPagination
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

MOST_A_PAGE = 200
LAST_PAGE = 10**9


class Pages(PageNumberPagination):
    """{"count", "next", "previous", "results"}; ?page=2&page_size=100. A page beyond the last is not found."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = MOST_A_PAGE
    last_page_strings = ()

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        for name, most in (("page", LAST_PAGE), ("page_size", MOST_A_PAGE)):
            value = request.query_params.get(name)
            whole = re.fullmatch("[0-9]{1,10}", value, re.ASCII) if value is not None else True
            if not whole or (value is not None and not 1 <= int(value) <= most):
                raise ValidationError({name: [f"Một số từ 1 đến {most}."]})
        try:
            return super().paginate_queryset(queryset, request, view=view)
        except NotFound as error:
            raise NotFound("Không có trang này.") from error

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            _whole("page", LAST_PAGE, "Trang thứ mấy, từ 1."),
            _whole("page_size", MOST_A_PAGE, f"Số dòng mỗi trang, nhiều nhất {MOST_A_PAGE}; nếu không nêu: 50."),
        ]


def _whole(name: str, most: int, words: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": most}
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


class JsonOrFile(DefaultContentNegotiation):
    """An address gives one thing: asking for a PDF with "Accept: application/pdf" is no reason to refuse it."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
