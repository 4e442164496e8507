"""Local servers in place of the vendors', which parse the tools' data into records."""

import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.integration.instruments.messagepack import unpack

Record = dict[str, Any]
Parse = Callable[[bytes], Iterable[Record]]


class Receiver(ThreadingHTTPServer):
    """Answers every request with `answer` and keeps the records that `parse` finds in bodies posted to `path`."""

    daemon_threads = True
    # The listen backlog; tools open many connections at once.
    request_queue_size = 128

    def __init__(self, path: str, parse: Parse, answer: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.path = path
        self.parse = parse
        self.answer = json.dumps(answer).encode()
        self.records: list[Record] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self._body()
        if self.path.startswith(self.server.path):
            self.server.records.extend(self.server.parse(body))
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_POST()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *args: Any) -> None:
        """Log nothing; the tests report failures."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.headers.get("Content-Encoding"):
            case "gzip":
                return gzip.decompress(body)
            case "deflate":
                return zlib.decompress(body)
        return body

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk


@contextmanager
def receiver(path: str, parse: Parse, answer: dict[str, Any]) -> Iterator[Receiver]:
    """Run a server until the block ends."""
    with Receiver(path, parse, answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def datadog_records(body: bytes) -> Iterator[Record]:
    """Yield a record for each request's span, and another if a span of its trace has an error."""
    for trace in unpack(body):
        for span in trace:
            if span["name"] != "django.request":
                continue
            meta = span["meta"]
            fields = {
                "name": span["resource"],
                "url": meta["http.url"],
                "user": meta.get("usr.id"),
                "tenant": meta.get("tenant"),
                "crumbs": [],
            }
            started = span["start"] / 1e9
            ended = started + span["duration"] / 1e9
            status = int(meta["http.status_code"])
            yield {**fields, "kind": "request", "status": status, "started": started, "ended": ended}
            error = next((other["meta"]["error.type"] for other in trace if "error.type" in other["meta"]), None)
            if error is not None:
                yield {**fields, "kind": "error", "error": error}


def elastic_records(body: bytes) -> Iterator[Record]:
    """Yield a record for each transaction and each error."""
    for line in body.splitlines():
        ((kind, event),) = json.loads(line).items()
        if kind not in {"transaction", "error"}:
            continue
        context = event.get("context", {})
        fields = {
            "url": context.get("request", {}).get("url", {}).get("full"),
            "user": context.get("user", {}).get("id"),
            "tenant": context.get("tags", {}).get("tenant"),
            "crumbs": [],
        }
        if kind == "error":
            name = event.get("transaction", {}).get("name")
            yield {**fields, "kind": "error", "name": name, "error": event["exception"]["type"]}
        else:
            started = event["timestamp"] / 1e6
            yield {
                **fields,
                "kind": "request",
                "name": event["name"],
                "status": context.get("response", {}).get("status_code"),
                "started": started,
                "ended": started + event["duration"] / 1e3,
            }
