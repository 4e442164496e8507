"""The smoke test after a deploy, against a server with scripted answers."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from django_runtimes.deploy.smoke import smoke_test

pytestmark = pytest.mark.profile_free

Serve = Callable[[dict[str, list[int]]], str]


class MailServer(socketserver.StreamRequestHandler):
    """Answers as a mail server would."""

    def handle(self) -> None:
        while self.rfile.readline().strip():
            """Read the request to its end."""
        self.wfile.write(b"220 ready\r\n")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers each path with the statuses of its list in turn, and repeats the last one."""
    servers: list[ThreadingHTTPServer] = []

    def start(statuses: dict[str, list[int]]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                left = statuses[self.path]
                status = left.pop(0) if len(left) > 1 else left[0]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/login/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Keep requests out of the tests' output."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_an_application_that_answers_passes(serve: Serve):
    answers = smoke_test(serve({"/readyz": [200], "/start/": [200]}), "/start/", timeout_s=60)

    assert [(answer.path, answer.status) for answer in answers] == [("/readyz", 200), ("/start/", 200)]
    assert all(answer.is_good for answer in answers)


def test_a_loop_of_redirects_is_named(serve: Serve):
    (_, page) = smoke_test(serve({"/readyz": [200], "/login/": [302]}), "/login/", timeout_s=0)

    assert str(page) == "/login/ answers 302 (it redirects in a loop)"


def test_a_redirection_is_followed(serve: Serve):
    answers = smoke_test(serve({"/readyz": [200], "/": [302], "/login/": [200]}), "/", timeout_s=60)

    assert [answer.status for answer in answers] == [200, 200]


def test_an_application_that_starts_late_is_retried(serve: Serve):
    answers = smoke_test(serve({"/readyz": [503, 200], "/": [200]}), "/", timeout_s=30)

    assert [answer.status for answer in answers] == [200, 200]


def test_an_application_without_its_database_fails(serve: Serve):
    answers = smoke_test(serve({"/readyz": [503], "/": [200]}), "/", timeout_s=0.1)

    assert [str(answer) for answer in answers] == ["/readyz answers 503 (Service Unavailable)", "/ answers 200 (OK)"]
    assert [answer.is_good for answer in answers] == [False, True]


def test_a_closed_port_fails():
    (answer, _) = smoke_test("http://127.0.0.1:1", "/", timeout_s=0.1)

    assert not answer.is_good
    assert str(answer).startswith("/readyz answers nothing (")


def test_a_page_is_requested_as_a_browser_would(serve: Serve):
    endpoint = serve({"/readyz": [200], "/about%20us/%C3%BCber?q=50%25": [200]})

    answers = smoke_test(endpoint, "/about us/über?q=50%25", timeout_s=60)

    assert all(answer.is_good for answer in answers), answers


def test_a_server_that_does_not_speak_http_fails():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        (answer, _) = smoke_test(f"http://127.0.0.1:{server.server_address[1]}", "/", timeout_s=0.1)
        server.shutdown()

    assert str(answer) == "/readyz answers nothing (220 ready)"
