"""The portal's own map, and two addresses for measuring."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path

from ntm_portal.urls import handler400, handler403, handler404, handler500
from ntm_portal.urls import urlpatterns as portal

from .measured import loaded_modules

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def frame(request: HttpRequest) -> HttpResponse:
    """Nothing but the frame that every page has, for a signed-in person."""
    return render(request, "base.html")


def modules(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"modules": loaded_modules()})


urlpatterns = [path("do/khung/", frame), path("do/mo-dun/", modules), *portal]
