"""The transactions that clients have begun, each with a session of its own."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from psycopg.pq import TransactionStatus

from django_runtimes.compare.services.data_api.data_api_error import DataApiError
from django_runtimes.compare.services.data_api.named_parameters import SentStatement
from django_runtimes.compare.services.data_api.sessions.service_session import ServiceSession
from django_runtimes.compare.services.data_api.sessions.session_pool import SessionPool

_BEGIN = SentStatement(b"BEGIN")
_COMMIT = SentStatement(b"COMMIT")
_ROLLBACK = SentStatement(b"ROLLBACK")


class TransactionLimits(NamedTuple):
    """How long a transaction may rest between calls, and how long it may take."""

    idle_s: float
    total_s: float


class OpenTransaction:
    """A session in a transaction, and the timers that end it."""

    def __init__(self, session: ServiceSession) -> None:
        self.session = session
        self.is_busy = False
        self.idle_timer: asyncio.TimerHandle | None = None
        self.total_timer: asyncio.TimerHandle | None = None

    def stop_timers(self) -> None:
        """Cancel both timers."""
        for timer in (self.idle_timer, self.total_timer):
            if timer is not None:
                timer.cancel()


class OpenTransactions:
    """Begins and ends transactions, and rolls back those that exceed a limit."""

    def __init__(self, pool: SessionPool, limits: TransactionLimits) -> None:
        self._pool = pool
        self._limits = limits
        self._open: dict[str, OpenTransaction] = {}

    def __len__(self) -> int:
        return len(self._open)

    def database_of(self, number: str) -> str:
        """Return the database of a transaction; empty if there is none."""
        transaction = self._open.get(number)
        return "" if transaction is None else transaction.session.database

    async def begin(self, url: str, database: str) -> str:
        """Begin a transaction and return its id."""
        session = await self._pool.acquire(url, database)
        try:
            await session.run(_BEGIN)
        except BaseException:
            self._pool.release(session)
            raise
        transaction = OpenTransaction(session)
        number = base64.b64encode(secrets.token_bytes(96)).decode()
        self._open[number] = transaction
        loop = asyncio.get_running_loop()
        transaction.total_timer = loop.call_later(self._limits.total_s, self._end, number)
        self._rest(number, transaction)
        return number

    @asynccontextmanager
    async def use(self, number: str) -> AsyncIterator[ServiceSession]:
        """Yield the session of a transaction for one statement; raise DataApiError if there is none or it is busy."""
        transaction = self._open.get(number)
        if transaction is None:
            raise _not_found(number)
        if transaction.is_busy:
            raise DataApiError("DatabaseErrorException", "Transaction is still running a query")
        transaction.is_busy = True
        if transaction.idle_timer is not None:
            transaction.idle_timer.cancel()
        try:
            yield transaction.session
        finally:
            transaction.is_busy = False
            if transaction.session.is_broken:
                self._end(number)
            else:
                self._rest(number, transaction)

    async def commit(self, number: str) -> None:
        """Commit a transaction; raise DataApiError if it failed before, and roll it back."""
        async with self.use(number) as session:
            has_failed = session.transaction_status is TransactionStatus.INERROR
            try:
                await session.run(_ROLLBACK if has_failed else _COMMIT)
            finally:
                self._end(number)
        if has_failed:
            raise DataApiError(
                "TransactionNotFoundException", "Transaction has been aborted due to an error from a previous call"
            )

    async def rollback(self, number: str) -> None:
        """Roll a transaction back."""
        async with self.use(number) as session:
            try:
                await session.run(_ROLLBACK)
            finally:
                self._end(number)

    def close(self) -> None:
        """End every transaction."""
        for number in tuple(self._open):
            self._end(number)

    def _rest(self, number: str, transaction: OpenTransaction) -> None:
        if number in self._open:
            loop = asyncio.get_running_loop()
            transaction.idle_timer = loop.call_later(self._limits.idle_s, self._end, number)

    def _end(self, number: str) -> None:
        transaction = self._open.pop(number, None)
        if transaction is not None:
            transaction.stop_timers()
            # The pool rolls an open transaction back.
            self._pool.release(transaction.session)


def _not_found(number: str) -> DataApiError:
    return DataApiError("TransactionNotFoundException", f"Transaction {number} is not found")
