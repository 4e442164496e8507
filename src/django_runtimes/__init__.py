"""Runs one Django codebase on Lambda, App Runner, ECS or a laptop, with tools to compare them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.urls import URLPattern

    from django_runtimes.config.adopted import Adopted

__all__ = ["configure", "get_asgi_application", "get_lambda_handler", "media_urlpatterns"]


def configure(settings: dict[str, Any] | None = None) -> "Adopted":
    """Fit a project's settings to the runtime; call it once, at their end, as `configure(globals())`.

    Under `local` without a variable nothing changes. Elsewhere settings on the list in docs/settings.md may get another
    value, each for a reason that `webapp check --explain` shows. Returns how the application runs here, including
    `runtime` ("aws_lambda") and `keeps_media` (whether uploaded files outlive the process). Raises ConfigurationError,
    whose text has the remedy, for settings that cannot be right here.
    """
    from django_runtimes.adopt.configure import caller_of_configure, configure_at

    return configure_at(settings, caller_of_configure())


def get_asgi_application() -> Callable[..., Any]:
    """Set up Django and return its ASGI application; this replaces `django.core.asgi.get_asgi_application()`.

    A project's own asgi.py may compose it with others. The setting ASGI_APPLICATION names the result, such as
    "config.asgi.application", which the server and the Lambda handler serve. Every call returns the same object.
    """
    from django_runtimes.entrypoints.served_application import django_application

    return django_application()


def get_lambda_handler() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Return the handler of a Lambda function, for ASGI_APPLICATION or else for Django alone.

    Call it once, when the module is imported. Raises ConfigurationError for an application that Lambda cannot serve.
    """
    from django_runtimes.entrypoints.function import lambda_handler

    return lambda_handler()


def media_urlpatterns() -> "list[URLPattern]":
    """Return URL patterns for uploaded files if they are on this machine's disk under `local`, and otherwise none."""
    from django_runtimes.adopt.media_urls import media_urlpatterns as patterns

    return patterns()
