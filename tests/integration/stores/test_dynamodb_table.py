"""The primitives of a DynamoDB table, against ministack."""

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from django_runtimes.aws import service_client
from django_runtimes.outages.store_error import StoreRefusedError, StoreUnavailableError
from django_runtimes.stores.dynamodb import dynamodb_table, entry
from django_runtimes.stores.dynamodb.dynamodb_table import DynamoDBTable, NotANumberError, table_named
from django_runtimes.stores.dynamodb.entry import EntrySizeError, StoreEntry, value_of
from tests.integration.aws.scripted_server import THROTTLED, scripted_server
from tests.integration.stores.conftest import TABLE
from tests.ministack import REGION

pytestmark = pytest.mark.profile_free


@pytest.fixture
def table(dynamodb) -> DynamoDBTable:
    table = table_named(TABLE, REGION)
    table.delete_beginning("")
    return table


@pytest.fixture
def pass_seconds(monkeypatch) -> Callable[[int], None]:
    """Return a function that advances the clock of the process; DynamoDB deletes nothing at once."""
    passed = SimpleNamespace(seconds=0)
    monkeypatch.setattr(entry, "time", SimpleNamespace(time=lambda: time.time() + passed.seconds))

    def advance(seconds: int) -> None:
        passed.seconds += seconds

    return advance


def in_8_threads(work: Callable[[int], object]) -> list[object]:
    barrier, results = threading.Barrier(8), []

    def run(number: int) -> None:
        barrier.wait()
        results.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_8_threads_lose_no_addition(table):
    table.put(StoreEntry("hits", 0, None))

    in_8_threads(lambda number: [table.add("hits", 1) for _ in range(50)])

    assert table.add("hits", 0) == 400


def test_each_addition_of_8_threads_returns_its_own_result(table):
    table.put(StoreEntry("hits", 0, None))

    results = in_8_threads(lambda number: [table.add("hits", 1) for _ in range(50)])

    assert sorted(each for result in results for each in result) == list(range(1, 401))


def test_one_of_8_threads_puts_each_key(table):
    won = in_8_threads(
        lambda number: [table.put_if_absent(StoreEntry(f"lock-{key}", number, None)) for key in range(20)]
    )

    assert [sum(results) for results in zip(*won, strict=True)] == [1] * 20


def test_one_of_8_threads_takes_over_an_expired_key(table, pass_seconds):
    table.put(StoreEntry("lock", "old", entry.now() + 1000))
    pass_seconds(1001)

    won = in_8_threads(lambda number: table.put_if_absent(StoreEntry("lock", number, entry.now() + 1000)))

    assert sum(won) == 1


def test_an_expired_entry_counts_as_missing_before_it_is_deleted(table, pass_seconds):
    table.put_many([StoreEntry("a", 1, entry.now() + 1000), StoreEntry("b", 2, None)])
    assert table.has("a")
    pass_seconds(1001)

    assert table.get("a") is None
    assert not table.has("a")
    assert [value_of(item) for item in table.get_many(["a", "b"])] == [2]
    assert table.add("a", 1) is None
    assert not table.touch("a", None)
    assert not table.delete("a")


def test_batches_hold_more_than_dynamodb_takes_at_once(table):
    keys = [f"k{number}" for number in range(230)]

    table.put_many(StoreEntry(key, key, None) for key in keys)

    assert sorted(value_of(item) for item in table.get_many(keys)) == sorted(keys)
    table.delete_many([*keys, *keys])
    assert table.get_many(keys) == []


def test_only_entries_with_the_prefix_are_deleted(table):
    table.put_many(StoreEntry(key, 1, None) for key in ("cache:a", "cache:b", "sessions:a"))

    table.delete_beginning("cache:")

    assert [table.has(key) for key in ("cache:a", "cache:b", "sessions:a")] == [False, False, True]


@pytest.mark.parametrize("value", ["text", 1.5, True, 10**38])
def test_only_an_integer_of_38_digits_can_be_added_to(table, value):
    table.put(StoreEntry("k", value, None))

    with pytest.raises(NotANumberError, match="the entry 'k' is no integer"):
        table.add("k", 1)
    assert value_of(table.get("k")) == value


def test_the_largest_entry_fits_and_one_byte_more_is_refused(table):
    # Names, key, number and pickle's own bytes take the rest of 400 KB.
    largest = StoreEntry("k" * 100, b"x" * (400 * 1024 - 181), entry.now() + 1000)
    while True:
        try:
            largest._replace(value=largest.value + b"x").item()
        except EntrySizeError:
            break
        largest = largest._replace(value=largest.value + b"x")

    table.put(largest)

    assert value_of(table.get(largest.key)) == largest.value


@pytest.mark.parametrize("size", [400 * 1024, 2_000_000])
def test_a_large_entry_is_refused_with_its_key_and_size(table, size):
    with pytest.raises(
        EntrySizeError, match=r"the entry 'picture' has \d+ bytes, and an item of DynamoDB at most 409600;"
    ):
        table.put(StoreEntry("picture", b"x" * size, None))


@pytest.mark.parametrize("key", ["k" * 2049, "ü" * 1025, ""])
def test_a_key_that_dynamodb_refuses_is_refused_first(table, key):
    with pytest.raises(EntrySizeError, match="bytes, and a key of DynamoDB has 1 to 2048"):
        table.put(StoreEntry(key, 1, None))


def test_a_missing_table_is_an_error_with_its_remedy(dynamodb):
    missing = DynamoDBTable("other-store", REGION)

    with pytest.raises(
        StoreRefusedError, match=r"'other-store', which eu-west-1 does not have; create it with the stack"
    ):
        missing.get("k")
    missing._client._pool.close()


def test_the_command_creates_a_table_that_deletes_expired_entries(dynamodb, use_store, capsys):
    use_store("dynamodb://made-by-command")
    call_command("create_store_table")
    call_command("create_store_table")

    assert capsys.readouterr().out == (
        "created the table made-by-command in eu-west-1\nkept the table made-by-command in eu-west-1\n"
    )
    made = table_named("made-by-command", REGION)
    answer = made._call("DescribeTimeToLive", {}, repeatable=True)
    assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    assert made._call("DescribeTable", {}, repeatable=True)["Table"]["BillingModeSummary"]["BillingMode"] == (
        "PAY_PER_REQUEST"
    )
    made._client._pool.close()


def test_the_command_needs_a_url_of_dynamodb(use_store):
    use_store("memory://")

    with pytest.raises(CommandError, match="WEBAPP_STORE_URL names no DynamoDB table; set it to dynamodb://TABLE"):
        call_command("create_store_table")


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.setattr(service_client, "_LONGEST_WAITS_S", (0.01, 0.01))
    monkeypatch.setattr(dynamodb_table, "_LONGEST_WAIT_S", 0.01)
    with scripted_server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
        table = DynamoDBTable(TABLE, REGION)
        yield server, table
        table._client._pool.close()


def test_a_throttled_table_is_unavailable_but_asked_again(scripted):
    server, table = scripted
    server.script = [THROTTLED] * 3

    with pytest.raises(StoreUnavailableError, match="ThrottlingException: Rate exceeded"):
        table.get("k")
    assert table.get("k") is None


def test_the_throttled_rest_of_a_batch_is_written_again(scripted):
    server, table = scripted
    left = {"UnprocessedItems": {TABLE: [{"PutRequest": {"Item": {}}}]}}
    server.script = [(200, left), (200, {})]

    table.put_many([StoreEntry("a", 1, None), StoreEntry("b", 2, None)])

    assert len(server.received) == 2


def test_a_batch_that_stays_throttled_is_unavailable(scripted):
    server, table = scripted
    server.script = [(200, {"UnprocessedItems": {TABLE: [{"PutRequest": {"Item": {}}}]}})] * 4

    with pytest.raises(StoreUnavailableError, match="1 entries of a batch were throttled 4 times"):
        table.put_many([StoreEntry("a", 1, None)])


def test_a_missing_permission_is_an_error_with_its_name(scripted):
    server, table = scripted
    denied = "User: arn:aws:sts::1:role is not authorized to perform: dynamodb:PutItem"
    server.script = [(400, {"__type": "AccessDeniedException", "Message": denied})]

    with pytest.raises(
        StoreRefusedError, match=r"AWS refuses PutItem \(AccessDeniedException: .*dynamodb:PutItem\); grant"
    ):
        table.put(StoreEntry("a", 1, None))
