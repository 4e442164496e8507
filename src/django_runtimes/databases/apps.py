"""Registers the checks of the database's settings."""

from django.apps import AppConfig
from django.core.checks import register
from django.db.backends.signals import connection_created


class DatabaseConfig(AppConfig):
    name = "django_runtimes.databases"
    label = "django_runtimes_databases"

    def ready(self) -> None:
        from django_runtimes.databases.checks import check_encryption
        from django_runtimes.databases.engine_checks import check_engines
        from django_runtimes.databases.failover import watch
        from django_runtimes.databases.settings_checks import CHECKS

        for check in (check_encryption, check_engines, *CHECKS):
            register(check)
        connection_created.connect(watch)
