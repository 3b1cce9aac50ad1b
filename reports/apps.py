"""The app of notices."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Thông báo"
    default_auto_field = "django.db.models.BigAutoField"
