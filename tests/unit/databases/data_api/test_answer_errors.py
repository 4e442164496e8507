"""Errors of the service become the exceptions that psycopg raises."""

import psycopg
import pytest
from psycopg import errors

from django_runtimes.aws.service_client import AwsAnswerError
from django_runtimes.databases.data_api.service.answer_errors import (
    ResultTooLargeError,
    UnreturnableTypeError,
    error_of,
    postgresql_error,
)
from django_runtimes.databases.interface.engine_registry import driver_error
from django_runtimes.outages.outage import BUSY, TIMEOUT, UNAVAILABLE, outage_of


def answer(code, message):
    return error_of(AwsAnswerError(code, message, {}))


def test_an_error_of_the_server_has_its_class_and_its_fields():
    error = answer(
        "DatabaseErrorException",
        'ERROR: duplicate key value violates unique constraint "t_a_key"; Detail: Key (a)=(x; y) already exists.; '
        "SQLState: 23505",
    )

    assert isinstance(error, errors.UniqueViolation)
    assert error.sqlstate == error.diag.sqlstate == "23505"
    assert error.diag.message_primary == 'duplicate key value violates unique constraint "t_a_key"'
    assert error.diag.message_detail == "Key (a)=(x; y) already exists."
    assert error.diag.constraint_name == "t_a_key"
    assert str(error).endswith("\nDETAIL:  Key (a)=(x; y) already exists.")


def test_hint_and_position_are_read():
    error = answer(
        "DatabaseErrorException",
        "ERROR: function f(integer) does not exist; Hint: You might need to add explicit type casts.; Position: 8; "
        "SQLState: 42883",
    )

    assert isinstance(error, errors.UndefinedFunction)
    assert error.diag.message_hint == "You might need to add explicit type casts."
    assert error.diag.statement_position == "8"


def test_labels_on_lines_of_their_own_are_read():
    error = answer("BadRequestException", 'ERROR: relation "foo" does not exist Position: 15; SQLState: 42P01')

    assert isinstance(error, errors.UndefinedTable)
    assert error.diag.message_primary == 'relation "foo" does not exist'
    assert error.diag.statement_position == "15"


def test_a_code_without_a_class_keeps_its_sqlstate():
    error = answer("DatabaseErrorException", "ERROR: mine; SQLState: ZZ123")

    assert type(error) is psycopg.DatabaseError
    assert error.sqlstate == "ZZ123"


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("DatabaseResumingException", "The cluster is resuming", errors.CannotConnectNow),
        ("StatementTimeoutException", "Request timed out", errors.QueryCanceled),
        ("TransactionNotFoundException", "Transaction X is not found", errors.IdleInTransactionSessionTimeout),
        (
            "UnsupportedResultException",
            "The result has the unsupported data type INTERVAL.",
            UnreturnableTypeError,
        ),
        ("BadRequestException", "Database returned more than the allowed response size limit", ResultTooLargeError),
        ("AccessDeniedException", "no", psycopg.OperationalError),
        ("ValidationException", "Multistatements aren't supported.", psycopg.DatabaseError),
    ],
)
def test_an_error_of_the_service_itself_has_a_class(code, message, expected):
    assert type(answer(code, message)) is expected


def test_a_statement_timeout_is_told_in_the_words_that_outages_look_for():
    error = answer("StatementTimeoutException", "")

    assert "statement timeout" in error.diag.message_primary


def test_a_refused_role_is_told_the_permissions():
    error = answer("AccessDeniedException", "User is not authorized")

    assert "allow rds-data:ExecuteStatement" in str(error)


def test_a_refused_login_has_no_sqlstate_as_on_a_connection():
    error = answer("DatabaseErrorException", 'FATAL: password authentication failed for user "web"; SQLState: 28P01')

    assert type(error) is psycopg.OperationalError
    assert error.sqlstate is None
    assert str(error) == 'the Data API cannot log in: password authentication failed for user "web"'


@pytest.mark.parametrize(
    ("code", "message", "outage"),
    [
        ("DatabaseResumingException", "", UNAVAILABLE),
        ("TransactionNotFoundException", "", UNAVAILABLE),
        ("AccessDeniedException", "", UNAVAILABLE),
        ("StatementTimeoutException", "", TIMEOUT),
        ("DatabaseErrorException", "ERROR: deadlock detected; SQLState: 40P01", BUSY),
        ("DatabaseErrorException", "ERROR: division by zero; SQLState: 22012", None),
    ],
)
def test_an_error_becomes_the_response_of_the_same_error_on_a_connection(code, message, outage):
    found = driver_error(answer(code, message))

    assert outage_of(found) == outage


@pytest.mark.parametrize("sqlstate", ["08003", "08007"])
def test_a_lost_transaction_becomes_a_503(sqlstate):
    assert outage_of(driver_error(postgresql_error(sqlstate, "lost"))) == UNAVAILABLE


@pytest.mark.parametrize(
    ("message", "sqlstate", "expected"),
    [
        ("Transaction AQ1a/b= is not found", "25P03", "has ended the transaction"),
        (
            "HttpEndpoint is not enabled for cluster g",
            None,
            "; enable the cluster's HTTP endpoint (EnableHttpEndpoint)",
        ),
        ("Parameter x is invalid", None, "the Data API refuses the call: BadRequestException: Parameter x is invalid"),
    ],
)
def test_a_bad_request_may_mean_another_error(message, sqlstate, expected):
    error = answer("BadRequestException", message)

    assert error.sqlstate == sqlstate
    assert expected in str(error)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("InvalidSignatureException", "check AWS_SECRET_ACCESS_KEY, and the clock of this machine"),
        ("NotFoundException", "check WEBAPP_DB_CLUSTER_ARN and WEBAPP_DB_SECRET_ARN"),
        ("UnrecognizedClientException", "check AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN, or the role of this process"),
    ],
)
def test_a_refused_caller_gets_the_remedy(code, remedy):
    assert str(answer(code, "no")) == f"the Data API refuses the call: {code}: no; {remedy}"
