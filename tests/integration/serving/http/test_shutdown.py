"""A server that ends keeps its limits: no client holds its end."""

import os
import signal
import time
from pathlib import Path
from socket import create_connection

import pytest

from tests.integration.serving.http.servers import listen, mirror_server, request, talk

pytestmark = pytest.mark.profile_free

# Well below the 25 s after which uvicorn cancels what is left.
_LONGEST_S = 12
_IMPATIENT = "tests.integration.serving.http.impatient.ImpatientWorker"
_STALLED = request("POST /", "Content-Length: 9") + b"half"


@pytest.fixture
def impatient(tmp_path):
    with mirror_server(tmp_path, worker=_IMPATIENT) as server:
        # It listens before its worker is there.
        assert talk(server.port, request("GET /", "Connection: close")).statuses == [200]
        yield server


def end(server) -> float:
    """How long the server takes to end after SIGTERM."""
    worker = Path(f"/proc/{server.worker}")
    started = time.monotonic()
    os.kill(server.master, signal.SIGTERM)
    while worker.exists():
        assert time.monotonic() - started < 40
        time.sleep(0.05)
    return time.monotonic() - started


def test_a_stalled_body_is_answered_408(impatient):
    with create_connection(("127.0.0.1", impatient.port)) as client:
        client.sendall(_STALLED)
        time.sleep(0.3)
        assert end(impatient) < _LONGEST_S
        assert listen(client).statuses == [408]


def test_a_client_that_does_not_read_is_given_up(impatient):
    with create_connection(("127.0.0.1", impatient.port)) as client:
        client.sendall(request("GET /large"))
        time.sleep(0.3)
        assert end(impatient) < _LONGEST_S
