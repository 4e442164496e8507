"""Failures of SQL Server, by the number or the SQLSTATE of the driver's errors."""

import pyodbc
import pytest

from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.engine_registry import driver_error
from django_runtimes.databases.mssql.mssql_engine import MSSQL
from django_runtimes.databases.mssql.mssql_errors import FAILED_LOGINS, number_of

EXECUTING, CONNECTING = "SQLExecDirectW", "SQLDriverConnect"


def error_of(state: str, number: int, function: str = EXECUTING, cls=pyodbc.Error) -> pyodbc.Error:
    driver = "[Microsoft][ODBC Driver 18 for SQL Server]"
    return cls(state, f"[{state}] {driver}[SQL Server]The value (7) is 'secret'. ({number}) ({function})")


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (error_of("28000", 18456, CONNECTING), DatabaseFailure.UNAVAILABLE),
        (error_of("42000", 4060, CONNECTING), DatabaseFailure.UNAVAILABLE),
        (error_of("08001", 10061, CONNECTING), DatabaseFailure.UNAVAILABLE),
        (error_of("08S01", 10054), DatabaseFailure.UNAVAILABLE),
        (error_of("HY000", 596), DatabaseFailure.UNAVAILABLE),
        (error_of("25000", 3906), DatabaseFailure.UNAVAILABLE),
        (error_of("HYT00", 0, CONNECTING), DatabaseFailure.UNAVAILABLE),
        (error_of("HYT00", 0), DatabaseFailure.TIMEOUT),
        (error_of("40001", 1205), DatabaseFailure.BUSY),
        (error_of("42000", 1222), DatabaseFailure.BUSY),
        # A unique index, a missing table, and a driver that is not installed.
        (error_of("23000", 2601), None),
        (error_of("42S02", 208), None),
        (error_of("01000", 0, CONNECTING), None),
        (pyodbc.Error("secret"), None),
    ],
)
def test_the_number_decides_the_failure(error, failure):
    assert driver_error(error) == (error, MSSQL)
    assert MSSQL.failure_of(error) is failure


def test_the_number_is_the_one_before_the_drivers_function():
    assert number_of(error_of("28000", 18456)) == 18456
    assert number_of(error_of("08001", -1)) == -1
    assert number_of(ValueError("(1205) (SQLExecDirectW)")) is None


def test_the_log_has_no_values():
    assert MSSQL.described(error_of("40001", 1205)) == "Error, SQLSTATE 40001, error 1205"


def test_only_a_refused_login_is_fetched_again():
    assert FAILED_LOGINS.may_be_refused(error_of("28000", 18456, CONNECTING))
    assert not FAILED_LOGINS.may_be_refused(error_of("08001", 10061, CONNECTING))


def test_a_secondary_replica_is_read_only():
    assert MSSQL.is_read_only(error_of("25000", 3906))
    assert not MSSQL.is_read_only(error_of("40001", 1205))
    assert not MSSQL.is_read_only(None)
