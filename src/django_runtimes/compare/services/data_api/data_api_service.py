"""The operations of the Data API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from psycopg.pq.abc import PGresult

from django_runtimes.compare.services.data_api.auto_pause import AutoPause
from django_runtimes.compare.services.data_api.data_api_error import DataApiError
from django_runtimes.compare.services.data_api.named_parameters import SentStatement, bind_parameters
from django_runtimes.compare.services.data_api.request_model import DataApiRequest
from django_runtimes.compare.services.data_api.results.result_answer import Answer, ResultAnswer
from django_runtimes.compare.services.data_api.sessions.open_transactions import OpenTransactions, TransactionLimits
from django_runtimes.compare.services.data_api.sessions.service_session import ServiceSession
from django_runtimes.compare.services.data_api.sessions.session_pool import SessionPool
from django_runtimes.compare.services.data_api.stand_in_settings import StandInSettings

Members = dict[str, Any]


class DataApiService:
    """Carries out requests in sessions of its own."""

    def __init__(self, settings: StandInSettings) -> None:
        self._settings = settings
        self._pool = SessionPool()
        limits = TransactionLimits(settings.transaction_idle_s, settings.transaction_s)
        self._transactions = OpenTransactions(self._pool, limits)
        self._results = ResultAnswer()
        self._pause = AutoPause(pause_after_s=settings.pause_after_s, resume_s=settings.resume_s)
        self._running = 0
        self._unfinished: set[asyncio.Task[None]] = set()
        self._operations = {
            "BatchExecuteStatement": self._batch_execute,
            "BeginTransaction": self._begin,
            "CommitTransaction": self._commit,
            "ExecuteStatement": self._execute,
            "RollbackTransaction": self._roll_back,
        }

    async def carry_out(self, request: DataApiRequest) -> Answer:
        """Return the answer; raise DataApiError."""
        if request.members["resourceArn"] != self._settings.cluster_arn:
            raise DataApiError("NotFoundException", f"The cluster {request.members['resourceArn']} is not found")
        if request.members["secretArn"] not in self._settings.secrets:
            raise DataApiError("SecretsErrorException", "The secret does not exist, or may not be read")
        self._pause.check(is_in_use=self._running > 0 or len(self._transactions) > 0)
        self._running += 1
        try:
            return await self._operations[request.operation](request.members)
        finally:
            self._running -= 1
            self._pause.note_use()

    def database_of(self, request: DataApiRequest) -> str:
        """Return the database that a request is for; empty if there is none."""
        if number := request.members.get("transactionId"):
            return self._transactions.database_of(number)
        return self._database(request.members) if request.members["secretArn"] in self._settings.secrets else ""

    async def close(self) -> None:
        """Roll back and end all sessions."""
        self._transactions.close()
        await self._pool.close()

    async def _execute(self, members: Members) -> Answer:
        statement = bind_parameters(members["sql"], members.get("parameters", ()))
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(self._session(members))
            result = await self._run(session, statement, members, stack)
            return await self._results.write(session, result, members)

    async def _batch_execute(self, members: Members) -> Answer:
        statements = [bind_parameters(members["sql"], each) for each in members.get("parameterSets") or [()]]
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(self._session(members))
            for statement in statements:
                self._results.note_statement(await self._run(session, statement, {}, stack))
        return {"updateResults": [{"generatedFields": []} for _ in statements]}

    async def _begin(self, members: Members) -> Answer:
        return {"transactionId": await self._transactions.begin(self._url(members), self._database(members))}

    async def _commit(self, members: Members) -> Answer:
        await self._transactions.commit(members["transactionId"])
        return {"transactionStatus": "Transaction Committed"}

    async def _roll_back(self, members: Members) -> Answer:
        await self._transactions.rollback(members["transactionId"])
        return {"transactionStatus": "Rollback Complete"}

    async def _run(
        self, session: ServiceSession, statement: SentStatement, members: Members, stack: AsyncExitStack
    ) -> PGresult:
        """Run a statement within the service's time; a longer one is ended, or goes on if the request asks for it."""
        task = asyncio.ensure_future(session.run(statement))
        done, _ = await asyncio.wait({task}, timeout=self._settings.statement_s)
        if done:
            return task.result()
        if members.get("continueAfterTimeout"):
            # The session stays in use until the statement ends.
            later = asyncio.create_task(_finish(task, stack.pop_all()))
            self._unfinished.add(later)
            later.add_done_callback(self._unfinished.discard)
        else:
            task.cancel()
            await asyncio.wait({task})
        raise DataApiError("StatementTimeoutException", "Request timed out")

    @asynccontextmanager
    async def _session(self, members: Members) -> AsyncIterator[ServiceSession]:
        """Yield the transaction's session, or any other one for this call alone."""
        if number := members.get("transactionId"):
            async with self._transactions.use(number) as session:
                if "database" in members and members["database"] != session.database:
                    raise DataApiError("BadRequestException", "Database name is not the same as transaction's database")
                yield session
            return
        session = await self._pool.acquire(self._url(members), self._database(members))
        try:
            yield session
        finally:
            self._pool.release(session)

    def _url(self, members: Members) -> str:
        return self._settings.secrets[members["secretArn"]]

    def _database(self, members: Members) -> str:
        return str(members.get("database") or conninfo_to_dict(self._url(members))["dbname"])


async def _finish(task: "asyncio.Future[PGresult]", stack: AsyncExitStack) -> None:
    async with stack:
        await asyncio.wait({task})
