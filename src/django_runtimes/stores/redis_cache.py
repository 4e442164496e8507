"""Django's cache on Redis and Valkey, with short timeouts, errors of this library, and a `clear()` of its own keys."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ClusterDownError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as UnreachableError
from redis.exceptions import TimeoutError as SilentError
from redis.retry import Retry

from django_runtimes.stores.store_health import StoreHealth, health_of
from django_runtimes.stores.tolerance import TolerantCache, key_prefix_of

# redis-py has no timeouts of its own, and repeats commands, which would count twice.
_OPTIONS = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0, "retry": Retry(NoBackoff(), 0)}
_UNREACHABLE = (UnreachableError, SilentError)
_REFUSED = (ClusterDownError, MasterDownError, OutOfMemoryError, ReadOnlyError, TryAgainError)
# Only a change of the configuration helps.
_MISTAKES = (AuthenticationError, AuthorizationError)
_PER_SCAN = 500
_GLOB = re.compile(r"([*?\[\]\\])")


class StrictRedisCache(RedisCache):
    """Django's cache, which raises StoreUnavailableError while the server does not answer."""

    _cache: "StoreRedisClient"

    def __init__(self, server: str, parameters: dict[str, Any]) -> None:
        super().__init__(server, parameters)
        self._class = StoreRedisClient

    def clear(self) -> None:
        """Delete the keys of this cache only, since sessions and counters are on the same server."""
        self._cache.delete_beginning(key_prefix_of(self))

    def disconnect(self) -> None:
        """Close the connections, which close() keeps for the next request."""
        for pool in self._cache._pools.values():
            pool.disconnect()


class RedisStoreCache(TolerantCache, StrictRedisCache):
    """A cache that misses while the server does not answer."""


class StoreRedisClient(RedisCacheClient):
    """Django's client with short timeouts, which raises StoreUnavailableError."""

    _pools: dict[int, ConnectionPool]

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **{**_OPTIONS, **options})
        self._health = health_of(_without_login(servers[0]))
        self._client = partial(_StoreRedis, self._health)

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        # The commands of a pipeline are sent together, so none of them passes execute_command().
        with _outages(self._health):
            super().set_many(data, timeout)

    def delete_beginning(self, prefix: str) -> None:
        """Delete all keys that begin with `prefix`; this reads the name of every key on the server."""
        client = self.get_client(None, write=True)
        escaped = _GLOB.sub(r"\\\1", prefix)
        keys: list[bytes] = []
        for key in client.scan_iter(match=f"{escaped}*", count=_PER_SCAN):
            keys.append(key)
            if len(keys) == _PER_SCAN:
                client.unlink(*keys)
                keys.clear()
        if keys:
            client.unlink(*keys)


class _StoreRedis(Redis):
    def __init__(self, health: StoreHealth, **options: Any) -> None:
        super().__init__(**options)
        self._health = health

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        with _outages(self._health):
            return super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call]


@contextmanager
def _outages(health: StoreHealth) -> Iterator[None]:
    health.require()
    try:
        yield
    except _MISTAKES:
        raise
    except (*_UNREACHABLE, *_REFUSED) as error:
        raise health.failed(error, is_unreachable=isinstance(error, _UNREACHABLE)) from error


def _without_login(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
