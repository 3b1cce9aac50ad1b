"""Who and where: people, roles, authorities, communes, villages; and the journal."""

from django.apps import AppConfig


class CommunesConfig(AppConfig):
    name = "communes"
    verbose_name = "Đơn vị và người dùng"

    def ready(self) -> None:
        from django.contrib.postgres.lookups import Unaccent
        from django.db.backends.signals import connection_created
        from django.db.models import CharField, TextField

        from .exchange.kinds import register
        from .exchange.people import People
        from .exchange.units import Agencies, Communes, Villages
        from .text import teach_sqlite

        for field in (CharField, TextField):
            field.register_lookup(Unaccent)
        connection_created.connect(teach_sqlite)
        for kind in (Communes, Villages, Agencies, People):
            register(kind())
