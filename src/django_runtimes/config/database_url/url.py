"""Parses DATABASE_URL."""

import re
from urllib.parse import parse_qsl, quote

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.django_options import OF_STRATEGY, flags_of, split_options
from django_runtimes.config.database_url.dsql_address import DSQL_DATABASE, require_dsql_address
from django_runtimes.config.database_url.libpq import require_libpq
from django_runtimes.config.database_url.server_url import SERVER_ENGINES, parse_server_url
from django_runtimes.config.database_url.url_text import has_bare_delimiter, port_in_range
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.data_paths import DEFAULT_PORTS, SCHEMES, Engine

_SPATIAL_SCHEME = "postgis://"
_DSQL_SCHEME = "dsql://"
# The schemes that libpq does not know.
_OTHER_SCHEMES = (_SPATIAL_SCHEME, _DSQL_SCHEME)
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


def parse_database_url(url: str) -> Address:
    """Parse DATABASE_URL; for an invalid URL raise ConfigurationError, which shows no possible part of the password."""
    url = Secret(url)
    scheme = f"{url.partition('://')[0]}://"
    engine = SCHEMES.get(scheme.removesuffix("://"))
    if engine is None or not url.startswith(scheme):
        raise ConfigurationError(f"DATABASE_URL is not a PostgreSQL, MySQL, Oracle, SQL Server or DSQL URL; {_REMEDY}")
    if engine in SERVER_ENGINES:
        return parse_server_url(url, engine)
    if has_bare_delimiter(url.removeprefix(scheme)):
        raise ConfigurationError(f"DATABASE_URL has an unencoded @ or / in its user or password; {_REMEDY}")
    _, keys = split_options(url)
    parts = _libpq_parts(libpq_url(url))
    name = str(parts.pop("dbname", DSQL_DATABASE if engine is Engine.DSQL else ""))
    if not name:
        raise ConfigurationError("DATABASE_URL names no database; add /name at its end")
    address = Address(
        host=str(parts.pop("host", "")),
        port=_port(parts.pop("port", Secret(DEFAULT_PORTS[Engine.POSTGRESQL]))),
        name=name,
        user=str(parts.pop("user", "")),
        password=parts.pop("password", Secret()),
        options={name: _option(name, str(value)) for name, value in parts.items()},
        is_spatial=scheme == _SPATIAL_SCHEME,
        flags=flags_of(keys),
        ignored=tuple(key.lower() for key in OF_STRATEGY if key in keys),
        engine=engine,
    )
    if engine is Engine.DSQL:
        require_dsql_address(address, "DATABASE_URL")
    return address


def libpq_url(url: str) -> Secret:
    """Return the URL for libpq, which accepts neither other schemes nor Django's keys."""
    url, _ = split_options(url)
    for scheme in _OTHER_SCHEMES:
        if url.startswith(scheme):
            return Secret("postgresql://" + Secret(url.removeprefix(scheme)))
    return Secret(url)


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
    return port_in_range(text, _REMEDY)
