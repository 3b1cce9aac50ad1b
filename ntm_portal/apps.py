"""The frame as a Django app, so that its static files, template tags and formats are found."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "ntm_portal"
    verbose_name = "Cổng theo dõi tiêu chí nông thôn mới"


class PortalAdminConfig(AdminConfig):
    default_site = "ntm_portal.admin_site.PortalAdminSite"
