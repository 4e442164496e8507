"""Where PostgreSQL is, as Django's DATABASES wants it."""

from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from webapp.config.connections import Route
from webapp.config.environment import Environment
from webapp.config.errors import ConfigurationError
from webapp.config.profile import Profile

_SCHEMES = ("postgresql://", "postgres://")


@dataclass(frozen=True)
class Address:
    """One PostgreSQL database and how to log in; `options` are libpq's connection parameters."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    options: dict[str, Any] = field(default_factory=dict)


def database_settings(environment: Environment, profile: Profile) -> dict[str, Any]:
    """The `default` entry of DATABASES for the profile's strategy and route.

    Raises ConfigurationError when the route's address is not known.
    """
    address = _address_on_route(environment, profile.route)
    strategy = profile.connections.as_django()
    connect_timeout_s = environment.integer("WEBAPP_DB_CONNECT_TIMEOUT_S", minimum=1)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": address.host,
        "PORT": address.port,
        "NAME": address.name,
        "USER": address.user,
        "PASSWORD": address.password,
        **strategy,
        "OPTIONS": {"connect_timeout": connect_timeout_s, **address.options, **strategy["OPTIONS"]},
        # A transaction-mode proxy hands each transaction another server connection, where the cursor is not.
        "DISABLE_SERVER_SIDE_CURSORS": profile.route is Route.PROXY,
    }


def _address_on_route(environment: Environment, route: Route) -> Address:
    url = environment.secret("DATABASE_URL")
    if url is None and environment.text("WEBAPP_DB_HOST") is None:
        raise ConfigurationError("no database is configured; set DATABASE_URL, or WEBAPP_DB_HOST and its group")
    address = parse_database_url(url) if url is not None else _address_of_variables(environment)
    if route is Route.DIRECT:
        return address
    proxy_host = environment.text("WEBAPP_DB_PROXY_HOST")
    if proxy_host is None:
        raise ConfigurationError(
            "WEBAPP_DB_PROXY_HOST is not set and the route is proxy; set it, or WEBAPP_DB_ROUTE=direct"
        )
    return replace(address, host=proxy_host, port=_port(environment, "WEBAPP_DB_PROXY_PORT"))


def parse_database_url(url: str) -> Address:
    """The parts of DATABASE_URL; raises ConfigurationError, which never shows the URL."""
    rule = "DATABASE_URL is not a PostgreSQL URL; write postgresql://user:password@host:port/name"
    if not url.startswith(_SCHEMES):
        raise ConfigurationError(rule)
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        # From None: libpq's message quotes the part it did not understand, which may be the password.
        raise ConfigurationError(f"{rule}, with special characters percent-encoded") from None
    name = str(parts.pop("dbname", ""))
    if not name:
        raise ConfigurationError("DATABASE_URL names no database; end it with /name")
    port = str(parts.pop("port", 5432))
    if not port.isdigit():
        raise ConfigurationError("DATABASE_URL names several ports; this application uses one server")
    return Address(
        host=str(parts.pop("host", "")),
        port=int(port),
        name=name,
        user=str(parts.pop("user", "")),
        password=str(parts.pop("password", "")),
        options=dict(parts),
    )


def _address_of_variables(environment: Environment) -> Address:
    return Address(
        host=environment.text("WEBAPP_DB_HOST") or "",
        port=_port(environment, "WEBAPP_DB_PORT"),
        name=environment.text("WEBAPP_DB_NAME") or "",
        user=environment.text("WEBAPP_DB_USER") or "",
        password=environment.secret("WEBAPP_DB_PASSWORD") or "",
    )


def _port(environment: Environment, name: str) -> int:
    port = environment.integer(name, minimum=1, maximum=65535)
    assert port is not None, "the table gives every port a default"  # noqa: S101
    return port
