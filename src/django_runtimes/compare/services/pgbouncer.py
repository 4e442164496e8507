"""Runs PgBouncer in transaction mode in place of RDS Proxy."""

import contextlib
import os
import pwd
import resource
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from django_runtimes.cli import processes
from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.port import start_on_port
from django_runtimes.compare.services.postgres import PostgresServer
from django_runtimes.compare.services.run_directory import run_directory

_MAX_CLIENTS = 2000
# PgBouncer opens these files for its log, its event loop, and connections that are still logging in.
_OTHER_FILES = 200
# Far longer than a server of this machine takes, also if the machine stands still for some seconds.
_CONNECT_TIMEOUT_S = 30
_START_TIMEOUT_S = 30.0
# The next attempt follows immediately.
_ATTEMPT_TIMEOUT_S = 5
# How long a transaction waits for a connection; PgBouncer's default is 120 s.
_QUERY_WAIT_S = 5


class PgBouncer:
    """A PgBouncer on 127.0.0.1 in front of every database of one server.

    `pool_size` limits the backends of one database: PgBouncer counts them for each pair of database and user, and the
    targets share one role. All databases together get at most half of the server's connections, as with RDS Proxy's
    MaxConnectionsPercent of 50. The other half stays free for the direct routes. An idle backend of one database is
    closed when another database needs one.

    Enter it in the main thread: the kernel kills PgBouncer when the thread that started it ends.
    """

    def __init__(self, postgres: PostgresServer, *, pool_size: int = 20, port: int | None = None) -> None:
        self._postgres = postgres
        self._pool_size = pool_size
        self._wanted_port = port
        self._password = ""
        self._stack = ExitStack()
        self._directory = Path()
        self.host = "127.0.0.1"
        self.port = 0
        self.process: subprocess.Popen[bytes]
        self.version = ""
        self.settings: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.version = _version(_program())
        account = processes.server_account()
        with ExitStack() as stack:
            self._directory = stack.enter_context(run_directory(account))
            try:
                databases = self._configure(self._directory, account)
            except psycopg.Error as error:
                cause = " ".join(str(error).split())
                raise CompareError(f"pgbouncer's PostgreSQL server does not answer: {cause}; start it first") from error
            self._start(stack, databases, account)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def url(self, database: str) -> str:
        """Return a postgresql:// URL of one database through the proxy, with the server's role and password."""
        login = quote(self._postgres.role, safe="")
        if self._password:
            login += f":{quote(self._password, safe='')}"
        return f"postgresql://{login}@{self.host}:{self.port}/{quote(database, safe='')}"

    @property
    def log(self) -> Path:
        """The file with PgBouncer's standard error."""
        return self._directory / "pgbouncer.log"

    @property
    def _configuration(self) -> Path:
        return self._directory / "pgbouncer.ini"

    @property
    def console_url(self) -> str:
        """The URL of the administration console, which accepts PAUSE, RESUME, RELOAD and RECONNECT."""
        return self.url("pgbouncer")

    def waits(self, database: str) -> WaitCounts:
        """Return how long transactions on this database have waited for one of the proxy's connections.

        PgBouncer counts only their number and their sum. Without an answer from PgBouncer there are none.
        """
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(self.console_url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S) as console,
        ):
            # The console understands only the simple protocol.
            cursor = psycopg.ClientCursor(console, row_factory=dict_row)
            for row in cursor.execute("SHOW STATS").fetchall():
                if row["database"] == database:
                    return WaitCounts(int(row["total_xact_count"]), int(row["total_wait_time"]), None)
        return WaitCounts(buckets=None)

    def _configure(self, directory: Path, account: pwd.struct_passwd | None) -> str:
        url = self._postgres.url(self._postgres.maintenance_database)
        with psycopg.connect(url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            # libpq fills in the parts that the URL leaves out, and finds the password.
            server = connection.info
            user, host, port, self._password = server.user, server.host, server.port, server.password
        verifier = self._stored_verifier(user)
        name, secret = (text.replace('"', '""') for text in (user, verifier or self._password))
        _write_private(directory / "users.txt", f'"{name}" "{secret}"\n', account)
        self.settings = {
            "pool_mode": "transaction",
            # Without a password the server trusts its network, and so does the proxy.
            "auth_type": "scram-sha-256" if self._password else "trust",
            "auth_file": "SCRAM verifier" if verifier else "password",
            "max_client_conn": str(_MAX_CLIENTS),
            "default_pool_size": str(self._pool_size),
            "max_user_connections": str(self._share_of_server()),
            "server_login_retry": "0.5",
            "query_wait_timeout": str(_QUERY_WAIT_S),
            "server_tls_sslmode": str(conninfo_to_dict(url).get("sslmode") or "prefer"),
            # RDS Proxy also refuses unknown startup parameters.
            "ignore_startup_parameters": "",
            # The default of 128 would drop some connections of a burst.
            "listen_backlog": "1024",
        }
        return f"* = host={_quoted(host)} port={port}"

    def _stored_verifier(self, user: str) -> str | None:
        """Return the user's stored SCRAM verifier; None when the role may not read it.

        With the password itself PgBouncer would hash 4,096 rounds for each login in its only thread, which would
        dominate the latency of a connection per request. RDS Proxy has more threads.
        """
        with psycopg.connect(self._postgres.administration_url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            try:
                row = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [user]).fetchone()
            except psycopg.errors.InsufficientPrivilege:
                return None
        verifier = row[0] if row else None
        return verifier if verifier is not None and verifier.startswith("SCRAM-SHA-256$") else None

    def _share_of_server(self) -> int:
        connections = int(self._postgres.settings["max_connections"])
        reserved = int(self._postgres.settings["superuser_reserved_connections"])
        share = (connections - reserved) // 2
        if self._pool_size > share:
            raise CompareError(
                f"max_connections={connections} of the PostgreSQL server is too low for a proxy with a pool "
                f"of {self._pool_size}; raise it to at least {2 * self._pool_size + reserved}"
            )
        return share

    def _start(self, stack: ExitStack, databases: str, account: pwd.struct_passwd | None) -> None:
        def start(port: int) -> subprocess.Popen[bytes]:
            self.port = port
            settings = self.settings | {
                "listen_addr": self.host,
                "listen_port": str(port),
                "unix_socket_dir": "",
                "auth_file": str(self._directory / "users.txt"),
                "admin_users": self._postgres.role,
                "log_connections": "0",
                "log_disconnections": "0",
            }
            lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
            _write_private(self._configuration, f"[databases]\n{databases}\n[pgbouncer]\n{lines}", account)
            self._spawn(account)
            stack.callback(self._stop)
            return self.process

        start_on_port(
            start,
            self._answers,
            name="pgbouncer",
            wanted=self._wanted_port,
            log=self.log,
            timeout_s=_START_TIMEOUT_S,
        )

    def _spawn(self, account: pwd.struct_passwd | None) -> None:
        with _open_files(_MAX_CLIENTS + self._share_of_server() + _OTHER_FILES):
            self.process = processes.spawn(
                [_program(), str(self._configuration)],
                environ={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                log=self.log,
                account=account,
                directory=Path("/"),
            )

    def _stop(self) -> None:
        # PgBouncer has no state to save, and its other signals differ between versions.
        processes.stop(self.process, first_signal=Signals.SIGKILL)

    def _answers(self) -> bool:
        url = self.url(self._postgres.maintenance_database)
        try:
            # PgBouncer accepts a client only after PgBouncer has itself logged in to the server.
            psycopg.connect(url, connect_timeout=_ATTEMPT_TIMEOUT_S).close()
        except psycopg.OperationalError:
            return False
        return True


def _program() -> str:
    program = processes.find_program("pgbouncer")
    if program is None:
        raise CompareError(
            "pgbouncer, which stands in for RDS Proxy, is not installed; "
            "run `make setup` or install the package pgbouncer"
        )
    return program


def _version(program: str) -> str:
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return output.splitlines()[0].removeprefix("PgBouncer ") if output else "unknown"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _write_private(path: Path, text: str, account: pwd.struct_passwd | None) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


@contextmanager
def _open_files(count: int) -> Iterator[None]:
    """Raise the limit of open files to `count` for a child that is started inside the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise CompareError(
                f"the limit of open files is {hard}, but pgbouncer needs {count}; raise it with `ulimit -Hn`"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
