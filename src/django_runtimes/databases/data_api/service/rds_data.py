"""Calls the Data API of one Aurora cluster."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import Any, NamedTuple

import psycopg

from django_runtimes.aws.aws_service import RDS_DATA
from django_runtimes.aws.https_pool import Patience
from django_runtimes.aws.service_client import AwsAnswerError, AwsUnavailableError, ServiceClient
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.database.database_connections import DB_CONNECT_TIMEOUT_S, DB_RESUME_TIMEOUT_S
from django_runtimes.databases.data_api.service.answer_errors import (
    UNKNOWN_OUTCOME,
    error_of,
    postgresql_error,
    with_size_limit,
)
from django_runtimes.databases.data_api.statements.size_limits import REQUEST_MAX_BYTES
from django_runtimes.databases.data_api.statements.statement_text import first_words

# The service ends a statement after 45 s.
_READ_TIMEOUT_S = 50.0
_ATTEMPTS = 3
_HASTE = Patience(connect_s=1.0, read_s=2.0, attempts=1)
_RESUMING = "DatabaseResumingException"
# The answer to a result with a value that the service cannot write, among others.
_INTERNAL_FAILURE = "InternalFailure"
# The first words of statements that change nothing by themselves.
_READS = (("SELECT",), ("VALUES",), ("TABLE",), ("FETCH",))
# A resuming database takes 10 to 30 s.
_RESUME_POLL_S = 1.0
_HEADERS = {"Content-Type": "application/json"}

Parameter = Mapping[str, Any]


class DataApiCluster(NamedTuple):
    """The cluster, the secret with its login, and the name of the database."""

    cluster_arn: str
    secret_arn: str
    database: str

    @property
    def region(self) -> str:
        """The region of the cluster, which its ARN names."""
        return self.cluster_arn.split(":")[3]


@cache
def _client(region: str, endpoint: tuple[str | None, ...], patience: Patience) -> ServiceClient:
    """Return the client of a region for all threads; the endpoint's variables are part of the key."""
    return ServiceClient(RDS_DATA, region, patience=patience)


_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_RDS_DATA", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")


class RdsData:
    """The five calls of the service on one database; every method raises psycopg's exceptions."""

    def __init__(self, cluster: DataApiCluster) -> None:
        environment = Environment(os.environ)
        self.cluster = cluster
        self._resume_timeout_s = environment[DB_RESUME_TIMEOUT_S]
        endpoint = tuple(os.environ.get(name) for name in _ENDPOINT_VARIABLES)
        patience = Patience(float(environment[DB_CONNECT_TIMEOUT_S]), _READ_TIMEOUT_S, _ATTEMPTS)
        self._client = _client(cluster.region, endpoint, patience)
        self._hasty_client = partial(_client, cluster.region, endpoint, _HASTE)
        self._login = {"resourceArn": cluster.cluster_arn, "secretArn": cluster.secret_arn}
        self._where = {**self._login, "database": cluster.database}

    def begin(self) -> str:
        """Begin a transaction, and return its id."""
        # A second transaction that nobody knows of holds no locks, and the service ends it.
        transaction_id: str = self._call("BeginTransaction", self._where, is_repeatable=True)["transactionId"]
        return transaction_id

    def commit(self, transaction_id: str) -> None:
        """Commit a transaction; TransactionResolutionUnknown means that it may or may not be committed."""
        try:
            self._call("CommitTransaction", self._of_transaction(transaction_id), is_repeatable=False)
        except _UnknownOutcomeError as error:
            raise postgresql_error(
                UNKNOWN_OUTCOME,
                f"the answer to COMMIT is lost, so the transaction may or may not be committed: {error}",
            ) from None

    def rollback(self, transaction_id: str) -> None:
        """Roll a transaction back."""
        self._call("RollbackTransaction", self._of_transaction(transaction_id), is_repeatable=True)

    def abandon(self, transaction_id: str) -> None:
        """Roll a transaction back whose last answer is lost, but hardly wait for this answer too.

        Its locks would last until the service ends the transaction.
        """
        with suppress(AwsAnswerError, AwsUnavailableError):
            body = _encoded(self._of_transaction(transaction_id))
            self._hasty_client().request("POST", "/RollbackTransaction", headers=_HEADERS, body=body, repeatable=False)

    def execute(self, sql: str, parameters: Sequence[Parameter], transaction_id: str | None) -> dict[str, Any]:
        """Run one statement; its result has metadata."""
        request = {**self._where, "sql": sql, "includeResultMetadata": True}
        if parameters:
            request["parameters"] = parameters
        try:
            return self._run("Execute", request, transaction_id)
        except psycopg.Error as error:
            raise (with_size_limit(error) if parameters else error) from None

    def execute_batch(self, sql: str, sets: Sequence[Sequence[Parameter]], transaction_id: str) -> None:
        """Run one statement with several sets of parameters."""
        self._run("BatchExecute", {**self._where, "sql": sql, "parameterSets": sets}, transaction_id)

    def _of_transaction(self, transaction_id: str) -> dict[str, Any]:
        return {**self._login, "transactionId": transaction_id}

    def _run(self, operation: str, request: dict[str, Any], transaction_id: str | None) -> dict[str, Any]:
        if transaction_id is not None:
            request["transactionId"] = transaction_id
        try:
            return self._call(operation, request, is_repeatable=False)
        except _UnknownOutcomeError as error:
            text = str(error)
            if error.code == _INTERNAL_FAILURE and operation == "Execute":
                reason = f"cannot return the result ({text}), most likely because of 'infinity' in a date or timestamp"
                remedy = "cast the column to text in the statement, or leave such rows out with isfinite()"
                if first_words(request["sql"], 1) in _READS:
                    # psycopg raises the same class when it loads such a value.
                    raise psycopg.DataError(f"the Data API {reason}; {remedy}") from None
                text = f"the Data API may or may not have carried out the statement, and {reason}; {remedy}"
                raise postgresql_error(UNKNOWN_OUTCOME, text) from None
            if transaction_id is None:
                text = f"the answer is lost, so the statement may or may not have been carried out: {text}"
            raise postgresql_error(UNKNOWN_OUTCOME, text) from None

    def _call(self, operation: str, request: Mapping[str, Any], *, is_repeatable: bool) -> dict[str, Any]:
        body = _encoded(request)
        deadline: float | None = None
        while True:
            try:
                return self._client.request(
                    "POST", f"/{operation}", headers=_HEADERS, body=body, repeatable=is_repeatable
                )
            except AwsAnswerError as answer:
                error: psycopg.Error = error_of(answer)
                if answer.code != _RESUMING:
                    raise error from None
            except AwsUnavailableError as unavailable:
                if unavailable.may_be_done and not is_repeatable:
                    raise _UnknownOutcomeError(str(unavailable), unavailable.code) from None
                raise psycopg.OperationalError(str(unavailable)) from None
            now = time.monotonic()
            deadline = now + self._resume_timeout_s if deadline is None else deadline
            if now + _RESUME_POLL_S > deadline:
                raise error
            time.sleep(_RESUME_POLL_S)


class _UnknownOutcomeError(Exception):
    """The service may have carried out the call; `code` is the error's name if there was an answer."""

    def __init__(self, text: str, code: str | None) -> None:
        super().__init__(text)
        self.code = code


def _encoded(request: Mapping[str, Any]) -> bytes:
    body = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > REQUEST_MAX_BYTES:
        raise psycopg.NotSupportedError(
            f"the statement and its values take {len(body):,} bytes, and the Data API accepts "
            f"{REQUEST_MAX_BYTES:,} per request; write fewer rows at once, and store files in S3"
        )
    return body
