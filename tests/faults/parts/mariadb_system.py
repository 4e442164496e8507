"""The application in a container or on Lambda, directly on a MariaDB that a case may crash, restart and inspect."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql

from django_runtimes.cli import processes
from django_runtimes.compare.codebase.environ import application_environ
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.services.mariadb import MariadbServer
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.config.values.runtime import Runtime
from tests.faults.parts.databases import DATABASE, log_of
from tests.faults.parts.system import APPLICATION, WORKERS, prepare_database
from tests.faults.waiting import until

MYSQL_CONTAINER = "aws_ecs/persistent/direct@mysql"
MYSQL_LAMBDA = "aws_lambda/per_request/direct@mysql"
THREADS = 8
_CONCURRENCY_LIMIT = 50
_BACKENDS = "SELECT id FROM information_schema.processlist WHERE user = 'webapp'"


@dataclass(frozen=True)
class MariadbSystem:
    """The system that receives the fault and the load of a case."""

    database: MariadbServer
    url: str
    most_backends: int
    hidden: tuple[str, ...]
    logs: Path

    def leaking_logs(self) -> int:
        """Return the number of log files that contain a secret."""
        texts = [log.read_bytes() for log in self.logs.rglob("*.log")]
        return sum(any(secret.encode() in text for secret in self.hidden) for text in texts)

    async def written(self, keys: list[str]) -> dict[str, int]:
        """Return the number of rows for each key that has any."""
        if not keys:
            return {}
        statement = (
            f"SELECT idempotency_key, COUNT(*) FROM {DATABASE}.guestbook_entry WHERE idempotency_key IN %s GROUP BY 1"
        )
        return dict(await asyncio.to_thread(_ask, self.database, statement, [keys]))

    @asynccontextmanager
    async def backend_count(self) -> AsyncIterator[Callable[[], Awaitable[int]]]:
        """Yield a function that returns the number of the application's connections."""

        async def count() -> int:
            try:
                return len(await asyncio.to_thread(_ask, self.database, _BACKENDS))
            except pymysql.MySQLError as error:
                raise OSError(str(error)) from error

        yield count


@contextmanager
def a_mariadb() -> Iterator[MariadbServer]:
    """Run a server for one case, with an empty database."""
    with MariadbServer() as database:
        _ask(database, f"CREATE DATABASE {DATABASE}")
        yield database


@asynccontextmanager
async def serving_on_mariadb(
    target: str,
    database: MariadbServer,
    directory: Path,
    *,
    variables: Mapping[str, str] | None = None,
    hidden: Sequence[str] = (),
) -> AsyncIterator[MariadbSystem]:
    """Run the migrated application for a target."""
    logs = directory / "logs"
    logs.mkdir(exist_ok=True)
    is_lambda = target == MYSQL_LAMBDA
    environ = application_environ(APPLICATION, database_url=database.url(DATABASE), static_root=directory)
    await prepare_database(
        {**environ, "WEBAPP_RUNTIME": Runtime.AWS_ECS.value}, log_of(logs, "prepare"), [("migrate", "--verbosity", "0")]
    )
    environ |= {"WEBAPP_DB_ROUTE": "direct", "WEBAPP_WORKERS": str(WORKERS), **(variables or {})}
    async with AsyncExitStack() as stack:
        server: ContainerTarget | LambdaTarget
        if is_lambda:
            function = Function(
                name="faults",
                handler="django_runtimes.entrypoints.aws_lambda.handler",
                environ={**environ, "WEBAPP_RUNTIME": Runtime.AWS_LAMBDA.value},
                log_directory=logs / "function",
                concurrency_limit=_CONCURRENCY_LIMIT,
                timeout_s=30.0,
            )
            server = await stack.enter_async_context(LambdaTarget(function))
            await server.emulator.warm(8)
        else:
            environ |= {"WEBAPP_RUNTIME": Runtime.AWS_ECS.value}
            server = await stack.enter_async_context(ContainerTarget(environ, log=log_of(logs, "server")))
        yield MariadbSystem(
            database=database,
            url=server.url,
            # Each worker checks its readiness on one more thread.
            most_backends=_CONCURRENCY_LIMIT if is_lambda else WORKERS * (THREADS + 1),
            hidden=(environ["WEBAPP_SECRET_KEY"], *_passwords(database), *hidden),
            logs=logs,
        )


async def mariadb_sleepers(database: MariadbServer) -> int:
    """Return the number of statements that sleep."""
    statement = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(%'"
    ((count,),) = await asyncio.to_thread(_ask, database, statement)
    return count


async def end_mariadb_backends(database: MariadbServer) -> int:
    """Kill all connections of the application, wait until they have ended, and return their number."""

    def end() -> list[int]:
        killed = [number for (number,) in _ask(database, _BACKENDS)]
        for number in killed:
            try:
                _ask(database, f"KILL {number}")
            except pymysql.MySQLError:
                # It has just ended.
                continue
        return killed

    killed = await asyncio.to_thread(end)

    async def have_ended() -> bool:
        rows = await asyncio.to_thread(_ask, database, _BACKENDS)
        return not {number for (number,) in rows} & set(killed)

    await until(have_ended)
    return len(killed)


async def rotate_password(database: MariadbServer, password: str) -> None:
    """Change the password of the application's user; its sessions go on."""
    await asyncio.to_thread(_ask, database, f"ALTER USER {database.role} IDENTIFIED BY '{password}'")


async def crash_mariadb(database: MariadbServer) -> None:
    """End the server's process without a warning."""
    database.process.kill()
    await asyncio.to_thread(database.process.wait)


def restart_mariadb(database: MariadbServer) -> None:
    """Start the server on the same port and data; return before it answers."""
    database._spawn(database.port, processes.server_account())


async def until_mariadb_is_ready(database: MariadbServer) -> float:
    """Wait until the server answers a query, and return the monotonic time."""

    async def answers() -> bool:
        try:
            await asyncio.to_thread(_ask, database, "SELECT 1")
        except pymysql.MySQLError:
            return False
        return True

    await until(answers)
    return time.monotonic()


def _passwords(database: MariadbServer) -> tuple[str, ...]:
    urls = (database.url(DATABASE), database.administration_url)
    return tuple(str(urlsplit(url).password) for url in urls)


def _ask(database: MariadbServer, statement: str, parameters: list[Any] | None = None) -> Any:
    url = urlsplit(database.administration_url)
    with (
        pymysql.connect(
            host=url.hostname,
            port=url.port,
            user=url.username,
            password=url.password,
            autocommit=True,
            connect_timeout=60,
            ssl_disabled=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, parameters)
        return cursor.fetchall()
