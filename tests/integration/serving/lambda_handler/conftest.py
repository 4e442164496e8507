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


@pytest.fixture(autouse=True)
def _event_loop_of_the_thread() -> Iterator[None]:
    """Set the event loop that Mangum's constructor would otherwise create and leave open."""
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield
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
def mangum() -> Ask:
    """Return a function that passes an event to Mangum around Django's own handler."""
    return lambda event: Mangum(ASGIHandler(), lifespan="off")(event, CONTEXT)


@pytest.fixture
def both(ours, mangum) -> Ask:
    """Return a function that passes an event to both handlers, compares their replies and returns ours."""

    def ask(event: dict) -> dict:
        reply = ours(event)
        assert reply == mangum(event)
        return reply

    return ask
