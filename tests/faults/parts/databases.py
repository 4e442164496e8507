"""A PostgreSQL that a case may crash, start again, move and look into."""

import secrets
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.postgres import EmbeddedPostgres, PostgresServer
from tests.faults.waiting import until, until_ended

DATABASE = "webapp"
# Marks the connections of the cases themselves, which are no backends of the application.
OURS = "faults"

_BACKENDS = (
    "FROM pg_stat_activity WHERE backend_type = 'client backend' "
    f"AND usename <> 'postgres' AND application_name <> '{OURS}' AND datname = '{DATABASE}'"
)


@contextmanager
def a_database(*, max_connections: int = 100) -> Iterator[EmbeddedPostgres]:
    """A server of the case's own, with an empty database."""
    with EmbeddedPostgres(max_connections=max_connections) as database:
        create_database(database, DATABASE)
        yield database


@dataclass
class MovingDatabase:
    """An address that stays while the server behind it is another from some moment on."""

    current: PostgresServer
    host: str
    port: int

    @property
    def role(self) -> str:
        return self.current.role

    @property
    def administration_url(self) -> str:
        """The server itself, wherever the address leads."""
        return self.current.administration_url

    @property
    def maintenance_database(self) -> str:
        return self.current.maintenance_database

    @property
    def version(self) -> str:
        return self.current.version

    @property
    def settings(self) -> Mapping[str, str]:
        return self.current.settings

    def url(self, database: str) -> str:
        """A postgresql:// URL by the address."""
        parts = urlsplit(self.current.url(database))
        return parts._replace(netloc=f"{parts.username}:{parts.password}@{self.host}:{self.port}").geturl()


@asynccontextmanager
async def administration(database: PostgresServer, name: str = "postgres") -> AsyncIterator[psycopg.AsyncConnection]:
    """A superuser's connection to one database."""
    url = urlsplit(database.administration_url)._replace(path=f"/{name}").geturl()
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5, application_name=OURS)
    async with connection:
        yield connection


async def backends(connection: psycopg.AsyncConnection, *, state: str | None = None) -> int:
    """How many connections the application, or the proxy for it, holds."""
    condition = "" if state is None else f" AND state = '{state}'"
    cursor = await connection.execute(f"SELECT count(*) {_BACKENDS}{condition}")
    return (await cursor.fetchone())[0]


async def end_backends(database: PostgresServer) -> int:
    """End all of them at once; returns how many there were."""
    async with administration(database) as connection:
        cursor = await connection.execute(f"SELECT pg_terminate_backend(pid) {_BACKENDS}")
        return len(await cursor.fetchall())


async def until_no_transaction_is_idle(database: PostgresServer) -> float:
    """The monotonic time at which none of them stands still inside a transaction."""
    async with administration(database) as connection:

        async def holds() -> bool:
            return await backends(connection, state="idle in transaction") == 0

        await until(holds)
    return time.monotonic()


async def until_logged_in(database: PostgresServer, user: str) -> None:
    """Until one of them is logged in as a user; TimeoutError when none comes."""
    async with administration(database) as connection:

        async def is_logged_in() -> bool:
            cursor = await connection.execute(f"SELECT count(*) > 0 {_BACKENDS} AND usename = %s", [user])
            return (await cursor.fetchone())[0]

        await until(is_logged_in)


async def backend_processes(database: PostgresServer) -> set[int]:
    """The process ids of those connections."""
    async with administration(database) as connection:
        cursor = await connection.execute(f"SELECT pid {_BACKENDS}")
        return {process for (process,) in await cursor.fetchall()}


async def configure(database: PostgresServer, **settings: str) -> None:
    """Change the server's configuration; only what needs no restart takes effect."""
    async with administration(database) as connection:
        for name, value in settings.items():
            await connection.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )
        await connection.execute("SELECT pg_reload_conf()")


async def crash(database: EmbeddedPostgres) -> None:
    """`pg_ctl stop -m immediate`: no backend finishes anything."""
    database.process.send_signal(signal.SIGQUIT)
    await until_ended(database.process)


async def until_ready(url: str, *, timeout_s: float = 30.0) -> float:
    """The monotonic time at which a server answers a query."""

    async def answers() -> bool:
        try:
            async with await psycopg.AsyncConnection.connect(url, connect_timeout=5) as connection:
                await connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    await until(answers, timeout_s=timeout_s)
    return time.monotonic()


async def written(database: PostgresServer, keys: list[str]) -> dict[str, int]:
    """How many rows there are for each key that has any."""
    async with administration(database, DATABASE) as connection:
        cursor = await connection.execute(
            "SELECT idempotency_key, count(*) FROM guestbook_entry WHERE idempotency_key = ANY(%s) GROUP BY 1", [keys]
        )
        return dict(await cursor.fetchall())


def log_of(directory: Path, name: str) -> Path:
    """A log file that nothing else writes."""
    return directory / f"{name}-{secrets.token_hex(4)}.log"
