"""The library of texts: what is offered for a part of a notice, using and keeping it, looking after what is kept."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from communes.permissions import Permission, require
from communes.text import fold

from .. import services
from ..compose import Composition
from ..models import TextSnippet
from ..presenters.library import lines_of, offers_for
from ..workflow import Refused
from .common import crumbs, tell, user_of
from .composer import at_section, section_of
from .composer import compose as composes

PER_PAGE = 20
compose = require(Permission.NOTICE_COMPOSE)


# ---------------------------------------------------------------- for one part of a notice


@require_safe
@composes
def section_texts(request: HttpRequest, public_id: UUID, pk: int) -> HttpResponse:
    """Every text that may be used for a part, those of the same place first; q narrows them."""
    section = section_of(request, public_id, pk)
    words = request.GET.get("q", "")[:200]
    offers = offers_for(Composition(section.notice), section, user_of(request), words)
    context = {
        "notice": section.notice,
        "section": section,
        "words": words,
        "page": Paginator(offers, PER_PAGE).get_page(request.GET.get("page")),
        "crumbs": crumbs(section.notice, (f"Soạn “{section}”", at_section(section)), ("Đoạn văn có sẵn", "")),
    }
    return render(request, "reports/section_texts.html", context)


@require_POST
@composes
def section_take(request: HttpRequest, public_id: UUID, pk: int) -> HttpResponse:
    """Put an offered text behind what the part says."""
    section = section_of(request, public_id, pk)
    offers = offers_for(Composition(section.notice), section, user_of(request))
    offer = next((offer for offer in offers if offer.key == request.POST.get("doan")), None)
    if offer is None:
        raise Http404
    try:
        if offer.addressee:
            services.add_recommendations(section.notice, lines_of(offer), by=user_of(request))
        else:
            services.use_text(section, offer.body, by=user_of(request))
        messages.success(request, f"Đã đưa “{offer.title}” vào cuối phần “{section}”.")
    except Refused as refused:
        tell(request, refused)
    return redirect(at_section(section))


@require_POST
@compose
def section_keep(request: HttpRequest, public_id: UUID, pk: int) -> HttpResponse:
    """Keep the text of a part in the library."""
    section = section_of(request, public_id, pk)
    try:
        kept = services.keep_text(section, title=request.POST.get("title", ""), by=user_of(request))
        messages.success(request, f"Đã giữ đoạn “{kept}” vào thư viện.")
    except Refused as refused:
        tell(request, refused)
    return redirect(at_section(section))


# ---------------------------------------------------------------- looking after what is kept


@require_safe
@compose
def library(request: HttpRequest) -> HttpResponse:
    words = fold(request.GET.get("q", "")[:200]).split()
    rows = TextSnippet.objects.for_user(user_of(request)).offered().select_related("authority", "kept_by")
    found = [row for row in rows if all(word in fold(f"{row.title} {row.heading} {row.body}") for word in words)]
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "words": request.GET.get("q", ""),
        "crumbs": [("Thông báo", reverse("reports:notice-list")), ("Thư viện đoạn văn", "")],
    }
    return render(request, "reports/library.html", context)


@require_POST
@compose
def snippet_rename(request: HttpRequest, pk: int) -> HttpResponse:
    snippet = _snippet(request, pk)
    try:
        services.rename_text(snippet, title=request.POST.get("title", ""), by=user_of(request))
        messages.success(request, f"Đã đổi tên thành “{snippet}”.")
    except Refused as refused:
        tell(request, refused)
    return redirect("reports:library")


@require_POST
@compose
def snippet_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    snippet = _snippet(request, pk)
    try:
        services.withdraw_text(snippet, by=user_of(request))
        messages.success(request, f"Đã rút đoạn “{snippet}” khỏi thư viện.")
    except Refused as refused:
        tell(request, refused)
    return redirect("reports:library")


def _snippet(request: HttpRequest, pk: int) -> TextSnippet:
    return get_object_or_404(TextSnippet.objects.for_user(user_of(request)), pk=pk)
