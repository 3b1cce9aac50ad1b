"""What anyone may read without an account: the notices that were issued."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ..models import Notice
from .common import file_response, final_document, issued_content

PER_PAGE = 20


@login_not_required
@require_safe
def public_list(request: HttpRequest) -> HttpResponse:
    notices = Notice.objects.public().select_related("authority", "round").order_by("-issued_on", "-number")
    page = Paginator(notices, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "reports/public_list.html", {"page": page})


@login_not_required
@require_safe
def public_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.public().select_related("authority", "round"), public_id=public_id)
    document = final_document(notice)
    context = {
        "notice": notice,
        "document": document,
        "content": issued_content(document),
        "replaced_by": Notice.objects.public().filter(supersedes=notice).first(),
        "crumbs": [("Thông báo đã ban hành", reverse("reports:public-list")), (str(notice), "")],
    }
    return render(request, "reports/public_detail.html", context)


@login_not_required
@require_safe
def public_file(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    notice = get_object_or_404(Notice.objects.public(), public_id=public_id)
    return file_response(final_document(notice))
