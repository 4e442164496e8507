"""The ASGI application that the server in a container serves."""

import sys
from functools import partial

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.entrypoints.served_application import load_application, log_runtime, require_websocket_library

# gunicorn's exit code for an application that does not load. If a worker exits with it, the master exits too; after any
# other code the master would start workers forever.
_APPLICATION_CANNOT_LOAD = 4

try:
    _served = load_application()
    require_websocket_library(_served)
except ConfigurationError as error:
    sys.stderr.write(f"webapp: {error}\n")
    raise SystemExit(_APPLICATION_CANNOT_LOAD) from None
from django_runtimes.adopt.configure import adopted  # noqa: E402  (Django's modules need the set-up)
from django_runtimes.databases.readiness import check_database, check_pools, close_database  # noqa: E402
from django_runtimes.serving.base_path import BasePath  # noqa: E402
from django_runtimes.serving.composed_requests import ComposedRequests  # noqa: E402
from django_runtimes.serving.forwarded import ForwardedHeaders, ProxyHeaders  # noqa: E402
from django_runtimes.serving.health import HealthChecks  # noqa: E402
from django_runtimes.serving.http.lifespan import Lifespan  # noqa: E402
from django_runtimes.serving.observed import ObservedRequests, Observer  # noqa: E402
from django_runtimes.serving.types import Application  # noqa: E402

_here = adopted()
_observer: Observer | None = None
if _here.access_log:
    from django_runtimes.entrypoints.observing import begin_observing

    _observer = begin_observing(_here)
log_runtime()


def _shut_down() -> None:
    _served.handler.close()
    close_database()


def _check_readiness() -> None:
    _served.handler.check_chains()
    check_database()


_health = HealthChecks(
    check_readiness=_check_readiness,
    check_liveness=partial(check_pools, longest_empty_s=_here.pool_empty_s),
)
_proxy_headers = ProxyHeaders(proto=_here.front.proto_header, host=_here.front.host_header)
# Without a composition around it, Django's handler keeps requests apart by itself.
_application = (
    _served.application
    if _served.application is _served.handler
    else ComposedRequests(_served.application, _served.handler)
)
_behind_proxies = ForwardedHeaders(_application, trusted=_here.trusted_proxies, headers=_proxy_headers)
_observed: Application = _behind_proxies
if _observer is not None:
    # Health checks are not observed.
    _observed = ObservedRequests(_behind_proxies, _observer, trusts=_behind_proxies.trusts)
_below_base_path: Application = BasePath(
    _health.before(_observed),
    _here.front.base_path,
    is_stripped=bool(_here.front.base_path_is_stripped),
)
if _here.measurement_key is not None:
    from django_runtimes.entrypoints.measured_process import MeasuredProcess
    from django_runtimes.serving.measured import MeasuredResponses

    _below_base_path = MeasuredResponses(_below_base_path, MeasuredProcess(_here.measurement_key, _here))
application = Lifespan(
    _below_base_path,
    on_shutdown=_shut_down,
    # Django's handler does not support lifespan.
    composed=_served.application if _served.is_composed else None,
    drain_s=_here.profile.drain_s,
    max_body_bytes=_here.max_body_bytes,
    max_websocket_message_bytes=_here.max_websocket_message_bytes,
    note_refusal=None if _observer is None else _observer.refuse,
)
