"""Recognizes engines in DATABASES and chooses the library's engine that replaces them."""

import re
from collections.abc import Mapping
from typing import Any

from django_runtimes.config.values.data_paths import Engine

# Django's own PostgreSQL engines, which the library's engines replace.
SPATIAL_ENGINE = "django.contrib.gis.db.backends.postgis"
_REPLACED_ENGINES = frozenset({"", "django.db.backends.postgresql", SPATIAL_ENGINE})
_OWN_PACKAGE = "django_runtimes.databases."
_OWN_ENGINE, _OWN_SPATIAL_ENGINE = f"{_OWN_PACKAGE}postgresql", f"{_OWN_PACKAGE}postgis"
_POSTGRESQL_ENGINE = re.compile(r"postg|psql|psycopg|timescale", re.IGNORECASE)
MYSQL_ENGINE = f"{_OWN_PACKAGE}mysql"
DSQL_ENGINE = f"{_OWN_PACKAGE}dsql"
ORACLE_ENGINE = f"{_OWN_PACKAGE}oracle"
DJANGOS_ORACLE_ENGINE = "django.db.backends.oracle"
MSSQL_ENGINE = f"{_OWN_PACKAGE}mssql"
# The engines that the library's replace, and its own. Other packages' engines for these servers have other drivers,
# whose options this library does not know.
_ENGINES = {
    "django.db.backends.mysql": Engine.MYSQL,
    MYSQL_ENGINE: Engine.MYSQL,
    DSQL_ENGINE: Engine.DSQL,
    DJANGOS_ORACLE_ENGINE: Engine.ORACLE,
    ORACLE_ENGINE: Engine.ORACLE,
    "mssql": Engine.MSSQL,
    MSSQL_ENGINE: Engine.MSSQL,
}
# The extra with the driver of each engine that needs one.
ENGINE_EXTRAS = {Engine.MYSQL: "mysql", Engine.ORACLE: "oracle", Engine.MSSQL: "mssql"}
DRIVER_EXTRAS = {
    MYSQL_ENGINE: ENGINE_EXTRAS[Engine.MYSQL],
    ORACLE_ENGINE: ENGINE_EXTRAS[Engine.ORACLE],
    MSSQL_ENGINE: ENGINE_EXTRAS[Engine.MSSQL],
}


def is_postgresql(project: Mapping[str, Any]) -> bool:
    """Return whether an entry's engine is for PostgreSQL, judged by its name; importing it would need settings."""
    return _POSTGRESQL_ENGINE.search(str(project.get("ENGINE", ""))) is not None


def uses_libpq(project: Mapping[str, Any]) -> bool:
    """Return whether an entry's OPTIONS are libpq's and psycopg's."""
    return engine_of_project(project) in {Engine.POSTGRESQL, Engine.DSQL}


def engine_of_project(project: Mapping[str, Any]) -> Engine | None:
    """Return the engine of an entry that the library can configure, or None for any other entry."""
    if is_postgresql(project):
        return Engine.POSTGRESQL
    return None if has_oracles_own_address(project) else _ENGINES.get(str(project.get("ENGINE", "")))


def has_oracles_own_address(project: Mapping[str, Any]) -> bool:
    """Return whether NAME is an address of Oracle's own, such as an alias of tnsnames.ora, for Django's engine.

    That engine uses HOST and PORT only together, and NAME is then a SID.
    """
    return project.get("ENGINE") == DJANGOS_ORACLE_ENGINE and not (project.get("HOST") and project.get("PORT"))


def is_own_engine(engine: str) -> bool:
    """Return whether an engine is the library's, by its dotted name."""
    return engine.startswith(_OWN_PACKAGE)


def engine_for(project: Mapping[str, Any], *, is_spatial: bool) -> str:
    """Return the library's engine instead of Django's, but keep an engine from another package."""
    engine = str(project.get("ENGINE") or "")
    if is_postgresql(project) and engine not in _REPLACED_ENGINES:
        return engine
    return _OWN_SPATIAL_ENGINE if is_spatial or engine == SPATIAL_ENGINE else _OWN_ENGINE
