"""Variables that are set and that other variables leave without effect."""

from django_runtimes.config.databases.connections import Persistent, Pool
from django_runtimes.config.databases.credentials import Role, Source, database_role
from django_runtimes.config.environment import Environment
from django_runtimes.config.profile import Profile

_ADDRESS = ("WEBAPP_DB_HOST", "WEBAPP_DB_PORT", "WEBAPP_DB_NAME", "WEBAPP_DB_USER", "WEBAPP_DB_PASSWORD")
_OF_POOL = ("WEBAPP_DB_POOL_MAX_SIZE", "WEBAPP_DB_POOL_TIMEOUT_S", "WEBAPP_DB_POOL_EMPTY_S")


def ignored_variables(environment: Environment, profile: Profile) -> list[tuple[str, str]]:
    """Each with what decides in its place; none for operations, whose way is fixed."""
    if database_role(environment) is Role.OPERATIONS:
        return []
    strategy = f"the strategy is {profile.connections.name}"
    source = environment.choice("WEBAPP_DB_CREDENTIALS", Source, "source of credentials")
    reasons: dict[str, str] = {}
    if environment.is_set("DATABASE_URL"):
        reasons |= dict.fromkeys(_ADDRESS, "DATABASE_URL is used")
    if not isinstance(profile.connections, Pool):
        reasons |= dict.fromkeys(_OF_POOL, strategy)
    if not isinstance(profile.connections, Persistent):
        reasons["WEBAPP_DB_MAX_AGE_S"] = strategy
    if source is not Source.SECRETSMANAGER:
        reasons["WEBAPP_DB_SECRET_ARN"] = f"WEBAPP_DB_CREDENTIALS is {source}"
    return [(name, reason) for name, reason in reasons.items() if environment.is_set(name)]
