"""Failures of Oracle, by the code of the driver's errors."""

from types import SimpleNamespace

import oracledb
import pytest

from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.engine_registry import driver_error
from django_runtimes.databases.oracle.oracle_engine import ORACLE
from django_runtimes.databases.oracle.oracle_errors import FAILED_LOGINS, UnresolvedHostError


class Details(SimpleNamespace):
    """What the driver passes to its exceptions."""

    def __str__(self) -> str:
        return f"{self.full_code}: insert into shop values ('secret')"


def error_of(code: str, cls=oracledb.DatabaseError) -> oracledb.Error:
    return cls(Details(full_code=code))


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("DPY-6005", DatabaseFailure.UNAVAILABLE),
        ("DPY-4011", DatabaseFailure.UNAVAILABLE),
        ("ORA-01017", DatabaseFailure.UNAVAILABLE),
        ("ORA-12514", DatabaseFailure.UNAVAILABLE),
        ("ORA-16000", DatabaseFailure.UNAVAILABLE),
        ("ORA-00060", DatabaseFailure.BUSY),
        ("ORA-00054", DatabaseFailure.BUSY),
        ("DPY-4024", DatabaseFailure.TIMEOUT),
        # A unique constraint, a missing table and a server without space.
        ("ORA-00001", None),
        ("ORA-00942", None),
        ("ORA-01653", None),
    ],
)
def test_a_code_decides_the_failure(code, failure):
    error = error_of(code)

    assert driver_error(error) == (error, ORACLE)
    assert ORACLE.failure_of(error) is failure


def test_a_name_without_address_is_an_outage():
    assert ORACLE.failure_of(UnresolvedHostError("cannot connect to 'db': unknown")) is DatabaseFailure.UNAVAILABLE


def test_the_log_has_no_values():
    assert ORACLE.described(error_of("ORA-00060")) == "DatabaseError, ORA-00060"
    assert ORACLE.described(oracledb.DatabaseError("secret")) == "DatabaseError"


def test_only_a_refused_login_is_fetched_again():
    assert FAILED_LOGINS.may_be_refused(error_of("ORA-01017"))
    assert not FAILED_LOGINS.may_be_refused(error_of("DPY-6005"))


def test_a_standby_is_read_only():
    assert ORACLE.is_read_only(error_of("ORA-16000"))
    assert not ORACLE.is_read_only(error_of("ORA-00060"))
    assert not ORACLE.is_read_only(None)
