"""Chooses the database's address from variables and the project's settings."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.django_options import KEYS
from django_runtimes.config.database_url.dsql_address import DSQL_DATABASE
from django_runtimes.config.databases.engine_choice import proxy_port, server_port
from django_runtimes.config.databases.engines import SPATIAL_ENGINE, engine_of_project, has_oracles_own_address
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import DEFAULT_PORTS, SCHEMES, Engine
from django_runtimes.config.variables.database.database_address import (
    DATABASE_URL,
    DB_CLUSTER_ARN,
    DB_ENGINE,
    DB_HOST,
    DB_NAME,
    DB_PORT,
    DB_PROXY_HOST,
    DB_ROUTE,
    PGHOSTADDR,
)
from django_runtimes.config.variables.database.database_login import DB_PASSWORD, DB_USER

# dj-database-url translates these options into OPTIONS["options"] and OPTIONS["ssl"].
_TRANSLATED = frozenset({"currentSchema", "ssl-ca"})
_HAS_EMPTY_PORT = frozenset({Engine.POSTGRESQL, Engine.MYSQL})
# RDS Proxy's endpoints are named NAME.proxy-ID.REGION.rds.amazonaws.com. In China RDS's hosts end in
# .rds.REGION.amazonaws.com.cn.
_RDS_PROXY_HOST = re.compile(
    r"[^.]+\.(?:endpoint\.)?proxy-[^.]+\.(?:[^.]+\.rds\.amazonaws\.com(?:\.cn)?|rds\.[^.]+\.amazonaws\.com\.cn)"
)


def address_is_given(environment: Environment) -> bool:
    """Return whether variables give the address of the database, or the cluster on the route data_api."""
    return (
        environment.is_set(DATABASE_URL)
        or environment.is_set(DB_HOST)
        or (environment.is_set(DB_CLUSTER_ARN) and environment[DB_ROUTE] is Route.DATA_API)
    )


def has_address_of(entry: Mapping[str, Any], url: str) -> bool:
    """Return whether an entry of DATABASES already has the address, login and options of a URL.

    It has them if the settings parse the URL themselves, with django-environ or dj-database-url.
    """
    try:
        parts = urlsplit(url)
        engine = SCHEMES[parts.scheme]
        port = parts.port or DEFAULT_PORTS[engine]
    except (ValueError, KeyError):
        return False
    texts = (parts.hostname, parts.path.removeprefix("/"), parts.username, parts.password)
    host, *login = (Secret(unquote(text or "")) for text in texts)
    given = [str(entry.get(key) or "") for key in ("NAME", "USER", "PASSWORD")]
    if has_oracles_own_address(entry):
        # A URL writes it as its host or as its name.
        is_named = given[0].lower() in (host.lower(), login[0].lower())
        return engine is Engine.ORACLE and is_named and given[1:] == login[1:]
    options = entry.get("OPTIONS") or {}
    return (
        engine_of_project(entry) is engine
        and (parts.scheme != "postgis" or "postgis" in str(entry["ENGINE"]))
        # Python lowercases the host of a URL, and django-environ leaves a socket's directory percent-encoded.
        and str(entry.get("HOST") or "").lower() in (host.lower(), parts.hostname or "")
        and str(entry.get("PORT") or DEFAULT_PORTS[engine]) == str(port)
        and given == login
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
    if address_is_given(environment) or engine_of_project(project) is None:
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
    if address.engine is Engine.POSTGRESQL and environment.is_set(PGHOSTADDR):
        raise ConfigurationError("PGHOSTADDR is set, so libpq would not connect to WEBAPP_DB_PROXY_HOST; unset it")
    if "options" in address.options:
        raise ConfigurationError(
            "DATABASE_URL has the option 'options', which RDS Proxy refuses; remove it and give the role its "
            "settings with ALTER ROLE ... SET, or set WEBAPP_DB_ROUTE=direct"
        )
    # With the server's `hostaddr`, libpq would connect to the server instead of the proxy.
    options = {name: value for name, value in address.options.items() if name != "hostaddr"}
    return replace(address, host=proxy_host, port=proxy_port(environment, address.engine), options=options)


def is_proxied(environment: Environment, address: Address) -> bool:
    """Return whether an address is an RDS Proxy endpoint or the proxy that WEBAPP_DB_PROXY_HOST names."""
    host = address.host.lower()
    if _RDS_PROXY_HOST.fullmatch(host) is not None:
        return True
    proxy_host = environment[DB_PROXY_HOST]
    # A pooler and its server may share a host, so their ports are compared too.
    return proxy_host is not None and (host, address.port) == (
        proxy_host.lower(),
        proxy_port(environment, address.engine),
    )


def host_and_port(address: Address, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return HOST and PORT for DATABASES; a port equal to the project's keeps the type that the project gave it.

    An empty port stays empty for libpq, which may read PGPORT, and for MySQL. The other drivers need a number.
    """
    own = str(project.get("PORT") or DEFAULT_PORTS[address.engine])
    port = address.port if own != str(address.port) else project.get("PORT")
    is_missing = port is None or (port == "" and address.engine not in _HAS_EMPTY_PORT)
    return {"HOST": address.host, "PORT": address.port if is_missing else port}


def _address_of_variables(environment: Environment) -> Address:
    host = environment[DB_HOST]
    if host is None:
        raise ConfigurationError(
            "no database is configured; set DATABASE_URL, or WEBAPP_DB_HOST, WEBAPP_DB_NAME and WEBAPP_DB_USER"
        )
    return Address(
        host=host,
        port=server_port(environment, environment[DB_ENGINE]),
        name=_database_name(environment),
        user=environment[DB_USER],
        password=environment[DB_PASSWORD] or Secret(),
        engine=environment[DB_ENGINE],
    )


def _database_name(environment: Environment) -> str:
    is_default = environment[DB_ENGINE] is Engine.DSQL and not environment.is_set(DB_NAME)
    return DSQL_DATABASE if is_default else environment[DB_NAME]


def address_of(project: Mapping[str, Any]) -> Address:
    """Return the address in an entry of DATABASES; raise ConfigurationError for a port that is not a number."""
    engine = engine_of_project(project) or Engine.POSTGRESQL
    return Address(
        host=str(project.get("HOST") or ""),
        port=_port_of(project, engine),
        name=str(project.get("NAME") or ""),
        user=str(project.get("USER") or ""),
        password=Secret(project.get("PASSWORD") or ""),
        is_spatial=project.get("ENGINE") == SPATIAL_ENGINE,
        engine=engine,
    )


def _with_variables(environment: Environment, address: Address) -> Address:
    """Return the project's address with the parts that variables override."""
    return replace(
        address,
        port=environment[DB_PORT] or address.port,
        name=environment[DB_NAME] if environment.is_set(DB_NAME) else address.name,
        user=environment[DB_USER] if environment.is_set(DB_USER) else address.user,
        password=environment[DB_PASSWORD] or address.password,
    )


def _port_of(project: Mapping[str, Any], engine: Engine) -> int:
    port = str(project.get("PORT") or DEFAULT_PORTS[engine])
    if not (port.isascii() and port.isdigit()):
        raise ConfigurationError(f"DATABASES has PORT={port!r}, which is not a number; correct it in the settings")
    return int(port)
