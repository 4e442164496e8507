"""The counter of this process: in the store of WEBAPP_STORE_URL, or in memory."""

import logging

from django.conf import settings

from django_runtimes.config.adopted import SETTING
from django_runtimes.config.variables.store_variables import STORE_URL
from django_runtimes.config.variables.throttle_variables import THROTTLE_TIMEOUT_MS
from django_runtimes.snapshot_hooks import HOOKS
from django_runtimes.stores.counters.counter import StoreCounter

logger = logging.getLogger(__name__)

_counters: dict[tuple[str, str, str, float], StoreCounter] = {}

_REDIS = "django_runtimes.stores.redis_cache.RedisStoreCache"
_DYNAMODB = "django_runtimes.stores.dynamodb.dynamodb_cache.DynamoDBStoreCache"


def process_counter() -> StoreCounter:
    """Return the counter in the store that `configure()` gave to the default cache, or else in memory."""
    entry = settings.CACHES.get("default", {})
    adopted = getattr(settings, SETTING, None)
    # Under `local` without a variable, nothing is adopted.
    timeout_ms = THROTTLE_TIMEOUT_MS.default if adopted is None else adopted.throttle_timeout_ms
    region = entry.get("OPTIONS", {}).get("region", "")
    key = entry.get("BACKEND", ""), entry.get("LOCATION", ""), region, timeout_ms / 1000
    counter = _counters.get(key)
    if counter is None:
        # Of two threads that construct one, both use the same.
        counter = _counters.setdefault(key, _counter_in(*key))
    return counter


def is_shared() -> bool:
    """Return whether all processes count together, in a store."""
    return settings.CACHES.get("default", {}).get("BACKEND") in (_REDIS, _DYNAMODB)


def forget_counters() -> None:
    """Forget the counts in this process's memory, and close the connections to a store."""
    while _counters:
        _counters.popitem()[1].close()


def _counter_in(backend: str, location: str, region: str, timeout_s: float) -> StoreCounter:
    """Return the counter for a backend of the cache, with one client for all threads of the process."""
    # Only a process with this store imports its client.
    if backend == _REDIS:
        from django_runtimes.stores.counters.redis_counter import RedisCounter

        return RedisCounter(location, timeout_s)
    if backend == _DYNAMODB:
        from django_runtimes.stores.counters.dynamodb_counter import DynamoDBCounter

        return DynamoDBCounter(location, region, timeout_s)
    from django_runtimes.stores.counters.memory_counter import MemoryCounter

    adopted = getattr(settings, SETTING, None)
    if adopted is not None and not adopted.is_local and not adopted.has_store:
        logger.warning(
            "This process counts requests in its own memory, so limits hold for each process alone: %s is not set; set "
            "it to a store that all processes share",
            STORE_URL.name,
        )
    return MemoryCounter()


# Counts in memory, and connections to a store, must not be shared by environments that are restored from a snapshot.
HOOKS.release_before_snapshot(forget_counters)
