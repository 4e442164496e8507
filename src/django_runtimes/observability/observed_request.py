"""One observed request: its ids, its times and its queries."""

import asyncio
from collections.abc import Callable, Mapping
from threading import RLock
from time import perf_counter_ns
from types import MappingProxyType
from typing import Any

from django.core.exceptions import RequestAborted

from django_runtimes.observability.request_ids import RequestIds
from django_runtimes.serving.types import Headers, Scope

_NO_STATE: Mapping[str, Any] = MappingProxyType({})
REQUEST_ID_HEADER = b"x-request-id"


class ObservedRequest:
    """An HTTP request or websocket, from the end of its head to the end of its response.

    `write` writes the line of the ended request.
    """

    # One instance is created for every request.
    __slots__ = (
        "_begun_ns", "_counting", "_is_ended", "_write", "aborted", "duration_ns", "error", "first_byte_ns",
        "http_request", "is_complete", "lambda_request_id", "queries", "query_ns", "refused", "request_id", "scope",
        "status", "trace_id",
    )  # fmt: skip

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
        self._is_ended = False
        # A finalizer may run a query in the middle of note_query().
        self._counting = RLock()
        self.request_id, self.trace_id = ids
        self.lambda_request_id = lambda_request_id
        self.scope = scope
        self.http_request: Any = None
        self.status: int | None = None
        self.is_complete = False
        self.queries = self.query_ns = 0
        self.duration_ns = 0
        self.first_byte_ns: int | None = None
        self.aborted: str | None = None
        self.error: str | None = None
        self.refused: str | None = None

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
        if any(name.lower() == REQUEST_ID_HEADER for name, _ in headers):
            return headers
        return [*headers, (REQUEST_ID_HEADER, self.request_id.encode("ascii"))]

    def note_query(self, duration_ns: int) -> None:
        """Count a query and its time."""
        with self._counting:
            self.queries += 1
            self.query_ns += duration_ns

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
                self.aborted = "failed"
        elif not self.is_complete and self.scope["type"] == "http":
            self.aborted = "client left"
        self._write(self)
        # Tasks that outlive the request keep their context, and with it this object.
        self.http_request = None

    @property
    def route(self) -> str | None:
        """The URL pattern that matched, without the values in the path; None if Django has resolved none."""
        match = getattr(self.http_request, "resolver_match", None)
        return None if match is None else f"/{match.route}"
