"""One Django codebase that runs on Lambda, App Runner, ECS or a laptop, and the tools to choose between them."""

from collections.abc import Callable
from typing import Any

__all__ = ["get_asgi_application", "get_lambda_handler"]


def get_asgi_application() -> Callable[..., Any]:
    """Set Django up and return its ASGI application, in place of `django.core.asgi.get_asgi_application()`.

    A project's own asgi.py composes it with others; the setting ASGI_APPLICATION names what it has composed, as
    "config.asgi.application", and the server and the Lambda handler serve that. Every call returns the same object.
    """
    from django_runtimes.entrypoints.application import django_application

    return django_application()


def get_lambda_handler() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The handler that a function on Lambda names, for ASGI_APPLICATION or else for Django alone.

    Call it once, when the module is imported. ConfigurationError for an application that Lambda cannot serve.
    """
    from django_runtimes.entrypoints.function import lambda_handler

    return lambda_handler()
