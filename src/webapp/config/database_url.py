"""The parts of a PostgreSQL URL."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from webapp.config.errors import ConfigurationError
from webapp.config.secret import Secret

_SCHEMES = ("postgresql://", "postgres://")
_DEFAULT_PORT = 5432
_MAX_PORT = 65535
_REMEDY = (
    "write postgresql://user:password@host:port/name, with special characters percent-encoded (@ as %40, / as %2F)"
)


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
    """The parts of DATABASE_URL; raises ConfigurationError, which shows no part that may belong to the password."""
    scheme = next((scheme for scheme in _SCHEMES if url.startswith(scheme)), None)
    if scheme is None:
        raise ConfigurationError(f"DATABASE_URL is not a PostgreSQL URL; {_REMEDY}")
    login, at, rest = url.removeprefix(scheme).partition("@")
    # libpq takes a part of such a password for the host, or for the database at a host that is the user's name.
    if "@" in rest or (at and "/" in login):
        raise ConfigurationError(f"DATABASE_URL has a bare @ or / in its user or password; {_REMEDY}")
    parts = _libpq_parts(url)
    name = str(parts.pop("dbname", ""))
    if not name:
        raise ConfigurationError("DATABASE_URL names no database; end it with /name")
    return Address(
        host=str(parts.pop("host", "")),
        port=_port(str(parts.pop("port", _DEFAULT_PORT))),
        name=name,
        user=str(parts.pop("user", "")),
        password=Secret(parts.pop("password", "")),
        options=dict(parts),
    )


def _libpq_parts(url: str) -> dict[str, Any]:
    try:
        return conninfo_to_dict(url)
    except ProgrammingError:
        # libpq's message quotes the part that it did not understand, which may be the password.
        pass
    query = url.rpartition("@")[2].partition("?")[2]
    unknown = [name for name, _ in parse_qsl(query, keep_blank_values=True) if not _is_option(name)]
    if unknown:
        raise ConfigurationError(
            f"DATABASE_URL has the option {unknown[0]!r}, which libpq does not know; remove or correct it"
        )
    raise ConfigurationError(f"DATABASE_URL is not a PostgreSQL URL; {_REMEDY}")


def _is_option(name: str) -> bool:
    try:
        conninfo_to_dict(f"postgresql://?{quote(name)}=1")
    except ProgrammingError:
        return False
    return True


def _port(text: str) -> int:
    if "," in text:
        raise ConfigurationError("DATABASE_URL names several servers; this application uses one")
    # Not shown: without a host in the URL it is the password.
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= _MAX_PORT:
        raise ConfigurationError(f"DATABASE_URL has a port that is not a number from 1 to {_MAX_PORT}; {_REMEDY}")
    return int(text)
