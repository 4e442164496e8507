"""Registers the start-up checks and sets the base path for code outside of requests."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, register
from django.urls import set_script_prefix

from django_runtimes.config.adopted import adopted_by


class ObservabilityConfig(AppConfig):
    name = "django_runtimes.observability"
    label = "django_runtimes_observability"

    def ready(self) -> None:
        register(check_observability)
        if base_path := adopted_by(settings).front.base_path:
            # Commands build links with this prefix. FORCE_SCRIPT_NAME would break a Django mounted below another
            # application.
            set_script_prefix(base_path)


def check_observability(**kwargs: Any) -> list[CheckMessage]:
    """Run all checks of this package, which are imported here so that no cold start imports them."""
    from django_runtimes.observability.checks import check_unknown_variables
    from django_runtimes.observability.front_checks import CHECKS

    return [message for check in (check_unknown_variables, *CHECKS) for message in check(**kwargs)]
