"""A transaction of the service, and the statements outside one."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from django_runtimes.databases.data_api.service.answer_errors import (
    ENDED_TRANSACTION,
    FAILED_TRANSACTION,
    NO_TRANSACTION,
    UNKNOWN_OUTCOME,
    postgresql_error,
)
from django_runtimes.databases.data_api.service.rds_data import Parameter, RdsData
from django_runtimes.databases.data_api.statements.bound_statement import ServiceStatement


class SingleStatements:
    """Runs each statement in a transaction of its own."""

    is_transaction = False

    def __init__(self, service: RdsData) -> None:
        self._service = service

    @property
    def outside(self) -> "SingleStatements":
        """Where a statement runs outside the transaction."""
        return self

    def execute(self, statement: ServiceStatement) -> dict[str, Any]:
        """Run a statement, and return the service's answer."""
        return self._service.execute(statement.sql, statement.parameters, None)


class DataApiTransaction:
    """A transaction that the service holds until it ends, fails or is idle for 3 minutes."""

    is_transaction = True

    def __init__(self, service: RdsData) -> None:
        self._service = service
        self._id = service.begin()
        self.has_failed = False
        self.has_ended = False
        # A rollback to a savepoint may have closed cursors of PostgreSQL.
        self.partial_rollbacks = 0
        self._is_lost = False

    @property
    def outside(self) -> SingleStatements:
        """Where a statement runs outside the transaction."""
        return SingleStatements(self._service)

    def rolled_back_to_savepoint(self) -> None:
        """Note that the transaction works again."""
        self.has_failed = False
        self.partial_rollbacks += 1

    def execute(self, statement: ServiceStatement) -> dict[str, Any]:
        """Run a statement, and return the service's answer."""
        answer: dict[str, Any] = self._watched(
            lambda: self._service.execute(statement.sql, statement.parameters, self._id)
        )
        return answer

    def execute_batch(self, sql: str, sets: Sequence[Sequence[Parameter]]) -> None:
        """Run a statement with each set of parameters."""
        self._watched(lambda: self._service.execute_batch(sql, sets, self._id))

    def commit(self) -> None:
        """Commit; after a failed statement, roll back, as PostgreSQL does."""
        if self._is_lost:
            self.rollback()
            raise _lost()
        if self.has_failed:
            self.rollback()
            return
        self.has_ended = True
        self._service.commit(self._id)

    def rollback(self) -> None:
        """Roll back; the service may have done so already."""
        self.has_ended = True
        if self._is_lost:
            self._service.abandon(self._id)
            return
        try:
            self._service.rollback(self._id)
        except psycopg.Error as error:
            if error.sqlstate != ENDED_TRANSACTION:
                raise

    def _watched(self, call: Callable[[], Any]) -> Any:
        if self._is_lost:
            raise _lost()
        try:
            return call()
        except psycopg.Error as error:
            if error.sqlstate == ENDED_TRANSACTION and self.has_failed:
                # The service may end a transaction after an error; PostgreSQL would say this.
                raise postgresql_error(
                    FAILED_TRANSACTION,
                    "current transaction is aborted, commands ignored until end of transaction block",
                ) from None
            # Without an SQLSTATE PostgreSQL has not received the statement, or has carried it out.
            self.has_failed = self.has_failed or error.sqlstate is not None
            # If it is unknown whether the statement was carried out, a COMMIT could save half of the work.
            self._is_lost = error.sqlstate in (UNKNOWN_OUTCOME, ENDED_TRANSACTION)
            raise


def _lost() -> psycopg.Error:
    return postgresql_error(
        NO_TRANSACTION, "the transaction was lost at an earlier statement; roll back, and begin again"
    )
