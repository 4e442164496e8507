"""Logs in to a MySQL or MariaDB server as the application would, and reads its configuration."""

import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.utils import ConnectionHandler
from pymysql.connections import Connection

from django_runtimes.databases.interface.examined_server import (
    ExaminedServer,
    ServerConnection,
    ServerError,
    ServerShortcoming,
)
from django_runtimes.databases.interface.server_limits import ConnectionLimit, ServerLimits
from django_runtimes.databases.mysql.administration.server_session import is_mariadb, rows


class _Product(NamedTuple):
    """The timeouts of sessions by the server's names, their effect, and a proxy's initialization query for them."""

    timeouts: tuple[str, ...]
    effect: str
    query: str


_LOGIN = """
SELECT VERSION(), IF(@@time_zone = 'SYSTEM', @@system_time_zone, @@time_zone), CURRENT_USER(), CONNECTION_ID(),
       @@max_connections, @@SESSION.max_user_connections, CONVERT_TZ('2000-01-01', 'UTC', 'Europe/Berlin') IS NULL,
       (SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID())
"""
_ADMINISTERS = """
SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = %s AND PRIVILEGE_TYPE IN ('SUPER', 'CREATE USER')
"""
_UTC = frozenset({"UTC", "+00:00", "GMT", "Etc/UTC"})
# Parts of error messages, with the remedy for each; the first match is used.
_REMEDIES = (
    ("of the extra", "install what is missing here"),
    ("AWS credentials", "give this process an AWS role or access keys"),
    ("cannot be read", "check the secret's ARN and content, and that this process's role may read it"),
    ("plain text", "set WEBAPP_DB_SSLMODE=verify-full"),
    ("Access denied", "check the login: DATABASE_URL, WEBAPP_DB_USER and its password, or the secret; and its grants"),
    ("Unknown database", "create it, or check WEBAPP_DB_NAME (or DATABASE_URL)"),
    ("certificate", "check the root certificates, and that the certificate has the host's name"),
    ("SSL", "enable TLS on the server, or choose another WEBAPP_DB_SSLMODE"),
    ("secure transport", "set WEBAPP_DB_SSLMODE=verify-full"),
    ("Too many", "close other connections, or raise max_connections"),
    ("max_user_connections", "close other connections, or raise the user's MAX_USER_CONNECTIONS"),
    ("is blocked", "run FLUSH HOSTS as an administrator"),
)
_ELSE = "check host and port, and that firewalls and security groups let this machine through"
_NO_ZONES = ServerShortcoming(
    "the server's time zone tables are empty, so queries that truncate or extract dates in another time zone than UTC "
    "fail",
    "load them with mysql_tzinfo_to_sql",
)
_PRODUCTS = {
    "MariaDB": _Product(
        timeouts=("max_statement_time", "idle_transaction_timeout"),
        effect="timeouts end statements and idle transactions",
        query="SET max_statement_time = 8, idle_transaction_timeout = 5",
    ),
    "MySQL": _Product(
        timeouts=("max_execution_time",),
        effect="a timeout ends queries; MySQL has none for other statements and for idle transactions, so a frozen "
        "process holds its locks until its connection ends",
        query="SET max_execution_time = 8000, innodb_lock_wait_timeout = 8",
    ),
}
# The options of an entry of DATABASES with which the engine sets these timeouts.
_OPTIONS = {
    "max_statement_time": "statement_timeout",
    "max_execution_time": "statement_timeout",
    "idle_transaction_timeout": "idle_transaction_timeout",
}


def examine_mysql(database: dict[str, Any]) -> ExaminedServer | ServerError:
    """Log in with an entry of DATABASES and its engine, and read the server's configuration."""
    wrapper = ConnectionHandler({"default": database})["default"]
    try:
        parameters = wrapper.get_connection_params()
        # ensure_connection() would set the limits that are read here.
        with wrapper.get_new_connection(parameters) as connection:
            return _examined(connection, database.get("OPTIONS") or {})
    except Exception as error:
        # The driver, Django and providers of credentials raise their own errors.
        text = " ".join(str(error.args[1] if len(error.args) > 1 else error).split())
        return ServerError(text, next((remedy for part, remedy in _REMEDIES if part in text), _ELSE))


def _examined(connection: Connection, options: Mapping[str, Any]) -> ExaminedServer:
    ((version, time_zone, login, number, max_connections, user_limit, lacks_zones, client),) = rows(connection, _LOGIN)
    user, _, host = str(login).rpartition("@")
    name = "MariaDB" if is_mariadb(connection) else "MySQL"
    product = _PRODUCTS[name]
    # A proxy has its own numbers for connections.
    is_proxied = number != connection.thread_id()
    return ExaminedServer(
        place=connection.unix_socket or f"{connection.host}:{connection.port}",
        user=user,
        version=f"{name} {version}",
        time_zone="UTC" if time_zone in _UTC else time_zone,
        is_administrator=rows(connection, _ADMINISTERS, [f"'{user}'@'{host}'"]) != [],
        missing_timeouts=_missing_timeouts(connection, product.timeouts, options),
        connection=ServerConnection(
            host=str(connection.host),
            address="" if connection.unix_socket else connection._sock.getpeername()[0],
            port=connection.port,
            is_proxied=is_proxied,
            is_unproxied=not is_proxied and _client_port(client) == _local_port(connection),
            encrypted=isinstance(connection._sock, ssl.SSLSocket),
            sslmode=str(options.get("sslmode") or "prefer"),
        ),
        limits=ServerLimits(
            max_connections=max_connections,
            # 0 means that there is no limit.
            connection_limits=(ConnectionLimit("role", user, user_limit),) if user_limit else (),
        ),
        time_zone_remedy="set time_zone to UTC in the server's configuration (on RDS in the parameter group)",
        timeouts_remedy=f"set the proxy's initialization query to {product.query}",
        timeouts_effect=product.effect,
        shortcomings=(_NO_ZONES,) if lacks_zones else (),
    )


def _missing_timeouts(connection: Connection, names: tuple[str, ...], options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the timeouts that neither the engine sets nor the session has, as from its user or from a proxy."""
    (limits,) = rows(connection, f"SELECT {', '.join(f'@@SESSION.{name}' for name in names)}")
    return tuple(name for name, limit in zip(names, limits, strict=True) if not (options.get(_OPTIONS[name]) or limit))


def _client_port(client: object) -> str:
    return str(client).rpartition(":")[2]


def _local_port(connection: Connection) -> str | None:
    """Return the client port that the server sees if there is no proxy in between; None for a unix socket."""
    return None if connection.unix_socket else str(connection._sock.getsockname()[1])
