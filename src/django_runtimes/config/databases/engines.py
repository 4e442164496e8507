"""Which engine of Django's serves an entry of DATABASES, and which of ours takes its place."""

import re
from collections.abc import Mapping
from typing import Any

# How an entry of DATABASES names what the engine takes the place of, and PostGIS among it.
SPATIAL_ENGINE = "django.contrib.gis.db.backends.postgis"
_REPLACED_ENGINES = frozenset({"", "django.db.backends.postgresql", SPATIAL_ENGINE})
_OWN_ENGINE, _OWN_SPATIAL_ENGINE = "django_runtimes.databases.postgresql", "django_runtimes.databases.postgis"
_POSTGRESQL_ENGINE = re.compile(r"postg|psql|psycopg|timescale", re.IGNORECASE)


def is_postgresql(project: Mapping[str, Any]) -> bool:
    """Whether an entry of DATABASES is PostgreSQL's, by the name of its engine: importing one needs settings."""
    return _POSTGRESQL_ENGINE.search(str(project.get("ENGINE", ""))) is not None


def engine_for(project: Mapping[str, Any], *, is_spatial: bool) -> str:
    """Ours in place of Django's; an engine that a package made of Django's stays, which the package needs."""
    engine = str(project.get("ENGINE") or "")
    if is_postgresql(project) and engine not in _REPLACED_ENGINES:
        return engine
    return _OWN_SPATIAL_ENGINE if is_spatial or engine == SPATIAL_ENGINE else _OWN_ENGINE
