"""Serves test clients with the Lambda handler: requests become events, and replies become responses."""

import asyncio
import json
import string
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from asgiref.sync import sync_to_async

from django_runtimes.compare.emulator.event import HttpRequest, event_from, response_from
from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from tests.conformance.asgi_server import server_loop
from tests.conformance.exchange import Reply


class LambdaServer:
    """Invokes a handler with one JSON event at a time in one thread, as an execution environment does."""

    def __init__(self, make_handler: type[OneHopASGIHandler]) -> None:
        self._make_handler = make_handler
        # Each base path has its own handler, because a function has only one base path and the requests of a test may
        # have several.
        self._handlers: dict[str, DirectLambdaHandler] = {}
        # Each server needs its own thread, because a view may be a client of another function.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="function")

    def submit(self, scope: dict[str, Any], body: bytes) -> "Future[Reply]":
        """Start serving a request."""
        # asgiref passes on the test's language and its other context variables.
        invoke = sync_to_async(self._invoke, thread_sensitive=False, executor=self._thread)
        return asyncio.run_coroutine_threadsafe(invoke(scope, body), server_loop())

    def close(self) -> None:
        """Close the handlers in their thread, then end the thread."""
        for handler in self._handlers.values():
            self._thread.submit(handler.close).result()
        self._thread.shutdown()

    def _invoke(self, scope: dict[str, Any], body: bytes) -> Reply:
        handler = self._handler(scope.get("root_path", ""))
        result = handler(json.loads(json.dumps(_event(scope, body))), None)
        response = response_from(json.dumps(result).encode())
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        if "content-length" in result["headers"]:
            # The front sets Content-Length to the number of bytes that it sends.
            headers.append((b"content-length", b"%d" % len(response.body)))
        return Reply(int(response.status), headers, [response.body] if response.body else [])

    def _handler(self, base_path: str) -> DirectLambdaHandler:
        if base_path not in self._handlers:
            self._handlers[base_path] = DirectLambdaHandler(asgi_handler=self._make_handler(), base_path=base_path)
        return self._handlers[base_path]


def _event(scope: dict[str, Any], body: bytes) -> dict[str, Any]:
    event: dict[str, Any] = event_from(_request(scope, body))
    # A function URL accepts only HTTPS. This event has the scheme of the request, as behind a load balancer with an
    # HTTP listener; some tests set the header themselves.
    named = dict(scope["headers"]).get(b"x-forwarded-proto", b"").decode("latin-1")
    event["headers"]["x-forwarded-proto"] = named or scope["scheme"]
    event["headers"]["x-forwarded-port"] = str(scope["server"][1])
    return event


def _request(scope: dict[str, Any], body: bytes) -> HttpRequest:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    if not any(name == "host" for name, _ in headers):
        # Every HTTP client sends a Host header.
        headers.append(("host", scope["server"][0]))
    # A client sends only ASCII in the query.
    query = quote(scope.get("query_string", b""), safe=string.punctuation)
    return HttpRequest(
        method=scope["method"],
        target=quote(scope["path"], safe="/") + (f"?{query}" if query else ""),
        protocol="HTTP/1.1",
        headers=tuple(headers),
        body=body,
        source_ip=scope["client"][0],
        received_at=datetime.now(UTC),
        request_id="conformance",
        trace_id="conformance",
    )
