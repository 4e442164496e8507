"""Checks for the packages of extras that the decided settings need."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.adopt.steps.s3_storage import S3_BACKENDS
from django_runtimes.adopt.steps.stores import REDIS_CACHE
from django_runtimes.config.database_url.libpq import require_libpq
from django_runtimes.config.databases.engines import DRIVER_EXTRAS, is_own_engine
from django_runtimes.config.mistakes import Mistakes
from django_runtimes.config.values.choices import TraceProtocol
from django_runtimes.config.variables.observability_variables import TRACES
from django_runtimes.config.variables.store_variables import STORE_URL
from django_runtimes.extras import NEEDED_BY, require_extra


def require_packages(settings: Mapping[str, Any], traces: TraceProtocol) -> None:
    """Raise ConfigurationError for each missing package; `settings` are those that `configure()` is about to set."""
    mistakes = Mistakes()
    databases: Mapping[str, Mapping[str, Any]] = settings.get("DATABASES", {})
    engines = {str(database.get("ENGINE", "")) for database in databases.values()}
    if any(is_own_engine(engine) and engine not in DRIVER_EXTRAS for engine in engines):
        with mistakes.collected():
            require_libpq()
    for engine, extra in DRIVER_EXTRAS.items():
        if engine in engines:
            with mistakes.collected():
                require_extra(extra, NEEDED_BY[extra])
    storage: Mapping[str, Any] = settings.get("STORAGES", {}).get("default", {})
    if storage.get("BACKEND") in S3_BACKENDS:
        with mistakes.collected():
            require_extra("s3", f"WEBAPP_MEDIA_BUCKET={storage['OPTIONS']['bucket_name']!r}")
    if traces is not TraceProtocol.NONE:
        with mistakes.collected():
            require_extra("traces", f"{TRACES.name}='{traces}'")
    cache: Mapping[str, Any] = settings.get("CACHES", {}).get("default", {})
    if cache.get("BACKEND") == REDIS_CACHE:
        with mistakes.collected():
            require_extra("redis", f"{STORE_URL.name} with Redis or Valkey")
    mistakes.raise_together()
