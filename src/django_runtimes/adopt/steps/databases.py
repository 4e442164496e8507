"""Decides DATABASES: addresses from variables; engine, strategy, TLS and timeouts from the profile; the rest stays."""

from collections.abc import Iterator, Mapping
from typing import Any

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import MISSING, Draft, SettingChange
from django_runtimes.adopt.steps.database_reasons import DatabaseReasons
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.address_choice import address_is_given
from django_runtimes.config.databases.database_settings import database_settings, further_database_settings
from django_runtimes.config.databases.engine_choice import chosen_engine
from django_runtimes.config.databases.engines import engine_of_project
from django_runtimes.config.mistakes import Mistakes

_SQLITE = ("sqlite3", "spatialite")
# The defaults of Django and of the library's engine.
_DEFAULTS = (
    ("CONN_MAX_AGE", 0),
    ("CONN_HEALTH_CHECKS", False),
    ("DISABLE_SERVER_SIDE_CURSORS", False),
    ("CREDENTIALS", None),
    ("MAX_REST_S", None),
    ("ALWAYS_RESET", False),
)
# Keys of TEST whose values may not fit, such as a file's name or a character set.
_TEST_KEYS_OF_OTHER_ENGINES = ("NAME", "CHARSET", "COLLATION")


def set_databases(draft: Draft, variables: ProcessVariables) -> None:
    """Set DATABASES; ConfigurationError for each database that this runtime cannot reach or would lose."""
    databases: Mapping[str, dict[str, Any]] = draft.value("DATABASES")
    after: dict[str, dict[str, Any]] = {}
    mistakes = Mistakes()
    for alias, project in _entries(databases, variables):
        with mistakes.collected():
            after[alias] = _decided(alias, project, databases, variables)
    mistakes.raise_together()
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
    """Return the decided entry, which is the project's own object if nothing differs."""
    is_replaced = alias == "default" and address_is_given(variables.environment)
    if not is_replaced:
        _refuse_sqlite(alias, project, variables)
    try:
        if is_replaced:
            return database_settings(variables.environment, variables.profile, _of_chosen_engine(variables, project))
        if not project:
            if any(databases.values()):
                # Django accepts an empty entry for a project without a default database.
                return project
            return database_settings(variables.environment, variables.profile)
        if engine_of_project(project) is None:
            return project
        decide = database_settings if alias == "default" else further_database_settings
        return decide(variables.environment, variables.profile, project)
    except ConfigurationError as error:
        if alias == "default" or str(error) in map(str, variables.environment.mistakes()):
            # The error of a variable is not about this entry, and is reported once.
            raise
        raise ConfigurationError(f"DATABASES[{alias!r}]: {error}") from None


def is_sqlite(project: Mapping[str, Any]) -> bool:
    """Return whether the engine of an entry of DATABASES is SQLite."""
    return str(project.get("ENGINE", "")).endswith(_SQLITE)


def _of_chosen_engine(variables: ProcessVariables, project: dict[str, Any]) -> dict[str, Any]:
    """Return the entry without keys that only fit another engine."""
    if not project or engine_of_project(project) is chosen_engine(variables.environment):
        return project
    test = {
        name: value for name, value in (project.get("TEST") or {}).items() if name not in _TEST_KEYS_OF_OTHER_ENGINES
    }
    kept = {name: value for name, value in project.items() if name not in ("OPTIONS", "TEST")}
    return kept | ({"TEST": test} if test else {})


def _refuse_sqlite(alias: str, project: Mapping[str, Any], variables: ProcessVariables) -> None:
    if variables.is_local or not is_sqlite(project):
        return
    engine = str(project["ENGINE"])
    remedy = (
        "set DATABASE_URL, or WEBAPP_DB_HOST, WEBAPP_DB_NAME and WEBAPP_DB_USER, to a PostgreSQL or MySQL database"
        if alias == "default"
        else "name a PostgreSQL or MySQL database in the settings"
    )
    raise ConfigurationError(
        f"DATABASES[{alias!r}] has the engine {engine!r}, whose file {variables.runtime} loses with each instance; "
        f"{remedy}"
    )


def _parts(
    alias: str, before: Mapping[str, Any] | None, after: Mapping[str, Any], variables: ProcessVariables
) -> Iterator[SettingChange]:
    """Yield the differences of an entry, key by key and option by option."""
    before = before or {}
    if after is before:
        return
    reasons = DatabaseReasons(alias, after, variables)
    for key, old, new in _differences(before, after):
        if key != "OPTIONS" and not (old is MISSING and (key, new) in _DEFAULTS):
            yield SettingChange(("DATABASES", alias, key), old, new, reasons.added(key))
    for key, old, new in _differences(before.get("OPTIONS") or {}, after.get("OPTIONS") or {}):
        reason = reasons.removed(key, old) if new is MISSING else reasons.added(key)
        yield SettingChange(("DATABASES", alias, "OPTIONS", key), old, new, reason)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield each key with different values, and both values."""
    for key in {**after, **before}:
        old, new = before.get(key, MISSING), after.get(key, MISSING)
        if not (old is new or old == new):
            yield key, old, new
