"""Registers the start-up checks."""

from django.apps import AppConfig
from django.core.checks import register


class ObservabilityConfig(AppConfig):
    name = "webapp.observability"

    def ready(self) -> None:
        from webapp.observability.checks import check_unknown_variables

        register(check_unknown_variables)
