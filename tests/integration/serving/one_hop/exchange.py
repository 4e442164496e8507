"""One HTTP exchange with an ASGI application, its client's pace in the test's hands."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any

# Far beyond what a busy machine needs; nothing waits for it unless something is broken.
TIMEOUT_S = 10.0

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Reply:
    """What a client receives."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value; several are joined by commas."""
        values = [value.decode("latin1") for key, value in self.headers if key.lower() == name.lower().encode()]
        return ",".join(values) if values else None


class Exchange:
    """A request to `application`, started by `start`; `reading` says whether the client takes what is sent."""

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
        """With `body=None` the request's body is left to `send_body`."""
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
        """Leave; as a server does, what is still sent is then dropped."""
        self._incoming.put_nowait({"type": "http.disconnect"})
        self.reading.set()

    def start(self) -> "Exchange":
        """Run the application in a task and, as a server does, in a context of its own."""
        self.task = asyncio.create_task(
            self._application(self._scope, self._incoming.get, self._send), context=Context()
        )
        return self

    async def _send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        await self.reading.wait()

    @property
    def body(self) -> bytes:
        """What has been sent of the response's body so far."""
        return b"".join(message.get("body", b"") for message in self.messages)

    async def received(self, body: bytes) -> None:
        """Wait until the client has this much of the body; raises what the application raises meanwhile."""
        await eventually(lambda: self.body.startswith(body) or self.task.done())
        if not self.body.startswith(body):
            raise AssertionError(f"the response ended with {self.body!r}: {self.task!r}")

    async def finish(self) -> None:
        """Wait for the application's end; raises what it raises."""
        await asyncio.wait_for(asyncio.shield(self.task), TIMEOUT_S)

    async def reply(self) -> Reply:
        """The whole response, which must have come."""
        await self.finish()
        start, *rest = self.messages
        assert start["type"] == "http.response.start"
        assert [message.get("more_body", False) for message in rest] == [True] * (len(rest) - 1) + [False]
        return Reply(start["status"], start["headers"], self.body)


async def exchange(application: Callable[..., Any], method: str, path: str, **parts: Any) -> Reply:
    """A request by a client that takes everything at once."""
    return await Exchange(application, method, path, **parts).start().reply()


async def eventually(condition: Callable[[], object]) -> None:
    """Return once the condition holds; TimeoutError when it never does."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():  # noqa: ASYNC110  (threads make it true as well)
            await asyncio.sleep(0.002)
