"""An HTTP server that ends its requests before it shuts down."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

# aiohttp reads 0 as no limit.
_CLOSE_TIMEOUT_S = 0.05

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class HttpServer:
    """Answers on `listener`; aiohttp sets TCP_NODELAY, without which an answer may take 40 ms."""

    def __init__(self, answer: Answer, listener: socket.socket, **options: Any) -> None:
        self._answer = answer
        self._listener = listener
        self._web = web.Server(self._tracked_answer, access_log=None, **options)
        self._requests: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(self._web, sock=self._listener)

    async def close(self) -> None:
        """Stop listening, cancel the requests that do not end at once, and drop the connections."""
        self._server.close()
        if self._requests:
            _, unfinished = await asyncio.wait(self._requests, timeout=_CLOSE_TIMEOUT_S)
            for request in unfinished:
                request.cancel()
            if unfinished:
                await asyncio.wait(unfinished)
        # aiohttp raises an error of its own if a request ends just as shutdown() stops waiting for it, so all requests
        # have ended by now. Only the clients' idle connections are left.
        await self._web.shutdown(_CLOSE_TIMEOUT_S)

    async def _tracked_answer(self, request: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        if task is not None:
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)
        return await self._answer(request)
