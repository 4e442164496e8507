"""A cache that misses while its store does not answer."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.exceptions import ImproperlyConfigured

from django_runtimes.outages.store_error import StoreUnavailableError

Result = TypeVar("Result")


class TolerantCache(BaseCache):
    """Comes before a backend that raises StoreUnavailableError, and answers as if the store held nothing.

    Writes are lost. `set_many()` returns the keys, and `incr()` raises ValueError as for a missing key. Django's
    asynchronous methods call these.
    """

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return _tried(lambda: super(TolerantCache, self).add(key, value, timeout, version), otherwise=False)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return _tried(lambda: super(TolerantCache, self).get(key, default, version), otherwise=default)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        _tried(lambda: super(TolerantCache, self).set(key, value, timeout, version), otherwise=None)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return _tried(lambda: super(TolerantCache, self).touch(key, timeout, version), otherwise=False)

    def delete(self, key: str, version: int | None = None) -> bool:
        return _tried(lambda: super(TolerantCache, self).delete(key, version), otherwise=False)

    def has_key(self, key: str, version: int | None = None) -> bool:
        return _tried(lambda: super(TolerantCache, self).has_key(key, version), otherwise=False)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        try:
            return super().incr(key, delta, version)
        except StoreUnavailableError as error:
            raise ValueError(f"Key {key!r} not found: {error}") from None

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        return _tried(lambda: super(TolerantCache, self).get_many(keys, version), otherwise={})

    def set_many(self, data: dict[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> list[str]:
        return _tried(lambda: super(TolerantCache, self).set_many(data, timeout, version), otherwise=list(data))

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        _tried(lambda: super(TolerantCache, self).delete_many(keys, version), otherwise=None)

    def clear(self) -> None:
        _tried(super().clear, otherwise=None)


def key_prefix_of(cache: BaseCache) -> str:
    """Return the beginning that all keys of a cache share, before the version and the key.

    Raise ImproperlyConfigured if there is none, so that nobody can delete the keys of this cache alone.
    """
    mark = "\0"
    try:
        key = cache.make_key(mark, version=mark)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        # A KEY_FUNCTION of the project may need a number.
        key = cache.make_key(mark)
    prefix, found, _ = key.partition(mark)
    if not prefix or not found:
        # The store has the sessions and the counters too.
        raise ImproperlyConfigured(
            "cache.clear() cannot tell the keys of this cache from others of the store, since those of KEY_FUNCTION do "
            "not begin with a text of their own; begin them with KEY_PREFIX, or delete the entries by their keys"
        )
    return prefix


def _tried(operation: Callable[[], Result], *, otherwise: Result) -> Result:
    try:
        return operation()
    except StoreUnavailableError:
        return otherwise
