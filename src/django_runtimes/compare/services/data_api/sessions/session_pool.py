"""Keeps the service's sessions between calls, without anything that a call has left in them."""

import asyncio
from collections import deque

from psycopg.pq import TransactionStatus

from django_runtimes.compare.services.data_api.data_api_error import DataApiError
from django_runtimes.compare.services.data_api.named_parameters import SentStatement
from django_runtimes.compare.services.data_api.sessions.service_session import ServiceSession

_MAX_IDLE = 20
_ROLLBACK = SentStatement(b"ROLLBACK")
_DISCARD = SentStatement(b"DISCARD ALL")


class SessionPool:
    """Idle sessions of any database and role; the oldest is closed for a new one."""

    def __init__(self) -> None:
        self._idle: deque[ServiceSession] = deque()
        self._resets: set[asyncio.Task[None]] = set()

    async def acquire(self, url: str, database: str) -> ServiceSession:
        """Return an idle session or a new one."""
        while session := self._idle_session((url, database)):
            if not session.is_broken:
                return session
            await session.close()
        return await ServiceSession.open(url, database)

    def release(self, session: ServiceSession) -> None:
        """Take a session back, and reset it after the call was answered."""
        task = asyncio.get_running_loop().create_task(self._reset(session))
        self._resets.add(task)
        task.add_done_callback(self._resets.discard)

    async def close(self) -> None:
        """Close the sessions that no call uses."""
        await asyncio.gather(*self._resets)
        while self._idle:
            await self._idle.pop().close()

    def _idle_session(self, key: tuple[str, str]) -> ServiceSession | None:
        session = next((session for session in reversed(self._idle) if session.key == key), None)
        if session is not None:
            self._idle.remove(session)
        return session

    async def _reset(self, session: ServiceSession) -> None:
        try:
            if session.transaction_status is not TransactionStatus.IDLE:
                await session.run(_ROLLBACK)
            await session.run(_DISCARD)
        except DataApiError:
            await session.close()
            return
        self._idle.append(session)
        if len(self._idle) > _MAX_IDLE:
            await self._idle.popleft().close()
