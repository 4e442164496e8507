"""Classifying database errors, without a database."""

import psycopg
import psycopg_pool
import pytest

from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.engine_registry import driver_error
from django_runtimes.databases.postgresql.postgresql_engine import POSTGRESQL
from django_runtimes.outages.outage import BUSY, TIMEOUT, UNAVAILABLE, Outage, outage_of


def outage_of_error(error: Exception) -> Outage | None:
    found = driver_error(error)
    assert found is not None
    return outage_of(found)


@pytest.mark.parametrize(
    ("sqlstate", "outage"),
    [
        ("08006", UNAVAILABLE),
        ("08P01", UNAVAILABLE),
        ("25006", UNAVAILABLE),
        ("25P03", UNAVAILABLE),
        ("25P04", TIMEOUT),
        ("40001", BUSY),
        ("40P01", BUSY),
        ("53300", UNAVAILABLE),
        ("55P03", BUSY),
        ("57P01", UNAVAILABLE),
        ("57P02", UNAVAILABLE),
        ("57P03", UNAVAILABLE),
        ("23505", None),
        ("42703", None),
        ("53100", None),
        ("57014", None),
    ],
)
def test_the_sqlstate_decides_whether_an_error_is_an_outage(sqlstate, outage):
    assert outage_of_error(psycopg.errors.lookup(sqlstate)()) is outage


@pytest.mark.parametrize(
    "error_class",
    [
        psycopg.OperationalError,
        psycopg.errors.ConnectionTimeout,
        psycopg_pool.PoolTimeout,
        psycopg_pool.TooManyRequests,
        psycopg_pool.PoolClosed,
    ],
)
def test_a_failed_connection_without_a_sqlstate_is_an_outage(error_class):
    assert outage_of_error(error_class("no connection")) is UNAVAILABLE


@pytest.mark.parametrize("error_class", [psycopg.ProgrammingError, psycopg.DataError, psycopg.InterfaceError])
def test_misuse_of_the_driver_is_not_an_outage(error_class):
    assert outage_of_error(error_class("a mistake")) is None


@pytest.mark.parametrize("failure", DatabaseFailure)
def test_each_failure_has_a_response(failure, monkeypatch):
    found = driver_error(psycopg.OperationalError("no connection"))
    monkeypatch.setattr(type(found.engine), "failure_of", lambda *_: failure)

    assert outage_of(found).status in {503, 504}


def test_the_reason_for_a_lost_connection_has_one_line():
    error = psycopg.OperationalError("connection failed: Connection refused\n\tIs the server running?")

    assert POSTGRESQL.described(error) == ("OperationalError: connection failed: Connection refused")


def test_a_statements_error_is_named_without_its_text():
    error = psycopg.errors.DeadlockDetected("Process 1 waits; the row holds s3cret")

    assert POSTGRESQL.described(error) == "DeadlockDetected, SQLSTATE 40P01"
