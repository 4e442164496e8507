"""The limits and headers of a generator that reaches a deployed target."""

import time
from types import SimpleNamespace

import pytest
from aiohttp import web

from django_runtimes.compare.load import generator
from django_runtimes.compare.load.access import Access
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.workload.workload import RequestTemplate
from tests.integration.compare.load.serving import serving

READ = RequestTemplate(name="page", scenario="read", share=1.0, method="GET", path="/", headers={})


class Reader:
    """Signs with a counter, and keeps what it reads."""

    def __init__(self):
        self.read_headers = []

    def sign(self):
        return {"X-Sign": str(len(self.read_headers))}

    def read(self, sent, answered, latency_ms):
        self.read_headers.append((sent["X-Sign"], answered.get("X-Echo"), latency_ms > 0))


async def respond_200(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response()


@pytest.mark.parametrize("clients", [1, 8])
async def test_a_saturating_load_stays_below_the_highest_rate(clients):
    access = Access("app.example.org", {}, max_rate_rps=50)
    async with serving(respond_200) as url, LoadGenerator(access=access) as generator:
        block = await generator.saturate(url, [READ], clients=clients, duration_s=0.5, seed=1, ledger=Ledger("run", 0))

    assert 1 <= block.sent <= 25


def test_the_highest_rate_is_reached(monkeypatch):
    clock = SimpleNamespace(perf_counter=lambda: clock.now_s, now_s=100.0)
    monkeypatch.setattr(generator, "time", clock)
    next_due = generator._paced(4.0)

    assert [next_due() for _ in range(3)] == [100.0, 100.25, 100.5]
    # A late request does not make the next ones follow faster.
    clock.now_s = 103.0
    assert [next_due() for _ in range(2)] == [103.0, 103.25]


async def test_bursts_stay_below_the_highest_rate():
    access = Access("app.example.org", {}, max_rate_rps=20)
    async with serving(respond_200) as url, LoadGenerator(access=access) as generator:
        started = time.monotonic()
        blocks = [await generator.burst(url, [READ], count=40, seed=1, ledger=Ledger("run", 0)) for _ in range(2)]

    assert [block.sent for block in blocks] == [20, 20]
    assert time.monotonic() - started >= 2


async def test_requests_are_signed_and_have_the_targets_own_headers():
    seen = []

    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        seen.append((request.headers["Host"], request.headers["X-Key"], request.headers.get("X-Forwarded-Proto")))
        return web.Response(headers={"X-Echo": request.headers["X-Sign"]})

    reader = Reader()
    access = Access("app.example.org", {"X-Key": "k"}, reader=reader)
    async with serving(echo) as url, LoadGenerator(access=access) as generator:
        for _ in range(2):
            outcome = await generator.single(url, READ, ledger=Ledger("run", 0))
            assert outcome.ok, outcome.seen

    assert seen == [("app.example.org", "k", None)] * 2
    assert reader.read_headers == [("0", "0", True), ("1", "1", True)]


async def test_redirects_are_not_followed():
    async def redirect(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"})

    async with serving(redirect) as url, LoadGenerator(access=Access("app.example.org", {})) as generator:
        outcome = await generator.single(url, READ, ledger=Ledger("run", 0))

    assert outcome.error == "status_302"
    assert "expected 200, got 302 to http://127.0.0.1:1/elsewhere" in outcome.seen


@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        ({"x-amzn-ErrorType": "AccessDeniedException"}, "the front (AccessDeniedException) refused the request"),
        ({"Server": "CloudFront"}, "the front (CloudFront) refused the request"),
        ({}, "check the workload's path"),
    ],
)
async def test_a_refusal_of_the_front_is_told_from_the_applications(headers, complaint):
    async def refuse(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=403, headers=headers)

    async with serving(refuse) as url, LoadGenerator(access=Access("app.example.org", {})) as generator:
        outcome = await generator.single(url, READ, ledger=Ledger("run", 0))

    assert "expected 200, got 403; " in outcome.seen
    assert complaint in outcome.seen


@pytest.mark.parametrize(
    ("url", "error", "complaint"),
    [
        ("https://name.invalid", "dns_failure", "the name 'name.invalid' has no address"),
        ("http://127.0.0.1:1", "connection_refused", "cannot connect to 127.0.0.1:1: Connection refused"),
    ],
)
async def test_a_host_that_cannot_be_reached_is_named(url, error, complaint):
    async with LoadGenerator(access=Access("app.example.org", {})) as generator:
        outcome = await generator.single(url, READ, ledger=Ledger("run", 0))

    assert outcome.error == error
    assert outcome.seen.startswith(complaint)
    assert outcome.seen.endswith("check that the target is running, and that this machine can reach it")
