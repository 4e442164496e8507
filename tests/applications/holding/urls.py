"""Views and a stream that end when the test releases a lock, and a view that ends the process."""

import signal
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

LOCK = 4


def hold_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s), pg_advisory_unlock_shared(%s)", [LOCK, LOCK])


def hold(request: HttpRequest) -> HttpResponse:
    hold_connection()
    return HttpResponse()


async def hold_asynchronously(request: HttpRequest) -> HttpResponse:
    await sync_to_async(hold_connection)()
    return HttpResponse()


async def hold_in_a_stream(request: HttpRequest) -> StreamingHttpResponse:
    async def chunks() -> AsyncIterator[str]:
        yield "begun"
        await sync_to_async(hold_connection)()

    return StreamingHttpResponse(chunks())


def end_process(request: HttpRequest) -> HttpResponse:
    signal.raise_signal(signal.SIGINT)


urlpatterns = [
    path("sync", hold),
    path("async", hold_asynchronously),
    path("stream", hold_in_a_stream),
    path("exit", end_process),
]
