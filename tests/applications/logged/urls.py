import asyncio
import logging
import threading
import time

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import path

logger = logging.getLogger("shop")


def query_twice():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.01)")
        cursor.execute("SELECT 1")


def order(request, number):
    query_twice()
    logger.warning("sold", extra={"colour": "red"})
    return HttpResponse("sold")


async def aorder(request, number):
    await sync_to_async(query_twice)()
    await asyncio.to_thread(logger.warning, "sold")
    return HttpResponse("sold")


def own_id(request):
    logger.warning("named", extra={"request_id": "the application's"})
    response = HttpResponse(request.headers["X-Request-ID"])
    if "keep" in request.GET:
        response["X-Request-ID"] = "the-applications"
    return response


def reserved(request):
    logger.warning("reserved", extra={"time": "mine", "level": "mine", "logger": "mine", "colour": "red"})
    return HttpResponse("logged")


def account(request):
    return HttpResponse(request.session.get("user", "nobody"))


def fail(request):
    raise ValueError("broken")


def reset(request, token):
    raise KeyError("token")


async def areset(request, token):
    raise Http404


def chunks(request):
    def generate():
        for number in range(3):
            time.sleep(0.05)
            logger.warning("chunk %s on %s", number, threading.current_thread().name)
            yield "chunk\n"

    return StreamingHttpResponse(generate())


def achunks(request):
    async def generate():
        for number in range(3):
            await asyncio.sleep(0.05)
            logger.warning("chunk %s", number)
            yield "chunk\n"

    return StreamingHttpResponse(generate())


def endless(request):
    async def generate():
        while True:
            yield "tick\n"
            await asyncio.sleep(0.01)

    return StreamingHttpResponse(generate())


def broken_stream(request):
    def generate():
        yield "begun\n"
        raise KeyError("gone")

    return StreamingHttpResponse(generate())


def abroken_stream(request):
    async def generate():
        yield "begun\n"
        raise KeyError("gone")

    return StreamingHttpResponse(generate())


def take(request):
    return HttpResponse(len(request.body))


urlpatterns = [
    path("orders/<int:number>", order),
    path("aorders/<int:number>", aorder),
    path("id", own_id),
    path("reserved", reserved),
    path("account", account),
    path("fail", fail),
    path("reset/<token>", reset),
    path("areset/<token>", areset),
    path("chunks", chunks),
    path("achunks", achunks),
    path("endless", endless),
    path("broken", broken_stream),
    path("abroken", abroken_stream),
    path("take", take),
]
