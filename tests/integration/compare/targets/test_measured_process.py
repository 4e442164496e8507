"""The measurements that a served application reports in its responses."""

import time
from contextlib import AsyncExitStack

import aiohttp
import pytest

from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.load.access import FORWARDED_HEADERS
from django_runtimes.compare.meters.pool_wait_files import read_pool_waits
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.config.http.measurement_token import FACTS_HEADER, TOKEN_HEADER, read_facts, signed_token
from django_runtimes.config.values.wait_buckets import read_waits

HANDLER = "django_runtimes.entrypoints.aws_lambda.handler"
KEY = "0123456789abcdef0123456789abcdef"


async def facts_of(session: aiohttp.ClientSession, url: str, *, key: str = KEY) -> dict[str, str] | None:
    token = signed_token(key, now_s=time.time(), nonce="test")
    async with session.get(f"{url}/backend", headers={TOKEN_HEADER: token}) as answer:
        assert answer.status == 200
        text = answer.headers.get(FACTS_HEADER)
    return None if text is None else read_facts(text, KEY, token=token)


async def test_a_container_reports_its_pool(notes_environ, tmp_path):
    environ = notes_environ("aws_ecs/pool/direct") | {
        "WEBAPP_MEASUREMENT_KEY": KEY,
        "WEBAPP_WORKERS": "1",
        "WEBAPP_DB_POOL_MAX_SIZE": "3",
    }

    async with AsyncExitStack() as stack:
        target = await stack.enter_async_context(ContainerTarget(environ, log=tmp_path / "server.log"))
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=FORWARDED_HEADERS))
        async with session.get(f"{target.url}/backend") as answer:
            assert FACTS_HEADER not in answer.headers
        assert await facts_of(session, target.url, key="x" * 32) is None
        facts = await facts_of(session, target.url)

    assert (facts["runtime"], facts["strategy"], facts["route"]) == ("aws_ecs", "pool", "direct")
    # Requests for /healthz are counted too.
    assert int(facts["served"]) >= 3
    assert 1 <= int(facts["connections"]) <= 3
    assert 1 <= int(facts["opened"]) <= 3
    assert 0 < int(facts["ready_ms"]) < int(facts["age_ms"])
    total_us, waits = read_waits(facts["pool_waits"])
    assert sum(waits.values()) >= 1
    assert total_us > 0
    # A Django process has used more than this to start.
    assert float(facts["cpu_ms"]) > 50
    assert 20 < float(facts["peak_rss_mb"]) < 1_000


async def test_a_container_keeps_the_waits_for_its_pool_in_files(notes_environ, tmp_path):
    directory = tmp_path / "waits"
    directory.mkdir()
    environ = notes_environ("aws_ecs/pool/direct") | {"WEBAPP_POOL_WAITS_DIRECTORY": str(directory)}

    async with AsyncExitStack() as stack:
        target = await stack.enter_async_context(ContainerTarget(environ, log=tmp_path / "server.log"))
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=FORWARDED_HEADERS))
        before, began_s = read_pool_waits(directory), time.monotonic()
        for _ in range(5):
            async with session.get(f"{target.url}/backend") as answer:
                assert answer.status == 200
        waits = read_pool_waits(directory).since(before)
        lasted_ms = 1_000 * (time.monotonic() - began_s)

    assert waits.number == 5
    assert 0 < 5 * waits.mean_ms < lasted_ms


async def test_a_service_without_the_key_reports_nothing(notes_environ, tmp_path):
    async with AsyncExitStack() as stack:
        target = await stack.enter_async_context(
            ContainerTarget(notes_environ("aws_ecs/pool/direct"), log=tmp_path / "server.log")
        )
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=FORWARDED_HEADERS))

        assert await facts_of(session, target.url) is None


@pytest.mark.parametrize(("strategy", "opened"), [("per_request", ["1", "2"]), ("persistent", ["1", "1"])])
async def test_a_function_reports_its_first_request_and_connections(notes_environ, tmp_path, strategy, opened):
    environ = notes_environ(f"aws_lambda/{strategy}/direct") | {"WEBAPP_MEASUREMENT_KEY": KEY}

    async with AsyncExitStack() as stack:
        target = await stack.enter_async_context(LambdaTarget(Function("notes", HANDLER, environ, tmp_path / "logs")))
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=FORWARDED_HEADERS))
        facts = [await facts_of(session, target.url) for _ in range(2)]

    assert [each["served"] for each in facts] == ["0", "1"]
    assert [each["opened"] for each in facts] == opened
    assert [each["connections"] for each in facts] == ["1", "1"]
    assert facts[0]["process"] == facts[1]["process"]
    assert facts[0]["runtime"] == "aws_lambda"


async def test_a_key_that_could_be_guessed_stops_the_server(notes_environ, tmp_path):
    environ = notes_environ("aws_ecs/pool/direct") | {"WEBAPP_MEASUREMENT_KEY": "short-secret"}

    with pytest.raises(Exception, match="WEBAPP_MEASUREMENT_KEY has 12 characters; generate one of at least 32"):
        await ContainerTarget(environ, log=tmp_path / "server.log").__aenter__()
    assert "short-secret" not in (tmp_path / "server.log").read_text()
