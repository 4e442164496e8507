"""The ASGI application that containers serve."""

from functools import partial

from webapp.entrypoints.start import start_django
from webapp.serving.one_hop import OneHopASGIHandler


def _make_handler() -> OneHopASGIHandler:
    from django.conf import settings

    from webapp.database.outage import OVERLOADED
    from webapp.database.responses import outage_response

    return OneHopASGIHandler(
        threads=settings.SERVING_THREADS,
        max_waiting=settings.SERVING_MAX_WAITING,
        max_wait_s=settings.SERVING_MAX_WAIT_S,
        max_native=settings.SERVING_ASYNC_REQUESTS,
        refuse=partial(outage_response, outage=OVERLOADED),
    )


_django, _handler = start_django(_make_handler)

from django.conf import settings  # noqa: E402  (Django's modules need the set-up)

from webapp.database.readiness import check_database, check_pools, close_database  # noqa: E402
from webapp.serving.base_path import BasePath  # noqa: E402
from webapp.serving.forwarded import ForwardedHeaders, ProxyHeaders  # noqa: E402
from webapp.serving.health import HealthChecks  # noqa: E402
from webapp.serving.lifespan import Lifespan  # noqa: E402
from webapp.serving.persistent import keeps_connections  # noqa: E402


def _shut_down() -> None:
    _handler.close()
    close_database()


_health = HealthChecks(
    check_readiness=check_database,
    check_liveness=partial(check_pools, longest_empty_s=settings.LIVENESS_POOL_EMPTY_S),
    timeout_s=settings.READINESS_TIMEOUT_S,
)
_proxy_headers = ProxyHeaders(proto=settings.FRONT.proto_header, host=settings.FRONT.host_header)
_behind_proxies = ForwardedHeaders(
    keeps_connections(_django), trusted=settings.SERVING_TRUSTED_PROXIES, headers=_proxy_headers
)
application = Lifespan(
    BasePath(_health.before(_behind_proxies), settings.FRONT.base_path),
    on_shutdown=_shut_down,
    drain_s=settings.SERVING_DRAIN_S,
    max_body_bytes=settings.SERVING_MAX_BODY_BYTES,
)
