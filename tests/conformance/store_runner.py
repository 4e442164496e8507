"""Django's test runner, with this project's caches and sessions in place of Django's."""

import os
from typing import Any

# Import these before their classes are replaced, because other modules subclass them.
import django.contrib.sessions.backends.cache
import django.contrib.sessions.backends.cached_db
import django.core.cache.backends.locmem
import django.core.cache.backends.redis

from django_runtimes.aws import https_pool
from django_runtimes.stores.dynamodb.dynamodb_cache import DynamoDBStoreCache
from django_runtimes.stores.dynamodb.dynamodb_table import table_named
from django_runtimes.stores.redis_cache import RedisStoreCache
from django_runtimes.stores.sessions import SessionStore
from tests.conformance.recording import RecordingRunner
from tests.ministack import ACCESS_KEY, REGION


class RedisRunner(RecordingRunner):
    """Replaces Django's cache on Redis and its sessions before it loads the suites."""

    def build_suite(self, *args: Any, **kwargs: Any) -> Any:
        """Replace the classes, then build the suite as Django does."""
        django.core.cache.backends.redis.RedisCache = RedisStoreCache  # type: ignore[misc]
        django.contrib.sessions.backends.cache.SessionStore = SessionStore  # type: ignore[misc]
        return super().build_suite(*args, **kwargs)


class DynamoDBRunner(RecordingRunner):
    """Replaces Django's cache in memory and its sessions before it loads the suites."""

    def build_suite(self, *args: Any, **kwargs: Any) -> Any:
        """Replace the classes, then build the suite as Django does."""
        # On a busy machine the emulator answers later than DynamoDB.
        https_pool._READ_TIMEOUT_S = 60.0
        os.environ |= {"AWS_ENDPOINT_URL_DYNAMODB": os.environ["CONFORMANCE_DYNAMODB"], **ACCESS_KEY}
        django.core.cache.backends.locmem.LocMemCache = _InTable  # type: ignore[misc]
        django.contrib.sessions.backends.cache.SessionStore = SessionStore  # type: ignore[misc]
        return super().build_suite(*args, **kwargs)


class _InTable(DynamoDBStoreCache):
    """A cache whose table has the name of the LOCATION, since caches in memory with different names share nothing."""

    # The tests of the cache in memory pass these on from one cache to another.
    _cache = _expire_info = None

    def __init__(self, name: str, parameters: dict[str, Any]) -> None:
        table = f"conformance-{name or 'default'}"
        table_named(table, REGION).create()
        super().__init__(table, {**parameters, "OPTIONS": {**parameters.get("OPTIONS", {}), "region": REGION}})
