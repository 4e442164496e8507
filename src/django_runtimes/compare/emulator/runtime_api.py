"""The Lambda Runtime API (2018-06-01) of one execution environment, and the needed part of the Extensions API."""

import asyncio
import base64
import json
import re
import socket
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from django_runtimes.compare.emulator.invocation import RESPONSE_LIMIT_BYTES, FunctionFailed
from django_runtimes.compare.emulator.response_stream import ResponseStream
from django_runtimes.compare.emulator.runtime_requests import RuntimeReply, RuntimeRequest, RuntimeServer

_NEXT = "/2018-06-01/runtime/invocation/next"
_FAILED_STARTS = ("/2018-06-01/runtime/init/error", "/2018-06-01/runtime/restore/error")
# Version 2020-01-01 of the Extensions API.
_REGISTER = "/2020-01-01/extension/register"
_NEXT_EVENT = "/2020-01-01/extension/event/next"
_RESPONSE_MODE = "lambda-runtime-function-response-mode"
_ERROR_TYPE = "lambda-runtime-function-error-type"
_ERROR_BODY = "lambda-runtime-function-error-body"
_RESULT = re.compile(r"/2018-06-01/runtime/invocation/(?P<request_id>[^/]+)/(?P<kind>response|error)")


@dataclass(frozen=True)
class RuntimeInvocation:
    """An invocation as `/next` returns it to the runtime; the deadline is in milliseconds of Unix time."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str


@dataclass(frozen=True)
class RuntimeFailure:
    """A failure as the runtime reports it: the handler raised, or could not be loaded."""

    error_type: str
    message: str


_TOO_LARGE = RuntimeFailure(
    "Function.ResponseSizeTooLarge",
    f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes).",
)


class RuntimeApiOwner(Protocol):
    """The execution environment that a Runtime API serves."""

    async def next_invocation(self) -> RuntimeInvocation:
        """Wait for the next invocation and return it."""

    def respond(self, request_id: str, payload: bytes) -> bool:
        """Accept the result of an invocation; return False when it is not the running one."""

    def begin_stream(self, request_id: str) -> ResponseStream | None:
        """Begin to accept a streamed result; return None when it is not the result of the running invocation."""

    def fail(self, request_id: str, failure: RuntimeFailure) -> bool:
        """Accept the failure of an invocation; return False when it is not the running one."""

    def fail_init(self, failure: RuntimeFailure) -> None:
        """Accept the failure of the init phase, or of the restore."""

    def register_extension(self) -> None:
        """Note that an extension is registered, so that SIGTERM announces the end."""


class RuntimeApi:
    """Listens on its own port from its creation on, and answers once `serve` has been called."""

    def __init__(self, environment: RuntimeApiOwner) -> None:
        self._environment = environment
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._server: RuntimeServer | None = None

    @property
    def address(self) -> str:
        """host:port, the format of AWS_LAMBDA_RUNTIME_API."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    async def serve(self) -> None:
        """Start answering."""
        self._no_event = asyncio.get_running_loop().create_future()
        self._server = RuntimeServer(self._answer, self._listener)
        await self._server.start()

    async def close(self) -> None:
        """Stop listening and drop the runtime's connection."""
        if self._server is None:
            self._listener.close()
            return
        self._no_event.cancel()
        await self._server.close()

    async def _answer(self, request: RuntimeRequest) -> RuntimeReply:
        if request.method == "GET" and request.path == _NEXT:
            return _invocation(await self._environment.next_invocation())
        if request.method == "POST" and request.path in _FAILED_STARTS:
            self._environment.fail_init(_failure(await request.body()))
            return _accepted()
        if request.method == "POST" and request.path == _REGISTER:
            return self._register(await request.body())
        if request.method == "GET" and request.path == _NEXT_EVENT:
            # No extension subscribes to events, so the request stays pending.
            await asyncio.shield(self._no_event)
        if request.method == "POST" and (result := _RESULT.fullmatch(request.path)):
            return await self._take_result(request, result["request_id"], result["kind"])
        return _refusal(HTTPStatus.NOT_FOUND, "InvalidPath", f"{request.method} {request.path} is unknown")

    def _register(self, body: bytes) -> RuntimeReply:
        try:
            events = json.loads(body)["events"]
        except (ValueError, TypeError, KeyError):
            events = None
        if events != []:
            message = "only extensions without events are supported"
            return _refusal(HTTPStatus.BAD_REQUEST, "Extension.InvalidEvents", message)
        self._environment.register_extension()
        return RuntimeReply(HTTPStatus.OK, {}, {"Lambda-Extension-Identifier": str(uuid.uuid4())})

    async def _take_result(self, request: RuntimeRequest, request_id: str, kind: str) -> RuntimeReply:
        if kind == "response" and request.headers.get(_RESPONSE_MODE) == "streaming":
            return await self._take_stream(request, request_id)
        body = await request.body()
        too_large = kind == "response" and len(body) > RESPONSE_LIMIT_BYTES
        if too_large:
            known = self._environment.fail(request_id, _TOO_LARGE)
        elif kind == "response":
            known = self._environment.respond(request_id, body)
        else:
            known = self._environment.fail(request_id, _failure(body))
        if not known:
            return _refusal(HTTPStatus.BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
        if too_large:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            return _refusal(status, "RequestEntityTooLarge", _TOO_LARGE.message)
        return _accepted()

    async def _take_stream(self, request: RuntimeRequest, request_id: str) -> RuntimeReply:
        """Pass on a response as it arrives; an error in its trailers cuts it off, but the invocation has succeeded."""
        stream = self._environment.begin_stream(request_id)
        if stream is None:
            return _refusal(HTTPStatus.BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
        async for chunk in request.chunks():
            await stream.send(chunk)
        if (error_type := request.trailers.get(_ERROR_TYPE)) is not None:
            report = base64.b64decode(request.trailers.get(_ERROR_BODY, ""))
            stream.end(FunctionFailed(error_type, _failure(report).message))
        self._environment.respond(request_id, b"")
        return _accepted()


def _invocation(invocation: RuntimeInvocation) -> RuntimeReply:
    headers = {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": invocation.trace_id,
    }
    return RuntimeReply(HTTPStatus.OK, invocation.payload, headers)


def _accepted() -> RuntimeReply:
    return RuntimeReply(HTTPStatus.ACCEPTED, {"status": "OK"})


def _refusal(status: HTTPStatus, error_type: str, message: str) -> RuntimeReply:
    return RuntimeReply(status, {"errorMessage": message, "errorType": error_type})


def _failure(body: bytes) -> RuntimeFailure:
    try:
        report = json.loads(body)
        return RuntimeFailure(str(report["errorType"]), str(report["errorMessage"]))
    except (ValueError, TypeError, KeyError):
        return RuntimeFailure("Runtime.Unknown", body.decode(errors="replace"))
