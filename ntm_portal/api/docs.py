"""The description of the API, open to everyone: it holds no data, and programs are written before accounts exist.

Made once in a process and kept: it changes only with the code.
"""

import json
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from communes.api.frame import etag_of


@cache
def description() -> dict[str, Any]:
    """The whole of it, as OpenAPI has it."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


@cache
def written() -> tuple[bytes, str]:
    """The description as JSON, and its ETag."""
    content = json.dumps(description(), ensure_ascii=False, separators=(",", ":")).encode()
    return content, etag_of(content)


@require_safe
@login_not_required
def schema(request: HttpRequest) -> HttpResponse:
    content, etag = written()
    response = HttpResponse(content, content_type="application/json")
    response["Cache-Control"] = "public, max-age=300"
    response["ETag"] = etag
    found: HttpResponse = get_conditional_response(request, etag=etag, response=response) or response
    return found


@require_safe
@login_not_required
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html", {})
