"""Criteria sets in the administration site: everything is shown, nothing changed.

Drafts are written on the pages of the sets, where each change is journalled and a changed threshold loses
its confirmation; published sets never change.
"""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from communes.admin import PortalAdmin
from communes.permissions import Permission

from .models import (
    AgencyAssignment,
    CriteriaSet,
    Criterion,
    EvidenceRequirement,
    Indicator,
    IndicatorPart,
    Threshold,
    ThresholdConfirmation,
)


class ReadOnly:
    """Shown, never changed here."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has(Permission.CRITERIA_READ))

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class CriterionInline(ReadOnly, admin.TabularInline):
    model = Criterion
    fields = ("number", "name", "group", "provenance")
    show_change_link = True
    extra = 0


class PartInline(ReadOnly, admin.TabularInline):
    model = IndicatorPart
    fields = ("code", "text", "kind", "unit", "operator", "count_of", "count_operator", "count_bound")
    extra = 0


class ThresholdInline(ReadOnly, admin.TabularInline):
    model = Threshold
    fields = ("part", "value", "text", "year", "region", "commune_group", "commune_class", "is_confirmed_in_source")
    extra = 0


@admin.register(CriteriaSet)
class CriteriaSetAdmin(ReadOnly, PortalAdmin):
    list_display = ("short_name", "code", "version", "status", "effective_from", "effective_to", "is_incomplete")
    list_filter = ("status", "level", "tier")
    inlines = (CriterionInline,)


@admin.register(Criterion)
class CriterionAdmin(ReadOnly, PortalAdmin):
    list_display = ("number", "name", "criteria_set", "provenance")
    list_filter = ("criteria_set",)
    list_select_related = ("criteria_set",)
    search_fields = ("name__unaccent",)


@admin.register(Indicator)
class IndicatorAdmin(ReadOnly, PortalAdmin):
    list_display = ("code", "text", "criteria_set", "kind", "provenance")
    list_filter = ("criteria_set", "kind", "provenance")
    list_select_related = ("criteria_set",)
    search_fields = ("code", "text__unaccent")
    inlines = (PartInline, ThresholdInline)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Indicator]:
        return super().get_queryset(request).select_related("criterion__criteria_set")


@admin.register(EvidenceRequirement)
class EvidenceRequirementAdmin(ReadOnly, PortalAdmin):
    list_display = ("text", "criterion", "indicator", "is_required", "is_unverified")
    list_select_related = ("criterion", "indicator")
    list_filter = ("is_required", "is_unverified")


@admin.register(AgencyAssignment)
class AgencyAssignmentAdmin(ReadOnly, PortalAdmin):
    list_display = ("indicator", "agency")
    list_select_related = ("indicator", "agency")
    list_filter = ("agency",)


@admin.register(ThresholdConfirmation)
class ThresholdConfirmationAdmin(ReadOnly, PortalAdmin):
    list_display = ("threshold", "decision", "article", "confirmed_on", "by", "recorded_at")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("threshold__indicator", "threshold__part", "by")
