"""Addresses of the inspections app: the commune's pages here, the team's in team_urls."""

from django.urls import URLPattern, URLResolver

from . import team_urls

app_name = "inspections"

commune: list[URLPattern | URLResolver] = []

urlpatterns = [*commune, *team_urls.urlpatterns]
