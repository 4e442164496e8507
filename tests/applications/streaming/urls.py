"""Views that stream; before its second chunk, a stream waits until the test creates a file."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path

_DIRECTORY = Path(os.environ["STREAMING_DIRECTORY"])
_POLL_S = 0.01


def _chunks(name: str, *, fails: bool) -> Iterator[str]:
    yield "one"
    while not (_DIRECTORY / name).exists():
        time.sleep(_POLL_S)
    if fails:
        raise LookupError(f"the stream {name} is broken")
    yield "two"


async def _async_chunks(name: str, *, fails: bool) -> AsyncIterator[str]:
    yield "one"
    while not await asyncio.to_thread((_DIRECTORY / name).exists):  # noqa: ASYNC110  (another process creates it)
        await asyncio.sleep(_POLL_S)
    if fails:
        raise LookupError(f"the stream {name} is broken")
    yield "two"


def from_sync_view(request: HttpRequest, kind: str, name: str) -> HttpResponseBase:
    make = _async_chunks if kind == "async" else _chunks
    return StreamingHttpResponse(
        make(name, fails="fails" in request.GET), headers={"X-Kind": kind}, content_type=request.GET.get("type")
    )


async def from_async_view(request: HttpRequest, kind: str, name: str) -> HttpResponseBase:
    return from_sync_view(request, kind, name)


def send_file(request: HttpRequest) -> HttpResponseBase:
    return FileResponse((_DIRECTORY / "large").open("rb"), content_type="application/octet-stream")


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def _after_a_query(name: str) -> Iterator[str]:
    yield f"{_backend()} "
    yield f"{_backend()} "
    yield from _chunks(name, fails=False)


async def _async_after_a_query(name: str) -> AsyncIterator[str]:
    yield f"{await sync_to_async(_backend)()} "
    yield f"{await sync_to_async(_backend)()} "
    async for chunk in _async_chunks(name, fails=False):
        yield chunk


def query_in_a_stream(request: HttpRequest, name: str) -> HttpResponseBase:
    _backend()
    return StreamingHttpResponse(_after_a_query(name))


async def query_in_an_async_stream(request: HttpRequest, name: str) -> HttpResponseBase:
    await sync_to_async(_backend)()
    return StreamingHttpResponse(_async_after_a_query(name))


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("x" * 100_000)


urlpatterns = [
    path("sync-view/<kind>/<name>", from_sync_view),
    path("async-view/<kind>/<name>", from_async_view),
    path("file", send_file),
    path("queries/sync/<name>", query_in_a_stream),
    path("queries/async/<name>", query_in_an_async_stream),
    path("whole", answer),
]
