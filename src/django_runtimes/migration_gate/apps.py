"""The app that provides the command `migration_gate`."""

from django.apps import AppConfig


class MigrationGateConfig(AppConfig):
    name = "django_runtimes.migration_gate"
    label = "django_runtimes_migration_gate"
