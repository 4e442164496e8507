"""Behind load balancers that share connections among clients, each client gets its own responses."""

import asyncio
import json
import random
import re

import pytest

from tests.integration.serving.http.answers import ANSWERS
from tests.integration.serving.http.proxies import proxy
from tests.integration.serving.http.servers import mirror_server, request

pytestmark = pytest.mark.profile_free

_CLIENTS = 24
_HOSTILE_SHARE = 0.2
_PATIENCE_S, _LARGEST_PATIENCE_S = 0.1, 5.0
# The weekly run sends ten times as many requests.
_REQUESTS = [1_000, pytest.param(10_000, marks=pytest.mark.weekly)]
# The response is late, so a smuggled request's response would reach the connection's next client.
_INNER = request("GET /late")
_CHUNKED = "Transfer-Encoding: chunked"
_LENGTH = f"Content-Length: {len(_INNER)}"
_IN_CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(_INNER), _INNER)
_TOKENS = ("websocket", "h2c", "anything", "TLS/1.0, HTTP/1.1", "HTTP/2.0", "")
_TRAILERS = b"3\r\nabc\r\n0\r\nX-Client: somebody else\r\n\r\n"
_CONNECTION_TRAILERS = (
    b"Connection: close",
    b"Connection: x, close",
    b"Proxy-Connection: close",
    b"Keep-Alive: timeout=1",
    b"Connection: Upgrade\r\nUpgrade: websocket",
    b"Content-Length: 9",
    b"Transfer-Encoding: chunked",
)
# A head, and the body in a separate segment. The proxies reject some of these requests; others reach the server.
_HOSTILE = [
    *((("POST {path}", "Connection: Upgrade", f"Upgrade: {token}", _LENGTH), _INNER) for token in _TOKENS),
    *((("POST {path}", "Connection: Upgrade", f"Upgrade: {token}", _CHUNKED), _IN_CHUNKS) for token in _TOKENS),
    (("GET {path}", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), _INNER),
    (("POST {path}", _LENGTH, _CHUNKED), _IN_CHUNKS),
    (("POST {path}", _CHUNKED, _LENGTH), b"0\r\n\r\n" + _INNER),
    (("POST {path}", _LENGTH, "Content-Length: 0"), _INNER),
    (("POST {path}", "Content-Length: 0", _LENGTH), _INNER),
    (("POST {path}", _LENGTH, _LENGTH), _INNER),
    (("POST {path}", "Content-Length : 3"), _INNER),
    (("POST {path}", f"Content-Length: +{len(_INNER)}"), _INNER),
    (("POST {path}", "Transfer-Encoding: gzip, chunked"), _IN_CHUNKS),
    (("POST {path}", "Transfer-Encoding: xchunked", _LENGTH), _INNER),
    (("POST {path}", "Transfer-Encoding: \x0bchunked"), _IN_CHUNKS),
    (("POST {path}", "Transfer-Encoding:", " chunked"), _IN_CHUNKS),
    (("POST {path}", "X-A: b", " folded: c", _LENGTH), _INNER),
    (("POST {path}", "X-A: b\n" + _LENGTH), _INNER),
    (("POST {path}", _CHUNKED), _TRAILERS),
    *((("POST {path}", _CHUNKED), b"0\r\n" + trailer + b"\r\n\r\n") for trailer in _CONNECTION_TRAILERS),
    (("POST {path}", _CHUNKED, "Trailer: X-Client"), _TRAILERS + _INNER),
    (("POST {path}", _CHUNKED), b"3;a=b\r\nabc\r\n0;c\r\n\r\n"),
    (("POST {path}", _CHUNKED), b"3\nabc\r\n0\r\n\r\n"),
    (("POST {path}", "Expect: 100-continue", _LENGTH), _INNER),
    (("POST /unread", _LENGTH), _INNER),
    (("POST /unread", "Expect: 100-continue", _LENGTH), _INNER),
    (("HEAD {path}", _LENGTH), _INNER),
    (("GET {path}", _LENGTH), _INNER),
    (("GET /late", "Connection: close"), _INNER),
    (("GET /fail",), _INNER),
    (("POST {path}", "Content-Length: 99999999999"), _INNER),
    (("GET {path}", *["X-A: b"] * 150), b""),
    # Ambiguous responses, and HEAD requests for streams.
    *(((f"{method} /answers/{name}",), b"") for name in ANSWERS for method in ("GET", "HEAD")),
    *((("HEAD /events",), b""),) * 5,
]


class Client:
    """Requests paths that no other client requests, and records every response that belongs to another client."""

    def __init__(self, port: int, name: str) -> None:
        self._port, self._name = port, name
        self._random = random.Random(name)
        self.answered = 0
        self.hostile_that_arrived = 0
        self.foreign: list[bytes] = []
        # Some hostile requests get no response, and a busy machine takes longer over the others.
        self._patience_s = _PATIENCE_S

    async def ask(self, count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        number = 0
        # The proxy rejects some of the hostile requests.
        while self.answered < count or self.hostile_that_arrived < count * _HOSTILE_SHARE / 10:
            number += 1
            path = f"/{self._name}/{number}"
            if self._random.random() < _HOSTILE_SHARE:
                await self._ask_hostile(path)
                continue
            writer.write(request(f"GET {path}", f"X-Client: {self._name}"))
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1]))
            self.answered += 1
            content = json.loads(body) if head.startswith(b"HTTP/1.1 200") else {}
            if content.get("path") != path or ["x-client", self._name] not in content["headers"]:
                self.foreign.append(body)
            if b"connection: close" in head.lower():
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.close()

    async def _ask_hostile(self, path: str) -> None:
        """Send one hostile request over a new connection, and record any response that belongs to another path."""
        (line, *headers), body = self._random.choice(_HOSTILE)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        raw = b""
        try:
            writer.write(request(line.format(path=path), *headers, f"X-Client: {self._name}"))
            await asyncio.sleep(0.002)
            writer.write(body)
            async with asyncio.timeout(self._patience_s):
                while data := await reader.read(65536):
                    raw += data
        except (OSError, TimeoutError):
            pass
        writer.close()
        self._patience_s = _PATIENCE_S if raw else min(2 * self._patience_s, _LARGEST_PATIENCE_S)
        self.answered += bool(raw)
        self.hostile_that_arrived += f'"path": "{path}"'.encode() in raw
        for found in re.findall(rb'"path": "(/[^"]*)"', raw):
            # A proxy may have parsed the body as this client's second request, for /late.
            if found.decode() not in {path, "/late"}:
                self.foreign.append(raw)


@pytest.mark.parametrize(
    "program", [pytest.param(name, marks=pytest.mark.needs(name)) for name in ("nginx", "haproxy")]
)
@pytest.mark.parametrize("requests", _REQUESTS)
async def test_no_client_gets_anothers_response(tmp_path, program, requests):
    with mirror_server(tmp_path) as server, proxy(program, server.port, tmp_path) as port:
        clients = [Client(port, f"client-{number}") for number in range(_CLIENTS)]
        async with asyncio.timeout(600):
            await asyncio.gather(*(client.ask(requests // _CLIENTS + 1) for client in clients))

    assert [answer for client in clients for answer in client.foreign] == []
    assert sum(client.answered for client in clients) >= requests
