"""Middleware that sets a tenant on the connection, and views that respond with the tenant they see."""

import asyncio
import threading

from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

_of_thread = threading.local()


class ChoosesTenant:
    """Sets the header's tenant on the connection and the thread; gives `/hidden` another URLconf."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        connection.set_tenant(request.headers["X-Tenant"])
        _of_thread.tenant = request.headers["X-Tenant"]
        if request.path.startswith("/hidden"):
            request.urlconf = hidden
        return self.get_response(request)


class RollsBack:
    """Runs each request in a transaction and rolls it back."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with transaction.atomic():
            response = self.get_response(request)
            transaction.set_rollback(True)
            return response


def tenant() -> str:
    """Return the tenant whose rows a query sees now."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        return f"{cursor.fetchone()[0]} "


def page(request):
    return HttpResponse(tenant())


async def apage(request):
    return HttpResponse(await sync_to_async(tenant)())


async def seen(times: int = 3):
    for _ in range(times):
        yield await sync_to_async(tenant)()
        await asyncio.sleep(0.01)


def stream(request):
    return StreamingHttpResponse(seen())


async def astream(request):
    return StreamingHttpResponse(seen())


async def athread(request):
    return HttpResponse(await sync_to_async(lambda: _of_thread.tenant)())


def bridges(request):
    return HttpResponse(async_to_sync(sync_to_async(tenant))())


async def aadds(request):
    await Group.objects.acreate(name="added")
    return HttpResponse("added")


async def afails(request):
    await sync_to_async(tenant)()
    raise ValueError("in a view")


async def acancels(request):
    await sync_to_async(tenant)()
    raise asyncio.CancelledError


urlpatterns = [
    path("page", page),
    path("apage", apage),
    path("stream", stream),
    path("astream", astream),
    path("bridges", bridges),
]
# A tuple, because Django caches resolvers by their URLconf, which must be hashable.
hidden = (
    path("hidden", apage),
    path("hidden/stream", astream),
    path("hidden/thread", athread),
    path("hidden/adds", aadds),
    path("hidden/fails", afails),
    path("hidden/cancels", acancels),
)
