"""A Runtime API that records the bytes of each request, and answers with those of a script."""

import re
import socket
import threading
from collections.abc import Sequence

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
HANG_UP = b""
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)


def next_answer(payload: bytes = b"{}", **headers: str) -> bytes:
    """Return the answer to the request for an invocation, with headers named as in `Deadline_Ms`."""
    fields = {"Aws_Request_Id": "first", "Deadline_Ms": "1795411990250", "Invoked_Function_Arn": "arn:f"} | headers
    head = "".join(f"Lambda-Runtime-{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    length = len(payload)
    lines = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{head}Content-Length: {length}\r\n\r\n"
    return lines.encode() + payload


class ScriptedApi:
    """Answers one request after another, and closes the connection at HANG_UP and at the script's end."""

    def __init__(self, script: Sequence[bytes]) -> None:
        self._script = list(script)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        self.requests: list[bytes] = []
        # The number of the connection on which each request arrived.
        self.connections: list[int] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()
        self._thread.join(60)

    def _serve(self) -> None:
        number = 0
        while self._script:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                number += 1
                while self._script and (request := _request(stream)):
                    self.requests.append(request)
                    self.connections.append(number)
                    answer = self._script.pop(0)
                    if answer == HANG_UP:
                        break
                    connection.sendall(answer)
        self._listener.close()


def _request(stream) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b""
        head += line
    if b"\r\nTransfer-Encoding: chunked\r\n" in head:
        return head + _chunks(stream)
    length = _LENGTH.search(head)
    return head + (stream.read(int(length[1])) if length else b"")


def _chunks(stream) -> bytes:
    body = b""
    while not body.endswith(b"0\r\n"):
        line = stream.readline()
        body += line
        if size := int(line, 16):
            body += stream.read(size + 2)
    while (line := stream.readline()) != b"\r\n":
        body += line
    return body + line
