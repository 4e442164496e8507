"""A MariaDB server on this machine, from the system's packages."""

import contextlib
import os
import pwd
import secrets
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self
from urllib.parse import quote

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.port import start_on_port
from django_runtimes.compare.services.run_directory import run_directory

_ROLE = "webapp"
_ADMINISTRATOR = "administrator"
# Every server has this database, and nothing can be written to it.
_MAINTENANCE_DATABASE = "information_schema"
_SERVER = "mariadbd"
_INSTALLER = "mariadb-install-db"
_PACKAGE = "mariadb-server"
_INSTALL_TIMEOUT_S = 60.0
_START_TIMEOUT_S = 30.0
_GREETING_TIMEOUT_S = 2.0
# The data directory is deleted, so an orderly shutdown would write for nothing.
_IMMEDIATE_SHUTDOWN = Signals.SIGKILL
# The caller's MYSQL_* variables and option files would change the server's behaviour.
_ENVIRON = {"PATH": os.pathsep.join((os.defpath, "/usr/sbin")), "LC_ALL": "C", "TZ": "UTC"}
_NO_OPTION_FILES = "--no-defaults"
# Everything that a project does in its own databases, without the right to administer the server.
PROJECT_PRIVILEGES = (
    "ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, "
    "INDEX, INSERT, LOCK TABLES, REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE"
)


class MariadbServer:
    """A MariaDB server on 127.0.0.1, from the system's package, with a data directory of its own.

    Enter it in the main thread: the kernel stops the server when the thread that started it ends.
    Writes are as durable as by default. `options` are the server's own, as {"ssl_cert": "/path"}.
    """

    def __init__(
        self, *, max_connections: int = 100, port: int | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        self._max_connections = max_connections
        self._wanted_port = port
        self._options = dict(options or {})
        self._passwords = {_ROLE: secrets.token_hex(16), _ADMINISTRATOR: secrets.token_hex(16)}
        self._stack = ExitStack()
        self.role = _ROLE
        self.administrator = _ADMINISTRATOR
        self.maintenance_database = _MAINTENANCE_DATABASE
        self.port = 0
        self.process: subprocess.Popen[bytes]
        self.directory = Path()
        self.version = ""

    def __enter__(self) -> Self:
        account = processes.server_account()
        with ExitStack() as stack:
            self.directory = stack.enter_context(run_directory(account))
            self._initialise(account)
            self._start(stack, account)
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
        """The administrator's URL; the server keeps one connection for this role."""
        return self.url(_MAINTENANCE_DATABASE, role=_ADMINISTRATOR)

    def url(self, database: str, *, role: str = _ROLE) -> str:
        """Return a mariadb:// URL for the role `webapp` or the role `administrator`."""
        return f"mariadb://{role}:{self._passwords[role]}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The file with the server's standard error."""
        return self.directory / "mariadb.log"

    def _initialise(self, account: pwd.struct_passwd | None) -> None:
        installer = mariadb_program(_INSTALLER)
        self.data.mkdir(mode=0o700)
        if account is not None:
            os.chown(self.data, account.pw_uid, account.pw_gid)
        log = self.directory / "install.log"
        process = processes.spawn(
            [
                installer,
                _NO_OPTION_FILES,
                f"--datadir={self.data}",
                # The server's own administrator logs in through the socket only, which no client uses.
                "--auth-root-authentication-method=socket",
                "--skip-name-resolve",
                "--skip-test-db",
                # The empty data directory needs no flush to disk; the server itself flushes its writes.
                "--debug-no-sync=1",
                "--innodb-flush-method=nosync",
                "--sync-frm=OFF",
            ],
            environ=_ENVIRON,
            log=log,
            account=account,
            directory=Path("/"),
        )
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_INSTALL_TIMEOUT_S)
        finally:
            processes.stop(process)
        if process.returncode != 0:
            raise CompareError(
                f"MariaDB cannot create its data directory {self.data}: {processes.cause(log, count=20)}; "
                "check free space and TMPDIR"
            )

    def _start(self, stack: ExitStack, account: pwd.struct_passwd | None) -> None:
        roles = self.directory / "roles.sql"
        roles.touch(mode=0o600)
        roles.write_text("".join(f"{statement};\n" for statement in self._roles()))
        if account is not None:
            os.chown(roles, account.pw_uid, account.pw_gid)

        def start(port: int) -> subprocess.Popen[bytes]:
            self.port = port
            self._spawn(port, account, first_statements=roles)
            stack.callback(self._stop)
            return self.process

        start_on_port(
            start, self._answers, name="MariaDB", wanted=self._wanted_port, log=self.log, timeout_s=_START_TIMEOUT_S
        )
        roles.unlink()

    def _roles(self) -> tuple[str, ...]:
        # A server that found its port taken has run these statements already.
        create = "CREATE USER IF NOT EXISTS '{}'@'%' IDENTIFIED BY '{}'"
        return (
            create.format(_ROLE, self._passwords[_ROLE]),
            f"GRANT {PROJECT_PRIVILEGES} ON `%`.* TO '{_ROLE}'@'%'",
            # The most specific grant decides. With INSERT in this database, the role could create users.
            f"GRANT SHOW VIEW ON mysql.* TO '{_ROLE}'@'%'",
            create.format(_ADMINISTRATOR, self._passwords[_ADMINISTRATOR]),
            f"GRANT ALL ON *.* TO '{_ADMINISTRATOR}'@'%' WITH GRANT OPTION",
        )

    def _spawn(self, port: int, account: pwd.struct_passwd | None, *, first_statements: Path | None = None) -> None:
        options = {
            "datadir": str(self.data),
            "socket": str(self.directory / "data" / "mariadb.sock"),
            "bind_address": "127.0.0.1",
            "port": str(port),
            "max_connections": str(self._max_connections),
            "default_time_zone": "+00:00",
            # Debian's choice; the server's own default is latin1.
            "character_set_server": "utf8mb4",
            "collation_server": "utf8mb4_general_ci",
            "skip_name_resolve": "ON",
            **({} if first_statements is None else {"init_file": str(first_statements)}),
            **self._options,
        }
        self.process = processes.spawn(
            [mariadb_program(_SERVER), _NO_OPTION_FILES, *(f"--{name}={value}" for name, value in options.items())],
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
            self.version = greeted_version(self.port)
        except OSError:
            # The server is not listening or is still starting.
            return False
        return True


def greeted_version(port: int) -> str:
    """Return the version in the greeting of a server on 127.0.0.1, as in "10.11.19-MariaDB".

    The server greets a client once it is ready. Raises OSError when there is no greeting.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=_GREETING_TIMEOUT_S) as connection:
        greeting = connection.recv(128)
    # A packet's header has four bytes, and the greeting begins with the version of the protocol.
    if len(greeting) < 6 or greeting[4] != 10:
        raise ConnectionError("the server sent no greeting")
    # MariaDB puts this number before its version, for replicas that know only MySQL's.
    return greeting[5:].partition(b"\0")[0].decode("ascii", "replace").removeprefix("5.5.5-")


def mariadb_program(name: str, *, package: str = _PACKAGE) -> str:
    """Return the path of one of MariaDB's programs; raise CompareError with the package if it is not installed."""
    path = processes.find_program(name)
    if path is None:
        raise CompareError(
            f"{name} is not installed; install the package {package} (Debian: apt-get install {package})"
        )
    return path
