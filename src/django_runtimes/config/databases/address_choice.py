"""Chooses the database's address from variables and the project's settings."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.django_options import KEYS
from django_runtimes.config.database_url.url import Address
from django_runtimes.config.databases.engines import SPATIAL_ENGINE, is_postgresql
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.database.database_address import (
    DATABASE_URL,
    DB_HOST,
    DB_NAME,
    DB_PORT,
    DB_PROXY_HOST,
    DB_PROXY_PORT,
    PGHOSTADDR,
)
from django_runtimes.config.variables.database.database_login import DB_PASSWORD, DB_USER

_DEFAULT_PORT = 5432
# dj-database-url translates this option into OPTIONS["options"].
_TRANSLATED = frozenset({"currentSchema"})
# RDS Proxy's endpoints are named NAME.proxy-ID.REGION.rds.amazonaws.com, or .amazonaws.com.cn in China.
_RDS_PROXY_HOST = re.compile(r"[^.]+\.(?:endpoint\.)?proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(?:\.cn)?")


def address_is_given(environment: Environment) -> bool:
    """Return whether variables give the address of the database."""
    return environment.is_set(DATABASE_URL) or environment.is_set(DB_HOST)


def has_address_of(entry: Mapping[str, Any], url: str) -> bool:
    """Return whether an entry of DATABASES already has the address, login and options of a PostgreSQL URL.

    It has them if the settings parse the URL themselves, with django-environ or dj-database-url.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORT
    except ValueError:
        return False
    texts = (parts.hostname, parts.path.removeprefix("/"), parts.username, parts.password)
    host, *login = (Secret(unquote(text or "")) for text in texts)
    options = entry.get("OPTIONS") or {}
    return (
        is_postgresql(entry)
        and (parts.scheme != "postgis" or "postgis" in str(entry["ENGINE"]))
        # Python lowercases the host of a URL, and django-environ leaves a socket's directory percent-encoded.
        and str(entry.get("HOST") or "").lower() in (host.lower(), parts.hostname or "")
        and str(entry.get("PORT") or _DEFAULT_PORT) == str(port)
        and [str(entry.get(key) or "") for key in ("NAME", "USER", "PASSWORD")] == login
        and all(
            str(options.get(name)) == value
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if name.upper() not in KEYS and name not in _TRANSLATED
        )
    )


def address_on_route(environment: Environment, route: Route, project: Mapping[str, Any]) -> Address:
    """Return the address of `default` on this route.

    Raise ConfigurationError when no address is configured, or the route contradicts another variable.
    """
    if address_is_given(environment) or not is_postgresql(project):
        address = environment[DATABASE_URL] or _address_of_variables(environment)
    else:
        address = _with_variables(environment, address_of(project))
    if route is Route.DIRECT:
        return address
    proxy_host = environment[DB_PROXY_HOST]
    if proxy_host is None:
        raise ConfigurationError(
            "WEBAPP_DB_PROXY_HOST is not set, but the route is proxy; set it, or WEBAPP_DB_ROUTE=direct"
        )
    if environment.is_set(PGHOSTADDR):
        raise ConfigurationError("PGHOSTADDR is set, so libpq would not connect to WEBAPP_DB_PROXY_HOST; unset it")
    if "options" in address.options:
        raise ConfigurationError(
            "DATABASE_URL has the option 'options', which RDS Proxy refuses; remove it and give the role its "
            "settings with ALTER ROLE ... SET, or set WEBAPP_DB_ROUTE=direct"
        )
    # With the server's `hostaddr`, libpq would connect to the server instead of the proxy.
    options = {name: value for name, value in address.options.items() if name != "hostaddr"}
    return replace(address, host=proxy_host, port=environment[DB_PROXY_PORT], options=options)


def is_proxied(environment: Environment, address: Address) -> bool:
    """Return whether an address is an RDS Proxy endpoint or the proxy that WEBAPP_DB_PROXY_HOST names."""
    host = address.host.lower()
    if _RDS_PROXY_HOST.fullmatch(host) is not None:
        return True
    proxy_host = environment[DB_PROXY_HOST]
    # A pooler and its server may share a host, so their ports are compared too.
    return proxy_host is not None and (host, address.port) == (proxy_host.lower(), environment[DB_PROXY_PORT])


def host_and_port(address: Address, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return HOST and PORT for DATABASES; a port equal to the project's keeps the type that the project gave it."""
    port = address.port if str(project.get("PORT") or _DEFAULT_PORT) != str(address.port) else project.get("PORT")
    return {"HOST": address.host, "PORT": address.port if port is None else port}


def _address_of_variables(environment: Environment) -> Address:
    host = environment[DB_HOST]
    if host is None:
        raise ConfigurationError(
            "no database is configured; set DATABASE_URL, or WEBAPP_DB_HOST, WEBAPP_DB_NAME and WEBAPP_DB_USER"
        )
    return Address(
        host=host,
        port=environment[DB_PORT],
        name=environment[DB_NAME],
        user=environment[DB_USER],
        password=environment[DB_PASSWORD] or Secret(),
    )


def address_of(project: Mapping[str, Any]) -> Address:
    """Return the address in an entry of DATABASES; raise ConfigurationError for a port that is not a number."""
    return Address(
        host=str(project.get("HOST") or ""),
        port=_port_of(project),
        name=str(project.get("NAME") or ""),
        user=str(project.get("USER") or ""),
        password=Secret(project.get("PASSWORD") or ""),
        is_spatial=project.get("ENGINE") == SPATIAL_ENGINE,
    )


def _with_variables(environment: Environment, address: Address) -> Address:
    """Return the project's address with the parts that variables override."""
    return replace(
        address,
        port=environment[DB_PORT] if environment.is_set(DB_PORT) else address.port,
        name=environment[DB_NAME] if environment.is_set(DB_NAME) else address.name,
        user=environment[DB_USER] if environment.is_set(DB_USER) else address.user,
        password=environment[DB_PASSWORD] or address.password,
    )


def _port_of(project: Mapping[str, Any]) -> int:
    port = str(project.get("PORT") or _DEFAULT_PORT)
    if not (port.isascii() and port.isdigit()):
        raise ConfigurationError(f"DATABASES has PORT={port!r}, which is not a number; correct it in the settings")
    return int(port)
