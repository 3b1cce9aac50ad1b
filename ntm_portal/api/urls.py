"""Addresses of the API."""

from django.urls import path

from reports import renditions
from reports.api import NoticeViewSet

from .views import TokenView

app_name = "api"
urlpatterns = [
    path("token/", TokenView.as_view(), name="token"),
    path("notices/", NoticeViewSet.as_view({"get": "list"}), name="notice-list"),
    path("notices/<uuid:public_id>/", NoticeViewSet.as_view({"get": "retrieve"}), name="notice-detail"),
    *(
        path(
            f"notices/<uuid:public_id>/{wanted}/",
            NoticeViewSet.as_view({"get": "file"}),
            {"wanted": wanted},
            name=f"notice-{wanted}",
        )
        for wanted in renditions.FORMATS
    ),
]
