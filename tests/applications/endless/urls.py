"""Two endless streams, which print when they are closed, and a view that never returns."""

import asyncio
import sys
import time

from django.http import StreamingHttpResponse
from django.urls import path


def stream(request):
    def chunks():
        try:
            while True:
                yield b"."
                time.sleep(0.01)
        finally:
            print("the synchronous stream is closed", file=sys.stderr)  # noqa: T201

    return StreamingHttpResponse(chunks())


async def astream(request):
    async def chunks():
        try:
            while True:
                yield b"."
                await asyncio.sleep(0.01)
        finally:
            print("the asynchronous stream is closed", file=sys.stderr)  # noqa: T201

    return StreamingHttpResponse(chunks())


def hang(request):
    while True:
        time.sleep(0.01)


urlpatterns = [path("stream", stream), path("astream", astream), path("hang", hang)]
