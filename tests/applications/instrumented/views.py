"""Views that succeed or fail, some of which first tag their request with its number."""

import asyncio
import time
from importlib import import_module

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse

# Each view takes this long, so that a test's concurrent requests overlap.
DURATION_S = 0.02


def note(number: int) -> None:
    import_module(settings.SETTINGS_MODULE).note(number)


def query() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def plain(request, number):
    query()
    time.sleep(DURATION_S)
    return HttpResponse(str(number))


def mark(request, number):
    note(number)
    return plain(request, number)


def fail(request, number):
    plain(request, number)
    raise ValueError(f"request {number}")


def mark_fail(request, number):
    mark(request, number)
    raise ValueError(f"request {number}")


def stream(request, number):
    def chunks():
        time.sleep(DURATION_S)
        yield str(number)

    note(number)
    return StreamingHttpResponse(chunks())


async def aplain(request, number):
    await sync_to_async(query)()
    await asyncio.sleep(DURATION_S)
    return HttpResponse(str(number))


async def amark(request, number):
    note(number)
    return await aplain(request, number)


async def afail(request, number):
    await aplain(request, number)
    raise ValueError(f"request {number}")


async def amark_fail(request, number):
    await amark(request, number)
    raise ValueError(f"request {number}")


async def astream(request, number):
    async def chunks():
        await asyncio.sleep(DURATION_S)
        yield str(number)

    note(number)
    return StreamingHttpResponse(chunks())
