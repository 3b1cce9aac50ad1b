"""The description of the API, open to everyone: it holds no data, and programs are written before accounts exist.

Made once in a process and kept: it changes only with the code. The page is drawn from it by the server, so that it
needs neither a script nor anything from outside.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from communes.api.frame import etag_of

Node = dict[str, Any]
PLACES = {"path": "địa chỉ", "query": "bộ lọc", "header": "tiêu đề", "body": "nội dung gửi"}
TYPES = {"string": "chuỗi", "integer": "số nguyên", "number": "số", "boolean": "true/false", "object": "đối tượng"}
FORMATS = {
    "date": "ngày (2025-06-17)",
    "date-time": "thời điểm (2025-06-17T08:00:00+07:00)",
    "decimal": "số trong chuỗi (85.5)",
    "uuid": "UUID",
    "uri": "địa chỉ",
    "binary": "tệp",
}


@cache
def description() -> Node:
    """The whole of it, as OpenAPI has it."""
    found: Node = SchemaGenerator().get_schema(request=None, public=True)
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
    response["ETag"] = etag
    found: Any = get_conditional_response(request, etag=etag, response=response)
    return found or response


@require_safe
@login_not_required
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html", {"chapters": chapters(), "shapes": shapes(), "errors": errors()})


# ---------------------------------------------------------------- the page


@dataclass(frozen=True)
class Field:
    """A parameter or a field: kind in words, or the shape it has (its name, with `many` in a list)."""

    name: str
    place: str
    is_required: bool
    kind: str
    shape: str
    words: str


@dataclass(frozen=True)
class Operation:
    key: str
    method: str
    path: str
    summary: str
    fields: tuple[Field, ...]
    answers: tuple[tuple[str, str, str], ...]  # (status, in words, name of a shape)
    is_open: bool


@cache
def chapters() -> tuple[tuple[str, tuple[Operation, ...]], ...]:
    """(heading, its operations) in the order of the tags."""
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in description()["tags"]}
    for path, operations in description()["paths"].items():
        for method, node in operations.items():
            found[node["tags"][0]].append(_operation(path, method, node))
    return tuple((name, tuple(rows)) for name, rows in found.items())


def _operation(path: str, method: str, node: Node) -> Operation:
    fields = [
        _field(item["name"], item["schema"], item.get("required", False), item["description"], PLACES[item["in"]])
        for item in node["parameters"]
    ]
    for body in list(node.get("requestBody", {}).get("content", {}).values())[:1]:
        shape = _resolved(body["schema"])
        needed = shape.get("required", [])
        fields += [
            _field(name, item, name in needed, item.get("title", ""), PLACES["body"])
            for name, item in shape["properties"].items()
        ]
    answers = []
    for status, answer in node["responses"].items():
        told = description()["components"]["responses"][status] if "$ref" in answer else answer
        content: Node = next(iter(told.get("content", {}).values()), {})
        shape_name = _shape(content.get("schema", {}))[1] if int(status) < 300 else ""
        answers.append((status, told["description"] or ("Đã tạo" if status == "201" else "Được"), shape_name))
    return Operation(
        node["operationId"], method.upper(), path, node["summary"], tuple(fields), tuple(answers),
        {} in node.get("security", []),
    )  # fmt: skip


@cache
def shapes() -> tuple[tuple[str, tuple[Field, ...]], ...]:
    """(name, fields) of every object that an answer may hold; pages of lists stand in the text above."""
    return tuple(
        (
            name,
            tuple(
                _field(key, item, key in node.get("required", []), item.get("title", ""), "")
                for key, item in node["properties"].items()
            ),
        )
        for name, node in description()["components"]["schemas"].items()
        if node.get("type") == "object" and not name.endswith("Request") and not name.startswith("Paginated")
    )


@cache
def errors() -> tuple[tuple[int, str, str, str], ...]:
    """(status, code, title, what is usually said) of every error."""
    rows = [
        (example["value"]["status"], code, example["value"]["title"], example["value"]["detail"])
        for answer in description()["components"]["responses"].values()
        for code, example in answer["content"]["application/problem+json"]["examples"].items()
    ]
    return tuple(sorted(rows))


def _field(name: str, node: Node, is_required: bool, words: str, place: str) -> Field:
    kind, shape = _shape(node)
    return Field(name, place, is_required, kind, shape, words or node.get("description", "").partition("\n")[0])


def _resolved(node: Node) -> Node:
    if name := _name(node):
        found: Node = description()["components"]["schemas"][name]
        return found
    return node


def _name(node: Node) -> str:
    """Name of the component that a schema refers to."""
    reference = node.get("$ref") or next((part["$ref"] for part in node.get("allOf", []) if "$ref" in part), "")
    return str(reference).rpartition("/")[2]


def _shape(node: Node) -> tuple[str, str]:
    """(kind in words, name of the shape where it is one)."""
    may_miss = " hoặc null" if node.get("nullable") else ""
    if node.get("type") == "array":
        kind, shape = _shape(node["items"])
        return f"danh sách {kind}".strip() + may_miss, shape
    name, found = _name(node), _resolved(node)
    if values := found.get("enum"):
        return "một trong: " + ", ".join(str(value) for value in values if value is not None) + may_miss, ""
    if name:
        paged = re.fullmatch("Paginated(.+)List", name)
        return ("trang gồm các" if paged else "") + may_miss, paged[1] if paged else name
    options = [_shape(option)[0] for option in node.get("oneOf", [])]
    kind = FORMATS.get(node.get("format", "")) or TYPES.get(node.get("type", ""), " hoặc ".join(filter(None, options)))
    return kind + may_miss, ""
