"""DATABASES: addresses by variables, engine, strategy, TLS and timeouts by the profile, the rest by the project."""

from collections.abc import Iterator, Mapping
from typing import Any

from django_runtimes.adopt.change import MISSING, Change, Draft
from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.config.choices import Role
from django_runtimes.config.databases.settings import (
    address_is_given,
    database_settings,
    further_database_settings,
    is_postgresql,
)
from django_runtimes.config.errors import ConfigurationError
from django_runtimes.config.variables.database_address import DATABASE_URL, DB_ROUTE
from django_runtimes.config.variables.database_connections import DB_ALWAYS_RESET, DB_STRATEGY
from django_runtimes.config.variables.database_login import DB_CREDENTIALS, DB_ROLE
from django_runtimes.config.variables.variable import Variable

_SQLITE = ("sqlite3", "spatialite")
_ADDRESS = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
_OF_STRATEGY = ("CONN_MAX_AGE", "CONN_HEALTH_CHECKS", "pool")
_OF_TLS = ("sslmode", "sslrootcert")
_OF_ROUTE = ("ROUTE", "DISABLE_SERVER_SIDE_CURSORS", "prepare_threshold")
_OF_TIMEOUTS = (
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
)
# Django's, and of the library's engine.
_DEFAULTS = (
    ("CONN_MAX_AGE", 0),
    ("CONN_HEALTH_CHECKS", False),
    ("DISABLE_SERVER_SIDE_CURSORS", False),
    ("CREDENTIALS", None),
    ("MAX_REST_S", None),
    ("ALWAYS_RESET", False),
)
# Of another engine than PostgreSQL: its file or its character set.
_OF_OTHER_TESTS = ("NAME", "CHARSET", "COLLATION")


def set_databases(draft: Draft, variables: ProcessVariables) -> None:
    """DATABASES; ConfigurationError for a database that cannot be reached from here, or not be kept."""
    databases: Mapping[str, dict[str, Any]] = draft.value("DATABASES")
    after = {alias: _decided(alias, project, databases, variables) for alias, project in _entries(databases, variables)}
    parts = [part for alias, entry in after.items() for part in _parts(alias, databases.get(alias), entry, variables)]
    draft.replace_parts("DATABASES", after, parts)


def _entries(
    databases: Mapping[str, dict[str, Any]], variables: ProcessVariables
) -> Iterator[tuple[str, dict[str, Any]]]:
    if "default" not in databases and address_is_given(variables.environment):
        yield "default", {}
    yield from databases.items()


def _decided(
    alias: str, project: dict[str, Any], databases: Mapping[str, dict[str, Any]], variables: ProcessVariables
) -> dict[str, Any]:
    """The entry that is to be; the project's own object where nothing differs."""
    try:
        if alias == "default" and address_is_given(variables.environment):
            return database_settings(variables.environment, variables.profile, _of_postgresql(project))
        if not project:
            if any(databases.values()):
                # Django lets a project without a default database leave it empty.
                return project
            return database_settings(variables.environment, variables.profile)
        _refuse_sqlite(alias, project, variables)
        if not is_postgresql(project):
            return project
        decide = database_settings if alias == "default" else further_database_settings
        return decide(variables.environment, variables.profile, project)
    except ConfigurationError as error:
        if alias == "default":
            raise
        raise ConfigurationError(f"DATABASES[{alias!r}]: {error}") from None


def _of_postgresql(project: dict[str, Any]) -> dict[str, Any]:
    """The entry without what only fits another engine."""
    if not project or is_postgresql(project):
        return project
    test = {name: value for name, value in (project.get("TEST") or {}).items() if name not in _OF_OTHER_TESTS}
    kept = {name: value for name, value in project.items() if name not in ("OPTIONS", "TEST")}
    return kept | ({"TEST": test} if test else {})


def _refuse_sqlite(alias: str, project: Mapping[str, Any], variables: ProcessVariables) -> None:
    engine = str(project.get("ENGINE", ""))
    if variables.is_local or not engine.endswith(_SQLITE):
        return
    remedy = (
        "set DATABASE_URL, or WEBAPP_DB_HOST and its group, to a PostgreSQL"
        if alias == "default"
        else "name a PostgreSQL in the settings"
    )
    raise ConfigurationError(
        f"DATABASES[{alias!r}] has the engine {engine!r}, whose file {variables.runtime} loses with each instance; "
        f"{remedy}"
    )


def _parts(
    alias: str, before: Mapping[str, Any] | None, after: Mapping[str, Any], variables: ProcessVariables
) -> Iterator[Change]:
    """How an entry differs, key by key, and option by option."""
    before = before or {}
    if after is before:
        return
    for key in {**after, **before}:
        old, new = before.get(key, MISSING), after.get(key, MISSING)
        if key != "OPTIONS" and _differ(old, new) and not (old is MISSING and _is_default(key, new)):
            yield Change(("DATABASES", alias, key), old, new, _reason(key, variables, alias))
    yield from _options(alias, before.get("OPTIONS") or {}, after.get("OPTIONS") or {}, variables)


def _options(
    alias: str, before: Mapping[str, Any], after: Mapping[str, Any], variables: ProcessVariables
) -> Iterator[Change]:
    for key in {**after, **before}:
        old, new = before.get(key, MISSING), after.get(key, MISSING)
        if _differ(old, new):
            yield Change(("DATABASES", alias, "OPTIONS", key), old, new, _reason(key, variables, alias, removed=new))


def _differ(old: object, new: object) -> bool:
    return not (old is new or old == new)


def _is_default(key: str, value: object) -> bool:
    """Whether a key that is added says what is so without it."""
    return (key, value) in _DEFAULTS


def _reason(key: str, variables: ProcessVariables, alias: str, *, removed: object = None) -> str:
    if removed is MISSING and key not in _OF_STRATEGY:
        return "it belongs to another address or another engine"
    by_url = alias == "default" and variables.is_set(DATABASE_URL)
    profile = variables.profile
    groups = (
        (_OF_STRATEGY, f"the strategy is {profile.connections.name} ({_source(variables, DB_STRATEGY)})"),
        (_ADDRESS, "DATABASE_URL is set" if by_url else "WEBAPP_DB_HOST and its group are set"),
        (_OF_ROUTE, f"the route is {profile.route} ({_source(variables, DB_ROUTE)})"),
        (_OF_TLS, "a connection across a network is encrypted, and its server is verified"),
        (_OF_TIMEOUTS, "a server or a network that has gone is noticed within seconds"),
        (("ENGINE",), "the library's engine resets sessions and keeps to strategy and route"),
        (("CREDENTIALS",), f"where the login comes from ({_source(variables, DB_CREDENTIALS)})"),
        (("MAX_REST_S",), "how long a connection may rest where the process is frozen between requests"),
        (("ALWAYS_RESET",), f"{DB_ALWAYS_RESET.name} or its default"),
    )
    return next((reason for keys, reason in groups if key in keys), "DATABASE_URL says so")


def _source(variables: ProcessVariables, variable: Variable[Any]) -> str:
    if variables[DB_ROLE] is Role.OPERATIONS and variable is not DB_CREDENTIALS:
        return "WEBAPP_DB_ROLE=operations"
    return f"{variable.name} is set" if variables.is_set(variable) else f"the profile of {variables.runtime}"
