"""One observed request: its ids, its times and its queries."""

import asyncio
from collections.abc import Callable, Mapping
from threading import RLock
from time import perf_counter_ns
from types import MappingProxyType
from typing import Any

from django.core.exceptions import RequestAborted

from django_runtimes.observability.access.request_ids import RequestIds
from django_runtimes.serving.types import Headers, Scope

_NO_STATE: Mapping[str, Any] = MappingProxyType({})
_REQUEST_ID_HEADER = b"x-request-id"
# The value of `aborted` for a stream that raised an error after its head was sent.
FAILED = "failed"


class ObservedRequest:
    """An HTTP request or websocket, from the end of its head to the end of its response.

    `write` writes the line of the ended request.
    """

    # These are class attributes until they change, because an instance is created for every request.
    http_request: Any = None
    status: int | None = None
    is_complete = False
    queries = query_ns = 0
    waits_ns: int | None = None
    pool_timeouts = 0
    is_throttled = False
    duration_ns = 0
    first_byte_ns: int | None = None
    aborted: str | None = None
    error: str | None = None
    refused: str | None = None
    _is_ended = False

    def __init__(
        self,
        scope: Scope,
        ids: RequestIds,
        write: Callable[["ObservedRequest"], None],
        *,
        lambda_request_id: str | None = None,
    ) -> None:
        self._begun_ns = perf_counter_ns()
        self._write = write
        # A finalizer may run a query in the middle of note_query().
        self._counting = RLock()
        self.request_id, self.trace_id = ids
        self.lambda_request_id = lambda_request_id
        self.scope = scope

    def ids(self) -> dict[str, str]:
        """Return the ids that the request has, by their names in log lines."""
        ids = {"request_id": self.request_id}
        if self.trace_id is not None:
            ids["trace_id"] = self.trace_id
        if self.lambda_request_id is not None:
            ids["lambda_request_id"] = self.lambda_request_id
        return ids

    def begin_answer(self, status: int, headers: Headers) -> Headers:
        """Note the status and the time; return the headers with the request's id, unless they have one."""
        self.status = status
        self.first_byte_ns = perf_counter_ns() - self._begun_ns
        for name, _ in headers:
            # Comparing lengths first avoids lowercasing most names.
            if len(name) == len(_REQUEST_ID_HEADER) and name.lower() == _REQUEST_ID_HEADER:
                return headers
        return [*headers, (_REQUEST_ID_HEADER, self.request_id.encode("ascii"))]

    def note_query(self, duration_ns: int) -> None:
        """Count a query and its time."""
        with self._counting:
            self.queries += 1
            self.query_ns += duration_ns

    def note_wait(self, duration_ns: int, *, timed_out: bool) -> None:
        """Count a wait for a connection of a pool."""
        with self._counting:
            self.waits_ns = (self.waits_ns or 0) + duration_ns
            self.pool_timeouts += timed_out

    def end(self, error: BaseException | None = None) -> None:
        """Write the request's line, once."""
        if self._is_ended:
            return
        self._is_ended = True
        self.duration_ns = perf_counter_ns() - self._begun_ns
        # The server has answered itself, for example because the body was too large.
        refusal = self.scope.get("state", _NO_STATE).get("refusal")
        if refusal is not None:
            self.status, self.refused = refusal
        elif isinstance(error, asyncio.CancelledError):
            self.aborted = "cancelled"
        elif error is not None and not isinstance(error, RequestAborted):
            self.error = type(error).__name__
            if self.status is None:
                self.status = 500
            else:
                self.aborted = FAILED
        elif not self.is_complete and self.scope["type"] == "http":
            self.aborted = "client left"
        self._write(self)
        # Tasks that outlive the request keep their context, and with it this object.
        self.http_request = None

    @property
    def is_websocket(self) -> bool:
        """Whether this is a websocket."""
        return bool(self.scope["type"] == "websocket")

    @property
    def method(self) -> str:
        """The request's method, or WEBSOCKET."""
        return "WEBSOCKET" if self.is_websocket else str(self.scope["method"])

    @property
    def route(self) -> str | None:
        """The URL pattern that matched, without the values in the path; None if Django has resolved none."""
        return route_of(self.http_request)


def route_of(request: Any) -> str | None:
    """Return the URL pattern that Django's request has matched, or None."""
    match = getattr(request, "resolver_match", None)
    return None if match is None else f"/{match.route}"
