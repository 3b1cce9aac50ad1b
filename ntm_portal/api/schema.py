"""The description of the API (OpenAPI): summaries in Vietnamese, every status, errors as problem details."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from communes.api.fields import LARGEST_ID

from .problems import CONTENT_TYPE, PROBLEMS

Node = dict[str, Any]
JSON = "application/json"
SIGN_IN = "/token/"
WORDS = {
    "id": "Id của đối tượng.",
    "code": "Mã đợt, ví dụ TU-2024.",
    "dossier": "Id của hồ sơ.",
    "public_id": "Id công khai của thông báo.",
}
ORDER = ("Mã truy cập", "Đơn vị", "Bộ tiêu chí", "Đợt kiểm tra", "Hồ sơ", "Minh chứng", "Thông báo", "Nhật ký")
ABOUT = """API đọc và làm được đúng những gì người gọi làm được trên trang web: cùng quyền, cùng quy tắc, cùng số liệu.

**Mã truy cập.** `POST /api/v1/token/` với tên đăng nhập và mật khẩu; gửi mã trong tiêu đề `Authorization: Token …`.
Mã của từng người, thu hồi được bất cứ lúc nào: `DELETE /api/v1/token/`, trên trang Tài khoản, hoặc do người quản lý.

**Danh sách** chia trang (`page`, `page_size`), lọc, tìm không dấu (`search`), sắp xếp (`ordering`); bộ lọc không có
hoặc sai giá trị là lỗi, không bị bỏ qua.

**Đồng bộ.** `updated_since`, và `ETag`: gửi lại trong `If-None-Match` thì nhận 304 khi chưa có gì đổi. Khi thay đổi,
gửi ETag đã đọc trong `If-Match`: nếu đối tượng đã khác, câu trả lời là 412 và không có gì thay đổi.

**Lỗi** theo RFC 9457 (`application/problem+json`): `code` cố định cho chương trình, `title`, `detail` cho người đọc,
`errors` cho từng trường. Của người khác hay ngoài phạm vi: 404. Trái quy tắc vào lúc này: 422, kèm lý do.
"""


class Described(AutoSchema):
    """Summary and heading from the view, which has them in Vietnamese."""

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "")]

    def get_summary(self) -> str:
        view: Any = self.view
        words: dict[str, str] = view.words
        return words[getattr(view, "action", None) or self.method.lower()]

    def get_description(self) -> str:  # type: ignore[override]
        return ""


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "ntm_portal.api.access.ByToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> Node:
        words = "“Token ” và mã truy cập: `Authorization: Token 0123…`."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": words}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "ntm_portal.api.access.BySession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> Node:
        words = "Phiên làm việc của trình duyệt; việc thay đổi cần mã CSRF trong tiêu đề `X-CSRFToken`."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": words}


def complete(result: Node, generator: Any, request: Any, public: bool) -> Node:
    """Add what holds for all operations alike: headers, every error, and the shape of errors."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _problem_schema()
    components["responses"] = {str(status): _problem_response(status) for status in _statuses()}
    for name, schema in schemas.items():
        if name != "Problem" and schema.get("type") == "object":
            schema.pop("description", None)  # that of the class speaks to programmers of the portal
        if name.endswith("Request") and schema.get("type") == "object" and name != "UploadInputRequest":
            schema.setdefault("additionalProperties", False)
    result["info"]["description"] = ABOUT
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    result["tags"] = [{"name": name} for name in ORDER]
    return result


def _statuses() -> list[int]:
    return sorted({status for status, _, _ in PROBLEMS.values()} - {405, 413, 500})


def _complete(path: str, method: str, operation: Node) -> None:
    responses, parameters = operation["responses"], operation.setdefault("parameters", [])
    for parameter in parameters:
        _describe(parameter)
    if "requestBody" in operation:
        operation["requestBody"]["required"] = operation["requestBody"].get("required", False) or method == "patch"
    gives_json = JSON in responses.get("200", {}).get("content", {}) and not path.endswith("/json/")
    if method == "get" and gives_json:
        parameters.append(_header("If-None-Match", "ETag đã có: nếu chưa có gì đổi thì 304."))
        responses["304"] = {"description": "Chưa có gì đổi so với ETag đã gửi."}
        responses["200"]["headers"] = {"ETag": {"description": "Dấu của nội dung này.", "schema": {"type": "string"}}}
    wanted = _refusals(path, method, has_body="requestBody" in operation, is_file=not gives_json)
    if 412 in wanted:
        words = "ETag của bản đã đọc: nếu đối tượng đã khác thì 412, không thay đổi gì."
        parameters.append(_header("If-Match", words))
    for status in wanted:
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    operation["responses"] = dict(sorted(responses.items()))
    if path.endswith(SIGN_IN) and method == "post":
        operation["security"] = [{}]


def _describe(parameter: Node) -> None:
    """Words for a parameter, and the limits of an id in an address."""
    own = parameter["schema"].pop("description", "")
    of_address = WORDS.get(parameter["name"], "") if parameter["in"] == "path" else ""
    parameter["description"] = own or of_address or parameter.get("description", "")
    if parameter["in"] == "path" and parameter["schema"].get("type") == "integer":
        parameter["schema"] |= {"minimum": 1, "maximum": LARGEST_ID}


def _refusals(path: str, method: str, *, has_body: bool, is_file: bool) -> set[int]:
    """The statuses of errors that an operation may answer with."""
    found = {401, 403, 429}
    if has_body or not path.endswith(SIGN_IN):
        found |= {400}
    if has_body:
        found |= {415}
    if path.endswith(SIGN_IN):
        return found
    found |= {404}
    if method != "get":
        found |= {409, 422} | ({412} if "{" in path else set())
    if path.endswith("/download/"):
        found |= {422}
    if "/notices/{" in path and (is_file or method == "post"):
        found |= {503}
    return found


def _header(name: str, words: str) -> Node:
    # An ETag is a quoted string (RFC 9110).
    return {"name": name, "in": "header", "required": False, "description": words, "schema": {"type": "string"}}


def _problem_schema() -> Node:
    return {
        "type": "object",
        "description": "Lỗi theo RFC 9457.",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string", "enum": ["about:blank"]},
            "title": {"type": "string", "description": "Loại lỗi, cho người đọc."},
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": sorted(PROBLEMS), "description": "Mã lỗi cố định, cho chương trình."},
            "detail": {"type": "string", "description": "Lý do và cách xử lý, cho người đọc."},
            "errors": {"description": "Câu cho từng trường, hoặc danh sách câu."},
        },
        "additionalProperties": False,
    }


def _problem_response(status: int) -> Node:
    rows = {code: row for code, row in PROBLEMS.items() if row[0] == status}
    examples = {
        code: {
            "value": {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail},
        }
        for code, (_, title, detail) in rows.items()
    }
    found: Node = {
        "description": "; ".join(title for _, title, _ in rows.values()) + ".",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
    }
    if status == 429:
        words = "Sau bao nhiêu giây thì gọi lại được."
        found["headers"] = {"Retry-After": {"description": words, "schema": {"type": "integer"}}}
    return found
