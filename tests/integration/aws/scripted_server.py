"""A server that gives prepared answers over HTTP or HTTPS, and records requests and connections."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

THROTTLED = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "Rate exceeded"})
# The server reads the request and closes the connection.
NO_ANSWER = (0, {})


class Received(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class ScriptedServer:
    """Gives each answer of `script` once, and then `{"given": N}` with the number of requests."""

    url: str = ""
    script: list[tuple[int, object]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    @property
    def connections(self) -> list[int]:
        """The client's port of each request."""
        return [each.connection for each in self.received]


@contextmanager
def scripted_server(context: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Run a server during the block, with TLS if it gets a context."""
    script = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Unbuffered answers would each wait for a delayed acknowledgement.
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            script.received.append(Received(self.path, dict(self.headers), body, self.client_address[1]))
            status, answer = script.script.pop(0) if script.script else (200, {"given": len(script.received)})
            if status == 0:
                self.close_connection = True
                return
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    script.url = f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
