"""Registers the checks of database settings, and closes connections after a failover."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, register
from django.db.backends.signals import connection_created


class DatabaseConfig(AppConfig):
    name = "django_runtimes.databases"
    label = "django_runtimes_databases"

    def ready(self) -> None:
        from django_runtimes.databases.failover import watch

        register(check_databases)
        connection_created.connect(watch)


def check_databases(**kwargs: Any) -> list[CheckMessage]:
    """Run all checks of this package; they are imported here so that no cold start imports them."""
    from django_runtimes.databases.checks import check_encryption
    from django_runtimes.databases.engine_checks import check_engines
    from django_runtimes.databases.settings_checks import CHECKS

    return [message for check in (check_encryption, check_engines, *CHECKS) for message in check(**kwargs)]
