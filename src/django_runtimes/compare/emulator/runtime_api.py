"""The Lambda Runtime API (2018-06-01) of one execution environment, and the needed part of the Extensions API."""

import asyncio
import json
import re
import socket
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from aiohttp import web

from django_runtimes.compare.emulator.http_server import HttpServer
from django_runtimes.compare.emulator.invocation import RESPONSE_LIMIT_BYTES

_NEXT = "/2018-06-01/runtime/invocation/next"
_INIT_ERROR = "/2018-06-01/runtime/init/error"
# Version 2020-01-01 of the Extensions API.
_REGISTER = "/2020-01-01/extension/register"
_NEXT_EVENT = "/2020-01-01/extension/event/next"
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

    def fail(self, request_id: str, failure: RuntimeFailure) -> bool:
        """Accept the failure of an invocation; return False when it is not the running one."""

    def fail_init(self, failure: RuntimeFailure) -> None:
        """Accept the failure of the init phase."""

    def register_extension(self) -> None:
        """Note that an extension is registered, so that SIGTERM announces the end."""


class RuntimeApi:
    """Listens on its own port from its creation on, and answers once `serve` has been called."""

    def __init__(self, environment: RuntimeApiOwner) -> None:
        self._environment = environment
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._server: HttpServer | None = None

    @property
    def address(self) -> str:
        """host:port, the format of AWS_LAMBDA_RUNTIME_API."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    async def serve(self) -> None:
        """Start answering."""
        self._no_event = asyncio.get_running_loop().create_future()
        self._server = HttpServer(self._answer, self._listener)
        await self._server.start()

    async def close(self) -> None:
        """Stop listening and drop the runtime's connection."""
        if self._server is None:
            self._listener.close()
            return
        self._no_event.cancel()
        await self._server.close()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.method == "GET" and request.path == _NEXT:
            return _invocation(await self._environment.next_invocation())
        if request.method == "POST" and request.path == _INIT_ERROR:
            self._environment.fail_init(_failure(await request.content.read()))
            return _accepted()
        if request.method == "POST" and request.path == _REGISTER:
            return self._register(await request.content.read())
        if request.method == "GET" and request.path == _NEXT_EVENT:
            # No extension subscribes to events, so the request stays pending.
            await asyncio.shield(self._no_event)
        if request.method == "POST" and (result := _RESULT.fullmatch(request.path)):
            return await self._take_result(request, result["request_id"], result["kind"])
        return _refusal(HTTPStatus.NOT_FOUND, "InvalidPath", f"{request.method} {request.path} is unknown")

    def _register(self, body: bytes) -> web.Response:
        try:
            events = json.loads(body)["events"]
        except (ValueError, TypeError, KeyError):
            events = None
        if events != []:
            message = "only extensions without events are supported"
            return _refusal(HTTPStatus.BAD_REQUEST, "Extension.InvalidEvents", message)
        self._environment.register_extension()
        return web.json_response({}, headers={"Lambda-Extension-Identifier": str(uuid.uuid4())})

    async def _take_result(self, request: web.BaseRequest, request_id: str, kind: str) -> web.Response:
        body = await request.content.read()
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


def _invocation(invocation: RuntimeInvocation) -> web.Response:
    headers = {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": invocation.trace_id,
    }
    # awslambdaric crashes on an invocation without a content type.
    return web.Response(body=invocation.payload, headers=headers, content_type="application/json")


def _accepted() -> web.Response:
    return web.json_response({"status": "OK"}, status=HTTPStatus.ACCEPTED)


def _refusal(status: HTTPStatus, error_type: str, message: str) -> web.Response:
    return web.json_response({"errorMessage": message, "errorType": error_type}, status=status)


def _failure(body: bytes) -> RuntimeFailure:
    try:
        report = json.loads(body)
        return RuntimeFailure(str(report["errorType"]), str(report["errorMessage"]))
    except (ValueError, TypeError, KeyError):
        return RuntimeFailure("Runtime.Unknown", body.decode(errors="replace"))
