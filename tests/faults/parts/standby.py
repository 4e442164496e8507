"""A streaming replica, and its promotion."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import Signals
from subprocess import Popen
from urllib.parse import urlsplit

from django_runtimes.cli import ports, processes
from django_runtimes.compare.services.postgres import PostgresServer
from tests.faults.parts.databases import MovingDatabase, administration, configure, until_ready
from tests.faults.waiting import until, until_ended

_ENVIRON = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class Standby(MovingDatabase):
    """A replica of a primary at its own address, with the primary's roles and passwords."""

    def __init__(self, primary: PostgresServer, host: str, port: int, process: Popen[bytes]) -> None:
        super().__init__(primary, host, port)
        self.process = process

    @property
    def administration_url(self) -> str:
        parts = urlsplit(self.current.administration_url)
        return parts._replace(netloc=f"{parts.username}:{parts.password}@{self.host}:{self.port}").geturl()


@asynccontextmanager
async def a_standby(
    primary: PostgresServer, installation: Path, data: Path, *, host: str = "127.0.0.1", port: int | None = None
) -> AsyncIterator[Standby]:
    """Run a synchronous streaming standby of a primary; `data` must not exist yet."""
    port = port or ports.free_port()
    await _copy(primary, installation, data)
    process = processes.spawn(
        [str(installation / "bin/postgres"), "-D", str(data)]
        + [f"--{name}={value}" for name, value in _options(host, port).items()],
        environ=_ENVIRON,
        log=data.with_suffix(".log"),
        death_signal=Signals.SIGQUIT,
        account=processes.server_account(),
        directory=Path("/"),
    )
    try:
        standby = Standby(primary, host, port, process)
        await until_ready(standby.administration_url)
        await configure(primary, synchronous_standby_names="*")
        await _until_true(primary, "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
        yield standby
    finally:
        processes.stop(process, first_signal=Signals.SIGQUIT)


async def make_read_only(primary: PostgresServer) -> None:
    """Make new transactions read-only, and wait until every writing transaction has ended."""
    await configure(primary, default_transaction_read_only="on")
    await _until_true(primary, "SELECT current_setting('default_transaction_read_only') = 'on'")
    await _until_true(
        primary, "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND datname IS NOT NULL"
    )


async def promote(primary: PostgresServer, standby: Standby) -> None:
    """Promote a standby once it has replayed everything from its primary."""
    await _until_true(
        primary, "SELECT coalesce(bool_and(replay_lsn >= pg_current_wal_flush_lsn()), true) FROM pg_stat_replication"
    )
    async with administration(standby) as connection:
        await connection.execute("SELECT pg_promote(true)")


def _options(host: str, port: int) -> dict[str, str]:
    return {
        "listen_addresses": host,
        "port": str(port),
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }


async def _copy(primary: PostgresServer, installation: Path, data: Path) -> None:
    log = data.with_suffix(".log")
    process = processes.spawn(
        [
            *(str(installation / "bin/pg_basebackup"), "--dbname", primary.administration_url),
            *("--pgdata", str(data), "--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        ],
        environ=_ENVIRON,
        log=log,
        account=processes.server_account(),
        directory=Path("/"),
    )
    try:
        await until_ended(process)
    finally:
        processes.stop(process)
    assert process.returncode == 0, processes.cause(log)


async def _until_true(database: PostgresServer, question: str) -> None:
    async with administration(database) as connection:

        async def is_true() -> bool:
            cursor = await connection.execute(question)
            return (await cursor.fetchone())[0]

        await until(is_true)
