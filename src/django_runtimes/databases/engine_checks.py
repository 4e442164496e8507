"""A system check for database engines that lack the features of this library's engines."""

import os
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import Source
from django_runtimes.config.values.connection_strategy import Strategy, connections_of
from django_runtimes.config.variables.database.database_login import DB_CREDENTIALS
from django_runtimes.databases.interface.engine_registry import engine_of, engines

_LOST = {
    Strategy.POOL: "a pool that replaces dead connections at once, and sessions that are reset between requests",
    Strategy.PERSISTENT: "sessions that are reset between requests",
    Strategy.PER_REQUEST: "connections that end with their thread, and that are checked after a freeze",
}


def check_engines(**kwargs: Any) -> list[CheckMessage]:
    """Return an error for each third-party engine that must fetch a login and cannot, and warnings for the others."""
    return [
        _complaint(alias, database, wrapper)
        for alias, database in settings.DATABASES.items()
        if _is_configured(alias, database)
        and not _has_features(wrapper := load_backend(database["ENGINE"]).DatabaseWrapper)
    ]


def _has_features(wrapper: type[BaseDatabaseWrapper]) -> bool:
    engine = engine_of(wrapper)
    return engine is not None and engine.has_features(wrapper)


def _complaint(alias: str, database: Mapping[str, Any], wrapper: type[BaseDatabaseWrapper]) -> CheckMessage:
    subject = f"DATABASES[{alias!r}] has the engine {database['ENGINE']!r}"
    # The variables configure the first engine, unless the settings have replaced it.
    hint = (engine_of(wrapper) or engines()[0]).how_to_get_features(wrapper)
    source = _source()
    if source is not Source.PASSWORD:
        text = f"{subject}, which does not fetch the login of WEBAPP_DB_CREDENTIALS={source}."
        return Error(text, hint=hint, id="webapp.E015")
    if database.get("CREDENTIALS") is not None:
        text = f"{subject}, which does not fetch the login of WEBAPP_DB_OPERATIONS_SECRET_ARN."
        return Error(text, hint=hint, id="webapp.E015")
    lost = _LOST[connections_of(database).name]
    return CheckWarning(
        f"{subject}, which lacks features of this library's engine: {lost}.", hint=hint, id="webapp.W016"
    )


def _is_configured(alias: str, database: Mapping[str, Any]) -> bool:
    """Return whether variables configure this database, even if the settings have replaced its entry."""
    if not database.get("ENGINE"):
        return False
    return "ROUTE" in database or (alias == DEFAULT_DB_ALIAS and _source() is not Source.PASSWORD)


def _source() -> Source:
    return Environment(os.environ)[DB_CREDENTIALS]
