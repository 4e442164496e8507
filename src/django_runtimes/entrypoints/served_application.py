"""Loads the ASGI application that every entry point serves: Django's, or the project's composition around it."""

import logging
import math
import os
import sys
import warnings
from functools import cache, partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.settings_module import settings_module
from django_runtimes.config.values.choices import TraceProtocol
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import POOL_WAITS_DIRECTORY, START_PHASES
from django_runtimes.entrypoints.named_module import import_named
from django_runtimes.entrypoints.stored_variables import load_stored_variables
from django_runtimes.snapshot_hooks import takes_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_runtimes.config.adopted import Adopted
    from django_runtimes.entrypoints.start_recorder import StartRecorder
    from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
    from django_runtimes.serving.types import Application

_REQUIRED_CALL = "django_runtimes.get_asgi_application()"
# The beginning of two texts of CacheKeyWarning, which go on with the key: with sessions in a cache, that is the cookie.
_KEY_WARNINGS = "Cache key .*will cause errors if used with memcached"


class Served(NamedTuple):
    """The served application and Django's handler in it; `is_composed` says whether the project wraps the handler."""

    application: "Application"
    handler: "OneHopASGIHandler"
    is_composed: bool


def django_application() -> "Application":
    """Set up Django and return its application, the same object for every call."""
    _calls.append(_REQUIRED_CALL)
    return _django().application


def load_application() -> Served:
    """Return the application that ASGI_APPLICATION names, or Django's.

    Raise ConfigurationError for a wrong name, or for an application that does not use the library's handler.
    """
    _serving.append(True)
    django = _django()
    from django.conf import settings

    name = getattr(settings, "ASGI_APPLICATION", None)
    if not name:
        return django
    from django_runtimes.serving.asgi.persistent import require_lasting_threads

    application = require_lasting_threads(_imported(name))
    return Served(application, django.handler, is_composed=application is not django.application)


def require_websocket_library(served: Served) -> None:
    """Raise ConfigurationError if websockets could be served only with wsproto, which does not limit messages."""
    if not served.is_composed or find_spec("websockets") is not None or find_spec("wsproto") is None:
        return
    from django.conf import settings

    from django_runtimes.serving.websockets import has_websockets

    if has_websockets(served.application):
        raise ConfigurationError(
            f"ASGI_APPLICATION={settings.ASGI_APPLICATION!r} serves websockets, and only wsproto is installed, "
            "which decompresses messages without a limit; install websockets"
        )


def log_runtime() -> None:
    """Log the runtime with its evidence, after everything is loaded."""
    from django_runtimes.adopt.configure import adopted

    here = adopted()
    logging.getLogger(__name__).info(
        "Serving as %s (%s), connections %s on the %s route",
        here.runtime,
        here.detection.evidence,
        here.profile.connections.name,
        here.profile.route,
    )


# Not empty in a process that serves requests, as opposed to one that only imports the application.
_serving: list[bool] = []
# One entry for each call of get_asgi_application(), which a composed application must make.
_calls: list[str] = []


@cache
def _django() -> Served:
    settings_module(os.environ)
    load_stored_variables()
    from django_runtimes.serving.asgi.asgi_application import make_application

    if recorder := _start_recorder():
        recorder.mark("setup_begins")
    application, handler = make_application(_make_handler)
    return Served(application, handler, is_composed=False)


@cache
def _start_recorder() -> "StartRecorder | None":
    if not Environment(os.environ)[START_PHASES] or takes_snapshot():
        # The first request would be one of those that warm up a snapshot.
        return None
    from django_runtimes.entrypoints.start_recorder import RECORDER

    return RECORDER


def _make_handler() -> "OneHopASGIHandler":
    # Django calls this right after its set-up.
    if recorder := _start_recorder():
        recorder.mark("setup_ends")
        recorder.report_first_request()
    from django_runtimes.adopt.after_call import refuse_later_mistakes
    from django_runtimes.adopt.configure import adopted
    from django_runtimes.outages.uncaught import answer_outages
    from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler

    here = adopted()
    if not here.is_local:
        # A client could fill the log, and Python remembers the text of every warning. `-W` takes precedence.
        warnings.filterwarnings("ignore", _KEY_WARNINGS, append=True)
    if here.access_log and _serving:
        from django_runtimes.observability.served_logs import begin_serving

        # Before the handler is created, which logs the path of requests.
        begin_serving()
    _keep_pool_waits()
    refuse_later_mistakes()
    # The library's app calls this too, for Django's own handlers, but under `local` the app may not be installed.
    answer_outages()
    if here.traces is TraceProtocol.OTLP:
        _start_tracing(here)
    if here.runtime is Runtime.AWS_LAMBDA:
        # An execution environment serves one request at a time. Lambda's timeout ends it if a constructor hangs.
        return OneHopASGIHandler(threads=1, max_chain_wait_s=math.inf, streams_share=False)
    from django_runtimes.outages.outage import OVERLOADED
    from django_runtimes.outages.responses import outage_response

    handler = OneHopASGIHandler(
        threads=here.profile.threads,
        max_waiting=here.profile.max_waiting,
        max_wait_s=here.max_wait_s,
        max_native=here.profile.async_requests,
        refuse=partial(outage_response, outage=OVERLOADED),
    )
    handler.make_chain_early()
    return handler


def _start_tracing(here: "Adopted") -> None:
    from django_runtimes.observability.traces import start_tracing

    # Before the handler is created, since the instrumentation adds a middleware.
    _span_senders.append(start_tracing(runtime=here.runtime, stage=here.stage, freezes=here.profile.freezes))


def span_sender() -> "Callable[[], object] | None":
    """Return the function that sends the spans that have ended; None if the process sends no traces."""
    return _span_senders[0] if _span_senders else None


_span_senders: "list[Callable[[], object]]" = []


def _keep_pool_waits() -> None:
    if directory := Environment(os.environ)[POOL_WAITS_DIRECTORY]:
        from pathlib import Path

        from django_runtimes.databases.postgresql.connections.pool_waits import POOL_WAITS

        POOL_WAITS.keep_in(Path(directory))


def _imported(name: str) -> "Application":
    module_name, _, attribute = name.rpartition(".")
    if not module_name:
        raise ConfigurationError(f"ASGI_APPLICATION={name!r} names no module; use the form config.asgi.application")
    already_imported = module_name in sys.modules
    calls_before = len(_calls)
    module = import_named(module_name, named_by=f"ASGI_APPLICATION={name!r}")
    application = getattr(module, attribute, None)
    if not callable(application):
        raise ConfigurationError(
            f"ASGI_APPLICATION={name!r} is not an application: {module_name} has "
            f"{'no ' + attribute if application is None else 'a non-callable object of that name'}; name a callable"
        )
    if len(_calls) == calls_before and not already_imported:
        raise ConfigurationError(
            f"ASGI_APPLICATION={name!r} does not call {_REQUIRED_CALL}, and Django's own handler would leak database "
            f"connections; call it in {module_name} instead of django.core.asgi.get_asgi_application()"
        )
    served: Application = application
    return served
