"""Serves an emulated function over HTTP as a Lambda function URL does."""

import errno
import json
import socket
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

from aiohttp import web
from multidict import CIMultiDict

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.event import (
    HttpRequest,
    event_from,
    response_from,
    streamed_response_from,
)
from django_runtimes.compare.emulator.function_emulator import FunctionEmulator, StreamedAnswer
from django_runtimes.compare.emulator.http_server import HttpServer
from django_runtimes.compare.emulator.invocation import (
    REQUEST_LIMIT_BYTES,
    InvocationError,
    MalformedResult,
    PayloadTooLarge,
    Throttled,
    TimedOut,
    new_trace_id,
)
from django_runtimes.compare.emulator.response_stream import ResponseStream


class FunctionUrl:
    """Serves an emulator on 127.0.0.1 as a function URL would; an async context manager.

    It answers as Lambda does: 413 for an event above 6 MB, 429 above the concurrency limit, 502 when the function fails
    or its result is malformed, and 504 when it times out.
    """

    def __init__(self, emulator: FunctionEmulator, *, port: int = 0) -> None:
        """Listen on `port`; 0 selects any free one."""
        self._emulator = emulator
        self._port = port

    async def __aenter__(self) -> Self:
        try:
            listener = socket.create_server(("127.0.0.1", self._port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise CompareError(f"port {self._port} of 127.0.0.1 is taken; choose a free one, or 0") from error
        self._port = listener.getsockname()[1]
        self._server = HttpServer(self._answer, listener, auto_decompress=False)
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        """The base URL without a trailing slash."""
        return f"http://127.0.0.1:{self._port}"

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await _read_body(request)
        if body is None:
            return _error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Too Long")
        payload = json.dumps(event_from(_http_request(request, body)), separators=(",", ":")).encode()
        try:
            return await self._answer_event(request, payload)
        except PayloadTooLarge:
            return _error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Too Long")
        except Throttled:
            return _error(HTTPStatus.TOO_MANY_REQUESTS, "Rate Exceeded.")
        except TimedOut:
            return _error(HTTPStatus.GATEWAY_TIMEOUT, "Gateway Timeout")
        except InvocationError:
            # Only the function's log has the reason, as on AWS.
            return web.Response(status=HTTPStatus.BAD_GATEWAY, text="Internal Server Error")

    async def _answer_event(self, request: web.BaseRequest, payload: bytes) -> web.StreamResponse:
        answer = await self._emulator.answer(payload)
        if isinstance(answer, StreamedAnswer):
            return await _streamed(request, answer.stream)
        response = response_from(answer.payload)
        return web.Response(status=response.status, headers=CIMultiDict(response.headers), body=response.body)


async def _streamed(request: web.BaseRequest, stream: ResponseStream) -> web.StreamResponse:
    """Pass on a stream; the connection is dropped if the function cuts the stream off."""
    try:
        parts = await stream.prelude()
        if parts is None:
            raise MalformedResult("the stream has no prelude that ends with 8 zero bytes")
        prelude, body = parts
        head = streamed_response_from(prelude)
        response = web.StreamResponse(status=head.status, headers=CIMultiDict(head.headers))
        with suppress(ConnectionError):
            await response.prepare(request)
            await _send_body(request, response, body, stream)
        return response
    finally:
        # The function continues if the client has left.
        stream.abandon()


async def _send_body(
    request: web.BaseRequest, response: web.StreamResponse, body: bytes, stream: ResponseStream
) -> None:
    if body:
        await response.write(body)
    try:
        async for chunk in stream.chunks():
            await response.write(chunk)
    except InvocationError:
        if request.transport is not None:
            request.transport.abort()
    else:
        await response.write_eof()


def _http_request(request: web.BaseRequest, body: bytes) -> HttpRequest:
    return HttpRequest(
        method=request.method,
        target=request.raw_path,
        protocol=f"HTTP/{request.version.major}.{request.version.minor}",
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers),
        body=body,
        source_ip=request.remote or "127.0.0.1",
        received_at=datetime.now(UTC),
        request_id=str(uuid.uuid4()),
        trace_id=new_trace_id().partition(";")[0],
    )


async def _read_body(request: web.BaseRequest) -> bytes | None:
    """Return the whole body; None when it alone exceeds the limit for events."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > REQUEST_LIMIT_BYTES:
            return None
    return bytes(body)


def _error(status: HTTPStatus, message: str) -> web.Response:
    return web.json_response({"Message": message}, status=status)
