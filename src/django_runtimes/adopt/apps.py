"""Registers the checks of an adopted project, and puts the answers to outages in front of its error page."""

from django.apps import AppConfig
from django.core.checks import register


class AdoptConfig(AppConfig):
    name = "django_runtimes.adopt"
    label = "django_runtimes_adopt"

    def ready(self) -> None:
        from django_runtimes.adopt.checks import CHECKS
        from django_runtimes.outages.uncaught import answer_outages

        for check in CHECKS:
            register(check)
        answer_outages()
