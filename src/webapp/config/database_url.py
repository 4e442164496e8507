"""The parts of a PostgreSQL URL."""

from dataclasses import dataclass, field
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from webapp.config.errors import ConfigurationError
from webapp.config.secret import Secret

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
        password=Secret(parts.pop("password", "")),
        options=dict(parts),
    )
