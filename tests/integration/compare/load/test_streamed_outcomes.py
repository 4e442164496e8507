"""The times of a stream, measured by the load generator against real servers on this machine."""

import asyncio
import time

from aiohttp import web

from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.http_connection import HttpConnection
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.workload.workload import RequestTemplate
from tests.integration.compare.load.serving import serving

READ = RequestTemplate(
    name="read", scenario="read", method="GET", path="/read", headers={}, body=None, share=1, expected_status=200
)


async def test_a_stream_has_the_time_of_its_first_byte(monkeypatch):
    received, sent_s = asyncio.Event(), []
    on_body = HttpConnection.on_body

    def note(connection: HttpConnection, body: bytes) -> None:
        on_body(connection, body)
        received.set()

    monkeypatch.setattr(HttpConnection, "on_body", note)

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one")
        # The client has the first byte before the second part is sent.
        await received.wait()
        sent_s.append(time.perf_counter())
        await response.write(b"two")
        return response

    async with serving(handler) as url, LoadGenerator() as generator:
        begun_s = time.perf_counter()
        streamed = await generator.stream(url, READ, ledger=Ledger("1a", 0))

    assert (streamed.outcome.error, streamed.size_bytes) == (None, 6)
    assert 0 < streamed.first_byte_ms <= (sent_s[0] - begun_s) * 1_000
    assert streamed.first_byte_ms < streamed.outcome.latency_ms


async def test_a_stream_with_another_status_is_an_error():
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=404, text="no")

    async with serving(handler) as url, LoadGenerator() as generator:
        streamed = await generator.stream(url, READ, ledger=Ledger("1a", 0))

    assert streamed.outcome.error == "status_404"
