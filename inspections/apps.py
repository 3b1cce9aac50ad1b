"""Rounds, dossiers, evidence, review and decisions."""

from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "inspections"
    verbose_name = "Kiểm tra"

    def ready(self) -> None:
        from communes.exchange.kinds import register

        from .exchange import Assessments, Results

        register(Results())
        register(Assessments())
