"""Chooses the connection strategy of a database whose engine lacks the profile's."""

from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import Role
from django_runtimes.config.values.connection_strategy import Connections, PerRequest, Persistent
from django_runtimes.config.values.data_paths import Engine, strategies_of
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.variables.database.database_connections import DB_MAX_AGE_S, DB_STRATEGY
from django_runtimes.config.variables.database.database_login import DB_ROLE


def connections_on(environment: Environment, profile: Profile, engine: Engine) -> Connections:
    """Return the profile's strategy, or else the default of the engine on the profile's route, which has no pool."""
    available = strategies_of(engine, profile.route)
    if profile.strategy in available:
        return profile.connections
    return _first_of(environment, engine, profile)


def further_connections(environment: Environment, profile: Profile, engine: Engine) -> Connections:
    """Return the strategy of a further database whose service limits new connections.

    It is the profile's, unless that one opens a connection for each request of `default` and nobody has chosen it.
    """
    is_chosen = environment.is_set(DB_STRATEGY) or environment[DB_ROLE] is Role.OPERATIONS
    if isinstance(profile.connections, PerRequest) and not is_chosen:
        return _first_of(environment, engine, profile)
    return profile.connections


def _first_of(environment: Environment, engine: Engine, profile: Profile) -> Connections:
    if strategies_of(engine, profile.route)[0] is PerRequest.name:
        return PerRequest()
    max_age_s = environment[DB_MAX_AGE_S]
    return Persistent() if max_age_s is None else Persistent(max_age_s)
