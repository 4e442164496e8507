"""One line for each request of a container, and the request's id on every other line."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path

import pytest
import websockets.sync.client
from websockets.exceptions import InvalidStatus

from tests.integration.entrypoints.launcher import container

pytestmark = pytest.mark.profile_free

ROOT = Path(__file__).parents[3]
FRONT = {"Host": "guestbook.example", "X-Forwarded-Proto": "https"}
TRACE = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
X_RAY = {
    "X-Amzn-Trace-Id": "Self=1-67891234-12456789abcdef012345678a;Root=1-67891233-abcdef012345678912345678;Sampled=1"
}
LOGGED = {
    "DJANGO_SETTINGS_MODULE": "tests.applications.logged.settings",
    "PYTHONPATH": str(ROOT),
    "LOGGED_APPLICATION": "tests.applications.logged.asgi.application",
    "WEBAPP_WORKERS": "1",
    "WEBAPP_ACCESS_LOG": "1",
    "WEBAPP_MAX_BODY_BYTES": "1000",
    "WEBAPP_DB_POOL_MAX_SIZE": "2",
    "WEBAPP_DB_POOL_TIMEOUT_S": "60",
}


class Shop:
    """A running server and its log."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self._log = log

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, dict, str]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, FRONT | headers)
            with connection.getresponse() as response:
                named = {name.lower(): value for name, value in response.getheaders()}
                return response.status, named, response.read().decode()

    def lines(self, is_wanted: Callable[[dict], bool], at_least: int = 1) -> list[dict]:
        """Return the wanted lines, after waiting for them."""
        deadline_s = time.monotonic() + 60
        while True:
            lines = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
            wanted = [line for line in lines if is_wanted(line)]
            if len(wanted) >= at_least or time.monotonic() > deadline_s:
                return wanted
            time.sleep(0.05)

    def line(self, request_id: str) -> dict:
        """Return the access log's line of a request, which is the only one."""
        (line,) = self.lines(lambda line: line["logger"] == "django_runtimes.access" and of(line) == request_id)
        return line

    def text(self) -> str:
        return self._log.read_text()


def of(line: dict) -> str | None:
    return line.get("request_id")


@pytest.fixture(scope="module")
def shop(tmp_path_factory, database_server) -> Iterator[Shop]:
    log = tmp_path_factory.mktemp("logged") / "log"
    url = database_server.url("postgres")
    with container(log, **LOGGED, DATABASE_URL=f"{url}{'&' if '?' in url else '?'}sslmode=disable") as (_, port):
        yield Shop(port, log)


@pytest.mark.parametrize("path", ["orders", "aorders"])
def test_a_request_has_one_line(shop, path):
    status, headers, _ = shop.ask(f"/{path}/7?token=hunter2", **X_RAY, Cookie="sessionid=hunter3")
    request_id = headers["x-request-id"]

    line = shop.line(request_id)
    sold = shop.lines(lambda line: line["message"] == "sold" and of(line) == request_id)
    measured = {name: line.pop(name) for name in ("time", "duration_ms", "first_byte_ms", "database_ms", "cold_start")}
    assert status == 200
    assert line == {
        "level": "INFO",
        "logger": "django_runtimes.access",
        "message": f"GET /{path}/<int:number> 200",
        "request_id": request_id,
        "trace_id": "1-67891233-abcdef012345678912345678",
        "method": "GET",
        "route": f"/{path}/<int:number>",
        "status": 200,
        "queries": 2,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", measured["time"])
    assert 10 <= measured["database_ms"] <= measured["first_byte_ms"] <= measured["duration_ms"]
    assert len(sold) == 1
    assert sold[0]["trace_id"] == "1-67891233-abcdef012345678912345678"
    assert "hunter" not in shop.text()


def test_the_applications_extra_fields_are_kept(shop):
    request_id = shop.ask("/orders/1")[1]["x-request-id"]
    own_id = shop.ask("/id")[1]["x-request-id"]

    assert [line["colour"] for line in shop.lines(lambda line: of(line) == request_id and "colour" in line)] == ["red"]
    assert shop.line(own_id)["status"] == 200
    assert {of(line) for line in shop.lines(lambda line: line["message"] == "named")} == {"the application's"}


def test_only_the_first_request_is_a_cold_start(shop):
    for _ in range(3):
        shop.ask("/take")

    lines = shop.lines(lambda line: "cold_start" in line, at_least=3)
    assert [line["cold_start"] for line in lines] == [True, *[False] * (len(lines) - 1)]


@pytest.mark.parametrize("given", ["4bf92f35-77b3", "abc=/+:@._-", "x" * 128])
def test_the_id_of_a_trusted_hop_is_used(shop, given):
    _, headers, body = shop.ask("/id", **{"X-Request-ID": given})

    assert (headers["x-request-id"], body) == (given, given)
    assert shop.line(given)["route"] == "/id"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, 'a"b', "é"])
def test_another_id_is_replaced(shop, given):
    _, headers, body = shop.ask("/id", **{"X-Request-ID": given})

    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])
    assert body == headers["x-request-id"]


def test_the_applications_own_header_is_kept(shop):
    _, headers, body = shop.ask("/id?keep=1")

    assert headers["x-request-id"] == "the-applications"
    assert shop.line(body)["status"] == 200


def test_traceparent_comes_before_x_ray(shop):
    request_id = shop.ask("/id", **TRACE, **X_RAY)[1]["x-request-id"]

    assert shop.line(request_id)["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_an_error_is_logged_once_with_its_trace(shop):
    status, headers, _ = shop.ask("/fail?token=hunter2")
    request_id = headers["x-request-id"]

    assert status == shop.line(request_id)["status"] == 500
    traces = shop.lines(lambda line: of(line) == request_id and "exc_info" in line)
    assert [(line["logger"], line["request"]) for line in traces] == [("django.request", "GET /fail")]
    assert traces[0]["exc_info"].endswith("ValueError: broken")
    assert shop.text().count("ValueError: broken") == 1


@pytest.mark.parametrize("path", ["chunks", "achunks"])
def test_a_streams_line_is_written_at_its_end(shop, path):
    request_id = shop.ask(f"/{path}")[1]["x-request-id"]

    line = shop.line(request_id)
    lines = shop.lines(lambda line: of(line) == request_id, at_least=4)
    assert len(lines) == 4
    assert lines[-1] == line
    # Two more chunks follow the one that begins the response, 50 ms apart.
    assert line["duration_ms"] - line["first_byte_ms"] > 90
    assert "aborted" not in line


@pytest.mark.parametrize("path", ["broken", "abroken"])
def test_a_stream_that_fails_has_a_trace_with_its_id(shop, path):
    with pytest.raises(IncompleteRead):
        shop.ask(f"/{path}", **{"X-Request-ID": f"{path}-stream"})

    line = shop.line(f"{path}-stream")
    assert (line["status"], line["aborted"], line["error"]) == (200, "failed", "KeyError")
    traces = shop.lines(lambda line: "exc_info" in line and of(line) == f"{path}-stream")
    assert [line["logger"] for line in traces] == ["uvicorn.error"]


def test_a_client_that_leaves(shop):
    with socket.create_connection(("127.0.0.1", shop.port)) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: guestbook.example\r\nX-Forwarded-Proto: https\r\n")
        client.sendall(b"X-Request-ID: leaves\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")

    line = shop.line("leaves")
    assert (line["status"], line["aborted"], line["route"]) == (200, "client left", "/endless")


def test_an_unknown_path_has_no_route(shop):
    status, headers, _ = shop.ask("/nothing/hunter2?token=hunter2")

    line = shop.line(headers["x-request-id"])
    assert (status, line["status"], line["route"]) == (404, 404, None)
    assert line["message"] == "GET (no route) 404"


def test_health_checks_are_not_logged(shop):
    assert shop.ask("/healthz")[0] == 200
    request_id = shop.ask("/take")[1]["x-request-id"]
    shop.line(request_id)

    assert shop.lines(lambda line: "healthz" in str(line), at_least=0) == []


def test_a_body_that_is_too_large(shop):
    before = len(shop.lines(lambda line: line.get("status") == 413, at_least=0))
    assert shop.ask("/take", "POST", b"x" * 1001)[0] == 413

    line = shop.lines(lambda line: line.get("status") == 413, at_least=before + 1)[-1]
    assert line["refused"] == "The request's body is larger than this server accepts."
    assert "The request's body is larger" not in [each["message"] for each in shop.lines(lambda _: True)]


def test_chunks_that_become_too_large_have_the_requests_line(shop):
    with socket.create_connection(("127.0.0.1", shop.port), timeout=60) as client:
        client.sendall(b"POST /take HTTP/1.1\r\nHost: guestbook.example\r\nTransfer-Encoding: chunked\r\n")
        client.sendall(b"X-Forwarded-Proto: https\r\nX-Request-ID: chunked\r\nExpect: 100-continue\r\n\r\n")
        # The application has begun to read the body.
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"200\r\n" + b"x" * 512 + b"\r\n")
        client.sendall(b"800\r\n" + b"x" * 2048 + b"\r\n0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")

    line = shop.line("chunked")
    assert (line["method"], line["status"]) == ("POST", 413)
    assert line["refused"] == "The request's body is larger than this server accepts."


def test_headers_that_are_too_large(shop):
    assert shop.ask("/take", **{"X-Large": "x" * 9000})[0] == 431

    (line,) = shop.lines(lambda line: line.get("status") == 431)
    assert line["message"] == "431 The request has more or larger headers than this server accepts."


def test_a_websockets_line_is_written_at_its_end(shop):
    url = f"ws://127.0.0.1:{shop.port}/echo"
    with websockets.sync.client.connect(url, additional_headers={"X-Request-ID": "socket"}, open_timeout=60) as client:
        client.send("hello")
        assert client.recv() == "hello"
        assert client.response.headers["x-request-id"] == "socket"
        assert shop.lines(lambda line: of(line) == "socket", at_least=0) == []

    line = shop.line("socket")
    assert (line["method"], line["route"], line["status"]) == ("WEBSOCKET", None, 101)


def test_a_websocket_that_is_refused(shop):
    headers = {"X-Request-ID": "refused-socket"}
    with pytest.raises(InvalidStatus):
        websockets.sync.client.connect(
            f"ws://127.0.0.1:{shop.port}/closed", additional_headers=headers, open_timeout=60
        )

    assert shop.line("refused-socket")["status"] == 403


def test_every_line_of_the_workers_is_json(shop):
    """gunicorn's master, which loads no settings of the logs, writes text."""
    texts = [line for line in shop.text().splitlines() if not line.startswith("{")]

    assert all(re.match(r"\[[^]]+\] \[\d+\] \[INFO\] (Starting|Listening|Using|Booting)", text) for text in texts), (
        texts
    )


def test_nothing_is_logged_per_request_without_the_variable(tmp_path):
    log = tmp_path / "log"
    with container(log, **{**LOGGED, "WEBAPP_ACCESS_LOG": ""}) as (_, port):
        status, headers, _ = Shop(port, log).ask("/take", **{"X-Request-ID": "given"})

    assert status == 200
    assert "x-request-id" not in headers
    assert "/take" not in log.read_text()
