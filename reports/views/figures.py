"""Where the figures of a notice come from, down to the evidence."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from communes.permissions import Permission, require

from ..presenters.chain import Chain
from .common import crumbs, followed_notice, user_of


@require_safe
@require(Permission.ROUND_READ)
def notice_figures(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """All figures of the text; ten: one of them with its units; don-vi: one unit of it down to its evidence."""
    notice = followed_notice(request, public_id)
    chain = Chain(notice, user_of(request))
    token = request.GET.get("ten", "")
    context = {"notice": notice, "is_frozen": chain.is_frozen}
    if not token:
        context |= {
            "figures": [(figure, chain.source(figure)) for figure in chain.figures.values()],
            "crumbs": crumbs(notice, ("Số liệu", "")),
        }
        return render(request, "reports/notice_figures.html", context)
    figure = chain.figure(token)
    if figure is None:
        raise Http404
    wanted = request.GET.get("don-vi", "")
    unit = chain.unit(figure, int(wanted)) if wanted.isdecimal() and len(wanted) < 15 else None
    if wanted and unit is None:
        raise Http404
    context |= {
        "figure": figure,
        "source": chain.source(figure),
        "groups": chain.units(figure),
        "unit": unit,
        "crumbs": crumbs(
            notice, ("Số liệu", reverse("reports:notice-figures", args=[public_id])), (figure.label.capitalize(), "")
        ),
    }
    return render(request, "reports/notice_figure.html", context)
