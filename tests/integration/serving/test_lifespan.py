from asgiref.testing import ApplicationCommunicator

from django_runtimes.serving.http.lifespan import Lifespan


async def test_shutdown_calls_the_function():
    ended = []
    communicator = ApplicationCommunicator(Lifespan(None, on_shutdown=lambda: ended.append(1)), {"type": "lifespan"})

    await communicator.send_input({"type": "lifespan.startup"})
    assert await communicator.receive_output(timeout=60) == {"type": "lifespan.startup.complete"}
    assert ended == []
    await communicator.send_input({"type": "lifespan.shutdown"})
    assert await communicator.receive_output(timeout=60) == {"type": "lifespan.shutdown.complete"}
    assert ended == [1]


async def test_the_state_holds_the_drain_time():
    scope = {"type": "lifespan", "state": {}}
    communicator = ApplicationCommunicator(Lifespan(None, on_shutdown=lambda: None, drain_s=5), scope)

    await communicator.send_input({"type": "lifespan.startup"})
    assert await communicator.receive_output(timeout=60) == {"type": "lifespan.startup.complete"}

    assert scope["state"] == {"drain_s": 5, "websockets": False}
    await communicator.send_input({"type": "lifespan.shutdown"})
    await communicator.receive_output(timeout=60)


async def test_the_state_holds_the_largest_body_size():
    scope = {"type": "lifespan", "state": {}}
    lifespan = Lifespan(None, on_shutdown=lambda: None, max_body_bytes=1000)
    communicator = ApplicationCommunicator(lifespan, scope)

    await communicator.send_input({"type": "lifespan.startup"})
    await communicator.receive_output(timeout=60)

    assert scope["state"]["max_body_bytes"] == 1000
    await communicator.send_input({"type": "lifespan.shutdown"})
    await communicator.receive_output(timeout=60)
