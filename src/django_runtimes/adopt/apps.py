"""Registers the checks of an adopted project, and the responses to outages that replace its error page."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, register


class AdoptConfig(AppConfig):
    name = "django_runtimes.adopt"
    label = "django_runtimes_adopt"

    def ready(self) -> None:
        from django_runtimes.outages.uncaught import answer_outages

        register(check_adoption)
        register(check_deployment, deploy=True)
        answer_outages()


def check_adoption(**kwargs: Any) -> list[CheckMessage]:
    """Run all checks of this package, which are imported here so that no cold start imports them."""
    from django_runtimes.adopt.checks import CHECKS

    return [message for check in CHECKS for message in check(**kwargs)]


def check_deployment(**kwargs: Any) -> list[CheckMessage]:
    """Run the checks that only `check --deploy` runs."""
    from django_runtimes.adopt.checks import DEPLOY_CHECKS

    return [message for check in DEPLOY_CHECKS for message in check(**kwargs)]
