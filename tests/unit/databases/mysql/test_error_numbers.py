"""Errors that only MySQL, Aurora or RDS Proxy raises; the tests on a real MariaDB have the others."""

import pytest
from pymysql.err import InterfaceError, OperationalError

from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.mysql.mysql_engine import MYSQL


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (1836, DatabaseFailure.UNAVAILABLE),
        (3169, DatabaseFailure.UNAVAILABLE),
        (4031, DatabaseFailure.UNAVAILABLE),
        (9501, DatabaseFailure.UNAVAILABLE),
        (3572, DatabaseFailure.BUSY),
        (3024, DatabaseFailure.TIMEOUT),
        (1021, None),
    ],
)
def test_a_number_decides(number, failure):
    assert MYSQL.failure_of(OperationalError(number, "a message with a row")) is failure
    assert MYSQL.described(OperationalError(number, "a message with a row")) == f"OperationalError, error {number}"


def test_a_lost_connection_is_described_with_its_reason():
    error = OperationalError(2003, "Can't connect to MySQL server on 'db.example' (timed out)")

    assert MYSQL.described(error) == f"OperationalError, error 2003: {error.args[1]}"


@pytest.mark.parametrize(
    ("option", "is_read_only"), [("--read-only", True), ("--super-read-only", True), ("--secure-file-priv", False)]
)
def test_only_a_read_only_server_is_a_failover(option, is_read_only):
    error = OperationalError(1290, f"The server is running with the {option} option so it cannot execute this")

    assert MYSQL.is_read_only(error) is is_read_only
    assert (MYSQL.failure_of(error) is DatabaseFailure.UNAVAILABLE) is is_read_only


def test_errors_without_a_number_are_no_failure():
    assert MYSQL.failure_of(InterfaceError("the cursor is closed")) is None
    assert MYSQL.described(InterfaceError("the cursor is closed")) == "InterfaceError"
    assert not MYSQL.is_read_only(None)
