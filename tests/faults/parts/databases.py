"""A PostgreSQL server that a case may crash, restart, move and inspect."""

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
# The application name of the cases' own connections, which `backends` does not count.
OURS = "faults"

_BACKENDS = (
    "FROM pg_stat_activity WHERE backend_type = 'client backend' "
    f"AND usename <> 'postgres' AND application_name <> '{OURS}' AND datname = '{DATABASE}'"
)


@contextmanager
def a_database(*, max_connections: int = 100) -> Iterator[EmbeddedPostgres]:
    """Run a server for one case, with an empty database."""
    with EmbeddedPostgres(max_connections=max_connections) as database:
        create_database(database, DATABASE)
        yield database


@dataclass
class MovingDatabase:
    """A fixed address whose server may change."""

    current: PostgresServer
    host: str
    port: int

    @property
    def role(self) -> str:
        return self.current.role

    @property
    def administration_url(self) -> str:
        """The current server's own URL, which bypasses the fixed address."""
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
        """Return a postgresql:// URL with the fixed address."""
        parts = urlsplit(self.current.url(database))
        return parts._replace(netloc=f"{parts.username}:{parts.password}@{self.host}:{self.port}").geturl()


@asynccontextmanager
async def administration(database: PostgresServer, name: str = "postgres") -> AsyncIterator[psycopg.AsyncConnection]:
    """Open a superuser's connection to one database."""
    url = urlsplit(database.administration_url)._replace(path=f"/{name}").geturl()
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=60, application_name=OURS)
    async with connection:
        yield connection


async def backends(connection: psycopg.AsyncConnection, *, state: str | None = None) -> int:
    """Return the number of connections that the application, or its proxy, holds."""
    condition = "" if state is None else f" AND state = '{state}'"
    cursor = await connection.execute(f"SELECT count(*) {_BACKENDS}{condition}")
    return (await cursor.fetchone())[0]


async def end_backends(database: PostgresServer) -> int:
    """Terminate all backends of the application at once, wait until they have ended, and return their number."""
    async with administration(database) as connection:
        cursor = await connection.execute(f"SELECT pid, pg_terminate_backend(pid) {_BACKENDS}")
        signalled = [process for process, _ in await cursor.fetchall()]

        # On a busy machine a backend takes new statements for a while after the signal.
        async def have_ended() -> bool:
            cursor = await connection.execute(f"SELECT count(*) = 0 {_BACKENDS} AND pid = ANY(%s)", [signalled])
            return (await cursor.fetchone())[0]

        await until(have_ended)
        return len(signalled)


async def until_no_transaction_is_idle(database: PostgresServer) -> float:
    """Wait until no backend is idle in a transaction, and return the monotonic time."""
    async with administration(database) as connection:

        async def holds() -> bool:
            return await backends(connection, state="idle in transaction") == 0

        await until(holds)
    return time.monotonic()


async def until_logged_in(database: PostgresServer, user: str) -> None:
    """Wait until a backend is logged in as a user; raise TimeoutError if none logs in."""
    async with administration(database) as connection:

        async def is_logged_in() -> bool:
            cursor = await connection.execute(f"SELECT count(*) > 0 {_BACKENDS} AND usename = %s", [user])
            return (await cursor.fetchone())[0]

        await until(is_logged_in)


async def backend_processes(database: PostgresServer) -> set[int]:
    """Return the process IDs of the application's backends."""
    async with administration(database) as connection:
        cursor = await connection.execute(f"SELECT pid {_BACKENDS}")
        return {process for (process,) in await cursor.fetchall()}


async def configure(database: PostgresServer, **settings: str) -> None:
    """Change settings of the server that need no restart."""
    async with administration(database) as connection:
        for name, value in settings.items():
            await connection.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )
        await connection.execute("SELECT pg_reload_conf()")


async def crash(database: EmbeddedPostgres) -> None:
    """Stop the server as `pg_ctl stop -m immediate` does, so that no backend finishes its work."""
    database.process.send_signal(signal.SIGQUIT)
    await until_ended(database.process)


async def until_ready(url: str, *, timeout_s: float = 60.0) -> float:
    """Wait until a server answers a query, and return the monotonic time."""

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
    """Return the number of rows for each key that has any."""
    async with administration(database, DATABASE) as connection:
        cursor = await connection.execute(
            "SELECT idempotency_key, count(*) FROM guestbook_entry WHERE idempotency_key = ANY(%s) GROUP BY 1", [keys]
        )
        return dict(await cursor.fetchall())


def log_of(directory: Path, name: str) -> Path:
    """Return the path of a new log file."""
    return directory / f"{name}-{secrets.token_hex(4)}.log"
