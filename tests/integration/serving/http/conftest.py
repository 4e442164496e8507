"""A shared server for tests that do not change it, and servers in this process with short limits."""

import asyncio
from collections.abc import Iterator

import pytest
import uvloop

from tests.integration.serving.http.in_process import serving
from tests.integration.serving.http.servers import Server, mirror_server


@pytest.fixture(scope="package")
def server(tmp_path_factory) -> Iterator[Server]:
    """Serve the mirror application with gunicorn and one worker."""
    with mirror_server(tmp_path_factory.mktemp("mirror")) as running:
        yield running


@pytest.fixture
def port(server: Server) -> int:
    """Return the shared server's port."""
    return server.port


@pytest.fixture
def serve():
    """Return the context manager that serves an application in this process."""
    return serving


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    """Return a function that runs a coroutine on asyncio's loop or on uvloop, which the image uses."""

    def on_loop(coroutine):
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(coroutine)

    return on_loop
