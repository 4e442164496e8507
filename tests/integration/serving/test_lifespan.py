from asgiref.testing import ApplicationCommunicator

from webapp.serving.lifespan import Lifespan


async def test_the_lifespan_ends_with_the_shutdown_function():
    ended = []
    communicator = ApplicationCommunicator(Lifespan(None, on_shutdown=lambda: ended.append(1)), {"type": "lifespan"})

    await communicator.send_input({"type": "lifespan.startup"})
    assert await communicator.receive_output() == {"type": "lifespan.startup.complete"}
    assert ended == []
    await communicator.send_input({"type": "lifespan.shutdown"})
    assert await communicator.receive_output() == {"type": "lifespan.shutdown.complete"}
    assert ended == [1]
