"""The ASGI application that every entry point serves: Django's, or what the project composes with it."""

import logging
import os
import sys
from functools import cache, partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.runtimes.runtime import Runtime
from django_runtimes.config.settings_module import settings_module
from django_runtimes.entrypoints.named_module import import_named

if TYPE_CHECKING:
    from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
    from django_runtimes.serving.types import Application

_OURS = "django_runtimes.get_asgi_application()"


class Served(NamedTuple):
    """What is served, and the handler of Django in it; `is_composed` where the project put something around that."""

    application: "Application"
    handler: "OneHopASGIHandler"
    is_composed: bool


def django_application() -> "Application":
    """Django's application, set up; the same object for every call."""
    _calls.append(_OURS)
    return _django().application


def load_application() -> Served:
    """The application that ASGI_APPLICATION names, or Django's.

    ConfigurationError for a name that is none, or an application that does not serve Django by our handler.
    """
    django = _django()
    from django.conf import settings

    name = getattr(settings, "ASGI_APPLICATION", None)
    if not name:
        return django
    from django_runtimes.serving.asgi.persistent import require_lasting_threads

    application = require_lasting_threads(_imported(name))
    return Served(application, django.handler, is_composed=application is not django.application)


def require_websocket_library(served: Served) -> None:
    """ConfigurationError for websockets that only a library without limits would serve."""
    if not served.is_composed or find_spec("websockets") is not None or find_spec("wsproto") is None:
        return
    from django.conf import settings

    from django_runtimes.serving.websockets import has_websockets

    if has_websockets(served.application):
        raise ConfigurationError(
            f"ASGI_APPLICATION={settings.ASGI_APPLICATION!r} serves websockets, and of their libraries only wsproto is "
            "installed, which inflates a message without a limit; install websockets"
        )


def log_runtime() -> None:
    """Log the runtime with its evidence, once everything is loaded."""
    from django_runtimes.adopt.configure import adopted

    here = adopted()
    logging.getLogger(__name__).info(
        "serving as %s (%s), connections %s by the %s route",
        here.runtime,
        here.detection.evidence,
        here.profile.connections.name,
        here.profile.route,
    )


# One entry for each call of the public function.
_calls: list[str] = []


@cache
def _django() -> Served:
    settings_module(os.environ)
    from django_runtimes.serving.asgi.asgi_application import make_application

    application, handler = make_application(_make_handler)
    return Served(application, handler, is_composed=False)


def _make_handler() -> "OneHopASGIHandler":
    from django_runtimes.adopt.after_call import require_kept
    from django_runtimes.adopt.configure import adopted
    from django_runtimes.outages.uncaught import answer_outages
    from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler

    here = adopted()
    require_kept()
    # The app does so too, for Django's own handlers; under `local` without a variable there is none.
    answer_outages()
    if here.runtime is Runtime.AWS_LAMBDA:
        # An execution environment serves one request at a time.
        return OneHopASGIHandler(threads=1, streams_share=False)
    from django_runtimes.outages.outage import OVERLOADED
    from django_runtimes.outages.responses import outage_response

    return OneHopASGIHandler(
        threads=here.profile.threads,
        max_waiting=here.profile.max_waiting,
        max_wait_s=here.max_wait_s,
        max_native=here.profile.async_requests,
        refuse=partial(outage_response, outage=OVERLOADED),
    )


def _imported(name: str) -> "Application":
    module_name, _, attribute = name.rpartition(".")
    if not module_name:
        raise ConfigurationError(f"ASGI_APPLICATION={name!r} names no module; write it as config.asgi.application")
    already_imported = module_name in sys.modules
    calls_before = len(_calls)
    module = import_named(module_name, named_by=f"ASGI_APPLICATION={name!r}")
    application = getattr(module, attribute, None)
    if not callable(application):
        raise ConfigurationError(
            f"ASGI_APPLICATION={name!r} is not an application: {module_name} has "
            f"{'no ' + attribute if application is None else 'something else by that name'}; name a callable"
        )
    if len(_calls) == calls_before and not already_imported:
        raise ConfigurationError(
            f"ASGI_APPLICATION={name!r} does not call {_OURS}, without which Django's own handler would leak "
            f"database connections; call it in {module_name} in place of django.core.asgi.get_asgi_application()"
        )
    served: Application = application
    return served
