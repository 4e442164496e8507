"""A pipelined request starts in the server's context, not in the context of the request before it."""

import pytest

from tests.integration.serving.http.servers import OURS, STOCK, mirror_server, request, talk

pytestmark = pytest.mark.profile_free


@pytest.mark.parametrize(
    ("worker", "found"),
    [(STOCK, ["nothing", "/1", "/2"]), (OURS, ["nothing", "nothing", "nothing"])],
    ids=["uvicorn's", "ours"],
)
def test_a_pipelined_request_starts_in_a_clean_context(tmp_path, worker, found):
    with mirror_server(tmp_path, worker=worker) as server:
        received = talk(server.port, b"".join(request(f"GET /{number}") for number in (1, 2, 3)), answers=3)

    assert [content["left_behind"] for content in received.contents] == found


def test_a_request_after_a_large_body_starts_in_a_clean_context(port):
    body = b"x" * 300_000

    received = talk(port, *[request("POST /1", f"Content-Length: {len(body)}", body=body)] * 2, answers=2)

    assert [content["left_behind"] for content in received.contents] == ["nothing", "nothing"]
