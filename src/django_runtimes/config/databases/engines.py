"""Recognizes PostgreSQL engines in DATABASES and chooses the library's engine that replaces them."""

import re
from collections.abc import Mapping
from typing import Any

# Django's own PostgreSQL engines, which the library's engines replace.
SPATIAL_ENGINE = "django.contrib.gis.db.backends.postgis"
_REPLACED_ENGINES = frozenset({"", "django.db.backends.postgresql", SPATIAL_ENGINE})
_OWN_ENGINE, _OWN_SPATIAL_ENGINE = "django_runtimes.databases.postgresql", "django_runtimes.databases.postgis"
_POSTGRESQL_ENGINE = re.compile(r"postg|psql|psycopg|timescale", re.IGNORECASE)


def is_postgresql(project: Mapping[str, Any]) -> bool:
    """Return whether an entry's engine is for PostgreSQL, judged by its name; importing it would need settings."""
    return _POSTGRESQL_ENGINE.search(str(project.get("ENGINE", ""))) is not None


def engine_for(project: Mapping[str, Any], *, is_spatial: bool) -> str:
    """Return the library's engine instead of Django's, but keep an engine from another package."""
    engine = str(project.get("ENGINE") or "")
    if is_postgresql(project) and engine not in _REPLACED_ENGINES:
        return engine
    return _OWN_SPATIAL_ENGINE if is_spatial or engine == SPATIAL_ENGINE else _OWN_ENGINE
