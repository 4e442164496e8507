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
# Other packages' engines for MySQL have other drivers, whose options this library does not know.
_MYSQL_ENGINES = frozenset({"django.db.backends.mysql", MYSQL_ENGINE})


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
    if project.get("ENGINE") == DSQL_ENGINE:
        return Engine.DSQL
    return Engine.MYSQL if str(project.get("ENGINE", "")) in _MYSQL_ENGINES else None


def is_own_engine(engine: str) -> bool:
    """Return whether an engine is the library's, by its dotted name."""
    return engine.startswith(_OWN_PACKAGE)


def engine_for(project: Mapping[str, Any], *, is_spatial: bool) -> str:
    """Return the library's engine instead of Django's, but keep an engine from another package."""
    engine = str(project.get("ENGINE") or "")
    if is_postgresql(project) and engine not in _REPLACED_ENGINES:
        return engine
    return _OWN_SPATIAL_ENGINE if is_spatial or engine == SPATIAL_ENGINE else _OWN_ENGINE
