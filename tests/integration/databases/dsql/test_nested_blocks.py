"""Nested `atomic` blocks on a service without savepoints."""

import pytest
from django.db import IntegrityError, connections, transaction
from django.db.transaction import TransactionManagementError
from django.db.utils import NotSupportedError

from django_runtimes.databases.dsql.transactions.nested_blocks import LostTransactionError
from tests.integration.databases.dsql.conftest import ALIAS

pytestmark = pytest.mark.profile_free

TWICE = "INSERT INTO seat VALUES (1), (1)"


@pytest.fixture
def run(cluster):
    def execute(statement):
        with cluster.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    execute("CREATE TABLE seat (id int PRIMARY KEY)")
    return execute


def in_a_block(function, *arguments):
    with transaction.atomic(using=ALIAS):
        return function(*arguments)


def after_a_failed_inner_block(run, then=lambda: None):
    """Write a row, catch the error of an inner block, and go on."""
    run("INSERT INTO seat VALUES (7)")
    with pytest.raises(IntegrityError):
        in_a_block(run, TWICE)
    then()


def test_nested_blocks_commit_together(run):
    with transaction.atomic(using=ALIAS):
        run("INSERT INTO seat VALUES (1)")
        in_a_block(run, "INSERT INTO seat VALUES (2)")

    assert run("SELECT id FROM seat ORDER BY id") == [(1,), (2,)]


def test_a_caught_error_of_an_inner_block_is_not_lost(run):
    with pytest.raises(LostTransactionError, match="no savepoint to go back to"):
        in_a_block(after_a_failed_inner_block, run)

    assert run("SELECT id FROM seat") == []


def test_an_error_of_the_applications_own_is_treated_alike(run):
    def fail():
        run("INSERT INTO seat VALUES (1)")
        raise ValueError("no seat")

    def go_on():
        with pytest.raises(ValueError, match="no seat"):
            in_a_block(fail)

    with pytest.raises(LostTransactionError):
        in_a_block(go_on)

    assert run("SELECT id FROM seat") == []


def test_a_query_after_the_inner_block_fails_at_once(run):
    with pytest.raises(TransactionManagementError):
        in_a_block(after_a_failed_inner_block, run, lambda: run("SELECT 1"))


def test_an_error_that_leaves_both_blocks_is_raised_as_it_is(run):
    with pytest.raises(IntegrityError):
        in_a_block(in_a_block, run, TWICE)

    assert run("SELECT id FROM seat") == []


def test_a_block_within_an_exception_handler_reports_its_own_loss(run):
    try:
        int("an earlier error")
    except ValueError:
        with pytest.raises(LostTransactionError):
            in_a_block(after_a_failed_inner_block, run)


def test_a_rollback_on_purpose_is_silent(run):
    in_a_block(after_a_failed_inner_block, run, lambda: transaction.set_rollback(True, using=ALIAS))

    assert run("SELECT id FROM seat") == []


def test_a_savepoint_of_the_applications_own_is_refused_when_it_is_needed(run):
    def go_back():
        savepoint = connections[ALIAS].savepoint()
        run("INSERT INTO seat VALUES (1)")
        connections[ALIAS].savepoint_rollback(savepoint)

    with pytest.raises(NotSupportedError, match="no savepoints"):
        in_a_block(go_back)

    assert run("SELECT id FROM seat") == []
