"""Serves test clients by the Lambda handler: requests become events, replies become responses."""

import asyncio
import json
import string
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from asgiref.sync import sync_to_async

from tests.conformance.asgi_server import server_loop
from tests.conformance.exchange import Reply
from webapp.compare.targets.aws_lambda.event import HttpRequest, event_from, response_from
from webapp.serving.direct_lambda import DirectLambdaHandler
from webapp.serving.one_hop import OneHopASGIHandler


class LambdaServer:
    """A handler whose events, as JSON, come one at a time on one thread, as in an execution environment."""

    def __init__(self, make_handler: type[OneHopASGIHandler]) -> None:
        self._make_handler = make_handler
        self._handler: DirectLambdaHandler | None = None
        # Its own: a view may be a client of another function.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="function")

    def submit(self, scope: dict[str, Any], body: bytes) -> "Future[Reply]":
        """Begin to serve a request."""
        # By asgiref, which takes the language and other locals of the test along.
        invoke = sync_to_async(self._invoke, thread_sensitive=False, executor=self._thread)
        return asyncio.run_coroutine_threadsafe(invoke(scope, body), server_loop())

    def close(self) -> None:
        """End the handler's event loop, on its thread."""
        if self._handler is not None:
            self._thread.submit(self._handler.close)
        self._thread.shutdown(wait=False)

    def _invoke(self, scope: dict[str, Any], body: bytes) -> Reply:
        if self._handler is None:
            self._handler = DirectLambdaHandler(asgi_handler=self._make_handler())
        event = json.loads(json.dumps(event_from(_request(scope, body))))
        response = response_from(json.dumps(self._handler(event, None)).encode())
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        return Reply(int(response.status), headers, [response.body] if response.body else [])


def _request(scope: dict[str, Any], body: bytes) -> HttpRequest:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    if not any(name == "host" for name, _ in headers):
        # Every HTTP client sends it.
        headers.append(("host", scope["server"][0]))
    # A client sends no bytes beyond ASCII there.
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
