"""Issued documents in the administration site: shown with their hashes, never changed."""

from django.contrib import admin

from communes.admin import PortalAdmin

from .models import IssuedDocument


@admin.register(IssuedDocument)
class IssuedDocumentAdmin(PortalAdmin):
    list_display = ("notice", "made_at", "size", "sha256")
    list_select_related = ("notice",)
    fields = ("notice", "rendition", "made_at", "size", "sha256", "template_version", "facts_sha256", "journal_head")
    search_fields = ("sha256", "notice__symbol")
