"""A request with an Upgrade header is framed like any other request."""

import asyncio
import socket
import subprocess

import pytest
import websockets

from tests.integration.serving.http.servers import receive, request, talk

pytestmark = pytest.mark.profile_free

_INNER = request("GET /smuggled")
_UPGRADES = {
    "websocket": ("Connection: Upgrade", "Upgrade: websocket"),
    "h2c": ("Connection: Upgrade", "Upgrade: h2c"),
    "any token": ("Connection: keep-alive, Upgrade", "Upgrade: anything"),
    "none": (),
    "as Java's HttpClient": (
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    ),
    "several": ("Connection: upgrade", "UPGRADE: TLS/1.0, h2c, websocket"),
    "two headers": ("Connection: Upgrade", "Upgrade: h2c", "upgrade: websocket"),
    "two connections": ("Connection: close, upgrade", "Connection: keep-alive", "Upgrade: h2c"),
    "from a proxy": ("Proxy-Connection: upgrade", "Upgrade: h2c"),
    "empty": ("Connection: Upgrade", "Upgrade:"),
}
_HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==",
)
_FRAMINGS = {
    "length": ((f"Content-Length: {len(_INNER)}",), _INNER),
    "chunks": (("Transfer-Encoding: chunked",), b"%x\r\n%b\r\n0\r\n\r\n" % (len(_INNER), _INNER)),
}


@pytest.mark.parametrize("cut", ["whole", "at the body", "in the head", "in the body"])
@pytest.mark.parametrize("framing", _FRAMINGS)
@pytest.mark.parametrize("upgrade", _UPGRADES)
def test_a_request_with_an_upgrade_keeps_its_body(port, upgrade, framing, cut):
    headers, body = _FRAMINGS[framing]
    whole = request("POST /outer", *_UPGRADES[upgrade], *headers, body=body)
    at = {"whole": 0, "at the body": len(whole) - len(body), "in the head": 30, "in the body": len(whole) - 9}[cut]

    received = talk(port, *(piece for piece in (whole[:at], whole[at:]) if piece), pause_s=0.05, patience_s=0.2)

    assert received.statuses == [200]
    assert [(content["path"], content["body"]) for content in received.contents] == [("/outer", _INNER.decode())]


def test_the_application_sees_the_upgrade_header(port):
    received = talk(port, request("GET /", "Connection: Upgrade", "Upgrade: h2c", "X-After: 1"))

    headers = received.contents[0]["headers"]
    assert ["upgrade", "h2c"] in headers
    assert ["connection", "Upgrade"] in headers
    assert ["x-after", "1"] in headers


def test_bytes_after_an_upgrade_are_the_next_request(port):
    first = request("POST /1", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 3", body=b"abc")

    received = talk(port, first + request("GET /2") + first, answers=3)

    assert [content["path"] for content in received.contents] == ["/1", "/2", "/1"]


@pytest.mark.needs("curl")
def test_curl_upgrading_to_http_2_posts_its_body(port):
    url = f"http://127.0.0.1:{port}/curl"

    posted = subprocess.run(
        ["curl", "-s", "--http2", "-d", "x" * 3000, url], capture_output=True, check=True, timeout=60
    )

    assert b'"path": "/curl"' in posted.stdout
    assert b"x" * 3000 in posted.stdout


def test_the_connect_method_is_rejected(port):
    received = talk(port, b"CONNECT guestbook.example:80 HTTP/1.1\r\nHost: guestbook.example\r\n\r\n" + _INNER)

    assert (received.statuses, received.closed) == ([501], True)


async def test_websockets_open_and_echo(port):
    async with websockets.connect(f"ws://127.0.0.1:{port}/socket", open_timeout=60) as client:
        await client.send("hello")

        assert await asyncio.wait_for(client.recv(), 60) == "hello"


@pytest.mark.parametrize("cut", [True, False], ids=["a segment of its own", "the same segment"])
def test_a_frame_before_the_handshakes_response_is_queued(port, cut):
    handshake, frame = request("GET /slow", *_HANDSHAKE), b"\x81\x82\0\0\0\0hi"

    received = talk(port, *((handshake, frame) if cut else (handshake + frame,)), ending=b"\x81\x02hi")

    assert received.heads == 1
    assert received.raw.startswith(b"HTTP/1.1 101 ")
    assert received.raw.endswith(b"\x81\x02hi")


@pytest.mark.parametrize("cut", [True, False], ids=["a segment of its own", "the same segment"])
def test_a_request_after_a_handshake_closes_the_websocket(server, cut):
    handshake = request("GET /slow", *_HANDSHAKE)

    received = talk(server.port, *((handshake, _INNER) if cut else (handshake + _INNER,)), closes=True)

    assert (received.heads, received.closed) == (1, True)
    assert received.raw.startswith(b"HTTP/1.1 101 ")
    assert "Traceback" not in server.log.read_text().rpartition("/slow")[2]


@pytest.mark.parametrize("path", ["/refused", "/failed"])
def test_bytes_after_a_rejected_handshake_get_no_response(server, path):
    received = talk(server.port, request(f"GET {path}", *_HANDSHAKE) + _INNER, closes=True)

    assert (received.heads, received.closed) == (1, True)
    assert received.raw.startswith(b"HTTP/1.1 403 " if path == "/refused" else b"HTTP/1.1 500 ")


@pytest.mark.parametrize("head", [("GET /", "Content-Length: 5"), ("POST /",)], ids=["with a body", "another method"])
def test_an_invalid_handshake_request_is_served_as_http(port, head):
    received = talk(port, request(*head, *_HANDSHAKE, body=b"hello" if "GET" in head[0] else b""))

    assert received.statuses == [200]


def test_a_rejected_request_closes_without_a_reset(port):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(request("POST /", "Content-Length: 999999999"))
        received = receive(client)
        for _ in range(20):
            client.sendall(_INNER)

    assert (received.statuses, received.closed) == ([413], True)
