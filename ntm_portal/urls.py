"""The map of the portal: each app under its own name, accounts, administration, health."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from communes.forms import SignInForm

from . import views

handler400 = "ntm_portal.views.bad_request"
handler403 = "ntm_portal.views.permission_denied"
handler404 = "ntm_portal.views.page_not_found"
handler500 = "ntm_portal.views.server_error"

urlpatterns = [
    path("", views.home, name="home"),
    path("viec-can-lam/", views.task_list, name="task-list"),
    path("tim-kiem/", views.search, name="search"),
    path("tro-giup/", views.help_page, name="help"),
    path("suc-khoe/", views.health, name="health"),
    path("service-worker.js", views.service_worker, name="service-worker"),
    # dang-nhap/
    path(
        "dang-nhap/",
        auth.LoginView.as_view(
            authentication_form=SignInForm,
            redirect_authenticated_user=True,
            http_method_names=["get", "head", "post"],
        ),
        name="login",
    ),
    path("dang-xuat/", auth.LogoutView.as_view(http_method_names=["post"]), name="logout"),
    path("", include("communes.urls")),
    path("", include("criteria.urls")),
    path("", include("inspections.urls")),
    path("", include("reports.urls")),
    path("api/v1/", include("ntm_portal.api.urls")),
    path("quan-tri/", admin.site.urls),
]
