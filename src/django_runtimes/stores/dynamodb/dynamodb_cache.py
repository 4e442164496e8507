"""A cache backend of Django on a DynamoDB table."""

import math
import time
from collections.abc import Iterable
from operator import index
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from django_runtimes.stores.dynamodb.dynamodb_table import table_named
from django_runtimes.stores.dynamodb.entry import KEY, StoreEntry, value_of
from django_runtimes.stores.tolerance import TolerantCache, key_prefix_of


class StrictDynamoDBCache(BaseCache):
    """A cache that raises StoreUnavailableError while DynamoDB does not answer, throttles, or refuses.

    LOCATION is the name of the table, and OPTIONS has its region. Lifetimes are rounded up to whole seconds.
    """

    def __init__(self, table: str, parameters: dict[str, Any]) -> None:
        super().__init__(parameters)
        self._table = table_named(table, parameters["OPTIONS"]["region"])

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> int | None:
        """Return the second from which the entry counts as missing, or None for never."""
        lifetime_s = self._lifetime_s(timeout)
        return None if lifetime_s is None else math.ceil(time.time() + lifetime_s)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        entry = self._entry(key, value, timeout, version)
        if self._is_over(timeout):
            return not self._table.has(entry.key)
        return self._table.put_if_absent(entry)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        item = self._table.get(self.make_and_validate_key(key, version=version))
        return default if item is None else value_of(item)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        entry = self._entry(key, value, timeout, version)
        if self._is_over(timeout):
            self._table.delete(entry.key)
        else:
            self._table.put(entry)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        made = self.make_and_validate_key(key, version=version)
        if self._is_over(timeout):
            return self._table.delete(made)
        return self._table.touch(made, self.get_backend_timeout(timeout))

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._table.delete(self.make_and_validate_key(key, version=version))

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self._table.has(self.make_and_validate_key(key, version=version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to an integer, atomically; raise ValueError without the key, and TypeError for another value."""
        # A fraction would make the entry unreadable.
        result = self._table.add(self.make_and_validate_key(key, version=version), index(delta))
        if result is None:
            raise ValueError(f"Key {key!r} not found")
        return result

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        names = {self.make_and_validate_key(key, version=version): key for key in keys}
        return {names[item[KEY]["S"]]: value_of(item) for item in self._table.get_many(names)}

    def set_many(self, data: dict[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> list[str]:
        entries = [self._entry(key, value, timeout, version) for key, value in data.items()]
        if self._is_over(timeout):
            self._table.delete_many(entry.key for entry in entries)
        else:
            self._table.put_many(entries)
        return []

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        self._table.delete_many([self.make_and_validate_key(key, version=version) for key in keys])

    def clear(self) -> None:
        """Delete the entries of this cache; this reads the whole table, which costs as many reads."""
        self._table.delete_beginning(key_prefix_of(self))

    def _lifetime_s(self, timeout: Any) -> float | None:
        lifetime_s: float | None = self.default_timeout if timeout == DEFAULT_TIMEOUT else timeout
        return lifetime_s

    def _is_over(self, timeout: Any) -> bool:
        """Return whether an entry would expire at once, and so is not stored."""
        lifetime_s = self._lifetime_s(timeout)
        return lifetime_s is not None and lifetime_s <= 0

    def _entry(self, key: str, value: Any, timeout: Any, version: int | None) -> StoreEntry:
        made = self.make_and_validate_key(key, version=version)
        return StoreEntry(made, value, self.get_backend_timeout(timeout))


class DynamoDBStoreCache(TolerantCache, StrictDynamoDBCache):
    """A cache that misses while DynamoDB does not answer, throttles, or refuses."""
