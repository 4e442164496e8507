"""Turns errors of the Data API into the exceptions that psycopg raises for the same errors of PostgreSQL."""

import re

import psycopg
from psycopg.errors import (
    AmbiguousFunction,
    DatatypeMismatch,
    IndeterminateDatatype,
    UndefinedFunction,
    get_base_exception,
    lookup,
)
from psycopg.pq import DiagnosticField

from django_runtimes.aws.service_client import AwsAnswerError

# The service writes an error of the server in this form. It has also written the labels on lines of their own, whose
# ends the client replaces by spaces.
_SERVER_ERROR = re.compile(
    r"(?:(?P<severity>ERROR|FATAL|PANIC): )?(?P<primary>.*?)"
    r"(?:;? Detail: (?P<detail>.*?))?(?:;? Hint: (?P<hint>.*?))?(?:;? Position: (?P<position>\d+))?(?:; [A-Z]\w+: .*?)?"
    r"; SQLState: (?P<sqlstate>[0-9A-Z]{5})\W*",
    re.DOTALL,
)
# PostgreSQL sends these names apart from the message, and the service drops them. Its messages contain them.
_CONSTRAINT = re.compile(r'constraint "([^"]+)"')
_TABLE = re.compile(r'(?:relation|table) "([^"]+)"')
_COLUMN = re.compile(r'column "([^"]+)"')
_NAMES = (
    (DiagnosticField.CONSTRAINT_NAME, _CONSTRAINT),
    (DiagnosticField.TABLE_NAME, _TABLE),
    (DiagnosticField.COLUMN_NAME, _COLUMN),
)
# An operator, a function or a column does not accept the type of a value.
_TYPE_ERRORS = (AmbiguousFunction, DatatypeMismatch, IndeterminateDatatype, UndefinedFunction)
_INTEGRITY = "23"
# A refused password or role, and a database that does not exist.
_REFUSED_LOGINS = ("28", "3D")

STATEMENT_TIMEOUT = "57014"
RESUMING = "57P03"
UNKNOWN_OUTCOME = "08007"
_CONNECTION_FAILURE = "08006"
NO_TRANSACTION = "08003"
FAILED_TRANSACTION = "25P02"
ENDED_TRANSACTION = "25P03"

# The SQLSTATE of an error that the service itself reports, by its code.
_SQLSTATES = {
    "DatabaseResumingException": RESUMING,
    "DatabaseUnavailableException": _CONNECTION_FAILURE,
    "ServiceUnavailableError": _CONNECTION_FAILURE,
    "StatementTimeoutException": STATEMENT_TIMEOUT,
    "TransactionNotFoundException": ENDED_TRANSACTION,
}
_MESSAGES = {
    # `outages/` recognizes a timeout by PostgreSQL's own words.
    STATEMENT_TIMEOUT: "canceling statement due to statement timeout: the Data API ends a statement after 45 s",
    RESUMING: "the database is starting after a pause",
    ENDED_TRANSACTION: "the Data API has ended the transaction, as it does after 3 minutes without a statement, after "
    "24 hours, and after some errors",
}
_REMEDIES = {
    "AccessDeniedException": "allow rds-data:ExecuteStatement, BatchExecuteStatement, BeginTransaction, "
    "CommitTransaction and RollbackTransaction on the cluster, and secretsmanager:GetSecretValue on the secret",
    "ForbiddenException": "allow the role rds-data:* on the cluster, and secretsmanager:GetSecretValue on the secret",
    "DatabaseNotFoundException": "check WEBAPP_DB_CLUSTER_ARN and WEBAPP_DB_NAME",
    "HttpEndpointNotEnabledException": "enable the cluster's HTTP endpoint (EnableHttpEndpoint)",
    "IncompleteSignatureException": "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "InvalidSignatureException": "check AWS_SECRET_ACCESS_KEY, and the clock of this machine",
    "InvalidSecretException": "check WEBAPP_DB_SECRET_ARN; the secret must hold username and password as JSON",
    "NotFoundException": "check WEBAPP_DB_CLUSTER_ARN and WEBAPP_DB_SECRET_ARN",
    "SecretsErrorException": "check WEBAPP_DB_SECRET_ARN, and allow secretsmanager:GetSecretValue",
    "UnrecognizedClientException": "check AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN, or the role of this process",
}
# The service has used several sentences for results above its limit.
_TOO_LARGE = re.compile(r"size limit|exceed\w* the limit|response.*too large", re.IGNORECASE)


# Codes of one meaning that the service has sent with this one as well.
_BAD_REQUEST = "BadRequestException"
_OF_BAD_REQUESTS = (
    (re.compile(r"Transaction .*is not found", re.IGNORECASE), "TransactionNotFoundException"),
    (re.compile(r"HttpEndpoint is not enabled", re.IGNORECASE), "HttpEndpointNotEnabledException"),
)


class UnreturnableTypeError(psycopg.NotSupportedError):
    """The statement was carried out, but the service cannot return a type of its result."""


class ResultTooLargeError(psycopg.NotSupportedError):
    """The statement was carried out, but its result or one of its rows is above the service's limit."""


def postgresql_error(sqlstate: str, message: str, **fields: str | None) -> psycopg.Error:
    """Return psycopg's exception of this SQLSTATE, whose `diag` has the message and the fields."""
    try:
        cls = lookup(sqlstate)
    except KeyError:
        cls = get_base_exception(sqlstate)
    info: dict[int, bytes | None] = {
        DiagnosticField.SEVERITY: b"ERROR",
        DiagnosticField.SEVERITY_NONLOCALIZED: b"ERROR",
        DiagnosticField.SQLSTATE: sqlstate.encode(),
        DiagnosticField.MESSAGE_PRIMARY: message.encode(),
    }
    info |= {DiagnosticField[name]: value.encode() for name, value in fields.items() if value is not None}
    detail, hint = fields.get("MESSAGE_DETAIL"), fields.get("MESSAGE_HINT")
    text = message
    if detail:
        text += f"\nDETAIL:  {detail}"
    if hint:
        text += f"\nHINT:  {hint}"
    return cls(text, info=info)


def ended_by_query(reason: str) -> psycopg.Error:
    """Return the error of a transaction that ended with a query which the engine sends in another way from then on."""
    return postgresql_error(
        ENDED_TRANSACTION,
        f"the Data API has ended the transaction, since the result of a query {reason}; send it again, since this "
        "process now reads the query in another way",
    )


def with_size_limit(error: psycopg.Error) -> psycopg.Error:
    """Return the error of a statement with parameters, whose hint names the limit if their types may be the cause."""
    if not isinstance(error, _TYPE_ERRORS):
        return error
    diag = error.diag
    hint = (
        "The statement is above the 64 KB that the Data API accepts, so its long values are sent beside it, as text "
        "and text[]; cast them in the statement, as in %s::jsonb."
    )
    return postgresql_error(
        error.sqlstate or "",
        diag.message_primary or "",
        MESSAGE_DETAIL=diag.message_detail,
        MESSAGE_HINT=" ".join(filter(None, (diag.message_hint, hint))),
        STATEMENT_POSITION=diag.statement_position,
    )


def error_of(answer: AwsAnswerError) -> psycopg.Error:
    """Return the exception for an error of the service, or of the server behind it."""
    message = answer.message
    if found := _SERVER_ERROR.fullmatch(message):
        return _server_error(found)
    if _TOO_LARGE.search(message):
        return ResultTooLargeError(message)
    if answer.code == "UnsupportedResultException":
        return UnreturnableTypeError(message)
    code = answer.code
    if code == _BAD_REQUEST:
        code = next((meant for pattern, meant in _OF_BAD_REQUESTS if pattern.search(message)), code)
    if (sqlstate := _SQLSTATES.get(code)) is not None:
        return postgresql_error(sqlstate, _MESSAGES.get(sqlstate) or message or code)
    text = f"the Data API refuses the call: {answer}"
    if remedy := _REMEDIES.get(code):
        return psycopg.OperationalError(f"{text}; {remedy}")
    return psycopg.DatabaseError(text)


def _server_error(found: re.Match[str]) -> psycopg.Error:
    message, sqlstate = found["primary"], found["sqlstate"]
    if found["severity"] == "FATAL" and sqlstate.startswith(_REFUSED_LOGINS):
        # libpq gives an error of the login no SQLSTATE either, and it becomes a 503.
        return psycopg.OperationalError(f"the Data API cannot log in: {message}")
    return postgresql_error(
        sqlstate,
        message,
        SEVERITY=found["severity"],
        MESSAGE_DETAIL=found["detail"],
        MESSAGE_HINT=found["hint"],
        STATEMENT_POSITION=found["position"],
        **(_names(message) if sqlstate.startswith(_INTEGRITY) else {}),
    )


def _names(message: str) -> dict[str, str]:
    return {field.name: found[1] for field, pattern in _NAMES if (found := pattern.search(message))}
