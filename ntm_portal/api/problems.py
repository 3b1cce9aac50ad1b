"""Errors of the API as problem details (RFC 9457): stable codes, and words in Vietnamese that say the way out."""

from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from reports import renderer
from reports.workflow import Incomplete, NotAllowed, Refused, StaleState

# {status: (stable code, title)}
PROBLEMS = {
    400: ("invalid", "Dữ liệu gửi lên chưa đúng"),
    401: ("not-authenticated", "Chưa đăng nhập"),
    403: ("not-allowed", "Không có quyền thực hiện việc này"),
    404: ("not-found", "Không tìm thấy"),
    405: ("method-not-allowed", "Địa chỉ này không nhận cách gọi đó"),
    406: ("not-acceptable", "Không trả lời được theo dạng đã yêu cầu"),
    409: ("changed-meanwhile", "Nội dung vừa được người khác thay đổi"),
    415: ("unsupported-media-type", "Không nhận kiểu dữ liệu này"),
    422: ("refused", "Chưa thực hiện được"),
    429: ("too-many-requests", "Gọi quá nhiều lần"),
    503: ("cannot-print", "Chưa in được văn bản"),
}


def problem(code: int, detail: str, **more: Any) -> Response:
    """An answer as application/problem+json; `code` of it is stable, its words are not."""
    name, title = PROBLEMS.get(code, ("error", "Yêu cầu không thực hiện được"))
    body = {"type": f"urn:ntm:{name}", "title": title, "status": code, "code": name, "detail": detail, **more}
    return Response(body, status=code, content_type="application/problem+json")


def on_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """What DRF does with an exception of a view; None leaves it to Django: a fault of ours stays a 500 in the log."""
    if isinstance(error, Http404 | exceptions.NotFound):
        return problem(404, "Không có đối tượng này, hoặc không thuộc phạm vi của tài khoản.")
    if isinstance(error, DjangoPermissionDenied | exceptions.PermissionDenied | NotAllowed):
        return problem(
            403, str(error) if isinstance(error, NotAllowed) else "Vai trò của tài khoản không có quyền này."
        )
    if isinstance(error, StaleState):
        return problem(409, str(error))
    if isinstance(error, Incomplete | Refused):
        return problem(422, str(error), errors=error.messages)
    if isinstance(error, renderer.RenderError):
        return problem(503, str(error))
    if not isinstance(error, exceptions.APIException):
        return None
    answer = problem(error.status_code, _detail(error), **_fields(error))
    for name in ("WWW-Authenticate", "Retry-After"):
        if value := _header(error, name):
            answer[name] = value
    return answer


def _detail(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.NotAuthenticated):
        return "Gửi mã truy cập trong tiêu đề “Authorization: Token …”; lấy mã tại /api/v1/token/."
    if isinstance(error, exceptions.Throttled):
        return "Đã gọi quá nhiều lần trong thời gian ngắn; thử lại sau."
    if isinstance(error, exceptions.ValidationError):
        return "Xem từng trường trong “errors”."
    if isinstance(error, exceptions.AuthenticationFailed):
        return str(error.detail)
    return PROBLEMS.get(error.status_code, ("", str(error.detail)))[1]


def _fields(error: exceptions.APIException) -> dict[str, Any]:
    if not isinstance(error, exceptions.ValidationError):
        return {}
    detail: Any = error.detail
    return {"errors": detail if isinstance(detail, dict) else {"": detail}}


def _header(error: exceptions.APIException, name: str) -> str:
    if name == "WWW-Authenticate":
        return str(getattr(error, "auth_header", ""))
    seconds = getattr(error, "wait", None)
    return str(round(seconds)) if seconds else ""
