"""Chooses the connection strategy of a database whose engine lacks the profile's."""

from django_runtimes.config.environment import Environment
from django_runtimes.config.values.connection_strategy import Connections, PerRequest, Persistent
from django_runtimes.config.values.data_paths import Engine, strategies_of
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.variables.database.database_connections import DB_MAX_AGE_S


def connections_on(environment: Environment, profile: Profile, engine: Engine) -> Connections:
    """Return the profile's strategy, or else the default of the engine on the profile's route, which has no pool."""
    available = strategies_of(engine, profile.route)
    if profile.strategy in available:
        return profile.connections
    if available[0] is PerRequest.name:
        return PerRequest()
    max_age_s = environment[DB_MAX_AGE_S]
    return Persistent() if max_age_s is None else Persistent(max_age_s)
