"""The items of a store's table: their attributes, values, sizes and lifetimes."""

import base64
import pickle
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

KEY = "entry_key"
VALUE = "entry_value"
# DynamoDB deletes an item some time, up to a few days, after the moment in this attribute.
EXPIRES_AT = "expires_at"

# DynamoDB's own limits, in bytes.
MAX_ITEM = 400 * 1024
MAX_KEY = 2048
# The attribute's number has at most ten digits until the year 2286.
_NUMBER_SIZE = 21
# DynamoDB's numbers have 38 significant digits.
_LARGEST = 10**38 - 1

Attributes = Mapping[str, Mapping[str, str]]


class EntrySizeError(ValueError):
    """An entry or its key exceeds a limit of DynamoDB."""


class StoreEntry(NamedTuple):
    """A key with its value, and the second from which it counts as missing; None for never."""

    key: str
    value: Any
    expires_at: int | None

    def item(self) -> dict[str, Mapping[str, str]]:
        """Return the item; raise EntrySizeError if DynamoDB would refuse it."""
        item = {**key_of(self.key), VALUE: _stored(self.key, self.value)}
        if self.expires_at is not None:
            item[EXPIRES_AT] = {"N": str(self.expires_at)}
        return item


def key_of(key: str) -> dict[str, Mapping[str, str]]:
    """Return the key as an attribute; raise EntrySizeError if it is too long."""
    size = len(key.encode())
    if not 0 < size <= MAX_KEY:
        shown = f"{key[:60]!r}…" if size > MAX_KEY else repr(key)
        raise EntrySizeError(
            f"the key {shown} has {size} bytes, and a key of DynamoDB has 1 to {MAX_KEY}; shorten it, such as by a hash"
        )
    return {KEY: {"S": key}}


def value_of(item: Attributes) -> Any:
    """Return the value that an item holds."""
    (kind, text), *_ = item[VALUE].items()
    # As with Django's other caches, the store must be trusted: only this application's role may write to it.
    return int(text) if kind == "N" else pickle.loads(base64.b64decode(text))  # noqa: S301


def is_live(item: Attributes) -> bool:
    """Return whether an item has not expired, since DynamoDB deletes it later."""
    return EXPIRES_AT not in item or int(item[EXPIRES_AT]["N"]) > now()


def now() -> int:
    """Return the current second since 1970."""
    return int(time.time())


def _stored(key: str, value: Any) -> Mapping[str, str]:
    # As with Django's cache on Redis, a number can be counted up, and a bool is none.
    if type(value) is int and abs(value) <= _LARGEST:
        return {"N": str(value)}
    pickled = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    size = len(key.encode()) + len(pickled) + len(KEY) + len(VALUE) + len(EXPIRES_AT) + _NUMBER_SIZE
    if size > MAX_ITEM:
        raise EntrySizeError(
            f"the entry {key!r} has {size} bytes, and an item of DynamoDB at most {MAX_ITEM}; "
            "store less, or store it in S3 and its name here"
        )
    return {"B": base64.b64encode(pickled).decode()}
