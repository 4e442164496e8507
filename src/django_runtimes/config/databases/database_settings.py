"""Builds entries of Django's DATABASES for PostgreSQL, and passes those of other engines on."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.databases.address_choice import (
    address_is_given,
    address_of,
    address_on_route,
    host_and_port,
    is_proxied,
)
from django_runtimes.config.databases.credentials import IamToken, Login, choose_login
from django_runtimes.config.databases.data_api_settings import data_api_settings
from django_runtimes.config.databases.driver_settings import driver_entry, further_driver_entry
from django_runtimes.config.databases.dsql_settings import OF_OTHER_SERVER, as_dsql_entry, dsql_address, dsql_login
from django_runtimes.config.databases.engines import engine_for, uses_libpq
from django_runtimes.config.databases.frozen import longest_rest_s
from django_runtimes.config.databases.mysql_settings import further_mysql_entry, mysql_entry, port_of_option_file
from django_runtimes.config.databases.strategy_of_engine import further_connections
from django_runtimes.config.databases.tcp_options import tcp_options
from django_runtimes.config.databases.tls import (
    ROOT_VARIABLES,
    destination,
    encrypts,
    needs_encryption,
    require_encryption,
    tls_options,
    with_libpq_variables,
)
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.connection_strategy import Pool, Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.variables.database.database_address import DATABASE_URL, DB_SSLMODE
from django_runtimes.config.variables.database.database_connections import (
    DB_ALWAYS_RESET,
    DB_CONNECT_TIMEOUT_S,
    DB_POOL_MAX_SIZE,
    DB_POOL_TIMEOUT_S,
)

# Project options that would override the address or the login from variables.
_ADDRESS_OPTIONS = frozenset(
    {"host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "servicefile"}
)
# Project options that make libpq refuse a server without TLS, or an sslmode that allows plain text.
_NEEDS_TLS = frozenset({"sslrootcert", "sslnegotiation", "channel_binding"})
# Options with a value that has the same effect.
_NEEDS_ENCRYPTION = frozenset({("gssencmode", "require"), ("sslcertmode", "require")})
# The pool's options that are seconds, which it converts, and those that are numbers.
_POOL_SECONDS = frozenset({"timeout", "max_lifetime", "max_idle", "reconnect_timeout"})
_POOL_COUNTS = frozenset({"min_size", "max_size", "max_waiting", "num_workers"})
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def database_settings(
    environment: Environment, profile: Profile, project: Mapping[str, Any] = _NOTHING
) -> dict[str, Any]:
    """Return the `default` entry of DATABASES for the profile's strategy and route.

    `project` is the project's own entry. Its address is used if variables give none. Its options are used unless
    DATABASE_URL or a variable overrides them. Its other keys are kept.

    The entry has four keys in addition to Django's. ALWAYS_RESET says whether the ORM's statements, too, are assumed to
    leave session state. CREDENTIALS is the source of the login, or None for USER and PASSWORD. MAX_REST_S is the
    longest time, in seconds, that a connection may be idle before it is replaced, or None for no limit. ROUTE is the
    route.

    Raise ConfigurationError when the address or the login is unknown, or the connection would not be encrypted.
    """
    if profile.route is Route.DATA_API:
        return data_api_settings(environment, project)
    address = address_on_route(environment, profile.route, project)
    project = {**project, **address.flags}
    if address.engine is Engine.DSQL:
        return _default_dsql_entry(environment, profile, project, address)
    login = choose_login(environment, user=address.user, password=address.password)
    make = {Engine.POSTGRESQL: _entry, Engine.MYSQL: mysql_entry}.get(address.engine, driver_entry)
    entry = make(environment, profile, project, address, login, is_moved=address_is_given(environment))
    place = host_and_port(address, project)
    if address.engine is Engine.MYSQL:
        place |= port_of_option_file(environment, project, entry)
    return entry | {"NAME": address.name, "USER": login.user, "PASSWORD": login.password} | place


def further_database_settings(environment: Environment, profile: Profile, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of another database, with the library's engine, strategy, TLS and timeouts.

    The address and the login stay the project's. If DATABASE_URL names the same server, and the server runs on this
    machine, the URL's option sslmode applies to this database too. The route is proxy when the address is an RDS Proxy
    endpoint or WEBAPP_DB_PROXY_HOST, and direct otherwise.
    """
    address = address_of(project)
    if address.engine is Engine.MYSQL:
        return further_mysql_entry(environment, profile, project, address)
    if address.engine is Engine.DSQL:
        own = environment.without(*OF_OTHER_SERVER)
        address = dsql_address(own, address, "DATABASES", project)
        profile = profile._replace(route=Route.DIRECT)
        profile = profile._replace(connections=further_connections(own, profile, Engine.DSQL))
        login = dsql_login(own, address)
        entry = as_dsql_entry(_entry(own, profile, project, address, login, is_moved=False))
        return entry | {"NAME": address.name} | host_and_port(address, project)
    if address.engine is not Engine.POSTGRESQL:
        return further_driver_entry(environment, profile, project, address)
    address = replace(address, options=mode_of_same_server(environment, address, project))
    profile = profile._replace(route=Route.PROXY if is_proxied(environment, address) else Route.DIRECT)
    return _entry(environment, profile, project, address, Login(address.user, address.password), is_moved=False)


def _default_dsql_entry(
    environment: Environment, profile: Profile, project: Mapping[str, Any], address: Address
) -> dict[str, Any]:
    place = "DATABASE_URL" if environment.is_set(DATABASE_URL) else "the address of the database"
    address = dsql_address(environment, address, place, project)
    login = dsql_login(environment, address)
    entry = _entry(environment, profile, project, address, login, is_moved=address_is_given(environment))
    place_and_login = {"NAME": address.name, "USER": login.user, "PASSWORD": login.password}
    return as_dsql_entry(entry) | place_and_login | host_and_port(address, project)


def _entry(
    environment: Environment,
    profile: Profile,
    project: Mapping[str, Any],
    address: Address,
    login: Login,
    *,
    is_moved: bool,
) -> dict[str, Any]:
    """Return all keys except address and login; `is_moved` says whether variables replace the project's address."""
    given = _project_options(project, is_moved=is_moved)
    if profile.route is Route.PROXY and "options" in given:
        raise ConfigurationError(
            f"OPTIONS has 'options', which RDS Proxy at {address.host!r} refuses; remove it from DATABASES and give "
            "the role its settings with ALTER ROLE ... SET, or set WEBAPP_DB_ROUTE=direct"
        )
    if _is_reached_without_tls(environment, address):
        given = {
            name: value
            for name, value in given.items()
            if name not in _NEEDS_TLS and (name, str(value)) not in _NEEDS_ENCRYPTION
        }
    chosen = _not_overridden(environment, profile.route, given) | address.options
    tls = tls_options(environment, host=address.host, route=profile.route, options=chosen, default=profile.sslmode)
    effective = replace(address, options=with_libpq_variables(chosen, environment))
    require_encryption(
        tls["sslmode"],
        profile.sslmode,
        place=destination(address.host, effective.options),
        crosses_network=needs_encryption(address.host, effective.options),
        token=isinstance(login.credentials, IamToken),
    )
    strategy = profile.connections.as_django()
    if isinstance(profile.connections, Pool):
        # Every request that the handlers admit may wait for a connection. psycopg's pool would treat 0 as no limit.
        strategy["OPTIONS"]["pool"]["max_waiting"] = max(profile.threads, profile.max_waiting)
        strategy["OPTIONS"]["pool"] |= _project_pool(environment, profile, project)
    options = {
        "connect_timeout": environment[DB_CONNECT_TIMEOUT_S],
        **tcp_options(environment),
        **chosen,
        **tls,
        **strategy["OPTIONS"],
    }
    if profile.route is Route.PROXY:
        # A prepared statement belongs to a server connection, and the next transaction may get another one.
        options["prepare_threshold"] = None
    return {
        **project,
        "ENGINE": engine_for(project, is_spatial=address.is_spatial),
        "CREDENTIALS": login.credentials,
        "MAX_REST_S": longest_rest_s(profile),
        "ROUTE": profile.route,
        "ALWAYS_RESET": environment[DB_ALWAYS_RESET],
        **strategy,
        "OPTIONS": options,
        # A transaction-mode proxy may give each transaction another server connection, which lacks the cursor.
        "DISABLE_SERVER_SIDE_CURSORS": profile.route is Route.PROXY
        or bool(project.get("DISABLE_SERVER_SIDE_CURSORS", False)),
    }


def _project_options(project: Mapping[str, Any], *, is_moved: bool) -> dict[str, Any]:
    """Return the project's options, or none when its entry is for another engine."""
    if not uses_libpq(project):
        return {}
    left_out = {"pool", *(_ADDRESS_OPTIONS if is_moved else ())}
    return {name: value for name, value in (project.get("OPTIONS") or {}).items() if name not in left_out}


def mode_of_same_server(environment: Environment, address: Address, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return the option sslmode of DATABASE_URL if the URL names the entry's server on this machine, else nothing."""
    given = environment[DATABASE_URL]
    if given is None or "sslmode" not in given.options or given.port != address.port:
        return {}
    own = with_libpq_variables(_project_options(project, is_moved=False), environment)
    if needs_encryption(address.host, own) or needs_encryption(given.host, given.options):
        return {}
    return {"sslmode": given.options["sslmode"]}


def _is_reached_without_tls(environment: Environment, address: Address) -> bool:
    """Return whether the address is on this machine and its options allow plain text."""
    mode = address.options.get("sslmode")
    options = with_libpq_variables(address.options, environment)
    return bool(mode) and not encrypts(mode) and not needs_encryption(address.host, options)


def _not_overridden(environment: Environment, route: Route, given: dict[str, Any]) -> dict[str, Any]:
    """Return the project's options without those that a variable overrides."""
    root = ROOT_VARIABLES[route]
    overridden = {
        "connect_timeout": environment.is_set(DB_CONNECT_TIMEOUT_S),
        "sslmode": environment.is_set(DB_SSLMODE),
        # The certificates of a proxy and of its server have different roots.
        "sslrootcert": environment.is_set(root) or route is Route.PROXY,
    }
    return {name: value for name, value in given.items() if not overridden.get(name, False)}


def _project_pool(environment: Environment, profile: Profile, project: Mapping[str, Any]) -> dict[str, Any]:
    pool = (project.get("OPTIONS") or {}).get("pool")
    # A process on Lambda serves one request at a time, so the project's pool size does not apply.
    if not isinstance(pool, Mapping) or not uses_libpq(project) or profile.serves_one:
        return {}
    _require_numbers(pool)
    if environment.is_set(DB_POOL_MAX_SIZE):
        pool = {name: value for name, value in pool.items() if name not in {"min_size", "max_size"}}
    if environment.is_set(DB_POOL_TIMEOUT_S):
        pool = {name: value for name, value in pool.items() if name != "timeout"}
    return dict(pool)


def _require_numbers(pool: Mapping[str, Any]) -> None:
    for name, value in pool.items():
        if name in _POOL_COUNTS:
            is_right = isinstance(value, int) or (name == "max_size" and value is None)
        else:
            is_right = name not in _POOL_SECONDS or _is_number(value)
        if not is_right:
            kind = "a whole number" if name in _POOL_COUNTS else "a number of seconds"
            raise ConfigurationError(f"OPTIONS['pool'] has {name}={value!r}, which is not {kind}; correct it")


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
