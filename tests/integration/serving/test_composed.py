"""The lifespan of ASGI applications that are composed with Django's."""

import logging

import pytest

from django_runtimes.serving.composed import ComposedLifespan, StartupFailedError


def application_of(*answers, after=None):
    """Return an application that sends these lifespan messages, then raises `after`."""

    async def application(scope, receive, send):
        scope["state"]["opened"] = 1
        for answer in answers:
            await receive()
            await send({"type": f"lifespan.{answer}"})
        if after is not None:
            raise after

    return application


async def test_an_application_gets_startup_and_shutdown():
    lifespan = ComposedLifespan(application_of("startup.complete", "shutdown.complete"))

    await lifespan.start()
    assert lifespan.state == {"opened": 1}
    await lifespan.end()


async def test_an_application_without_lifespan_is_not_an_error(caplog):
    lifespan = ComposedLifespan(application_of(after=ValueError("unknown scope")))

    await lifespan.start()
    await lifespan.end()

    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_an_application_that_returns_at_once_is_not_an_error():
    lifespan = ComposedLifespan(application_of())

    await lifespan.start()
    await lifespan.end()


async def test_a_failed_startup_gives_the_reason():
    async def application(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no broker"})
        raise ConnectionError("no broker")

    with pytest.raises(StartupFailedError, match="no broker"):
        await ComposedLifespan(application).start()


@pytest.mark.parametrize("answers", [["startup.complete"], ["startup.complete", "shutdown.failed"]])
async def test_a_failed_shutdown_is_logged(caplog, answers):
    lifespan = ComposedLifespan(application_of(*answers, after=OSError("the disk is full")))
    await lifespan.start()

    await lifespan.end()

    assert "the application's shutdown failed" in caplog.text
    assert "the disk is full" in caplog.text
