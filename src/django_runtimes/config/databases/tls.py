"""TLS mode and trusted root certificates of databases."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import SslMode
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.database.database_address import (
    DB_PROXY_ROOT_CERTIFICATES,
    DB_ROOT_CERTIFICATES,
    DB_SSLMODE,
    PGHOST,
    PGHOSTADDR,
    PGSERVICE,
)

_ROOTS = Path(__file__).parents[2] / "databases" / "roots"
# Amazon RDS's own authorities issue the certificates of servers, and AWS Certificate Manager issues those of proxies.
PACKAGED_ROOTS = {Route.DIRECT: _ROOTS / "rds.pem", Route.PROXY: _ROOTS / "amazon.pem"}
ROOT_VARIABLES = {
    Route.DIRECT: DB_ROOT_CERTIFICATES,
    Route.PROXY: DB_PROXY_ROOT_CERTIFICATES,
}


# libpq's own variables, some of which override the host.
_LIBPQ_VARIABLES = {"host": PGHOST, "hostaddr": PGHOSTADDR, "service": PGSERVICE}

_VERIFIED = (SslMode.VERIFY_CA, SslMode.VERIFY_FULL)
_ENCRYPTED = (SslMode.REQUIRE, *_VERIFIED)


def tls_options(
    environment: Environment, *, host: str, route: Route, options: Mapping[str, Any], default: SslMode
) -> dict[str, str]:
    """Return libpq's sslmode and sslrootcert for a host on a route; `options` of DATABASE_URL override the variables.

    Raise ConfigurationError for a mode that libpq does not have.
    """
    chosen = _mode_of_url(options) or environment[DB_SSLMODE]
    crosses_network = needs_encryption(host, with_libpq_variables(options, environment))
    mode = chosen or (default if crosses_network else SslMode.PREFER)
    if mode not in _VERIFIED:
        return {"sslmode": str(mode)}
    root = environment[ROOT_VARIABLES[route]] or str(PACKAGED_ROOTS[route])
    return {"sslmode": str(mode), "sslrootcert": str(options.get("sslrootcert") or root)}


def with_libpq_variables(options: Mapping[str, Any], environment: Environment) -> dict[str, Any]:
    """Return the options, and the parts of the address that only libpq's own variables give."""
    own = {name: environment[variable] for name, variable in _LIBPQ_VARIABLES.items()}
    return {**{name: value for name, value in own.items() if value is not None}, **options}


def needs_encryption(host: str, options: Mapping[str, Any] = MappingProxyType({})) -> bool:
    """Return whether the connection leaves this machine, unlike one to a loopback address or a unix socket."""
    # A service is assumed to be remote, since only libpq's service file has its address.
    return bool(options.get("service")) or not all(_is_local(name) for name in destination(host, options).split(","))


def destination(host: str, options: Mapping[str, Any]) -> str:
    """Return libpq's destination: the service or the numeric address in `options`, else the host."""
    if options.get("service"):
        return f"the service {options['service']}"
    return str(options.get("hostaddr") or host or options.get("host") or "")


def verifies(mode: SslMode | str) -> bool:
    """Return whether a connection in this mode verifies the server's certificate."""
    return mode in _VERIFIED


def encrypts(sslmode: str | None) -> bool:
    """Return whether libpq always encrypts in this mode; None is libpq's default mode, in which it may not."""
    return sslmode in _ENCRYPTED


def require_encryption(sslmode: str, required: SslMode, *, place: str, crosses_network: bool, token: bool) -> None:
    """Raise ConfigurationError for a mode that may send a token, or data across a network, in plain text.

    `required` is the profile's mode, and `token` says whether the login is a token of IAM.
    """
    if encrypts(sslmode):
        return
    if token:
        raise ConfigurationError(
            f"sslmode={sslmode!r} may send the token of WEBAPP_DB_CREDENTIALS=iam in plain text; "
            "set WEBAPP_DB_SSLMODE=verify-full"
        )
    # Under `local`, `webapp check` warns about plain text instead.
    if encrypts(required) and crosses_network:
        raise ConfigurationError(
            f"sslmode={sslmode!r} may send passwords and rows to {place} in plain text; "
            "set WEBAPP_DB_SSLMODE=verify-full, or the option sslmode of DATABASE_URL"
        )


def _mode_of_url(options: Mapping[str, Any]) -> SslMode | None:
    mode = options.get("sslmode")
    if not mode:
        return None
    if mode not in set(SslMode):
        raise ConfigurationError(
            f"sslmode={mode!r} (DATABASE_URL or OPTIONS) is unknown to libpq; choose one of: "
            f"{', '.join(sorted(SslMode))}"
        )
    return SslMode(mode)


def _is_local(host: str) -> bool:
    # libpq reads an empty host, a path and an abstract name as a unix socket.
    if host in {"", "localhost"} or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
