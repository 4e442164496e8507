"""The primitives of a store's table: get, put, put if absent, add, count, touch, delete."""

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from time import sleep
from typing import Any, TypeVar

from django_runtimes.aws.aws_service import DYNAMODB
from django_runtimes.aws.https_pool import Patience
from django_runtimes.aws.service_client import AwsAnswerError, AwsUnavailableError, ServiceClient
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.stores.dynamodb.entry import EXPIRES_AT, KEY, VALUE, Attributes, StoreEntry, is_live, key_of, now
from django_runtimes.stores.store_health import health_of

_API = "DynamoDB_20120810"
_LIVE = f"attribute_exists({KEY}) AND (attribute_not_exists({EXPIRES_AT}) OR {EXPIRES_AT} > :now)"
_ABSENT = f"attribute_not_exists({KEY}) OR {EXPIRES_AT} <= :now"
_CONDITION_FAILED = "ConditionalCheckFailedException"
_NO_TABLE = "ResourceNotFoundException"
_IN_USE = "ResourceInUseException"
_INVALID = "ValidationException"
# AWS does not accept the key or the time of the signature.
_OF_CREDENTIALS = frozenset(
    {
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
# DynamoDB says so of a table with other keys.
_OTHER_KEYS = "schema"
# DynamoDB's largest batches.
_MOST_READ = 100
_MOST_WRITTEN = 25
# DynamoDB leaves the throttled part of a batch to the caller.
_BATCH_ATTEMPTS = 4
_LONGEST_WAIT_S = 0.1

_T = TypeVar("_T")


class NotANumberError(TypeError):
    """`add()` meets a value that is no integer."""


class DynamoDBTable:
    """A table with the string key `entry_key` and the lifetime `expires_at`; for all threads.

    Expired items count as missing. The methods raise StoreUnavailableError while DynamoDB does not answer or throttles,
    and its subclass StoreRefusedError for a table that is missing or that the credentials may not use.
    """

    def __init__(
        self, name: str, region: str, *, patience: Patience | None = None, consequence: str | None = None
    ) -> None:
        """`patience` limits the attempts of each call, and `consequence` says what an outage means, for the log."""
        self.name = name
        self.region = region
        self._client = ServiceClient(DYNAMODB, region, patience=patience)
        self._health = health_of(self.label) if consequence is None else health_of(self.label, consequence)

    @property
    def label(self) -> str:
        """The table and its region, for logs."""
        return f"dynamodb://{self.name} in {self.region}"

    def get(self, key: str) -> Attributes | None:
        """Return the item of a key, or None; every write before is seen."""
        return self._read(key, {})

    def has(self, key: str) -> bool:
        """Return whether a key exists, without reading its value."""
        return self._read(key, {"ProjectionExpression": f"{KEY}, {EXPIRES_AT}"}) is not None

    def get_many(self, keys: Collection[str]) -> list[Attributes]:
        """Return the items of the keys that exist."""
        found: list[Attributes] = []
        for some in _batches(keys, _MOST_READ):
            wanted = {self.name: {"Keys": [key_of(key) for key in some], "ConsistentRead": True}}
            for answer in self._in_parts("BatchGetItem", wanted, rest="UnprocessedKeys"):
                found += answer["Responses"].get(self.name, [])
        return [item for item in found if is_live(item)]

    def put(self, entry: StoreEntry) -> None:
        """Write an entry over an existing one."""
        self._call("PutItem", {"Item": entry.item()}, repeatable=True)

    def put_if_absent(self, entry: StoreEntry) -> bool:
        """Write an entry and return True, or return False if its key exists."""
        return self._attempt("PutItem", {"Item": entry.item()}, _ABSENT) is not None

    def put_many(self, entries: Iterable[StoreEntry]) -> None:
        """Write entries with different keys over existing ones."""
        self._write_many({"PutRequest": {"Item": entry.item()}} for entry in entries)

    def add(self, key: str, delta: int) -> int | None:
        """Add to the number of a key, atomically, and return the result, or None if there is no such key.

        Raise NotANumberError for another value.
        """
        change = {
            "Key": key_of(key),
            "UpdateExpression": f"ADD {VALUE} :delta",
            "ExpressionAttributeValues": {":delta": {"N": str(delta)}},
            "ReturnValues": "UPDATED_NEW",
        }
        try:
            answer = self._attempt("UpdateItem", change, _LIVE)
        except AwsAnswerError as error:
            if "incorrect data type" in error.message:
                raise NotANumberError(f"the entry {key!r} is no integer, so nothing can be added to it") from None
            raise
        return None if answer is None else int(answer["Attributes"][VALUE]["N"])

    def count(self, key: str, limit: int, expires_at: int) -> int | None:
        """Add 1 to the number of a key, or create it as 1, and return the result, or None if it has reached `limit`.

        The key must be new after `expires_at`, since an expired item may still count.
        """
        change = {
            "Key": key_of(key),
            "UpdateExpression": f"ADD {VALUE} :one SET {EXPIRES_AT} = :at",
            "ConditionExpression": f"attribute_not_exists({KEY}) OR {VALUE} < :limit",
            "ExpressionAttributeValues": {
                ":one": {"N": "1"},
                ":at": {"N": str(expires_at)},
                ":limit": {"N": str(limit)},
            },
            "ReturnValues": "UPDATED_NEW",
        }
        answer = self._call_if("UpdateItem", change, repeatable=False)
        return None if answer is None else int(answer["Attributes"][VALUE]["N"])

    def touch(self, key: str, expires_at: int | None) -> bool:
        """Change the lifetime of an entry, and return whether it exists."""
        change: dict[str, Any] = {"Key": key_of(key), "UpdateExpression": f"REMOVE {EXPIRES_AT}"}
        if expires_at is not None:
            change["UpdateExpression"] = f"SET {EXPIRES_AT} = :at"
            change["ExpressionAttributeValues"] = {":at": {"N": str(expires_at)}}
        return self._attempt("UpdateItem", change, _LIVE, repeatable=True) is not None

    def delete(self, key: str) -> bool:
        """Delete an entry, and return whether it existed."""
        return self._attempt("DeleteItem", {"Key": key_of(key)}, _LIVE, repeatable=True) is not None

    def delete_many(self, keys: Iterable[str]) -> None:
        """Delete the entries of these keys."""
        self._write_many({"DeleteRequest": {"Key": key_of(key)}} for key in dict.fromkeys(keys))

    def delete_beginning(self, prefix: str) -> None:
        """Delete all entries whose keys begin with `prefix`; this reads the whole table."""
        request: dict[str, Any] = {
            "ProjectionExpression": KEY,
            "FilterExpression": f"begins_with({KEY}, :prefix)",
            "ExpressionAttributeValues": {":prefix": {"S": prefix}},
        }
        while True:
            page = self._call("Scan", request, repeatable=True)
            self.delete_many(item[KEY]["S"] for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def create(self) -> bool:
        """Create the table, billed per request, and return True, or return False if it exists."""
        try:
            self._call(
                "CreateTable",
                {
                    "KeySchema": [{"AttributeName": KEY, "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": KEY, "AttributeType": "S"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
                repeatable=False,
            )
        except AwsAnswerError as error:
            if error.code != _IN_USE:
                raise
            return False
        return True

    def delete_expired(self) -> None:
        """Let DynamoDB delete expired items."""
        lifetime = {"AttributeName": EXPIRES_AT, "Enabled": True}
        self._call("UpdateTimeToLive", {"TimeToLiveSpecification": lifetime}, repeatable=True)

    def close(self) -> None:
        """Close the resting connections."""
        self._client.close()

    def is_active(self) -> bool:
        """Return whether the table can be used, after its creation."""
        return bool(self._call("DescribeTable", {}, repeatable=True)["Table"]["TableStatus"] == "ACTIVE")

    def _read(self, key: str, options: Mapping[str, Any]) -> Attributes | None:
        request = {"Key": key_of(key), "ConsistentRead": True, **options}
        item: Attributes | None = self._call("GetItem", request, repeatable=True).get("Item")
        return item if item is not None and is_live(item) else None

    def _attempt(
        self, operation: str, request: Mapping[str, Any], condition: str, *, repeatable: bool = False
    ) -> dict[str, Any] | None:
        """Call an operation on live or absent entries, and return None if its condition is not met."""
        values = {**request.get("ExpressionAttributeValues", {}), ":now": {"N": str(now())}}
        conditional = {**request, "ConditionExpression": condition, "ExpressionAttributeValues": values}
        return self._call_if(operation, conditional, repeatable=repeatable)

    def _call_if(self, operation: str, request: Mapping[str, Any], *, repeatable: bool) -> dict[str, Any] | None:
        """Call an operation, and return None if the request's condition is not met."""
        try:
            return self._call(operation, request, repeatable=repeatable)
        except AwsAnswerError as error:
            if error.code == _CONDITION_FAILED:
                return None
            raise

    def _write_many(self, requests: Iterable[Mapping[str, Any]]) -> None:
        for some in _batches(requests, _MOST_WRITTEN):
            for _ in self._in_parts("BatchWriteItem", {self.name: some}, rest="UnprocessedItems"):
                pass

    def _in_parts(self, operation: str, wanted: Mapping[str, Any], *, rest: str) -> Iterator[dict[str, Any]]:
        """Call a batch operation until nothing of it is left; raise StoreUnavailableError after a few attempts."""
        for attempt in range(_BATCH_ATTEMPTS):
            answer = self._call(operation, {"RequestItems": wanted}, repeatable=True)
            yield answer
            wanted = answer.get(rest) or {}
            if not wanted:
                return
            sleep(random.uniform(0, _LONGEST_WAIT_S * 2**attempt))  # noqa: S311  (no secret)
        left = sum(len(each.get("Keys", ())) if isinstance(each, dict) else len(each) for each in wanted.values())
        throttled = AwsUnavailableError(f"{left} entries of a batch were throttled {_BATCH_ATTEMPTS} times")
        raise self._health.failed(throttled, is_unreachable=False)

    def _call(self, operation: str, request: Mapping[str, Any], *, repeatable: bool) -> dict[str, Any]:
        self._health.require()
        # Batches name the table beside the keys.
        table = {} if "RequestItems" in request else {"TableName": self.name}
        try:
            answer = self._client.call(
                f"{_API}.{operation}", {**table, **request}, version="1.0", repeatable=repeatable
            )
        except AwsUnavailableError as error:
            raise self._health.failed(error, is_unreachable=error.is_unreachable) from error
        except AwsAnswerError as error:
            if error.code in {_CONDITION_FAILED, _IN_USE} or (
                error.code == _INVALID and _OTHER_KEYS not in error.message
            ):
                self._health.answered()
                raise
            raise self._health.refused(self._refusal(operation, error)) from error
        except ConfigurationError as error:
            # An extra that loads the credentials is missing.
            raise self._health.refused(str(error)) from error
        self._health.answered()
        return answer

    def _refusal(self, operation: str, error: AwsAnswerError) -> str:
        """Return the reason and its remedy."""
        named = f"WEBAPP_STORE_URL names the DynamoDB table {self.name!r}"
        create = "create it with the stack of the templates, or with `webapp create_store_table`"
        if error.code == _NO_TABLE:
            return f"{named}, which {self.region} does not have; {create}"
        if error.code == _INVALID:
            return f"{named}, which has other keys ({error}); name another table, and {create}"
        remedy = "grant the process's role this permission"
        if error.code in _OF_CREDENTIALS:
            remedy = "check the process's credentials and clock"
        return f"{named}, and AWS refuses {operation} ({error}); {remedy}"


@cache
def table_named(name: str, region: str) -> DynamoDBTable:
    """Return the table, with one client for all threads of the process."""
    return DynamoDBTable(name, region)


def _batches(items: Iterable[_T], size: int) -> Iterator[Sequence[_T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
