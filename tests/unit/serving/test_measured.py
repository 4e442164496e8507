import pytest

from django_runtimes.serving.measured import MeasuredResponses


class Counter:
    """Reports the number of requests to clients that say `please`."""

    def __init__(self):
        self.requests = 0

    def begin(self, headers):
        self.requests += 1
        return self.report if (b"please", b"1") in headers else None

    def report(self):
        return [(b"x-count", str(self.requests).encode())]


async def headers_of(reporter, request_headers, response_headers=()):
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": list(response_headers)})
        await send({"type": "http.response.body", "body": b""})

    sent = []

    async def send(message):
        sent.append(message)

    await MeasuredResponses(application, reporter)({"type": "http", "headers": request_headers}, None, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return sent[0]["headers"]


async def test_only_requests_that_may_see_the_report_get_it():
    reporter = Counter()

    assert await headers_of(reporter, [], [(b"a", b"b")]) == [(b"a", b"b")]
    assert await headers_of(reporter, [(b"please", b"1")], [(b"a", b"b")]) == [(b"a", b"b"), (b"x-count", b"2")]


@pytest.mark.parametrize("directives", [b"public, max-age=60", b"S-MaxAge=60", b"Public"])
async def test_responses_for_shared_caches_have_no_report(directives):
    headers = [(b"Cache-Control", directives)]

    assert await headers_of(Counter(), [(b"please", b"1")], headers) == headers


async def test_responses_for_private_caches_have_the_report():
    headers = [(b"cache-control", b"private, max-age=60")]

    assert (b"x-count", b"1") in await headers_of(Counter(), [(b"please", b"1")], headers)


async def test_other_protocols_pass_unchanged():
    seen = []

    async def application(scope, receive, send):
        seen.append((scope, receive, send))

    reporter = Counter()
    await MeasuredResponses(application, reporter)({"type": "websocket"}, "receive", "send")

    assert seen == [({"type": "websocket"}, "receive", "send")]
    assert reporter.requests == 0
