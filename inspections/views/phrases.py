"""The phrases offered as reasons on the review desk: to read, add, reword and remove."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from .. import services
from ..forms.phrases import NewPhraseForm, PhraseForm
from ..models import Phrase
from ..services.phrases import may_change
from ..workflow import Refused, StaleState
from .common import sent

KEEP = (Permission.DOSSIER_REVIEW, Permission.ROUND_MANAGE)
FORM = ["GET", "HEAD", "POST"]


@require_http_methods(FORM)
@require(*KEEP)
def phrase_list(request: SignedInRequest) -> HttpResponse:
    form = NewPhraseForm(sent(request), user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_phrase(**form.cleaned_data, by=request.user)
        except Refused as error:
            form.add_error("text", str(error))
        else:
            messages.success(request, "Đã thêm câu mẫu.")
            return redirect("inspections:phrase-list")
    phrases = Phrase.objects.for_user(request.user).select_related("authority", "made_by")
    context = {
        "form": form,
        "rows": [(phrase, may_change(phrase, request.user)) for phrase in phrases],
        "crumbs": [("Hàng chờ", reverse("inspections:queue")), ("Câu mẫu", "")],
        "has_queue": request.user.has(Permission.DOSSIER_REVIEW),
    }
    return render(request, "inspections/phrase_list.html", context, status=400 if form.errors else 200)


@require_http_methods(FORM)
@require(*KEEP)
def phrase_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    phrase = _phrase(request, pk)
    form = PhraseForm(sent(request), initial={"text": phrase.text})
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.change_phrase(phrase, text=form.cleaned_data["text"], by=request.user)
            except Refused as error:
                form.add_error("text", str(error))
                status = 409 if isinstance(error, StaleState) else 400
            else:
                messages.success(request, "Đã sửa câu mẫu.")
                return redirect("inspections:phrase-list")
    crumbs = [("Câu mẫu", reverse("inspections:phrase-list")), ("Sửa", "")]
    return render(
        request, "inspections/phrase_edit.html", {"form": form, "phrase": phrase, "crumbs": crumbs}, status=status
    )


@require_POST
@require(*KEEP)
def phrase_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    try:
        services.remove_phrase(_phrase(request, pk), by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Đã bỏ câu mẫu; kết luận đã dùng câu này không đổi.")
    return redirect("inspections:phrase-list")


def _phrase(request: SignedInRequest, pk: int) -> Phrase:
    """A phrase this person may change; 404 for one that they are not offered, 403 for one that others keep."""
    phrase = get_object_or_404(Phrase.objects.for_user(request.user).select_related("authority"), pk=pk)
    if not may_change(phrase, request.user):
        raise PermissionDenied
    return phrase
