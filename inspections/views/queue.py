"""What waits for the person: criteria to conclude, answers, opinions, dossiers to decide; filtered and paged."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communes.permissions import Permission, require
from communes.requests import SignedInRequest

from ..forms.queue import QueueFilter
from ..waiting_list import kinds_for, line_of

PER_PAGE = 50


@require_safe
@require(Permission.DOSSIER_REVIEW, Permission.OPINION_GIVE)
def queue(request: SignedInRequest) -> HttpResponse:
    kinds = kinds_for(request.user)
    wanted = request.GET.get("viec")
    chosen = next((kind for kind in kinds if kind.code == wanted), None)
    chosen = chosen or next((kind for kind in kinds if kind.count), kinds[0])
    form = QueueFilter(request.GET, user=request.user, kind=chosen)
    page = Paginator(form.filtered(), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "kinds": kinds,
        "chosen": chosen,
        "form": form,
        "page": page,
        "lines": [line_of(chosen, row) for row in page],
        "is_filtered": form.is_narrowed,
        "many": form.carried,
        "keeps_phrases": request.user.has(Permission.DOSSIER_REVIEW),
    }
    return render(request, "inspections/queue.html", context)
