"""A task that exits in one request ends neither the worker nor its other requests."""

import os
import signal
import time
from pathlib import Path
from socket import create_connection

import pytest

from tests.integration.serving.http.servers import mirror_server, receive, receive_head, request, talk

pytestmark = pytest.mark.profile_free

_LOOPS = {
    "uvloop": "django_runtimes.serving.http.fair_worker.FairUvicornWorker",
    "asyncio": "tests.integration.serving.http.asyncio_worker.AsyncioWorker",
}
_WAYS = {"gather": 500, "group": 500, "wait_for": 500, "thread": 500, "callback": 200}


@pytest.fixture(scope="module", params=_LOOPS)
def server(request, tmp_path_factory):
    with mirror_server(tmp_path_factory.mktemp("exits"), worker=_LOOPS[request.param]) as running:
        assert get(running, "/").statuses == [200]
        yield running


def get(server, target):
    return talk(server.port, request(f"GET {target}", "Connection: close"))


@pytest.mark.parametrize("code", [1, 3, 4])
@pytest.mark.parametrize("way", _WAYS)
def test_a_task_that_exits_does_not_end_the_other_requests(server, way, code):
    worker = server.worker
    with create_connection(("127.0.0.1", server.port)) as other:
        other.sendall(request("GET /late"))

        assert get(server, f"/exit/{way}?{code}").statuses == [_WAYS[way]]
        assert receive(other).statuses == [200]

    assert get(server, "/").statuses == [200]
    assert server.worker == worker
    assert "an exit ends its asyncio task alone" in server.log.read_text()
    assert f"SystemExit: {code}\n" in server.log.read_text()


@pytest.mark.parametrize("loop", _LOOPS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_worker_gracefully_after_an_exit(tmp_path, loop, number):
    with mirror_server(tmp_path, worker=_LOOPS[loop]) as server:
        assert get(server, "/exit/gather?3").statuses == [500]
        worker = server.worker
        with create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(request("POST /", "Content-Length: 4", "Expect: 100-continue"))
            # The application waits for the body.
            assert receive_head(client).startswith(b"HTTP/1.1 100 ")
            os.kill(worker, number)
            client.sendall(b"late")
            assert receive(client).statuses == [200]
        wait_until_gone(worker)

        assert get(server, "/").statuses == [200]
        assert "exited with code" not in server.log.read_text()


@pytest.mark.parametrize("way", ["signal", "cancelled"])
def test_no_exit_of_a_worker_ends_the_container(tmp_path, way):
    with mirror_server(tmp_path, "--max-requests", "2") as server:
        worker = server.worker
        get(server, f"/exit/{way}?3")
        if way == "cancelled":
            get(server, "/")
        wait_until_gone(worker)

        assert get(server, "/").statuses == [200]
        assert f"Worker (pid:{worker}) exited with code 1" in server.log.read_text()


def wait_until_gone(process):
    started = time.monotonic()
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() - started < 90
        time.sleep(0.05)
