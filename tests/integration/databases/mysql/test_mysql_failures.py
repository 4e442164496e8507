"""Errors of a real MariaDB and of connections to it, as the responses that clients get."""

import threading
import time

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError

from django_runtimes.cli.ports import free_port
from django_runtimes.databases.failover import watch
from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.engine_registry import driver_error
from tests.integration.databases.mysql.mysql_entries import first_value

pytestmark = pytest.mark.profile_free

UNAVAILABLE, BUSY, TIMEOUT = DatabaseFailure.UNAVAILABLE, DatabaseFailure.BUSY, DatabaseFailure.TIMEOUT


def failure_of(error: BaseException) -> tuple[int, DatabaseFailure | None]:
    """Return the number of the driver's error and what it counts as."""
    found = driver_error(error)
    return found.error.args[0], found.engine.failure_of(found.error)


@pytest.fixture
def row(administrator):
    administrator("REPLACE INTO engine_shop.orders VALUES (1, 'one'), (2, 'two')")
    yield
    administrator("DELETE FROM engine_shop.orders")


def rest_long(wrapper) -> None:
    """Let a transaction rest longer than a machine may stand still; call this before the wrapper connects."""
    wrapper.settings_dict["OPTIONS"]["idle_transaction_timeout"] = 600


def fail(wrapper, statement: str) -> tuple[int, DatabaseFailure | None]:
    with pytest.raises(DatabaseError) as failed, wrapper.cursor() as cursor:
        cursor.execute(statement)
    return failure_of(failed.value)


def test_a_refused_login(open_wrapper):
    assert fail(open_wrapper(PASSWORD="wrong"), "SELECT 1") == (1045, UNAVAILABLE)


def test_no_server(open_wrapper):
    assert fail(open_wrapper(PORT=free_port()), "SELECT 1") == (2003, UNAVAILABLE)


def test_a_killed_connection(open_wrapper, administrator):
    wrapper = open_wrapper()
    administrator(f"KILL {first_value(wrapper, 'SELECT CONNECTION_ID()')}")

    assert fail(wrapper, "SELECT 1") in {(1927, UNAVAILABLE), (2006, UNAVAILABLE), (2013, UNAVAILABLE)}
    # The request goes on with the lost connection until it ends.
    with pytest.raises(Exception, match=r"\(0, ''\)") as failed:
        first_value(wrapper, "SELECT 1")
    assert failure_of(failed.value) == (0, UNAVAILABLE)


def test_a_killed_query_is_not_a_timeout(open_wrapper, administrator, until_found):
    wrapper = open_wrapper()
    wrapper.settings_dict["OPTIONS"]["statement_timeout"] = 600
    number = first_value(wrapper, "SELECT CONNECTION_ID()")

    def kill() -> None:
        until_found(f"ID = {number} AND INFO LIKE 'SELECT COUNT(*) FROM seq%'")
        administrator(f"KILL QUERY {number}")

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        assert fail(wrapper, "SELECT COUNT(*) FROM seq_1_to_100000 a, seq_1_to_100000 b") == (1317, None)
    finally:
        killer.join()


def test_too_many_connections_of_a_user(open_wrapper, administrator):
    administrator("CREATE USER engine_crowd IDENTIFIED BY 'pw' WITH MAX_USER_CONNECTIONS 1")
    try:
        crowd = {"USER": "engine_crowd", "PASSWORD": "pw", "NAME": ""}
        first = open_wrapper(**crowd)
        first_value(first, "SELECT 1")
        number, failure = fail(open_wrapper(**crowd), "SELECT 1")
        first.close()
    finally:
        administrator("DROP USER engine_crowd")

    assert (number, failure) in {(1203, UNAVAILABLE), (1226, UNAVAILABLE)}


def test_a_slow_statement_leaves_the_connection_usable(open_wrapper):
    wrapper = open_wrapper()
    wrapper.settings_dict["OPTIONS"]["statement_timeout"] = 1
    began_at = time.monotonic()

    assert fail(wrapper, "SELECT SLEEP(120)") == (1969, TIMEOUT)
    assert time.monotonic() - began_at < 60
    assert first_value(wrapper, "SELECT 1") == 1


@pytest.mark.usefixtures("row")
def test_a_lock_that_is_not_available_at_once(open_wrapper):
    holder, other = open_wrapper(), open_wrapper()
    rest_long(holder)
    holder.set_autocommit(False)
    first_value(holder, "SELECT id FROM orders WHERE id = 1 FOR UPDATE")

    assert fail(other, "SELECT id FROM orders WHERE id = 1 FOR UPDATE NOWAIT") == (1205, BUSY)
    holder.rollback()


@pytest.mark.usefixtures("row")
def test_a_deadlock(open_wrapper):
    first, second = open_wrapper(), open_wrapper()
    outcomes = []

    def swap(wrapper, mine: int, others: int, barrier: threading.Barrier) -> None:
        wrapper.inc_thread_sharing()
        try:
            wrapper.set_autocommit(False)
            with wrapper.cursor() as cursor:
                cursor.execute(f"UPDATE orders SET name = 'x' WHERE id = {mine}")
                barrier.wait(60)
                cursor.execute(f"UPDATE orders SET name = 'x' WHERE id = {others}")
            outcomes.append(None)
        except OperationalError as error:
            outcomes.append(failure_of(error))
        finally:
            wrapper.rollback()

    barrier = threading.Barrier(2)
    for wrapper in (first, second):
        rest_long(wrapper)
        wrapper.ensure_connection()
        wrapper.inc_thread_sharing()
    threads = [
        threading.Thread(target=swap, args=(first, 1, 2, barrier)),
        threading.Thread(target=swap, args=(second, 2, 1, barrier)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(outcomes) == {None, (1213, BUSY)}


def test_a_transaction_that_is_idle_for_too_long(open_wrapper, until_found):
    wrapper = open_wrapper()
    wrapper.settings_dict["OPTIONS"]["idle_transaction_timeout"] = 1
    wrapper.set_autocommit(False)
    number = first_value(wrapper, "SELECT CONNECTION_ID() FROM orders UNION SELECT CONNECTION_ID()")
    until_found(f"(SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {number}) = 0")

    assert fail(wrapper, "SELECT 1")[1] is UNAVAILABLE


def test_a_connection_to_a_server_that_became_read_only_is_evicted(open_wrapper, administrator):
    wrapper = open_wrapper()
    first_value(wrapper, "SELECT 1")
    watch(wrapper)
    administrator("SET GLOBAL read_only = 1")
    try:
        failure = fail(wrapper, "INSERT INTO orders VALUES (9, 'late')")
    finally:
        administrator("SET GLOBAL read_only = 0")

    assert failure == (1290, UNAVAILABLE)
    assert wrapper.connection is None


@pytest.mark.usefixtures("row")
@pytest.mark.parametrize(
    ("statement", "number"),
    [("INSERT INTO orders VALUES (1, 'again')", 1062), ("SELECT FROM", 1064), ("SELECT * FROM missing", 1146)],
)
def test_the_applications_own_errors_are_no_failure(open_wrapper, statement, number):
    assert fail(open_wrapper(), statement) == (number, None)


@pytest.mark.usefixtures("row")
def test_the_log_line_has_no_value_of_the_statement(open_wrapper):
    with pytest.raises(IntegrityError) as failed, open_wrapper().cursor() as cursor:
        cursor.execute("INSERT INTO orders VALUES (1, 'a secret row')")
    found = driver_error(failed.value)

    assert found.engine.described(found.error) == "IntegrityError, error 1062"
