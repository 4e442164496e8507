"""A server that shuts down keeps its limits, so no client delays its exit."""

import os
import signal
import time
from pathlib import Path
from socket import create_connection

import pytest

from tests.integration.serving.http.servers import mirror_server, receive, receive_head, request, talk

pytestmark = pytest.mark.profile_free

# Well below the 25 s after which uvicorn cancels the remaining requests.
_GRACE_S, _LONGEST_S = 120, 60
_IMPATIENT = "tests.integration.serving.http.floods.impatient.ImpatientWorker"
_STALLED = request("POST /", "Content-Length: 9", "Expect: 100-continue")


@pytest.fixture
def impatient(tmp_path):
    with mirror_server(tmp_path, "--graceful-timeout", str(_GRACE_S), worker=_IMPATIENT) as server:
        # The master listens before its worker has started.
        assert talk(server.port, request("GET /", "Connection: close")).statuses == [200]
        yield server


def shut_down(server) -> float:
    """Send SIGTERM; return the seconds until the worker exits."""
    worker = Path(f"/proc/{server.worker}")
    started = time.monotonic()
    os.kill(server.master, signal.SIGTERM)
    while worker.exists():
        assert time.monotonic() - started < _GRACE_S
        time.sleep(0.05)
    return time.monotonic() - started


def test_a_stalled_body_gets_408(impatient):
    with create_connection(("127.0.0.1", impatient.port)) as client:
        client.sendall(_STALLED)
        # The application waits for the body.
        assert receive_head(client).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"half")
        assert shut_down(impatient) < _LONGEST_S
        assert receive(client).statuses == [408]


def test_a_client_that_does_not_read_is_disconnected(impatient):
    with create_connection(("127.0.0.1", impatient.port)) as client:
        client.sendall(request("GET /large"))
        # The application has begun to respond.
        assert client.recv(1)
        assert shut_down(impatient) < _LONGEST_S
