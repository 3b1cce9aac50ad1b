"""Rounds, dossiers and conclusions in the administration site: to look at, never to change."""

from django.contrib import admin

from communes.admin import PortalAdmin, PortalInline

from .models import CriterionConclusion, Dossier, InspectionRound, ReturnItem, RoundUnit, TeamMember


class RoundUnitInline(PortalInline):
    model = RoundUnit
    fields = ("commune", "village", "criteria_set", "mode", "visit_on", "extended_until", "left_out_reason")
    show_change_link = False


class TeamMemberInline(PortalInline):
    model = TeamMember
    fields = ("user", "position", "agency")
    show_change_link = False


@admin.register(InspectionRound)
class RoundAdmin(PortalAdmin):
    list_display = ("name", "code", "authority", "period_from", "due_on", "status")
    list_filter = ("status", "year")
    list_select_related = ("authority",)
    search_fields = ("name__unaccent", "code")
    inlines = (RoundUnitInline, TeamMemberInline)


class ConclusionInline(PortalInline):
    model = CriterionConclusion
    fields = ("criterion", "verdict", "reason", "concluded_by", "concluded_at", "is_contrary", "reply")
    show_change_link = False


class ReturnItemInline(PortalInline):
    model = ReturnItem
    fields = ("assessment", "reason_code", "question", "due_on", "status", "answer")
    show_change_link = False


@admin.register(Dossier)
class DossierAdmin(PortalAdmin):
    # The frozen facts are long; their hash says whether they are what they were.
    exclude = ("frozen",)
    list_display = ("__str__", "round", "status", "submitted_at", "is_late", "concluded_at")
    list_filter = ("status", "is_late", "round")
    list_select_related = ("round", "inspection__commune", "village", "criteria_set")
    search_fields = ("inspection__commune__name__unaccent", "village__name__unaccent", "round__code")
    inlines = (ConclusionInline, ReturnItemInline)
