"""The measure: criteria sets, criteria, indicators and their thresholds."""

from django.apps import AppConfig


class CriteriaConfig(AppConfig):
    name = "criteria"
    verbose_name = "Bộ tiêu chí"

    def ready(self) -> None:
        from communes.exchange.kinds import register

        from .exchange import Sets

        register(Sets())
