"""Addresses of the communes app."""

from django.urls import URLPattern, URLResolver

app_name = "communes"
urlpatterns: list[URLPattern | URLResolver] = []
