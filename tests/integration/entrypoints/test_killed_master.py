"""Workers exit when gunicorn's master is killed and cannot stop them."""

import time
from contextlib import closing

import pytest

from django_runtimes.cli.ports import accepts_connections
from tests.integration.compare.process_tree import descendants, remaining
from tests.integration.entrypoints.launcher import ENDLESS, connect, container

pytestmark = pytest.mark.profile_free

# The workers check for their master every second; beside other work they may be late.
NOTICED_WITHIN_S = 60
# A worker without its master must stop listening before this time is over.
LONG_DRAIN = {"WEBAPP_DRAIN_S": "150", "WEBAPP_GRACEFUL_TIMEOUT_S": "160"}


def wait_until_serving(log, count: int) -> None:
    """Wait for the workers, since the master listens before it has started any."""
    give_up = time.monotonic() + 90
    while log.read_text().count("Application startup complete") < count:
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.05)


def wait_until_closed(port: int) -> None:
    give_up = time.monotonic() + NOTICED_WITHIN_S
    while accepts_connections(port):
        assert time.monotonic() < give_up, "the workers still listen"
        time.sleep(0.02)


def wait_until_read(port: int) -> None:
    """Wait until the only worker has read what earlier clients have sent."""
    with closing(connect(port)) as client:
        client.request("GET", "/healthz")
        assert client.getresponse().read()


def begin_request(client, port: int) -> None:
    """Send half of a request; over plain HTTP the response is a redirect."""
    client.putrequest("POST", "/", skip_host=True)
    client.putheader("Host", "guestbook.example")
    client.putheader("Content-Length", "8")
    client.endheaders(b"half")
    wait_until_read(port)


def kill_master(server) -> set[int]:
    """Kill the master, and return the PIDs of its workers."""
    workers = descendants(server.pid)
    server.kill()
    server.wait()
    return workers


def test_workers_exit_without_their_master(tmp_path):
    log = tmp_path / "server.log"
    with container(log, WEBAPP_WORKERS="2", **LONG_DRAIN) as (server, _):
        wait_until_serving(log, 2)
        workers = kill_master(server)

        assert len(workers) == 2
        assert remaining(workers, timeout_s=NOTICED_WITHIN_S) == set()

    assert log.read_text().count(f"gunicorn's master process {server.pid} is gone; this worker stops") == 2


def test_a_worker_without_its_master_finishes_its_request(tmp_path):
    log = tmp_path / "server.log"
    with container(log, WEBAPP_WORKERS="1", **LONG_DRAIN) as (server, port), closing(connect(port)) as client:
        wait_until_serving(log, 1)
        begin_request(client, port)
        workers = kill_master(server)
        wait_until_closed(port)
        assert remaining(workers, timeout_s=0) == workers
        client.send(b"half")
        response = client.getresponse()

        assert (response.status, response.headers["Connection"]) == (301, "close")
        assert remaining(workers, timeout_s=NOTICED_WITHIN_S) == set()


def test_a_new_master_takes_the_port_while_an_old_worker_answers(tmp_path):
    old_log, new_log = tmp_path / "old.log", tmp_path / "new.log"
    with container(old_log, WEBAPP_WORKERS="1", **LONG_DRAIN) as (old, port), closing(connect(port)) as client:
        wait_until_serving(old_log, 1)
        begin_request(client, port)
        workers = kill_master(old)
        # A new master gives up after five seconds, and a busy old worker may listen for longer.
        wait_until_closed(port)
        with container(new_log, port=port, WEBAPP_WORKERS="1"), closing(connect(port)) as other:
            wait_until_serving(new_log, 1)
            assert remaining(workers, timeout_s=0) == workers
            other.request("GET", "/healthz")
            client.send(b"half")

            assert other.getresponse().status == 200
            assert client.getresponse().status == 301


@pytest.mark.parametrize("is_ending", [False, True])
def test_a_view_that_never_returns_does_not_keep_its_worker(tmp_path, is_ending):
    log = tmp_path / "server.log"
    short = {"WEBAPP_WORKERS": "1", "WEBAPP_GRACEFUL_TIMEOUT_S": "6"}
    with container(log, **ENDLESS, **short) as (server, port), closing(connect(port)) as client:
        wait_until_serving(log, 1)
        client.request("GET", "/hang", headers={"Host": "guestbook.example", "X-Forwarded-Proto": "https"})
        wait_until_read(port)
        if is_ending:
            server.terminate()
            wait_until_closed(port)
        workers = kill_master(server)

        assert len(workers) == 1
        assert remaining(workers, timeout_s=6 + NOTICED_WITHIN_S) == set()
