"""The handler that awslambdaric calls in a function that serves requests."""

import gc

# What the init phase makes stays: to look for garbage in it costs a tenth of the cold start.
gc.disable()

from webapp.entrypoints.start import start_django  # noqa: E402

start_django()

import os  # noqa: E402

from awslambdaric.lambda_runtime_marshaller import to_json  # noqa: E402
from django.conf import settings  # noqa: E402  (Django's modules need the set-up)

from webapp.database.readiness import check_database  # noqa: E402
from webapp.entrypoints.extension import end_on_sigterm, register_extension  # noqa: E402
from webapp.entrypoints.held_connections import HeldConnections  # noqa: E402
from webapp.serving.direct_lambda import DirectLambdaHandler  # noqa: E402
from webapp.serving.health import HealthChecks  # noqa: E402

# Lambda's quota is 6 MB for each; these are the figures in its own error messages, the first for the whole event.
_LARGEST_BODY_BYTES = 6_291_456
_LARGEST_REPLY_BYTES = 6_291_556

_health = HealthChecks(check_readiness=check_database, timeout_s=settings.READINESS_TIMEOUT_S)
handler = DirectLambdaHandler(
    answer_health=_health.answer,
    answers_warm_up=settings.SERVING_WARM_UP,
    max_body_bytes=settings.SERVING_MAX_BODY_BYTES,
    max_event_body_bytes=_LARGEST_BODY_BYTES,
    max_reply_bytes=_LARGEST_REPLY_BYTES,
    encode=to_json,
)

if runtime_api := os.environ.get("AWS_LAMBDA_RUNTIME_API"):
    end_on_sigterm(HeldConnections().close)
    _extension = register_extension(runtime_api)

gc.freeze()
gc.enable()
