"""Transactions of the stand-in: savepoints, cursors, failures and limits."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from botocore.exceptions import ClientError

from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn
from tests.integration.compare.services.data_api.data_api_client import DataApiClient


@pytest.fixture
def table(client):
    client.execute("CREATE TABLE orders (id integer PRIMARY KEY)")
    yield "orders"
    client.execute("DROP TABLE orders")


@pytest.fixture(scope="module")
def hasty(database_server, data_api_database):
    """A service that ends a statement early."""
    with DataApiStandIn(database_server, latency_ms=0, statement_s=0.5) as stand_in:
        yield DataApiClient(stand_in, data_api_database)


@pytest.fixture
def restless(database_server, data_api_database):
    """A service that ends an idle transaction early, but not before a busy machine has carried out its statements."""
    with DataApiStandIn(database_server, latency_ms=0, transaction_idle_s=6.0) as stand_in:
        yield DataApiClient(stand_in, data_api_database)


def until(happened):
    """Wait for a change in the database, and fail after a time that only a hang takes."""
    deadline_s = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def orders(client):
    return [row[0] for row in client.rows("SELECT id FROM orders ORDER BY id")]


def test_commit_and_rollback(client, table):
    kept, dropped = client.begin(), client.begin()
    client.execute("INSERT INTO orders VALUES (1)", transactionId=kept)
    client.execute("INSERT INTO orders VALUES (2)", transactionId=dropped)

    assert orders(client) == []
    assert client.commit(kept) == "Transaction Committed"
    assert client.rollback(dropped) == "Rollback Complete"
    assert orders(client) == [1]


def test_an_ended_transaction_is_not_found(client):
    number = client.begin()
    client.commit(number)

    for call in (client.commit, client.rollback, lambda number: client.execute("SELECT 1", transactionId=number)):
        with pytest.raises(ClientError) as raised:
            call(number)
        assert raised.value.response["Error"]["Code"] == "TransactionNotFoundException"
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_savepoint_makes_a_failed_transaction_usable_again(client, table):
    number = client.begin()
    client.execute("INSERT INTO orders VALUES (1)", transactionId=number)
    client.execute("SAVEPOINT before", transactionId=number)
    client.refusal("INSERT INTO orders VALUES (1)", transactionId=number)

    assert client.refusal("SELECT 1", transactionId=number)[1] == (
        "ERROR: current transaction is aborted, commands ignored until end of transaction block; SQLState: 25P02"
    )
    client.execute("ROLLBACK TO SAVEPOINT before", transactionId=number)
    client.commit(number)
    assert orders(client) == [1]


def test_committing_a_failed_transaction(client, table):
    number = client.begin()
    client.execute("INSERT INTO orders VALUES (1)", transactionId=number)
    client.refusal("SELECT 1/0", transactionId=number)

    with pytest.raises(ClientError, match="Transaction has been aborted due to an error from a previous call"):
        client.commit(number)
    assert orders(client) == []


def test_cursors_and_settings_last_for_a_transaction(client):
    number = client.begin()
    client.execute("SET LOCAL application_name = 'kept'", transactionId=number)
    client.execute("DECLARE pages CURSOR FOR SELECT generate_series(1, 3)", transactionId=number)

    assert client.rows("SHOW application_name", transactionId=number) == [["kept"]]
    assert client.rows("FETCH 2 FROM pages", transactionId=number) == [[1], [2]]
    client.rollback(number)


def test_a_second_call_at_the_same_time(client):
    holder, number = client.begin(), client.begin()
    client.execute("SELECT pg_advisory_xact_lock(7)::text", transactionId=holder)
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND NOT granted"
    with ThreadPoolExecutor(1) as executor:
        first = executor.submit(client.execute, "SELECT pg_advisory_xact_lock(7)::text", transactionId=number)
        until(lambda: client.rows(waiting) == [[1]])

        assert client.refusal("SELECT 1", transactionId=number) == (
            "DatabaseErrorException",
            "Transaction is still running a query",
        )
        client.rollback(holder)
        assert first.result()["records"] == [[{"stringValue": ""}]]
    client.rollback(number)


def test_a_constraint_that_is_checked_at_commit(client, table):
    client.execute("CREATE TABLE lines (id integer REFERENCES orders DEFERRABLE INITIALLY DEFERRED)")
    number = client.begin()
    client.execute("INSERT INTO lines VALUES (7)", transactionId=number)

    with pytest.raises(ClientError, match="SQLState: 23503"):
        client.commit(number)
    with pytest.raises(ClientError, match="is not found"):
        client.rollback(number)
    client.execute("DROP TABLE lines")


def test_a_terminated_session_ends_its_transaction(client, database_server):
    number = client.begin()
    [[process]] = client.rows("SELECT pg_backend_pid()", transactionId=number)
    with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 60000)", [process])

    assert client.refusal("SELECT 1", transactionId=number)[0] in ("DatabaseErrorException", "504")
    assert client.refusal("SELECT 1", transactionId=number)[0] == "TransactionNotFoundException"


def test_a_statement_that_takes_too_long_is_ended(hasty, client):
    assert hasty.refusal("SELECT pg_sleep(600)::text") == ("StatementTimeoutException", "Request timed out")
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)::text' AND state = 'active'"
    until(lambda: client.rows(running) == [[0]])


def test_a_statement_may_continue_after_the_timeout(hasty, client, table):
    holder = client.begin()
    client.execute("SELECT pg_advisory_xact_lock(8)::text", transactionId=holder)

    # It waits for the lock.
    sql = "INSERT INTO orders SELECT 9 FROM pg_advisory_xact_lock(8)"
    assert hasty.refusal(sql, continueAfterTimeout=True)[0] == "StatementTimeoutException"
    client.rollback(holder)
    until(lambda: orders(client) == [9])


def test_a_transaction_that_rests_too_long_is_rolled_back(restless, table):
    number = restless.begin()
    restless.execute("INSERT INTO orders VALUES (3)", transactionId=number)
    held = "SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND mode = 'RowExclusiveLock'"
    until(lambda: restless.rows(held) == [[0]])

    assert orders(restless) == []
    assert restless.refusal("SELECT 1", transactionId=number)[0] == "TransactionNotFoundException"
