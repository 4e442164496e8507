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


ENDED = "; [01000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]The statement has been terminated. (3621)"
IMITATIONS = [
    "(1205) (SQLExecDirectW)",
    f"(1205) ({CONNECTING})",
    "(1205) (SQLx); [40001] b",
    f"(1205) (SQLx){ENDED}",
]


def duplicate(value: str, following: str = "") -> pyodbc.Error:
    driver = "[Microsoft][ODBC Driver 18 for SQL Server]"
    text = f"Cannot insert duplicate key. The duplicate key value is ({value}). (2627) ({EXECUTING})"
    return pyodbc.IntegrityError("23000", f"[23000] {driver}[SQL Server]{text}{following}")


@pytest.mark.parametrize("following", ["", ENDED, ENDED + ENDED])
@pytest.mark.parametrize("value", IMITATIONS)
def test_a_value_that_looks_like_an_error_decides_nothing(value, following):
    error = duplicate(value, following)

    assert MSSQL.failure_of(error) is None
    assert number_of(error) in (2627, None)
    assert "duplicate" not in MSSQL.described(error)


@pytest.mark.parametrize("following", ["", ENDED, ENDED + ENDED])
@pytest.mark.parametrize("value", ["x", "(1205)", "1205) (SQL"])
def test_the_number_of_the_first_message(value, following):
    assert number_of(duplicate(value, following)) == 2627


def test_a_later_message_that_looks_like_an_error_decides_nothing():
    error = duplicate("x", f"{ENDED}; [42000] said (1205) (SQLx){ENDED} (50000)")

    assert MSSQL.failure_of(error) is None


def test_a_conflict_at_commit_is_busy():
    assert MSSQL.failure_of(error_of("42000", 41305, "SQLEndTran(SQL_COMMIT)")) is DatabaseFailure.BUSY


def test_the_log_has_no_values():
    assert MSSQL.described(error_of("40001", 1205)) == "Error, SQLSTATE 40001, error 1205"


def test_only_a_refused_login_is_fetched_again():
    assert FAILED_LOGINS.may_be_refused(error_of("28000", 18456, CONNECTING))
    assert not FAILED_LOGINS.may_be_refused(error_of("08001", 10061, CONNECTING))


def test_a_secondary_replica_is_read_only():
    assert MSSQL.is_read_only(error_of("25000", 3906))
    assert not MSSQL.is_read_only(error_of("40001", 1205))
    assert not MSSQL.is_read_only(None)
