"""The administration site, in Vietnamese, open to administrators and coordinators."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from communes.permissions import Permission


class PortalAdminSite(AdminSite):
    site_header = "Quản trị cổng nông thôn mới"
    site_title = "Quản trị"
    index_title = "Danh mục và tài khoản"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and getattr(user, "has", lambda _: False)(Permission.ACCOUNT_MANAGE)


