"""MariaDB servers of a comparison, and the databases of its targets."""

import os
import secrets
import subprocess
from typing import Self
from urllib.parse import quote

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.mariadb_session import connect_to, driver_error, require_driver
from django_runtimes.compare.services.mariadb import PROJECT_PRIVILEGES, MariadbServer, mariadb_program

_CLIENT_PACKAGE = "mariadb-client"
_COPY_TIMEOUT_S = 300.0
# The settings that a reader needs to judge the figures.
_RECORDED_SETTINGS = (
    "version",
    "max_connections",
    "innodb_buffer_pool_size",
    "innodb_flush_log_at_trx_commit",
    "sync_binlog",
    "character_set_server",
    "collation_server",
    "time_zone",
    "have_ssl",
)


class ComparedMariadb(MariadbServer):
    """A server that counts the connections of each user, with one user for each database, of the same name."""

    def __init__(self) -> None:
        super().__init__(options={"userstat": "ON"})
        self.settings: dict[str, str] = {}
        self.database_password = secrets.token_hex(16)

    def __enter__(self) -> Self:
        require_driver()
        super().__enter__()
        names = ", ".join(f"@@{name}" for name in _RECORDED_SETTINGS)
        with connect_to(self.administration_url) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {names}")
            (row,) = cursor.fetchall()
        self.settings = dict(zip(_RECORDED_SETTINGS, map(str, row), strict=True))
        return self

    def url(self, database: str, *, role: str = "") -> str:
        """Return a URL of a database for its own user, or for a role of the server."""
        if role:
            return super().url(database, role=role)
        name = quote(database, safe="")
        return f"mariadb://{name}:{self.database_password}@127.0.0.1:{self.port}/{name}"

    def application_url(self, database: str) -> str:
        """Return the URL for the project's processes, whose mode overrides a demand for TLS in the settings."""
        return f"{self.url(database)}?sslmode=prefer"


def create_mariadb_database(server: ComparedMariadb, name: str, *, template: str | None = None) -> None:
    """Create a database with its user, as a copy of `template` if given; raise CompareError if that fails."""
    _execute(
        server,
        f"create the database {name!r}",
        f"CREATE DATABASE `{name}`",
        f"CREATE USER '{name}'@'%' IDENTIFIED BY '{server.database_password}'",
        f"GRANT {PROJECT_PRIVILEGES} ON `{name}`.* TO '{name}'@'%'",
    )
    if template is not None:
        _copy(server, template, name)


def drop_mariadb_database(server: ComparedMariadb, name: str) -> None:
    """Drop a database and its user if they exist, and disconnect its clients."""
    _execute(
        server,
        f"drop the database {name!r}",
        # An open transaction would hold the statement after the next one up.
        f"DROP USER IF EXISTS '{name}'@'%'",
        f"KILL USER '{name}'",
        f"DROP DATABASE IF EXISTS `{name}`",
    )


def _execute(server: ComparedMariadb, purpose: str, *statements: str) -> None:
    try:
        with connect_to(server.administration_url) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except driver_error() as error:
        raise CompareError(
            f"cannot {purpose}: {error}; check that the server still runs and nothing else uses that name"
        ) from error


def _copy(server: ComparedMariadb, template: str, name: str) -> None:
    """Copy the database with the server's own tools, which keep keys, constraints, views, triggers and routines."""
    dump, client = (mariadb_program(each, package=_CLIENT_PACKAGE) for each in ("mariadb-dump", "mariadb"))
    login = ["--no-defaults", "--host=127.0.0.1", f"--port={server.port}"]
    environ = {"PATH": os.defpath, "LC_ALL": "C", "MYSQL_PWD": server.database_password}
    try:
        copied = subprocess.run(
            [dump, *login, f"--user={template}", "--single-transaction", "--routines", "--events", "--", template],
            env=environ,
            capture_output=True,
            timeout=_COPY_TIMEOUT_S,
            check=True,
        )
        subprocess.run(
            [client, *login, f"--user={name}", "--", name],
            env=environ,
            # Views, triggers and routines run with the rights of the user that created them.
            input=copied.stdout.replace(_definer(template), _definer(name)),
            capture_output=True,
            timeout=_COPY_TIMEOUT_S,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        cause = error.stderr.decode(errors="replace").strip().splitlines()
        raise CompareError(
            f"cannot copy the database {template!r} to {name!r}: {cause[-1] if cause else error}; check free space"
        ) from None
    except subprocess.TimeoutExpired:
        raise CompareError(
            f"copying the database {template!r} did not end within {_COPY_TIMEOUT_S:g} s; let the workload's commands "
            "create fewer rows"
        ) from None


def _definer(user: str) -> bytes:
    return f"DEFINER=`{user}`@`%`".encode()
