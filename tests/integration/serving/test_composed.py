"""The lifespan of applications beside Django's."""

import logging

import pytest

from django_runtimes.serving.composed import ComposedLifespan, StartupFailedError


def application_of(*answers, after=None):
    """One that answers the start and the end so, then raises `after`."""

    async def application(scope, receive, send):
        scope["state"]["opened"] = 1
        for answer in answers:
            await receive()
            await send({"type": f"lifespan.{answer}"})
        if after is not None:
            raise after

    return application


async def test_an_application_is_told_of_its_start_and_its_end():
    lifespan = ComposedLifespan(application_of("startup.complete", "shutdown.complete"))

    await lifespan.start()
    assert lifespan.state == {"opened": 1}
    await lifespan.end()


async def test_one_that_knows_no_lifespan_is_left_alone(caplog):
    lifespan = ComposedLifespan(application_of(after=ValueError("unknown scope")))

    await lifespan.start()
    await lifespan.end()

    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_one_that_returns_at_once_is_left_alone():
    lifespan = ComposedLifespan(application_of())

    await lifespan.start()
    await lifespan.end()


async def test_a_start_that_fails_says_why():
    async def application(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no broker"})
        raise ConnectionError("no broker")

    with pytest.raises(StartupFailedError, match="no broker"):
        await ComposedLifespan(application).start()


@pytest.mark.parametrize("answers", [["startup.complete"], ["startup.complete", "shutdown.failed"]])
async def test_an_end_that_fails_is_logged(caplog, answers):
    lifespan = ComposedLifespan(application_of(*answers, after=OSError("the disk is full")))
    await lifespan.start()

    await lifespan.end()

    assert "the application's shutdown failed" in caplog.text
    assert "the disk is full" in caplog.text
