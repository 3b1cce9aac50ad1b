"""Uploads that go on where they broke off: tus 1.0.0, core and the extensions creation, termination, expiration.

Source: tus.io/protocols/resumable-upload. Here only bytes come in; a file that has arrived whole becomes evidence
when its key is sent in the form of an indicator (views.evidence). A session's cookie and Django's CSRF token hold
here as everywhere.
"""

import base64
import binascii
import errno
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import http_date

from communes import clock
from communes.models import Commune, User
from communes.permissions import Permission, require

from .. import incoming, services
from ..models import Upload
from ..workflow import Refused

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
BYTES = "application/offset+octet-stream"
MOST_METADATA = 2_000
SHA256 = re.compile(r"[0-9a-f]{64}")
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)

View = Callable[..., HttpResponseBase]


def tus(*methods: str) -> Callable[[View], View]:
    """What holds for every answer of the protocol: method, permission, version, no copies kept anywhere.

    The view gets the method asked for and, where the address names one, the upload.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, **address: Any) -> HttpResponseBase:
            # Only of POST: this is what the CSRF check has looked at.
            override = request.headers.get("X-HTTP-Method-Override", "").upper()
            method = override if request.method == "POST" and override else str(request.method)
            if method not in (*methods, "OPTIONS"):
                return HttpResponseNotAllowed([*methods, "OPTIONS"])
            response = permitted(request, method, address)
            response["Tus-Resumable"] = VERSION
            response["Cache-Control"] = "no-store"
            return response

        @require(Permission.DOSSIER_EDIT)
        def permitted(request: HttpRequest, method: str, address: dict[str, Any]) -> HttpResponseBase:
            # Before anything else is told: another's upload is not there.
            mine = Upload.objects.for_user(_user(request)).select_related("evidence")
            asked_for = [get_object_or_404(mine, **address)] if address else []
            if method == "OPTIONS":
                return _options(methods)
            version = request.headers.get("Tus-Resumable", "")
            if version != VERSION and (version or method not in ("GET", "HEAD")):
                return HttpResponse(status=412, headers={"Tus-Version": VERSION})
            return view(request, method, *asked_for)

        return answer

    return wrap


def _options(methods: tuple[str, ...]) -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.EVIDENCE_MAX_BYTES),
        "Allow": ", ".join([*methods, "OPTIONS"]),
    }
    return HttpResponse(status=204, headers=headers)


# ---------------------------------------------------------------- the collection


@tus("GET", "HEAD", "POST")
def upload_new(request: HttpRequest, method: str) -> HttpResponse:
    """POST begins an upload. GET tells the script what it needs: see `_told`."""
    if method != "POST":
        return JsonResponse(_told(request))
    length = _whole_number(request, "Upload-Length")
    if length is None:
        return _refused("Thiếu hoặc sai Upload-Length.", 400)
    raw = request.headers.get("Upload-Metadata", "")
    try:
        metadata = _metadata(raw)
    except ValueError:
        return _refused("Upload-Metadata không đọc được.", 400)
    try:
        upload = services.start_upload(
            _commune(request, metadata.get("commune", "")),
            name=metadata.get("filename", ""),
            length=length,
            by=_user(request),
            sha256=_sha256(metadata.get("sha256", "")),
            metadata=raw,
        )
    except services.TooLarge as refused:
        return _refused(str(refused), 413)
    except services.TooMany as refused:
        return _refused(str(refused), 429)
    except Refused as refused:
        return _refused(str(refused), 400)
    except OSError as error:
        return _no_room(error)
    headers = {"Location": reverse("inspections:upload", args=[upload.key]), **_expires(upload)}
    return HttpResponse(status=201, headers=headers)


def _told(request: HttpRequest) -> dict[str, Any]:
    """Whose session this is. Of a file with this `sha256` for this `commune` also whether its library has the bytes
    (`known`), and where this person broke off sending it (`upload`, "" for nowhere)."""
    user = _user(request)
    found: dict[str, Any] = {"account": str(user.pk), "max_bytes": settings.EVIDENCE_MAX_BYTES}
    if digest := _sha256(request.GET.get("sha256", "")):
        commune = _commune(request, request.GET.get("commune", ""))
        begun = services.begun_upload(commune, digest, by=user)
        found["known"] = services.known_piece(commune, digest, by=user) is not None
        found["upload"] = reverse("inspections:upload", args=[begun.key]) if begun else ""
    return found


def _commune(request: HttpRequest, given: str) -> Commune:
    """The commune whose library it is for; who has but one need not say it. Another's is not found."""
    keys = _user(request).scope("commune", needs=Permission.DOSSIER_EDIT)
    rows = Commune.objects.filter(pk__in=keys)
    if given:
        rows = rows.filter(pk=int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0)
    found = list(rows[:2])
    if len(found) != 1:
        raise Http404
    return found[0]


def _metadata(raw: str) -> dict[str, str]:
    """{key: value} of "key base64,key base64"; raises ValueError."""
    if len(raw) > MOST_METADATA:
        raise ValueError("too long")
    found = {}
    for pair in filter(None, (part.strip() for part in raw.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ValueError(key) from error
    return found


def _sha256(given: str) -> str:
    return given if SHA256.fullmatch(given) else ""


# ---------------------------------------------------------------- one upload


@tus("HEAD", "PATCH", "DELETE")
def upload(request: HttpRequest, method: str, found: Upload) -> HttpResponse:
    """HEAD: how much has arrived. PATCH: more of it. DELETE: give it up."""
    if found.expires_at < clock.now():
        services.drop_upload(found)
        return HttpResponse(status=410)
    if method == "DELETE":
        services.drop_upload(found)
        return HttpResponse(status=204)
    try:
        return _head(found) if method == "HEAD" else _patch(request, found)
    except services.Gone as gone:
        services.drop_upload(found)
        return _refused(str(gone), 410)


def _head(found: Upload) -> HttpResponse:
    headers = {"Upload-Offset": str(services.arrived(found)), "Upload-Length": str(found.length), **_expires(found)}
    if found.metadata:
        headers["Upload-Metadata"] = found.metadata
    return HttpResponse(status=200, headers=headers)


def _patch(request: HttpRequest, found: Upload) -> HttpResponse:
    if request.content_type != BYTES:
        return _refused(f"Content-Type phải là {BYTES}.", 415)
    at, size = _whole_number(request, "Upload-Offset"), _whole_number(request, "Content-Length") or 0
    if at is None:
        return _refused("Thiếu hoặc sai Upload-Offset.", 400)
    if "Transfer-Encoding" in request.headers:
        return _refused("Thiếu Content-Length.", 411)
    if at + size > found.length:
        return _refused(f"Phần gửi dài quá {found.length} byte đã báo trước.", 413)
    try:
        offset = services.receive(found, at, request.read)
    except incoming.WrongOffset as wrong:
        return HttpResponse(status=409, headers={"Upload-Offset": str(wrong.offset)})
    except UnreadablePostError:
        return _refused("Đường truyền bị ngắt.", 400)  # nobody listens any more; what came is kept
    except OSError as error:
        return _no_room(error)
    found.refresh_from_db(fields=["expires_at"])
    return HttpResponse(status=204, headers={"Upload-Offset": str(offset), **_expires(found)})


def _whole_number(request: HttpRequest, header: str) -> int | None:
    given = request.headers.get(header, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _expires(found: Upload) -> dict[str, str]:
    return {"Upload-Expires": http_date(found.expires_at.timestamp())}


def _no_room(error: OSError) -> HttpResponse:
    if error.errno not in FULL_DISK:
        raise error
    return _refused("Máy chủ hết chỗ lưu tệp. Hãy báo Văn phòng Điều phối và gửi lại sau.", 507)


def _refused(sentence: str, status: int) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)


def _user(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
