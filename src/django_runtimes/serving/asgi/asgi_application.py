"""Creates the ASGI application with Django's `get_asgi_application()`, but with a handler of this library."""

from collections.abc import Callable
from typing import Any, TypeVar

import django.core.asgi
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler

from django_runtimes.serving.types import Application

Handler = TypeVar("Handler", bound=ASGIHandler)


def make_application(make_handler: Callable[[], Handler]) -> tuple[Application, Handler]:
    """Return the result of `get_asgi_application()`, and the handler that it created by calling `make_handler`.

    Tools that wrap `get_asgi_application` therefore wrap this handler. Django is set up before `make_handler` is
    called. Raise ImproperlyConfigured if a tool has replaced `get_asgi_application` and does not call the original.
    """
    made: list[Handler] = []

    def make() -> Handler:
        made.append(make_handler())
        return made[-1]

    # Django offers no other way to name the handler's class.
    module: Any = django.core.asgi
    djangos_class, module.ASGIHandler = module.ASGIHandler, make
    try:
        application = django.core.asgi.get_asgi_application()
    finally:
        module.ASGIHandler = djangos_class
    if not made:
        raise ImproperlyConfigured(
            f"django.core.asgi.get_asgi_application() returned {application!r} without making a handler; "
            "remove the tool that replaces this function"
        )
    return application, made[-1]
