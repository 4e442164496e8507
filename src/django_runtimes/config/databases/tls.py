"""How the connection to PostgreSQL is encrypted, and by whose word the server is who it says."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django_runtimes.config.choices import SslMode
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.connection_strategy import Route
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.database_address import (
    DB_PROXY_ROOT_CERTIFICATES,
    DB_ROOT_CERTIFICATES,
    DB_SSLMODE,
    PGHOST,
    PGHOSTADDR,
    PGSERVICE,
)

_ROOTS = Path(__file__).parents[2] / "databases" / "roots"
# A server's certificate comes from Amazon RDS's own authorities, a proxy's from AWS Certificate Manager.
_PACKAGED_ROOTS = {Route.DIRECT: _ROOTS / "rds.pem", Route.PROXY: _ROOTS / "amazon.pem"}
ROOT_VARIABLES = {
    Route.DIRECT: DB_ROOT_CERTIFICATES,
    Route.PROXY: DB_PROXY_ROOT_CERTIFICATES,
}


# What libpq goes by where it is not told: where that is, past the host too.
_LIBPQ_VARIABLES = {"host": PGHOST, "hostaddr": PGHOSTADDR, "service": PGSERVICE}

_VERIFIED = (SslMode.VERIFY_CA, SslMode.VERIFY_FULL)
_ENCRYPTED = (SslMode.REQUIRE, *_VERIFIED)


def tls_options(
    environment: Environment, *, host: str, route: Route, options: Mapping[str, Any], default: SslMode
) -> dict[str, str]:
    """libpq's sslmode and sslrootcert for a host on a route; `options` are those of DATABASE_URL, which win.

    Raises ConfigurationError for a mode that libpq does not know.
    """
    chosen = _mode_of_url(options) or environment[DB_SSLMODE]
    crosses_network = needs_encryption(host, with_libpq_variables(options, environment))
    mode = chosen or (default if crosses_network else SslMode.PREFER)
    if mode not in _VERIFIED:
        return {"sslmode": str(mode)}
    root = environment[ROOT_VARIABLES[route]] or str(_PACKAGED_ROOTS[route])
    return {"sslmode": str(mode), "sslrootcert": str(options.get("sslrootcert") or root)}


def with_libpq_variables(options: Mapping[str, Any], environment: Environment) -> dict[str, Any]:
    """The options, and where they do not say where the server is, what libpq takes from its own variables."""
    own = {name: environment[variable] for name, variable in _LIBPQ_VARIABLES.items()}
    return {**{name: value for name, value in own.items() if value is not None}, **options}


def needs_encryption(host: str, options: Mapping[str, Any] = MappingProxyType({})) -> bool:
    """Whether what is sent leaves this machine: not so for loopback addresses and unix sockets."""
    # A file of libpq's says where a service is.
    return bool(options.get("service")) or not all(_is_here(name) for name in destination(host, options).split(","))


def destination(host: str, options: Mapping[str, Any]) -> str:
    """Where libpq goes: to the service or the numeric address that options name, whatever the host."""
    if options.get("service"):
        return f"the service {options['service']}"
    return str(options.get("hostaddr") or host or options.get("host") or "")


def encrypts(sslmode: str | None) -> bool:
    """Whether libpq in this mode sends nothing unencrypted; None is libpq's default, which may."""
    return sslmode in _ENCRYPTED


def _mode_of_url(options: Mapping[str, Any]) -> SslMode | None:
    mode = options.get("sslmode")
    if not mode:
        return None
    if mode not in set(SslMode):
        raise ConfigurationError(
            f"DATABASE_URL has sslmode={mode!r}, which is none; choose one of: {', '.join(sorted(SslMode))}"
        )
    return SslMode(mode)


def _is_here(host: str) -> bool:
    # libpq takes an empty host, a path and an abstract name for a unix socket.
    if host in {"", "localhost"} or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
