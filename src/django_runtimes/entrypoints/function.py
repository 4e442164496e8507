"""Creates the handler of a Lambda function that serves requests."""

import atexit
import os
from functools import partial
from typing import TYPE_CHECKING

from django_runtimes.config.adopted import Adopted
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.managed_instances import is_managed
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.choices import LambdaLoop, StreamFront
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.server_variables import LAMBDA_LOOP, SNAPSHOT_PATHS
from django_runtimes.entrypoints.served_application import Served, load_application, log_runtime, span_sender
from django_runtimes.entrypoints.stored_variables import has_stored_variables
from django_runtimes.extras import require_extra
from django_runtimes.snapshot_hooks import HOOKS, takes_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_runtimes.aws.secret_renewal import SecretRenewal
    from django_runtimes.entrypoints.snapshots.snapshot_phases import SnapshotPhases
    from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
    from django_runtimes.serving.aws_lambda.streams.stream_front import StreamingReplies
    from django_runtimes.serving.measured import Reporter
    from django_runtimes.serving.observed import Observer

# Lambda's quota is 6 MB each for the event and the response; its error messages give these exact limits.
_LARGEST_BODY_BYTES = 6_291_456
_LARGEST_REPLY_BYTES = 6_291_556
# Lambda sends SIGKILL 500 ms after SIGTERM, and the rest of that time is for closing the database connections.
_LIFESPAN_END_S = 0.2


def lambda_handler() -> "DirectLambdaHandler":
    """Return a handler that serves ASGI_APPLICATION; on Lambda, also make the process close its connections on exit.

    Raise ConfigurationError for an application with websockets, or if the extra [lambda] is missing.
    """
    require_extra("lambda", "the handler of a Lambda function")
    phases = _snapshot_phases()
    # Loading the application sets up Django, which the modules imported below need.
    served = load_application()
    _refuse_websockets(served)
    from awslambdaric.lambda_runtime_marshaller import to_json

    from django_runtimes.adopt.configure import adopted
    from django_runtimes.databases.readiness import check_database, check_pools
    from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
    from django_runtimes.serving.forwarded import ProxyHeaders
    from django_runtimes.serving.health import HealthChecks

    here = adopted()
    streams = _streams(here)
    renewal = _secret_renewal()
    observer = _observer(here) if here.access_log else None
    log_runtime()
    health = HealthChecks(
        check_readiness=check_database,
        check_liveness=partial(check_pools, longest_empty_s=here.pool_empty_s),
    )
    handler = DirectLambdaHandler(
        served.application,
        served.handler,
        is_composed=served.is_composed,
        answer_health=health.answer,
        answers_warm_up=here.warm_up,
        observer=observer,
        before_request=renewal,
        before_freeze=span_sender(),
        streams=streams,
        reporter=None if here.measurement_key is None else _measured_process(here.measurement_key, here),
        max_body_bytes=here.max_body_bytes,
        max_event_body_bytes=_LARGEST_BODY_BYTES,
        max_reply_bytes=_LARGEST_REPLY_BYTES,
        encode=to_json,
        proxy_headers=ProxyHeaders(proto=here.front.proto_header, host=here.front.host_header),
        base_path=here.front.base_path,
        base_path_is_stripped=bool(here.front.base_path_is_stripped),
    )
    runtime_api = os.environ.get("AWS_LAMBDA_RUNTIME_API")
    close_on_exit = partial(_close_on_exit, handler, runtime_api) if runtime_api else None
    if phases is not None:
        phases.renewal = renewal
        _prepare_snapshot(phases, handler, close_on_exit)
    elif close_on_exit is not None:
        close_on_exit()
    return handler


def _snapshot_phases() -> "SnapshotPhases | None":
    if not takes_snapshot():
        return None
    # Few functions need these imports.
    from django_runtimes.entrypoints.snapshots.snapshot_phases import SnapshotPhases

    phases = SnapshotPhases()
    phases.register()
    return phases


def _prepare_snapshot(
    phases: "SnapshotPhases", handler: "DirectLambdaHandler", close_on_exit: "Callable[[], None] | None"
) -> None:
    """Warm up, and let the phases end and start again what must not be in the snapshot."""
    from django_runtimes.entrypoints.snapshots.warm_requests import warm_up

    phases.rest = handler.rest
    HOOKS.resume_after_restore(handler.resume)
    if close_on_exit is not None:
        # Its thread, its pipe and its connection to the Extensions API would be in the snapshot.
        HOOKS.resume_after_restore(close_on_exit)
    warm_up(handler, Environment(os.environ)[SNAPSHOT_PATHS])


def _streams(here: Adopted) -> "StreamingReplies | None":
    if here.stream_front is StreamFront.NONE:
        return None
    if Environment(os.environ)[LAMBDA_LOOP] is not LambdaLoop.OWN:
        raise ConfigurationError(
            f"WEBAPP_STREAM_FRONT={here.stream_front.value!r} needs WEBAPP_LAMBDA_LOOP=own, since awslambdaric cannot "
            "stream; remove one of the two variables"
        )
    from django_runtimes.serving.aws_lambda.runtime_loop.stream_outlet import STREAM_OUTLET
    from django_runtimes.serving.aws_lambda.streams.stream_front import StreamingFront, StreamingReplies

    return StreamingReplies(StreamingFront(here.stream_front), STREAM_OUTLET, max_s=here.stream_max_s)


def _observer(here: Adopted) -> "Observer":
    from django_runtimes.entrypoints.observing import begin_observing

    return begin_observing(here)


def _secret_renewal() -> "SecretRenewal | None":
    if not has_stored_variables():
        return None
    from django_runtimes.aws.secret_renewal import secret_renewal

    return secret_renewal(os.environ)


def _measured_process(key: Secret, here: Adopted) -> "Reporter":
    from django_runtimes.entrypoints.measured_process import MeasuredProcess

    return MeasuredProcess(key, here)


def _refuse_websockets(served: Served) -> None:
    if not served.is_composed:
        return
    from django.conf import settings

    from django_runtimes.serving.websockets import has_websockets

    if has_websockets(served.application):
        raise ConfigurationError(
            f"ASGI_APPLICATION={settings.ASGI_APPLICATION!r} serves websockets, which Lambda does not support; "
            "name another application for Lambda, or serve this one in a container"
        )


def _close_on_exit(handler: "DirectLambdaHandler", runtime_api: str) -> None:
    from django_runtimes.entrypoints.extension import end_on_sigterm, register_extension
    from django_runtimes.entrypoints.held_connections import HeldConnections

    held_connections = HeldConnections()

    def close() -> None:
        try:
            handler.end_lifespan(_LIFESPAN_END_S)
        finally:
            held_connections.close()

    end_on_sigterm(close)
    # The process exits without SIGTERM when it loses the Runtime API, and so does Python on KeyboardInterrupt.
    atexit.register(close)
    if not is_managed(Runtime.AWS_LAMBDA, Environment(os.environ)):
        # Closing the connection of the extension's pending request would end the extension. On Managed Instances the
        # workers' supervisor has registered it.
        _open_connections.append(register_extension(runtime_api))


_open_connections: list[object] = []
