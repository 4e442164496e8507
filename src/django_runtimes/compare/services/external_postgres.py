"""A PostgreSQL server that the user chose, which is checked before the measurement."""

from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.config.database_url.url import libpq_url

_CONNECT_TIMEOUT_S = 10
_DSQL_SCHEME = "dsql://"
# The oldest version that Django 5.2 supports.
_MIN_VERSION = 140_000

# The settings that a reader needs to judge the figures.
_RECORDED_SETTINGS = (
    "server_version",
    "max_connections",
    "superuser_reserved_connections",
    "shared_buffers",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "password_encryption",
    "ssl",
    "server_encoding",
    "TimeZone",
)


def recorded_settings(connection: psycopg.Connection) -> dict[str, str]:
    """Return the settings for the run's record, as the server reports them."""
    rows = connection.execute(
        "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)",
        [list(_RECORDED_SETTINGS)],
    )
    return dict(rows.fetchall())


def _password(database_url: str, parts: SplitResult) -> str:
    conninfo = conninfo_to_dict(database_url)
    host, port = str(conninfo.get("host") or ""), conninfo.get("port")
    # If the password is not percent-encoded, libpq and Python may split the URL at different places. libpq would take a
    # part of the password for the host or the port, and quote it in its error message.
    same_host = unquote(parts.hostname or "").lower() == host.lower()
    same_port = parts.port == (int(port) if port else None)
    if parts.netloc and not (same_host and same_port):
        raise ValueError
    return str(conninfo.get("password") or "")


class ExternalPostgres:
    """The server at a URL; entering it checks that it answers and that its role may create databases."""

    def __init__(self, database_url: str) -> None:
        if database_url.startswith(_DSQL_SCHEME):
            raise UsageError(
                "--database-url names Aurora DSQL, whose figures depend on the service; write "
                "postgresql://role:password@host:port/database, or measure the deployed application with "
                "--target NAME=URL"
            )
        # The targets choose their engine from INSTALLED_APPS.
        database_url = libpq_url(database_url)
        try:
            self._parts = urlsplit(database_url)
            if self._parts.scheme in {"postgresql", "postgres"}:
                self._password = _password(database_url, self._parts)
        except (ValueError, psycopg.ProgrammingError):
            # These messages quote the URL with its password.
            raise UsageError(
                "--database-url cannot be read; write postgresql://role:password@host:port/database "
                "and percent-encode special characters in the password"
            ) from None
        if self._parts.scheme not in {"postgresql", "postgres"}:
            raise UsageError(
                f"--database-url has the scheme {self._parts.scheme!r}; "
                "write postgresql://role:password@host:port/database"
            )
        self.administration_url = database_url
        self.role = ""
        self.maintenance_database = ""
        self.version = ""
        self.settings: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            with psycopg.connect(self.administration_url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
                self._check(connection)
        except psycopg.Error as error:
            raise CompareError(
                f"the PostgreSQL server of --database-url does not answer: {self._without_password(error)}; "
                "check the URL and that the server is reachable from here"
            ) from None
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The server belongs to the user and keeps running.
        return

    def url(self, database: str) -> str:
        """Return the user's URL with another database."""
        return urlunsplit(self._parts._replace(path=f"/{quote(database, safe='')}"))

    def application_url(self, database: str) -> str:
        """Return the same URL as `url`, since the user and the settings decide about this server's TLS."""
        return self.url(database)

    def _check(self, connection: psycopg.Connection) -> None:
        info = connection.info
        self.settings = recorded_settings(connection)
        self.version = self.settings["server_version"]
        self.role = info.user
        self.maintenance_database = info.dbname
        if info.server_version < _MIN_VERSION:
            raise CompareError(
                f"the server of --database-url is PostgreSQL {self.version}; use 14 or newer, which Django 5.2 needs"
            )
        row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        if row != (True,):
            raise CompareError(
                f"the role {self.role!r} of --database-url may not create databases, and every target "
                f"gets its own; run ALTER ROLE {self.role} CREATEDB as an administrator"
            )

    def _without_password(self, error: psycopg.Error) -> str:
        text = " ".join(str(error).split())
        return text.replace(self._password, "***") if self._password else text
