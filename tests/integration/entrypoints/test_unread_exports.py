"""Clients that never read their exports stop neither the other pages nor the health check."""

import socket
import time
from http.client import HTTPConnection, IncompleteRead

import pytest

from tests.applications.exporting.urls import ROW_BYTES, ROWS
from tests.integration.entrypoints.launcher import ENDLESS, connect, container, patient_readiness

pytestmark = pytest.mark.profile_free

CLIENTS = 40
# With a pool of eight, asynchronous streams may keep three connections.
ADMITTED = 3
HEADERS = {"Host": "guestbook.example", "X-Forwarded-Proto": "https"}


def begin_export(port: int) -> HTTPConnection:
    """Ask for an export with a small receive buffer, and do not read it."""
    client = connect(port)
    client.sock = socket.socket()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sock.settimeout(60)
    client.sock.connect(("127.0.0.1", port))
    client.request("GET", "/export", headers=HEADERS)
    return client


def rows_of(client: HTTPConnection) -> int:
    """Return the number of rows of a complete export, or 0."""
    try:
        with client.getresponse() as answer:
            assert answer.status == 200
            return len(answer.read()) // ROW_BYTES
    except IncompleteRead:
        return 0
    finally:
        client.close()


def status_of(port: int, path: str) -> int:
    client = connect(port)
    try:
        client.request("GET", path, headers=HEADERS)
        with client.getresponse() as answer:
            answer.read()
            return answer.status
    finally:
        client.close()


def test_unread_exports_leave_connections_to_pages(tmp_path, database_server):
    variables = {
        **ENDLESS,
        "DJANGO_SETTINGS_MODULE": "tests.applications.exporting.settings",
        "DATABASE_URL": database_server.url("postgres"),
        "WEBAPP_WORKERS": "1",
        "WEBAPP_DB_POOL_MAX_SIZE": "8",
        "WEBAPP_DB_POOL_TIMEOUT_S": "30",
        "WEBAPP_DB_POOL_EMPTY_S": "20",
        "PYTHONPATH": f"{patient_readiness(tmp_path)}:{ENDLESS['PYTHONPATH']}",
    }
    with container(tmp_path / "log", **variables) as (_, port):
        assert status_of(port, "/page") == 200
        clients = [begin_export(port) for _ in range(CLIENTS)]
        statuses = set()
        until_s = time.monotonic() + 5
        while time.monotonic() < until_s:
            statuses |= {status_of(port, path) for path in ("/page", "/healthz", "/readyz")}

        assert statuses == {200}
        # Further exports wait for a place until the pool's timeout, so those that are read first let some of them in.
        rows = [rows_of(client) for client in clients]
        assert set(rows) <= {0, ROWS}
        assert rows.count(ROWS) >= ADMITTED
        # The places have come back, also after the errors.
        unread = [begin_export(port) for _ in range(CLIENTS)]
        for client in unread:
            client.close()
        assert [rows_of(begin_export(port)) for _ in range(8)] == [ROWS] * 8
        assert status_of(port, "/healthz") == 200
