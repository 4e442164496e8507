"""Parses the URLs of MySQL and MariaDB, of Oracle and of SQL Server."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.django_options import OF_STRATEGY, flags_of, split_options
from django_runtimes.config.database_url.driver_options import mssql_options, oracle_options
from django_runtimes.config.database_url.mysql_options import mysql_options
from django_runtimes.config.database_url.url_text import has_bare_delimiter, port_in_range
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.data_paths import DEFAULT_PORTS, Engine


class _UrlForm(NamedTuple):
    """The words of an engine's errors, the reader of its options, and whether the URL must have a host."""

    url: str
    scheme: str
    options: Callable[[Mapping[str, str], str], dict[str, Any]]
    needs_host: bool

    @property
    def remedy(self) -> str:
        return (
            f"write {self.scheme}://user:password@host:port/name, with special characters percent-encoded (@ as %40, "
            "/ as %2F)"
        )


_FORMS = {
    Engine.MYSQL: _UrlForm("a MySQL URL", "mysql", mysql_options, needs_host=False),
    Engine.ORACLE: _UrlForm("an Oracle URL", "oracle", oracle_options, needs_host=True),
    Engine.MSSQL: _UrlForm("a SQL Server URL", "mssql", mssql_options, needs_host=True),
}
# The engines whose URLs this module parses; libpq parses those of the others.
SERVER_ENGINES = frozenset(_FORMS)


def parse_server_url(url: Secret, engine: Engine) -> Address:
    """Parse a URL whose scheme is the engine's; for an invalid URL raise ConfigurationError, which shows no password.

    A host of MySQL that begins with a slash, percent-encoded, is a unix socket. The name is Oracle's service.
    """
    form = _FORMS[engine]
    if has_bare_delimiter(Secret(url.partition("://")[2])):
        raise ConfigurationError(f"DATABASE_URL has an unencoded @ or / in its user or password; {form.remedy}")
    url, keys = split_options(url)
    login, host, port, path, query = _parts_of(url, form)
    name = unquote(path.removeprefix("/"))
    if not name or "/" in path.removeprefix("/"):
        raise ConfigurationError("DATABASE_URL names no database; add /name at its end")
    if form.needs_host and not host:
        raise ConfigurationError(f"DATABASE_URL names no host; {form.remedy}")
    user, _, password = login.partition(":")
    return Address(
        host=unquote(host),
        port=port_in_range(port, form.remedy) if port else DEFAULT_PORTS[engine],
        name=name,
        user=unquote(user),
        password=Secret(unquote(password)),
        options=form.options(dict(parse_qsl(query, keep_blank_values=True)), "DATABASE_URL"),
        flags=flags_of(keys),
        ignored=tuple(key.lower() for key in OF_STRATEGY if key in keys),
        engine=engine,
    )


def _parts_of(url: str, form: _UrlForm) -> tuple[Secret, str, Secret, str, str]:
    """Return login, host, port, path and query, still percent-encoded."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # Python's message may quote the password.
        parts = None
    if parts is None or parts.fragment:
        raise ConfigurationError(f"DATABASE_URL is not {form.url}; {form.remedy}")
    login, _, server = parts.netloc.rpartition("@")
    if "," in server:
        raise ConfigurationError("DATABASE_URL names several servers, and only one is supported; name one")
    host, has_port, port = server.rpartition(":") if not server.endswith("]") else (server, "", "")
    if not has_port and not server.endswith("]"):
        host, port = server, ""
    return Secret(login), host.strip("[]"), Secret(port), parts.path, parts.query
