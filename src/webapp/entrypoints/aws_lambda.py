"""The handler that awslambdaric calls in a function that serves requests."""

import gc

# What the init phase makes stays: to look for garbage in it costs a tenth of the cold start.
gc.disable()

from functools import partial  # noqa: E402

from webapp.entrypoints.start import start_django  # noqa: E402
from webapp.serving.one_hop import OneHopASGIHandler  # noqa: E402

_django, _handler = start_django(partial(OneHopASGIHandler, threads=1))

import atexit  # noqa: E402
import os  # noqa: E402
from functools import partial  # noqa: E402

from awslambdaric.lambda_runtime_marshaller import to_json  # noqa: E402
from django.conf import settings  # noqa: E402  (Django's modules need the set-up)

from webapp.database.readiness import check_database, check_pools  # noqa: E402
from webapp.entrypoints.extension import end_on_sigterm, register_extension  # noqa: E402
from webapp.entrypoints.held_connections import HeldConnections  # noqa: E402
from webapp.serving.direct_lambda import DirectLambdaHandler  # noqa: E402
from webapp.serving.forwarded import ProxyHeaders  # noqa: E402
from webapp.serving.health import HealthChecks  # noqa: E402

# Lambda's quota is 6 MB for each; these are the figures in its own error messages, the first for the whole event.
_LARGEST_BODY_BYTES = 6_291_456
_LARGEST_REPLY_BYTES = 6_291_556

_health = HealthChecks(
    check_readiness=check_database,
    check_liveness=partial(check_pools, longest_empty_s=settings.LIVENESS_POOL_EMPTY_S),
    timeout_s=settings.READINESS_TIMEOUT_S,
)
handler = DirectLambdaHandler(
    _django,
    _handler,
    answer_health=_health.answer,
    answers_warm_up=settings.SERVING_WARM_UP,
    max_body_bytes=settings.SERVING_MAX_BODY_BYTES,
    max_event_body_bytes=_LARGEST_BODY_BYTES,
    max_reply_bytes=_LARGEST_REPLY_BYTES,
    encode=to_json,
    proxy_headers=ProxyHeaders(proto=settings.FRONT.proto_header, host=settings.FRONT.host_header),
    base_path=settings.FRONT.base_path,
)

if runtime_api := os.environ.get("AWS_LAMBDA_RUNTIME_API"):
    _held_connections = HeldConnections()
    end_on_sigterm(_held_connections.close)
    # A runtime that loses its Runtime API, and a view that calls sys.exit(), end the process without a signal.
    atexit.register(_held_connections.close)
    _extension = register_extension(runtime_api)

gc.freeze()
gc.enable()
