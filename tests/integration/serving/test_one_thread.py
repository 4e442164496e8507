import threading

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from webapp.serving.lifespan import Lifespan
from webapp.serving.one_thread import OneThreadASGIHandler


def thread_name(request):
    return HttpResponse(threading.current_thread().name)


urlpatterns = [path("thread", thread_name)]

SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/thread",
    "query_string": b"",
    "headers": [(b"host", b"testserver"), (b"x-forwarded-proto", b"https")],
}


async def body_of_one_request(handler):
    communicator = ApplicationCommunicator(handler, SCOPE)
    await communicator.send_input({"type": "http.request", "body": b""})
    assert (await communicator.receive_output(timeout=10))["status"] == 200
    return (await communicator.receive_output(timeout=10))["body"]


# Each request lets go of the connections that earlier tests opened on that thread.
@pytest.mark.django_db(transaction=True)
@override_settings(ROOT_URLCONF=__name__)
async def test_every_request_is_served_on_the_same_thread():
    handler = OneThreadASGIHandler()

    threads = {await body_of_one_request(handler) for _ in range(5)}

    assert len(threads) == 1


async def test_what_is_not_http_is_refused():
    with pytest.raises(ValueError, match="a websocket connection reached Django's handler"):
        await OneThreadASGIHandler()({"type": "websocket"}, None, None)


async def test_the_lifespan_ends_with_the_shutdown_function():
    ended = []
    communicator = ApplicationCommunicator(Lifespan(None, on_shutdown=lambda: ended.append(1)), {"type": "lifespan"})

    await communicator.send_input({"type": "lifespan.startup"})
    assert await communicator.receive_output() == {"type": "lifespan.startup.complete"}
    assert ended == []
    await communicator.send_input({"type": "lifespan.shutdown"})
    assert await communicator.receive_output() == {"type": "lifespan.shutdown.complete"}
    assert ended == [1]
