"""Classifying database errors, without a database."""

import psycopg
import psycopg_pool
import pytest
from django.db import OperationalError, ProgrammingError, transaction

from django_runtimes.outages.outage import BUSY, TIMEOUT, UNAVAILABLE, database_error, described, outage_of


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
    assert outage_of(psycopg.errors.lookup(sqlstate)()) is outage


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
    assert outage_of(error_class("no connection")) is UNAVAILABLE


@pytest.mark.parametrize("error_class", [psycopg.ProgrammingError, psycopg.DataError, psycopg.InterfaceError])
def test_misuse_of_the_driver_is_not_an_outage(error_class):
    assert outage_of(error_class("a mistake")) is None


def test_the_drivers_error_is_found_through_its_wrappers():
    lost = psycopg.OperationalError("lost")
    wrapped = OperationalError("lost")
    wrapped.__cause__ = lost
    later = transaction.TransactionManagementError("an error occurred in the current transaction")
    later.__cause__ = wrapped

    assert database_error(later) is lost
    assert database_error(lost) is lost


def test_an_earlier_handled_error_is_not_the_cause():
    mistake = ProgrammingError("mistake")
    mistake.__context__ = psycopg.OperationalError("lost")

    assert database_error(mistake) is None
    assert database_error(None) is None


def test_the_reason_for_a_lost_connection_has_one_line():
    error = psycopg.OperationalError("connection failed: Connection refused\n\tIs the server running?")

    assert described(error) == "OperationalError: connection failed: Connection refused"


def test_a_statements_error_is_named_without_its_text():
    error = psycopg.errors.DeadlockDetected("Process 1 waits; the row holds s3cret")

    assert described(error) == "DeadlockDetected, SQLSTATE 40P01"
