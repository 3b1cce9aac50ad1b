"""Addresses of the team's pages: rounds, matrix, queue, review."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
