"""Issued documents in the administration site: shown with their hashes, never changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from communes.permissions import Permission

from .models import IssuedDocument


@admin.register(IssuedDocument)
class IssuedDocumentAdmin(admin.ModelAdmin):
    list_display = ("notice", "made_at", "size", "sha256")
    list_select_related = ("notice",)
    fields = ("notice", "rendition", "made_at", "size", "sha256", "template_version", "facts_sha256", "journal_head")
    search_fields = ("sha256", "notice__symbol")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: IssuedDocument | None = None) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has(Permission.STATE_READ))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: IssuedDocument | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: IssuedDocument | None = None) -> bool:
        return False
