"""Runs one Django codebase on Lambda, App Runner, ECS or a laptop, with tools to compare them."""

# Imported first, since it reads the clock.
import django_runtimes.first_line  # noqa: F401, I001

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.urls import URLPattern

    from django_runtimes.config.adopted import Adopted

__all__ = ["configure", "get_asgi_application", "get_lambda_handler", "media_urlpatterns"]


def configure(settings: dict[str, Any] | None = None) -> "Adopted":
    """Fit a project's settings to the runtime; call it once, at the end of the settings, as `configure(globals())`.

    Under `local`, nothing changes unless a WEBAPP_ variable is set, or a PostgreSQL DATABASE_URL that the settings have
    not read. `webapp check --explain` shows each change and its reason. Returns how the application runs, including
    `runtime` ("aws_lambda") and `keeps_media` (whether uploaded files outlive the process). Raises ConfigurationError,
    with the remedy in its text, for settings that cannot work on the runtime.
    """
    from django_runtimes.adopt.configure import caller_of_configure, configure_at

    return configure_at(settings, caller_of_configure())


def get_asgi_application() -> Callable[..., Any]:
    """Set up Django and return its ASGI application; this replaces `django.core.asgi.get_asgi_application()`.

    A project's own asgi.py may compose it with other applications. The server and the Lambda handler serve the
    application that the setting ASGI_APPLICATION names, such as "config.asgi.application". Every call returns the same
    object.
    """
    from django_runtimes.entrypoints.served_application import django_application

    return django_application()


def get_lambda_handler() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Return a Lambda handler that serves ASGI_APPLICATION, or Django's application if that setting names none.

    Call it once, at import time. Raises ConfigurationError for an application that Lambda cannot serve.
    """
    from django_runtimes.entrypoints.function import lambda_handler

    return lambda_handler()


def media_urlpatterns() -> "list[URLPattern]":
    """Return URL patterns for uploads under `local` if they are on this machine's disk, and otherwise an empty list."""
    from django_runtimes.adopt.media_urls import media_urlpatterns as patterns

    return patterns()
