"""Writes one line for each request to standard output."""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django_runtimes.observability.line_formatters import MILLISECONDS_FORMAT, TIME_FORMAT
from django_runtimes.observability.observed_request import REQUEST_ID_HEADER, ObservedRequest
from django_runtimes.observability.request_ids import RequestIds, lambda_trace_id, read_ids
from django_runtimes.serving.types import Scope

Fields = dict[str, Any]

_LOGGER = "django_runtimes.access"
_STDOUT = 1
_NS_PER_MS = 1_000_000
# Lambda has initialized such an environment before its first request arrives.
_PROVISIONED = "provisioned-concurrency"


class AccessLog:
    """Observes the requests of a process, and formats and writes the line of each.

    `format_line` makes the line of the fields, such as `json_line`.
    """

    def __init__(self, format_line: Callable[[Fields], str]) -> None:
        self._format_line = format_line
        # Whether the next request is the first of this process.
        self._is_cold = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != _PROVISIONED

    def begin(self, scope: Scope, *, is_trusted: bool, lambda_request_id: str | None = None) -> ObservedRequest:
        """Begin to observe a request, which sees its id in its header X-Request-ID."""
        headers = scope["headers"]
        ids = read_ids(headers, is_trusted=is_trusted)
        if lambda_request_id is not None and ids.trace_id is None:
            ids = RequestIds(ids.request_id, lambda_trace_id())
        own = (REQUEST_ID_HEADER, ids.request_id.encode("ascii"))
        scope = {**scope, "headers": [*(header for header in headers if header[0] != REQUEST_ID_HEADER), own]}
        return ObservedRequest(scope, ids, self._write, lambda_request_id=lambda_request_id)

    def refuse(self, status: int, reason: str, *, lambda_request_id: str | None = None) -> None:
        """Write the line of a request that the server answers itself."""
        fields = _first_fields(f"{status} {reason}")
        if lambda_request_id is not None:
            fields["lambda_request_id"] = lambda_request_id
        _write(self._format_line({**fields, "status": status, "refused": reason}))

    def _write(self, request: ObservedRequest) -> None:
        is_cold, self._is_cold = self._is_cold, False
        _write(self._format_line(_fields_of(request, is_cold=is_cold)))


def json_line(fields: Fields) -> str:
    """Return the fields as one line of JSON."""
    return json.dumps(fields)


def text_line(fields: Fields) -> str:
    """Return a line for people."""
    parts = [f"{fields['time']} {fields['level']} {fields['logger']}: {fields['message']}"]
    if "duration_ms" in fields:
        parts.append(f"in {fields['duration_ms']} ms, {fields['queries']} queries in {fields['database_ms']} ms")
    parts += [str(fields[name]) for name in ("refused", "aborted", "error") if name in fields]
    line = ", ".join(parts)
    return f"{line} [{fields['request_id']}]" if "request_id" in fields else line


def _fields_of(request: ObservedRequest, *, is_cold: bool) -> Fields:
    scope, route = request.scope, request.route
    is_websocket = scope["type"] == "websocket"
    method = "WEBSOCKET" if is_websocket else scope["method"]
    # The path may contain ids and names, so only its pattern is written.
    fields = _first_fields(f"{method} {route or '(no route)'} {request.status or request.aborted}")
    fields |= request.ids()
    fields |= {
        "method": method,
        "route": route,
        "status": request.status,
        "duration_ms": round(request.duration_ns / _NS_PER_MS, 2),
        "database_ms": round(request.query_ns / _NS_PER_MS, 2),
        "queries": request.queries,
        "cold_start": is_cold,
    }
    if request.first_byte_ns is not None and request.lambda_request_id is None:
        fields["first_byte_ms"] = round(request.first_byte_ns / _NS_PER_MS, 2)
    for name in ("refused", "aborted", "error"):
        if (value := getattr(request, name)) is not None:
            fields[name] = value
    return fields


def _first_fields(message: str) -> Fields:
    return {"time": _time_text(time.time()), "level": "INFO", "logger": _LOGGER, "message": message}


def _time_text(now_s: float) -> str:
    """Return the time as the library's formatters write it."""
    seconds = time.strftime(TIME_FORMAT, time.gmtime(now_s))
    return MILLISECONDS_FORMAT % (seconds, now_s % 1 * 1_000)


def _write(line: str) -> None:
    """Write the line in one call, so that lines of several threads and processes do not mix."""
    data = memoryview(f"{line}\n".encode())
    # A request does not fail because nobody reads the log.
    with suppress(OSError):
        while data:
            data = data[os.write(_STDOUT, data) :]
