"""Errors of the API as problem details (RFC 9457): stable codes, and words in Vietnamese that say the way out."""

from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions

from communes.api.errors import PreconditionFailed, Unfit
from reports import renderer
from reports.workflow import NotAllowed, Refused, StaleState

CONTENT_TYPE = "application/problem+json"
# {stable code: (status, title, what is said where nothing more exact is)}
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "invalid": (400, "Dữ liệu gửi lên chưa đúng", "Xem từng trường trong “errors”."),
    "malformed": (400, "Không đọc được yêu cầu", "Kiểm tra cú pháp của dữ liệu gửi lên."),
    "not-authenticated": (
        401,
        "Chưa đăng nhập",
        "Gửi mã truy cập trong tiêu đề “Authorization: Token …”; lấy mã bằng POST tới /api/v1/token/.",
    ),
    "token-refused": (401, "Mã truy cập không dùng được", "Lấy mã mới bằng POST tới /api/v1/token/."),
    "wrong-credentials": (401, "Không đăng nhập được", "Tên đăng nhập hoặc mật khẩu chưa đúng."),
    "not-allowed": (403, "Không có quyền thực hiện việc này", "Vai trò của tài khoản không có quyền này."),
    "password-change-required": (
        403,
        "Phải đổi mật khẩu trước",
        "Tài khoản đang dùng mật khẩu ban đầu: đăng nhập trang web để đổi rồi gọi lại.",
    ),
    "not-found": (404, "Không tìm thấy", "Không có đối tượng này, hoặc không thuộc phạm vi của tài khoản."),
    "method-not-allowed": (405, "Địa chỉ này không nhận cách gọi đó", "Xem các cách được nhận ở tiêu đề “Allow”."),
    "changed-meanwhile": (409, "Nội dung vừa được người khác thay đổi", "Đọc lại rồi thực hiện trên bản mới."),
    "precondition-failed": (
        412,
        "Đối tượng đã khác với bản đã đọc",
        "ETag trong “If-Match” không còn đúng: đọc lại rồi thực hiện trên bản mới.",
    ),
    "too-large": (413, "Yêu cầu quá lớn", "Gửi ít dữ liệu hơn trong một lần."),
    "unsupported-media-type": (415, "Không nhận kiểu dữ liệu này", "Gửi JSON (Content-Type: application/json)."),
    "unfit": (422, "Dữ liệu không hợp với đối tượng này", "Xem từng trường trong “errors”."),
    "refused": (422, "Chưa thực hiện được", "Xem lý do trong “errors”."),
    "locked": (429, "Tạm khóa đăng nhập", "Mật khẩu đã nhập sai quá nhiều lần; thử lại sau."),
    "too-many-requests": (429, "Gọi quá nhiều lần", "Chờ số giây ở tiêu đề “Retry-After” rồi gọi lại."),
    "server-error": (500, "Máy chủ gặp sự cố", "Sự cố đã được ghi lại; thử lại sau ít phút."),
    "cannot-print": (503, "Chưa in được văn bản", "Thử lại sau ít phút."),
}
# {DRF's own errors: code}, the more exact ones first.
KNOWN: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ValidationError, "invalid"),
    (exceptions.ParseError, "malformed"),
    (exceptions.NotAuthenticated, "not-authenticated"),
    (exceptions.AuthenticationFailed, "token-refused"),
    (exceptions.PermissionDenied, "not-allowed"),
    (DjangoPermissionDenied, "not-allowed"),
    (exceptions.NotFound, "not-found"),
    (Http404, "not-found"),
    (PreconditionFailed, "precondition-failed"),
    (exceptions.MethodNotAllowed, "method-not-allowed"),
    (exceptions.UnsupportedMediaType, "unsupported-media-type"),
    (exceptions.Throttled, "too-many-requests"),
)
# {errors of the services: code}; what they say is made for people and goes out as it is.
SAID: tuple[tuple[type[Exception], str], ...] = (
    (NotAllowed, "not-allowed"),
    (StaleState, "changed-meanwhile"),
    (Refused, "refused"),
    (renderer.RenderError, "cannot-print"),
)
SPEAKING = (exceptions.PermissionDenied, exceptions.NotFound)
BY_STATUS = {400: "malformed", 403: "not-allowed", 404: "not-found", 413: "too-large", 500: "server-error"}


class NotReady(exceptions.PermissionDenied):
    """The person is known but must first choose a password."""

    default_code = "password-change-required"


def concerns(request: HttpRequest) -> bool:
    """Whether a program asks, which is answered with problem details rather than with a page."""
    return request.path.startswith("/api/")


def problem(code: str, detail: str = "", *, errors: Any = None, headers: dict[str, str] | None = None) -> JsonResponse:
    """An answer as application/problem+json; its code and status are stable, its words are not.

    errors: {field: sentences}, or sentences where there is no field.
    """
    status, title, usual = PROBLEMS[code]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail or usual,
    }
    if errors:
        body["errors"] = errors
    options = {"ensure_ascii": False}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=headers, json_dumps_params=options)


def of_status(status: int) -> JsonResponse:
    """For an error that comes before any view of the API, or out of the middle of one."""
    return problem(BY_STATUS[status])


def on_error(error: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """What DRF does with an exception of a view; None leaves it to Django: a fault of ours stays a 500 in the log."""
    for kind, code in SAID:
        if isinstance(error, kind):
            return problem(code, str(error), errors=getattr(error, "messages", None))
    if isinstance(error, NotReady):
        return problem("password-change-required")
    if isinstance(error, Unfit):
        return problem("unfit", errors=error.errors)
    for kind, code in KNOWN:
        if isinstance(error, kind):
            fields = error.detail if isinstance(error, exceptions.ValidationError) else None
            return problem(code, _said(error), errors=fields, headers=_headers(error))
    return None


def _said(error: Exception) -> str:
    """Words of our own, given where the error was raised; those of the framework say less than the table."""
    said = getattr(error, "detail", "")
    usual = getattr(error, "default_detail", "")
    return str(said) if isinstance(error, SPEAKING) and said != usual else ""


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if scheme := getattr(error, "auth_header", ""):
        headers["WWW-Authenticate"] = scheme
    if seconds := getattr(error, "wait", None):
        headers["Retry-After"] = str(round(seconds))
    return headers
