"""Real processes hold at most as many connections as the connection budget counts, and not many fewer."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import psycopg
import pytest

from django_runtimes.compare.codebase.environ import application_environ, target_environ
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.load.access import FORWARDED_HEADERS
from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.workload import Application
from django_runtimes.databases.budget import connection_budget
from django_runtimes.databases.postgresql.postgresql_budget import POSTGRESQL_BUDGET
from tests.applications.holding.urls import LOCK

pytestmark = pytest.mark.profile_free

HOLDING = Application(
    settings_module="holding.settings", python_path=Path(__file__).parents[2] / "applications", prepare=()
)
_CONNECTED_TIMEOUT_S = 300
# Autovacuum connects to the database too, but is no client.
_CLIENT_PORTS = (
    "SELECT client_port FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
_ESTABLISHED = "01"


def established_ports(server_port: int) -> Iterator[int]:
    """Yield the ports of this machine's connections to the server that no client has closed."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state = line.split()[:4]
        if state == _ESTABLISHED and int(remote.rpartition(":")[2], 16) == server_port:
            yield int(local.rpartition(":")[2], 16)


class Observer:
    """Keeps views waiting for a lock, and counts the connections to their database continuously."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._turns = asyncio.Lock()
        self._is_over = False
        self.peak = 0

    async def count(self) -> int:
        """Return the current number of connections."""
        async with self._turns:
            cursor = await self._connection.execute(_CLIENT_PORTS)
            ports = {port for (port,) in await cursor.fetchall()}
        # A backend outlives the connection that its client has closed.
        held = len(ports.intersection(established_ports(self._connection.info.port)))
        self.peak = max(self.peak, held)
        return held

    async def count_once_settled(self, *, to: int) -> int:
        """Wait up to two minutes until at most `to` connections are left; return how many are left."""
        # A process may answer before it disconnects.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(120):
                while (held := await self.count()) > to:  # noqa: ASYNC110 - the condition depends on other processes
                    await asyncio.sleep(0.01)
        return held

    async def count_continuously(self) -> None:
        """Count until `end()`, pausing so that other tasks can run."""
        # A cancellation could be lost: psycopg 3.3.0 swallows one that arrives together with a result.
        while not self._is_over:
            await self.count()
            await asyncio.sleep(0.005)

    def end(self) -> None:
        """Stop counting."""
        self._is_over = True

    async def lock(self) -> None:
        async with self._turns:
            await self._connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])

    async def unlock(self) -> None:
        async with self._turns:
            await self._connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

    async def until(self, held: int) -> None:
        """Wait for at least `held` connections."""
        async with asyncio.timeout(_CONNECTED_TIMEOUT_S):
            while await self.count() < held:  # noqa: ASYNC110 - the condition depends on other processes
                await asyncio.sleep(0.02)


@pytest.fixture
def database(database_server):
    """The name of an empty database."""
    name = f"webapp_holding_{secrets.token_hex(4)}"
    with ExitStack() as stack:
        create_database(database_server, name)
        stack.callback(drop_database, database_server, name)
        yield name


@pytest.fixture
def variables(database_server, database, tmp_path):
    """Return a function that makes a target's variables."""

    def make(target: str, **more: str) -> dict[str, str]:
        environ = application_environ(HOLDING, database_url=database_server.url(database), static_root=tmp_path)
        environ |= {"WEBAPP_INSTANCES_MAX": "1", "WEBAPP_DB_CONNECT_TIMEOUT_S": "60"}
        return target_environ(TargetName.parse(target), environ, None) | more

    return make


@pytest.fixture
def observe(database_server, database):
    """Return a context manager that observes the database until its block ends."""

    @asynccontextmanager
    async def watch() -> AsyncIterator[Observer]:
        url = database_server.url(database)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            observer = Observer(connection)
            counting = asyncio.create_task(observer.count_continuously())
            try:
                yield observer
            finally:
                observer.end()
                await counting

    return watch


def budgeted(environ: dict[str, str]) -> int:
    """Return how many connections the budget counts for one instance outside deploys."""
    (comparison,) = connection_budget(
        environ | {"WEBAPP_DEPLOY_OVERLAP_PERCENT": "100"}, None, terms=POSTGRESQL_BUDGET, cpu_count=1
    )
    product = 1
    for term in comparison.needed.terms[:3]:
        product *= term.value
    return product


async def get(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        return answer.status


@pytest.mark.parametrize(
    ("strategy", "expected", "readiness"),
    # `expected` counts the views' connections; the readiness check opens its own, or takes one from the pool.
    [("per_request", 2 + 16 + 16, 1), ("persistent", 2 + 16 + 16, 1), ("pool", 3, 0)],
)
async def test_a_loaded_container_holds_as_many_connections_as_budgeted(
    variables, observe, tmp_path, strategy, expected, readiness
):
    environ = variables(
        f"aws_ecs/{strategy}/direct",
        WEBAPP_WORKERS="1",
        WEBAPP_THREADS="2",
        WEBAPP_DB_POOL_MAX_SIZE="3",
        WEBAPP_DB_POOL_TIMEOUT_S="1",
    )
    async with (
        ContainerTarget(environ, log=tmp_path / "server.log") as target,
        observe() as observer,
        aiohttp.ClientSession(headers=FORWARDED_HEADERS, connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        await observer.lock()
        # Start the streams first, since each stream needs a view's place to begin.
        crowd = [asyncio.create_task(get(session, f"{target.url}/stream")) for _ in range(25)]
        await observer.until(min(expected, 16))
        crowd += [asyncio.create_task(get(session, f"{target.url}/{way}")) for way in ["sync", "async"] * 25]
        await observer.until(expected)
        for _ in range(3):
            await get(session, f"{target.url}/readyz")
        await observer.unlock()
        statuses = await asyncio.gather(*crowd)
        # The requests that are still waiting are served on the existing connections.
        await asyncio.gather(*(get(session, f"{target.url}/{way}") for way in ["sync", "async", "stream"] * 25))

    assert 200 in statuses
    assert expected <= observer.peak <= expected + readiness == budgeted(environ)


@pytest.mark.parametrize("strategy", ["per_request", "pool"])
async def test_each_execution_environment_holds_one_connection(variables, observe, tmp_path, strategy):
    environ = variables(f"aws_lambda/{strategy}/direct", WEBAPP_INSTANCES_MAX="3")
    function = Function("holding", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs",
                        concurrency_limit=3, timeout_s=300.0)  # fmt: skip
    async with (
        LambdaTarget(function) as target,
        observe() as observer,
        aiohttp.ClientSession(headers=FORWARDED_HEADERS) as session,
    ):
        await observer.lock()
        crowd = [asyncio.create_task(get(session, f"{target.url}/{way}")) for way in ["sync", "async", "sync"]]
        await observer.until(3)
        await observer.unlock()
        statuses = await asyncio.gather(*crowd)
        for path in ("readyz", "async", "sync"):
            statuses.append(await get(session, f"{target.url}/{path}"))

    assert statuses == [200] * 6
    assert observer.peak == 3 == budgeted(environ)


async def test_a_persistent_environment_keeps_a_connection_per_view_kind(variables, observe, tmp_path):
    environ = variables("aws_lambda/persistent/direct")
    function = Function("holding", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs",
                        concurrency_limit=1, timeout_s=300.0)  # fmt: skip
    async with (
        LambdaTarget(function) as target,
        observe() as observer,
        aiohttp.ClientSession(headers=FORWARDED_HEADERS) as session,
    ):
        for path in ["sync", "async", "readyz"] * 5:
            assert await get(session, f"{target.url}/{path}") == 200
        kept = await observer.count_once_settled(to=2)

    assert kept == 2
    assert 2 <= observer.peak <= 3 == budgeted(environ)
