"""Fixtures that send the same request to Django's own handler and to ours."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import got_request_exception, request_finished, request_started

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from tests.integration.serving.one_hop.exchange import TIMEOUT_S, Reply, exchange
from tests.integration.serving.one_hop.strategy import (  # noqa: F401  (fixtures)
    database,
    direct,
    djangos_tenants,
    opened_connections,
    per_request,
    persistent,
    pooled,
    tenants,
)
from tests.integration.serving.one_hop.threads.barrier import Barrier

_SIGNALS = {
    "request_started": request_started,
    "got_request_exception": got_request_exception,
    "request_finished": request_finished,
}

Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture(autouse=True)
def _urls_of_the_test_module(request, settings, tmp_path) -> None:
    settings.ROOT_URLCONF = request.module.__name__
    # The project's error pages reverse URL names that the test's URLconf lacks.
    settings.TEMPLATES = []
    # WhiteNoise scans all static files for each middleware chain, and these tests build hundreds.
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def one_hop() -> Iterator[Callable[..., OneHopASGIHandler]]:
    """Return a factory of our handlers, and close the handlers at the end of the test."""
    with ExitStack() as handlers:

        def make(*, threads: int = 2, max_wait_s: float = TIMEOUT_S, **limits) -> OneHopASGIHandler:
            handler = OneHopASGIHandler(threads=threads, max_wait_s=max_wait_s, **limits)
            handlers.callback(handler.close)
            return handler

        yield make


@pytest.fixture(params=["django", "ours"])
def handler(request, one_hop) -> Callable[..., Awaitable[None]]:
    """Return Django's handler or ours, created on the first request, after the test has chosen its settings."""
    made = cache(ASGIHandler if request.param == "django" else one_hop)

    async def serve(scope, receive, send) -> None:
        await made()(scope, receive, send)

    return serve


@pytest.fixture
def barrier(request) -> Iterator[Barrier]:
    """Set the barrier of the test module's views, and open it at the end so that no thread stays blocked."""
    module = sys.modules[request.module.__name__]
    module.barrier = Barrier()
    yield module.barrier
    module.barrier.open()


@pytest.fixture
def signals() -> Iterator[list[str]]:
    """Collect the names of the request signals in the order in which they are sent."""
    seen: list[str] = []
    receivers = {name: lambda name=name, **_: seen.append(name) for name in _SIGNALS}
    for name, receiver in receivers.items():
        _SIGNALS[name].connect(receiver)
    yield seen
    for name, receiver in receivers.items():
        _SIGNALS[name].disconnect(receiver)


@pytest.fixture
def both(one_hop, signals) -> Ask:
    """Return a function that sends a request to both handlers, compares replies and signals, and returns our reply."""

    async def ask(method: str, path: str, **parts) -> Reply:
        signals.clear()
        theirs = await exchange(ASGIHandler(), method, path, **parts)
        their_signals = signals.copy()
        signals.clear()
        ours = await exchange(one_hop(), method, path, **parts)

        assert ours == theirs
        assert signals == their_signals
        return ours

    return ask
