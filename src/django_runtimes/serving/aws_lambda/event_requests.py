"""Reads requests from events within the limits for bodies, as their clients sent them."""

from typing import Any

from mangum.handlers import ALB

from django_runtimes.serving.aws_lambda.events import (
    BodyTooLargeError,
    EventReader,
    read_request,
    require_request,
    unknown,
)
from django_runtimes.serving.aws_lambda.plain_events import PlainRequest
from django_runtimes.serving.base_path import under_base_path
from django_runtimes.serving.forwarded import ProxyHeaders


class EventRequests:
    """Reads the requests of one handler's events; `DirectLambdaHandler` describes the parameters."""

    def __init__(
        self,
        *,
        max_body_bytes: int,
        max_event_body_bytes: int,
        proxy_headers: ProxyHeaders,
        base_path: str,
        base_path_is_stripped: bool,
    ) -> None:
        self._reader = EventReader()
        self._max_body_bytes = max_body_bytes
        self._max_event_body_bytes = max_event_body_bytes
        self._proxy_headers = proxy_headers
        self._base_path = base_path
        self._base_path_is_stripped = base_path_is_stripped

    def infer(self, event: dict[str, Any], context: Any) -> Any:
        """Return the request in the class of the front that sent the event; raise UnknownEvent if no HTTP front did."""
        if (plain := self._reader.plain(event, context)) is not None:
            return plain
        require_request(event)
        try:
            return self._reader.infer(event, context)
        except (IndexError, KeyError, RuntimeError, TypeError):
            # The event has a front's keys, but values that no front sends.
            raise unknown(event) from None

    def read(self, event: dict[str, Any], request: Any) -> tuple[dict[str, Any], bytes]:
        """Return the scope and the body; raise BodyTooLargeError or one of `PARSE_ERRORS`."""
        content = event.get("body")
        if isinstance(content, str) and len(content) > self._max_event_body_bytes:
            raise BodyTooLargeError
        scope, body = (request.scope, request.body) if type(request) is PlainRequest else read_request(request)
        if len(body) > self._max_body_bytes:
            raise BodyTooLargeError
        return self._as_the_client_sees(request, scope), body

    def page(self, path: str, host: str) -> dict[str, Any]:
        """Return the scope of an anonymous request for a page of the application, below its base path."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", host.encode())],
            "server": (host, 443),
            "client": ("127.0.0.1", 0),
        }
        return under_base_path(scope, self._base_path, is_stripped=True) if self._base_path else scope

    def _as_the_client_sees(self, request: Any, scope: dict[str, Any]) -> dict[str, Any]:
        if isinstance(request, ALB):
            scope = self._proxy_headers.read(scope)
        elif self._proxy_headers.are_chosen:
            # Events of the other fronts contain the client's address themselves.
            scope = self._proxy_headers.read(scope) | {"client": scope["client"]}
        if not self._base_path:
            return scope
        return under_base_path(scope, self._base_path, is_stripped=self._base_path_is_stripped)
