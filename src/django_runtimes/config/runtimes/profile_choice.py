"""Chooses the profile of a process: its runtime's, with the values that variables override."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.engine_choice import chosen_engine
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.managed_instances import is_managed
from django_runtimes.config.values.choices import LogFormat, Role
from django_runtimes.config.values.connection_strategy import Connections, PerRequest, Persistent, Pool, Route, Strategy
from django_runtimes.config.values.data_paths import Engine, require_data_path, strategies_of
from django_runtimes.config.values.profile import ASYNC_REQUESTS_PER_THREAD, MANAGED_INSTANCES, PROFILES, Profile
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import LOG_FORMAT
from django_runtimes.config.variables.database.database_address import DB_ROUTE
from django_runtimes.config.variables.database.database_connections import (
    DB_MAX_AGE_S,
    DB_POOL_MAX_SIZE,
    DB_POOL_TIMEOUT_S,
    DB_STRATEGY,
)
from django_runtimes.config.variables.database.database_login import DB_ROLE
from django_runtimes.config.variables.hops import HTTPS
from django_runtimes.config.variables.server_variables import ASYNC_REQUESTS, BIND_HOST, DRAIN_S, MAX_WAITING, THREADS

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def choose_profile(runtime: Runtime, environment: Environment, project: Mapping[str, Any] = _NOTHING) -> Profile:
    """Return the runtime's profile with the values that variables override.

    `project` is the project's own entry of DATABASES, whose engine counts if variables name none.

    The operations role always connects per request, and never through a proxy. Raise ConfigurationError for a route
    without the chosen strategy, and for text logs on Managed Instances.
    """
    managed = is_managed(runtime, environment)
    profile = MANAGED_INSTANCES if managed else PROFILES[runtime]
    log_format = environment[LOG_FORMAT] or profile.log_format
    if managed and log_format is not LogFormat.JSON:
        raise ConfigurationError(
            f"{LOG_FORMAT.name}='{log_format}' is not possible on Lambda Managed Instances, which keep logs in JSON so "
            "that the lines of concurrent requests can be told apart; remove the variable"
        )
    engine = chosen_engine(environment, project)
    route = environment[DB_ROUTE] or default_route(profile, engine)
    connections = _choose_connections(
        profile, environment[DB_STRATEGY] or default_strategy(profile, engine, route), environment
    )
    require_data_path(engine, route, connections.name)
    # A thread without a connection would wait for one, and a connection without a thread would be idle.
    default_threads = connections.max_size if isinstance(connections, Pool) else profile.threads
    threads = environment[THREADS] or default_threads
    max_waiting, drain_s, https = environment[MAX_WAITING], environment[DRAIN_S], environment[HTTPS]
    if environment[DB_ROLE] is Role.OPERATIONS:
        # Session locks and long statements need a server connection that no other client shares.
        connections = PerRequest()
        route = Route.DIRECT if route is Route.PROXY else route
    return profile._replace(
        connections=connections,
        threads=threads,
        async_requests=environment[ASYNC_REQUESTS] or threads * ASYNC_REQUESTS_PER_THREAD,
        max_waiting=profile.max_waiting if max_waiting is None else max_waiting,
        drain_s=profile.drain_s if drain_s is None else drain_s,
        route=route,
        log_format=log_format,
        https=profile.https if https is None else https,
        bind_host=environment[BIND_HOST] or profile.bind_host,
    )


def default_route(profile: Profile, engine: Engine) -> Route:
    """Return the profile's route, or the direct one for an engine that does not have the profile's."""
    return profile.route if strategies_of(engine, profile.route) else Route.DIRECT


def default_strategy(profile: Profile, engine: Engine, route: Route) -> Strategy:
    """Return the profile's strategy, or the data path's default.

    The latter applies if the data path does not have the profile's strategy, and if the engine does not have the
    profile's route, for which that strategy was chosen.
    """
    available = strategies_of(engine, route)
    if not available:
        return profile.strategy
    has_route = bool(strategies_of(engine, profile.route))
    return profile.strategy if has_route and profile.strategy in available else available[0]


def _choose_connections(profile: Profile, strategy: Strategy, environment: Environment) -> Connections:
    match strategy:
        case Strategy.PER_REQUEST:
            return PerRequest()
        case Strategy.PERSISTENT:
            max_age_s = environment[DB_MAX_AGE_S]
            return Persistent() if max_age_s is None else Persistent(max_age_s)
        case Strategy.POOL:
            # A process on Lambda serves one request at a time, so a second connection would be idle.
            default = Pool(max_size=1) if profile.serves_one else Pool()
            return replace(
                default,
                max_size=environment[DB_POOL_MAX_SIZE] or default.max_size,
                timeout_s=environment[DB_POOL_TIMEOUT_S] or default.timeout_s,
            )
