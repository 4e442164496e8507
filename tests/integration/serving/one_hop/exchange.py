"""One HTTP exchange with an ASGI application, at a pace that the test controls."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any

# Even a busy machine needs far less; only a failing test waits this long.
TIMEOUT_S = 60.0

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Reply:
    """A response as the client receives it."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header's value, joined by commas if it is repeated, or None."""
        values = [value.decode("latin1") for key, value in self.headers if key.lower() == name.lower().encode()]
        return ",".join(values) if values else None


class Exchange:
    """A request to `application` that `start` begins; the client reads the response while `reading` is set."""

    def __init__(
        self,
        application: Callable[..., Any],
        method: str,
        path: str,
        *,
        query: bytes = b"",
        headers: Headers = (),
        body: bytes | None = b"",
        **scope: Any,
    ) -> None:
        """Send `body` as the whole request body, or leave the body to `send_body` if it is None."""
        self._application = application
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "query_string": query,
            "headers": [(b"host", b"testserver"), (b"x-forwarded-proto", b"https"), *headers],
            "client": ("127.0.0.1", 40000),
            "server": ("127.0.0.1", 8000),
            **scope,
        }
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.reading.set()
        self.messages: list[dict[str, Any]] = []
        if body is not None:
            self.send_body(body)

    def send_body(self, body: bytes, *, more: bool = False) -> None:
        self._incoming.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def disconnect(self) -> None:
        """Disconnect; like a server, drop everything that the application sends afterwards."""
        self._incoming.put_nowait({"type": "http.disconnect"})
        self.reading.set()

    def start(self) -> "Exchange":
        """Run the application in a task with a new context, as a server does."""
        self.task = asyncio.create_task(
            self._application(self._scope, self._incoming.get, self._send), context=Context()
        )
        return self

    async def _send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        await self.reading.wait()

    @property
    def body(self) -> bytes:
        """The part of the response's body that has been sent so far."""
        return b"".join(message.get("body", b"") for message in self.messages)

    async def received(self, body: bytes) -> None:
        """Wait until the client has received `body`; raise AssertionError if the response ends without it."""
        await eventually(lambda: self.body.startswith(body) or self.task.done())
        if not self.body.startswith(body):
            raise AssertionError(f"the response ended with {self.body!r}: {self.task!r}")

    async def finish(self) -> None:
        """Wait for the application to return, and raise any exception that it raised."""
        await asyncio.wait_for(asyncio.shield(self.task), TIMEOUT_S)

    async def reply(self) -> Reply:
        """Wait for the application to return; return the response, which must be complete."""
        await self.finish()
        start, *rest = self.messages
        assert start["type"] == "http.response.start"
        assert [message.get("more_body", False) for message in rest] == [True] * (len(rest) - 1) + [False]
        return Reply(start["status"], start["headers"], self.body)


async def exchange(application: Callable[..., Any], method: str, path: str, **parts: Any) -> Reply:
    """Send a request as a client that reads everything at once; return the response."""
    return await Exchange(application, method, path, **parts).start().reply()


async def loop_runs(turns: int = 50) -> None:
    """Let the event loop run, so that other tasks do what they can.

    After a sleep instead, a machine that has stood still may not have run them.
    """
    for _ in range(turns):
        await asyncio.sleep(0)


async def eventually(condition: Callable[[], object]) -> None:
    """Return once the condition holds; raise TimeoutError after `TIMEOUT_S`."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():  # noqa: ASYNC110  (threads make it true as well)
            await asyncio.sleep(0.002)
