"""A lost answer, a paused cluster and a service that does not answer become errors that say what is known."""

import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import InternalError, OperationalError

from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn


class _LosingFront(ThreadingHTTPServer):
    """Passes requests on, and drops the answers to one operation."""

    daemon_threads = True

    def __init__(self, url, lost):
        super().__init__(("127.0.0.1", 0), _Forward)
        self.target, self.lost, self.calls = urlsplit(url).netloc, lost, []
        # With None, a result that the service cannot return ends its transaction.
        self.ended = set()


class _Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        transaction = json.loads(body).get("transactionId")
        self.server.calls.append(self.path)
        connection = http.client.HTTPConnection(self.server.target)
        connection.request("POST", self.path, body, dict(self.headers))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if self.path == self.server.lost:
            self.close_connection = True
            return
        headers = {name: response.headers[name] for name in ("Content-Type", "x-amzn-ErrorType")}
        status = response.status
        if transaction in self.server.ended:
            headers["x-amzn-ErrorType"], status = "BadRequestException", 400
            content = f'{{"message": "Transaction {transaction} is not found"}}'.encode()
        elif self.server.lost is None and headers["x-amzn-ErrorType"] == "UnsupportedResultException":
            self.server.ended.add(transaction)
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def losing(connect, data_api):
    """Return a function that opens a connection whose answers to one operation are lost."""
    fronts = []

    def losing(operation):
        # The signature covers the host, which the stand-in reads from the request.
        front = _LosingFront(data_api.url, operation and f"/{operation}")
        threading.Thread(target=front.serve_forever, daemon=True).start()
        fronts.append(front)
        return connect(data_api, endpoint=f"http://127.0.0.1:{front.server_port}"), front

    yield losing
    for front in fronts:
        front.shutdown()
        front.server_close()


def test_a_lost_answer_to_commit_is_ambiguous_and_not_repeated(losing, cursor, table):
    connection, front = losing("CommitTransaction")
    connection.set_autocommit(False)
    with connection.cursor() as lost:
        lost.execute("INSERT INTO notes (text) VALUES ('a')")

    with pytest.raises(OperationalError, match="may or may not be committed") as error:
        connection.commit()

    assert error.value.__cause__.sqlstate == "08007"
    assert front.calls.count("/CommitTransaction") == 1
    cursor.execute("SELECT text FROM notes")
    assert cursor.fetchall() == [("a",)]


def test_a_lost_answer_in_a_transaction_prevents_its_commit(losing, cursor, table):
    connection, front = losing("Execute")
    connection.set_autocommit(False)
    with connection.cursor() as lost:
        with pytest.raises(OperationalError):
            lost.execute("INSERT INTO notes (text) VALUES ('a')")
        with pytest.raises(OperationalError, match="the transaction was lost at an earlier statement"):
            lost.execute("INSERT INTO notes (text) VALUES ('b')")

    with pytest.raises(OperationalError, match="the transaction was lost at an earlier statement"):
        connection.commit()
    connection.close()

    # The transaction no longer locks the table.
    assert front.calls[-1] == "/RollbackTransaction"
    cursor.execute("SELECT count(*) FROM notes")
    assert cursor.fetchone() == (0,)
    assert front.calls.count("/Execute") == 1


def test_a_lost_answer_outside_a_transaction_is_ambiguous(losing):
    connection, front = losing("Execute")

    with pytest.raises(OperationalError, match="may or may not have been carried out"):
        connection.cursor().execute("SELECT 1")
    assert front.calls == ["/Execute"]


@pytest.mark.parametrize(
    ("query", "reason", "rows"),
    [
        ("SELECT interval '1 day', %s", "has a type that the service cannot return", 1),
        ("SELECT repeat('x', 60000) FROM generate_series(1, 20 + %s)", "is above 1 MiB", 20),
    ],
)
def test_a_query_that_ends_its_transaction_works_the_next_time(losing, query, reason, rows):
    connection, front = losing(None)

    connection.set_autocommit(False)
    with connection.cursor() as cursor, pytest.raises(InternalError, match=f"since the result of a query {reason}; "):
        cursor.execute(query, [0])
    connection.rollback()

    with connection.cursor() as cursor:
        cursor.execute(query, [0])
        assert len(cursor.fetchall()) == rows
    assert front.ended


def test_a_service_that_cannot_be_reached_is_an_operational_error(connect, data_api):
    connection = connect(data_api, endpoint="http://127.0.0.1:1")

    with pytest.raises(OperationalError, match=r"127\.0\.0\.1:1 does not answer") as error:
        connection.cursor().execute("SELECT 1")
    assert error.value.__cause__.sqlstate is None
    assert not connection.is_usable()


@pytest.mark.parametrize(("patience_s", "is_awaited"), [("120", True), ("0", False)])
def test_a_paused_cluster_is_awaited_within_the_patience(connect, database_server, monkeypatch, patience_s, is_awaited):
    monkeypatch.setenv("WEBAPP_DB_RESUME_TIMEOUT_S", patience_s)
    with DataApiStandIn(database_server, latency_ms=0, pause_after_s=0.2, resume_s=0.5) as stand_in:
        connection = connect(stand_in)
        time.sleep(0.5)
        cursor = connection.cursor().cursor if is_awaited else None
        if is_awaited:
            assert cursor.execute("SELECT 1").fetchone() == (1,)
        else:
            with pytest.raises(OperationalError, match="the database is starting after a pause") as error:
                connection.cursor().execute("SELECT 1")
            assert isinstance(error.value.__cause__, psycopg.errors.CannotConnectNow)
