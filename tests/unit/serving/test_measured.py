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


async def headers_of(reporter, request_headers, response_headers=(), status=200):
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": list(response_headers)})
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
    assert (b"x-count", b"2") in await headers_of(reporter, [(b"please", b"1")], [(b"a", b"b")])


@pytest.mark.parametrize(
    "header",
    [
        (b"Cache-Control", b"public, max-age=60"),
        (b"cache-control", b"private, max-age=60"),
        (b"CDN-Cache-Control", b"max-age=60"),
        (b"Surrogate-Control", b"max-age=60"),
        (b"Expires", b"Thu, 01 Dec 2044 16:00:00 GMT"),
        (b"X-Accel-Expires", b"60"),
    ],
)
async def test_no_cache_may_store_a_response_with_a_report(header):
    headers = await headers_of(Counter(), [(b"please", b"1")], [header, (b"a", b"b")])

    assert headers == [(b"a", b"b"), (b"cache-control", b"no-store"), (b"x-count", b"1")]


async def test_a_response_that_updates_a_caches_headers_has_no_report():
    headers = [(b"etag", b'"1"')]

    assert await headers_of(Counter(), [(b"please", b"1")], headers, status=304) == headers


async def test_other_protocols_pass_unchanged():
    seen = []

    async def application(scope, receive, send):
        seen.append((scope, receive, send))

    reporter = Counter()
    await MeasuredResponses(application, reporter)({"type": "websocket"}, "receive", "send")

    assert seen == [({"type": "websocket"}, "receive", "send")]
    assert reporter.requests == 0
