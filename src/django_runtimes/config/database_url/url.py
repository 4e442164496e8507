"""Parses PostgreSQL URLs."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.django_options import OF_STRATEGY, flags_of, split_options
from django_runtimes.config.database_url.libpq import require_libpq
from django_runtimes.config.secret import Secret

_SCHEMES = ("postgresql://", "postgres://", "postgis://")
_SPATIAL_SCHEME = "postgis://"
_DEFAULT_PORT = 5432
_MAX_PORT = 65535
# libpq validates the values of these options only when it connects.
_INTEGER_OPTIONS = (
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
)
_INTEGER = re.compile(r"-?[0-9]+")
_REMEDY = (
    "write postgresql://user:password@host:port/name, with special characters percent-encoded (@ as %40, / as %2F)"
)


@dataclass(frozen=True)
class Address:
    """The address of a PostgreSQL database with its login; `options` are libpq's connection parameters.

    `is_spatial` says whether the URL asks for PostGIS. `flags` are options of the URL that are keys of Django's
    DATABASES. `ignored` names the URL's options that have no effect because the connection strategy sets them.
    """

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    options: dict[str, Any] = field(default_factory=dict)
    is_spatial: bool = False
    flags: dict[str, bool] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def parse_database_url(url: str) -> Address:
    """Parse DATABASE_URL; for an invalid URL raise ConfigurationError, which shows no possible part of the password."""
    url = Secret(url)
    scheme = next((scheme for scheme in _SCHEMES if url.startswith(scheme)), None)
    if scheme is None:
        raise ConfigurationError(f"DATABASE_URL is not a PostgreSQL URL; {_REMEDY}")
    if _has_bare_delimiter(url.removeprefix(scheme)):
        raise ConfigurationError(f"DATABASE_URL has an unencoded @ or / in its user or password; {_REMEDY}")
    _, keys = split_options(url)
    parts = _libpq_parts(libpq_url(url))
    name = str(parts.pop("dbname", ""))
    if not name:
        raise ConfigurationError("DATABASE_URL names no database; add /name at its end")
    return Address(
        host=str(parts.pop("host", "")),
        port=_port(parts.pop("port", Secret(_DEFAULT_PORT))),
        name=name,
        user=str(parts.pop("user", "")),
        password=parts.pop("password", Secret()),
        options={name: _option(name, str(value)) for name, value in parts.items()},
        is_spatial=scheme == _SPATIAL_SCHEME,
        flags=flags_of(keys),
        ignored=tuple(key.lower() for key in OF_STRATEGY if key in keys),
    )


def libpq_url(url: str) -> Secret:
    """Return the URL for libpq, which accepts neither postgis:// nor Django's keys."""
    url, _ = split_options(url)
    if url.startswith(_SPATIAL_SCHEME):
        return Secret("postgresql://" + Secret(url.removeprefix(_SPATIAL_SCHEME)))
    return Secret(url)


def _has_bare_delimiter(rest: str) -> bool:
    """Return whether libpq would read a part of the login as the host or the database."""
    login, at, address = rest.partition("@")
    return "@" in address or bool(at and "/" in login)


def _libpq_parts(url: Secret) -> dict[str, Secret]:
    require_libpq()
    # Imported here so that a project without PostgreSQL needs no libpq.
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        return {name: Secret(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        # libpq's message quotes the part that it cannot parse, which may be the password.
        pass
    unknown = _unknown_option(url)
    if unknown is not None:
        raise ConfigurationError(
            f"DATABASE_URL has the option {unknown!r}, which libpq does not know; remove or correct it"
        )
    raise ConfigurationError(f"DATABASE_URL is not a PostgreSQL URL; {_REMEDY}")


def _unknown_option(url: str) -> str | None:
    query = url.rpartition("@")[2].partition("?")[2]
    return next((name for name, _ in parse_qsl(query, keep_blank_values=True) if not _is_option(name)), None)


def _option(name: str, value: str) -> str:
    if name in _INTEGER_OPTIONS and not _INTEGER.fullmatch(value):
        raise ConfigurationError(f"DATABASE_URL has {name}={value!r}, which is not a whole number; correct it")
    return value


def _is_option(name: str) -> bool:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        conninfo_to_dict(f"postgresql://?{quote(name)}=1")
    except ProgrammingError:
        return False
    return True


def _port(text: str) -> int:
    if "," in text:
        raise ConfigurationError("DATABASE_URL names several servers, and only one is supported; name one")
    # The port is not shown, because in a URL without a host this part is the password.
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= _MAX_PORT:
        raise ConfigurationError(f"DATABASE_URL has a port that is not a number from 1 to {_MAX_PORT}; {_REMEDY}")
    return int(text)
