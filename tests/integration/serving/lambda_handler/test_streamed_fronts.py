"""Which fronts get a stream, and what the handler sends to the loop."""

import json
import signal

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from django_runtimes.serving.aws_lambda.runtime_loop.stream_outlet import StreamOutlet
from django_runtimes.serving.aws_lambda.streams import reply_stream
from django_runtimes.serving.aws_lambda.streams.reply_stream import StreamOverError
from django_runtimes.serving.aws_lambda.streams.stream_front import StreamingFront, StreamingReplies
from tests.integration.entrypoints.test_aws_lambda import event_for


class Context:
    """A context whose deadline is 20 s away."""

    aws_request_id = "c6af9ac6"
    left_ms = 20_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


class Client:
    """Records what a stream sends."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def begin_stream(self) -> None:
        self.sent.append(b"begin")

    def send_chunk(self, chunk: bytes | memoryview) -> None:
        self.sent.append(bytes(chunk))


def stream(request):
    response = StreamingHttpResponse(iter([b"one", b"", b"x" * 70_000]), headers={"X-One": "1"})
    response.set_cookie("first", "1")
    response.set_cookie("second", "2")
    return response


async def stream_asynchronously(request):
    async def chunks():
        yield b"one"
        yield b"two"

    return StreamingHttpResponse(chunks())


def answer(request):
    return HttpResponse("whole")


urlpatterns = [path("stream", stream), path("async", stream_asynchronously), path("whole", answer)]


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def ask(client):
    """Send an event to a handler that streams through a front."""
    made = []

    def send(front: StreamingFront, event: dict, *, left_ms: int = 20_000) -> dict:
        outlet = StreamOutlet()
        outlet.client = client
        handler = DirectLambdaHandler(streams=StreamingReplies(front, outlet, max_s=60.0))
        made.append(handler)
        context = Context()
        context.left_ms = left_ms
        return handler(event, context)

    yield send
    for handler in made:
        handler.close()


def prelude_of(sent: bytes) -> dict:
    text = sent.removesuffix(b"\0" * 8)
    assert len(sent) - len(text) == 8
    return json.loads(text)


def test_a_function_url_gets_a_prelude_and_the_raw_chunks(ask, client):
    ask(StreamingFront.FUNCTION_URL, event_for("http_api_v2", "GET", "/stream"))

    begin, head, *chunks = client.sent
    prelude = prelude_of(head)
    assert begin == b"begin"
    assert set(prelude) == {"statusCode", "headers", "cookies"}
    assert (prelude["statusCode"], prelude["headers"]["x-one"]) == (200, "1")
    assert [cookie.partition(";")[0] for cookie in prelude["cookies"]] == ["first=1", "second=2"]
    assert [len(chunk) for chunk in chunks] == [3, 65_536, 4_464]


def test_a_rest_api_gets_headers_with_several_values(ask, client):
    ask(StreamingFront.REST_API, event_for("rest_api_v1", "GET", "/stream"))

    prelude = prelude_of(client.sent[1])
    assert [cookie.partition(";")[0] for cookie in prelude["multiValueHeaders"]["set-cookie"]] == [
        "first=1",
        "second=2",
    ]
    assert b"".join(client.sent[2:]) == b"one" + b"x" * 70_000


@pytest.mark.parametrize(
    ("front", "event"),
    [
        (StreamingFront.FUNCTION_URL, "rest_api_v1"),
        (StreamingFront.FUNCTION_URL, "load_balancer"),
        (StreamingFront.REST_API, "http_api_v2"),
        (StreamingFront.REST_API, "load_balancer"),
    ],
)
def test_other_fronts_get_one_reply(ask, client, front, event):
    reply = ask(front, event_for(event, "GET", "/stream"))

    assert client.sent == []
    assert reply["statusCode"] == 200
    assert len(reply["body"]) >= 70_003


def test_a_whole_response_is_one_reply(ask, client):
    reply = ask(StreamingFront.FUNCTION_URL, event_for("http_api_v2", "GET", "/whole"))

    assert (client.sent, reply["body"]) == ([], "whole")


def test_without_the_librarys_loop_a_stream_is_one_reply():
    handler = DirectLambdaHandler(streams=StreamingReplies(StreamingFront.FUNCTION_URL, StreamOutlet(), max_s=60))
    try:
        reply = handler(event_for("http_api_v2", "GET", "/async"), Context())
    finally:
        handler.close()

    assert reply["body"] == "onetwo"


@pytest.mark.parametrize("path", ["/stream", "/async"])
def test_a_stream_ends_5_s_before_the_deadline(ask, client, path):
    with pytest.raises(StreamOverError, match=f"GET {path}: the stream is ended after 0 s, its limit"):
        ask(StreamingFront.FUNCTION_URL, event_for("http_api_v2", "GET", path), left_ms=4_900)

    assert len(client.sent) == 2


@pytest.mark.parametrize("path", ["/stream", "/async"])
def test_a_stream_of_more_than_lambda_sends_is_an_error(ask, client, monkeypatch, path):
    monkeypatch.setattr(reply_stream, "_MAX_BYTES", 5)

    with pytest.raises(StreamOverError, match=f"GET {path}: the stream exceeds 5 bytes, Lambda's limit"):
        ask(StreamingFront.FUNCTION_URL, event_for("http_api_v2", "GET", path))

    assert client.sent[2:] == [b"one"]


def test_the_alarm_is_off_after_a_stream(ask, client):
    ask(StreamingFront.FUNCTION_URL, event_for("http_api_v2", "GET", "/stream"))

    # Without a handler, the signal would end this process.
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert client.sent[2] == b"one"
