"""An emulated container that runs a real application on a real PostgreSQL."""

import asyncio

import aiohttp
import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.access import FORWARDED_HEADERS
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.workload.reading import load_workload

from .conftest import NOTES


async def backends(target: ContainerTarget, requests: int) -> set[str]:
    async with aiohttp.ClientSession(headers=FORWARDED_HEADERS) as session:

        async def backend() -> str:
            async with session.get(f"{target.url}/backend") as answer:
                assert answer.status == 200
                return await answer.text()

        return set(await asyncio.gather(*(backend() for _ in range(requests))))


async def test_a_pool_bounds_the_connections_of_each_worker(notes_environ, tmp_path):
    environ = notes_environ("aws_ecs/pool/direct") | {
        "WEBAPP_WORKERS": "1",
        "WEBAPP_DB_POOL_MAX_SIZE": "3",
        "WEBAPP_MAX_WAITING": "60",
    }

    async with ContainerTarget(environ, log=tmp_path / "server.log") as target:
        assert 1 <= len(await backends(target, 60)) <= 3


async def test_each_thread_keeps_a_persistent_connection(notes_environ, tmp_path):
    environ = notes_environ("aws_ecs/persistent/direct") | {
        "WEBAPP_WORKERS": "1",
        "WEBAPP_THREADS": "3",
        "WEBAPP_MAX_WAITING": "60",
    }

    async with ContainerTarget(environ, log=tmp_path / "server.log") as target:
        first = await backends(target, 40)
        assert 1 <= len(first) <= 3
        assert len(first | await backends(target, 40)) <= 3


async def test_a_cold_start_is_a_restart_and_a_first_response(notes_environ, tmp_path):
    workload = load_workload(NOTES)
    read = workload.of_scenario("read")[0]
    async with (
        ContainerTarget(notes_environ("aws_ecs/pool/direct"), log=tmp_path / "server.log") as target,
        LoadGenerator() as generator,
    ):
        before = target.url
        cold_start = await target.cold_start(lambda: generator.single(target.url, read, ledger=Ledger("run", 0)))

        assert cold_start.ready_ms > 0
        assert cold_start.first_response_ms > 0
        assert target.url != before


async def test_a_server_that_exits_gives_the_reason(notes_environ, tmp_path):
    environ = notes_environ("aws_ecs/pool/direct") | {"WEBAPP_ALLOWED_HOSTS": "*"}

    with pytest.raises(CompareError, match=r"the server ended with exit code \d+; .*accepts forged hosts"):
        async with ContainerTarget(environ, log=tmp_path / "server.log"):
            pass


async def test_an_unexpected_first_response_gives_a_remedy(notes_environ, tmp_path):
    environ = notes_environ("aws_ecs/pool/direct") | {"WEBAPP_ALLOWED_HOSTS": "another.example"}
    read = load_workload(NOTES).of_scenario("read")[0]
    async with ContainerTarget(environ, log=tmp_path / "server.log") as target, LoadGenerator() as generator:
        with pytest.raises(CompareError, match=r"request \('count'\): expected 200, got 400; check that ALLOWED_"):
            await target.cold_start(lambda: generator.single(target.url, read, ledger=Ledger("run", 0)))
