"""Answers the health checks before anything of Django's runs."""

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Application = Callable[..., Any]


class HealthEndpoints:
    """ASGI middleware for `/healthz` (the process lives) and `/readyz` (it can serve).

    `check_readiness` runs on a thread of its own, one check at a time, shared by all who ask meanwhile;
    what it raises, or more than `timeout_s`, makes `/readyz` a 503 that names the error's class only.
    """

    def __init__(self, application: Application, *, check_readiness: Callable[[], None], timeout_s: float) -> None:
        self._application = application
        self._check_readiness = check_readiness
        self._timeout_s = timeout_s
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
        self._pending: Future[None] | None = None

    async def __call__(self, scope: Scope, receive: Application, send: Application) -> None:
        if scope["type"] == "http" and scope["path"] == "/healthz":
            await _answer(scope, send, 200, {"status": "ok"})
        elif scope["type"] == "http" and scope["path"] == "/readyz":
            await self._answer_readiness(scope, send)
        else:
            await self._application(scope, receive, send)

    async def _answer_readiness(self, scope: Scope, send: Application) -> None:
        if self._pending is None or self._pending.done():
            self._pending = self._executor.submit(self._check_readiness)
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._pending)), self._timeout_s)
        except Exception as error:
            reason = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
            logger.warning("not ready: %s: %s", reason, error)
            await _answer(scope, send, 503, {"status": "unavailable", "reason": reason})
        else:
            await _answer(scope, send, 200, {"status": "ok"})


async def _answer(scope: Scope, send: Application, status: int, content: dict[str, str]) -> None:
    allowed = scope["method"] in {"GET", "HEAD"}
    if not allowed:
        status, content = 405, {"status": "method not allowed"}
    body = json.dumps(content).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if not allowed:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
