"""Fixtures that pass one event to our Lambda handler and to Mangum around Django's own handler."""

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from django.core.handlers.asgi import ASGIHandler
from mangum import Mangum

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from tests.integration.serving.one_hop.strategy import (  # noqa: F401  (fixtures)
    database,
    direct,
    opened_connections,
    per_request,
    persistent,
    pooled,
    tenants,
)

CONTEXT = SimpleNamespace(aws_request_id="c6af9ac6", function_name="web", memory_limit_in_mb="1024")

Ask = Callable[[dict], dict]


@pytest.fixture(autouse=True)
def _urls_of_the_test_module(request, settings, tmp_path) -> None:
    settings.ROOT_URLCONF = request.module.__name__
    # The project's error pages reverse URL names that the test's URLconf lacks.
    settings.TEMPLATES = []
    # WhiteNoise scans all static files for each middleware chain, and these tests build hundreds.
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def loop_of_mangum() -> Iterator[asyncio.AbstractEventLoop]:
    """Yield an event loop for Mangum, whose constructor would otherwise create one and leave it open."""
    with asyncio.Runner() as runner:
        yield runner.get_loop()
    asyncio.set_event_loop(None)


@pytest.fixture
def ours() -> Iterator[Ask]:
    """Return a function that creates our handler on the first event, after the test has chosen its settings."""
    made: list[DirectLambdaHandler] = []

    def ask(event: dict) -> dict:
        if not made:
            made.append(DirectLambdaHandler())
        return made[0](event, CONTEXT)

    yield ask
    for handler in made:
        handler.close()


@pytest.fixture
def mangum(loop_of_mangum) -> Ask:
    """Return a function that passes an event to Mangum around Django's own handler."""

    def ask(event: dict) -> dict:
        asyncio.set_event_loop(loop_of_mangum)
        return Mangum(ASGIHandler(), lifespan="off")(event, CONTEXT)

    return ask


@pytest.fixture
def both(ours, mangum) -> Ask:
    """Return a function that passes an event to both handlers, compares their replies and returns ours."""

    def ask(event: dict) -> dict:
        reply = ours(event)
        assert reply == mangum(event)
        return reply

    return ask
