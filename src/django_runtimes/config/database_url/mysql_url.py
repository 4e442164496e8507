"""Parses the URLs of MySQL and MariaDB."""

from urllib.parse import parse_qsl, unquote, urlsplit

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.django_options import OF_STRATEGY, flags_of, split_options
from django_runtimes.config.database_url.mysql_options import mysql_options
from django_runtimes.config.database_url.url_text import has_bare_delimiter, port_in_range
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.data_paths import DEFAULT_PORTS, Engine

_REMEDY = "write mysql://user:password@host:port/name, with special characters percent-encoded (@ as %40, / as %2F)"


def parse_mysql_url(url: Secret) -> Address:
    """Parse a URL whose scheme is MySQL's; for an invalid URL raise ConfigurationError, which shows no password.

    A host that begins with a slash, percent-encoded, is a unix socket.
    """
    if has_bare_delimiter(Secret(url.partition("://")[2])):
        raise ConfigurationError(f"DATABASE_URL has an unencoded @ or / in its user or password; {_REMEDY}")
    url, keys = split_options(url)
    login, host, port, path, query = _parts_of(url)
    name = unquote(path.removeprefix("/"))
    if not name or "/" in path.removeprefix("/"):
        raise ConfigurationError("DATABASE_URL names no database; add /name at its end")
    user, _, password = login.partition(":")
    return Address(
        host=unquote(host),
        port=port_in_range(port, _REMEDY) if port else DEFAULT_PORTS[Engine.MYSQL],
        name=name,
        user=unquote(user),
        password=Secret(unquote(password)),
        options=mysql_options(dict(parse_qsl(query, keep_blank_values=True)), "DATABASE_URL"),
        flags=flags_of(keys),
        ignored=tuple(key.lower() for key in OF_STRATEGY if key in keys),
        engine=Engine.MYSQL,
    )


def _parts_of(url: str) -> tuple[Secret, str, Secret, str, str]:
    """Return login, host, port, path and query, still percent-encoded."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # Python's message may quote the password.
        parts = None
    if parts is None or parts.fragment:
        raise ConfigurationError(f"DATABASE_URL is not a MySQL URL; {_REMEDY}")
    login, _, server = parts.netloc.rpartition("@")
    if "," in server:
        raise ConfigurationError("DATABASE_URL names several servers, and only one is supported; name one")
    host, has_port, port = server.rpartition(":") if not server.endswith("]") else (server, "", "")
    if not has_port and not server.endswith("]"):
        host, port = server, ""
    return Secret(login), host.strip("[]"), Secret(port), parts.path, parts.query
