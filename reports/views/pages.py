"""The printed pages beside the text being written: which there are, and each as an image."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from inspections.previews import Unreadable

from .. import pages, renderer
from ..compose import Composition
from ..models import Notice
from ..presenters.composer import headings_of, outline_of, words_at
from .common import own_draft
from .composer import compose


@require_safe
@compose
def notice_pages(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """For the script: addresses of the pages of the text as it is stored now, and where on them the person writes.

    phan: the part being written; vi-tri: the cursor's place in its text.
    """
    notice = own_draft(request, public_id)
    composition = Composition(notice)
    try:
        made = pages.printed(public_id, composition.content())
        at = _place(composition, made, request.GET.get("phan", ""), request.GET.get("vi-tri", ""))
    except renderer.RenderError as error:
        return JsonResponse({"version": notice.version, "refused": str(error)})
    except Unreadable:
        return JsonResponse({"version": notice.version, "refused": "Không mở được bản in vừa tạo; lưu lại để in lại."})
    numbers = range(1, made.page_count + 1)
    addresses = [reverse("reports:notice-page", args=[public_id, made.key, number]) for number in numbers]
    return JsonResponse({"version": notice.version, "pages": addresses, "at": {"page": at.page, "down": at.down}})


def _place(composition: Composition, made: pages.Printed, part: str, cursor: str) -> pages.Place:
    content = composition.content()
    row = next((row for row in outline_of(composition, content) if str(row.section.pk) == part), None)
    if row is None:
        return pages.Place(1, 0)
    headings = headings_of(content)
    # The last words stand after every heading; the first ones before them all.
    last = row.heading + 1 if row.heading is not None else len(headings) if row.section.kind == "closing" else 0
    offset = int(cursor) if cursor.isdecimal() and len(cursor) < 8 else 0
    return pages.place_of(made, headings[:last], *words_at(row.section.body, offset, composition.palette))


@require_safe
@compose
def notice_page(request: HttpRequest, public_id: UUID, key: str, number: int) -> HttpResponse:
    """One page of one wording; 404 for a wording that has been replaced since."""
    notice = own_draft(request, public_id)
    width = pages.fitting(request.GET.get("rong", ""))
    try:
        content = pages.image(public_id, key, number, width) or _printed_again(notice, key, number, width)
    except (Unreadable, renderer.RenderError) as error:
        raise Http404 from error
    if content is None:
        raise Http404
    return HttpResponse(content, content_type=pages.CONTENT_TYPE)


def _printed_again(notice: Notice, key: str, number: int, width: int) -> Any:
    """For a host that has not printed this wording itself, as long as it is the present one."""
    made = pages.printed(notice.public_id, Composition(notice).content())
    return pages.image(notice.public_id, key, number, width) if made.key == key else None
