"""A server for the tests that leave it as it was, and servers with limits that tests can wait for."""

import asyncio
from collections.abc import Iterator

import pytest
import uvloop

from tests.integration.serving.http.in_process import serving
from tests.integration.serving.http.servers import Server, mirror_server


@pytest.fixture(scope="package")
def server(tmp_path_factory) -> Iterator[Server]:
    """The mirror behind one worker."""
    with mirror_server(tmp_path_factory.mktemp("mirror")) as running:
        yield running


@pytest.fixture
def port(server: Server) -> int:
    """Where it listens."""
    return server.port


@pytest.fixture
def serve():
    """Serves the mirror in this process."""
    return serving


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    """Runs a coroutine on an event loop of each kind: the image has uvloop."""

    def on_loop(coroutine):
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(coroutine)

    return on_loop
