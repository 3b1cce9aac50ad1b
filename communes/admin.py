"""Reference data and accounts in the administration site; what is changed here is in the journal as well.

Rights come from our own table of permissions, not from Django's rows. Nothing can be deleted.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.forms import Media, ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import journal, services
from .actions import action_label
from .models import Agency, Authority, Commune, Event, LegalDocument, Membership, Recognition, User, Village
from .permissions import Permission

# Half of what an administration page weighs.
UNUSED_SCRIPTS = ("/urlify.", "/prepopulate.", "/xregexp", "/actions.")


def holds(request: HttpRequest, permission: Permission | None) -> bool:
    user: Any = request.user
    return permission is not None and user.is_authenticated and user.has(permission)


class Guarded:
    """Rights from the table of permissions; None means nobody. Without `needs_change` a page only shows."""

    needs_view: ClassVar[Permission | None] = Permission.ACCOUNT_MANAGE
    needs_change: ClassVar[Permission | None] = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return holds(request, self.needs_view)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return holds(request, self.needs_view)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return holds(request, self.needs_change)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return holds(request, self.needs_change)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class PortalAdmin(Guarded, admin.ModelAdmin):
    """Base of every page of the administration site; a change writes its event in the same transaction."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = None

    @property
    def media(self) -> Media:
        """Without the scripts of what no page here has: fields made from others, and acts on many rows."""
        scripts = super().media._js  # type: ignore[attr-defined]
        return Media(js=[path for path in scripts if not any(name in path for name in UNUSED_SCRIPTS)])

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        noun = obj._meta.model_name
        super().save_model(request, obj, form, change)
        by: Any = request.user
        if not change:
            data = {name: form.cleaned_data[name] for name in form.cleaned_data}
            journal.record(f"{noun}.created", subject=obj, by=by, data=data)
        elif form.changed_data:
            old = {name: form.initial.get(name) for name in form.changed_data}
            new = {name: form.cleaned_data[name] for name in form.changed_data}
            journal.record(f"{noun}.changed", subject=obj, by=by, old=old, new=new)


class PortalInline(Guarded, admin.TabularInline):
    """Rows of another table on a page, shown only."""

    extra = 0
    can_delete = False
    show_change_link = True


class ReferenceAdmin(PortalAdmin):
    needs_change = Permission.ACCOUNT_MANAGE

    @admin.display(description="tên", ordering="name")
    def full_title(self, unit: Commune | Village) -> str:
        return unit.title


class Exchanged(PortalAdmin):
    """What also goes in and out as tables: the list leads to the pages for that, with their preview and undoing."""

    change_list_template = "admin/communes/exchanged_change_list.html"


@admin.register(Authority)
class AuthorityAdmin(ReferenceAdmin):
    list_display = ("name", "kind", "parent", "valid_from", "valid_to")
    list_filter = ("kind",)
    search_fields = ("name__unaccent", "code")
    list_select_related = ("parent",)


@admin.register(Agency)
class AgencyAdmin(Exchanged, ReferenceAdmin):
    list_display = ("name", "authority", "code", "is_active")
    list_filter = ("authority", "is_active")
    search_fields = ("name__unaccent", "code")
    list_select_related = ("authority",)


@admin.register(Commune)
class CommuneAdmin(Exchanged, ReferenceAdmin):
    list_display = ("full_title", "code", "authority", "valid_from", "valid_to", "successor")
    list_filter = ("authority", "kind")
    search_fields = ("name__unaccent", "code")
    list_select_related = ("authority", "successor")


@admin.register(Village)
class VillageAdmin(Exchanged, ReferenceAdmin):
    list_display = ("full_title", "code", "commune", "valid_from", "valid_to", "is_sample")
    search_fields = ("name__unaccent", "code", "commune__name__unaccent")
    list_select_related = ("commune",)


@admin.register(Recognition)
class RecognitionAdmin(PortalAdmin):
    """Titles are noted and ended on the page of the commune."""

    list_display = ("commune", "village", "title", "decision", "valid_from", "valid_to")
    list_filter = ("title",)
    search_fields = ("commune__name__unaccent", "decision__unaccent")
    list_select_related = ("commune", "village")


@admin.register(LegalDocument)
class LegalDocumentAdmin(ReferenceAdmin):
    list_display = ("number", "kind", "issued_on", "issuer", "subject")
    list_filter = ("kind",)
    search_fields = ("number", "subject__unaccent", "key")


@admin.register(Membership)
class MembershipAdmin(PortalAdmin):
    """Roles are given and ended on the page of the person."""

    list_display = ("user", "role", "scope_name", "valid_from", "valid_to")
    list_filter = ("role",)
    search_fields = ("user__full_name__unaccent",)
    list_select_related = ("user", "authority", "agency", "commune")

    @admin.display(description="nơi làm việc")
    def scope_name(self, membership: Membership) -> str:
        return membership.scope_name


@admin.register(User)
class UserAdmin(Exchanged):
    """Profiles may be mended; password, lock and roles have their own pages with their own rules."""

    needs_change = Permission.ACCOUNT_MANAGE
    list_display = ("full_name", "username", "position", "is_active", "last_login")
    list_filter = ("is_active", "must_change_password")
    search_fields = ("full_name__unaccent", "username")
    fields = (
        "full_name",
        "username",
        "position",
        "phone",
        "email",
        "is_active",
        "must_change_password",
        "last_login",
        "portal_page",
    )
    readonly_fields = ("is_active", "must_change_password", "last_login", "portal_page")

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    @admin.display(description="mật khẩu, khóa, vai trò, bàn giao")
    def portal_page(self, user: User) -> SafeString:
        return format_html('<a href="{}">Mở trang của người dùng</a>', user.get_absolute_url())

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        by: Any = request.user
        services.change_user(obj, by=by)


@admin.register(Event)
class EventAdmin(PortalAdmin):
    """The journal, to read."""

    list_display = ("at", "actor_name", "action_name", "subject_label", "chain")
    search_fields = ("subject_label__unaccent", "actor_name__unaccent", "action")
    ordering = ("-at", "-pk")
    date_hierarchy = "at"

    @admin.display(description="việc")
    def action_name(self, event: Event) -> str:
        return action_label(event.action)
