"""Registers the checks of an adopted project, and puts the answers to outages in front of its error page."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, register


class AdoptConfig(AppConfig):
    name = "django_runtimes.adopt"
    label = "django_runtimes_adopt"

    def ready(self) -> None:
        from django_runtimes.outages.uncaught import answer_outages

        register(check_adoption)
        answer_outages()


def check_adoption(**kwargs: Any) -> list[CheckMessage]:
    """All checks of this package, imported by who asks for them and by no cold start."""
    from django_runtimes.adopt.checks import CHECKS

    return [message for check in CHECKS for message in check(**kwargs)]
