"""What the views of notices share: fetching, telling refusals, the words of a page, handing out a file."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from communes.models import User

from .. import content, renditions, workflow
from ..content import NoticeContent
from ..models import IssuedDocument, Notice
from ..workflow import Refused

Rendition = IssuedDocument.Rendition
# {rendition: (end of the name under which it is handed out, type)}; a plain PDF where none is stated.
FILE_TYPES: dict[str, tuple[str, str]] = {
    Rendition.DOCX: (".docx", renditions.CONTENT_TYPES["docx"]),
    Rendition.ACCESSIBLE: ("-khong-ky.pdf", "application/pdf"),
    Rendition.SIGNED: ("-ky-so.pdf", "application/pdf"),
}


def user_of(request: HttpRequest) -> User:
    user: Any = request.user
    return user


def notice_for(request: HttpRequest, public_id: Any) -> Notice:
    """A notice this person may read, with everything headings say of it; else 404."""
    return get_object_or_404(Notice.objects.for_user(user_of(request)).with_context(), public_id=public_id)


def own_draft(request: HttpRequest, public_id: Any) -> Notice:
    """A notice this person writes; 404 where it is not theirs to read, 403 where only to read."""
    notice = notice_for(request, public_id)
    if not workflow.composes(notice, user_of(request)):
        raise PermissionDenied
    return notice


def for_move(request: HttpRequest, public_id: Any, name: str) -> Notice:
    """A notice whose move is this person's to make; 403 where it is another's."""
    notice = notice_for(request, public_id)
    if not workflow.may(notice, name, user_of(request)):
        raise PermissionDenied
    return notice


def followed_notice(request: HttpRequest, public_id: Any) -> Notice:
    """A notice whose making this person may follow; 404 for one that is only published to them."""
    notice = notice_for(request, public_id)
    if not workflow.follows(notice, user_of(request)):
        raise Http404
    return notice


def crumbs(notice: Notice, *more: tuple[str, str]) -> list[tuple[str, str]]:
    url = reverse("reports:notice-preview", args=[notice.public_id]) if more else ""
    return [("Thông báo", reverse("reports:notice-list")), (str(notice), url), *more]


def tell(request: HttpRequest, refused: Refused) -> None:
    """Say on the next page why something was not done."""
    for sentence in refused.messages:
        messages.error(request, sentence)


def wants_json(request: HttpRequest) -> bool:
    """Whether our own script asks; without it the same address answers with pages."""
    return "application/json" in request.headers.get("Accept", "")


def final_document(notice: Notice) -> IssuedDocument:
    """The file as issued; 404 for a notice that is not."""
    document = notice.documents.filter(rendition=IssuedDocument.Rendition.FINAL).first()
    if document is None:
        raise Http404
    return document


def issued_content(document: IssuedDocument) -> NoticeContent:
    """What the issued file says, from its frozen facts: never from the figures of today."""
    return content.from_facts(document.printed_facts)


def file_response(document: IssuedDocument, *, as_attachment: bool = True) -> HttpResponseBase:
    """The stored bytes, under a name people know; never rendered again."""
    suffix, content_type = FILE_TYPES.get(document.rendition, (".pdf", "application/pdf"))
    name = f"{renditions.name_of(document.notice)}{suffix}"
    if settings.ACCEL_PREFIX:
        response: HttpResponseBase = HttpResponse(content_type=content_type)
        response["X-Accel-Redirect"] = f"{settings.ACCEL_PREFIX.rstrip('/')}/{quote(str(document.file.name))}"
        kind = "attachment" if as_attachment else "inline"
        response["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(name)}"
        return response
    return FileResponse(document.file.open("rb"), as_attachment=as_attachment, filename=name, content_type=content_type)


def attachment(made: renditions.File) -> HttpResponseBase:
    """A rendition to be kept: never shown at an address of the portal, whose policy its styles would break."""
    if made.stored:
        return file_response(made.stored)
    response = HttpResponse(made.data, content_type=made.content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(made.name)}"
    return response
