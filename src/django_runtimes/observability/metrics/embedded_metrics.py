"""Adds metrics to the lines of the access log, in CloudWatch's embedded metric format."""

import json
from time import monotonic

from django_runtimes.databases.opened_connections import OpenedConnections
from django_runtimes.databases.postgresql.connections.pool_waits import POOL_WAITS
from django_runtimes.databases.sockets.fork import pools
from django_runtimes.observability.access.observed_request import FAILED, ObservedRequest
from django_runtimes.observability.metrics.metric_table import (
    CLIENT_ERRORS,
    COLD_STARTS,
    CONNECTIONS_OPENED,
    DIMENSIONS,
    LATENCY,
    METRICS,
    NAMESPACE,
    POOL_SIZE,
    POOL_TIMEOUTS,
    POOL_WAIT,
    REQUESTS,
    SERVER_ERRORS,
    THROTTLED,
)
from django_runtimes.serving.observed import current_observation

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_MS_PER_S = 1_000
_SAMPLE_EVERY_S = 1.0


class EmbeddedMetrics:
    """Writes the members of a line that CloudWatch reads as metrics.

    A metric that would be 0 is left out, except for those that every request has. The dimensions are the runtime and
    the stage.
    """

    def __init__(self, *, runtime: str, stage: str) -> None:
        values = (runtime, stage)
        self._dimensions = "".join(
            f', "{name}": {json.dumps(value)}' for name, value in zip(DIMENSIONS, values, strict=True)
        )
        self._connections = OpenedConnections()
        self._sampled_at_s = -_SAMPLE_EVERY_S
        self._opened = 0
        POOL_WAITS.pass_on(_note_wait)

    def __call__(self, request: ObservedRequest | None, status: int | None, now_s: float, *, is_cold: bool) -> str:
        """Return the members, each with a comma before it; `request` is None for a refusal by the server."""
        if request is not None and request.is_websocket:
            return ""
        values = {REQUESTS.name: "1"}
        if request is not None:
            _add_request(values, request)
        if (status is not None and status >= 500) or (request is not None and request.aborted == FAILED):
            values[SERVER_ERRORS.name] = "1"
        elif status is not None and status >= 400:
            values[CLIENT_ERRORS.name] = "1"
        if is_cold:
            values[COLD_STARTS.name] = "1"
        if (monotonic_s := monotonic()) - self._sampled_at_s >= _SAMPLE_EVERY_S:
            self._sampled_at_s = monotonic_s
            self._add_connections(values)
        members = "".join([f', "{name}": {value}' for name, value in values.items()])
        return (
            f'{self._dimensions}{members}, "_aws": {{"Timestamp": {int(now_s * _MS_PER_S)}{_definition(tuple(values))}'
        )

    def _add_connections(self, values: dict[str, str]) -> None:
        if pools:
            values[POOL_SIZE.name] = str(self._connections.pool_size)
        opened = self._connections.opened
        # A pool that is replaced takes its number with it.
        if opened > self._opened:
            values[CONNECTIONS_OPENED.name] = str(opened - self._opened)
        self._opened = opened


def _note_wait(waited_s: float, timed_out: bool) -> None:  # noqa: FBT001
    request = current_observation.get()
    if isinstance(request, ObservedRequest):
        request.note_wait(int(waited_s * _NS_PER_S), timed_out=timed_out)


def _add_request(values: dict[str, str], request: ObservedRequest) -> None:
    if request.status is not None and request.refused is None:
        # A stream lasts as long as its client wants.
        is_sent_at_once = request.lambda_request_id is not None or request.first_byte_ns is None
        latency_ns = request.duration_ns if is_sent_at_once else request.first_byte_ns
        values[LATENCY.name] = f"{(latency_ns or 0) / _NS_PER_MS:.2f}"
    if request.is_throttled:
        values[THROTTLED.name] = "1"
    if request.waits_ns is not None:
        values[POOL_WAIT.name] = f"{request.waits_ns / _NS_PER_MS:.2f}"
    if request.pool_timeouts:
        values[POOL_TIMEOUTS.name] = str(request.pool_timeouts)


def _definition(names: tuple[str, ...]) -> str:
    """Return the rest of the member `_aws` after its time."""
    definition = _definitions.get(names)
    if definition is None:
        metrics = [{"Name": metric.name, "Unit": metric.unit} for metric in METRICS if metric.name in names]
        directive = {"Namespace": NAMESPACE, "Dimensions": [DIMENSIONS], "Metrics": metrics}
        definition = f', "CloudWatchMetrics": {json.dumps([directive], separators=(",", ":"))}}}'
        _definitions[names] = definition
    return definition


# By the names of a line's metrics, of which there are few combinations.
_definitions: dict[tuple[str, ...], str] = {}
