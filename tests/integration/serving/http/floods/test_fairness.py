"""A client that keeps the server busy does not starve other clients."""

import socket
import threading

import pytest

from tests.integration.serving.http.servers import receive, request, talk

pytestmark = pytest.mark.profile_free

_CHUNKED = request("POST /", "Transfer-Encoding: chunked")
_TINY = b"1\r\na\r\n"


def test_a_body_in_tiny_chunks_arrives_whole(port):
    received = talk(port, _CHUNKED + _TINY * 5_000 + b"0\r\n\r\n" + request("GET /next"), answers=2)

    assert received.statuses == [200, 200]
    assert [content["path"] for content in received.contents] == ["/", "/next"]
    assert received.contents[0]["body"] == "a" * 5_000


def test_endless_tiny_chunks_are_refused_and_other_clients_are_served(port):
    refused = []

    def send() -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            client.sendall(_CHUNKED)
            client.sendall(_TINY * 200_000)
            refused.append(receive(client).statuses)

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    answered = [talk(port, request("GET /", "Connection: close")).statuses for _ in range(5)]
    for sender in senders:
        sender.join()

    assert answered == [[200]] * 5
    assert refused == [[400]] * 4
