"""Django's cache on Redis and Valkey, with short timeouts, errors of this library, and a `clear()` of its own keys."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.core.exceptions import ImproperlyConfigured
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ClusterDownError,
    DataError,
    InvalidResponse,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as UnreachableError
from redis.exceptions import TimeoutError as SilentError
from redis.retry import Retry

from django_runtimes.config.store_url import without_login
from django_runtimes.outages.store_error import StoreUnavailableError
from django_runtimes.snapshot_hooks import HOOKS
from django_runtimes.stores.redis_pool import RestingPool
from django_runtimes.stores.store_health import StoreHealth, health_of
from django_runtimes.stores.tolerance import TolerantCache, key_prefix_of

# redis-py has no timeouts of its own, and repeats commands, which would count twice.
_OPTIONS = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0, "retry": Retry(NoBackoff(), 0)}
_UNREACHABLE = (UnreachableError, SilentError)
_FAILING = (ClusterDownError, InvalidResponse, MasterDownError, OutOfMemoryError, ReadOnlyError, TryAgainError)
# redis-py has no classes for these answers of a server that is failing. In a pipeline, other text comes before them.
_FAILING_ANSWER = re.compile(r"(^|caused error: )(BUSY|MISCONF|NOREPLICAS)\b")
# These are about one entry or argument. Every other error is about the server, or about this process's right to use it.
_OF_VALUES = re.compile(
    "WRONGTYPE|value is not an integer|increment or decrement would overflow|invalid expire time|string exceeds maximum"
)
# They are subclasses of the error of a lost connection.
_LOGIN_ERRORS = (AuthenticationError, AuthorizationError)
_PER_SCAN = 500
_GLOB = re.compile(r"([*?\[\]\\])")


class StrictRedisCache(RedisCache):
    """Django's cache, which raises StoreUnavailableError while the server does not answer, or refuses."""

    def __init__(self, server: str, parameters: dict[str, Any]) -> None:
        if not isinstance(server, str):
            raise ImproperlyConfigured(
                f"LOCATION of {type(self).__name__} is of type {type(server).__name__} but must be the URL of one "
                "server, since replicas lag behind; write the URL of the primary"
            )
        # Django would split a text at commas and semicolons, which a password may have.
        super().__init__([server], parameters)
        self._class = StoreRedisClient
        self._server = server
        self._client_options = parameters.get("OPTIONS", {})

    @property
    def _cache(self) -> "StoreRedisClient":
        return _client_of(self._server, self._client_options)

    def clear(self) -> None:
        """Delete the keys of this cache only, since sessions and counters are on the same server."""
        self._cache.delete_beginning(key_prefix_of(self))

    def disconnect(self) -> None:
        """Close the connections that no thread uses, which close() keeps for the next request."""
        self._cache.pool.close_resting()


class RedisStoreCache(TolerantCache, StrictRedisCache):
    """A cache that misses while the server does not answer, or refuses."""


class StoreRedisClient(RedisCacheClient):
    """Django's client with short timeouts, which raises StoreUnavailableError."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **{"pool_class": RestingPool, **_OPTIONS, **options})
        self._health = health_of(without_login(servers[0]))
        self._client = partial(_StoreRedis, self._health)

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        # The commands of a pipeline are sent together, so none of them passes execute_command().
        with _outages(self._health, self.pool):
            super().set_many(data, timeout)

    @property
    def pool(self) -> RestingPool:
        """The pool of the one server, which the first call creates."""
        pool: RestingPool = self._get_connection_pool(write=True)  # type: ignore[attr-defined]  # not in the stubs
        return pool

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


def forget_clients() -> None:
    """Close the connections of this process, and open others for the next call."""
    while _clients:
        _clients.popitem()[1].pool.close_resting()


def _client_of(server: str, options: dict[str, Any]) -> StoreRedisClient:
    """Return the client of this process for a server: Django makes a cache for each request, and a client for each."""
    key = server, repr(options)
    client = _clients.get(key)
    if client is None:
        with _lock:
            client = _clients.get(key) or StoreRedisClient([server], **options)
            # Threads must not each create one.
            _ = client.pool
            _clients[key] = client
    return client


_clients: dict[tuple[str, str], StoreRedisClient] = {}
_lock = Lock()
# Environments that are restored from a snapshot must not share connections.
HOOKS.release_before_snapshot(forget_clients)


class _StoreRedis(Redis):
    def __init__(self, health: StoreHealth, **options: Any) -> None:
        super().__init__(**options)
        self._health = health

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        pool: Any = self.connection_pool
        with _outages(self._health, pool):
            return super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call]


@contextmanager
def _outages(health: StoreHealth, pool: RestingPool) -> Iterator[None]:
    health.require()
    try:
        yield
    except DataError:
        raise
    except RedisError as error:
        if _OF_VALUES.search(str(error)):
            raise
        pool.close_resting()
        raise _store_error(health, error) from error
    health.answered()


def _store_error(health: StoreHealth, error: RedisError) -> StoreUnavailableError:
    is_login = isinstance(error, _LOGIN_ERRORS)
    if not is_login and (isinstance(error, (*_UNREACHABLE, *_FAILING)) or _FAILING_ANSWER.search(str(error))):
        return health.failed(error, is_unreachable=isinstance(error, _UNREACHABLE))
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return health.refused(reason, "check the login in WEBAPP_STORE_URL" if is_login else "check WEBAPP_STORE_URL")
