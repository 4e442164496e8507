"""Observes the requests of a process, and writes one line for each to standard output."""

import os
import time

from django_runtimes.observability.access.access_lines import AccessLines
from django_runtimes.observability.access.observed_request import ObservedRequest
from django_runtimes.observability.access.request_ids import RequestIds, lambda_trace_id, read_ids
from django_runtimes.serving.types import Scope

_STDOUT = 1
# Lambda has initialized such an environment before its first request arrives.
_INITIALIZED_BEFORE = frozenset({"provisioned-concurrency", "lambda-managed-instances"})


class AccessLog:
    """Observes the requests of a process, and writes the line of each in the format of `lines`."""

    def __init__(self, lines: AccessLines) -> None:
        self._lines = lines
        # Whether the next request is the first of this process.
        self._is_cold = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") not in _INITIALIZED_BEFORE

    def begin(self, scope: Scope, *, is_trusted: bool, lambda_request_id: str | None = None) -> ObservedRequest:
        """Begin to observe a request; on Lambda the invocation's id is its id, unless the front has given it one."""
        ids = read_ids(scope["headers"] if is_trusted else (), otherwise=lambda_request_id)
        if lambda_request_id is not None and ids.trace_id is None:
            ids = RequestIds(ids.request_id, lambda_trace_id())
        return ObservedRequest(scope, ids, self._write, lambda_request_id=lambda_request_id)

    def refuse(self, status: int, reason: str, *, lambda_request_id: str | None = None) -> None:
        """Write the line of a request that the server answers itself."""
        _write(self._lines.of_refusal(status, reason, time.time(), lambda_request_id=lambda_request_id))

    def _write(self, request: ObservedRequest) -> None:
        is_cold, self._is_cold = self._is_cold, False
        _write(self._lines.of_request(request, time.time(), is_cold=is_cold))


def _write(line: str) -> None:
    """Write the line in one call, so that lines of several threads and processes do not mix."""
    data = f"{line}\n".encode()
    try:
        while (written := os.write(_STDOUT, data)) < len(data):
            data = data[written:]
    except OSError:
        # A request does not fail because nobody reads the log.
        return
