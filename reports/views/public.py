"""What anyone may read without an account: the notices that were issued, their files, and news of them."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import http_date
from django.views.decorators.http import conditional_page, require_safe

from ..models import IssuedDocument, Notice
from ..publishing import FILES, Shelf, absolute, changed_at, citation, files_of, issuer_of
from .common import file_response, final_document, issued_content

PER_PAGE = 20
IN_FEED = 50
FEED_TYPE = "application/atom+xml; charset=utf-8"
FILE_SECONDS = 24 * 60 * 60


Answer = TypeVar("Answer", bound=HttpResponseBase)


def _kept(request: HttpRequest, response: Answer, changed: datetime | None, seconds: int = 0) -> Answer:
    """Say how long strangers' browsers and proxies may keep an answer.

    Pages are asked for again each time and answered with 304 as long as they are the same: a notice that was
    replaced must say so at once. What people see who are signed in is nobody else's.
    """
    if not request.user.is_authenticated:
        patch_cache_control(response, public=True, max_age=seconds, must_revalidate=not seconds)
        if changed:
            response["Last-Modified"] = http_date(int(changed.timestamp()))
    return response


# ---------------------------------------------------------------- the list


@login_not_required
@require_safe
@conditional_page
def public_list(request: HttpRequest) -> HttpResponse:
    shelf = Shelf(request.GET)
    notices = shelf.notices.order_by("-issued_on", "-number", "-pk")
    page = Paginator(notices, PER_PAGE).get_page(request.GET.get("page"))
    query = shelf.wanted.query(page.number)
    address = reverse("reports:public-list")
    if request.META["QUERY_STRING"] != query.removeprefix("?"):
        # One list, one address: without the empty fields that a form sends.
        return _kept(request, redirect(f"{address}{query}"), None)
    context = {
        "page": page,
        "shelf": shelf,
        "canonical": absolute(request, f"{address}{query}"),
        "feed": f"{reverse('reports:public-feed')}{shelf.wanted.query()}",
    }
    return _kept(request, render(request, "reports/public_list.html", context), shelf.changed_at)


# ---------------------------------------------------------------- one notice


@login_not_required
@require_safe
@conditional_page
def public_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    notice = _public(public_id)
    documents = list(notice.documents.order_by("pk"))
    final = next(row for row in documents if row.rendition == IssuedDocument.Rendition.FINAL)
    content = issued_content(final)
    supersedes = notice.supersedes
    context = {
        "notice": notice,
        "content": content,
        "files": files_of(documents),
        "facts_sha256": final.facts_sha256,
        "issuer": issuer_of(notice, content),
        "citation": citation(notice, content),
        "replaces": supersedes if supersedes and supersedes.is_published else None,
        "canonical": absolute(request, reverse("reports:public-detail", args=[public_id])),
        "crumbs": [("Thông báo đã ban hành", reverse("reports:public-list")), (str(notice), "")],
    }
    page = render(request, "reports/public_detail.html", context)
    return _kept(request, page, changed_at(notice, documents))


@login_not_required
@require_safe
def public_file(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The PDF as issued."""
    return _file(request, final_document(_public(public_id)))


@login_not_required
@require_safe
def public_rendition(request: HttpRequest, public_id: UUID, part: str) -> HttpResponseBase:
    """Another of its files, by the last part of the address; 404 where it was not made."""
    rendition = next(name for name, (address, *_) in FILES.items() if address == part)
    document = _public(public_id).documents.defer("facts").filter(rendition=rendition).first()
    if document is None:
        raise Http404
    return _file(request, document)


def _public(public_id: UUID) -> Notice:
    return get_object_or_404(Notice.objects.public().with_successor().select_related("supersedes"), public_id=public_id)


def _file(request: HttpRequest, document: IssuedDocument) -> HttpResponseBase:
    """A stored file, which never changes: its hash is its name for caches."""
    etag = f'"{document.sha256}"'
    same = get_conditional_response(request, etag=etag, last_modified=int(document.made_at.timestamp()))
    response = same or file_response(document)
    response["ETag"] = etag
    return _kept(request, response, document.made_at, FILE_SECONDS)


# ---------------------------------------------------------------- news


@login_not_required
@require_safe
@conditional_page
def public_feed(request: HttpRequest) -> HttpResponse:
    """The notices that changed last, issued or replaced, as an Atom feed; the filter is that of the list."""
    shelf = Shelf(request.GET)
    query = shelf.wanted.query()
    feed = Atom1Feed(
        title="Thông báo kết luận kiểm tra nông thôn mới",
        link=absolute(request, f"{reverse('reports:public-list')}{query}"),
        description="Thông báo mới ban hành và thông báo đã được thay thế.",
        language="vi",
        feed_url=absolute(request, f"{reverse('reports:public-feed')}{query}"),
    )
    for notice in shelf.notices.latest_change_first()[:IN_FEED]:
        feed.add_item(
            title=f"{notice}: {notice.subject}",
            link=absolute(request, reverse("reports:public-detail", args=[notice.public_id])),
            description=escape(_summary(notice)),
            unique_id=f"urn:uuid:{notice.public_id}",
            author_name=str(notice.authority),
            pubdate=notice.issued_at,
            updateddate=changed_at(notice),
        )
    return _kept(request, HttpResponse(feed.writeString("utf-8"), content_type=FEED_TYPE), shelf.changed_at)


def _summary(notice: Notice) -> str:
    issued = f"{notice.authority} ban hành ngày {notice.issued_on:%d/%m/%Y}. {notice.brought_in}".rstrip()
    if notice.replaced_by:
        return f"Đã được thay thế bằng {notice.replaced_by}. {issued}"
    return f"Dữ liệu trình diễn, không phải văn bản thật. {issued}" if notice.round.is_demo else issued
