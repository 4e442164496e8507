"""Registers the checks of the database's settings."""

from django.apps import AppConfig
from django.core.checks import register
from django.db.backends.signals import connection_created


class DatabaseConfig(AppConfig):
    name = "webapp.database"

    def ready(self) -> None:
        from webapp.database.checks import check_encryption
        from webapp.database.engine_checks import check_engines
        from webapp.database.failover import watch
        from webapp.database.settings_checks import CHECKS

        for check in (check_encryption, check_engines, *CHECKS):
            register(check)
        connection_created.connect(watch)
