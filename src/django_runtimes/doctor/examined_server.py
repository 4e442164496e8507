"""Logs in to a PostgreSQL server as the application would, and reads its configuration."""

import os
import socket
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from django.db.utils import ConnectionHandler

from django_runtimes.databases.budget import ConnectionLimit, ServerLimits
from django_runtimes.operations.role_timeouts import read_role_timeouts

# The last setting exists only on RDS.
_RESERVED = ("superuser_reserved_connections", "reserved_connections", "rds.rds_superuser_reserved_connections")

_LOGIN = """
    SELECT current_setting('server_version'),
           current_setting('TimeZone'),
           EXISTS (SELECT FROM pg_roles WHERE (rolname = current_user AND rolsuper)
                   OR (rolname = 'rds_superuser' AND pg_has_role(oid, 'MEMBER'))),
           pg_backend_pid(),
           inet_client_port(),
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
           (SELECT datconnlimit FROM pg_database WHERE datname = current_database())
"""
_SETTINGS = "SELECT name, setting::int FROM pg_settings WHERE name = ANY(%s)"

# Parts of error messages, with the remedy for each; the first match is used.
_REMEDIES = (
    ("of the extra", "install what is missing here"),
    ("AWS credentials", "give this process an AWS role or access keys"),
    ("cannot be read", "check the secret's ARN and content, and that this process's role may read it"),
    ("authentication failed", "check the login: DATABASE_URL, WEBAPP_DB_USER and its password, or the secret"),
    ("does not exist", "create it, or check WEBAPP_DB_NAME and WEBAPP_DB_USER (or DATABASE_URL)"),
    ("certificate", "check the root certificates, and that the certificate has the host's name"),
    ("SSL", "enable TLS on the server, or choose another WEBAPP_DB_SSLMODE"),
    ("too many", "close other connections, or raise the limit"),
    ("slots are reserved", "close other connections, or raise max_connections"),
    ("options", "RDS Proxy accepts no options; set them on the role instead"),
)
_ELSE = "check host and port, and that firewalls and security groups let this machine through"


@dataclass(frozen=True)
class ExaminedServer:
    """The server that a login reached; `sslmode` is the requested mode, `encrypted` the result.

    `address` is the host's numeric address, empty for a unix socket. Behind address translation, `is_proxied` and
    `is_unproxied` may both be false.
    """

    host: str
    address: str
    port: int
    user: str
    version: str
    time_zone: str
    is_administrator: bool
    is_proxied: bool
    is_unproxied: bool
    encrypted: bool
    sslmode: str
    missing_timeouts: tuple[str, ...]
    limits: ServerLimits
    # Django sets this time zone on each session that has another one.
    wanted_time_zone: str = "UTC"


@dataclass(frozen=True)
class ServerError:
    """The reason why a login failed, on one line, and the remedy.

    `is_unreadable` is whether the variables do not configure the login, so no server was asked.
    """

    text: str
    remedy: str
    is_unreadable: bool = False


def ask_server(database: dict[str, Any]) -> ExaminedServer | ServerError:
    """Log in with an entry of DATABASES and its engine, and read the server's configuration."""
    wrapper = ConnectionHandler({"default": database})["default"]
    try:
        parameters = wrapper.get_connection_params()
        # ensure_connection() would set the time zone that is read here.
        connection: psycopg.Connection = wrapper.get_new_connection(parameters)
        connection.autocommit = True
        with connection:
            server = _ask(connection, sslmode=str(parameters.get("sslmode") or "prefer"))
            return replace(server, wanted_time_zone=str(wrapper.timezone_name))
    except Exception as error:
        # psycopg, Django and providers of credentials raise their own errors.
        text = " ".join(str(error).split())
        remedy = next((remedy for part, remedy in _REMEDIES if part in text), _ELSE)
        return ServerError(text, remedy)


def _ask(connection: psycopg.Connection, *, sslmode: str) -> ExaminedServer:
    row = connection.execute(_LOGIN).fetchone()
    assert row is not None, "a SELECT without FROM has one row"  # noqa: S101
    version, time_zone, is_administrator, backend_pid, client_port, role_limit, database_limit = row
    slots: dict[str, int] = dict(connection.execute(_SETTINGS, [["max_connections", *_RESERVED]]).fetchall())
    info = connection.info
    limits = (ConnectionLimit("role", info.user, role_limit), ConnectionLimit("database", info.dbname, database_limit))
    # A proxy reports its own process IDs to clients.
    is_proxied = backend_pid != info.backend_pid
    return ExaminedServer(
        host=info.host,
        address=info.hostaddr,
        port=info.port,
        user=info.user,
        version=version,
        time_zone=time_zone,
        is_administrator=is_administrator,
        is_proxied=is_proxied,
        is_unproxied=not is_proxied and client_port == _local_port(connection),
        encrypted=connection.pgconn.ssl_in_use,
        sslmode=sslmode,
        missing_timeouts=_missing_timeouts(connection),
        limits=ServerLimits(
            max_connections=slots["max_connections"],
            reserved={name.removeprefix("rds."): slots[name] for name in _RESERVED if name in slots},
            # -1 means that there is no limit.
            connection_limits=tuple(limit for limit in limits if limit.value >= 0),
        ),
    )


def _local_port(connection: psycopg.Connection) -> int | None:
    """Return the client port that the server sees if there is no proxy in between; None for a unix socket."""
    with socket.socket(fileno=os.dup(connection.fileno())) as ours:
        return None if ours.family == socket.AF_UNIX else ours.getsockname()[1]


def _missing_timeouts(connection: psycopg.Connection) -> tuple[str, ...]:
    """Return the timeouts that neither the role nor the session has; a proxy's initialization query may set them."""
    missing = read_role_timeouts(connection, connection.info.user).missing()
    of_session: dict[str, str] = dict(
        connection.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [missing]).fetchall()
    )
    return tuple(name for name in missing if of_session[name] == "0")
