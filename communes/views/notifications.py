"""What one was told: the list, reading, and the choice of what to be told of."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import inbox
from ..forms import ChoicesForm, NotificationFilter
from ..models import Notification
from ..requests import SignedInRequest

PER_PAGE = 30


@require_safe
def notification_list(request: SignedInRequest) -> HttpResponse:
    """Newest first; by kind, or only what is unread."""
    form = NotificationFilter(request.GET)
    rows = form.filtered(Notification.objects.for_user(request.user))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "is_filtered": form.is_narrowed}
    return render(request, "communes/notification_list.html", context)


@require_POST
def notification_open(request: SignedInRequest, pk: int) -> HttpResponse:
    """Mark as read and lead to what it tells of."""
    notification = get_object_or_404(Notification.objects.for_user(request.user), pk=pk)
    inbox.mark_read(notification)
    return redirect(notification.link)


@require_POST
def notification_read(request: SignedInRequest, pk: int) -> HttpResponse:
    notification = get_object_or_404(Notification.objects.for_user(request.user), pk=pk)
    inbox.mark_read(notification)
    messages.success(request, "Đã đánh dấu một tin là đã đọc.")
    return redirect("communes:notification-list")


@require_POST
def notifications_read(request: SignedInRequest) -> HttpResponse:
    """All at once, those on other pages of the list too."""
    count = inbox.mark_all_read(request.user)
    messages.success(request, f"Đã đánh dấu {count} tin là đã đọc." if count else "Không có tin nào chưa đọc.")
    return redirect("communes:notification-list")


@require_http_methods(["GET", "HEAD", "POST"])
def notification_choices(request: SignedInRequest) -> HttpResponse:
    """Which kinds in the portal, which by mail, and whether there is a daily mail at all."""
    form = ChoicesForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        inbox.choose(request.user, form.choices(), wants_digest=form.cleaned_data["wants_digest"] == "daily")
        messages.success(request, "Đã lưu lựa chọn nhận tin báo.")
        return redirect("communes:notification-choices")
    crumbs = [("Tin báo", reverse("communes:notification-list")), ("Chọn loại tin nhận", "")]
    context = {"form": form, "address": request.user.email, "crumbs": crumbs}
    return render(request, "communes/notification_choices.html", context)
