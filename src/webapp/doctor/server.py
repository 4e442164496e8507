"""Asks a PostgreSQL server, as the application would log in, how it is set up."""

from dataclasses import dataclass
from typing import Any

import psycopg
from django.db.utils import ConnectionHandler

from webapp.database.budget import ServerLimits
from webapp.database.role_timeouts import read_role_timeouts

# The last one is RDS's own.
_RESERVED = ("superuser_reserved_connections", "reserved_connections", "rds.rds_superuser_reserved_connections")

_LOGIN = """
    SELECT current_setting('server_version'),
           current_setting('TimeZone'),
           EXISTS (SELECT FROM pg_roles WHERE (rolname = current_user AND rolsuper)
                   OR (rolname = 'rds_superuser' AND pg_has_role(oid, 'MEMBER'))),
           pg_backend_pid(),
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
           (SELECT datconnlimit FROM pg_database WHERE datname = current_database())
"""
_SETTINGS = "SELECT name, setting::int FROM pg_settings WHERE name = ANY(%s)"

# What an error's text holds, and what mends it; the first that fits counts.
_REMEDIES = (
    ("AWS credentials", "give this process a role of AWS's, or keys"),
    ("cannot be read", "check the secret's ARN and content, and that this process's role may read it"),
    ("authentication failed", "check the login: DATABASE_URL, WEBAPP_DB_USER and its password, or the secret"),
    ("does not exist", "create it, or check WEBAPP_DB_NAME and WEBAPP_DB_USER (or DATABASE_URL)"),
    ("certificate", "check the root certificates, and that the host's name is the certificate's"),
    ("SSL", "let the server offer TLS, or choose another WEBAPP_DB_SSLMODE"),
    ("too many", "end what holds the connections, or raise the limit"),
    ("slots are reserved", "end what holds the connections, or raise max_connections"),
    ("options", "RDS Proxy takes no options; set them on the role instead"),
)
_ELSE = "check host and port, and that firewalls and security groups let this machine through"


@dataclass(frozen=True)
class Server:
    """How a login found it; `sslmode` is what was asked for, `encrypted` what came of it."""

    host: str
    port: int
    user: str
    version: str
    time_zone: str
    is_administrator: bool
    is_proxied: bool
    encrypted: bool
    sslmode: str
    missing_timeouts: tuple[str, ...]
    limits: ServerLimits


@dataclass(frozen=True)
class ServerError:
    """Why a login did not find it, on one line, and what to do."""

    text: str
    remedy: str


def ask_server(database: dict[str, Any]) -> Server | ServerError:
    """Log in with an entry of DATABASES, with its engine, and ask."""
    wrapper = ConnectionHandler({"default": database})["default"]
    try:
        parameters = wrapper.get_connection_params()
        # Not ensure_connection(), which would set the time zone that is asked for.
        connection: psycopg.Connection = wrapper.get_new_connection(parameters)
        connection.autocommit = True
        with connection:
            return _ask(connection, sslmode=str(parameters.get("sslmode") or "prefer"))
    except Exception as error:
        # The driver's, Django's, or of whoever hands the credentials out.
        text = " ".join(str(error).split())
        remedy = next((remedy for part, remedy in _REMEDIES if part in text), _ELSE)
        return ServerError(text, remedy)


def _ask(connection: psycopg.Connection, *, sslmode: str) -> Server:
    row = connection.execute(_LOGIN).fetchone()
    assert row is not None, "a SELECT without FROM has one row"  # noqa: S101
    version, time_zone, is_administrator, backend_pid, role_limit, database_limit = row
    slots: dict[str, int] = dict(connection.execute(_SETTINGS, [["max_connections", *_RESERVED]]).fetchall())
    info = connection.info
    limited = {f"role {info.user}": role_limit, f"database {info.dbname}": database_limit}
    return Server(
        host=info.host,
        port=info.port,
        user=info.user,
        version=version,
        time_zone=time_zone,
        is_administrator=is_administrator,
        # A proxy answers clients with a number of its own.
        is_proxied=backend_pid != info.backend_pid,
        encrypted=connection.pgconn.ssl_in_use,
        sslmode=sslmode,
        missing_timeouts=_missing_timeouts(connection),
        limits=ServerLimits(
            max_connections=slots["max_connections"],
            reserved={name.removeprefix("rds."): slots[name] for name in _RESERVED if name in slots},
            # -1 is none.
            connection_limits={owner: limit for owner, limit in limited.items() if limit >= 0},
        ),
    )


def _missing_timeouts(connection: psycopg.Connection) -> tuple[str, ...]:
    """Those that neither the role sets nor anything else, such as the proxy's initialisation query."""
    missing = read_role_timeouts(connection, connection.info.user).missing()
    of_session: dict[str, str] = dict(
        connection.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [missing]).fetchall()
    )
    return tuple(name for name in missing if of_session[name] == "0")
