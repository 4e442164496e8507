"""Answers health checks before any of Django's code runs."""

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django_runtimes.serving.base_path import HEALTH_PATHS, path_below
from django_runtimes.serving.types import Application, Receive, Response, Scope, Send

logger = logging.getLogger(__name__)


_ALIVE = "/healthz"
_READY = "/readyz"
# This is less than the 5 s after which load balancers give up on a health check.
_READINESS_TIMEOUT_S = 2.0


class DrainingError(Exception):
    """The server is shutting down: load balancers should send it no further requests."""


class HealthChecks:
    """Answers `/healthz` (the process is alive) and `/readyz` (it can serve).

    `check_liveness` must not block, and should raise only for errors that need a restart; `/healthz` then responds with
    503.
    `check_readiness` runs on its own thread, and concurrent requests share one check. If it raises an error or exceeds
    `timeout_s`, or if the lifespan's state has `draining` set, `/readyz` responds 503 and names only the error's class.
    """

    def __init__(
        self,
        *,
        check_readiness: Callable[[], None],
        timeout_s: float = _READINESS_TIMEOUT_S,
        check_liveness: Callable[[], None] = lambda: None,
    ) -> None:
        self._check_liveness = check_liveness
        self._check_readiness = check_readiness
        self._timeout_s = timeout_s
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
        self._pending: Future[None] | None = None

    def before(self, application: Application) -> Application:
        """Return ASGI middleware that answers both paths and passes everything else to the application."""

        async def answer_or_hand_on(scope: Scope, receive: Receive, send: Send) -> None:
            path = path_below(scope) if scope["type"] == "http" else ""
            if path not in HEALTH_PATHS:
                await application(scope, receive, send)
                return
            if path == _ALIVE:
                error = self._liveness_error()
            else:
                draining = scope.get("state", {}).get("draining", False)
                error = DrainingError("the server is shutting down") if draining else await self._readiness_error()
            response = _response(scope["method"], error)
            await send({"type": "http.response.start", "status": response["status"], "headers": response["headers"]})
            await send({"type": "http.response.body", "body": response["body"]})

        return answer_or_hand_on

    def answer(self, path: str, method: str) -> Response | None:
        """Return the response to a health check, blocking the calling thread; None for any other path."""
        if path == _ALIVE:
            return _response(method, self._liveness_error())
        if path != _READY:
            return None
        try:
            self._check().result(self._timeout_s)
        except Exception as error:
            return _response(method, error)
        return _response(method, None)

    def _liveness_error(self) -> Exception | None:
        try:
            self._check_liveness()
        except Exception as error:
            return error
        return None

    async def _readiness_error(self) -> Exception | None:
        check = asyncio.wrap_future(self._check())
        # Otherwise, if the check fails after the timeout, asyncio logs that its error was never retrieved.
        check.add_done_callback(_retrieve_error)
        try:
            await asyncio.wait_for(asyncio.shield(check), self._timeout_s)
        except Exception as error:
            return error
        return None

    def _check(self) -> Future[None]:
        if self._pending is None or self._pending.done():
            self._pending = self._executor.submit(self._check_readiness)
        return self._pending


def _retrieve_error(check: asyncio.Future[None]) -> None:
    if not check.cancelled():
        check.exception()


def _response(method: str, error: Exception | None) -> Response:
    status, content = 200, {"status": "ok"}
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if method not in {"GET", "HEAD"}:
        status, content = 405, {"status": "method not allowed"}
        headers.append((b"allow", b"GET, HEAD"))
    elif error is not None:
        reason = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
        logger.warning("unavailable: %s: %s", reason, error)
        status, content = 503, {"status": "unavailable", "reason": reason}
    body = json.dumps(content).encode()
    headers.append((b"content-length", str(len(body)).encode()))
    return {"status": status, "headers": headers, "body": b"" if method == "HEAD" else body}
