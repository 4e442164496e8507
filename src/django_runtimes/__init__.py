"""Runs one Django codebase on Lambda, App Runner, ECS or a laptop, with tools to compare them."""

# Imported first, since it reads the clock.
import django_runtimes.first_line  # noqa: F401, I001

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from django.urls import URLPattern

    from django_runtimes.config.adopted import Adopted
    from django_runtimes.throttling.throttle_middleware import ThrottleMiddleware
    from django_runtimes.throttling.throttle_rule import ClientSource, RateSource
    from django_runtimes.throttling.throttled_view import SomeView

__all__ = [
    "ThrottleMiddleware",
    "after_restore",
    "before_snapshot",
    "configure",
    "get_asgi_application",
    "get_lambda_handler",
    "media_urlpatterns",
    "throttle",
]


_Hook = TypeVar("_Hook", bound=Callable[[], Any])


def before_snapshot(hook: _Hook) -> _Hook:
    """Register a function that Lambda's SnapStart calls before the snapshot; a decorator.

    Close what restored environments must not share: sockets, threads, tokens. The library closes its own afterwards.
    Functions run in the reverse order of their registration, and never without SnapStart. An error fails the
    publication of the version. Raises ConfigurationError for an asynchronous function.
    """
    from django_runtimes.snapshot_hooks import HOOKS

    return HOOKS.before_snapshot(hook)


def after_restore(hook: _Hook) -> _Hook:
    """Register a function that Lambda's SnapStart calls in each environment that it restores; a decorator.

    Create again what must differ or be current. The secrets, the settings and `random` are current already. Functions
    run in the order of their registration, and all hooks together must end within 10 s. An error fails the restore.
    Raises ConfigurationError for an asynchronous function.
    """
    from django_runtimes.snapshot_hooks import HOOKS

    return HOOKS.after_restore(hook)


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


def throttle(
    rate: "RateSource",
    *,
    by: "ClientSource" = "address",
    methods: Collection[str] = (),
    name: str | None = None,
) -> "Callable[[SomeView], SomeView]":
    """Limit the requests of each client to a view: functions, asynchronous functions and classes of views.

    `rate` is a text such as "100/m", "20/30s" or "1000/h", a function of the request that returns one, or None for no
    limit. `by` is "address", "user" (the address of clients who are not logged in) or a function of the request.
    `methods` limits only requests with these methods. Views with the same `name` share their counters, and the name is
    in the headers. A request too many gets a 429. Raises ConfigurationError for a wrong argument.
    """
    from django_runtimes.throttling.throttled_view import throttled

    return throttled(rate, by=by, methods=methods, name=name)


def __getattr__(name: str) -> Any:
    # MIDDLEWARE names the class, which must not be imported before it is used.
    if name == "ThrottleMiddleware":
        from django_runtimes.throttling.throttle_middleware import ThrottleMiddleware

        return ThrottleMiddleware
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
