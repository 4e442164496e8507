"""A synchronous and an asynchronous view, which end when the test unlocks, and one that ends the process."""

import sys

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse
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


def end_process(request: HttpRequest) -> HttpResponse:
    sys.exit(1)


urlpatterns = [path("sync", hold), path("async", hold_asynchronously), path("exit", end_process)]
