"""The places that run the image: a container, Lambda under AWS's own emulator, and Lambda under ours, which streams."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPResponse
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from django_runtimes.cli.ports import free_port
from django_runtimes.compare.containers.container_freezer import ContainerFreezer
from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.containers.image import find_image
from django_runtimes.compare.containers.image_function import ImageFunction
from django_runtimes.compare.containers.usable_engines import usable_engines
from django_runtimes.compare.emulator.event import HttpRequest, event_from, response_from
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.image.containers import container_environ, run_container
from tests.image.equality.requests import HOST, Request
from tests.image.podman import EMULATOR

_TIMEOUT_S = 60
_RIE = "/opt/aws-lambda-rie"
_HANDLER = "django_runtimes.entrypoints.aws_lambda.handler"


@dataclass(frozen=True)
class Answer:
    """A response as the client receives it, with lowercase header names and cookies in their order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


Ask = Callable[[Request], Awaitable[Answer]]


@asynccontextmanager
async def container(image: str, database_url: str, log: Path) -> AsyncIterator[Ask]:
    """Run the image in a container behind a load balancer that terminates TLS."""
    with run_container(image, container_environ(database_url), log=log) as running:
        await asyncio.to_thread(running.wait_until_serving)

        async def ask(request: Request) -> Answer:
            return await _ask(running.url, request, (("X-Forwarded-Proto", "https"),))

        yield ask


@asynccontextmanager
async def emulated_function(image: str, database_url: str, log: Path) -> AsyncIterator[Ask]:
    """Run the image as `webapp compare --image` does, frozen between invocations and behind a function URL."""
    async with _emulated(image, _function_environ(database_url), log) as ask:
        yield ask


@asynccontextmanager
async def streaming_function(image: str, database_url: str, log: Path) -> AsyncIterator[Ask]:
    """Run the image in the same way, with streams that leave chunk by chunk through the function URL."""
    environ = {**_function_environ(database_url), "WEBAPP_STREAM_FRONT": "function_url"}
    async with _emulated(image, environ, log) as ask:
        yield ask


@asynccontextmanager
async def _emulated(image: str, environ: dict[str, str], log: Path) -> AsyncIterator[Ask]:
    with Containers(find_image(image, usable_engines()), log.parent) as containers:
        function = ImageFunction(
            name="guestbook",
            handler=_HANDLER,
            environ=environ,
            log_directory=log.parent,
            containers=containers,
        )
        async with LambdaTarget(function, freezer=ContainerFreezer(containers)) as target:

            async def ask(request: Request) -> Answer:
                return await _ask(target.url, request)

            yield ask


@asynccontextmanager
async def aws_emulated_function(image: str, database_url: str, log: Path) -> AsyncIterator[Ask]:
    """Run the image under the Runtime Interface Emulator, behind our own front, because the emulator has none."""
    port = free_port()
    options = (f"--volume={EMULATOR}:{_RIE}:ro", f"--entrypoint={_RIE}")
    addresses = ("--runtime-interface-emulator-address", f"127.0.0.1:{port}")
    arguments = (*addresses, "--runtime-api-address", f"127.0.0.1:{free_port()}")
    command = (*arguments, "python", "-m", "django_runtimes.entrypoints.launch")
    environ = {**_function_environ(database_url), "AWS_LAMBDA_FUNCTION_NAME": "guestbook"}
    with run_container(image, environ, log=log, arguments=command, options=options):
        await _wait_until_listening(port)

        async def ask(request: Request) -> Answer:
            event = event_from(_http_request(request))
            invocation = Request(
                "", "/2015-03-31/functions/function/invocations", "POST", (), json.dumps(event).encode()
            )
            result = await _ask(f"http://127.0.0.1:{port}", invocation)
            response = response_from(result.body)
            # A front sends headers as UTF-8, which the client reads as latin-1.
            headers = tuple((name, value.encode().decode("latin-1")) for name, value in response.headers)
            return Answer(response.status, headers, b"" if request.method == "HEAD" else response.body)

        yield ask


PLACES = {
    "container": container,
    "aws_emulator": aws_emulated_function,
    "our_emulator": emulated_function,
    "our_emulator_streaming": streaming_function,
}


def _function_environ(database_url: str) -> dict[str, str]:
    return {**container_environ(database_url, "aws_lambda"), "WEBAPP_DB_ROUTE": "direct"}


def _http_request(request: Request) -> HttpRequest:
    headers = (("Host", HOST), *request.headers)
    return HttpRequest(
        method=request.method,
        target=request.target,
        protocol="HTTP/1.1",
        headers=headers,
        body=request.body,
        source_ip="127.0.0.1",
        received_at=datetime.now(UTC),
        request_id="0",
        trace_id="Root=1-0-0",
    )


async def _ask(url: str, request: Request, more_headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Send exactly the bytes of the request over a new connection, and return the response."""
    headers = [("Host", HOST), *request.headers, *more_headers]
    if request.body:
        headers.append(("Content-Length", str(len(request.body))))
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
    async with asyncio.timeout(_TIMEOUT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        writer.write(head + request.body)
        reply = await reader.read()
        writer.close()
        await writer.wait_closed()
    response = HTTPResponse(_Reply(reply), method=request.method)  # type: ignore[arg-type]
    response.begin()
    answer_headers = tuple((name.lower(), value) for name, value in response.getheaders())
    return Answer(response.status, answer_headers, response.read())


class _Reply:
    """A received response that http.client can read in place of a socket."""

    def __init__(self, reply: bytes) -> None:
        self._reply = reply

    def makefile(self, mode: str) -> BytesIO:
        return BytesIO(self._reply)


async def _wait_until_listening(port: int) -> None:
    async with asyncio.timeout(_TIMEOUT_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return
