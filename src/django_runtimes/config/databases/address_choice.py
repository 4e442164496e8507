"""Which address a connection goes to: the variables', the project's own, or the proxy's in front of either."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.connection_strategy import Route
from django_runtimes.config.databases.engines import SPATIAL_ENGINE, is_postgresql
from django_runtimes.config.databases.url import Address
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.database_address import (
    DATABASE_URL,
    DB_HOST,
    DB_NAME,
    DB_PORT,
    DB_PROXY_HOST,
    DB_PROXY_PORT,
    PGHOSTADDR,
)
from django_runtimes.config.variables.database_login import DB_PASSWORD, DB_USER

_DEFAULT_PORT = 5432
# By the names of RDS Proxy's endpoints: NAME.proxy-ID.REGION.rds.amazonaws.com, or .amazonaws.com.cn.
_RDS_PROXY_HOST = re.compile(r"[^.]+\.(?:endpoint\.)?proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(?:\.cn)?")


def address_is_given(environment: Environment) -> bool:
    """Whether variables say where the database is."""
    return environment.is_set(DATABASE_URL) or environment.is_set(DB_HOST)


def address_on_route(environment: Environment, route: Route, project: Mapping[str, Any]) -> Address:
    """Where `default` is reached; ConfigurationError where nothing says so, or the route cannot be taken."""
    if address_is_given(environment) or not is_postgresql(project):
        address = environment[DATABASE_URL] or _address_of_variables(environment)
    else:
        address = _with_variables(environment, address_of(project))
    if route is Route.DIRECT:
        return address
    proxy_host = environment[DB_PROXY_HOST]
    if proxy_host is None:
        raise ConfigurationError(
            "WEBAPP_DB_PROXY_HOST is not set and the route is proxy; set it, or WEBAPP_DB_ROUTE=direct"
        )
    if environment.is_set(PGHOSTADDR):
        raise ConfigurationError("PGHOSTADDR is set, where libpq would go instead of WEBAPP_DB_PROXY_HOST; unset it")
    if "options" in address.options:
        raise ConfigurationError(
            "DATABASE_URL has the option 'options', which RDS Proxy refuses; remove it and write its settings to "
            "the role with ALTER ROLE ... SET, or set WEBAPP_DB_ROUTE=direct"
        )
    # A numeric address beside the server's name would win over the proxy's name.
    options = {name: value for name, value in address.options.items() if name != "hostaddr"}
    return replace(address, host=proxy_host, port=environment[DB_PROXY_PORT], options=options)


def is_proxied(environment: Environment, address: Address) -> bool:
    """Whether an address is an RDS Proxy's, or the one that WEBAPP_DB_PROXY_HOST names."""
    host = address.host.lower()
    if _RDS_PROXY_HOST.fullmatch(host) is not None:
        return True
    proxy_host = environment[DB_PROXY_HOST]
    # A pooler and its server may be on one machine.
    return proxy_host is not None and (host, address.port) == (proxy_host.lower(), environment[DB_PROXY_PORT])


def host_and_port(address: Address, project: Mapping[str, Any]) -> dict[str, Any]:
    """HOST and PORT, as the project wrote them where they are the same."""
    port = address.port if str(project.get("PORT") or _DEFAULT_PORT) != str(address.port) else project.get("PORT")
    return {"HOST": address.host, "PORT": address.port if port is None else port}


def _address_of_variables(environment: Environment) -> Address:
    host = environment[DB_HOST]
    if host is None:
        raise ConfigurationError("no database is configured; set DATABASE_URL, or WEBAPP_DB_HOST and its group")
    return Address(
        host=host,
        port=environment[DB_PORT],
        name=environment[DB_NAME],
        user=environment[DB_USER],
        password=environment[DB_PASSWORD] or Secret(),
    )


def address_of(project: Mapping[str, Any]) -> Address:
    """What an entry of DATABASES says; ConfigurationError for a port that is none."""
    return Address(
        host=str(project.get("HOST") or ""),
        port=_port_of(project),
        name=str(project.get("NAME") or ""),
        user=str(project.get("USER") or ""),
        password=Secret(project.get("PASSWORD") or ""),
        is_spatial=project.get("ENGINE") == SPATIAL_ENGINE,
    )


def _with_variables(environment: Environment, address: Address) -> Address:
    """The project's address with the parts that variables say otherwise."""
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
