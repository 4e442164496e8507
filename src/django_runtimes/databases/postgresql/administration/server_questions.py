"""Logs in to a PostgreSQL server as the application would, and reads its configuration."""

import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg
from django.db.utils import ConnectionHandler

from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.database.database_address import DB_ROOT_CERTIFICATES
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerConnection, ServerError
from django_runtimes.databases.interface.server_limits import ConnectionLimit, ServerLimits
from django_runtimes.databases.postgresql.administration.role_timeouts import read_role_timeouts
from django_runtimes.databases.rds_authorities import bundle_place, region_of_host, trusted_regions

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

_CERTIFICATE = "certificate"
# Parts of error messages, with the remedy for each; the first match is used.
_REMEDIES = (
    ("of the extra", "install what is missing here"),
    ("AWS credentials", "give this process an AWS role or access keys"),
    ("cannot be read", "check the secret's ARN and content, and that this process's role may read it"),
    ("authentication failed", "check the login: DATABASE_URL, WEBAPP_DB_USER and its password, or the secret"),
    ("does not exist", "create it, or check WEBAPP_DB_NAME and WEBAPP_DB_USER (or DATABASE_URL)"),
    (_CERTIFICATE, "check the root certificates, and that the certificate has the host's name"),
    ("SSL", "enable TLS on the server, or choose another WEBAPP_DB_SSLMODE"),
    ("too many", "close other connections, or raise the limit"),
    ("slots are reserved", "close other connections, or raise max_connections"),
    ("options", "RDS Proxy accepts no options; set them on the role instead"),
)
_ELSE = "check host and port, and that firewalls and security groups let this machine through"


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
        return ServerError(text, _missing_authority(database) or remedy if _CERTIFICATE in text else remedy)


def _missing_authority(database: Mapping[str, Any]) -> str | None:
    """Return the remedy if the packaged bundle lacks the authorities of the region in which the server is."""
    region = region_of_host(str(database.get("HOST") or ""))
    roots = str((database.get("OPTIONS") or {}).get("sslrootcert"))
    if region is None or region in trusted_regions() or roots != str(PACKAGED_ROOTS[Route.DIRECT]):
        return None
    return (
        f"the library has no root certificate of RDS for {region}: save {bundle_place(region)}, and set "
        f"{DB_ROOT_CERTIFICATES.name} to its path"
    )


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
        place=f"{info.host}:{info.port}",
        user=info.user,
        version=f"PostgreSQL {version}",
        time_zone=time_zone,
        is_administrator=is_administrator,
        missing_timeouts=_missing_timeouts(connection),
        connection=ServerConnection(
            host=info.host,
            address=info.hostaddr,
            port=info.port,
            is_proxied=is_proxied,
            is_unproxied=not is_proxied and client_port == _local_port(connection),
            encrypted=connection.pgconn.ssl_in_use,
            sslmode=sslmode,
        ),
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
