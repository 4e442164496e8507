"""One Django codebase that runs on Lambda, App Runner, ECS or a laptop, and the tools to choose between them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.urls import URLPattern

    from django_runtimes.config.adopted import Adopted

__all__ = ["configure", "get_asgi_application", "get_lambda_handler", "media_urlpatterns"]


def configure(settings: dict[str, Any] | None = None) -> "Adopted":
    """Fit a project's settings to the runtime; call it once, at their end, as `configure(globals())`.

    Under `local` without a variable nothing changes. Elsewhere names on the list in docs/settings.md may get another
    value, each for a reason that `webapp check --explain` shows. Returns how the application runs here: among others
    `runtime` ("aws_lambda") and `keeps_media` (whether uploaded files outlive the process). Raises ConfigurationError,
    whose text has the remedy, for what cannot be right here.
    """
    from django_runtimes.adopt.configure import caller_of_configure, configure_at

    return configure_at(settings, caller_of_configure())


def get_asgi_application() -> Callable[..., Any]:
    """Set Django up and return its ASGI application, in place of `django.core.asgi.get_asgi_application()`.

    A project's own asgi.py composes it with others; the setting ASGI_APPLICATION names what it has composed, as
    "config.asgi.application", and the server and the Lambda handler serve that. Every call returns the same object.
    """
    from django_runtimes.entrypoints.served_application import django_application

    return django_application()


def get_lambda_handler() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The handler that a function on Lambda names, for ASGI_APPLICATION or else for Django alone.

    Call it once, when the module is imported. ConfigurationError for an application that Lambda cannot serve.
    """
    from django_runtimes.entrypoints.function import lambda_handler

    return lambda_handler()


def media_urlpatterns() -> "list[URLPattern]":
    """URL patterns for uploaded files, where they lie on this machine's disk under `local`; otherwise none."""
    from django_runtimes.adopt.media_urls import media_urlpatterns as patterns

    return patterns()
