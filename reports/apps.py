"""The app of notices."""

from typing import Any

from django.apps import AppConfig
from django.core import checks


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Thông báo"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Stop the start where the files of a kind cannot be read; `manage.py` also looks at what they ask for."""
        from communes.exchange.kinds import register

        from . import kinds
        from .exchange import DueDates, Recommendations

        register(DueDates())
        register(Recommendations())
        kinds.every()
        checks.register(kinds_are_sound)


def kinds_are_sound(**kwargs: Any) -> list[checks.CheckMessage]:
    """The texts of every kind ask only for blocks and figures that there are."""
    from . import kinds, telling

    return [checks.Error(fault, id="reports.E001") for kind in kinds.every().values() for fault in telling.faults(kind)]
